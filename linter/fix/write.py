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
from linter.files import begun, beside, discard, reason
from linter.sources.files import opened
from linter.stopping import HELD


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
            _stage(path, content, originals[path], staged)
        _commit(staged)
    finally:
        with HELD:
            for item in staged:
                discard(item.temporary)


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
        with HELD:
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
        staged.append(_Staged(beside(target), target, None))
        _fill(staged[0], content, mode, None)
        _commit(staged)
    finally:
        with HELD:
            for item in staged:
                discard(item.temporary)


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
        made.append(path)  # before it is there: an interrupt can come in between
        os.mkdir(path, 0o700)


def _stage(path: str, content: bytes, original: bytes, staged: list[_Staged]) -> None:
    """Make what is to take a file's place, and note it in `staged` before it is there."""
    try:
        target = os.path.realpath(path, strict=True)
        status = os.stat(target)
        if not stat.S_ISREG(status.st_mode):
            raise FixError(f"{path} is not a regular file")
        _unchanged(target, path, original)
        if not os.access(target, os.W_OK):
            raise FixError(f"{path} is read-only; it was not changed: allow yourself to write it, or copy it")
    except OSError as error:
        raise _failure(path, error) from None
    staged.append(_Staged(beside(target), target, original))
    _fill(staged[-1], content, stat.S_IMODE(status.st_mode), status)


def _fill(item: _Staged, content: bytes, mode: int, status: os.stat_result | None) -> None:
    """Write the file that is to take the place of another."""
    try:
        with os.fdopen(begun(item.temporary), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if status is not None and hasattr(os, "chown"):
            with suppress(OSError):  # only root may give files away; the content is right either way
                os.chown(item.temporary, status.st_uid, status.st_gid)
        os.chmod(item.temporary, mode)
    except OSError as error:
        raise _failure(item.target, error) from None


def _commit(staged: list[_Staged]) -> None:
    """Put all in place; when that ends early, those already in place get their old content back."""
    at = staged[0].target if staged else ""
    try:
        for item in staged:
            at = item.target
            if item.before is not None:
                _unchanged(item.target, item.target, item.before)
            os.replace(item.temporary, item.target)
        for folder in {os.path.dirname(item.target) for item in staged}:
            _sync_folder(folder)
    except BaseException as error:
        with HELD:
            for item in staged:
                if not os.path.lexists(item.temporary):
                    _restore(item)
        if isinstance(error, OSError):
            raise _failure(at, error) from None
        raise


def _restore(item: _Staged) -> None:
    if item.before is None:
        with suppress(OSError):
            os.unlink(item.target)
        return
    old = _Staged(beside(item.target), item.target, None)
    try:
        with suppress(OSError, FixError):
            status = os.stat(item.target)
            _fill(old, item.before, stat.S_IMODE(status.st_mode), status)
            os.replace(old.temporary, old.target)
    finally:
        discard(old.temporary)


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


def _failure(path: str, error: OSError) -> FixError:
    return FixError(f"{path} could not be written: {reason(error)}; nothing was changed")
