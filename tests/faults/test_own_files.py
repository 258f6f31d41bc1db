"""Files that steer a call (settings, baselines, histories, rules, values) and are bombs: refused by name."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linter.__main__ import main

PLAIN = (
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: b}\nimagePullSecrets:\n"
    "- name: twice\n- name: twice\n"
)
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 9)
)
RULE = "rules:\n- name: x\n  message: m\n  match: {kind: ServiceAccount}\n  assert: {object: %s}\n"
SETTINGS = {
    "alias bomb": ("options:\n" + "".join(f"  {one}\n" for one in BOMB.splitlines()), ":7: ", "expand without bound"),
    "deep": ("ignore: " + "[" * 5000 + "]" * 5000, ":1: ", "nesting depth"),
    "deep block": ("".join(f"{' ' * n}a:\n" for n in range(1200)), ":", "nested too deeply"),
    "cycle": ("ignore: &a [*a]\n", ":1: ", "inside the value that it stands for"),
    "cycle in a schema": ("rules:\n- &a {name: x, assert: {object: {not: *a}}}\n", ":2: ", "inside the value"),
    "deep schema": (RULE % ("{not: " * 150 + "{}" + "}" * 150), ":5: ", "nested too deeply"),
    "endless schema": (RULE % "{$ref: '#'}", ": rules: ", "the schema of x refers to itself without end"),
    "schema elsewhere": (RULE % "{$ref: 'http://me:hunter2@127.0.0.1:9/x'}", ": rules: ", "which is not in it"),
    "many merges": (f"x: &x {{{', '.join(f'k{n}: 1' for n in range(999))}}}\n<<: [{'*x, ' * 500}]\n", ":2: ", "alias"),
    "binary": ("\0\1\2", ": ", "cannot be read as YAML"),
    "long number": ("expiry-warning-days: " + "9" * 6000, ": ", "cannot be read as YAML"),
    "large": ("#" * 2**20 + "\n", ": ", "cannot be read: it is larger than 1 MiB"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "plain.yaml").write_text(PLAIN)
    os.mkfifo("pipe")
    with open("huge", "wb") as stream:
        stream.truncate(2**30)
    Path("random").write_bytes(bytes(range(256)) * 4000)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2, reports: bool = False) -> str:
    assert main(list(words)) == code
    said = capsys.readouterr()
    assert bool(said.out) is reports
    assert "internal error" not in said.err
    assert len(said.err) < 1000
    return said.err


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, where, told = SETTINGS[name]
    (place / ".regcred.yaml").write_text(text)
    said = refused(capsys, "check", "plain.yaml")
    assert said.startswith(f"regcred: .regcred.yaml{where}")
    assert told in said
    assert "hunter2" not in said


UNFIT = {"pipe": "it is a pipe that nobody writes to", "huge": "it is larger than", "/dev/zero": "it is larger than"}


@pytest.mark.parametrize("name", UNFIT)
@pytest.mark.parametrize("option", ["--config", "--baseline"])
def test_what_is_no_file_to_read(
    option: str, name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "check", "plain.yaml", option, name)
    assert said.startswith(f"regcred: {name}: ")
    assert UNFIT[name] in said
    assert main(["check", "plain.yaml", option, "/dev/null"]) == 0


def test_what_is_piped_in_serves(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["baseline", "plain.yaml", "-o", "known"])
    for option, text, code in (("--config", b"severities: {RC307: error}\n", 1), ("--baseline", b"", 0)):
        read, write = os.pipe()
        os.write(write, text or Path("known").read_bytes())
        os.close(write)
        try:
            assert main(["check", "plain.yaml", option, f"/dev/fd/{read}", "--fail-on", "info"]) == code
        finally:
            os.close(read)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("random", "random: the baseline is not UTF-8 text"),
        ("foreign", "foreign:1: this is no line of a baseline"),
    ],
)
def test_baselines(name: str, told: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("foreign").write_text('{"findings": []}\n' * 9)
    assert told in refused(capsys, "check", "plain.yaml", "--baseline", name)
    assert told in refused(capsys, "baseline", "plain.yaml", "-o", name)


@pytest.mark.parametrize("name", ["pipe", "huge", "random", "/dev/zero"])
@pytest.mark.parametrize("words", [("check", "plain.yaml"), ("trend",)])
def test_histories(name: str, words: tuple[str, ...], place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Where a file is no database, what was found is reported all the same; where no file can be, nothing is judged.
    reports = words[0] == "check" and name in ("huge", "random")
    said = refused(capsys, *words, "--history", name, reports=reports)
    assert said.startswith(f"regcred: {name}: the history cannot be opened: ")
    assert "name another" in said


@pytest.mark.parametrize(("name", "code"), [("pipe", 3), ("huge", 3), ("random", 2)])
def test_saved_results(
    name: str, code: int, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linter.cli.report._MOST", 2**22)
    assert refused(capsys, "report", name, code=code).startswith(f"regcred: {name}: ")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b" " * (2**22 + 1))))
    assert "it is larger than 4 MiB" in refused(capsys, "report", "-", code=3)


RULES: dict[str, tuple[str | None, str]] = {
    "a pipe": (None, "this rule cannot be read: it is no regular file"),
    "too large": ("#" * (4 * 2**20 + 1), "it is larger than 4 MiB"),
    "ends the program": ("import sys; sys.exit(0)", "this rule cannot be loaded: SystemExit: 0"),
    "a long message": ("raise ValueError('x' * 10**6)", "ValueError: xxx"),
    "calls itself": ("def f(): f()\nf()", "RecursionError"),
    "no Python": ("(" * 9999, "SyntaxError"),
    "NUL": ("a\0b", "null bytes"),
}


@pytest.mark.parametrize("name", RULES)
def test_rule_files(name: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, told = RULES[name]
    (place / "own").mkdir()
    if text is None:
        os.mkfifo("own/x.py")
    else:
        (place / "own" / "x.py").write_text(text)
    (place / ".regcred.yaml").write_text("rules: [{path: own}]\n")
    said = refused(capsys, "check", "plain.yaml")
    assert said.startswith("regcred: own/x.py: ")
    assert told in said


FAILING = {
    "sys.exit(0)": "calls exit() in line 4, which ends nothing here",
    "raise KeyError(context.inventory.secrets)": "failed with KeyError in line 4",
    "json.loads('no')": "failed with JSONDecodeError in line 4",
    "return iter([1])": "failed with TypeError",
    "yield from context.nothing": "failed with AttributeError in line 4",
}


@pytest.mark.parametrize("body", FAILING)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_rule_that_fails_costs_its_own_findings_and_is_named(
    jobs: str, body: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other rules are judged, the exit code is 2 as for any mistake in the settings, and no baseline is written."""
    (place / "x.py").write_text(
        "import json, sys\nfrom linter.rule import Rule, Severity\n"
        f"def check(context):\n    {body}\n    return ()\n"
        "RULE = Rule(code='X001', severity=Severity.INFO, check=check)\n"
    )
    (place / ".regcred.yaml").write_text("rules: [{path: x.py}]\n")
    (place / "more").mkdir()
    (place / "more" / "plain.yaml").write_text(PLAIN)
    words = ("plain.yaml", "more", "--jobs", jobs)
    assert main(["check", *words, "--format", "json"]) == 2
    told = capsys.readouterr()
    assert "error" not in told.err
    result = json.loads(told.out)
    assert {one["code"] for one in result["findings"]} == {"RC307"}
    (problem,) = result["coverage"]["problems"]
    assert problem["path"] == "x.py"
    assert f"X001 x {FAILING[body]}" in problem["message"]
    (entry,) = (one for one in result["coverage"]["not_evaluated"] if one["reason"] == "failed")
    assert entry["rules"] == ["x"]
    assert "X001" not in result["scan"]["evaluated"]
    assert main(["check", *words]) == 2
    assert FAILING[body] in capsys.readouterr().out
    assert main(["baseline", *words, "-o", "b"]) == 2
    assert "b was not written" in capsys.readouterr().err
    assert not Path("b").exists()
    assert main(["check", *words, "--ignore", "x", "--fail-on", "never"]) == 0


