"""Calls of the command, and what is to be known of their processes."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def begun(command: list[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A process that is gone when the test is over, however that ends."""
    with subprocess.Popen(command, **options) as call:
        try:
            yield call
        finally:
            call.kill()


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["check", *words])
    output = capsys.readouterr()
    return code, output.out, output.err


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, out, err = check(capsys, *words, "--format", "json")
    assert out, err
    return {**json.loads(out), "code": code}


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(one) for one in tasks.read_text().split()} if tasks.exists() else set()


def wait(condition: Any, call: "subprocess.Popen[str] | None" = None) -> None:
    """Wait for a condition, as long as `call` can still bring it about."""
    for _ in range(6000):
        if condition():
            return
        if call is not None and call.poll() is not None:
            raise AssertionError(f"the call has ended: {call.communicate()}")
        time.sleep(0.02)
    raise AssertionError("it never came")
