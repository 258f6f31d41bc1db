"""A call is asked to end at any moment while its scan is stored: all of it is in the history, or nothing, once."""

import gc
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest
import sqlalchemy.engine.base
import sqlalchemy.engine.default
import sqlalchemy.pool.base

from linter.__main__ import main
from linter.history import rows, schema, store

WHERE = frozenset(
    one.__file__
    for one in (store, rows, schema, sqlalchemy.engine.base, sqlalchemy.engine.default, sqlalchemy.pool.base)
)
"""What opens, writes, commits and closes a history."""
TRIED = 40
CALL = ["check", "a.yaml", "--history", "scans.db", "--fail-on", "never"]


class Asking:
    """Sends this process a signal where the call of this number into C has returned; counts how many there are."""

    def __init__(self, number: int, left: int) -> None:
        self.number = number
        self.left = left

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "c_return" and frame.f_code.co_filename in WHERE:
            self.left -= 1
            if not self.left:
                sys.setprofile(None)
                os.kill(os.getpid(), self.number)


def _asked(number: int, left: int) -> tuple[int, int]:
    """Run a call; return its exit code, and how many places of it were passed after the signal."""
    asking = Asking(number, left)
    sys.setprofile(asking)
    try:
        code = main(CALL)
    finally:
        sys.setprofile(None)
    return code, -asking.left


def _scans() -> int:
    with closing(sqlite3.connect("scans.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        loose = "SELECT count(*) FROM regcred_finding WHERE last_scan NOT IN (SELECT id FROM regcred_scan)"
        assert connection.execute(loose).fetchone() == (0,)
        return int(connection.execute("SELECT count(*) FROM regcred_scan").fetchone()[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_scan_is_stored_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    monkeypatch.chdir(tmp_path)
    links = "imagePullSecrets: [{name: x}, {name: x}]\n"
    Path("a.yaml").write_text(f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a}}\n{links}")
    assert main(CALL) == 0
    shutil.copy("scans.db", "kept")
    total = _asked(number, 0)[1]
    assert _scans() == 2
    assert total > TRIED
    outcomes = set()
    for at in range(TRIED):
        shutil.copy("kept", "scans.db")
        code, _ = _asked(number, 1 + total * at // TRIED)
        gc.collect()  # a cursor that was given up is closed with its process, which has not ended here
        scans = _scans()
        outcomes.add((code, scans))
        assert sorted(os.listdir()) == ["a.yaml", "kept", "scans.db"]
        assert main(CALL) == 0  # what was given up is in nobody's way
        assert _scans() == scans + 1
    assert "Traceback" not in capsys.readouterr().err
    assert outcomes <= {(128 + number, 1), (128 + number, 2), (0, 2)}
    assert {(128 + number, 1), (128 + number, 2)} <= outcomes
