"""Stretches of what archives hold, read again after they were passed: from any offset, or in one pass for many."""

import zlib
from typing import Final, Protocol

from linter.sources.archive_zip import PackedStream
from linter.sources.unpack import BombError, DamagedError, Stream, Unpacked

_KEPT: Final = 64 * 2**20
_PIECE: Final = 2**20
_MOST_BLOCKS: Final = 8
_NEAR: Final = 4 * 2**20


class Opener(Protocol):
    """What gives streams of plain bytes from an offset on; `direct` tells that any offset is reached at once."""

    @property
    def direct(self) -> bool:
        """Whether any offset can be read at once, or nearly so."""

    def open(self, offset: int = 0) -> "Stream | PackedStream":
        """Return a stream at `offset`. Raise `DamagedError` when it cannot be reached."""


class Stretch:
    """A part of an unpacked stream as `Raw` bytes; `size` is -1 for all there is.

    Where the stream is damaged, the bytes before it are all there are, and `broken` says why. Where it cannot be
    entered in its middle, what was read is kept packed, up to `_KEPT` bytes, so that it is rarely unpacked again.
    `begun` is a stream that has given the first bytes of the part, and these.
    """

    direct = False

    def __init__(
        self, source: Opener, path: str, start: int, size: int, begun: tuple[Stream, bytes] | None = None
    ) -> None:
        self.path = path
        self.size = size
        self.broken = self.bound = ""
        self._source = source
        self._start = start
        self._stream: Stream | PackedStream | None = None
        self._head = b""
        if begun is not None and not source.direct:
            self._stream, self._head = begun
        self._blocks: dict[int, bytes] = {}
        self._packed: dict[int, bytes] = {}
        self._kept = 0

    def let_go(self) -> None:
        """Leave the stream that it began with to others."""
        self._stream, self._head = None, b""

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`. Small pieces come from blocks, the last few of which are kept."""
        if size >= _PIECE and self._source.direct:
            return self._direct(offset, size)
        parts: list[bytes] = []
        while size > 0:
            number, inside = divmod(offset, _PIECE)
            part = self._block(number)[inside : inside + size]
            if not part:
                break
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= _MOST_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[number] = self._unpacked(number)
        return self._blocks[number]

    def _unpacked(self, number: int) -> bytes:
        """Return a block that is not held unpacked."""
        if number in self._packed:
            return zlib.decompress(self._packed[number])
        data = self._direct(number * _PIECE, _PIECE)
        if not self._source.direct and self._kept < _KEPT:
            self._packed[number] = zlib.compress(data, 1)
            self._kept += len(self._packed[number])
        return data

    def _direct(self, offset: int, size: int) -> bytes:
        if self.size >= 0:
            size = min(size, self.size - offset)
        head = self._head[offset : offset + max(size, 0)]
        size -= len(head)
        if size <= 0:
            return head
        target, data = self._start + offset + len(head), b""
        try:
            ahead = target - self._stream.position if self._stream is not None else -1
            if self._stream is None or ahead < 0 or (self._source.direct and ahead > _NEAR):
                self._stream = self._source.open(target)
            self._stream.skip(target - self._stream.position)
            data = self._stream.read(size)
            if len(data) < size:
                self._stream.read(1)  # where it is damage that made them fewer, this says so
        except (DamagedError, BombError) as error:
            self.broken, self.bound = str(error), error.bound
        return head + data


class Passes:
    """Reads stretches of an unpacked stream again, those that are expected in one pass."""

    def __init__(self, unpacked: Unpacked) -> None:
        self._unpacked = unpacked
        self._expected: dict[int, int] = {}
        self._order: list[int] | None = None
        self._kept: dict[int, bytes] = {}
        self._size = 0
        self._stream: Stream | None = None

    def expect(self, offset: int, size: int) -> None:
        """Note that a stretch will be read."""
        if not self._unpacked.direct:
            self._expected[offset] = size
            self._order = None

    def read(self, offset: int, size: int) -> bytes:
        """Return a stretch."""
        if self._unpacked.direct:
            return self._whole(self._unpacked.open(offset), size)
        if offset in self._kept:
            return zlib.decompress(self._kept[offset])
        if self._stream is None or self._stream.position > offset:
            self._stream = self._unpacked.open()
        if self._order is None:
            self._order = sorted(self._expected)
        for other in self._order:
            if other > offset or self._size > _KEPT:
                break
            if other >= self._stream.position and other not in self._kept:
                self._stream.skip(other - self._stream.position)
                self._kept[other] = zlib.compress(self._whole(self._stream, self._expected[other]), 1)
                self._size += len(self._kept[other])
        if offset in self._kept:
            return zlib.decompress(self._kept[offset])
        self._stream.skip(offset - self._stream.position)
        return self._whole(self._stream, size)

    @staticmethod
    def _whole(stream: Stream, size: int) -> bytes:
        data = stream.read(size)
        if len(data) < size:
            raise DamagedError("ends in the middle: it was cut off")
        return data
