"""A place to judge a fleet in, and a rule that kills, stops or breaks the process that judges a marked dump."""

from pathlib import Path

import pytest

KILLER = '''"""Kills the process that judges a namespace.

## What it does
Kills.
"""
import os
import pathlib
import signal
import time

from linter.rule import Rule, Severity

HERE = pathlib.Path(__file__).parent.parent


def check(context):
    with (HERE / "judged").open("a") as log:
        log.write(context.inventory.name + "\\n")
    names = {item.namespace for item in context.inventory.objects}
    if "kill-once" in names and not (HERE / "killed").exists():
        (HERE / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if "kill-always" in names:
        os.kill(os.getpid(), signal.SIGKILL)
    if "wait" in names:
        (HERE / "told").write_text(str(os.getpid()))
        (HERE / "told").replace(HERE / "waiting")  # who sees the file sees all of it
        while not (HERE / "go-on").exists():
            time.sleep(0.02)
    if "raise" in names:
        raise ZeroDivisionError("hunter2")
    return ()


RULE = Rule(code="X001", severity=Severity.INFO, check=check)
'''


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def killer(place: Path) -> Path:
    (place / "rules").mkdir()
    (place / "rules" / "killer.py").write_text(KILLER)
    (place / ".regcred.yaml").write_text("rules: [{path: rules/killer.py}]\n")
    return place
