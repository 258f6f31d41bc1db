"""A signal at the worst moment, and a second one: nothing is left behind, no traceback, the exit code of a shell.

The interpreter looks whether a signal has come where a call returns, among other places: there one is raised, at one
place after the other.
"""

import concurrent.futures
import contextlib
import gc
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import linter.cli
from linter import forks, pipes, stopping
from linter.cli import _progress
from linter.fleet.executors import Processes, Task, completed
from linter.render import tools
from linter.sources import command
from linter.sources.live import ClusterError
from linter.sources.live.kubectl import Kubectl
from tests.commons import TWICE, quiet

MOST = 400
WITHIN = frozenset({"_execute_child", "mkdtemp"})
"""Functions of the standard library that make what has to go."""
PROGRAM = """#!/bin/sh
echo $$ >>"$PIDS"
exec cat "$SHOWN"
"""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What a call does with signals, it undoes. None is ignored, as SIGHUP is where `nohup` runs the tests."""
    outside = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    held = [signal.getsignal(number) for number in (*stopping.NUMBERS, signal.SIGCHLD)]
    hook = sys.unraisablehook
    yield
    assert [signal.getsignal(number) for number in (*stopping.NUMBERS, signal.SIGCHLD)] == held
    assert sys.unraisablehook == hook
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
    for number, before in outside.items():
        signal.signal(number, before)


@pytest.fixture
def copied() -> None:
    """This process may be copied, as a command may that reads files."""
    if not forks.able():
        pytest.skip("a thread is left of a test before")


class AtCall:
    """Sends a signal where the call of this number, in one of these files, has returned or begins."""

    def __init__(self, number: int, paths: frozenset[str], sent: signal.Signals = signal.SIGINT) -> None:
        self.left = number
        self._paths = paths
        self._sent = sent

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        code = frame.f_code
        if event in ("c_return", "call") and (code.co_filename in self._paths or code.co_name in WITHIN):
            self.left -= 1
            if not self.left:
                sys.setprofile(None)
                signal.raise_signal(self._sent)


def at_call(number: int, paths: frozenset[str], *words: str) -> tuple[int, str, str, bool]:
    """Run a command with a signal; also tell whether it came."""
    profile = AtCall(number, paths)
    sys.setprofile(profile)
    try:
        code, out, error = quiet(*words)
    finally:
        sys.setprofile(None)
    return code, out, error, profile.left <= 0


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet asked how does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def begun() -> list[int]:
    """The processes that this one has begun and whose end nobody has taken note of."""
    return [*map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())]


def children() -> list[int]:
    """The processes that this one has begun and that run."""
    return [pid for pid in begun() if alive(pid)]


def test_a_program_that_is_started_is_stopped_and_its_folder_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bin", "over", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin" / "kustomize").write_text(PROGRAM)
    (tmp_path / "bin" / "kustomize").chmod(0o755)
    (tmp_path / "over" / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    (tmp_path / "over" / "a.yaml").write_text(TWICE)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    monkeypatch.setenv("SHOWN", str(tmp_path / "over" / "a.yaml"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    paths = frozenset({command.__file__, tools.__file__})
    before = children()
    codes = []
    for number in range(1, MOST):
        code, _, error, came = at_call(number, paths, "check", "over", "--render", "--fail-on", "info")
        gc.collect(0)
        codes.append(code)
        assert not list((tmp_path / "temporary").iterdir()), number
        assert children() == before, number
        if not came:
            break
        assert (code, error) == (130, "regcred: interrupted\n"), number
    assert 20 < len(codes) < MOST
    assert codes[-1] == 1
    # Every one that had begun has ended as well.
    assert not [pid for pid in map(int, (tmp_path / "pids").read_text().split()) if alive(pid)]


def tree(folder: Path, count: int = 6) -> Path:
    (folder / "in").mkdir()
    for number in range(count):
        (folder / "in" / f"{number}.yaml").write_text(TWICE.replace("name: a,", f"name: a{number},"))
    return folder / "in"


@pytest.mark.usefixtures("copied")
def test_copies_of_this_process_end_with_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linter.fleet.spread._WORTH", 0)
    place = str(tree(tmp_path))
    plain = quiet("check", place)
    files = frozenset({forks.__file__, pipes.__file__})
    before = begun()
    number = 0
    while number < MOST:
        number += 1
        code, out, error, came = at_call(number, files, "check", place, "--jobs", "3")
        assert begun() == before, number
        if not came:
            break
        assert (code, out, error) == (130, "", "regcred: interrupted\n"), number
    assert (code, out, error) == plain
    assert 10 < number < MOST


class Remembering(Processes):
    """Processes that remember what they were given."""

    def __init__(self) -> None:
        super().__init__(2)
        self.given: list[Any] = []

    def submit(self, function: Any, /, *arguments: Any) -> Any:
        """Note the future."""
        self.given.append(super().submit(function, *arguments))
        return self.given[-1]


def test_an_interrupt_while_workers_are_waited_for_leaves_them_to_be_closed() -> None:
    """A lock that it left taken would be waited for for ever: another thread asks each of the futures."""
    workers = Remembering()
    number = 0
    while number < MOST:
        number += 1
        profile = AtCall(number, frozenset({concurrent.futures._base.__file__, threading.__file__}))
        with stopping.Stoppable() as asked, contextlib.suppress(KeyboardInterrupt):
            asked.begin()
            found = []
            for key, result in completed(workers, [Task(one, abs, (-one,)) for one in range(3)]):
                found.append((key, result))
                sys.setprofile(profile)  # from here on: to hand over the first ones begins processes
            sys.setprofile(None)
            asked.end()
            assert sorted(found) == [(0, 0), (1, 1), (2, 2)]
        sys.setprofile(None)
        asker = threading.Thread(target=lambda: [one.done() for one in workers.given], daemon=True)
        asker.start()
        asker.join(60)
        assert not asker.is_alive(), number
        if profile.left > 0:
            break
        workers.given.clear()
    workers.close(now=True)
    assert 10 < number < MOST


def interrupted_forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let each copy of this process get a signal as the first thing that happens to it, as Ctrl-C sends it to all."""
    real, made = os.fork, []

    def fork() -> int:
        pid = real()
        if not pid:
            os.kill(os.getpid(), signal.SIGINT)
            os.getpid()  # the interpreter looks whether one has come
        made.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", fork)
    return made


