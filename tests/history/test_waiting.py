"""A history that another process holds is waited for, and whoever asks the call to end meanwhile is heard at once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from linter.__main__ import main

ROOT = Path(__file__).parent.parent.parent
_WAITING = """\
import sys, time
from linter.history import store
class Told:
    monotonic = staticmethod(time.monotonic)
    @staticmethod
    def sleep(seconds):
        open("waiting", "w").close()
        time.sleep(seconds)
store.time = Told
from linter.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
_LOCKS = {
    "a writer": ("BEGIN IMMEDIATE", "DELETE FROM regcred_result"),
    "a writer that ends": ("BEGIN EXCLUSIVE",),
    "a reader": ("BEGIN", "SELECT * FROM regcred_scan"),
}
Waiting = tuple["subprocess.Popen[str]", sqlite3.Connection]
CALL = ("check", "a.yaml", "--history", "scans.db", "--fail-on", "never")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a manifest and a history of one scan."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n")
    assert main([*CALL]) == 0
    capsys.readouterr()
    return tmp_path


def _held(lock: str) -> sqlite3.Connection:
    connection = sqlite3.connect("scans.db", isolation_level=None)
    for statement in _LOCKS[lock]:
        connection.execute(statement).fetchone()
    return connection


def _scans() -> int:
    with closing(sqlite3.connect("scans.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM regcred_scan").fetchone()[0])


@pytest.fixture
def waiting(
    place: Path, request: pytest.FixtureRequest
) -> Iterator[tuple["subprocess.Popen[str]", sqlite3.Connection]]:
    """A call that waits for a lock, and who holds it."""
    lock, words = request.param
    other = _held(lock)
    command = [sys.executable, "-c", _WAITING, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as call,
        closing(other),
    ):
        try:
            while not Path("waiting").exists():
                assert call.poll() is None, call.communicate()
                time.sleep(0.02)
            yield call, other
        finally:
            call.kill()


_EACH = [(lock, CALL) for lock in _LOCKS] + [("a writer that ends", ("trend", "--history", "scans.db"))]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("waiting", _EACH, indirect=True, ids=lambda one: f"{one[0]}, {one[1][0]}")
def test_who_waits_for_a_history_hears_what_asks_it_to_end(waiting: Waiting, number: signal.Signals) -> None:
    call, other = waiting
    call.send_signal(number)
    said = call.communicate(timeout=50)[1]  # the lock is held all the while
    assert call.returncode == 128 + number
    assert said == {signal.SIGINT: "regcred: interrupted\n", signal.SIGTERM: "regcred: terminated\n"}[number]
    other.close()
    assert _scans() == 1
    assert main([*CALL]) == 0  # nothing of the one before is in its way
    assert _scans() == 2
    assert sorted(os.listdir()) == ["a.yaml", "scans.db", "waiting"]


@pytest.mark.parametrize("waiting", _EACH, indirect=True, ids=lambda one: f"{one[0]}, {one[1][0]}")
def test_it_goes_on_when_the_lock_is_gone(
    waiting: Waiting,
) -> None:
    call, other = waiting
    other.close()
    assert call.communicate(timeout=120)[1] == ""
    assert call.returncode == 0
    assert _scans() == (2 if "check" in call.args else 1)
