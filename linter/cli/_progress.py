"""A bar on a terminal while much is read: nothing in CI, in a pipe, or when it is over before anybody could look."""

import os
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

Progress = Callable[[float, str], None]

_PATIENCE: Final = 0.7
_STEP: Final = 0.1
_WIDTH: Final = 24
_ERASE: Final = "\r\x1b[K"


def progress(stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> Progress | None:
    """Return what is to be told how far reading has come, None where nobody watches.

    It is called with the share that is done, from 0 to 1, and the path that is being read; 1 ends it.
    """
    stream = stream or sys.stderr
    if not stream.isatty() or "CI" in os.environ or os.environ.get("TERM") in (None, "dumb"):
        return None
    return _Bar(stream, clock)


class _Bar:
    """One line that is drawn over and over, and goes when the work is done."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._next = clock() + _PATIENCE
        self._drawn = False

    def __call__(self, share: float, path: str) -> None:
        """Draw the bar anew, at most ten times a second."""
        if share >= 1:
            if self._drawn:
                self._stream.write(_ERASE)
                self._stream.flush()
                self._drawn = False
            return
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _STEP
        self._drawn = True
        full = int(share * _WIDTH)
        head = f"[{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}  "
        room = max(_columns(self._stream) - len(head) - 1, 0)
        shown = "".join(sign if sign.isprintable() else "?" for sign in path[-room:]) if room else ""
        self._stream.write(f"{_ERASE}{head}{shown}")
        self._stream.flush()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 80
