"""One file to bytes: regular files only, bounded, and unchanged while they are read."""

import os
import stat
from typing import BinaryIO, Final

from linter.model import Problem
from linter.sources import InputProblem, Limits

_ARCHIVE_SUFFIXES: Final = (
    ".tar",
    ".tgz",
    ".tar.gz",
    ".tar.xz",
    ".txz",
    ".tar.bz2",
    ".tar.zst",
    ".zip",
    ".gz",
    ".xz",
    ".zst",
)
_ARCHIVE_MAGIC: Final = (b"\x1f\x8b", b"PK\x03\x04", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
_TAR_MAGIC: Final = (257, b"ustar")


def archive_problem(path: str) -> Problem:
    """Return what to say of an archive that was named."""
    return Problem(path, "is an archive, which is not read yet", "unpack it and name the folder", fatal=True)


def is_archive_name(name: str) -> bool:
    """Tell whether a file name is that of an archive or a compressed file."""
    return name.lower().endswith(_ARCHIVE_SUFFIXES)


def is_archive(data: bytes) -> bool:
    """Tell whether bytes begin as an archive or a compressed file does."""
    at, magic = _TAR_MAGIC
    return data.startswith(_ARCHIVE_MAGIC) or data[at : at + len(magic)] == magic


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


def too_large(path: str, limits: Limits, *, named: bool) -> Problem:
    """Return what to say of a file over the bound."""
    size = f"{limits.file_bytes // 2**20} MiB" if limits.file_bytes >= 2**20 else f"{limits.file_bytes} bytes"
    return Problem(path, f"is larger than {size}", "split it, or keep only the kinds that matter", fatal=named)


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
    # Non-blocking, so that a pipe that has taken the file's place cannot hold us; a link that has is refused.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(file, flags), "rb") as stream:
            return _read_open(stream, path, limits, named=named)
    except OSError as error:
        raise InputProblem(failure(path, error, named=named)) from None


def _read_open(stream: BinaryIO, path: str, limits: Limits, *, named: bool) -> bytes:
    before = os.fstat(stream.fileno())
    word = irregular(before.st_mode)
    if word:
        raise InputProblem(Problem(path, f"is {word}", "name a regular file", fatal=named))
    data = stream.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise InputProblem(too_large(path, limits, named=named))
    after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise InputProblem(Problem(path, "changed while it was read", "run again when it is written", fatal=named))
    if named and is_archive(data):
        raise InputProblem(archive_problem(path))
    return data
