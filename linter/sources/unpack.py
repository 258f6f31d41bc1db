"""Compressed bytes to plain ones, as a stream that goes forward and never holds more than a piece of it.

A gzip stream, the usual form of dumps, can also be entered in the middle: its decoder is copied every few megabytes,
and reading a member again begins at the copy before it. Other forms begin anew, or go on from where they stand.
"""

import bz2
import lzma
import zlib
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from linter.errors import RegcredError
from linter.sources import Limits, sized
from linter.sources.raw import File, Raw

_INPUT: Final = 2**18
_PIECE: Final = 2**18
_SALVAGE: Final = 512
_STRIDE: Final = 4 * 2**20
_MOST_COPIES: Final = 512
_GZIP: Final = b"\x1f\x8b"
_XZ: Final = b"\xfd7zXZ\x00"
_ZSTD: Final = (b"\x28\xb5\x2f\xfd", *(bytes((number, 0x2A, 0x4D, 0x18)) for number in range(0x50, 0x60)))
_LARGEST_WINDOW: Final = 2**27
_LZMA_MEMORY: Final = 256 * 2**20


class DamagedError(RegcredError):
    """The stream cannot be read further. The message says why; what was read before is good."""

    bound: Final = ""


class BombError(RegcredError):
    """The stream unpacks to more than anybody may want; the message says to how much.

    `bound` names the setting that allows more, "" where none does.
    """

    def __init__(self, message: str, bound: str = "") -> None:
        super().__init__(message)
        self.bound = bound


def weigh(unpacked: int, consumed: int, limits: Limits) -> None:
    """Raise `BombError` where `consumed` bytes have unpacked to more than anybody may want."""
    if unpacked > limits.archive_bytes:
        raise BombError(f"unpacks to more than {sized(limits.archive_bytes)}", "archive")
    if unpacked > max(limits.ratio_from, limits.archive_ratio * max(consumed, 1)):
        raise BombError(f"unpacks to more than {limits.archive_ratio:,} times its size", "ratio")


