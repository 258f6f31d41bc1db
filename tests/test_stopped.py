"""SIGINT and SIGTERM while something is read or written: the old file or the new one, no half of one, no traceback."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

TWICE = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: a, namespace: b}
imagePullSecrets:
- name: x
- name: x
"""
SIGNALS = {signal.SIGTERM: (143, "terminated"), signal.SIGINT: (130, "interrupted")}
STOPPED = """
import os, signal, sys
from linter.__main__ import main
real = os.{function}
def stopped(*words, **more):
    if {late}: real(*words, **more)
    os.kill(os.getpid(), {number})
    return real(*words, **more)
os.{function} = stopped
sys.exit(main(sys.argv[1:]))
"""


def stopped(function: str, number: int, *words: str, late: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run a command that gets a signal when it calls a function of `os`."""
    text = STOPPED.format(function=function, number=number, late=late)
    call = [sys.executable, "-c", text, *words]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("function", ["scandir", "fsync", "replace", "chmod"])
def test_a_repair_that_is_stopped_changes_nothing(function: str, number: signal.Signals, tmp_path: Path) -> None:
    target = tmp_path / "a.yaml"
    target.write_text(TWICE)
    done = stopped(function, number, "check", str(tmp_path), "--fix")
    code, word = SIGNALS[number]
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"regcred: {word}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
    assert target.read_text() == TWICE


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "words",
    [
        ("check", "in", "--format", "html=out/file"),
        ("baseline", "in", "-o", "out/file"),
        ("check", "in", "--scope", "cluster", "--fix-dir", "out/fixes"),
    ],
)
def test_what_is_written_when_a_signal_comes_is_whole_or_absent(
    words: tuple[str, ...], number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.yaml").write_text(TWICE)
    (tmp_path / "out").mkdir()
    done = stopped("replace", number, *words)
    assert done.returncode == SIGNALS[number][0], done.stderr
    assert "Traceback" not in done.stderr
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_pipe_that_never_ends_can_be_left() -> None:
    for number, (code, word) in SIGNALS.items():
        words = [sys.executable, "-m", "linter", "check", "-"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdin is not None
            # More than a pipe holds: when it has been taken, the command is reading.
            process.stdin.write(b"# waiting\n" * 40_000)
            process.stdin.flush()
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        assert process.returncode == code
        assert said.decode() == f"regcred: {word}\n"




FULL = [
    (("check", "in", "--fix"), "File too large: allow larger files (ulimit -f); nothing was changed"),
    (("check", "in", "--format", "json=out/file"), "the json report cannot be written: File too large"),
    (("baseline", "in", "-o", "out/file"), "the baseline cannot be written: File too large"),
    (("check", "in", "--scope", "cluster", "--fix-dir", "out/fixes"), "could not be written: File too large"),
]


@pytest.mark.parametrize(("words", "said"), FULL, ids=["fix", "report", "baseline", "fix-dir"])
def test_a_full_disk_leaves_what_there_was(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    # More than a block is written in every one of these calls.
    text = "".join(f"---\n{TWICE.replace('name: a,', f'name: a{number},')}# {'x' * 80}\n" for number in range(30))
    (tmp_path / "in" / "a.yaml").write_text(text)
    old = tmp_path / "out" / "file"
    if "out/file" in " ".join(words):
        old.write_text("" if words[0] == "baseline" else "old")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    call = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", sys.executable, "-m", "linter", *words]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
