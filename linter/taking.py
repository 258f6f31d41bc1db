"""One artifact's bytes to what is kept of it, alone: whatever reads many of them can spread this over processes.

`packed` makes bytes of it that travel fast between processes; they are trusted, and never leave the machine's memory.
"""

import marshal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from linter.comments import annotated, marked
from linter.documents import Document, Templated, collector_off, read
from linter.documents.bounds import Count, TooManyError, too_many
from linter.documents.dialects import LOGS
from linter.documents.objects import KubeObject, objects
from linter.exhausted import ran_out
from linter.inventory.kept import Keeper
from linter.model import Problem
from linter.record import NamedTuple
from linter.sources import Artifact, InputProblem, Limits

if TYPE_CHECKING:
    from linter.documents.places import Places
    from linter.sources.files import Seen
    from linter.sources.raw import Raw

_LONGEST_MARK: Final = 64
_LOGS: Final = LOGS.encode()
_FIELDS: Final = (
    *("kind", "api_version", "namespace", "name", "uid"),
    *("route", "listed", "withheld", "left_out", "body"),
)
"""What an object is told by, beside the document that it stands in."""


class Taken(NamedTuple):
    """What is kept of one artifact: its documents, each with its objects, and what could not be read.

    `marked` tells that a suppression may stand in it. `lost` is why its bytes could not be had, and then nothing else
    is told. `windowed` tells that it was read in windows; `places` are where things stand in it then, as far as known.
    `seen` is what the file was, None for what is no file and where the artifact itself tells.
    """

    documents: Sequence[tuple[Document, list[KubeObject]]] = ()
    problems: tuple[Problem, ...] = ()
    skipped: int = 0
    templated: tuple[Templated, ...] = ()
    logs: bool = False
    marked: bool = False
    lost: Problem | None = None
    windowed: bool = False
    places: "Places | None" = None
    seen: "Seen | None" = None

    @property
    def found(self) -> bool:
        """Whether there was anything to judge in it, were it a document that cannot matter."""
        return bool(self.documents or self.skipped or self.templated)

    @property
    def partly(self) -> bool:
        """Whether something in it was not read: because it cannot matter, or could not be."""
        return bool(self.skipped or self.problems or self.templated) or any(one.passed for one, _ in self.documents)


def take(path: str, data: bytes, keeper: Keeper | None, limits: Limits) -> Taken:
    """Read the documents of one artifact. `keeper` lets go of what nobody will ask for; None keeps all."""
    reading = read(path, data, limits=limits)
    documents = []
    count = Count(limits)
    for document in reading.documents:
        found = list(objects(document))
        try:
            count.add(len(found))
        except TooManyError:
            return Taken(problems=(too_many(path, limits),))
        documents.append((_kept(document, found, keeper), found))
    return Taken(
        documents, reading.problems, reading.skipped, reading.templated, reading.logs, marked(data)
    )


def take_artifact(artifact: Artifact, keeper: Keeper | None, *, had: Callable[[], None] = lambda: None) -> Taken:
    """Read an artifact to what is kept of it, what is large in windows; what cannot be read is told in the result.

    `had` is called when its bytes are there.
    """
    try:
        return _taken(artifact, keeper, had)
    except InputProblem as failed:
        return Taken(lost=failed.problem)
    except TooManyError:
        from linter.documents.places import unread  # noqa: PLC0415 - few artifacts hold so much

        problems, large = (too_many(artifact.path, artifact.limits),), artifact.windows() is not None
        return Taken(problems=problems, windowed=large, places=unread() if large else None)
    except MemoryError:
        return Taken(lost=ran_out(artifact.path, "it was read"))


def _taken(artifact: Artifact, keeper: Keeper | None, had: Callable[[], None]) -> Taken:
    """Read an artifact. Raises what its bytes raise."""
    raw = artifact.windows()
    if raw is not None:
        from linter.documents.windows import LogsError, NotWindowedError  # noqa: PLC0415 - few artifacts are large

        try:
            try:
                return _take_windows(artifact, as_read(raw), keeper)
            except LogsError:
                return _take_windows(artifact, as_read(raw, logs=True), keeper, logs=True)
        except NotWindowedError as error:  # it is read whole, where it is not too large
            if raw.at(artifact.limits.file_bytes, 1):
                from linter.sources.files import too_large  # noqa: PLC0415 - as above

                return Taken(lost=too_large(artifact.path, artifact.limits, named=artifact.named, why=str(error)))
    data = artifact.read()
    had()
    return take(artifact.path, data, keeper, artifact.limits)