def compression(head: bytes) -> str:
    """Name the compression that bytes begin with: gzip, bzip2, xz, zstd; "" for none of these."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    if head.startswith(_XZ):
        return "xz"
    return "zstd" if head.startswith(_ZSTD) else ""


class Unpacked:
    """The plain bytes behind `raw`, whatever its compression: forward from the start, or from an offset."""

    def __init__(self, raw: Raw, limits: Limits) -> None:
        self.raw = raw
        self.kind = compression(raw.at(0, 16))
        self._limits = limits
        self._copies: list[_Copy] = []
        self._stride = _STRIDE

    @property
    def direct(self) -> bool:
        """Whether any offset can be read at once, or nearly so."""
        return self.kind in ("", "gzip")

    def open(self, offset: int = 0) -> "Stream":
        """Return a stream at `offset`. Raise `DamagedError` when it cannot be reached."""
        if not self.kind:
            return Stream(_Plain(self.raw, offset), offset, self._limits)
        copy = self._copy_before(offset)
        source: _Source = _Simple(self.raw, self.kind)
        if self.kind == "gzip":
            source = _Gzip(self.raw, self._keep, copy)
        elif self.kind == "zstd":
            source = _Zstd(self.raw)
        return _skipped(Stream(source, copy.position if copy else 0, self._limits), offset)

    def _copy_before(self, offset: int) -> "_Copy | None":
        number = bisect_right(self._copies, offset, key=lambda copy: copy.position)
        return self._copies[number - 1] if number else None

    def _keep(self, copy: "_Copy") -> None:
        """Keep a copy of the decoder, fewer the longer the stream is: their memory is bounded."""
        if self._copies and copy.position < self._copies[-1].position + self._stride:
            return
        self._copies.append(copy)
        if len(self._copies) > _MOST_COPIES:
            del self._copies[1::2]
            self._stride *= 2


def _skipped(stream: "Stream", offset: int) -> "Stream":
    stream.skip(offset - stream.position)
    return stream


class _Source(Protocol):
    """A decoder: `piece` gives some more plain bytes, b"" at the end; `consumed` counts the raw bytes behind them."""

    @property
    def consumed(self) -> int: ...

    def piece(self) -> bytes: ...


class Stream:
    """Plain bytes, forward only, within the limits of what an archive may unpack to."""

    def __init__(self, source: _Source, position: int, limits: Limits) -> None:
        self.position = position
        self._broken = ""
        self._source = source
        self._limits = limits
        self._rest = memoryview(b"")

    @property
    def consumed(self) -> int:
        """How many bytes of the raw stream have been used."""
        return self._source.consumed

    def _more(self) -> bool:
        if self._broken:
            raise DamagedError(self._broken)
        try:
            self._rest = memoryview(self._source.piece())
        except DamagedError as error:
            self._broken = str(error)  # a decoder that has failed may say something else the next time
            raise
        weigh(self.position + len(self._rest), self._source.consumed, self._limits)
        return bool(self._rest)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; fewer only at the end, or before damage that the next read raises."""
        parts: list[bytes | memoryview] = []
        while size > 0:
            try:
                if not self._rest and not self._more():
                    break
            except DamagedError:
                if not parts:
                    raise
                break
            part = self._rest[:size]
            parts.append(part)
            self._rest = self._rest[len(part) :]
            self.position += len(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over up to `size` bytes; return how many there were."""
        seek = getattr(self._source, "seek", None)
        if seek is not None and size > len(self._rest):
            # Plain bytes need not be read to be passed over; where they end is seen by the next read.
            self._rest = memoryview(b"")
            there = seek(self.position, size)
            self.position += there
            return int(there)
        left = size
        while left > 0 and (self._rest or self._more()):
            there = min(left, len(self._rest))
            self._rest = self._rest[there:]
            self.position += there
            left -= there
        return size - left


class _Plain:
    """Bytes that are not compressed."""

    def __init__(self, raw: Raw, offset: int) -> None:
        self._raw = raw
        self.consumed = offset

    def piece(self) -> bytes:
        data = self._raw.at(self.consumed, _PIECE)
        self.consumed += len(data)
        return data

    def seek(self, position: int, size: int) -> int:
        """Move on from `position` by up to `size` bytes; return by how many, which only the end makes fewer."""
        whole = self._raw.size
        if whole < 0 and not self._raw.at(position + size - 1, 1):
            whole = self._raw.size
        there = size if whole < 0 else max(min(size, whole - position), 0)
        self.consumed = position + there
        return there


class _Copy(NamedTuple):
    """A decoder as it stood at an offset of the plain bytes, and the offset of the raw byte that it wants next."""

    position: int
    consumed: int
    decoder: Any


class _Gzip:
    """One or more gzip members. A broken member gives all that stands before its damage."""

    def __init__(self, raw: Raw, keep: Callable[[_Copy], None], start: _Copy | None) -> None:
        self._raw = raw
        self._keep = keep
        self.position = start.position if start else 0
        self.consumed = start.consumed if start else 0
        self._decoder: Any = start.decoder.copy() if start else None
        self._chunk: tuple[int, bytes] = (0, b"")
        self._broken = ""

    def piece(self) -> bytes:
        if self._broken:
            raise DamagedError(self._broken)
        while True:
            given = self._given()
            if self._decoder is None and not self._begin(given):
                return b""
            if not given:
                return self._fail("ends in the middle: it was cut off", b"")
            before = self._decoder.copy()
            try:
                data = self._decoder.decompress(given, _PIECE)
            except zlib.error:
                return self._salvage(before, given)
            left = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail
            self.consumed += len(given) - len(left)
            self.position += len(data)
            if self._decoder.eof:
                self._decoder = None
            else:
                self._keep(_Copy(self.position, self.consumed, before if not data else self._decoder.copy()))
            if data:
                return bytes(data)

    def _given(self) -> bytes:
        """The raw bytes that the decoder wants next."""
        start, chunk = self._chunk
        if not start <= self.consumed < start + len(chunk):
            self._chunk = start, chunk = self.consumed, self._raw.at(self.consumed, _INPUT)
        return chunk[self.consumed - start :]

    def _begin(self, given: bytes) -> bool:
        """Begin a member; tell whether there is one. Zeros pad some streams; anything else is a broken member."""
        stripped = given.lstrip(b"\0")
        if not given:
            return False
        if not stripped:
            self.consumed += len(given)
            return self._begin(self._given())
        if not stripped.startswith(_GZIP):
            self._fail("goes on with bytes that are no gzip data", b"")
            raise DamagedError(self._broken)
        self.consumed += len(given) - len(stripped)
        self._chunk = (self.consumed, stripped)
        self._decoder = zlib.decompressobj(wbits=31)
        return True

    def _salvage(self, decoder: Any, given: bytes) -> bytes:
        """Take what stands before the damage, in small steps from the decoder as it was before."""
        parts: list[bytes] = []
        try:
            while given:
                parts.append(decoder.decompress(given, _SALVAGE))
                given = decoder.unconsumed_tail
        except zlib.error:
            pass
        return self._fail("is damaged: its compressed data cannot be decoded further", b"".join(parts))

    def _fail(self, why: str, data: bytes) -> bytes:
        self._broken = why
        self.position += len(data)
        if not data:
            raise DamagedError(why)
        return data


class _Simple:
    """The decoders of the standard library that take bounded output: bzip2 and xz, one or more streams."""

    def __init__(self, raw: Raw, kind: str) -> None:
        self._raw = raw
        self._kind = kind
        self.consumed = 0
        self._decoder: Any = None

    def piece(self) -> bytes:
        while True:
            given = b""
            if self._decoder is None or self._decoder.needs_input:
                given = self._raw.at(self.consumed, _INPUT)
                if self._decoder is None:
                    if not given.strip(b"\0"):
                        return b""
                    self._decoder = self._new()
                elif not given:
                    raise DamagedError("ends in the middle: it was cut off")
            try:
                data = self._decoder.decompress(given, _PIECE)
            except lzma.LZMAError as error:
                why = "needs more memory to unpack than is allowed" if "emory" in str(error) else "is damaged"
                raise DamagedError(f"{why}: its compressed data cannot be decoded further") from None
            except (OSError, ValueError, EOFError):
                raise DamagedError("is damaged: its compressed data cannot be decoded further") from None
            self.consumed += len(given)
            if self._decoder.eof:
                self.consumed -= len(self._decoder.unused_data)
                self._decoder = None
            if data:
                return bytes(data)

    def _new(self) -> Any:
        if self._kind == "bzip2":
            return bz2.BZ2Decompressor()
        return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


class _Zstd:
    """Zstandard, one or more frames."""

    def __init__(self, raw: Raw) -> None:
        import zstandard  # noqa: PLC0415 - loaded for the rare archive of this form

        self._error = zstandard.ZstdError
        self._raw = raw
        self._file = File(raw)
        source: Any = self._file  # reads, which is all that is asked of it
        decoder = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._reader: Any = decoder.stream_reader(source, read_across_frames=True)

    @property
    def consumed(self) -> int:
        return self._file.tell()

    def piece(self) -> bytes:
        try:
            data = self._reader.read(_PIECE)
        except self._error:
            raise DamagedError("is damaged: its compressed data cannot be decoded further") from None
        if not data and not _ends_well(self._raw):
            raise DamagedError("ends in the middle: it was cut off")
        return bytes(data)


def _ends_well(raw: Raw) -> bool:
    """Whether the last frame of a Zstandard stream is whole (RFC 8878): its reader takes a cut for the end."""
    import zstandard  # noqa: PLC0415 - as above

    at = 0
    while head := raw.at(at, 18):
        if head[1:4] == b"\x2a\x4d\x18":
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        try:
            checked = zstandard.get_frame_parameters(head).has_checksum
            at += zstandard.frame_header_size(head)
        except zstandard.ZstdError:
            return False
        last = False
        while not last:
            block = int.from_bytes(raw.at(at, 3), "little")
            last, kind, size = bool(block & 1), block >> 1 & 3, block >> 3
            at += 3 + (1 if kind == 1 else size)
            if not raw.at(at - 1, 1):
                return False
        at += 4 if checked else 0
    return raw.at(at - 1, 1) != b""
