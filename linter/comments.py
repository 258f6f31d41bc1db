"""`# regcred: ignore[name] reason` in the text of a file: which comments there are, and which lines each speaks of.

Found by text first, because most files hold none; the parser is asked only about documents that do, to tell a comment
from the same words inside a string.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from linter.documents import Positions
from linter.patterns import lazy
from linter.record import NamedTuple

if TYPE_CHECKING:
    from linter.documents.objects import KubeObject
    from linter.documents.window_positions import WindowPositions

MARKER: Final = b"regcred"
"""What every suppression inside a file contains: a file without it is not looked at again."""

ANNOTATION: Final = "regcred/ignore"
"""The annotation of an object that says what is accepted of it."""

_ANY = lazy(rb"regcred(?:/ignore|:[ \t]*ignore)")
_WIDE = lazy(rb"r\0+e\0+g\0+c\0+r\0+e\0+d\0+[/:]")
_COMMENT = lazy(r"(?<![^\s])#[ \t]*regcred:[ \t]*ignore\b[ \t]*(?:\[([^\]\r\n]*)\])?[ \t:]*([^\r\n]*)")
_BLOCK: Final = frozenset({"|", ">"})
_LINE_END = lazy(r"[\r\n\x85\u2028\u2029]")
_ONLY_COMMENT = lazy(r"[ \t]*#")
_OPENS = lazy(r"(?:[:\-?]|[:\-][ \t]+[|>][-+0-9]*)\Z")
"""The end of a line whose value stands on the lines below it."""


class Comment(NamedTuple):
    """One comment: its line (from 1), the line that it stands above (0: none), the names in it, and the reason."""

    line: int
    above: int
    names: tuple[str, ...]
    reason: str


def marked(data: bytes) -> bool:
    """Whether a file's bytes can hold a suppression at all, in UTF-8 or a wider encoding."""
    if data.rfind(MARKER) >= 0:  # from the end: a third of the time
        return _ANY.search(data) is not None
    return b"\0" in data[:4] and _WIDE.search(data) is not None


def annotated(item: "KubeObject") -> bool:
    """Whether an object says itself what is accepted of it."""
    metadata = item.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and ANNOTATION in annotations


def comments(positions: "Positions | WindowPositions") -> list[Comment]:
    """The suppressing comments of a file, in order. JSON has none."""
    if not isinstance(positions, Positions):
        return [one for piece in positions.pieces(_ANY) for one in _of_piece(*piece)]
    from linter.documents.kinds import looks_like_json  # noqa: PLC0415 - only a marked file needs it

    text = positions.text
    if looks_like_json(text) and not text.lstrip().startswith("{{"):  # which opens a template
        return []
    return _found(positions, positions.line_count)


def _of_piece(positions: Positions, lines: int, last: bool) -> list[Comment]:
    """The comments of a piece of a text, with so many lines above it; none but the `last` ends where the text does."""
    count = positions.line_count + (not last)
    return [
        one._replace(line=one.line + lines, above=one.above and one.above + lines) for one in _found(positions, count)
    ]


def _found(positions: Positions, count: int) -> list[Comment]:
    """The comments in a text, or a piece of one: `count` is the number of the last line that can follow one."""
    matches = list(_COMMENT.finditer(positions.text))
    inside = list(_scalars_around(positions.text, [match.start() for match in matches]))
    below: dict[int, int] = {}
    outside = (match for match in reversed(matches) if not _holds(inside, match.start()))
    return [_comment(positions, match, below, count) for match in outside][::-1]


def _holds(ranges: list[tuple[int, int]], offset: int) -> bool:
    """Whether one of `ranges`, in order and apart from each other, holds `offset`."""
    index = bisect_right(ranges, (offset, sys.maxsize)) - 1
    return index >= 0 and offset < ranges[index][1]


def names_of(written: str | None) -> tuple[str, ...]:
    """The names in a comma list."""
    return tuple(word.strip() for word in (written or "").split(",") if word.strip())


def _comment(positions: Positions, match: re.Match[str], below: dict[int, int], count: int) -> Comment:
    line = positions.locate(match.start(), match.start()).line
    before = positions.line_text(line)[: match.start() - (positions.text.rfind("\n", 0, match.start()) + 1)].rstrip()
    above = _next_code(positions, line, below, count) if not before or _OPENS.search(before) else 0
    if not before:
        below[line] = above
    return Comment(line, above, names_of(match[1]), match[2].strip())


def _next_code(positions: Positions, line: int, below: dict[int, int], count: int) -> int:
    """The line below `line` and the comments that follow it without a gap; `below` knows it for comments further on."""
    end = line + 1
    while end not in below and _ONLY_COMMENT.match(positions.line_text(end)):
        end += 1
    return below.get(end, end if end <= count else 0)


def _line_end(text: str, offset: int) -> int:
    """Where the line ends in which `offset` stands."""
    found = _LINE_END.search(text, offset)
    return found.start() if found else len(text)


def _scalars_around(text: str, offsets: list[int]) -> Iterator[tuple[int, int]]:
    """The strings, as character offsets, of every document that holds one of `offsets` (sorted); up to its error."""
    if not offsets:
        return
    from yaml import YAMLError  # noqa: PLC0415 - only a marked file needs the parser
    from yaml.events import ScalarEvent, StreamEndEvent  # noqa: PLC0415 - as above

    from linter.documents.events import open_events  # noqa: PLC0415 - as above
    from linter.documents.split import split  # noqa: PLC0415 - as above

    for chunk in split(text):
        if bisect_left(offsets, chunk.start) == bisect_left(offsets, chunk.end):
            continue
        next_event = open_events(text[chunk.start : chunk.end])
        try:
            while not isinstance(event := next_event(), StreamEndEvent):
                if isinstance(event, ScalarEvent) and event.start_mark is not None and event.end_mark is not None:
                    begin = chunk.start + event.start_mark.index
                    # Behind the sign that opens a block there is room for a comment.
                    yield _line_end(text, begin) if event.style in _BLOCK else begin, chunk.start + event.end_mark.index
        except YAMLError:
            continue  # what follows the error cannot be judged, so no finding there asks for its comments
