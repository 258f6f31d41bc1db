"""What was built points back at its source: the tools' origin annotations and comments, as paths of the scan."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from linter.documents import read
from linter.documents.objects import KubeObject, objects
from linter.documents.split import split
from linter.excerpts import file_excerpt
from linter.locate import Locator
from linter.model import Finding, Location, NotEvaluated, Related, Route
from linter.render import Built, Render
from linter.render.templates import around, line_of
from linter.render.values import Values
from linter.sources import DEEPEST, InputProblem, Limits
from linter.sources.files import read_file

_ORIGIN: Final = re.compile(
    r"(?m)^( +)config\.kubernetes\.io/origin: \|-?\n((?:\1 +\S.*\n?)+)"
)
_PATH: Final = re.compile(r"(?m)^( +(?:path|configuredIn): )(.+)$")
_REPOSITORY: Final = re.compile(r"(?m)^ +repo: ")
_SOURCE: Final = re.compile(r"(?m)^# Source: ([^/\n]+)/(.+)$")
_NAMED: Final = re.compile(r"(?m)^# Source: (\S(?:.*\S)?)\s*$")

_READ: Final = Limits(depth=DEEPEST)
"""What is looked at here has been read, or printed, before: the bounds of the call have held."""
_BEFORE: Final = re.compile(r"^(?:- +)*(?:[\w./\"'-]+:(?: +|$))?")

_NAMES: Final = r"\b(?:name|alias): *[\"']?{}[\"']?\s*$"

_NOTHING: Final = object()
_NO_NAMES: Final[Mapping[str, str]] = {}
_MOST_MOVES: Final = 50


def settled(built: Built, names: Mapping[str, str]) -> bytes:
    """Return the output with its origins as paths of the scan. `names` are display paths by real path."""
    text = built.text.decode("utf-8", "replace")
    if built.how.startswith("helm"):
        prefix = f"{built.folder}/" if built.folder else ""
        return _SOURCE.sub(lambda found: f"# Source: {prefix}{found[2]}", text).encode()
    root = os.path.dirname(built.artifact.file)

    def shown(found: re.Match[str]) -> str:
        real = os.path.normpath(os.path.join(built.base, found[2].strip()))
        near = os.path.normpath(os.path.join(built.folder, os.path.relpath(real, root)))
        return found[1] + names.get(real, near.replace(os.sep, "/"))

    def block(found: re.Match[str]) -> str:
        return found[0] if _REPOSITORY.search(found[0]) else _PATH.sub(shown, found[0])

    return _ORIGIN.sub(block, text).encode()


class Origins:
    """Finds the source of what was built. `read_path` gives the bytes of a path of the scan, `built` are the outputs.

    `render` is how they were built, `moved` are the folders of charts as Helm names them, by name.
    """

    def __init__(
        self,
        read_path: Callable[[str], bytes | None],
        built: frozenset[str],
        locator: Locator,
        render: Render,
        moved: Mapping[str, str] = _NO_NAMES,
    ) -> None:
        self._read = read_path
        self._moved = moved
        self._built = built
        self._locator = locator
        self._values = Values(render, self._text_of, self._named)
        self._limits = render.limits
        self._chunks: dict[str, list[tuple[str, int]]] = {}
        self._sources: dict[str, list[KubeObject]] = {}

    def _text_of(self, path: str) -> bytes | None:
        """The bytes of a path of the scan, or of a file of values that is none."""
        path = self._named(path)
        data = self._read(path)
        if data is not None or not os.path.isfile(path):
            return data
        try:
            return read_file(os.path.realpath(path), path, self._limits, named=False)
        except InputProblem:
            return None

    def _named(self, path: str) -> str:
        """What the scan calls a path of a chart, which stands elsewhere when it was put together first."""
        for _ in range(_MOST_MOVES):
            steps = path.split("/")
            heads = ("/".join(steps[:end]) for end in range(len(steps) - 1, 0, -1))
            head = next((one for one in heads if one in self._moved), None)
            if head is None:
                break
            path = f"{self._moved[head]}{path.removeprefix(head)}"
        return path

    def pointed(self, finding: Finding) -> Finding:
        """Return a located finding at its source, where that is known; the place in the output becomes related."""
        at = finding.location
        if at.path not in self._built:
            return finding
        chunk, first = self._chunk(at)
        source, line, values = self._of(chunk, first, finding, at)
        related = tuple(one._replace(location=self._place(one)) for one in finding.related)
        if not source.path:
            return finding._replace(related=related)
        there = Related(f"as built, line {at.line}", at._replace(excerpt=(), payload_excerpt=(), payload=None))
        remedy = f"{finding.remedy.rstrip()} Change {line}, and build again.".strip()
        # Two builds that share a base point at one place: what names no namespace is told apart by the build.
        key = finding.key if finding.object.namespace else f"{finding.key} {at.path}".strip()
        return finding._replace(
            key=key,
            location=source._replace(payload=at.payload, payload_excerpt=at.payload_excerpt),
            related=(*(Related(f"the value of {name}", place) for name, place in values), *related, there),
            remedy=remedy,
        )

    def unjudged(self, entry: NotEvaluated) -> NotEvaluated:
        """Return a located entry of what could not be judged at its source, where that is known."""
        at = entry.location
        if at is None or entry.object is None or at.path not in self._built:
            return entry
        source, _, _ = self._of(*self._chunk(at), entry, at)
        return entry._replace(location=source._replace(excerpt=())) if source.path else entry

    def _place(self, related: Related) -> Location | None:
        at = related.location
        if at is None or at.path not in self._built or related.object is None:
            return at
        source, _, _ = self._of(*self._chunk(at), related, at)
        return source._replace(excerpt=()) if source.path else at

    def _chunk(self, at: Location) -> tuple[str, int]:
        """The text of the built document that a place is in, and the number of its first line."""
        if at.path not in self._chunks:
            text = (self._read(at.path) or b"").decode("utf-8", "replace")
            chunks, line, end = [], 1, 0
            for one in split(text):
                line, end = line + text.count("\n", end, one.start), one.start
                chunks.append((text[one.start : one.end], line))
            self._chunks[at.path] = chunks
        chunks = self._chunks[at.path]
        return chunks[at.document] if 0 <= at.document < len(chunks) else ("", 1)

    def _of(
        self, chunk: str, first: int, found: Finding | Related | NotEvaluated, at: Location
    ) -> tuple[Location, str, list[tuple[str, Location]]]:
        """The source's location, its name in a sentence, the values of a chart it takes; no path where unknown."""
        name = found.object.name if found.object is not None else ""
        kind = found.object.kind if found.object is not None else ""
        template = _NAMED.search(chunk)
        if template:
            return self._in_template(template[1], chunk, at.line - first + 1, kind, at)
        origin = _ORIGIN.search(chunk)
        path = _PATH.search(origin[2]) if origin and not _REPOSITORY.search(origin[2]) else None
        if path is None:
            return Location(""), "", []
        shown = path[2].strip()
        generated = "configuredIn" in path[1]
        number, steps = self._generator(shown, name) if generated else self._route(shown, kind, name, at, chunk)
        return self._locator.location(Location(shown, number, steps)), f"{shown} or a patch of it", []

    def _in_template(
        self, path: str, chunk: str, line: int, kind: str, at: Location
    ) -> tuple[Location, str, list[tuple[str, Location]]]:
        """The place in a template of Helm, and in the values that it takes there."""
        named = self._named(path)
        text = (self._text_of(path) or b"").decode("utf-8", "replace").replace("\r\n", "\n")
        if not text:
            return self._in_chart(path)
        number = line_of(text, chunk, line) or self._line_of_kind(text, kind)
        start, end = _extent(text, number)
        place = Location(named, line=number, column=start + 1, end_line=number, end_column=end + 1)
        secret = kind == "Secret" and at.route[:1] not in (("metadata",), ("type",))
        if not secret:  # nobody has told what is a credential in a text that no parser reads
            offset = sum(len(one) + 1 for one in text.split("\n")[: number - 1])
            shown = file_excerpt(text, offset + start, offset + end, (), line=number, before=0)
            place = place._replace(excerpt=shown)
        made = chunk.split("\n")[line - 1].strip() if 0 < line <= chunk.count("\n") + 1 else ""
        values = self._values.of(path, around(text, number), _scalar(made))
        where = " and ".join(f"{one} in {there.path}:{there.line}" for one, there in values)
        return place, where or f"{named} or the chart's values", values

    def _in_chart(self, path: str) -> tuple[Location, str, list[tuple[str, Location]]]:
        """The place of a template that is in no file of its own, because its chart is packed: the chart that has it."""
        chart, _, below = path.partition("/charts/")
        text = (self._read(f"{chart}/Chart.yaml") or b"").decode("utf-8", "replace")
        name = below.partition("/")[0]
        if not below or not text:
            return Location(path), f"{path} or the chart's values", []
        named = re.compile(_NAMES.format(re.escape(name)))
        lines = [number for number, line in enumerate(text.split("\n"), 1) if named.search(line)]
        return Location(f"{chart}/Chart.yaml", line=(lines or [1])[0], column=1), f"the values of {name} in {chart}", []

    def _line_of_kind(self, text: str, kind: str) -> int:
        """The line of a template that says this kind, when only one does; the first otherwise."""
        lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == f"kind: {kind}"]
        return lines[0] if len(lines) == 1 else 1

    def _objects(self, path: str) -> list[KubeObject]:
        if path not in self._sources:
            data = self._read(path) or b""
            self._sources[path] = [item for one in read(path, data, limits=_READ).documents for item in objects(one)]
            for item in self._sources[path]:
                self._locator.learn(item)
        return self._sources[path]

    def _generator(self, path: str, name: str) -> tuple[int, Route]:
        """The generator in a kustomization that makes a secret of this name."""
        for item in self._objects(path):
            listed = item.body.get("secretGenerator")
            for index, one in enumerate(listed if isinstance(listed, list) else []):
                if isinstance(one, dict) and isinstance(one.get("name"), str) and one["name"] in name:
                    return item.document, ("secretGenerator", index, "name")
        return 0, ()

    def _route(self, path: str, kind: str, name: str, at: Location, chunk: str) -> tuple[int, Route]:
        """Where the same value stands in the source; its object, when a patch has put it there."""
        alike = [item for item in self._objects(path) if item.kind == kind]
        near = [item for item in alike if item.name and item.name in name] or (alike if len(alike) == 1 else [])
        if not near:
            return 0, ()
        item = max(near, key=lambda one: len(one.name))
        documents = read(at.path, chunk.encode("utf-8", "surrogatepass"), limits=_READ).documents
        made = documents[0].data if documents else None
        route = at.route
        while route and not _same(_at(item.body, route), _at(made, route)):
            route = route[:-1]
        shared = (*item.route, *(route or ("metadata", "name")))
        return item.document, shared


def _extent(text: str, number: int) -> tuple[int, int]:
    """Where the text of a line begins and ends, in characters from 0."""
    line = text.split("\n")[number - 1]
    return len(line) - len(line.lstrip()), len(line.rstrip())


def _scalar(line: str) -> str:
    """The scalar of one line of block style, without its key, its dash and its quotes."""
    bare = _BEFORE.sub("", line, count=1).strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'" else bare


def _same(written: Any, made: Any) -> bool:
    """Whether a value comes from what was written: kustomize adds a prefix, a suffix or a hash to names."""
    if isinstance(written, str) and isinstance(made, str):
        return written in made if written else not made
    return written is not _NOTHING and bool(written == made)


def _at(value: Any, route: Route) -> Any:
    for step in route:
        inside = step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
        if not inside:
            return _NOTHING
        value = value[step]
    return value


__all__ = ["Origins", "settled"]
