"""Files that are made anew: whole or not at all, and never half of one where somebody reads while it is written.

And files that a user names for the tool itself (settings, baselines, saved results): read with bounds.
"""

import errno
import os
import stat
import time
from collections.abc import Callable
from io import RawIOBase
from typing import BinaryIO, Final, TypeVar

from linter.stopping import HELD

_Result = TypeVar("_Result")

_REMEDIES: Final = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room in your quota",
    errno.EFBIG: "allow larger files (ulimit -f)",
    errno.EACCES: "allow yourself to write there, or choose another place",
    errno.EPERM: "allow yourself to write there, or choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "a part of its path is a file: choose another place",
    errno.ELOOP: "a link of its path leads to itself: choose another place",
    errno.ENAMETOOLONG: "give it a shorter name",
}


_PATIENCE: Final = 60
_CHUNK: Final = 2**20
_FIXED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""What the system says of a folder in which no file can be made."""


def reason(error: OSError) -> str:
    """Say why a file cannot be written and what to do, as the end of a sentence."""
    words = error.strerror or type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{words}: {remedy}" if remedy else words


def given(path: str, most: int) -> bytes:
    """Return the bytes of a file that is named for the tool itself: of no more than `most`, within a minute.

    A pipe serves as well (`<(…)` of a shell), and so does an empty device. Raises OSError, whose `strerror` tells why.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb", buffering=0) as stream:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        parts: list[bytes] = []
        left = most + 1
        deadline = time.monotonic() + _PATIENCE
        while left > 0 and (part := _part(stream, min(left, _CHUNK), deadline)):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise oversized(most, path)
    if stat.S_ISFIFO(mode) and not parts:
        raise OSError(errno.EPIPE, "it is a pipe that nobody writes to", path)
    return b"".join(parts)


def oversized(most: int, path: str | None = None) -> OSError:
    """Return the error for what is longer than the `most` bytes that are read of it."""
    return OSError(errno.EFBIG, f"it is larger than {most // 2**20} MiB", path)


def _part(stream: RawIOBase, size: int, deadline: float) -> bytes:
    while (part := stream.read(size)) is None:
        import select  # noqa: PLC0415 - few files are pipes, which let wait

        if not select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError(errno.ETIMEDOUT, f"nothing came of it for {_PATIENCE} seconds")
    return part


def replace(path: str, data: bytes) -> None:
    """Write `data` to `path`: into a new file beside it, which then takes its place. Raises OSError.

    A link is followed, an existing file keeps its mode. What is no regular file (`/dev/stdout`, a pipe) is written in
    place, and so is a file that no other can take the place of (a mounted one).
    """
    try:
        before = os.stat(path)
    except FileNotFoundError:
        before = None
    special = before is not None and not stat.S_ISREG(before.st_mode)
    if special or path.startswith(("/dev/", "/proc/")):  # a stream, even if a file is behind it
        _write(path, data)
        return
    target = os.path.realpath(path)
    name = beside(target)
    try:
        with os.fdopen(begun(name, 0o666 if before is None else 0o600), "wb") as stream:
            stream.write(data)
        if before is not None:
            os.chmod(name, stat.S_IMODE(before.st_mode))
        os.replace(name, target)
    except OSError as error:
        mounted = error.errno == errno.EBUSY  # the file itself
        if before is None or not (mounted or (error.errno in _FIXED and not os.path.lexists(name))):
            raise
        _overwrite(target, data)
    finally:
        with HELD:
            discard(name)


def create(path: str, fill: Callable[[BinaryIO], _Result], *, over: bool = False) -> _Result:
    """Let `fill` write a new file of mode 0600 beside `path`, which takes that name then; return what `fill` does.

    Raises OSError; FileExistsError where `path` is there already, unless it is to be written `over`. Whatever ends the
    writing early leaves nothing behind.
    """
    if not over and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    target = os.path.realpath(path)
    name = beside(target)
    try:
        with os.fdopen(begun(name), "wb") as stream:
            result = fill(stream)
        if over:
            os.replace(name, target)
        else:
            _claim(name, target)
    finally:
        with HELD:
            discard(name)
    return result


def beside(target: str) -> str:
    """Return a name for a file beside `target` that nobody has: who is to remove it knows it before it is there.

    An interrupt can come between any two steps, so the file is `begun` where its removal is sure already.
    """
    return os.path.join(os.path.dirname(target), f".regcred-{os.urandom(8).hex()}.tmp")


def begun(name: str, mode: int = 0o600) -> int:
    """Make a file, that nobody else can read unless `mode` allows it; return its handle. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(name, flags, mode)


def discard(name: str) -> None:
    """Remove a file if it is there. Raises OSError where it stays."""
    try:
        os.unlink(name)
    except OSError:  # of a file that was never begun it tells as well why it could not have been
        if os.path.lexists(name):
            raise


def _claim(name: str, target: str) -> None:
    """Give a finished file its name, unless somebody has taken it meanwhile."""
    try:
        os.link(name, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.replace(name, target)


def _overwrite(path: str, data: bytes) -> None:
    """Write `data` over a file that nothing can take the place of; when that fails, its old content is written back.

    It is cut only at the end, so that there is always room for what there was.
    """
    with open(path, "r+b", buffering=0) as stream:
        before = stream.read()
        try:
            _from_start(stream, data)
        except BaseException:
            with HELD:
                _from_start(stream, before)
            raise


def _from_start(stream: RawIOBase, data: bytes) -> None:
    stream.seek(0)
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) or 0 :]
    stream.truncate()


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(data)
