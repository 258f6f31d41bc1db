"""What copies of this process find, on its way through pipes to processes that hold what it was made of."""

import io
import os
import pickle
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from linter.secret import Changed, Sensitive

_LENGTH: Final = 8
"""Bytes that tell how long what follows is."""
_PIPE: Final = 2**20
"""Bytes that a pipe is to hold, where the system lets it: whoever has found that much need not wait for its reader."""


_KNOWN: Final = 2**22
"""Bytes after which what was sent is let go of, by whoever sends and whoever receives: what comes again goes again."""


def widen(pipe: int) -> None:
    """Let a pipe hold much, where the system lets it."""
    import fcntl  # noqa: PLC0415 - Linux only

    with suppress(OSError):  # the system, or a user's share of it, allows less
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def send(pipe: int, data: bytes) -> None:
    """Send something through a pipe, for `received`."""
    _write(pipe, len(data).to_bytes(_LENGTH, "big") + data)


def _write(pipe: int, data: bytes | bytearray) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(pipe, left) :]


def received(pipe: int) -> bytes | None:
    """Return what was sent through a pipe; None when its other end has gone."""
    length = _read(pipe, _LENGTH)
    return None if length is None else _read(pipe, int.from_bytes(length, "big"))


def _read(pipe: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(pipe, min(size, _PIPE))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _reduced(value: Sensitive) -> tuple[type[Sensitive], tuple[str]]:
    return (Sensitive, (value.reveal(),))


def _changed(value: Changed) -> tuple[type[Changed], tuple[Sensitive, int, int, str]]:
    return (Changed, value.parts)


class Told:
    """Results that go through a pipe into processes that hold what they were made of: credentials are pickled too.

    What several of them have in common goes once.
    """

    def __init__(self) -> None:
        self._made = io.BytesIO()
        self._pickler = pickle.Pickler(self._made, pickle.HIGHEST_PROTOCOL)
        self._pickler.dispatch_table = {Sensitive: _reduced, Changed: _changed}
        self._cut = 0

    def add(self, number: int, value: Any) -> None:
        """Add what came of the piece of this number."""
        self._pickler.dump((number, value))

    @property
    def data(self) -> bytes:
        """All of them as bytes."""
        return self._made.getvalue()

    def cut(self) -> bytes:
        """Return what was added since the last cut, as bytes, for `Arriving`."""
        data = self.data
        self._made.seek(0)
        self._made.truncate()
        self._cut += len(data)
        if self._cut >= _KNOWN:
            self._cut = 0
            self._pickler.clear_memo()
        return data


def heard(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the results in `Told.data`, each with its number."""
    made = io.BytesIO(data)
    unpickler = pickle.Unpickler(made)  # noqa: S301 - from a process of this very program
    while made.tell() < len(data):
        yield unpickler.load()


class Leaving:
    """Results on their way out of a copy: as much goes at once as the pipe takes, so that it need not wait."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._told = Told()
        self._left = bytearray()
        os.set_blocking(pipe, False)

    def add(self, number: int, value: Any) -> None:
        """Send what came of the piece of this number."""
        self._told.add(number, value)
        data = self._told.cut()
        self._left += len(data).to_bytes(_LENGTH, "big") + data
        with suppress(BlockingIOError):
            while self._left:
                del self._left[: os.write(self._pipe, self._left)]

    def end(self) -> None:
        """Send the rest, and that it was all."""
        os.set_blocking(self._pipe, True)
        _write(self._pipe, self._left + bytes(_LENGTH))


class Arriving:
    """Results on their way here from one copy."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._data = bytearray()
        self._made = io.BytesIO()
        self._unpickler = pickle.Unpickler(self._made)  # noqa: S301 - from a process of this very program
        self._known = 0
        self.ended = False
        """Whether all have come that there are."""

    def come(self, *, wait: bool = False) -> Iterator[tuple[int, Any]]:
        """Yield those that have come, each with its number; wait for all of them, until the copy has gone."""
        os.set_blocking(self._pipe, wait)
        with suppress(BlockingIOError):
            while not self.ended and (more := os.read(self._pipe, _PIPE)):
                self._data += more
                yield from self._whole()

    def _whole(self) -> Iterator[tuple[int, Any]]:
        """Yield those that are whole."""
        while not self.ended and len(self._data) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._data[:_LENGTH], "big")
            if len(self._data) < end:
                return
            self._made.seek(0)
            self._made.truncate()
            self._made.write(self._data[_LENGTH:end])
            self._made.seek(0)
            del self._data[:end]
            self.ended = end == _LENGTH
            if not self.ended:
                yield self._load(end - _LENGTH)

    def _load(self, size: int) -> tuple[int, Any]:
        number, value = self._unpickler.load()
        self._known += size
        if self._known >= _KNOWN:
            self._known = 0
            self._unpickler = pickle.Unpickler(self._made)  # noqa: S301 - as above
        return number, value
