"""What the tests of signals begin with."""

import signal
import sys
from collections.abc import Iterator

import pytest

from linter import forks, stopping


@pytest.fixture
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
