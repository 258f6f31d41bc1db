"""Command-line arguments to artifacts: the walk through folders; what must not be read is left out and counted."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

from linter.model import Problem
from linter.record import NamedTuple
from linter.secret import without_logins
from linter.sources import REPEATED, Artifact, InputProblem, Limits, Skipped
from linter.sources.choice import hidden_scripts, may_hold_commands, why_not_file, why_not_folder
from linter.sources.disk import Disk
from linter.sources.files import begins_text, failure, irregular, too_large
from linter.sources.ignore import Excludes, Ignores, above

Item = Artifact | Problem | Skipped

_BUILD: Final = frozenset({"dist", "build", "target", "out"})
_BUILD_MARKS: Final = frozenset(
    {"CACHEDIR.TAG", "CMakeCache.txt", ".rustc_info.json", "package.json", "maven-status", "maven-archiver", "classes"}
)
"""What a folder of build results holds; without one of these, `build/` may be full of manifests."""
_HEAD: Final = 1024
_PIPES: Final = ("/dev/fd/", "/proc/self/fd/")
_SCRIPT_BYTES: Final = 2**20
_SIGNS: Final = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


class _Found(NamedTuple):
    """A file of a tree that will be read: its display path, its real path, and the link that led to it, if one did.

    `status` is what the walk was told of it, None where it must be asked for.
    """

    path: str
    file: str
    link: str = ""
    status: os.stat_result | None = None


def display(path: str) -> str:
    """Return a path as a person would write it: "/" separators, no leading "./", and nothing that cannot be printed."""
    shown = without_logins(path).replace(os.sep, "/") if "://" in path else path.replace(os.sep, "/")
    while shown.startswith("./"):
        shown = shown[2:].lstrip("/")
    shown = shown.rstrip("/") or ("/" if path.startswith(("/", os.sep)) else "")
    return os.fsencode("" if shown == "." else shown).decode("utf-8", "replace")


def _below(prefix: str, name: str) -> str:
    """Return what `display` does for an entry of a folder; `prefix` is the folder's own display path, and a slash."""
    return prefix + name if name.isascii() and "://" not in prefix else display(prefix + name)


def _packed(head: bytes) -> bool:
    """Tell whether a file that begins like this is an archive or compressed."""
    # A tar header is full of zeros, and most of what is read is text: the archive modules need not be loaded for that.
    if not head.startswith(_SIGNS) and (b"\0" not in head[:512] or len(head) < 512):
        return False
    from linter.sources.archive import packed  # noqa: PLC0415 - few inputs are archives

    return packed(head)


def handed(path: str) -> int | None:
    """Return the number of the open pipe that a path stands for: shells write `/dev/fd/63` for `<(command)`."""
    if path != "/dev/stdin" and not path.startswith(_PIPES):
        return None
    number = "0" if path == "/dev/stdin" else path.rpartition("/")[2]
    try:
        return int(number) if number.isdecimal() and stat.S_ISFIFO(os.fstat(int(number)).st_mode) else None
    except (OSError, OverflowError):
        return None


