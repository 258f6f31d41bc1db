"""The tar.gz that a collection is: members of mode 0600 and one time, written as a stream."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final

from linter.sources.collection import taken

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from linter.sources.raw import Raw

_PLAIN: Final = re.compile(r"[a-z0-9.-]")
_LONGEST: Final = 80
_PIECE: Final = 2**20
_UNFIT: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\]|[\ud800-\udfff]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(?<=^[A-Za-z]):"
)
"""What steers a terminal, or leads elsewhere on a machine with drives and other separators."""


class _Parts(io.RawIOBase):
    """Bytes one after the other, without ever being put together."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        super().__init__()
        self._left = [memoryview(part) for part in reversed(parts) if part]

    def readable(self) -> bool:
        """They can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Put the next bytes into `buffer` and return how many."""
        if not self._left:
            return 0
        target = memoryview(buffer).cast("B")
        part = self._left.pop()
        count = min(len(part), len(target))
        target[:count] = part[:count]
        if count < len(part):
            self._left.append(part[count:])
        return count


class _Pieces(io.RawIOBase):
    """Bytes at offsets, read from the first to the last."""

    def __init__(self, raw: "Raw") -> None:
        super().__init__()
        self._raw = raw
        self._at = 0

    def readable(self) -> bool:
        """They can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Put the next bytes into `buffer` and return how many."""
        target = memoryview(buffer).cast("B")
        data = self._raw.at(self._at, len(target))
        target[: len(data)] = data
        self._at += len(data)
        return len(data)


class Pack:
    """Takes members, and keeps their names apart."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._time = taken()
        self._names: set[str] = set()

    def add(self, name: str, *parts: bytes) -> str:
        """Add a member, in parts or whole, and return its name, which leads nowhere and is taken only once."""
        return self._add(name, sum(map(len, parts)), _Parts(parts))

    def add_raw(self, name: str, raw: "Raw", size: int) -> str:
        """Add a member of so many bytes without ever holding them, and return its name as `add` does."""
        return self._add(name, size, _Pieces(raw))

    def _add(self, name: str, size: int, data: io.RawIOBase) -> str:
        name = "/".join(_UNFIT.sub("_", step) for step in name.split("/") if step not in ("", ".", "..")) or "_"
        folder, _, last = name.rpartition("/")
        number = 1
        while name in self._names:
            number += 1
            name = f"{folder}/{number}-{last}" if folder else f"{number}-{last}"
        self._names.add(name)
        member = tarfile.TarInfo(name)
        member.size = size
        member.mode = 0o600
        member.mtime = self._time
        self._archive.addfile(member, io.BufferedReader(data, _PIECE))
        return name

    def __contains__(self, name: str) -> bool:
        """Tell whether a member has that name."""
        return name in self._names


@contextmanager
def packed(stream: BinaryIO) -> Iterator[Pack]:
    """Write a tar.gz to `stream`. The same members give the same bytes; times are `SOURCE_DATE_EPOCH`, or now."""
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=6, mtime=0, filename="") as squeezed,
        tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        yield Pack(archive)


def neutral(name: str) -> str:
    """Return a name as it may stand in a path: what no Kubernetes name holds is escaped, so that none collide."""
    safe = "".join(sign if _PLAIN.fullmatch(sign) else f"_{ord(sign):x}_" for sign in name)
    if safe.startswith((".", "-")):
        safe = f"_{safe}"
    if len(safe) > _LONGEST:
        safe = f"{safe[:_LONGEST]}_{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    return safe
