"""Trees and blobs of a git repository, one after the other from one `git cat-file --batch`."""

import subprocess
from typing import IO, Final, NamedTuple

from linter import git
from linter.errors import UsageError

_BLOCK: Final = 2**20


class Entry(NamedTuple):
    """What a tree says of one name: the mode (as in `st_mode`, submodules aside) and the object's name."""

    mode: int
    object: str


class Objects:
    """The objects of one repository. The process begins with the first question; `close` ends it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def tree(self, name: str) -> dict[bytes, Entry]:
        """The entries of a tree, or of a commit's tree, by name. Raises `UsageError` when it cannot be had."""
        data = self._object(f"{name}^{{tree}}", None)
        width = len(name) // 2
        found: dict[bytes, Entry] = {}
        at = 0
        while data is not None and at < len(data):
            blank, end = data.index(b" ", at), data.index(b"\0", at)
            found[data[blank + 1 : end]] = Entry(int(data[at:blank], 8), data[end + 1 : end + 1 + width].hex())
            at = end + 1 + width
        return found

    def blob(self, name: str, most: int) -> bytes | None:
        """The contents of a file; None when there are more than `most` bytes of them. Raises as `tree`."""
        return self._object(name, most)

    def _object(self, name: str, most: int | None) -> bytes | None:
        process = self._running()
        assert process.stdin is not None  # noqa: S101 - opened with pipes
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
            header = process.stdout.readline().split()
            if len(header) == 3 and header[2].isdigit():
                return _taken(process.stdout, int(header[2]), most)
        except (OSError, EOFError) as error:
            raise UsageError(f"--changed-since: git cat-file in {self._folder} ended early") from error
        why = "the clone is partial or damaged: git fsck tells"
        raise UsageError(f"--changed-since: {self._folder}: git does not find {name.partition('^')[0]}; {why}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - a list, no shell
                    git.command("cat-file", "--batch"),
                    cwd=self._folder,
                    env=git.environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                raise UsageError(f"--changed-since: git could not be started: {error.strerror}") from error
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _taken(stream: IO[bytes], size: int, most: int | None) -> bytes | None:
    """The bytes of an object and not the line break behind it; read past and None when there are too many."""
    if most is not None and size > most:
        while size > 0:
            size -= len(_exactly(stream, min(size, _BLOCK)))
        data = None
    else:
        data = _exactly(stream, size)
    stream.readline()
    return data


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