@pytest.mark.usefixtures("copied")
def test_a_copy_never_goes_on_as_this_process_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.fleet.spread._WORTH", 0)
    place = str(tree(tmp_path))
    plain = quiet("check", place)
    made = interrupted_forks(monkeypatch)
    assert quiet("check", place, "--jobs", "3") == plain
    assert len(made) >= 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("copied")
def test_an_interrupt_of_all_is_no_matter_of_a_process_that_has_just_begun(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = interrupted_forks(monkeypatch)
    workers = Processes(2)
    try:
        assert workers.submit(abs, -3).result() == 3
    finally:
        workers.close()
    assert len(made) == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("copied")
def test_copies_may_be_tidied_up_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has started this process may have told the system to ignore what becomes of its children."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert forks.shared(9, lambda number: number * 2, 3) == list(range(0, 18, 2))
    finally:
        signal.signal(signal.SIGCHLD, before)


def sending(monkeypatch: pytest.MonkeyPatch, name: str, *numbers: signal.Signals) -> None:
    """Send signals when a function of `os` is called first."""
    real, left = getattr(os, name), list(numbers)

    def send(*words: Any, **more: Any) -> Any:
        while left:
            signal.raise_signal(left.pop(0))
        return real(*words, **more)

    monkeypatch.setattr(os, name, send)


OUTPUTS = {
    "report": ("check", "in", "--format", "html=out/a"),
    "baseline": ("baseline", "in", "-o", "out/a"),
    "fix-dir": ("check", "in", "--scope", "cluster", "--fix-dir", "out/a"),
    "fix": ("check", "in", "--fix"),
    "collect": ("collect", "in", "-o", "out/a.tar.gz"),
}


@pytest.mark.parametrize("then", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)], ids=["1", "3"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_more_signals_while_all_is_tidied_up_change_nothing(
    name: str, then: tuple[signal.Signals, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, 2)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    sending(monkeypatch, "link" if name == "collect" else "replace", signal.SIGINT)
    sending(monkeypatch, "unlink", *then)
    code, out, error = quiet(*OUTPUTS[name])
    assert (code, out, error) == (130, "", "regcred: interrupted\n")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not list((tmp_path / "out").iterdir())


def test_whoever_asks_again_later_does_not_want_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, 2)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stopping, "_PATIENCE", 0.0)
    sending(monkeypatch, "replace", signal.SIGINT)
    sending(monkeypatch, "unlink", signal.SIGTERM)
    with contextlib.suppress(KeyboardInterrupt):  # this process goes on, as no command does
        assert quiet(*OUTPUTS["report"])[0] == 130
    assert len(list(tmp_path.glob("out/.regcred-*"))) <= 1


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"), (signal.SIGHUP, 129, "the terminal")],
)
def test_each_signal_has_its_exit_code(
    number: signal.Signals, code: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    sending(monkeypatch, "scandir", number)
    done, out, error = quiet("check", "in")
    assert (done, out) == (code, "")
    assert error.startswith(f"regcred: {word}")


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under `nohup`."""
    tree(tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        sending(monkeypatch, "scandir", signal.SIGHUP)
        assert quiet("check", "in")[0] == 0
    finally:
        signal.signal(signal.SIGHUP, before)


class Finalised:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_is_not_lost_where_nothing_can_be_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python prints an exception of a finaliser, and goes on as if none had come."""
    tree(tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    real = os.scandir

    def scandir(*words: Any) -> Any:
        Finalised()
        time.sleep(60)  # until it comes again
        return real(*words)

    monkeypatch.setattr(os, "scandir", scandir)
    assert quiet("check", "in") == (143, "", "regcred: terminated\n")
    assert capfd.readouterr() == ("", "")


def test_a_signal_before_and_after_the_work_shows_no_traceback() -> None:
    paths = frozenset({linter.cli.__file__, stopping.__file__})
    number, codes = 0, set()
    came = True
    while came and number < MOST:
        number += 1
        code, out, error, came = at_call(number, paths, "--help")
        codes.add(code)
        assert (code, error) in ((0, ""), (130, "regcred: interrupted\n")), number
        assert code or out.startswith("usage: ")
    assert codes == {0, 130}
    assert 20 < number < MOST


def test_what_is_held_is_not_parted() -> None:
    done = []

    def work() -> None:
        with stopping.HELD:
            signal.raise_signal(signal.SIGINT)
            with stopping.HELD:
                done.append(1)
            done.append(2)
        done.append(3)

    with stopping.Stoppable() as asked:
        asked.begin()
        with pytest.raises(KeyboardInterrupt):
            work()
        asked.end()
    assert done == [1, 2]


def test_a_cluster_that_is_given_up_is_asked_by_no_further_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a thread that was about to start one."""
    (tmp_path / "kubectl").write_text('#!/bin/sh\necho x >>"$PIDS"\necho here\n')
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    client = Kubectl("here", 60, 1000)
    assert client.get("/api") == b"here\n"
    client.hang_up()
    with pytest.raises(ClusterError):
        client.get("/api")
    assert (tmp_path / "pids").read_text() == "x\n"


class Screen:
    """Standard error, on a terminal."""

    def __init__(self) -> None:
        self.said = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.said += text

    def flush(self) -> None:
        pass

    def fileno(self) -> int:
        raise OSError


@pytest.mark.parametrize("ended", [False, True], ids=["whole", "interrupted"])
@pytest.mark.parametrize("words", [("check", "a", "b"), ("baseline", "a", "b", "-o", "c")], ids=["check", "baseline"])
def test_the_bar_of_several_inputs_goes_with_the_work(
    words: tuple[str, ...], ended: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        tree(tmp_path, 2).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(_progress, "_PATIENCE", 0.0)
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    if ended:
        real = _progress._Bar.__call__

        def call(self: Any, share: float, path: str) -> None:
            real(self, share, path)
            if "b" in path:
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(_progress._Bar, "__call__", call)
    code = linter.__main__.main(list(words))
    assert code == 130 if ended else code in (0, 1)
    assert "[" in screen.said
    assert screen.said.rpartition("\r\x1b[K")[2] == "regcred: interrupted\n" * ended


def test_what_comes_of_an_interrupt_is_not_told_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left half made may fail once more while it is tidied up."""
    tree(tmp_path, 1)
    monkeypatch.chdir(tmp_path)

    def scandir(*_: Any) -> Any:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise AttributeError

    monkeypatch.setattr(os, "scandir", scandir)
    assert quiet("check", "in") == (130, "", "regcred: interrupted\n")