class Gatherer:
    """Finds artifacts argument by argument, remembering every real file that was found."""

    def __init__(
        self,
        exclude: Sequence[str],
        stdin: BinaryIO | None,
        limits: Limits,
        base: str = "",
        disk: Disk | None = None,
    ) -> None:
        self.disk = disk or Disk()
        self._base = base
        self._excludes = Excludes(exclude)
        self._stdin = stdin
        self.limits = limits
        self.named: frozenset[str] = frozenset()
        """The arguments as they are shown: what a folder leads to first may be one of them."""
        self._seen: set[tuple[int, int] | str] = set()
        self.share = 0.0
        """How much of the current argument has been come by, from 0 to 1."""

    def argument(self, number: int, path: str) -> Iterator[Item]:
        """Yield what one command-line argument leads to."""
        if path == "-":
            yield from self._stream(number, "<stdin>", lambda: self._stdin or sys.stdin.buffer)
            return
        pipe = handed(path)
        if pipe is not None:
            # It belongs to whoever has opened it, and what is large is read later.
            yield from self._stream(number, path, lambda: open(pipe, "rb", closefd=False))  # noqa: SIM115 - as said
            return
        shown = display(path)
        try:
            real = self.disk.real(os.path.join(self._base, path))
            mode = self.disk.status(real).st_mode
        except (OSError, ValueError) as error:
            system = error if isinstance(error, OSError) else OSError(0, "not a path")
            yield failure(shown or path, system, named=True)
            return
        if stat.S_ISDIR(mode):
            yield from _Walk(self, number, shown, real).run()
        elif self._excludes.match(shown):
            yield Skipped(shown, "excluded")
        elif irregular(mode):
            yield Problem(
                shown, f"is {irregular(mode)}", "pipe it into `regcred check -`, or save it to a file", fatal=True
            )
        elif self._is_packed(real):
            yield from self._archive(number, _Found(shown, real))
        else:
            yield self.take(number, _Found(shown, real), named=True)

    def _is_packed(self, real: str) -> bool:
        try:
            return _packed(self.disk.head(real, _HEAD))
        except OSError:
            return False  # what is wrong with it is said when it is read

    def _archive(self, number: int, found: _Found) -> Iterator[Item]:
        from linter.sources import archive  # noqa: PLC0415 - few inputs are archives

        if self._new(found):
            yield from archive.of_raw(
                lambda: self.disk.raw(found.file, found.path, self.limits),
                number,
                limits=self.limits,
                excluded=self.excluded,
                pace=self.pace,
            )
        else:
            yield Skipped(found.path, REPEATED)

    def _stream(self, number: int, shown: str, opened: Callable[[], BinaryIO]) -> Iterator[Item]:
        """Yield what comes through a pipe, which can be read once."""
        if shown in self._seen:
            yield Skipped(shown, REPEATED)
            return
        self._seen.add(shown)
        try:
            stream = opened()
            data = stream.read(_HEAD)
            if not _packed(data):
                data += stream.read(max(self.limits.windows_from - len(data), 0))
                if len(data) < self.limits.windows_from or not begins_text(data[:_HEAD]):
                    data += stream.read(max(self.limits.file_bytes + 1 - len(data), 0))
                else:
                    from linter.sources.raw import Ahead, PipeBytes  # noqa: PLC0415 - few inputs are large

                    raw = PipeBytes(Ahead(data, stream), shown, b"", packed=False, limits=self.limits)
                    yield Artifact(shown, number, limits=self.limits, named=True, raw=raw)
                    return
        except OSError as error:
            yield failure(shown, error, named=True)
            return
        if _packed(data):
            from linter.sources import archive  # noqa: PLC0415 - as above

            yield from archive.of_pipe(
                stream, data, shown, number, limits=self.limits, excluded=self.excluded, pace=self.pace
            )
        elif len(data) > self.limits.file_bytes:
            yield too_large(shown, self.limits, named=True)
        else:
            yield Artifact(shown, number, limits=self.limits, data=data, named=True)

    def pace(self, share: float) -> None:
        """Take note of how far an archive has been read."""
        self.share = share

    def excluded(self, *paths: str, folder: bool = False) -> bool:
        """Tell whether the user excludes a path."""
        return self._excludes.match(*paths, folder=folder)

    def _new(self, found: _Found, status: os.stat_result | None = None) -> bool:
        """Note a real file; tell whether it was not seen before."""
        status = status or self.disk.status(found.file)
        identity = (status.st_dev, status.st_ino) if status.st_ino else found.file
        known = identity in self._seen
        self._seen.add(identity)
        return not known

    def take(self, number: int, found: _Found, *, named: bool) -> Item:
        """Make an artifact of a regular file, unless it was seen before or is too large."""
        try:
            status = found.status or self.disk.status(found.file)
        except OSError as error:
            return failure(found.path, error, named=named)
        if not self._new(found, status):
            return Skipped(found.path, REPEATED)
        artifact = self.disk.artifact(
            found.file, found.path, number, limits=self.limits, named=named, link=found.link
        )
        artifact.size = status.st_size
        try:
            if status.st_size > self.limits.file_bytes and artifact.windows() is None:
                return too_large(found.path, self.limits, named=named)
        except InputProblem as error:
            return error.problem
        return artifact


