"""A file of manifests or of a dump with surrogates for its credentials: each document where it was, as JSON.

What cannot be parsed (templates, broken YAML) stays text, in which every value that may be a credential is replaced.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from linter.collecting import pieces
from linter.collecting.numbers import in_yaml
from linter.collecting.payloads import payload
from linter.collecting.pieces import ITEMS, Text
from linter.collecting.redact import CONFIG_MAP, Redaction
from linter.collecting.squeezed import Squeezed, squeezed, unsqueezed
from linter.collecting.telling import each_told, text_told
from linter.comments import marked
from linter.documents import Document
from linter.documents.dialects import LOGS, without_logs
from linter.documents.layouts import place
from linter.documents.objects import KubeObject, objects
from linter.inventory.secrets import LAST_APPLIED
from linter.model import Problem, Route
from linter.sources import InputProblem, Limits
from linter.sources.collection import is_record

if TYPE_CHECKING:
    import msgspec

    from linter.collecting.accepted import Accepted

_NO_LOGS: Final = f"{LOGS}- ====\n==== END logs for container - ====\n"
"""Stands for the logs that `kubectl cluster-info dump` writes between documents: it is known by them."""
_SOME: Final = 100
"""So many items of a large list are held at a time."""
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class Redacted:
    """One file, redacted in two steps: all files are read, and with them all credentials; then they are written.

    Raises `InputProblem` for a file that cannot be redacted. `unparsed` counts its documents that stay text, `kept`
    and `lost` its comments that accept findings.
    """

    def __init__(self, path: str, data: bytes, redaction: Redaction, limits: Limits) -> None:
        self._path = path
        self._redaction = redaction
        self._routes: list[list[Route]] = []
        self._accepted: dict[int, Accepted] = {}
        self.kept = self.lost = 0
        listed = pieces.listed(data, limits)
        if listed is not None:
            self.unparsed, self._logs, self._json, self._alone = 0, False, True, True
            self._packed = self._learnt_list(*listed, limits)
            return
        text = pieces.decoded(path, data)
        self._logs = LOGS in text
        form, found = pieces.documents(path, without_logs(text), limits)
        del text
        kept = [self._learnt(number, piece, limits, own=form == "json") for number, piece in enumerate(found)]
        del found
        if form == "yaml" and marked(data):
            self._accept(data, kept)
        self.unparsed = sum(isinstance(piece, Text) for piece in kept)
        # A document that is no object or list, or stays text, makes a stream of YAML of all.
        self._json = not self._accepted and all(
            isinstance(piece, dict | list) and not isinstance(piece, Text) for piece in kept
        )
        self._alone = len(kept) == 1 and not self.unparsed and not self._accepted
        self._packed = squeezed(kept, in_lines=self._json or self._alone)

    def _accept(self, data: bytes, kept: list[Any]) -> None:
        """Note the comments that accept findings, and what of the file they stand at."""
        from linter.collecting.accepted import AS_TEXT, accepted  # noqa: PLC0415 - few files have any

        held = [AS_TEXT if isinstance(piece, Text) else piece for piece in kept]
        self._accepted, self.lost = accepted(self._path, data, held)
        self.kept = sum(len(one.comments) for one in self._accepted.values())

    def written(self) -> Iterator[bytes]:
        """Yield the file without any credential that is known by now, a part of a list at a time."""
        lines = unsqueezed(self._packed)
        yield (_NO_LOGS if self._logs else "").encode()
        parts: list[str] = []
        for number, routes in enumerate(self._routes):
            mark, piece = next(lines)
            if routes is _AS_TEXT:
                parts.append(_as_yaml(Text(self._redaction.scrubber.text(piece[0], free=True))))
            elif number in self._accepted:
                parts.append(self._accepted[number].write(self._finished(piece, routes), _UNPRINTABLE))
            elif not (self._json or self._alone):
                parts.append(_as_yaml(self._finished(piece, routes)))
            elif mark == 0:
                yield (json.dumps(self._finished(piece, routes), indent=1) + "\n").encode()
            else:
                yield from self._listed(piece, mark, lines, routes)
        if parts:
            yield ("\n".join(part.rstrip("\n") for part in parts) + "\n").encode("utf-8", "replace")

    def _listed(
        self, frame: dict[str, Any], count: int, lines: "Iterator[tuple[int, Any]]", routes: list[Route]
    ) -> Iterator[bytes]:
        """Yield a list object as `json.dumps(…, indent=1)` would write it, item by item."""
        by_item: dict[int, list[Route]] = {}
        own = [route for route in routes if route[:1] != (ITEMS,)]
        for route in routes:
            if route[:1] == (ITEMS,):
                by_item.setdefault(int(route[1]), []).append(route[2:])
        head, tail = json.dumps(self._finished(frame, own), indent=1).split(f'\n "{ITEMS}": []', 1)
        yield f'{head}\n "{ITEMS}": ['.encode()
        for number in range(count):
            item = self._finished(next(lines)[1], by_item.get(number, []))
            text = json.dumps(item, indent=1).replace("\n", "\n  ")
            yield f"{',' if number else ''}\n  {text}".encode()
        yield f"\n ]{tail}\n".encode()

    def _finished(self, piece: Any, routes: Sequence[Route]) -> Any:
        """Return data without the credentials known by now; what stands at `routes` is finished already."""
        if () in routes:
            return piece
        held = [(route, _get(piece, route)) for route in routes]
        for route, _ in held:
            _put(piece, route, "")
        clean = self._redaction.scrubber.tree(piece)
        for route, value in held:
            _put(clean, route, value if route[-1] != LAST_APPLIED else self._applied(value))
        return clean

    def _learnt_list(self, frame: dict[str, Any], items: "Sequence[msgspec.Raw]", limits: Limits) -> bytes:
        """Do what `_learnt` does for a list object of JSON, some items at a time; return them squeezed."""
        squeezed, found = Squeezed(), list[Route]()
        for first in range(0, len(items), _SOME):
            data = [pieces.item(self._path, raw, limits) for raw in items[first : first + _SOME]]
            piece = self._learnt(0, {**frame, ITEMS: data}, limits, own=True)
            routes = self._routes.pop()
            found += [(ITEMS, int(route[1]) + first, *route[2:]) for route in routes if route[:1] == (ITEMS,)]
            if not first:
                squeezed.add(len(items), {**piece, ITEMS: []})
            for item in piece[ITEMS]:
                squeezed.add(0, item)
        self._routes.append(found)
        return squeezed.end()

    def _learnt(self, number: int, piece: Any, limits: Limits, *, own: bool) -> Any:
        """Return a document with surrogates where credentials belong, and note which of its values are finished.

        `own`: its data stands for nothing else, as an alias of YAML does, and may be changed.
        """
        made = self._redaction.made
        if isinstance(piece, Text):
            self._routes.append(_AS_TEXT)
            return Text(text_told(piece.text, made))
        if isinstance(piece, str):  # no object, nor settings: what an auth file holds that is no JSON
            self._routes.append(_AS_TEXT)
            return Text(payload(piece, made))
        if not own and _size(piece) > limits.file_bytes:
            raise InputProblem(
                Problem(self._path, "its aliases stand for too much to write out", "take fewer YAML aliases")
            )
        if not own:
            piece = json.loads(json.dumps(piece))  # an alias becomes what it stands for
        found = objects(Document(self._path, number, piece))
        whole = [item for item in found if not item.withheld and "Items" not in item.route]
        routes: list[Route] = []
        for item in whole:
            piece = self._object(piece, item, routes)
        # What has a surrogate by now gets no other one; unlike a Secret's, a setting may hold more to be scrubbed.
        settings = [(*item.route, "data") for item in whole if (item.api_version, item.kind) == CONFIG_MAP]
        held = [(route, _get(piece, route)) for route in (*routes, *settings) if route[-1] in _get(piece, route[:-1])]
        for route, _ in held:
            _put(piece, route, "")
        where = place(self._path)
        if where is not None and where.reduced == "one registry" and isinstance(piece, dict):
            piece = {key: made.user(one) if isinstance(one, str) else one for key, one in piece.items()}
        piece = each_told(piece, made)
        for route, value in held:
            _put(piece, route, value)
        self._routes.append(routes)
        return piece

    def _object(self, piece: Any, item: KubeObject, routes: list[Route]) -> Any:
        body = _get(piece, item.route)
        if is_record(item.kind, item.api_version):
            body = {**body, "redacted": True}
        about = (item.api_version, item.kind)
        body = self._redaction.secrets(about, body)
        if about == ("v1", "Secret"):
            routes += [(*item.route, field) for field in ("data", "stringData") if field in body]
        metadata = body.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if isinstance(annotations, dict) and LAST_APPLIED in annotations:
            routes.append((*item.route, "metadata", "annotations", LAST_APPLIED))
        if not item.route:
            return body
        _put(piece, item.route, body)
        return piece

    def _applied(self, text: Any) -> Any:
        """Scrub what kubectl applied last: an object of its own, in text."""
        if not isinstance(text, str):
            return text
        try:
            applied = json.loads(text)
        except ValueError:
            applied = None
        if not isinstance(applied, dict):
            return self._redaction.scrubber.text(text, free=True)
        about = (str(applied.get("apiVersion")), str(applied.get("kind")))
        cleaned = self._redaction.scrubbed(about, applied)
        return json.dumps(cleaned, separators=(",", ":"), ensure_ascii=False) + ("\n" if text.endswith("\n") else "")


_AS_TEXT: Final[list[Route]] = [()]
"""In place of the finished values of a document: it is text."""


def _size(data: Any) -> int:
    """Return how many characters data has when every alias is written out, without writing it."""
    sizes: dict[int, int] = {}

    def of(value: Any) -> int:
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, dict | list):
            return 8
        known = sizes.get(id(value))
        if known is None:
            parts = value if isinstance(value, list) else (*value, *value.values())
            known = sizes[id(value)] = 8 + sum(map(of, parts))
        return known

    return of(data)


def _get(data: Any, route: Route) -> Any:
    for step in route:
        data = data[step]
    return data


def _put(data: Any, route: Route, value: Any) -> None:
    _get(data, route[:-1])[route[-1]] = value


def _as_yaml(piece: Any) -> str:
    """Return one document of a YAML stream; data as JSON."""
    if isinstance(piece, Text):
        return piece.text if piece.text.startswith("---") else f"---\n{piece.text}"
    return f"---\n{_UNPRINTABLE.sub(_escaped, in_yaml(json.dumps(piece, ensure_ascii=False, indent=1)))}"


def _escaped(found: re.Match[str]) -> str:
    """Escape a sign inside a string of JSON so that YAML takes it too; line ends between strings stay."""
    sign = found.group()
    if sign == "\n":
        return sign
    return "\ufffd" if "\ud800" <= sign <= "\udfff" else f"\\u{ord(sign):04x}"
