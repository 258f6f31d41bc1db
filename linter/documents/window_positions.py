"""Where routes stand in a text that was read in windows: only the item that is asked about is read again."""

import re
from array import array
from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from linter.documents.jsontext import JsonPositions
from linter.documents.places import BETWEEN_MARKS, Mark, Places, Value, counted, mark_at
from linter.documents.positions import Positions, Span, YamlFinder
from linter.documents.split import Chunk
from linter.documents.text import DecodeProblem
from linter.model import Route
from linter.sources import DEEPEST, Limits
from linter.sources.raw import Raw

_AROUND: Final = 2**14
"""So many bytes before and after a place are enough for every excerpt of it."""
_NEAR: Final = 2**16
"""So many bytes around a place are read at once: what is asked about stands close together, mostly."""

_KEPT: Final = 4
"""An excerpt hides what is secret in the items beside the one that it is of: so many are looked at in turn."""

_STEP: Final = 4 * 2**20
_LONGEST_SIGN: Final = 64
_LARGEST: Final = 2**28

Range = tuple[int, int]


class _Near:
    """Bytes at offsets, read once where they stand near those that were read last."""

    def __init__(self, raw: Raw, first: int) -> None:
        self._raw = raw
        self._first = first
        self._start = first
        self._block = b""

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`."""
        inside = offset - self._start
        if not 0 <= inside <= len(self._block) - size:
            if size > _NEAR:
                return self._raw.at(offset, size)
            # What comes next is to count from the mark before it.
            self._start = max(offset - BETWEEN_MARKS, self._first)
            inside = offset - self._start
            self._block = self._raw.at(self._start, max(inside + size + _AROUND, _NEAR))
        return self._block[inside : inside + size]


class _Part:
    """One item, or one value that is no list. `mark` is that of its begin, when it has been asked for."""

    def __init__(self, data: bytes, *, yaml: bool, listed: bool) -> None:
        self.data = data
        self.mark: Mark | None = None
        self.text = data.decode("utf-8", "replace")
        self.ascii = self.text.isascii()
        self._listed = listed
        self._yaml = YamlFinder(self.text, Limits(depth=DEEPEST)) if yaml else None
        self._json = None if yaml else JsonPositions(self.text)

    def find(self, route: Route, part: str, *, in_go: bool) -> Range | None:
        """Return start and end of the text at the end of a route."""
        if self._yaml is not None:
            if self._listed:
                return self._yaml.find_in_item(Chunk(0, len(self.text)), route, part)
            return self._yaml.find(0, route, part)
        found = self._json.find(0, len(self.text), route, in_go=in_go) if self._json is not None else None
        if found is None or (part == "key" and not found.key_end):
            return None
        return (found.key, found.key_end) if part == "key" else (found.start, found.end)


class WindowPositions:
    """The positions of a text; `start` and `end` of its spans count bytes of the file, lines and columns characters."""

    def __init__(self, path: str, raw: Raw, places: Places) -> None:
        self.path = path
        self._raw = raw
        self._near = _Near(raw, places.marks[0].offset)
        self._places = places
        self._marks = list(places.marks)
        self._parts: OrderedDict[int, _Part] = OrderedDict()

    def span(self, document: int, route: Route, part: str = "value") -> Span | None:
        """Return the text at the end of a route; see `Positions.span`. Of a list itself only the whole is known."""
        if not route and (value := self._list(document)) is not None:
            first, last = self._mark(value.start), self._mark(value.end)
            return Span(value.start, value.end, first.lines + 1, first.column + 1, last.lines + 1, last.column + 1)
        found = self._found(document, route, part)
        if found is None:
            return None
        start, piece, low, high = found
        if piece.mark is None:
            piece.mark = self._mark(start)
        first = counted(piece.mark, piece.data[:low])
        last = counted(first, piece.data[low:high])
        return Span(start + low, start + high, first.lines + 1, first.column + 1, last.lines + 1, last.column + 1)

    def range(self, document: int, route: Route, part: str = "value") -> Range | None:
        """Return start and end of the text of which `span` tells lines and columns too."""
        if not route and (value := self._list(document)) is not None:
            return value.start, value.end
        found = self._found(document, route, part)
        if found is None:
            return None
        start, _, low, high = found
        return start + low, start + high

    def inside(self, document: int, route: Route, span: Span) -> bool:
        """Whether what a route leads to goes on around the line of a span in it, and around the line above.

        A line ends with a line feed here, as it does where it is shown, and not with a carriage return.
        """
        found = self._found(document, route, "value")
        if found is None:
            return False
        start, piece, low, high = found
        at = span.start - start
        above = piece.data.rfind(b"\n", low, max(at, low))
        return above >= 0 and piece.data.rfind(b"\n", low, above) >= 0 and piece.data.find(b"\n", at, high) >= 0

    def _list(self, document: int) -> Value | None:
        """Return the value of that number where it is a list."""
        value = self._places.values[document] if 0 <= document < len(self._places.values) else None
        return value if value is not None and value.key else None

    def _found(self, document: int, route: Route, part: str) -> tuple[int, _Part, int, int] | None:
        """Return the piece in which a route ends, where it begins, and start and end of the text in it, in bytes."""
        if not 0 <= document < len(self._places.values):
            return None
        value = self._places.values[document]
        start, end, inner = value.start, value.end, route
        if value.key:
            number = route[1] if len(route) > 1 and route[0] == value.key else None
            if not isinstance(number, int) or not 0 <= number < len(value.starts):
                return None
            start, end, inner = value.starts[number], value.ends[number], route[2:]
        piece = self._part(start, end, listed=inner is not route)
        found = piece.find(inner, part, in_go=value.key == "Items" or route[:1] == ("Items",))
        if found is None:
            return None
        low, high = (at if piece.ascii else len(piece.text[:at].encode()) for at in found)
        return start, piece, low, high

    def pieces(self, sign: re.Pattern[bytes]) -> Iterator[tuple[Positions, int, bool]]:
        """Yield each piece of YAML that `sign` is found in: itself, the lines above it, and whether it is the last.

        A piece is a document, or an item of a list, with what stands between it and the next.
        """
        if not self._places.yaml:
            return
        bounds = self._bounds()
        done, offset, tail = -1, self._places.marks[0].offset, b""
        while data := self._raw.at(offset, _STEP):
            for found in sign.finditer(tail + data):
                index = bisect_right(bounds, offset - len(tail) + found.start()) - 1
                if index <= done:
                    continue
                done = index
                start, following = bounds[index], bounds[index + 1 : index + 2]
                last = not following or not self._raw.at(following[0], 1)
                size = following[0] - start if following else _LARGEST
                if size > _LARGEST:
                    continue  # it was refused
                piece = self._raw.at(start, size)
                with suppress(DecodeProblem):  # what is no text was refused too
                    yield Positions(self.path, piece), self._mark(start).lines, last
            tail = (tail + data)[-_LONGEST_SIGN:]
            offset += len(data)

    def _bounds(self) -> "array[int]":
        """Return where the pieces of the text begin."""
        bounds = array("Q", [self._places.marks[0].offset])
        for value in self._places.values:
            ends = value.ends[-1:] if value.key else ()
            bounds.extend(at for at in (value.start, *value.starts, *ends) if at > bounds[-1])
        return bounds

    def _mark(self, offset: int) -> Mark:
        """Return the mark of an offset, and keep it: what is asked about stands close together, mostly."""
        mark = mark_at(self._near, self._marks, offset)
        insort(self._marks, mark)
        return mark

    def _part(self, start: int, end: int, *, listed: bool) -> _Part:
        part = self._parts.pop(start, None)
        if part is None:
            part = _Part(self._near.at(start, end - start), yaml=self._places.yaml, listed=listed)
            if len(self._parts) == _KEPT:
                self._parts.popitem(last=False)
        self._parts[start] = part
        return part

    def shown(self, span: Span, hidden: list[Range]) -> tuple[str, int, int, list[Range]]:
        """Return the text around a span, and in it the span and what is hidden, as character offsets."""
        low = max(span.start - _AROUND, self._places.marks[0].offset)
        data = self._near.at(low, min(span.end, span.start + _AROUND) - low + _AROUND)
        plain = data.isascii()

        def at(offset: int) -> int:
            inside = min(max(offset - low, 0), len(data))
            return inside if plain else len(data[:inside].decode("utf-8", "ignore"))

        near = [(at(one), at(other)) for one, other in hidden if other > low and one < low + len(data)]
        return data.decode("utf-8", "ignore"), at(span.start), at(span.end), near