def as_read(raw: "Raw", *, logs: bool = False) -> "Raw":
    """Return the bytes of an artifact as they are read in windows: in UTF-8, of YAML without the `logs` in it."""
    from linter.sources.files import HEAD, begins_json, begins_wide  # noqa: PLC0415 - few artifacts are large

    if begins_wide(raw.at(0, HEAD)):
        from linter.documents.recast import Utf8  # noqa: PLC0415 - as above

        raw = Utf8(raw)
    if logs and not begins_json(raw.at(0, HEAD)):
        from linter.documents.recast import WithoutLogs  # noqa: PLC0415 - as above

        raw = WithoutLogs(raw)
    return raw


class _Watched:
    """Bytes of YAML, with an eye on whether a suppression can stand in them. Raise `LogsError` where logs do."""

    def __init__(self, raw: "Raw") -> None:
        self.path = raw.path
        self.size = raw.size
        self.direct = raw.direct
        self.marked = False
        self._raw = raw
        self._tail, self._end = b"", -1

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`."""
        data = self._raw.at(offset, size)
        again = self._end - offset  # so many bytes have been here already
        before = self._tail[: len(self._tail) - again] if 0 <= again <= len(self._tail) else b""
        joint = before + data[:_LONGEST_MARK]
        self.marked = self.marked or marked(data) or marked(joint)
        if _LOGS in data or _LOGS in joint:
            from linter.documents.windows import LogsError  # noqa: PLC0415 - few artifacts are large

            raise LogsError("container logs stand between its documents")
        self._tail, self._end = (before + data)[-_LONGEST_MARK:], offset + len(data)
        return data


def _take_windows(artifact: Artifact, raw: "Raw", keeper: Keeper | None, *, logs: bool = False) -> Taken:
    from linter.documents.windows import WINDOW, Windowed, read_windows  # noqa: PLC0415 - few artifacts are large
    from linter.sources.files import HEAD, begins_json  # noqa: PLC0415 - as above

    windowed: Callable[..., Windowed] = read_windows
    watched: _Watched | None = None
    if not begins_json(raw.at(0, HEAD)):
        from linter.documents.yaml_windows import read_yaml as windowed  # noqa: PLC0415 - as above

        watched = _Watched(raw)

    found: dict[int, list[KubeObject]] = {}
    plain: dict[int, Document] = {}
    accepting = False
    count = Count(artifact.limits)

    def each(document: Document, first: int) -> None:
        nonlocal accepting
        items = list(objects(document))
        count.add(len(items))
        for item in items:
            # JSON has no comments: a suppression in it is an annotation.
            accepting = accepting or annotated(item)
            if first:
                item.count_from(first)
            if keeper is not None:
                keeper.keep(item)
        found.setdefault(document.number, []).extend(items)
        if not items:
            plain.setdefault(document.number, document)

    def restart(number: int) -> None:
        count.left += len(found.pop(number, ()))
        plain.pop(number, None)

    window = min(WINDOW, artifact.limits.windows_from)
    with collector_off():
        result = windowed(artifact.path, watched or raw, artifact.limits, each, restart, window=window)
    documents = []
    for document in result.documents:
        items = found.get(document.number, [])
        data = plain[document.number].data if not items and document.number in plain else None
        documents.append((document._replace(data=data), items))
    return Taken(
        documents,
        result.problems,
        result.skipped,
        result.templated,
        logs=result.logs or logs,
        marked=accepting if watched is None else watched.marked,
        windowed=True,
        places=result.places,
    )


def scanned(artifact: Artifact, raw: "Raw") -> "Places":
    """Return where things stand in an artifact that was read in windows; `raw` as `as_read` gives it."""
    from linter.documents.windows import WINDOW, scan  # noqa: PLC0415 - few artifacts are large
    from linter.sources.files import HEAD, begins_json  # noqa: PLC0415 - as above

    try:
        if begins_json(raw.at(0, HEAD)):
            return scan(raw, artifact.limits)
        from linter.documents.yaml_windows import scan_yaml  # noqa: PLC0415 - as above

        return scan_yaml(artifact.path, raw, artifact.limits, window=min(WINDOW, artifact.limits.windows_from))
    except TooManyError:
        from linter.documents.places import unread  # noqa: PLC0415 - few artifacts hold so much

        return unread()


def _kept(document: Document, found: Sequence[KubeObject], keeper: Keeper | None) -> Document:
    """Let go of what nobody will ask for: of each object, and the frame of the objects."""
    if keeper is None or not found:
        return document
    for item in found:
        keeper.keep(item)
    return Document(document.path, document.number, None, document.passed)


def leaving(taken: Taken, first: int, seen: "Seen | None") -> tuple[Any, ...]:
    """Return what was taken as plain values, to be pickled into the process that this one is a copy of.

    `first` is the number that parts are counted from, as in `KubeObject.leaving`; `seen` is what the file was.
    """
    documents = [
        (one.number, one.data, one.passed, [item.leaving(first) for item in found]) for one, found in taken.documents
    ]
    return (documents, *taken[1:-2], None, None if seen is None else tuple(seen))  # places hold on to the file


def arrived(path: str, values: tuple[Any, ...], keeper: Keeper | None) -> Taken:
    """Return what a copy of this process has taken of the artifact at `path`; `keeper` as in `take`."""
    listed, *rest, seen = values
    documents = []
    for number, data, passed, told in listed:
        document = Document(path, number, data, passed)
        found = []
        for one in told:
            item = KubeObject.__new__(KubeObject)
            item.arrive(document, one)
            if keeper is not None and not item.shared:
                keeper.keep(item)
            found.append(item)
        documents.append((document, found))
    return Taken._make((documents, *rest, None if seen is None else _seen(seen)))


def packed(taken: Taken) -> bytes:
    """Return what was taken as bytes. Equal parts that are one object stay one."""
    documents = [
        (one.number, one.data, tuple(one.passed), [[getattr(item, name) for name in _FIELDS] for item in found])
        for one, found in taken.documents
    ]
    return marshal.dumps(
        (
            documents,
            [tuple(problem) for problem in taken.problems],
            taken.skipped,
            [tuple(one) for one in taken.templated],
            taken.logs,
            taken.marked,
            None if taken.lost is None else tuple(taken.lost),
            taken.windowed,
            None if taken.seen is None else tuple(taken.seen),
        )
    )


def unpacked(path: str, data: bytes, keeper: Keeper | None = None) -> Taken:
    """Return what `packed` has made bytes of, for the artifact at `path`; `keeper` as in `take`."""
    parts = marshal.loads(data)  # noqa: S302 - our own process's
    documents, problems, skipped, templated, logs, has_mark, lost, windowed, seen = parts
    return Taken(
        [_document(keeper, path, *one) for one in documents],
        tuple(Problem(*one) for one in problems),
        skipped,
        tuple(Templated(*one) for one in templated),
        logs,
        has_mark,
        None if lost is None else Problem(*lost),
        windowed,
        seen=None if seen is None else _seen(seen),
    )


def _seen(values: tuple[int, int, int, int, int, str]) -> "Seen":
    from linter.sources.files import Seen  # noqa: PLC0415 - as `read_file`

    return Seen(*values)


def _document(
    keeper: Keeper | None, path: str, number: int, data: object, passed: tuple[int, ...], items: list[list[object]]
) -> tuple[Document, list[KubeObject]]:
    document = Document(path, number, data, frozenset(passed))
    found = []
    for values in items:
        item = KubeObject(document, (), {}, "", "")
        for name, value in zip(_FIELDS, values, strict=True):
            setattr(item, name, value)
        if keeper is not None:
            keeper.keep(item)
        found.append(item)
    return document, found
