"""SIGINT and SIGTERM while something is read or written: the old file or the new one, no half of one, no traceback."""

import base64
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.commons import TWICE, quiet

SIGNALS = {signal.SIGTERM: (143, "terminated"), signal.SIGINT: (130, "interrupted")}


def stopped(function: str, number: signal.Signals, *words: str) -> tuple[int, str, str]:
    """Run a command that gets a signal when it calls a function of `os`."""
    real = getattr(os, function)

    def stopping(*given: Any, **more: Any) -> Any:
        signal.raise_signal(number)
        return real(*given, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, function, stopping)
        return quiet(*words)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("function", ["scandir", "fsync", "replace", "chmod"])
def test_a_repair_that_is_stopped_changes_nothing(function: str, number: signal.Signals, tmp_path: Path) -> None:
    target = tmp_path / "a.yaml"
    target.write_text(TWICE)
    code, word = SIGNALS[number]
    assert stopped(function, number, "check", str(tmp_path), "--fix") == (code, "", f"regcred: {word}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
    assert target.read_text() == TWICE


IN_A_PROCESS = """
import os, signal, sys
from linter.__main__ import main
def stopped(*words, **more):
    os.kill(os.getpid(), {number})
os.replace = stopped
sys.exit(main())
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_process_that_is_stopped_ends_so(number: signal.Signals, tmp_path: Path) -> None:
    """As the others here, but with the end of the process, of which signals are a part."""
    (tmp_path / "a.yaml").write_text(TWICE)
    done = run_text(IN_A_PROCESS.format(number=int(number)), "check", str(tmp_path), "--fix")
    code, word = SIGNALS[number]
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"regcred: {word}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


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
    code, word = SIGNALS[number]
    assert stopped("replace", number, *words) == (code, "", f"regcred: {word}\n")
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


SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: x, namespace: b}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"quay.io/": {"auth": "cm9ib3Q6d29yZC1vZi1yb2JvdA==", "username": "another"}}}'
---
"""
def world(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a.yaml").write_text(SECRET + TWICE)
    (folder / "out").mkdir()


def run_text(text: str, *words: str) -> "subprocess.CompletedProcess[str]":
    call = [sys.executable, "-c", text, *words]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)


@contextlib.contextmanager
def stopped_at_insert(number: signal.Signals, when: str, at: int) -> Iterator[None]:
    """Send a signal before or after the statement of this number that inserts into a database."""
    left = at

    def statement(_: object, __: object, text: str, *more: object) -> None:
        nonlocal left
        left -= text.startswith("INSERT")
        if not left:
            left = -1
            signal.raise_signal(number)

    event.listen(Engine, f"{when}_cursor_execute", statement)
    try:
        yield
    finally:
        event.remove(Engine, f"{when}_cursor_execute", statement)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("when", "at"), [("before", 1), ("after", 1), ("before", 2), ("after", 2)])
def test_a_history_that_is_stopped_has_the_whole_call_or_nothing(
    number: signal.Signals, when: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world(tmp_path)
    words = ("check", "in", "--history", "out/history", "--format", "json")

    def points() -> int:
        code, out, error = quiet("trend", "--history", "out/history", "--format", "json")
        assert code == 0, error
        (story,) = json.loads(out)["clusters"]
        return len(story["points"])

    quiet(*words)
    assert points() == 1
    (tmp_path / "in" / "b.yaml").write_text(TWICE.replace("name: a", "name: other"))
    code, word = SIGNALS[number]
    gc.disable()  # nothing else lets go of what the statement leaves
    try:
        with stopped_at_insert(number, when, at):
            assert quiet(*words) == (code, "", f"regcred: {word}\n")
    finally:
        gc.enable()
    assert points() == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["history"]
    quiet(*words)
    assert points() == 2


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("more", [(), ("--redact",)], ids=["whole", "redacted"])
@pytest.mark.parametrize("function", ["link", "scandir"])
@pytest.mark.parametrize("old", [False, True], ids=["new", "over"])
def test_a_collection_that_is_stopped_is_whole_or_absent(
    number: signal.Signals,
    more: tuple[str, ...],
    function: str,
    old: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    world(tmp_path)
    target = tmp_path / "out" / "c.tar.gz"
    if old:
        target.write_text("old")
        more = (*more, "--force")
        function = "replace" if function == "link" else function
    code, word = SIGNALS[number]
    assert stopped(function, number, "collect", "in", "-o", "out/c.tar.gz", *more) == (code, "", f"regcred: {word}\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["c.tar.gz"] * old
    assert not old or target.read_text() == "old"


MODES = """
import os, stat, sys
from linter.__main__ import main
os.umask(0)
HELD = ({held},)
made, busy, open_to_others = set(), False, []
def look():
    for folder, _, names in os.walk("."):
        made.update(os.path.join(folder, name) for name in names)
    for path in made:
        try:
            mode = os.stat(path).st_mode
            with open(path, "rb") as stream:
                data = stream.read()
        except OSError:
            continue
        secret = any(one in data for one in HELD) or sys.argv[1] == "collect" and path.endswith((".tar.gz", ".tmp"))
        if secret and stat.S_IMODE(mode) & 0o077:
            open_to_others.append(path)
def hook(event, words):
    global busy
    if not busy and event in ("open", "os.rename", "os.link", "os.remove", "os.chmod"):
        busy = True
        look()
        busy = False
sys.addaudithook(hook)
code = main(sys.argv[1:])
busy = True
look()
print(code, sorted(set(open_to_others)), len(made), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [
        ("check", "in", "--scope", "cluster", "--unsafe-fixes", "--fix-dir", "out/fixes"),
        ("collect", "in", "-o", "out/c.tar.gz"),
        ("check", "in", "--fix", "--unsafe-fixes"),
        ("check", "in", "--diff", "--unsafe-fixes", "--show-secrets"),
        ("check", "in", "--format", "html=out/a", "--format", "json=out/b", "--history", "out/c"),
    ],
    ids=["fix-dir", "collect", "fix", "diff", "reports"],
)
def test_a_file_with_a_credential_is_never_open_to_others(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a umask of 0, each file that is made is looked at whenever another one is opened, moved or removed."""
    monkeypatch.chdir(tmp_path)
    world(tmp_path)
    (tmp_path / "in" / "a.yaml").chmod(0o600)
    held = ["cm9ib3Q6d29yZC1vZi1yb2JvdA==", base64.b64encode(b'{"auths": {"quay.io')[:20].decode()]
    text = MODES.format(held=", ".join(repr(one.encode()) for one in held))
    done = run_text(text, *words)
    code, *seen = done.stderr.splitlines()[-1].split(maxsplit=1)
    assert code in ("0", "1"), done.stderr
    assert seen[0].startswith("[] "), done.stderr
    assert int(seen[0].split()[-1]) > 1 or "--diff" in words  # something was made, and looked at
    carrying = [
        path
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and any(one.encode() in path.read_bytes() for one in held)
    ]
    assert bool(carrying) == ("--fix-dir" in words)
    assert {path.stat().st_mode & 0o777 for path in carrying} <= {0o600}
