"""Trees and blobs of a git repository, one after the other from one `git cat-file --batch`."""

import os
from typing import Final, NamedTuple

from linter import git
from linter.errors import UsageError
from linter.sources.command import Conversation, unstarted
from linter.stopping import HELD

_MOST: Final = 64 * 2**20
"""The most bytes of a tree: a million names in one folder."""

_PATIENCE: Final = 0.5


class Entry(NamedTuple):
    """What a tree says of one name: the mode (as in `st_mode`, submodules aside) and the object's name."""

    mode: int
    object: str


class Objects:
    """The objects of one repository. The process begins with the first question; `close` ends it.

    A copy of this process begins one of its own: what two of them ask one program at a time gets either's answers.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: Conversation | None = None
        self._here = os.getpid()
        self._others: list[Conversation | None] = []
        """What belongs to the process that this one is a copy of, and is not to be touched."""

    def tree(self, name: str) -> dict[bytes, Entry]:
        """The entries of a tree, or of a commit's tree, by name. Raises `UsageError` when it cannot be had."""
        data = self._object(f"{name}^{{tree}}", _MOST)
        if data is None:
            raise UsageError(f"--changed-since: {self._folder}: a folder is larger than git needs for a million files")
        width = len(name) // 2
        found: dict[bytes, Entry] = {}
        at = 0
        try:
            while at < len(data):
                blank, end = data.index(b" ", at), data.index(b"\0", at)
                found[data[blank + 1 : end]] = Entry(int(data[at:blank], 8), data[end + 1 : end + 1 + width].hex())
                at = end + 1 + width
        except ValueError:
            raise UsageError(f"--changed-since: {self._folder}: git gave what is no tree: git fsck tells") from None
        return found

    def blob(self, name: str, most: int) -> bytes | None:
        """The contents of a file; None when there are more than `most` bytes of them. Raises as `tree`."""
        return self._object(name, most)

    def _object(self, name: str, most: int) -> bytes | None:
        process = self._running()
        try:
            process.ask(f"{name}\n".encode())
            header = process.line().split()
            if len(header) == 3 and header[2].isdigit():
                if int(header[2]) > most:
                    self.close()  # it would have to be read past
                    return None
                data = process.exactly(int(header[2]))
                process.line()
                return data
        except EOFError:
            how = self.close(patience=_PATIENCE) or "it printed what is no answer"
            raise UsageError(f"--changed-since: git cat-file in {self._folder} ended early: {how}") from None
        except TimeoutError:
            self.close()
            why = f"no answer within {git.TIMEOUT} seconds"
            raise UsageError(f"--changed-since: git cat-file in {self._folder}: {why}") from None
        why = "the clone is partial or damaged: git fsck tells"
        raise UsageError(f"--changed-since: {self._folder}: git does not find {name.partition('^')[0]}; {why}")

    def _running(self) -> Conversation:
        if self._here != os.getpid():
            self._others.append(self._process)
            self._here, self._process = os.getpid(), None
        if self._process is None:
            line = git.command("cat-file", "--batch")
            try:
                with HELD:
                    self._process = Conversation(
                        line, timeout=git.TIMEOUT, directory=self._folder, environment=git.environment()
                    )
            except OSError as error:
                raise UsageError(f"--changed-since: {unstarted('git', error)}") from None
        return self._process

    def close(self, patience: float = 0.0) -> str:
        """End the process; return how it ended by itself within `patience` seconds, "" where it did not."""
        if self._process is None or self._here != os.getpid():
            return ""
        process, self._process = self._process, None
        return process.close(patience)
