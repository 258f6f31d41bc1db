"""Files, folders, archives and standard input as a collection: each file that `check` would read, where it was."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

from linter.collecting.documents import Redacted
from linter.collecting.packing import Pack
from linter.collecting.redact import Redaction
from linter.documents import read
from linter.documents.layouts import CHECKED, COLLECTION, place
from linter.documents.objects import objects
from linter.documents.recognise import recognise
from linter.model import Problem, Scope
from linter.sources import Artifact, InputProblem, Limits, Skipped, gather, sized
from linter.sources.choice import APART, FOLDER, RECORD_FILE, without_suffix
from linter.sources.collection import FILES, Record, encode
from linter.sources.files import HEAD
from linter.sources.tree import display
from linter.universes import Input

if TYPE_CHECKING:
    from linter.sources.addresses import Urls
    from linter.sources.raw import Raw

_STDIN: Final = "<stdin>"
_PIECE: Final = 4 * 2**20


class Taken:
    """One argument and what came of it: `skipped` counts by reason what was left out, `problems` names what failed.

    `unparsed` are files that stay text, `accepting` those with comments which accept findings: how many stay, without
    their reasons, and how many are lost.
    """

    def __init__(
        self,
        argument: str,
        *,
        exclude: Sequence[str] = (),
        stdin: BinaryIO | None = None,
        limits: Limits | None = None,
        urls: "Urls | None" = None,
    ) -> None:
        self.argument = argument
        self.shown = _STDIN if argument == "-" else argument
        self.problems: list[Problem] = []
        self.skipped: Counter[str] = Counter()
        self.files = 0
        self.unparsed: list[str] = []
        self.accepting: list[tuple[str, int, int]] = []
        self._exclude = exclude
        self._stdin = stdin
        self._urls = urls
        self._limits = limits or Limits()
        self._redacted: list[tuple[str, bytes, Redacted]] = []
        self._input = Input(argument)
        self._apart = False

    @property
    def failed(self) -> Problem | None:
        """Why nothing may be written: the argument cannot be read to its end, or holds nothing."""
        return next((problem for problem in self.problems if problem.fatal), None)

    def learn(self, redaction: Redaction, *, several: bool, told: Callable[[float, str], None] | None = None) -> None:
        """Read everything, and the credentials in it; `written` gives it without them."""
        for artifact, data in self._read(told, several=several):
            assert isinstance(data, bytes)  # noqa: S101 - only what is streamed is not
            try:
                one = Redacted(artifact.path, data, redaction, self._limits)
            except InputProblem as failed:
                self.problems.append(failed.problem)
                continue
            if one.unparsed:
                self.unparsed.append(artifact.path)
            if one.kept or one.lost:
                self.accepting.append((artifact.path, one.kept, one.lost))
            self._redacted.append((artifact.path, data[:HEAD], one))
        self._apart = several and self._loose()

    def add(
        self, archive: Pack, folder: str, *, several: bool, told: Callable[[float, str], None] | None = None
    ) -> None:
        """Add everything as it is to an archive, in a folder ("" or a path that ends in a slash)."""
        if several and self._stdin is None:  # what comes through a pipe comes once
            for _ in self._read(told, several=True):
                pass  # only to see what it is
            self._apart = self._loose()
            self.problems, self.skipped, self.files, self._input = [], Counter(), 0, Input(self.argument)
        origin = folder
        for artifact, data in self._read(told, several=several, streamed=not several):
            self._apart = self._apart or (several and artifact.path == _STDIN)
            folder = self._below(origin)
            if isinstance(data, bytes):
                archive.add(folder + self._member(artifact.path, data), data)
                continue
            try:
                size = _size(data)
                archive.add_raw(folder + self._member(artifact.path, data.at(0, HEAD)), data, size)
                data.at(size, 1)  # whether the sum behind the last byte is right
            except InputProblem as failed:
                self.problems.append(failed.problem._replace(fatal=True))  # what was begun cannot be taken back
                return
            except OSError:
                if not getattr(data, "broken", ""):
                    raise
            if broken := getattr(data, "broken", ""):
                self.problems.append(Problem(artifact.path, broken, "get the archive again whole", fatal=True))
                return  # as above
        self._mark(archive, origin, redacted=False)

    def add_redacted(self, archive: Pack, folder: str) -> None:
        """Add what was learnt, without its credentials."""
        for path, head, one in self._redacted:
            archive.add(self._below(folder) + self._member(path, head), *one.written())
        self._mark(archive, folder, redacted=True)

    def alone(self) -> str:
        """Say why this can stand beside nothing else in a file, "" when it can: it must be told from what it holds.

        What `add` or `learn` was told to look at for `several` inputs.
        """
        if self._apart or not self._unknown():
            return ""
        return "not all of it is a dump of a cluster"

    def _unknown(self) -> bool:
        """Whether something in it is not known for a dump by its paths."""
        parts = self._input.clusters() or [self._input.whole()]
        found = [(recognise(part.evidence), part.evidence.logs) for part in parts if not part.evidence.hits[COLLECTION]]
        return any(one.scope is not Scope.CLUSTER or one.layout == "kubectl-get" or logs for one, logs in found)

    def _loose(self) -> bool:
        """Whether it must be kept apart to be told from others: lists of kubectl say not whose they are."""
        return not self._input.clusters() and self._unknown()

    def _below(self, folder: str) -> str:
        return f"{folder}{FOLDER}/{APART}/" if self._apart else folder

    def _mark(self, archive: Pack, folder: str, *, redacted: bool) -> None:
        """Add the record that says where the files are from; a collection has its own, which says more."""
        name = f"{folder}{FOLDER}/{RECORD_FILE}"
        if name not in archive:
            origin = without_suffix(os.path.basename(self.shown.rstrip("/"))) or self.shown
            archive.add(name, encode(Record(origin, FILES, (), (), redacted=redacted)))

    def _read(
        self, told: Callable[[float, str], None] | None, *, several: bool, streamed: bool = False
    ) -> Iterator[tuple[Artifact, "bytes | Raw"]]:
        """Yield what is read; with `streamed`, what is too large to be held as bytes that can be read in pieces."""
        entries = gather(
            [self.argument],
            exclude=self._exclude,
            stdin=self._stdin,
            limits=self._limits,
            progress=told,
            urls=self._urls,
        )
        for entry in entries:
            if isinstance(entry, Problem):
                self.problems.append(entry)
            elif isinstance(entry, Skipped):
                self.skipped[entry.reason] += 1
            else:
                try:
                    data = self._data(entry, streamed=streamed)
                except InputProblem as failed:
                    self.problems.append(failed.problem)
                    continue
                if data is None:
                    continue
                self.files += 1
                if several and isinstance(data, bytes):
                    self._weigh(entry.path, data)
                yield entry, data
        if not self.files and self.failed is None and self.problems:
            self.problems[0] = self.problems[0]._replace(fatal=True)  # that is why nothing was found
        elif not self.files and self.failed is None:
            remedy = "check what is named: a folder needs YAML or JSON files that are not ignored or excluded"
            self.problems.append(Problem(self.shown, "nothing to judge was found in it", remedy, fatal=True))

    def _data(self, entry: Artifact, *, streamed: bool) -> "bytes | Raw | None":
        """Return the bytes of a file, as `_read` yields them; None for a member that its archive will name as damaged.

        Raise `InputProblem` when they cannot be had.
        """
        raw = entry.windows()
        if raw is None or not raw.at(self._limits.file_bytes, 1):
            data = entry.read()
            return None if getattr(raw, "broken", "") else data
        if not streamed:
            raise InputProblem(_too_large(entry.path, self._limits, named=entry.named))
        return raw

    def _weigh(self, path: str, data: bytes) -> None:
        """Count what tells a dump."""
        reading = read(path, data, limits=self._limits)
        evidence = self._input.part(path).evidence
        for document in reading.documents:
            evidence.add(path, list(objects(document)), logs=reading.logs, whole=not reading.problems)

    def _member(self, path: str, data: bytes) -> str:
        """Return the name of a file in the collection: its path below the argument, or a dump that begins above it.

        Paths that could be anybody's tell of no dump: all files of a folder keep to each other.
        """
        root = _STDIN if self.argument == "-" else display(self.argument)
        if path == _STDIN:
            return "input.json" if data.lstrip()[:1] in (b"{", b"[") else "input.yaml"
        if path.startswith(f"{root}!/"):
            return path[len(root) + 2 :]
        where = place(path)
        if where is not None and where.layout not in CHECKED and len(where.root) < len(root) and not self._apart:
            return path[len(where.root) :]
        if path == root:
            return without_suffix(path.rpartition("/")[2])
        return path[len(root) :] if path.startswith(f"{root}/") else path


def _size(raw: "Raw") -> int:
    """Return how many bytes there are."""
    size = raw.size
    if size < 0:
        size = 0
        while count := len(raw.at(size, _PIECE)):
            size += count
    return size


def _too_large(path: str, limits: Limits, *, named: bool) -> Problem:
    """Return what to say of a file that would have to be held whole."""
    remedy = "collect it alone and without --redact, or in parts, one namespace (`kubectl get -n`) after the other"
    return Problem(path, f"is larger than {sized(limits.file_bytes)}", remedy, fatal=named)
