"""The members of a zip file: by its directory, or, where that is cut off, one after the other from the start."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from linter.sources import Limits
from linter.sources.raw import File, Raw
from linter.sources.unpack import BombError, DamagedError

MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LARGEST_DIRECTORY: Final = 64 * 2**20
_DEFLATED: Final = 8
_DENSEST: Final = {zipfile.ZIP_STORED: 1, _DEFLATED: 1032}
"""The most bytes that one byte can stand for, by the way of packing (RFC 1951: two bits for 258 bytes)."""
_STEP: Final = 2**20
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
)
"""What `zipfile` raises for bytes that are not what they should be; NotImplementedError is a RuntimeError."""


class Entry(NamedTuple):
    """One member: its name, why it has no bytes to read ("" when it has), and how to find them."""

    name: str
    what: str
    where: "zipfile.ZipInfo | _Local"

    @property
    def offset(self) -> int:
        """Where it stands in the file, or nearly."""
        return self.where.offset if isinstance(self.where, _Local) else self.where.header_offset

    @property
    def size(self) -> int:
        """How many bytes the directory says it unpacks to, -1 where there is no directory."""
        return -1 if isinstance(self.where, _Local) else self.where.file_size


class _Local(NamedTuple):
    """A member as its own header describes it: where its data begins, how many bytes it is, and how it is packed."""

    offset: int
    size: int
    method: int
    crc: int


class Zip:
    """A zip file over bytes that can be read anywhere."""

    def __init__(self, raw: Raw, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._zip: zipfile.ZipFile | None = None
        self.cut = False
        try:
            if _directory(raw) > _LARGEST_DIRECTORY:
                raise BombError("has a directory too large to be read")
            self._zip = zipfile.ZipFile(File(raw))
        except (*_BROKEN, MemoryError):  # a size that is a lie asks for more than there is
            self.cut = True

    def entries(self) -> Iterator[Entry]:
        """Yield the members. Raise `DamagedError` where no further one can be found."""
        if self._zip is None:
            yield from self._found()
            return
        for info in self._zip.infolist():
            mode = info.external_attr >> 16
            what = "folder" if info.filename.endswith("/") else "encrypted" if info.flag_bits & 1 else ""
            if not what and mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                what = "link" if stat.S_ISLNK(mode) else "a device"
            # Some tools of Windows write its separators, against the format.
            name = info.filename if "/" in info.filename else info.filename.replace("\\", "/")
            yield Entry(name, what, info)

    def read(self, entry: Entry, most: int) -> bytes:
        """Return the bytes of a member, at most `most` + 1 of them. Raise `DamagedError` when they cannot be had."""
        try:
            if isinstance(entry.where, _Local):
                return self._unpack(entry.where, most)
            with self.opened(entry) as stream:
                return stream.read(most + 1)
        except _BROKEN as error:
            raise _damage(error) from None

    def opened(self, entry: Entry) -> IO[bytes]:
        """Return a member of the directory as a file, which raises anything of `_BROKEN`, as this does.

        Raise `DamagedError` where the directory says that it unpacks to more than its bytes can.
        """
        assert self._zip is not None  # noqa: S101 - an entry of the directory came from it
        assert not isinstance(entry.where, _Local)  # noqa: S101 - as above
        densest = _DENSEST.get(entry.where.compress_type)
        if densest is not None and entry.size > (entry.where.compress_size + 1) * densest:
            raise DamagedError("is damaged: the directory says that it unpacks to more than its bytes can")
        return self._zip.open(entry.where)

    def _found(self) -> Iterator[Entry]:
        """Read headers one after the other: all that is left of a file that was cut off."""
        at = 0
        while True:
            header = self._raw.at(at, _LOCAL.size)
            if len(header) < _LOCAL.size or not header.startswith(MAGIC[0]):
                raise DamagedError("has no directory at its end: it was cut off")
            _, _, flags, method, _, _, crc, size, _, name_size, extra = _LOCAL.unpack(header)
            name = self._raw.at(at + _LOCAL.size, name_size).decode("utf-8", "replace")
            offset = at + _LOCAL.size + name_size + extra
            what = "encrypted" if flags & 1 else "folder" if name.endswith("/") else ""
            streamed = bool(flags & 8)
            if streamed:
                size = self._measure(offset) if method == _DEFLATED else -1
                if size < 0:
                    raise DamagedError("has no directory at its end: it was cut off")
            if not self._raw.at(offset + max(size, 1) - 1, 1):
                raise DamagedError(f"has no directory at its end: it was cut off inside {name[-200:]}")
            yield Entry(name, what, _Local(offset, size, method, -1 if streamed else crc))
            at = offset + size
            if streamed:
                # The sizes follow the data, with or without a signature.
                at += 16 if self._raw.at(at, 4) == b"PK\x07\x08" else 12

    def _measure(self, offset: int) -> int:
        """Return how many bytes a deflated member is that does not say so, -1 when it is cut off."""
        decoder, at = zlib.decompressobj(-15), offset
        try:
            while not decoder.eof:
                given = decoder.unconsumed_tail or self._raw.at(at, 2**16)
                if not given:
                    return -1
                at += 0 if decoder.unconsumed_tail else len(given)
                decoder.decompress(given, 2**18)
        except zlib.error:
            return -1
        return at - len(decoder.unused_data) - offset

    def _unpack(self, where: _Local, most: int) -> bytes:
        packed = self._raw.at(where.offset, where.size)
        if where.method not in (0, _DEFLATED):
            raise NotImplementedError
        data = packed[: most + 1] if where.method == 0 else zlib.decompressobj(-15).decompress(packed, most + 1)
        if where.crc >= 0 and len(data) <= most and zlib.crc32(data) != where.crc:
            raise DamagedError("is damaged: its bytes do not agree with its checksum")
        return data


def _damage(error: Exception) -> DamagedError:
    """Say what is wrong with a member that `zipfile` cannot read."""
    if isinstance(error, NotImplementedError):
        return DamagedError("is compressed in a way that is not known here")
    return DamagedError("is damaged: its bytes do not agree with its checksum, or cannot be unpacked")


class Packed:
    """A member of a zip's directory, to be read from any offset, the earlier bytes being unpacked before."""

    direct: Final = False

    def __init__(self, archive: Zip, entry: Entry) -> None:
        self._zip = archive
        self._entry = entry

    def open(self, offset: int = 0) -> "PackedStream":
        """Return a stream at `offset`. Raise `DamagedError` when it cannot be reached."""
        try:
            stream = PackedStream(self._zip.opened(self._entry))
        except _BROKEN as error:
            raise _damage(error) from None
        stream.skip(offset)
        return stream


class PackedStream:
    """The bytes of a member, forward only. Raises `DamagedError` where they cannot be unpacked."""

    def __init__(self, file: IO[bytes]) -> None:
        self.position = 0
        self._file = file

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""
        try:
            data = self._file.read(size)
        except _BROKEN as error:
            raise _damage(error) from None
        self.position += len(data)
        return data

    def skip(self, size: int) -> int:
        """Pass over up to `size` bytes; return how many there were."""
        start = self.position
        while (left := size - (self.position - start)) > 0 and self.read(min(left, _STEP)):
            pass
        return self.position - start


def _directory(raw: Raw) -> int:
    """Return how many bytes the directory says it is, before anything of it is read; 0 where there is none."""
    file = File(raw)
    whole = file.seek(0, 2)
    start = max(whole - 2**16 - 256, 0)
    tail = raw.at(start, whole - start)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return 0
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    if size != 0xFFFFFFFF:
        return size
    wide = tail.rfind(_END64, 0, at)
    return int.from_bytes(tail[wide + 40 : wide + 48], "little") if wide >= 0 else size
