"""Files change whole or not at all: a temporary file beside the target, synced, then put in its place.

A temporary file may hold a credential, so it is created 0600 and never left behind.
"""

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from linter.errors import FixError
from linter.files import reason
from linter.sources.files import opened


class _Staged(NamedTuple):
    """A file that is ready to be put in place."""

    temporary: str
    target: str
    before: bytes | None


def write_changed(changed: Mapping[str, bytes], originals: Mapping[str, bytes]) -> None:
    """Replace every file of `changed` if it still holds `originals`; else FixError, and nothing changes.

    Links are followed to the real file, whose mode and, where permitted, owner are kept.
    """
    staged: list[_Staged] = []
    try:
        for path, content in changed.items():
            staged.append(_stage(path, content, originals[path]))
        _commit(staged)
    finally:
        for item in staged:
            _discard(item.temporary)


def write_new(directory: str, files: Mapping[str, tuple[bytes, int]]) -> None:
    """Create `directory` (0700) with files of the given content and mode; it must be absent or empty."""
    root = os.path.realpath(directory)
    made: list[str] = []
    try:
        _refuse_full(directory, root)
        _make_folders(root, made)
        os.chmod(root, 0o700)
        for relative, (content, mode) in files.items():
            target = _inside(root, relative)
            _make_folders(os.path.dirname(target), made)
            made.append(target)
            _put(target, content, mode)
    except BaseException as error:
        _undo(made)
        if isinstance(error, OSError):
            raise _failure(directory, error) from None
        raise


def _refuse_full(directory: str, root: str) -> None:
    if os.path.isdir(root) and os.listdir(root):
        raise FixError(f"{directory} is not empty: name a new folder, so that no old manifest is mixed in")


def _inside(root: str, relative: str) -> str:
    target = os.path.normpath(os.path.join(root, relative))
    if os.path.commonpath([root, target]) != root or target == root:
        raise FixError(f"{root}: a file name leads out of the folder")
    return target


def _put(target: str, content: bytes, mode: int) -> None:
    staged: list[_Staged] = []
    try:
        staged.append(_temporary(target, content, None, mode, None))
        _commit(staged)
    finally:
        for item in staged:
            _discard(item.temporary)


def _undo(made: list[str]) -> None:
    """Remove the files and folders that were made, the last first: a half-written folder may be taken for a whole."""
    for path in reversed(made):
        with suppress(OSError):
            os.rmdir(path) if os.path.isdir(path) else os.unlink(path)


def _make_folders(folder: str, made: list[str]) -> None:
    """Make a folder and those above it that are missing, and note each in `made`. Raises OSError."""
    missing = []
    while not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        os.mkdir(path, 0o700)
        made.append(path)


def _stage(path: str, content: bytes, original: bytes) -> _Staged:
    try:
        target = os.path.realpath(path, strict=True)
        status = os.stat(target)
        if not stat.S_ISREG(status.st_mode):
            raise FixError(f"{path} is not a regular file")
        _unchanged(target, path, original)
        if not os.access(target, os.W_OK):
            raise FixError(f"{path} is read-only; it was not changed")
    except OSError as error:
        raise _failure(path, error) from None
    return _temporary(target, content, original, stat.S_IMODE(status.st_mode), status)


def _temporary(target: str, content: bytes, before: bytes | None, mode: int, status: os.stat_result | None) -> _Staged:
    name = ""
    try:
        import tempfile  # noqa: PLC0415 - it loads much, and is needed only here

        handle, name = tempfile.mkstemp(prefix=".regcred-", suffix=".tmp", dir=os.path.dirname(target))
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if status is not None and hasattr(os, "chown"):
            with suppress(OSError):  # only root may give files away; the content is right either way
                os.chown(name, status.st_uid, status.st_gid)
        os.chmod(name, mode)
    except BaseException as error:
        _discard(name)
        if isinstance(error, OSError):
            raise _failure(target, error) from None
        raise
    return _Staged(name, target, before)


def _commit(staged: list[_Staged]) -> None:
    """Put all in place; when one fails, those already in place get their old content back."""
    done: list[_Staged] = []
    try:
        for item in staged:
            if item.before is not None:
                _unchanged(item.target, item.target, item.before)
            os.replace(item.temporary, item.target)
            done.append(item)
        for folder in {os.path.dirname(item.target) for item in staged}:
            _sync_folder(folder)
    except (OSError, FixError) as error:
        for item in done:
            _restore(item)
        if isinstance(error, FixError):
            raise
        raise _failure(staged[len(done)].target if len(done) < len(staged) else staged[-1].target, error) from None


def _restore(item: _Staged) -> None:
    if item.before is None:
        with suppress(OSError):
            os.unlink(item.target)
        return
    with suppress(OSError, FixError):
        status = os.stat(item.target)
        old = _temporary(item.target, item.before, None, stat.S_IMODE(status.st_mode), status)
        os.replace(old.temporary, item.target)


def _unchanged(target: str, path: str, original: bytes) -> None:
    with os.fdopen(opened(target), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode) or stream.read(len(original) + 1) != original:
            raise FixError(f"{path} has changed since it was read; check it again before it is fixed")


def _sync_folder(folder: str) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):  # some file systems cannot sync a folder; the files themselves are synced
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _discard(name: str) -> None:
    if name:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _failure(path: str, error: OSError) -> FixError:
    return FixError(f"{path} could not be written: {reason(error)}; nothing was changed")