class _Walk:
    """The walk through one folder that was named."""

    def __init__(self, gatherer: Gatherer, number: int, shown: str, root: str) -> None:
        self._gatherer = gatherer
        self._disk = gatherer.disk
        self._number = number
        self._shown = shown
        self._root = root
        self._files: list[_Found] = []
        self._rest: list[Problem | Skipped] = []

    def run(self) -> Iterator[Item]:
        """Yield the tree's artifacts in sorted order, links after the files that they may repeat."""
        pending = [(self._root, self._shown, "", above(self._root, self._disk))]
        while pending:
            pending.extend(self._folder(*pending.pop()))
        yield from self._rest
        for index, found in enumerate(sorted(self._files, key=lambda found: (bool(found.link), found.path.split("/")))):
            self._gatherer.share = index / len(self._files)
            yield self._gatherer.take(self._number, found, named=found.path in self._gatherer.named)

    def _skip(self, path: str, reason: str) -> None:
        self._rest.append(Skipped(path, reason))

    def _folder(self, folder: str, shown: str, inner: str, ignores: Ignores) -> Iterator[tuple[str, str, str, Ignores]]:
        """Sort the entries of one folder; yield the folders below it that are to be walked."""
        try:
            entries = list(self._disk.entries(folder))
        except OSError as error:
            self._rest.append(failure(shown or ".", error, named=folder == self._root))
            return
        names = {entry.name for entry in entries}
        if inner and os.path.basename(folder) in _BUILD and names & _BUILD_MARKS:
            self._skip(shown, "build folder")
            return
        ignores = ignores.inside(folder, names=list(names))
        prefix = f"{shown.rstrip('/')}/" if shown else ""
        for entry in entries:
            path = _below(prefix, entry.name)
            inside = f"{inner}/{entry.name}" if inner else entry.name
            try:
                if entry.is_symlink():
                    self._link(entry, path, inside, ignores)
                elif entry.is_dir():
                    if self._wanted_folder(entry, path, inside, ignores):
                        yield entry.path, path, inside, ignores
                elif self._wanted_file(entry, path, inside, ignores):
                    self._regular(entry, path)
            except OSError as error:
                self._rest.append(failure(path, error, named=False))

    def _regular(self, entry: "os.DirEntry[str]", path: str) -> None:
        status = entry.stat(follow_symlinks=False)
        word = irregular(status.st_mode)
        if word:
            self._skip(path, word)
        else:
            self._files.append(_Found(path, entry.path, "", status))

    def _wanted_folder(self, entry: "os.DirEntry[str]", path: str, inside: str, ignores: Ignores) -> bool:
        reason = why_not_folder(entry.name, os.path.basename(os.path.dirname(entry.path)))
        if reason:
            try:
                found = tuple(self._hidden(entry, path, inside, ignores))
            except OSError:
                found = ()  # it is passed over in any case
            self._rest.append(Skipped(path, reason, scripts=found))
        elif self._gatherer.excluded(path, inside, folder=True):
            self._skip(path, "excluded")
        elif ignores.match(entry.path, folder=True):
            self._skip(path, "ignored by .gitignore")
        else:
            return True
        return False

    def _wanted_file(self, entry: "os.DirEntry[str]", path: str, inside: str, ignores: Ignores) -> bool:
        reason = why_not_file(entry.name)
        if reason:
            script = self._script(entry, path, inside, ignores) if may_hold_commands(entry.name) else None
            self._rest.append(Skipped(path, reason, scripts=() if script is None else (script,)))
        elif self._gatherer.excluded(path, inside):
            self._skip(path, "excluded")
        elif ignores.match(entry.path, folder=False):
            self._skip(path, "ignored by .gitignore")
        else:
            return True
        return False

    def _hidden(self, entry: "os.DirEntry[str]", path: str, inside: str, ignores: Ignores) -> Iterator[Artifact]:
        """Yield what a CI runs out of a hidden folder, which holds commands and no manifests."""
        part = hidden_scripts(entry.name)
        if part is None or self._gatherer.excluded(path, inside, folder=True) or ignores.match(entry.path, folder=True):
            return
        folder, end = entry.path, ""
        if part:
            inner = (one for one in self._disk.entries(folder) if one.name == part)
            found = next((one for one in inner if one.is_dir(follow_symlinks=False)), None)
            if found is None:
                return
            folder, end = found.path, f"/{part}"
        for each in self._disk.entries(folder):
            if may_hold_commands(each.name) or not why_not_file(each.name):
                script = self._script(each, f"{path}{end}/{display(each.name)}", f"{inside}{end}/{each.name}", ignores)
                if script is not None:
                    yield script

    def _script(self, entry: "os.DirEntry[str]", path: str, inside: str, ignores: Ignores) -> Artifact | None:
        """Make an artifact of a small text with commands, unless it is a link, excluded or ignored."""
        if entry.is_symlink() or self._gatherer.excluded(path, inside) or ignores.match(entry.path, folder=False):
            return None
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        if irregular(status.st_mode) or status.st_size > _SCRIPT_BYTES:
            return None
        return self._disk.artifact(entry.path, path, self._number, limits=self._gatherer.limits, named=False)

    def _link(self, entry: "os.DirEntry[str]", path: str, inside: str, ignores: Ignores) -> None:
        """Follow a link to a file inside the root; a folder inside the root is read at its own place."""
        try:
            real = self._disk.real(entry.path)
            mode = self._disk.status(real).st_mode
        except OSError:
            self._skip(path, "broken link")
            return
        if os.path.commonpath((self._root, real)) != self._root:
            self._skip(path, "link out of the root")
        elif stat.S_ISDIR(mode):
            self._skip(path, "link to a folder of the same tree")
        elif irregular(mode):
            self._skip(path, irregular(mode))
        elif self._wanted_file(entry, path, inside, ignores):
            self._files.append(_Found(path, real, link=entry.path))
