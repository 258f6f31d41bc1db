"""What was built points back at its source: the tools' origin annotations and comments, as paths of the scan."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from linter.documents import read
from linter.documents.objects import KubeObject, objects
from linter.documents.split import split
from linter.locate import Locator
from linter.model import Finding, Location, Related, Route
from linter.render import Built

_ORIGIN: Final = re.compile(
    r"(?m)^( +)config\.kubernetes\.io/origin: \|-?\n((?:\1 +\S.*\n?)+)"
)
_PATH: Final = re.compile(r"(?m)^( +(?:path|configuredIn): )(.+)$")
_REPOSITORY: Final = re.compile(r"(?m)^ +repo: ")
_SOURCE: Final = re.compile(r"(?m)^# Source: ([^/\n]+)/(.+)$")
_NAMED: Final = re.compile(r"(?m)^# Source: (\S.*?)\s*$")

_NOTHING: Final = object()


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
    """Finds the source of what was built. `read` gives the bytes of a path of the scan, `built` are the outputs."""

    def __init__(self, read_path: Callable[[str], bytes | None], built: frozenset[str], locator: Locator) -> None:
        self._read = read_path
        self._built = built
        self._locator = locator
        self._chunks: dict[str, list[str]] = {}
        self._sources: dict[str, list[KubeObject]] = {}

    def pointed(self, finding: Finding) -> Finding:
        """Return a located finding at its source, where that is known; the place in the output becomes related."""
        at = finding.location
        if at.path not in self._built:
            return finding
        chunk = self._chunk(at)
        source, line = self._of(chunk, finding, at)
        related = tuple(one._replace(location=self._place(one)) for one in finding.related)
        if not source.path:
            return finding._replace(related=related)
        there = Related(f"as built, line {at.line}", at._replace(excerpt=(), payload_excerpt=(), payload=None))
        remedy = f"{finding.remedy.rstrip()} Change {line}, and build again.".strip()
        return finding._replace(
            location=source._replace(payload=at.payload, payload_excerpt=at.payload_excerpt),
            related=(*related, there),
            remedy=remedy,
        )

    def _place(self, related: Related) -> Location | None:
        at = related.location
        if at is None or at.path not in self._built or related.object is None:
            return at
        source, _ = self._of(self._chunk(at), related, at)
        return source if source.path else at

    def _chunk(self, at: Location) -> str:
        if at.path not in self._chunks:
            text = (self._read(at.path) or b"").decode("utf-8", "replace")
            self._chunks[at.path] = [text[one.start : one.end] for one in split(text)]
        chunks = self._chunks[at.path]
        return chunks[at.document] if 0 <= at.document < len(chunks) else ""

    def _of(self, chunk: str, found: Finding | Related, at: Location) -> tuple[Location, str]:
        """The source's location and its name in a sentence; a location without path where it is not known."""
        name = found.object.name if found.object is not None else ""
        kind = found.object.kind if found.object is not None else ""
        template = _NAMED.search(chunk)
        if template:
            line = self._line_of_kind(template[1], kind)
            return Location(template[1], line=line, column=1 if line else 0), f"{template[1]} or the chart's values"
        origin = _ORIGIN.search(chunk)
        path = _PATH.search(origin[2]) if origin and not _REPOSITORY.search(origin[2]) else None
        if path is None:
            return Location(""), ""
        shown = path[2].strip()
        generated = "configuredIn" in path[1]
        number, steps = self._generator(shown, name) if generated else self._route(shown, kind, name, at, chunk)
        return self._locator.location(Location(shown, number, steps), excerpt=False), f"{shown} or a patch of it"

    def _line_of_kind(self, path: str, kind: str) -> int:
        """The line of a template that says this kind, when only one does; the first otherwise."""
        text = (self._read(path) or b"").decode("utf-8", "replace")
        lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == f"kind: {kind}"]
        return lines[0] if len(lines) == 1 else 1

    def _objects(self, path: str) -> list[KubeObject]:
        if path not in self._sources:
            data = self._read(path) or b""
            self._sources[path] = [item for one in read(path, data).documents for item in objects(one)]
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
        documents = read(at.path, chunk.encode("utf-8", "surrogatepass")).documents
        made = documents[0].data if documents else None
        route = at.route
        while route and not _same(_at(item.body, route), _at(made, route)):
            route = route[:-1]
        shared = (*item.route, *(route or ("metadata", "name")))
        return item.document, shared


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
