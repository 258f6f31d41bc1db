"""Where bytes come from: files, folders and standard input, found safely and named as the user would write them.

Nothing is unpacked to disk, no link is followed out of the folder that was named, and devices are never opened.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

from linter.errors import RegcredError
from linter.model import Problem
from linter.record import NamedTuple

if TYPE_CHECKING:
    from linter.sources.addresses import Urls
    from linter.sources.disk import Disk
    from linter.sources.files import Seen
    from linter.sources.live import Live
    from linter.sources.raw import Raw
    from linter.sources.tree import Gatherer

DEEPEST: Final = 400
"""So deep documents may be allowed to nest: whatever reads, judges, edits and writes values in calls within calls can
follow them so far."""
REPEATED: Final = "the same file was read before"
"""The reason for which a file is passed over that another argument, or a link, has led to already."""


class Limits(NamedTuple):
    """The bounds that keep hostile input from eating memory and time.

    file_bytes       the largest file, member of an archive or standard input that is held whole, and the most of what
                     comes through a pipe that is kept (compressed); of JSON and YAML, which are read in windows, the
                     largest item of a list, or document that is none
    window_bytes     from which size on JSON and YAML are read in windows, smaller ones only where they are larger than
                     `file_bytes`
    depth            how deep collections may nest in a document, aliases included
    objects          how many documents, items of lists and objects one file or member holds
    alias_nodes      how many values the aliases of one document may stand for
    archive_bytes    how many bytes one archive may unpack to
    archive_members  how many files of one archive are read
    archive_ratio    how many times its compressed size an archive may unpack to, once that is more than `ratio_from`
    ratio_from       bytes that any archive may unpack to; real dumps of one kind of object compress very well
    """

    file_bytes: int = 256 * 2**20
    window_bytes: int = 8 * 2**20
    depth: int = 200
    alias_nodes: int = 1_000_000
    objects: int = 1_000_000
    archive_bytes: int = 32 * 2**30
    archive_members: int = 1_000_000
    archive_ratio: int = 400
    ratio_from: int = 256 * 2**20

    @classmethod
    def given(cls, sizes: Mapping[str, int]) -> "Limits":
        """Return the bounds with those that settings name; `memory` is none of reading."""
        return cls()._replace(**{field: sizes[name] for name, field in _SETTINGS.items() if name in sizes})

    @property
    def windows_from(self) -> int:
        """The size, in bytes, from which on JSON and YAML are read in windows."""
        return min(self.window_bytes, self.file_bytes + 1)


_SETTINGS: Final = {
    "file": "file_bytes",
    "archive": "archive_bytes",
    "ratio": "archive_ratio",
    "members": "archive_members",
    "depth": "depth",
    "aliases": "alias_nodes",
    "objects": "objects",
}
"""The bounds that settings move, by the name that they have there."""


def sized(count: int) -> str:
    """Return a number of bytes in words."""
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"


class InputProblem(RegcredError):  # noqa: N818 - a name of the contract
    """An artifact could not be read; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.path}: {problem.message}")
        self.problem = problem


class Skipped(NamedTuple):
    """A file or folder that was deliberately not read, and why. `input` is the index of the argument it belongs to.

    `scripts` are the files in it, or itself, that may hold commands: no manifests, but a search may read them.
    """

    path: str
    reason: str
    input: int = 0
    scripts: "tuple[Artifact, ...]" = ()


