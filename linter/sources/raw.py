"""The bytes of an archive as they stand in a file or come through a pipe, readable again at any offset.

Nothing is written to disk. What comes through a pipe is kept in memory, packed when it is not packed yet.
"""

import os
import time
import zlib
from typing import BinaryIO, Protocol

from linter.model import Problem
from linter.sources import InputProblem, Limits, sized
from linter.sources.files import Seen, changed, failure, opened

_BLOCK = 2**20
_TICK = 0.02
"""Seconds within which a second change may leave the times of a file as they are."""


class Raw(Protocol):
    """Bytes at offsets. `path` is for display, `size` counts bytes, -1 while it is not known.

    `direct` tells that to read bytes a second time costs no more than to copy them.
    """

    path: str
    size: int
    direct: bool

    def at(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from `offset`: fewer only at the end. Raise `InputProblem` when they are gone."""


class FileBytes:
    """A regular file. It is opened for each read, so that a thousand archives hold no thousand files open.

    `named`: it is an argument itself, so what is wrong with it is fatal. `was` is what it was when it was first read.
    """

    direct = True

    def __init__(self, file: str, path: str, *, named: bool = True, was: Seen | None = None) -> None:
        self.path = path
        self._file = file
        self._named = named
        try:
            self.seen = Seen.of(os.stat(file)) if was is None else was
            if was is None and self.seen.changed > time.time_ns() - _TICK * 10**9:
                time.sleep(_TICK)  # whatever is written from now on has another time
        except OSError as error:
            raise InputProblem(failure(path, error, named=named)) from None
        self.size = self.seen.size

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`. A file that has changed since is refused: offsets mean nothing in it."""
        try:
            handle = opened(self._file)
            try:
                self._check(handle)
                data = _filled(handle, offset, size)
                self._check(handle)
                return data
            finally:
                os.close(handle)
        except OSError as error:
            raise InputProblem(failure(self.path, error, named=self._named)) from None

    def _check(self, handle: int) -> None:
        """Raise `InputProblem` where the file has changed since it was first read."""
        if not Seen.of(os.fstat(handle)).same(self.seen):
            raise InputProblem(changed(self.path, named=self._named))


def _filled(handle: int, offset: int, size: int) -> bytes:
    """Read from a file until `size` bytes are there or it ends: a call of the system may return less."""
    parts: list[bytes] = []
    while size > 0:
        part = os.pread(handle, size, offset)
        if not part:
            break
        parts.append(part)
        offset, size = offset + len(part), size - len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _fill(stream: "BinaryIO | Ahead", size: int) -> bytes:
    """Read until `size` bytes are there or the stream ends: an unbuffered read may return less."""
    parts: list[bytes] = []
    while size > 0:
        part = stream.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class PipeBytes:
    """What comes through a pipe, block by block as it is asked for, and kept: positions are looked up afterwards.

    `packed` tells that the bytes are compressed already; else each block is. What is kept never passes
    `Limits.file_bytes`.
    """

    direct = False

    def __init__(self, stream: "BinaryIO | Ahead", path: str, head: bytes, *, packed: bool, limits: Limits) -> None:
        self.path = path
        self.size = -1
        self._stream = stream
        self._packed = packed
        self._limits = limits
        self._blocks: list[bytes] = []
        self._kept = 0
        self._pending = head
        self._last: tuple[int, bytes] = (-1, b"")

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`."""
        if self.size >= 0:
            size = min(size, self.size - offset)
        parts: list[bytes] = []
        while size > 0:
            number, inside = divmod(offset, _BLOCK)
            part = self._block(number)[inside : inside + size]
            if not part:
                break
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _block(self, number: int) -> bytes:
        if self._last[0] == number:
            return self._last[1]
        while number >= len(self._blocks):
            if self.size >= 0:
                return b""
            self._load()
        stored = self._blocks[number] if number < len(self._blocks) else b""
        self._last = (number, stored if self._packed or not stored else zlib.decompress(stored))
        return self._last[1]

    def _load(self) -> None:
        """Take the next block from the pipe; a short one is the last."""
        try:
            data = self._pending + _fill(self._stream, _BLOCK - len(self._pending))
        except OSError as error:
            raise InputProblem(failure(self.path, error, named=True)) from None
        self._pending = b""
        if len(data) < _BLOCK:
            self.size = len(self._blocks) * _BLOCK + len(data)
        if not data:
            return
        stored = data if self._packed else zlib.compress(data, 1)
        self._kept += len(stored)
        if self._kept > self._limits.file_bytes:
            message = f"holds more than {sized(self._limits.file_bytes)} in a pipe"
            remedy = "save it to a file and name the file, which is read at any size"
            raise InputProblem(Problem(self.path, message, remedy, fatal=True))
        self._blocks.append(stored)


class Ahead:
    """A stream of which the beginning was read already."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        if not self._head:
            return self._stream.read(size)
        part, self._head = self._head[:size], self._head[size:]
        return part


class File:
    """`Raw` bytes as a file object that can seek, for `zipfile` and for decompressors that want one."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._at = 0

    def seekable(self) -> bool:
        """Say that this file can seek."""
        return True

    def tell(self) -> int:
        """Return the offset of the next read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; the end of a pipe is known only after all of it was read."""
        if whence == os.SEEK_END:
            self._at = self._end() + offset
        else:
            self._at = offset + (self._at if whence == os.SEEK_CUR else 0)
        return self._at

    def _end(self) -> int:
        """Return how many bytes there are, which may have to be read for it."""
        if self._raw.size >= 0:
            return self._raw.size
        end = 0
        while count := len(self._raw.at(end, _BLOCK)):
            end += count
        return end

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that is left when it is negative."""
        if size < 0:
            here = self._at
            size = self.seek(0, os.SEEK_END) - here
            self._at = here
        data = self._raw.at(self._at, size)
        self._at += len(data)
        return data
