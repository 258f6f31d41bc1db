"""`regcred check` from the outside: exit codes, formats, inputs, scopes, and the examples of the documentation."""

import base64
import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from linter import registry
from linter.__main__ import main

ROOT = Path(__file__).parent.parent
CLEAN = """\
apiVersion: v1
kind: Secret
metadata:
  name: pull
  namespace: team
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: default
  namespace: team
imagePullSecrets:
- name: pull
"""
PROVES = "part of the truth: objects may come from elsewhere"
OPAQUE = CLEAN.replace("type: kubernetes.io/dockerconfigjson", "type: Opaque")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def check(*words: str) -> int:
    return main(["check", *words])


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = check(*words, "--format", "json")
    return code, json.loads(capsys.readouterr().out)


def codes(result: Any) -> list[str]:
    return [finding["code"] for finding in result["findings"] if finding["code"] != "RC701"]


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "clean.yaml"
    path.write_text(CLEAN)
    return path


@pytest.fixture
def opaque(tmp_path: Path) -> Path:
    path = tmp_path / "opaque.yaml"
    path.write_text(OPAQUE)
    return path


def test_nothing_wrong_is_said_in_one_line(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(str(clean), "--ignore", "exposure" if "RC701" in _all_codes() else "RC201") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"no findings in 2 objects (1 file), judged as manifests: {PROVES}"


def _all_codes() -> set[str]:
    return {loaded.rule.code for loaded in registry.rules()}


def test_exit_codes(clean: Path, opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(str(opaque)) == 1
    assert check(str(opaque), "--fail-on", "never") == 0
    assert check(str(opaque), "--select", "RC201") == 0
    assert check(str(tmp_path / "absent.yaml")) == 3
    assert check(str(tmp_path / "absent.yaml"), str(opaque)) == 3
    assert check(str(clean), "--select", "no-such-rule") == 2
    assert check(str(clean), "--format", "no-such-format") == 2
    assert check(str(clean), "--format", "json", "--format", "text") == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    assert check(str(empty)) == 3
    capsys.readouterr()


def test_a_named_file_that_cannot_be_parsed_is_an_unreadable_input(
    opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    broken = folder / "broken.yaml"
    broken.write_text("kind: Secret\ndata:\n  .dockerconfigjson: eyJhdXRocyI6\nIHsicXVheS5pbyI6\n")
    code, result = judged(capsys, str(broken))
    assert code == 3
    assert [problem["fatal"] for problem in result["coverage"]["problems"]] == [True]
    assert judged(capsys, str(folder))[0] == 3, "nothing else is in the folder"
    (folder / "good.yaml").write_text(opaque.read_text())
    code, result = judged(capsys, str(folder))
    assert code == 1, "the folder is what was named, and it could be read"
    assert [problem["fatal"] for problem in result["coverage"]["problems"]] == [False]


def test_each_input_must_hold_something(
    clean: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code, result = judged(capsys, str(clean), str(empty))
    assert code == 3
    assert result["coverage"]["problems"][0]["path"] == str(empty)
    assert check(str(clean), str(clean), str(clean.parent), "--select", "RC1") == 0, "what was read before is no gap"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert check("-") == 3, "the command in front of the pipe failed"
    capsys.readouterr()
    (empty / "config.yaml").write_text("kind: ConfigMap\n")
    assert check(str(empty)) == 0, "a folder without credentials has no defect"


def test_an_unreadable_input_does_not_cost_the_others(
    opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result = judged(capsys, str(tmp_path / "absent.yaml"), str(opaque))
    assert code == 3
    assert "RC111" in codes(result)
    problem = result["coverage"]["problems"][0]
    assert problem["path"].endswith("absent.yaml")
    assert problem["remedy"]


def test_a_broken_document_does_not_cost_its_neighbours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "three.yaml"
    path.write_text(f"{OPAQUE}---\nkind: Secret\ndata:\n  .dockerconfigjson: [unclosed\n---\n{OPAQUE}")
    _, result = judged(capsys, str(path))
    assert codes(result).count("RC111") == 2
    assert result["coverage"]["problems"][0]["line"] > 18


def test_a_pasted_payload_at_column_0_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pasted.yaml"
    wrapped = b64('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}')
    path.write_text(f"apiVersion: v1\nkind: Secret\ndata:\n  .dockerconfigjson: {wrapped[:30]}\n{wrapped[30:]}\n")
    _, result = judged(capsys, str(path))
    problem = result["coverage"]["problems"][0]
    assert ".dockerconfigjson" in problem["message"]
    assert problem["line"] in (4, 5, 6)


def test_several_formats_in_one_run(opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sarif, html = tmp_path / "out.sarif", tmp_path / "out.html"
    assert check(str(opaque), "--format", "text", "--format", f"sarif={sarif}", "--format", f"html={html}") == 1
    assert "RC111" in capsys.readouterr().out
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert html.read_text().startswith("<!doctype html>")


def test_standard_input(opaque: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linter", "check", "-", "--format", "json"],
        input=opaque.read_bytes(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"][0]["location"]["path"] == "<stdin>"


def test_a_folder_is_walked_and_paths_are_as_the_user_writes_them(
    opaque: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.yaml").write_text(OPAQUE)
    _, result = judged(capsys, ".")
    assert {finding["location"]["path"].removeprefix("./") for finding in result["findings"]} == {"opaque.yaml"}


def test_the_documented_config_is_no_duplicate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = {
        host: {"auth": b64(f"{user}:pass"), "email": "you@example.com"}
        for host, user in {"cloud.openshift.com": "cloud", "quay.io": "quay", "quay.io/repository-main": "main"}.items()
    }
    path = tmp_path / "pull.yaml"
    path.write_text(CLEAN.replace('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}', json.dumps({"auths": entries})))
    code, result = judged(capsys, str(path), "--scope", "cluster")
    assert (code, codes(result)) == (0, [])


def test_the_documentation_placeholder_is_found_in_each_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = {host: {"auth": "b3Blb="} for host in ("cloud.openshift.com", "quay.io", "quay.io/repository-main")}
    path = tmp_path / "pull.yaml"
    path.write_text(CLEAN.replace('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}', json.dumps({"auths": entries})))
    _, result = judged(capsys, str(path))
    found = [finding for finding in result["findings"] if finding["code"] in ("RC106", "RC115")]
    assert len(found) == 3
    assert {finding["location"]["payload"]["entry"] for finding in found} == set(entries)


def test_the_documented_opaque_secret_is_bad_json_and_of_the_wrong_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = (
        "ewogICAiYXV0aHMiOnsKICAgICAgIm0iOnsKICAgICAgIsKICAgICAgICAgImF1dGgiOiJiM0JsYj0iLAogICAgICAgICAiZW1haWwiOiJ5b3VA"
        "ZXhhbXBsZS5jb20iCiAgICAgIH0KICAgfQp9Cg=="
    )
    path = tmp_path / "secret.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: qa, namespace: team}\ntype: Opaque\n"
        f"data:\n  .dockerconfigjson: {payload}\n"
    )
    _, result = judged(capsys, str(path))
    assert sorted(codes(result)) == ["RC102", "RC111"]
    syntax = next(finding for finding in result["findings"] if finding["code"] == "RC102")
    assert syntax["location"]["payload"]["line"] == 4


def _must_gather(root: Path) -> None:
    """Write two copies of everything, every Secret value redacted, and no service account lists."""
    redacted = b64("412 bytes long")
    for number, namespace in enumerate(("openshift-ingress", "openshift-console", "shop")):
        core = root / "must-gather.local" / "quay-io-sha256-0" / "namespaces" / namespace / "core"
        (core / "secrets").mkdir(parents=True)
        meta = f"name: pull\n    namespace: {namespace}\n    resourceVersion: '{number}7'\n    uid: uid-{number}\n"
        meta += "    creationTimestamp: '2026-11-02T08:00:00Z'\n"
        item = f"apiVersion: v1\n  kind: Secret\n  metadata:\n    {meta}  type: kubernetes.io/dockerconfigjson\n"
        item += f"  data:\n    .dockerconfigjson: {redacted}\n"
        (core / "secrets.yaml").write_text(f"---\napiVersion: v1\nitems:\n- {item}kind: SecretList\n")
        single = "\n".join(line.removeprefix("  ") for line in f"  {item}".splitlines())
        (core / "secrets" / "pull.yaml").write_text(f"---\n{single}\n")
        pod = (
            f"apiVersion: v1\nkind: PodList\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n"
            f"    name: web-{number}\n    namespace: {namespace}\n    uid: pod-{number}\n"
            "    resourceVersion: '9'\n"
            "    creationTimestamp: '2026-11-02T08:00:00Z'\n"
            "  spec:\n    serviceAccountName: web\n    imagePullSecrets:\n    - name: web-dockercfg-x7k2p\n"
            "    containers:\n    - name: c\n      image: quay.io/shop/web:1\n"
        )
        (core / "pods.yaml").write_text(pod)


def test_what_holds_no_object_does_not_tell_what_is_judged_beside_it(
    opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = judged(capsys, str(opaque))[1]["scan"]
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "values.yaml").write_text("replicas: 2\n")
    for words in ((bare, opaque), (opaque, bare)):
        scan = judged(capsys, *map(str, words))[1]["scan"]
        assert scan["recognised"] == alone["recognised"] != ""
    assert "no Kubernetes object" in judged(capsys, str(bare))[1]["scan"]["recognised"]


def test_a_must_gather_gives_no_finding_and_says_what_it_could_not_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _must_gather(tmp_path)
    code, result = judged(capsys, str(tmp_path))
    assert codes(result) == []
    assert code == 0
    assert result["scan"]["scope"] == "cluster"
    assert "must-gather" in result["scan"]["recognised"]
    assert result["scan"]["objects"]["Secret"] == 3, "everything stands twice and counts once"
    redacted = [entry for entry in result["coverage"]["not_evaluated"] if entry["reason"] == "redacted"]
    assert len(redacted) == 3


def test_the_scope_is_told_and_can_be_forced(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, result = judged(capsys, str(clean))
    assert result["scan"]["scope"] == "manifests"
    _, result = judged(capsys, str(clean), "--scope", "cluster")
    assert result["scan"]["scope"] == "cluster"


def test_manifests_and_a_dump_in_one_call_are_judged_apart(
    opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _must_gather(tmp_path / "dump")
    _, result = judged(capsys, str(opaque), str(tmp_path / "dump"))
    assert [scan["scope"] for scan in result["scans"]] == ["manifests", "cluster"]


def test_fix_repairs_in_place_and_keeps_comments(opaque: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opaque.write_text(OPAQUE.replace("type: Opaque", "type: Opaque  # for the registry"))
    assert check(str(opaque), "--fix", "--ignore", "RC701" if "RC701" in _all_codes() else "RC201") == 0
    assert "type: kubernetes.io/dockerconfigjson  # for the registry\n" in opaque.read_text()
    assert "1 fix in 1 file" in capsys.readouterr().err


def test_diff_shows_and_changes_nothing(opaque: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = opaque.read_text()
    assert check(str(opaque), "--diff") == 1
    output = capsys.readouterr().out
    assert "-type: Opaque" in output
    assert "+type: kubernetes.io/dockerconfigjson" in output
    assert "dXNlcjpwYXNz" not in output
    assert opaque.read_text() == before


def test_standard_input_cannot_be_repaired_in_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linter", "check", "-", "--fix"],
        input=OPAQUE.encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2
    assert b"--diff" in done.stderr


def test_a_line_too_long_to_show_is_cut_to_what_is_pointed_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"}, "type": "Opaque"}
    payload = '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'
    secret["data"] = {"filler": "A" * 4000, ".dockerconfigjson": b64(payload)}
    path = tmp_path / "secret.json"
    path.write_text(json.dumps(secret))
    assert check(str(path), "--select", "RC111") == 1
    output = capsys.readouterr().out
    assert '… "Opaque" …' in output
    assert max(map(len, output.splitlines())) < 200


def test_the_context_of_an_excerpt_shows_no_value_of_an_unknown_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: team}\nspec:\n  containers:\n"
        "  - name: c\n"
        "    image: quay.io/x/y:1\n    args: [--token, hunter2]\n    imagePullSecrets: [{name: pull}]\n"
    )
    assert check(str(path), "--select", "RC312") == 1
    output = capsys.readouterr().out
    assert "args: •••" in output
    assert "hunter2" not in output


def test_an_archive_is_judged_like_its_folder_and_never_repaired_in_place(
    opaque: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "packed.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(opaque, "team/opaque.yaml")
    code, result = judged(capsys, str(packed))
    assert code == 1
    assert codes(result) == codes(judged(capsys, str(opaque))[1])
    assert {one["location"]["path"] for one in result["findings"]} == {f"{packed}!/team/opaque.yaml"}
    assert all(one["location"]["line"] for one in result["findings"])
    before = packed.read_bytes()
    assert check(str(packed), "--fix") == 2
    assert "stands in an archive" in capsys.readouterr().err
    assert check(str(packed), "--diff") == 1
    assert "packed.tar.gz!/team/opaque.yaml\n+++ b/" in capsys.readouterr().out
    assert packed.read_bytes() == before


@pytest.mark.parametrize("option", ["--no-credentials", "--show-secrets"])
def test_an_option_that_would_do_nothing_is_refused(
    option: str, opaque: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(opaque), option]) == 2
    assert f"{option} says how a repair is written: give --" in capsys.readouterr().err


def test_leave_for_unsafe_fixes_alone_changes_nothing(opaque: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = opaque.read_bytes()
    code = main(["check", str(opaque)])
    alone = capsys.readouterr()
    assert main(["check", str(opaque), "--unsafe-fixes"]) == code
    assert capsys.readouterr() == alone
    assert opaque.read_bytes() == before


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("", True)])
def test_an_empty_no_color_asks_for_nothing(
    value: str, coloured: bool, opaque: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    main(["check", str(opaque)])
    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_what_is_one_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    sample = str(ROOT / "examples" / "cluster.yaml")
    assert main(["check", sample, "--select", "RC303,RC401", "--diff"]) == 1
    said = capsys.readouterr()
    assert "leaves 1 as it was" in " ".join(said.out.split())
    assert "1 entry of edited secrets stays" in said.err


@pytest.mark.parametrize("command", [("check",), ("baseline",), ("resolve",), ("collect", "-o", "x.tar.gz")])
def test_an_empty_path_is_not_the_working_directory(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "examples" / "cluster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main([*command, "cluster.yaml", ""]) == 2
    assert "a PATH is empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.yaml"]


@pytest.mark.parametrize("command", ["baseline", "resolve"])
def test_what_cannot_be_read_is_told_with_its_remedy(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_bytes(b"kind: Secret\nname: \xff\n")
    assert main([command, "a.yaml"]) == 3
    assert "a.yaml" in (said := capsys.readouterr().err)
    assert "not UTF-8 text at byte 19: save the file as UTF-8 text\n" in said
