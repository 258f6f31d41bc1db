"""Where routes stand in a text that was read in windows: only the item that is asked about is read again."""

from bisect import insort
from collections import OrderedDict
from typing import Final

from linter.documents.jsontext import JsonPositions
from linter.documents.places import Mark, Places, counted, mark_at
from linter.documents.positions import Span
from linter.model import Route
from linter.sources.raw import Raw

_AROUND: Final = 2**14
"""So many bytes before and after a place are enough for every excerpt of it."""

_KEPT: Final = 4
"""An excerpt hides what is secret in the items beside the one that it is of: so many are looked at in turn."""

Range = tuple[int, int]


class _Part:
    """One item, or one value that is no list."""

    def __init__(self, data: bytes, mark: Mark) -> None:
        self.data = data
        self.mark = mark
        self.text = data.decode("utf-8", "replace")
        self.ascii = self.text.isascii()
        self.positions = JsonPositions(self.text)


class WindowPositions:
    """The positions of a text; `start` and `end` of its spans count bytes of the file, lines and columns characters."""

    def __init__(self, path: str, raw: Raw, places: Places) -> None:
        self.path = path
        self._raw = raw
        self._places = places
        self._marks = list(places.marks)
        self._parts: OrderedDict[int, _Part] = OrderedDict()

    def span(self, document: int, route: Route, part: str = "value") -> Span | None:
        """Return the text at the end of a route; see `Positions.span`. Of a list itself only the whole is known."""
        if not 0 <= document < len(self._places.values):
            return None
        value = self._places.values[document]
        start, end, inner = value.start, value.end, route
        if value.key:
            number = route[1] if len(route) > 1 and route[0] == value.key else None
            if isinstance(number, int) and 0 <= number < len(value.starts):
                start, end, inner = value.starts[number], value.ends[number], route[2:]
            elif route:
                return None
            else:
                first, last = self._mark(start), self._mark(end)
                return Span(start, end, first.lines + 1, first.column + 1, last.lines + 1, last.column + 1)
        piece = self._part(start, end)
        found = piece.positions.find(0, len(piece.text), inner, in_go=value.key == "Items" or route[:1] == ("Items",))
        if found is None or (part == "key" and not found.key_end):
            return None
        low, high = (found.key, found.key_end) if part == "key" else (found.start, found.end)
        low, high = (at if piece.ascii else len(piece.text[:at].encode()) for at in (low, high))
        first = counted(piece.mark, piece.data, low)
        last = counted(first, piece.data[low:high])
        return Span(start + low, start + high, first.lines + 1, first.column + 1, last.lines + 1, last.column + 1)

    def _mark(self, offset: int) -> Mark:
        """Return the mark of an offset, and keep it: what is asked about stands close together, mostly."""
        mark = mark_at(self._raw, self._marks, offset)
        insort(self._marks, mark)
        return mark

    def _part(self, start: int, end: int) -> _Part:
        part = self._parts.pop(start, None)
        if part is None:
            part = _Part(self._raw.at(start, end - start), self._mark(start))
            if len(self._parts) == _KEPT:
                self._parts.popitem(last=False)
        self._parts[start] = part
        return part

    def shown(self, span: Span, hidden: list[Range]) -> tuple[str, int, int, list[Range]]:
        """Return the text around a span, and in it the span and what is hidden, as character offsets."""
        low = max(span.start - _AROUND, self._places.marks[0].offset)
        data = self._raw.at(low, min(span.end, span.start + _AROUND) - low + _AROUND)

        def at(offset: int) -> int:
            piece = data[: max(offset - low, 0)]
            return len(piece) if piece.isascii() else len(piece.decode("utf-8", "ignore"))

        near = [(at(one), at(other)) for one, other in hidden if other > low and one < low + len(data)]
        return data.decode("utf-8", "ignore"), at(span.start), at(span.end), near
