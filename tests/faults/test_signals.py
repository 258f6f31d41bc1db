"""What a call makes of signals: its exit code, no traceback, and no more of them while it tidies up."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import linter.cli
from linter import stopping
from linter.cli import _progress
from linter.sources.live import ClusterError
from linter.sources.live.kubectl import Kubectl
from tests.commons import quiet

sys.path.insert(0, str(Path(__file__).parent))

from moments import MOST, at_call, tree

pytestmark = pytest.mark.usefixtures("as_before")


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