class Artifact:
    """One named byte stream. `path` is for display, `input` the index of the command-line argument that led to it.

    `link` is the absolute path of the link in a folder that led to it, "" when none did. `seen` is what the file was
    when it was first read, None before that and for what is no file. `size` is how many bytes it had when it was found,
    -1 where that is not known.
    """

    __slots__ = ("_data", "_file", "_limits", "_raw", "input", "link", "named", "path", "seen", "size")

    def __init__(
        self,
        path: str,
        number: int,
        *,
        limits: Limits,
        file: str = "",
        data: bytes | None = None,
        named: bool = False,
        link: str = "",
        raw: "Raw | None" = None,
    ) -> None:
        self.path = path
        self.input = number
        self.named = named
        self.link = link
        self.seen: Seen | None = None
        self.size = -1
        self._file = file
        self._data = data
        self._raw = raw
        self._limits = limits

    @property
    def file(self) -> str:
        """Where the bytes stand on disk, for a repair in place; "" for what is no file."""
        return self._file

    def read(self) -> bytes:
        """Return the bytes; may be called again, and returns the same then.

        Raise `InputProblem` when they cannot be had, or are others than before.
        """
        if self._data is not None:
            return self._data
        if self._raw is not None:
            from linter.sources.files import too_large  # noqa: PLC0415 - few artifacts are large

            data = self._raw.at(0, self._limits.file_bytes + 1)
            if len(data) > self._limits.file_bytes:
                raise InputProblem(too_large(self.path, self._limits, named=self.named))
            return data
        from linter.sources.files import read_seen  # noqa: PLC0415 - loaded when a file is read

        data, self.seen = read_seen(self._file, self.path, self._limits, named=self.named, was=self.seen)
        return data

    def windows(self) -> "Raw | None":
        """Return the bytes for reading piece by piece, where they are many and JSON or YAML; None where `read` serves.

        Raise `InputProblem` when they cannot be had, or are others than before.
        """
        if self._raw is not None or not self._file or self._data is not None:
            return self._raw
        if 0 <= self.size < self._limits.windows_from:
            return None  # what it has become since is found out by `read`
        from linter.sources.files import large_text  # noqa: PLC0415 - as below

        found = large_text(self._file, self.path, self._limits, named=self.named, was=self.seen)
        if found is None:
            return None
        raw, self.seen = found
        return raw

    def small(self) -> bytes | None:
        """Return the bytes, None where they are more than may be held, or JSON that is read in windows.

        Raise `InputProblem` when they cannot be had.
        """
        raw = self.windows()
        if raw is not None:
            from linter.sources.files import HEAD, begins_json  # noqa: PLC0415 - as above

            if begins_json(raw.at(0, HEAD)) or raw.at(self._limits.file_bytes, 1):
                return None
        return self.read()

    @property
    def limits(self) -> Limits:
        """The bounds that it is read with."""
        return self._limits

    def expect(self) -> None:
        """Tell that the bytes will be wanted again: those of some archives are cheaper to read all at once."""

    def __repr__(self) -> str:
        """Say what it is, and none of its bytes."""
        return f"Artifact({self.path!r}, input={self.input})"


def within(path: str, argument: str) -> bool:
    """Tell whether the display path of a file can have come from a command-line argument."""
    from linter.sources.tree import display  # noqa: PLC0415 - as in `gather`

    root = display(argument)
    return not root or path == root or path.startswith(f"{root.rstrip('/')}/")


def gather(  # noqa: PLR0913 - one for each way in which an input can be found
    paths: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    stdin: BinaryIO | None = None,
    limits: Limits | None = None,
    progress: Callable[[float, str], None] | None = None,
    live: "Live | None" = None,
    base: str = "",
    disk: "Disk | None" = None,
    urls: "Urls | None" = None,
) -> Iterator[Artifact | Problem | Skipped]:
    """Find the artifacts of the command-line arguments, in order; folders in sorted order, every real file once.

    `exclude` holds patterns as in `.gitignore`, matched against the display path and the path inside the argument.
    `-` is standard input. A file named itself is read whatever its name; its problems are fatal. `progress` is told
    which share of all is done, from 0 to 1, and the path of what comes next. With `live`, an
    argument `cluster:` or `cluster:CONTEXT` is read from the cluster that it names. `base` is the folder that relative
    arguments start from, where that is not the working directory. `disk` shows other files than there are now.
    `urls` tells which arguments stand for one.
    """
    from linter.sources.tree import Gatherer, display  # noqa: PLC0415 - loaded when something is gathered

    gatherer = Gatherer(exclude, stdin, limits or Limits(), base, disk)
    gatherer.named = frozenset(map(display, paths))
    for number, path in enumerate(paths):
        if live is not None and path.startswith("cluster:"):
            from linter.sources.live.reading import read  # noqa: PLC0415 - loaded when a cluster is named

            told = None if progress is None else _among(progress, number, len(paths))
            yield from read(number, path, live, limits or Limits(), told)
            continue
        gatherer.share = 0.0
        for entry in _entries(gatherer, number, path, urls):
            if progress is not None:
                progress(min((number + gatherer.share) / len(paths), 0.99), entry.path)
            yield entry._replace(input=number) if isinstance(entry, Skipped) else entry


def _among(progress: Callable[[float, str], None], number: int, inputs: int) -> Callable[[float, str], None]:
    """Return what is told the share of one input, and tells that of all."""
    return lambda share, path: progress(min((number + share) / inputs, 0.99), path)


def _entries(
    gatherer: "Gatherer", number: int, path: str, urls: "Urls | None"
) -> Iterator[Artifact | Problem | Skipped]:
    """Yield what one argument leads to, be it a path or a URL."""
    if urls is None or path not in urls.addresses:
        yield from gatherer.argument(number, path)
        return
    from linter.sources.remote import read  # noqa: PLC0415 - loaded when a URL is named

    yield from read(number, path, urls, gatherer)


__all__ = ["REPEATED", "Artifact", "InputProblem", "Limits", "Skipped", "gather", "within"]
