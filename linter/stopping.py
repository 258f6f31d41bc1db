"""What asks this process to end: an interrupt (SIGINT), SIGTERM, and SIGHUP, which comes when a terminal has gone.

The first of them is raised where the process is, so that everything that was begun is tidied up: what is half written
may hold credentials. A terminal, `make` and a build service send several; those that come while that goes on change
nothing. What must not be parted, such as starting a program and noting that it runs, is done while they are `HELD`.
"""

import signal
import sys
import time
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from linter.errors import TerminatedError

_PATIENCE: Final = 5.0
"""Seconds for tidying up. Whoever asks again after that does not want to wait for it."""
_AGAIN: Final = 0.005
_WORDS: Final = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "the terminal has gone"}
NUMBERS: Final = tuple(getattr(signal, name) for name in _WORDS if hasattr(signal, name))


class _Held:
    """Enter it, as often as you like, and what asks to end is heard of when it is left again."""

    def __init__(self) -> None:
        self.depth = 0
        self.thread = 0
        self.left: Callable[[], None] | None = None

    def __enter__(self) -> None:
        if get_ident() == self.thread:
            self.depth += 1

    def __exit__(self, *_: object) -> None:
        if get_ident() == self.thread:
            self.depth -= 1
            if not self.depth and self.left is not None:
                self.left()


HELD: Final = _Held()
"""Only the first thread holds signals, which come to it; where nothing is `Stoppable`, it does nothing."""


class Stoppable:
    """A part of this process that can be asked to end, once; in the first thread, and at most one at a time.

    Between `begin` and `end` that raises KeyboardInterrupt, or `TerminatedError`, which is one. What came before is
    raised by `begin`, and what comes after `end` is too late. With `last`, the process ends with it. A signal that is
    ignored, or that somebody else waits for, is left so.
    """

    def __init__(self, *, last: bool = False) -> None:
        self._last = last
        self._before: dict[int, Any] = {}
        self._unraisable = sys.unraisablehook
        self._came: int = 0
        self._since = 0.0
        self._due = self._ready = self._over = False

    def __enter__(self) -> "Stoppable":
        HELD.thread, HELD.depth, HELD.left = get_ident(), 0, self._raise
        usual = (signal.SIG_DFL, signal.default_int_handler)
        try:
            for number in NUMBERS:
                before = signal.getsignal(number)
                if before in usual:
                    self._before[number] = before
                    signal.signal(number, self._come)
        except ValueError:  # another thread than the first
            self._before.clear()
            HELD.thread = 0
        else:
            sys.unraisablehook = self._lost
        return self

    def __exit__(self, *_: object) -> None:
        HELD.thread, HELD.left = 0, None
        if self._last:
            return
        if sys.unraisablehook == self._lost:
            sys.unraisablehook = self._unraisable
        for number, before in self._before.items():
            signal.signal(number, before)

    def begin(self) -> None:
        """Let what comes from now on, and what has come already, be raised."""
        self._ready = True
        self._raise()

    def end(self) -> None:
        """Let nothing be raised any more: what was asked for is done, or was given up."""
        self._since = time.monotonic()
        self._over = True

    @property
    def came(self) -> bool:
        """Whether anything has come."""
        return bool(self._came)

    @property
    def code(self) -> int:
        """The exit code that says what has come, as a shell would tell it."""
        return 128 + (self._came or signal.SIGINT)

    @property
    def word(self) -> str:
        """What has come, for a person."""
        return _WORDS[signal.Signals(self._came or signal.SIGINT).name]

    def _come(self, number: int, _: object) -> None:
        if (self._came or self._over) and time.monotonic() - self._since < _PATIENCE:
            return
        if self._over:  # the process should have ended long ago
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._since = time.monotonic()
        self._came = self._came or number
        self._due = True
        self._raise()

    def _raise(self) -> None:
        if self._due and self._ready and not self._over and not HELD.depth:
            self._due = False
            raise KeyboardInterrupt if self._came == signal.SIGINT else TerminatedError

    def _lost(self, what: Any) -> None:
        """Hear of an exception that nobody can catch, such as in a finaliser: Python would print it, and go on."""
        if not issubclass(what.exc_type, KeyboardInterrupt):
            if not self._came:  # else it comes of what was given up
                self._unraisable(what)
        elif not self._over and hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) in (
            signal.SIG_DFL,
            self._late,
        ):
            signal.signal(signal.SIGALRM, self._late)
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)

    def _late(self, *_: object) -> None:
        """Raise again, once whatever could not be interrupted is over, what was lost in it."""
        self._due = True
        self._raise()


@contextmanager
def masked() -> Iterator[None]:
    """Let what asks to end wait, here and in processes that are begun meanwhile until each is a `helper`."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)  # may raise what has come just before
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def helper() -> None:
    """Make this process one that works for another: an interrupt is the other's affair, and SIGTERM ends it at once."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, NUMBERS)
