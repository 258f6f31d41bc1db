"""Where the end of a route stands in a file: computed on demand, because most documents have no finding."""

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from linter.documents.dialects import without_logs
from linter.documents.text import SourceText, decode
from linter.model import Route
from linter.patterns import lazy
from linter.record import NamedTuple
from linter.sources import DEEPEST, Limits

if TYPE_CHECKING:
    from linter.documents.simple_positions import SimpleText
    from linter.documents.split import Chunk

_BLANK: Final = " \t\r\n\x85\u2028\u2029"
"""Blanks and line ends of YAML; any other blank is text."""
_BLOCK: Final = 2**12
_LINE_END = lazy(r"\r\n|\n|\r")


class Span(NamedTuple):
    """A stretch of text.

    `start` and `end` are character offsets into the decoded text (no byte order mark), end exclusive. Lines and columns
    count characters from 1; `end_column` is exclusive.
    """

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


class Positions:
    """The positions of one artifact's bytes. Raise `DecodeProblem` at once when the bytes are not text.

    `source` is the decoded text, `text` its characters: what the offsets of a `Span` count. What is asked about
    has been read before, within the bounds that the settings give: here it may nest as deep as any.
    """

    def __init__(self, path: str, data: bytes, *, limits: Limits | None = None) -> None:
        self.path = path
        self.source: SourceText = decode(data)
        self.text = without_logs(self.source.text)
        self._limits = limits or Limits(depth=DEEPEST)
        self._starts: list[int] | None = None
        self._above: list[int] | None = None
        self._old_breaks: bool | None = None
        self._finder: _JsonFinder | YamlFinder | None = None

    def span(self, document: int, route: Route, part: str = "value") -> Span | None:
        """Return the text of the key or the value at the end of a route; `None` when there is none.

        Of duplicate keys the last is meant; aliases and merge keys lead to the text that they stand for. List items
        have no key. The value of a collection ends with its last leaf, not with the comments after it; anchors and tags
        belong to a value.
        """
        found = self.range(document, route, part)
        return self.locate(*found) if found else None

    def range(self, document: int, route: Route, part: str = "value") -> tuple[int, int] | None:
        """Return start and end of the text of which `span` tells lines and columns too."""
        from linter.documents import collector_off  # noqa: PLC0415 - on demand

        with collector_off():
            if self._finder is None:
                self._finder = self._make_finder()
            return self._finder.find(document, route, part)

    def shown(self, span: Span, hidden: list[tuple[int, int]]) -> tuple[str, int, int, list[tuple[int, int]]]:
        """Return the text that a span and what is hidden near it stand in, and both as offsets into that text."""
        return self.text, span.start, span.end, hidden

    def locate(self, start: int, end: int) -> Span:
        """Lines and columns of two character offsets."""
        line, column = self._place(start)
        if self._old_breaks or not 0 <= end - start < _BLOCK:
            return Span(start, end, line, column, *self._place(end))
        inside = self.text.count("\n", start, end)
        end_column = end - self.text.rfind("\n", 0, end) if inside else column + end - start
        return Span(start, end, line, column, line + inside, end_column)

    def _place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, counted from the beginning of its block of the text."""
        if self._old_breaks is None:
            self._old_breaks = "\r" in self.text and self.text.count("\r") != self.text.count("\r\n")
        if self._old_breaks:
            starts = self._line_starts()
            line = bisect_right(starts, offset)
            return line, offset - starts[line - 1] + 1
        if self._above is None:
            text, total = self.text, 0
            self._above = [0]
            for at in range(0, len(text), _BLOCK):
                total += text.count("\n", at, at + _BLOCK)
                self._above.append(total)
        block = offset // _BLOCK
        line = self._above[block] + self.text.count("\n", block * _BLOCK, offset) + 1
        return line, offset - self.text.rfind("\n", 0, offset)

    def line_text(self, number: int) -> str:
        """Return a line by its number, counted from 1, without its line end; "" outside the text."""
        starts = self._line_starts()
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    @property
    def line_count(self) -> int:
        """How many lines the text has; a line end at the end of the text begins no line."""
        starts = self._line_starts()
        return len(starts) - (starts[-1] == len(self.text) and len(starts) > 1)

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        return self._starts

    def _make_finder(self) -> "_JsonFinder | YamlFinder":
        """Choose as the reader did: JSON when the text is JSON, else YAML."""
        from linter.documents.kinds import looks_like_json  # noqa: PLC0415 - on demand

        if looks_like_json(self.text):
            from linter.documents.jsontext import TooDeepError, json_places  # noqa: PLC0415 - as above

            try:
                values = json_places(self.text)
            except TooDeepError:
                values = []
            if values is not None:
                return _JsonFinder(self.text, values)
        return YamlFinder(self.text, self._limits)


class _JsonFinder:
    """Spans in JSON text."""

    def __init__(self, text: str, values: list[tuple[int, int]]) -> None:
        from linter.documents.jsontext import JsonPositions  # noqa: PLC0415 - on demand

        self._values = values
        self._positions = JsonPositions(text)

    def find(self, document: int, route: Route, part: str) -> tuple[int, int] | None:
        if not 0 <= document < len(self._values):
            return None
        found = self._positions.find(*self._values[document], route)
        if found is None:
            return None
        if part == "key":
            return (found.key, found.key_end) if found.key_end else None
        return found.start, found.end


class YamlFinder:
    """Spans in YAML text; a document is composed when its first position is asked for."""

    def __init__(self, text: str, limits: Limits) -> None:
        from linter.documents.stream import Stream  # noqa: PLC0415 - on demand

        self._text = text
        self._limits = limits
        self._stream = Stream(text, limits)
        self._last: tuple[Chunk | None, SimpleText | None] = (None, None)

    def find(self, document: int, route: Route, part: str) -> tuple[int, int] | None:
        """Return the start and end of the text at the end of a document's route."""
        item = self._stream.item(document, route[1]) if route[:1] == ("items",) and len(route) > 1 else None
        if item is not None:
            return self.find_in_item(item, route[2:], part)
        chunk = self._stream.chunk(document)
        if chunk is None:
            return None
        return self._found(self._simple(chunk, listed=False), lambda: self._stream.root(document), route, part)

    def find_in_item(self, item: "Chunk", route: Route, part: str) -> tuple[int, int] | None:
        """Return the start and end of the text at the end of a route that begins in an item of a list."""
        return self._found(self._simple(item, listed=True), lambda: self._stream.listed(item), (0, *route), part)

    def _found(
        self, simple: "SimpleText | None", composed: Callable[[], Any], route: Route, part: str
    ) -> tuple[int, int] | None:
        if simple is not None:
            try:
                place = simple.find(route)
            except LookupError:
                pass  # the parser knows
            else:
                return place and place.span(part)
        return self._composed(composed(), route, part)

    def _simple(self, chunk: "Chunk", *, listed: bool) -> "SimpleText | None":
        """Return what finds places in a document, or an item of a list, that machines write."""
        from linter.documents.simple_positions import open_simple  # noqa: PLC0415 - on demand

        if self._last[0] != chunk:
            text = self._text[chunk.start : chunk.end]
            column, depth = (text.find("-") + 2, self._limits.depth - 2) if listed else (0, self._limits.depth)
            self._last = (chunk, open_simple(text, chunk.start, column, depth))
        return self._last[1]

    def _composed(self, root: Any, route: Route, part: str) -> tuple[int, int] | None:
        from linter.documents.compose import find_node  # noqa: PLC0415 - on demand

        found = find_node(root, route) if root is not None else None
        if found is None:
            return None
        key, value = found
        if part == "key":
            return (key.start_mark.index, key.end_mark.index) if key is not None else None
        return value.start_mark.index, self._end(value)

    def _end(self, node: Any) -> int:
        """Where a node's text ends: after its last leaf, without line ends and comments that follow."""
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        if isinstance(node.value, str):
            if node.style not in ("|", ">"):
                return end
            header = self._text[start:end].split("\n", 1)[0].split("#", 1)[0]
            return end if "+" in header else start + len(self._text[start:end].rstrip(_BLANK))
        if node.flow_style or not node.value:
            return end
        last = node.value[-1]
        leaf = last[1] if isinstance(last, tuple) else last
        if start <= leaf.start_mark.index < end or leaf.start_mark.index == leaf.end_mark.index:
            return max(start, self._end(leaf))
        return start + len(self._text[start:end].rstrip())  # the last leaf is an alias: its text stands elsewhere
