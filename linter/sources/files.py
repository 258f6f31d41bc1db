"""One file to bytes: regular files only, bounded, and unchanged while they are read."""

import os
import stat
from typing import BinaryIO

from linter.model import Problem
from linter.sources import InputProblem, Limits


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
    return data
