"""The members of a tar stream, one after the other, and where their bytes begin; damage costs the member it hits.

Headers are decoded by the standard library; the walk is our own, because `tarfile` stops without a word at a broken
header and holds every member that it has seen.
"""

import tarfile
from collections.abc import Iterator
from typing import Final, NamedTuple

from linter.sources.unpack import DamagedError, Stream

_BLOCK: Final = tarfile.BLOCKSIZE
_LONGEST_NAME: Final = 2**16
_NONE: Final = (0, "", "")


class Member(NamedTuple):
    """One member: its name as the archive writes it, what it is, and its bytes as an offset and a size in the stream.

    `what` is "" for a regular file, else the words that say why it has no bytes of its own.
    """

    name: str
    what: str
    offset: int
    size: int


class Damage(NamedTuple):
    """A place of the stream that could not be read as a member: its offset, and what is wrong there."""

    offset: int
    why: str


def is_tar(head: bytes) -> bool:
    """Tell whether plain bytes begin with the header of a member."""
    if len(head) < _BLOCK:
        return False
    try:
        found = tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return bool(found.name)


def members(stream: Stream) -> Iterator[Member | Damage]:
    """Walk through the members. The caller may read the bytes of one before it asks for the next.

    Raise `DamagedError` where the stream ends too early or cannot be read on.
    """
    walk = _Walk(stream)
    while True:
        found = walk.step()
        if found is None:
            return
        if found is not _PASSED:
            yield found


_PASSED: Final = Damage(-1, "")


class _Walk:
    """Where a walk stands: what the headers before a member have said of it, and whether it is lost."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._next = stream.position
        self._longer: dict[str, str] = {}
        self._lost = False
        self._ended = False

    def step(self) -> Member | Damage | None:
        """Read one header; `_PASSED` for one that is no member, None at the end."""
        stream = self._stream
        stream.skip(self._next - stream.position)
        if stream.position < self._next:
            raise DamagedError("ends inside a member: it was cut off")
        at = stream.position
        block = stream.read(_BLOCK)
        self._next = at + _BLOCK
        if not block:
            if not self._ended and at:
                raise DamagedError("ends without the mark of its end: it was cut off, or never finished")
            return None
        if len(block) < _BLOCK:
            stream.read(1)  # where it is damage that made the block short, this says so
            if self._ended and not block.strip(b"\0"):
                return None
            raise DamagedError("ends inside a header: it was cut off")
        if not block.strip(b"\0"):
            self._ended, self._lost = True, False
            return _PASSED
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            return self._search(at)
        if header.size < 0:
            return self._search(at)
        self._ended = self._lost = False
        return self._take(header)

    def _search(self, at: int) -> Damage:
        """Go on block by block after a broken header, which is told once."""
        first, self._lost = not self._lost, True
        self._longer = {}
        if not first:
            return _PASSED
        return Damage(at, "bytes that are no part of it stand after its end" if self._ended else "a header is damaged")

    def _take(self, header: tarfile.TarInfo) -> Member | Damage:
        at, kind = self._next, header.type
        if kind in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            self._next = at + _padded(header.size)
            return self._extended(header)
        if kind in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            self._next = at + _padded(header.size)
            return _PASSED
        longer, self._longer = self._longer, {}
        size = int(longer.get("size", header.size))
        name = longer.get("path") or header.name
        what = _what(header, name)
        if any(key.startswith("GNU.sparse.") for key in longer):
            what = "sparse member"
        if kind == tarfile.GNUTYPE_SPARSE:
            at += self._sparse_headers(header)
        self._next = at if header.islnk() or header.issym() or header.isdir() or header.isdev() else at + _padded(size)
        return Member(name, what, at, size)

    def _sparse_headers(self, header: tarfile.TarInfo) -> int:
        """Pass over the headers that continue an old sparse header; return how many bytes they are."""
        more = bool(getattr(header, "_sparse_structs", _NONE)[1])
        passed = 0
        while more:
            block = self._stream.read(_BLOCK)
            passed += len(block)
            more = len(block) == _BLOCK and bool(block[504])
        return passed

    def _extended(self, header: tarfile.TarInfo) -> Damage:
        """Read a header that names the next member, or gives it a size, at length."""
        if header.size > _LONGEST_NAME:
            return Damage(self._stream.position, f"a name is longer than {_LONGEST_NAME} bytes")
        data = self._stream.read(header.size)
        if header.type == tarfile.GNUTYPE_LONGNAME:
            self._longer["path"] = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
            return _PASSED
        found = _records(data)
        if found is None:
            return Damage(self._stream.position, "an extended header is damaged")
        self._longer.update(found)
        return _PASSED


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _what(header: tarfile.TarInfo, name: str) -> str:
    if header.isdir() or name.endswith("/"):
        return "folder"
    if header.islnk() or header.issym():
        return "link"
    if header.isfifo():
        return "a pipe"
    if header.isdev():
        return "a device"
    return "sparse member" if header.type == tarfile.GNUTYPE_SPARSE else ""


def _records(data: bytes) -> dict[str, str] | None:
    """Read the records of a pax header (POSIX.1-2001): `length key=value` and a line end each; None when they are none.

    A size that is no number makes the whole damaged.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        length, space, _ = data[at : at + 20].partition(b" ")
        if not space or not length.isdigit() or int(length) < len(length) + 3:
            return None if data[at:].strip(b"\0") else found
        record = data[at + len(length) + 1 : at + int(length)]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n"):
            return None
        found[key.decode("utf-8", "replace")] = value[:-1].decode("utf-8", "surrogateescape")
        at += int(length)
    size = found.get("size", "0")
    return found if size.isascii() and size.isdecimal() and len(size) < 20 else None