def test_values_that_are_too_large(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "huge: it is larger than 64 MiB" in refused(capsys, "check", ".", "--render", "--values", "huge")
    assert "there is no such file" in refused(capsys, "check", ".", "--render", "--values", "pipe")


IGNORES: dict[str, Callable[[], bytes]] = {
    "random": lambda: bytes(range(256)) * 400 + b"[z-a]\n[!]\n\\\n[[:x:]--&&~~||]\n",
    "many": lambda: b"".join(b"a%d*\n" % n for n in range(20_000)) + b"plain.yaml\n",
    "one line": lambda: b"*" * 900_000,
    "cut where it is too large": lambda: b"#" * (2**20 - 7) + b"\n*.yaml.old\n",
}


@pytest.mark.parametrize("name", IGNORES)
def test_ignore_files(name: str, place: Path) -> None:
    (place / "tree").mkdir()
    (place / "tree" / "plain.yaml").write_text(PLAIN)
    (place / "tree" / ".gitignore").write_bytes(IGNORES[name]())
    words = [sys.executable, "-m", "linter", "check", "tree"]
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=where)
    assert done.returncode == 0
    assert "RC307" in done.stdout  # what is beyond a bound ignores nothing: more is read, never less
    assert not done.stderr  # nor a warning of Python's


def test_suppressions(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Gigantic reasons are cut, and so are lists of names; thousands of parts take no time to speak of."""
    cases = {
        "reason": "  # regcred: ignore[RC307] " + "a b " * 500_000,
        "names": "  # regcred: ignore[RC307," + ",".join(f"RC{n}" for n in range(1000, 150_000)) + "] x",
    }
    notes = {"parts": "RC307: x" + "; a b" * 300_000, "entries": ";".join(f"RC307: y{n}" for n in range(50_000))}
    for name, comment in cases.items():
        Path(f"{name}.yaml").write_text(PLAIN.rstrip("\n") + comment + "\n")
    for name, value in notes.items():
        text = PLAIN.replace("namespace: b", f"namespace: b, annotations: {{regcred/ignore: '{value}'}}")
        Path(f"{name}.yaml").write_text(text)
    for name in (*cases, *notes):
        assert main(["check", f"{name}.yaml", "--fail-on", "info"]) == 0, name
        said = capsys.readouterr().out
        assert len(said) < 20_000, name
        if name == "names":
            assert "names 149,001 rules, of which the first 100 count" in said
