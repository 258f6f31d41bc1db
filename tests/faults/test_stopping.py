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
from pathlib import Path
from typing import Any

import pytest

from linter import forks, pipes, stopping
from linter.fleet.executors import Processes, Task, completed
from linter.render import tools
from linter.sources import command
from tests.commons import TWICE, quiet

sys.path.insert(0, str(Path(__file__).parent))

from moments import MOST, AtCall, alive, at_call, begun, children, tree

pytestmark = pytest.mark.usefixtures("as_before")
PROGRAM = """#!/bin/sh
echo $$ >>"$PIDS"
exec cat "$SHOWN"
"""


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
