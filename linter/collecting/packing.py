"""The tar.gz that a collection is: members of mode 0600 and one time, written as a stream."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import BinaryIO, Final

from linter.sources.collection import taken

_PLAIN: Final = re.compile(r"[a-z0-9.-]")
_LONGEST: Final = 80
_LINK_LIKE: Final = re.compile(r"[\x00-\x1f\x7f\\]|[\ud800-\udfff]")


class Pack:
    """Takes members, and keeps their names apart."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._time = taken()
        self._names: set[str] = set()

    def add(self, name: str, data: bytes) -> str:
        """Add a member and return its name, which leads nowhere and is taken only once."""
        name = "/".join(_LINK_LIKE.sub("_", step) for step in name.split("/") if step not in ("", ".", "..")) or "_"
        folder, _, last = name.rpartition("/")
        number = 1
        while name in self._names:
            number += 1
            name = f"{folder}/{number}-{last}" if folder else f"{number}-{last}"
        self._names.add(name)
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mode = 0o600
        member.mtime = self._time
        self._archive.addfile(member, io.BytesIO(data))
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
