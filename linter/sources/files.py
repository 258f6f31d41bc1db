"""One file to bytes: regular files only, bounded, and unchanged while they are read, now and later."""

import os
import stat
import time
from typing import TYPE_CHECKING, Final

from linter.model import Problem
from linter.record import NamedTuple
from linter.sources import InputProblem, Limits, sized

if TYPE_CHECKING:
    from linter.sources.raw import Raw

_PIECE: Final = 2**20
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_RECENT: Final = 2 * 10**9
"""Nanoseconds within which a second change may leave the times of a file as they are: FAT counts in twos of seconds."""


class Seen(NamedTuple):
    """What a file was when it was first read.

    Times are nanoseconds. `digest` is that of its content where the times cannot tell a later change, else "".
    """

    device: int
    inode: int
    size: int
    modified: int
    changed: int
    digest: str = ""

    @classmethod
    def of(cls, status: os.stat_result) -> "Seen":
        """Return what the system says of a file."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def recent(self) -> bool:
        """Whether it was written to so lately that its times may not tell it from what is written next."""
        return self.changed > time.time_ns() - _RECENT

    def same(self, other: "Seen") -> bool:
        """Whether the system says the same of both."""
        return self[:5] == other[:5]


def opened(file: str) -> int:
    """Return the handle of a file opened for reading. Raises OSError.

    It does not wait for a pipe that has taken the file's place, and refuses a link that has.
    """
    return os.open(file, _FLAGS)


def changed(path: str, *, named: bool) -> Problem:
    """Return what to say of a file that is not what it was."""
    return Problem(path, "changed while it was read", "run again when it is written", fatal=named)


def irregular(mode: int) -> str:
    """Return what a file that is not regular is, in words; "" for a regular one."""
    if stat.S_ISREG(mode):
        return ""
    for test, word in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return word
    return "not a regular file"


def too_large(path: str, limits: Limits, *, named: bool, why: str = "") -> Problem:
    """Return what to say of a file over the bound; `why` it could not be read piece by piece."""
    remedy = "write it as JSON (`-o json`), which is read at any size, split it, or raise `file` under `limits`"
    cause = f", and is not read piece by piece: {why}" if why else ""
    return Problem(path, f"is larger than {sized(limits.file_bytes)}{cause}", remedy, fatal=named)


def failure(path: str, error: OSError, *, named: bool) -> Problem:
    """Return what to say of a file that the system refuses."""
    remedies = {
        PermissionError: "allow yourself to read it, or exclude it",
        FileNotFoundError: "check the path",
    }
    remedy = remedies.get(type(error), "check the file and its file system")
    return Problem(path, f"could not be read: {(error.strerror or 'unknown error').lower()}", remedy, fatal=named)


def read_file(file: str, path: str, limits: Limits, *, named: bool) -> bytes:
    """Return a file's bytes. Raise `InputProblem` when it is gone, irregular, too large or changes meanwhile."""
    return read_seen(file, path, limits, named=named)[0]


def read_seen(file: str, path: str, limits: Limits, *, named: bool, was: Seen | None = None) -> tuple[bytes, Seen]:
    """Return a file's bytes, and what it was when it was first read: `was`, where it was read before.

    Raise `InputProblem` when it is gone, irregular, too large or changes meanwhile.
    """
    try:
        handle = opened(file)
        try:
            data, status = _read_open(handle, path, limits, named=named)
        finally:
            os.close(handle)
    except OSError as error:
        raise InputProblem(failure(path, error, named=named)) from None
    seen = Seen.of(status)
    if was is None:
        return data, seen._replace(digest=_digest(data)) if seen.recent else seen
    if not seen.same(was) or (was.digest and was.digest != _digest(data)):
        raise InputProblem(changed(path, named=named))
    return data, was


def _digest(data: bytes) -> str:
    from linter.hashes import blake2b  # noqa: PLC0415 - few files were written to just now

    return blake2b(data, digest_size=16).hexdigest()


def _read_open(handle: int, path: str, limits: Limits, *, named: bool) -> tuple[bytes, os.stat_result]:
    before = os.fstat(handle)
    word = irregular(before.st_mode)
    if word:
        raise InputProblem(Problem(path, f"is {word}", "name a regular file", fatal=named))
    data = _read_up_to(handle, limits.file_bytes + 1, before.st_size + 1)
    if len(data) > limits.file_bytes:
        raise InputProblem(too_large(path, limits, named=named))
    after = os.fstat(handle)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise InputProblem(changed(path, named=named))
    return data, after


def _read_up_to(handle: int, most: int, expected: int) -> bytes:
    """Return at most so many bytes; `expected` are asked for at once, because memory is taken for all of them."""
    data = os.read(handle, min(most, expected))
    if len(data) < expected - 1:  # there is more to come, or the file has become shorter
        parts = [data]
        while parts[-1] and (left := most - sum(map(len, parts))):
            parts.append(os.read(handle, min(left, _PIECE)))
        data = b"".join(parts)
    return data


HEAD: Final = 1024
"""How many bytes tell in which form a text is."""
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_WIDEST: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")


def begins_json(head: bytes) -> bool:
    """Tell whether a text that begins with `head` may be JSON in UTF-8, an object first."""
    return b"\0" not in head and head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"{")


def begins_wide(head: bytes) -> bool:
    """Tell whether a text that begins with `head` is in UTF-16, and says so with its mark."""
    return head.startswith(_WIDE) and not head.startswith(_WIDEST)


def begins_text(head: bytes) -> bool:
    """Tell whether a text that begins with `head` may be read in windows: JSON, an object first, or YAML.

    Either in UTF-8, or in UTF-16 with its mark.
    """
    if begins_wide(head):
        return True
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return b"\0" not in head and not head.startswith(_WIDEST) and not plain.startswith(b"[")


def large_text(
    file: str, path: str, limits: Limits, *, named: bool, was: Seen | None = None
) -> "tuple[Raw, Seen] | None":
    """Return the bytes of a file that is large and may be JSON or YAML, and what it was, None for any other.

    `was` is what it was when it was first read; when it is something else now, `InputProblem` is raised.
    """
    try:
        if os.stat(file).st_size < limits.windows_from:
            return None
    except OSError as error:
        raise InputProblem(failure(path, error, named=named)) from None
    from linter.sources.raw import FileBytes  # noqa: PLC0415 - few files are large

    raw = FileBytes(file, path, named=named, was=was)
    return (raw, raw.seen) if begins_text(raw.at(0, HEAD)) else None
