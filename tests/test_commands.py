"""`regcred rules`, `explain` and `report`, and the overview that lists every command."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linter import cli, registry
from linter.__main__ import main

LOADED = registry.rules()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    output = capsys.readouterr()
    return code, output.out, output.err


def test_every_command_is_in_the_overview_and_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    overview = run(capsys, "--help")[1]
    assert {"check", "rules", "explain", "baseline", "report"} <= set(cli.available())
    for command in cli.available():
        assert re.search(rf"^  {command} +\S", overview, re.MULTILINE)
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0
        assert f"regcred {command}" in capsys.readouterr().out


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules")
    assert code == 0
    for loaded in LOADED:
        assert re.search(rf"^  {loaded.rule.code}  {loaded.name} ", out, re.MULTILINE)
    assert f"{len(LOADED)} rules" in out


@pytest.mark.parametrize("selector", ["RC2", "registries", "rc2", "RC201,RC202"])
def test_rules_are_filtered(selector: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "rules", selector, "--format", "json")
    codes = [rule["code"] for rule in json.loads(out)]
    assert codes[:2] == ["RC201", "RC202"]
    assert all(code.startswith("RC2") for code in codes)


def test_rules_for_programs_carry_everything(capsys: pytest.CaptureFixture[str]) -> None:
    found: list[dict[str, Any]] = json.loads(run(capsys, "rules", "--format", "json")[1])
    assert [rule["code"] for rule in found] == [loaded.rule.code for loaded in LOADED]
    for rule in found:
        assert rule["summary"]
        assert rule["severity"] in ("error", "warning", "info")
        assert [section["heading"] for section in rule["sections"]][:2] == ["What it does", "Why it matters"]


def test_rules_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run(capsys, "rules", "RC201", "--format", "markdown")[1].splitlines()
    assert rows[0].startswith("| code |")
    assert rows[2].startswith("| RC201 | duplicate-key | error | yes |")


def test_an_unknown_selector_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "rules", "duplicate-keys")
    assert code == 2
    assert "did you mean duplicate-key?" in err


@pytest.mark.parametrize("loaded", LOADED, ids=lambda loaded: loaded.name)
def test_every_rule_can_be_explained(loaded: registry.Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", loaded.rule.code)
    assert code == 0
    assert out == run(capsys, "explain", loaded.name)[1]
    assert out.startswith(f"{loaded.rule.code} {loaded.name}  (")
    for heading in ("What it does", "Why it matters", "Example", "Fix"):
        assert f"\n{heading}\n" in out
    assert "##" not in re.sub(r"^    .*", "", out, flags=re.MULTILINE)
    assert "```" not in out
    assert "\x1b" not in out
    assert "\0" not in out
    prose = [line for line in out.splitlines() if not line.startswith("    ")]
    assert max(map(len, prose)) <= 130


def test_words_of_the_manual_survive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for loaded in LOADED:
        plain = " ".join(run(capsys, "explain", loaded.name, "--color", "never")[1].replace("`", "").split())
        _, sections = registry.manual(loaded.module.__doc__ or "")
        for _, text in sections:
            for word in re.sub(r"^ *(```|~~~).*$|[`*]", "", text, flags=re.MULTILINE).split():
                assert word in plain.replace("*", ""), (loaded.name, word)


def test_colours_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "explain", "RC201", "--color", "always")[1]
    assert out.startswith("\x1b[1mRC201 duplicate-key\x1b[0m")
    assert re.sub(r"\x1b\[\d+m", "", out).count("\n") == run(capsys, "explain", "RC201")[1].count("\n")


def test_explain_several_and_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "explain", "RC201", "unlinked_pull_secret")[1]
    assert "RC201 duplicate-key" in out
    assert "RC301 unlinked-pull-secret" in out
    page = run(capsys, "explain", "rc201", "--format", "markdown")[1]
    root = Path(__file__).parent.parent
    assert page == (root / "docs" / "rules" / "RC201-duplicate-key.md").read_text()


@pytest.mark.parametrize(("word", "near"), [("RC2O1", "RC201"), ("unlinked-secret", "unlinked-pull-secret")])
def test_explain_what_does_not_exist(word: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", word)
    assert (code, out) == (2, "")
    assert f"did you mean {near}?" in err


def test_explain_nonsense_says_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert "regcred rules" in run(capsys, "explain", "zzzzqqqq")[2]


ROOT = Path(__file__).parent.parent
EXAMPLE = str(ROOT / "examples" / "cluster.yaml")


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A result with everything in it: findings, fixes with proofs, suppressions, a baseline, coverage and problems."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    team = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: team}\n"
    links = "imagePullSecrets:\n- name: a  # regcred: ignore[RC307] why\n- name: a\n# regcred: ignore[RC102] stale\n"
    sops = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: team}\n"
    sops += "type: kubernetes.io/dockerconfigjson\n"
    value = "stringData: {.dockerconfigjson: 'ENC[AES256_GCM,data:x,type:str]'}\nsops: {version: 3.8.1}\n"
    manifests = tmp_path / "team.yaml"
    manifests.write_text(team + links + sops + value)
    main(["baseline", EXAMPLE, str(manifests), "--select", "RC302", "-o", str(tmp_path / "known")])
    path = tmp_path / "result.json"
    known = ["--baseline", str(tmp_path / "known")]
    main(["check", EXAMPLE, str(manifests), "absent.yaml", *known, "--format", f"json={path}"])
    capsys.readouterr()
    tree = json.loads(path.read_text())
    assert len(tree["scans"]) == 2
    assert tree["coverage"]["problems"]
    assert tree["coverage"]["not_evaluated"]
    assert tree["summary"]["baselined"] == 1
    return path


def test_a_saved_result_comes_back_whole(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "report", str(saved), "--format", "json")
    assert code == 0
    assert out == saved.read_text()


@pytest.mark.parametrize("form", registry.report_names())
def test_a_saved_result_renders_as_the_run_did(
    form: str, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    direct, later = tmp_path / "direct", tmp_path / "later"
    words = [EXAMPLE, str(tmp_path / "team.yaml"), "absent.yaml", "--baseline", str(tmp_path / "known")]
    main(["check", *words, "--format", f"{form}={direct}"])
    assert main(["report", str(saved), "--format", f"{form}={later}"]) == 0
    assert later.read_bytes() == direct.read_bytes()


@pytest.mark.parametrize("form", registry.report_names())
def test_every_format_can_be_made_of_a_saved_result(
    form: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "report", str(saved), "--format", form)
    assert code == 0
    assert bool(err) == (form == "gitlab")  # which has no room for what was not read
    assert "duplicate-registry" in out or "RC202" in out


def test_a_result_without_any_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.json"
    main(["check", str(tmp_path / "absent"), "--format", f"json={path}"])
    code, out, _ = run(capsys, "report", str(path), "--format", "json")
    assert code == 0
    assert out == path.read_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tree: tree.update(schema=2), "another version"),
        (lambda tree: tree.pop("findings"), "not a result"),
        (lambda tree: tree["findings"][0].update(code=3), "findings[0].code"),
        (lambda tree: tree["findings"][0].update(severity="fatal"), "error, warning or info"),
        (lambda tree: tree["findings"][0].pop("object"), "findings[0]"),
        (lambda tree: tree["scan"].update(scope="galaxy"), "scope"),
    ],
)
def test_what_is_no_result_is_refused_with_its_place(
    change: Any, said: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = json.loads(saved.read_text())
    change(tree)
    saved.write_text(json.dumps(tree))
    code, out, err = run(capsys, "report", str(saved), "--format", "text")
    assert (code, out) == (2, "")
    assert str(saved) in err
    assert said in err


def test_results_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "report", str(tmp_path / "absent.json"))[0] == 3
    (tmp_path / "text.json").write_text("no json")
    assert run(capsys, "report", str(tmp_path / "text.json"))[0] == 2
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert run(capsys, "report", str(tmp_path / "deep.json"))[0] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("resolve", "", "PATH"), "the first word is empty"),
        (("resolve", " ", "PATH"), "the first word is empty"),
        (("resolve", "quay.io/a/b:1", ""), "a PATH is empty"),
        (("resolve", "PATH", "--image", ""), "--image is empty"),
        (("resolve", "PATH", "--image="), "--image is empty"),
        (("resolve", "PATH", "-n", ""), "-n is empty"),
        (("resolve", "PATH", "--workload", " "), "--workload is empty"),
        (("resolve", "PATH", "--workload", "/web"), "--workload wants KIND/NAME"),
        (("resolve", "PATH", "--pod", ""), "--pod is empty"),
        (("resolve", "PATH", "--serviceaccount", ""), "--serviceaccount is empty"),
        (("resolve", "PATH", "--config", ""), "--config is empty"),
        (("check", "PATH", "--baseline", ""), "--baseline is empty"),
        (("check", "PATH", "--history", ""), "--history is empty"),
        (("check", "PATH", "--fix-dir", ""), "--fix-dir is empty"),
        (("check", "PATH", "--select", ""), "--select is empty"),
        (("check", "PATH", "--format", "text="), "the file of --format text is empty"),
        (("check", "PATH", "--format=json="), "the file of --format json is empty"),
        (("check", "--", ""), "a PATH is empty"),
        (("baseline", "PATH", "-o", ""), "-o is empty"),
        (("collect", "PATH", "-o", ""), "-o is empty"),
        (("trend", "--history", ""), "--history is empty"),
        (("report", ""), "an argument is empty"),
        (("explain", "RC101", ""), "an argument is empty"),
        (("rules", ""), "an argument is empty"),
    ],
)
def test_an_empty_word_is_refused(
    words: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = tmp_path / "account.yaml"
    scan.write_text("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: shop}\n")
    assert main([str(scan) if word == "PATH" else word for word in words]) == 2
    assert told in capsys.readouterr().err
