"""The baseline: known findings do not count, new ones do; the file is reviewed and merged like any other."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

PASSWORD = "hunter2-and-more"


def secret(name: str, kind: str = "Opaque") -> str:
    payload = json.dumps({"auths": {"quay.io": {"username": "robot", "password": PASSWORD}}})
    value = base64.b64encode(payload.encode()).decode()
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: team}}\n"
        f"type: {kind}\ndata:\n  .dockerconfigjson: {value}\n---\n"
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(secret("one") + secret("two"))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    output = capsys.readouterr()
    return code, output.out, output.err


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code, out, err = run(capsys, "check", "a.yaml", "--select", "RC111", "--format", "json", *words)
    assert out, err
    return code, json.loads(out)


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]


def write(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code, out, err = run(capsys, "baseline", "a.yaml", "--select", "RC111", "-o", "known", *words)
    assert code == 0, err
    return out


def test_known_findings_do_not_count_and_new_ones_do(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(capsys) == "known: 2 findings (2 added, 0 removed)\n"
    code, result = judged(capsys, "--baseline", "known")
    assert (code, result["findings"], result["summary"]["baselined"]) == (0, [], 2)
    (place / "a.yaml").write_text("# moved\n\n" + secret("one") + secret("three") + secret("two"))
    code, result = judged(capsys, "--baseline", "known")
    assert code == 1
    assert [one["object"]["name"] for one in result["findings"]] == ["three"]
    assert result["summary"]["baselined"] == 2


def test_a_line_is_for_people_and_for_merges(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(capsys)
    found = lines(place / "known")
    assert found == sorted(found)
    assert sorted(line.split(" ")[1:3] for line in found) == [
        ["RC111", "team/Secret/one"],
        ["RC111", "team/Secret/two"],
    ]
    assert all(re.match(r"^[0-9a-f]{16} RC111 \S+", line) for line in found)
    assert (place / "known").read_text().startswith("#")


def test_it_holds_no_line_no_time_and_no_credential(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "baseline", "a.yaml", "-o", "known")
    before = (place / "known").read_text()
    assert PASSWORD not in before
    (place / "a.yaml").write_text("\n\n\n" + (place / "a.yaml").read_text())
    (place / "known").unlink()
    run(capsys, "baseline", "a.yaml", "-o", "known")
    assert (place / "known").read_text() == before
    text = (place / "a.yaml").read_text()
    payload = base64.b64decode(re.findall(r"json: (\S+)", text)[0]).decode().replace(PASSWORD, "changed-by-rotation")
    (place / "a.yaml").write_text(
        re.sub(r"json: \S+", f"json: {base64.b64encode(payload.encode()).decode()}", text)
    )
    run(capsys, "baseline", "a.yaml", "-o", "known")
    assert (place / "known").read_text() == before, "a new password is no new finding"


def test_an_update_drops_what_has_vanished_and_keeps_what_was_not_asked(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: team}\n"
    account += "imagePullSecrets: [{name: gone}]\n"
    (place / "a.yaml").write_text(secret("one") + secret("two") + account)
    run(capsys, "baseline", "a.yaml", "-o", "known", "--select", "RC111,RC303")
    with_others = len(lines(place / "known"))
    assert with_others == 3
    (place / "a.yaml").write_text(secret("two") + secret("three"))
    assert "(1 added, 1 removed)" in write(capsys)
    assert len(lines(place / "known")) == with_others
    assert "(0 added, 0 removed)" in write(capsys)


def test_the_default_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "baseline", "a.yaml")[1].startswith(".regcred-baseline: ")
    assert (place / ".regcred-baseline").exists()


def test_suppressed_findings_are_no_part_of_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (place / "a.yaml").read_text()
    (place / "a.yaml").write_text(text.replace("type: Opaque", "type: Opaque  # regcred: ignore[RC111] why", 1))
    write(capsys)
    assert len(lines(place / "known")) == 1


def test_known_findings_are_not_repaired(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(capsys)
    (place / "a.yaml").write_text(secret("one") + secret("new"))
    judged(capsys, "--baseline", "known", "--fix")
    assert (place / "a.yaml").read_text() == secret("one") + secret("new", "kubernetes.io/dockerconfigjson")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("not a line", "no line of a baseline"),
        ("0123456789abcde RC111 team/Secret/one", "no line of a baseline"),
        ("0123456789abcdef nothing team/Secret/one", "no line of a baseline"),
        ("=======", "merge conflict"),
        (">>>>>>> main", "merge conflict"),
    ],
)
def test_a_damaged_line_is_an_error_with_its_place(
    place: Path, damage: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(capsys)
    text = (place / "known").read_text()
    (place / "known").write_text(text + damage + "\n")
    for words in (("check", "a.yaml", "--baseline", "known"), ("baseline", "a.yaml", "-o", "known")):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        assert f"known:{len(text.splitlines()) + 1}: " in err
        assert said in err


def test_a_missing_baseline_says_how_to_make_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check", "a.yaml", "--baseline", "absent")
    assert code == 2
    assert "regcred baseline" in err


def test_nothing_is_written_when_an_input_cannot_be_read(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(capsys)
    before = (place / "known").read_text()
    code, _, err = run(capsys, "baseline", "a.yaml", "absent.yaml", "-o", "known")
    assert code == 3
    assert "not written" in err
    assert (place / "known").read_text() == before


def test_hostile_names_stay_on_their_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.yaml").write_text(secret('"a\\nb\\e[31m c"'))
    write(capsys)
    assert len(lines(place / "known")) == 1
    assert "\x1b" not in (place / "known").read_text()
    assert judged(capsys, "--baseline", "known")[0] == 0


def git(*words: str, code: int | None = 0) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", *who, *words], capture_output=True, text=True, check=False)
    assert code is None or done.returncode == code, done.stdout + done.stderr


BRANCHES = {"left": ["old-1", "old-2", *(f"left-{n}" for n in range(9))], "right": ["old-1", "right-1", "right-2"]}


def merge_branches(capsys: pytest.CaptureFixture[str], *, names: list[str], union: bool, style: str) -> None:
    """Two branches that bring their baselines up to date, each for its own manifests, and a merge of them."""

    def commit(label: str, wanted: list[str]) -> None:
        Path("a.yaml").write_text("".join(secret(name) for name in wanted))
        code, _, err = run(capsys, "baseline", "a.yaml", "--select", "RC111")
        assert code == 0, err
        git("add", ".regcred-baseline", ".gitattributes")
        git("commit", "-q", "-m", label)

    git("init", "-q", "-b", "main")
    git("config", "merge.conflictStyle", style)
    Path(".gitattributes").write_text(".regcred-baseline merge=union\n" if union else "")
    commit("base", names)
    for label, wanted in BRANCHES.items():
        git("checkout", "-q", "-b", label, "main")
        commit(label, wanted)
    git("checkout", "-q", "left")
    git("merge", "-q", "right", code=0 if union else None)


def together() -> set[str]:
    return set(BRANCHES["left"]) | set(BRANCHES["right"])


@pytest.mark.skipif(not shutil.which("git"), reason="merges with git")
@pytest.mark.parametrize("style", ["merge", "diff3"])
@pytest.mark.parametrize("union", [True, False], ids=["union", "marks"])
def test_two_branches_merge(place: Path, capsys: pytest.CaptureFixture[str], union: bool, style: str) -> None:
    merge_branches(capsys, names=["old-1", "old-2"], union=union, style=style)
    known = place / ".regcred-baseline"
    marks = "<<<<<<<" in known.read_text()
    assert marks is not union, "each line of so small a file is beside a line of the other side"
    (place / "a.yaml").write_text("".join(secret(name) for name in sorted(together())))
    code, result = judged(capsys, "--baseline", ".regcred-baseline")
    assert (code, result["findings"]) == (0, [])
    run(capsys, "baseline", "a.yaml", "--select", "RC111")
    settled = [line.split(" ")[2].split("/")[-1] for line in lines(known)]
    assert sorted(settled) == sorted(together())
    assert lines(known) == sorted(lines(known))


def test_what_was_there_before_both_sides_does_not_count(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(capsys)
    one, two = lines(place / "known")
    told = f"<<<<<<< HEAD\n{one}\n||||||| base\n{two}\n=======\n>>>>>>> other\n"
    (place / "known").write_text(told)
    _, result = judged(capsys, "--baseline", "known")
    assert [one["fingerprint"] for one in result["findings"]] == [two.split(" ")[0]]


@pytest.mark.parametrize("left", ["<<<<<<< a\n", "<<<<<<< a\n=======\n", "=======\n", ">>>>>>> b\n", "||||||| c\n"])
def test_half_a_conflict_is_an_error(place: Path, left: str, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "known").write_text(left)
    code, _, err = run(capsys, "check", "a.yaml", "--baseline", "known")
    assert code == 2
    assert "known" in err
    assert "merge conflict" in err
