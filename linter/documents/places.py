"""Where things stand in a text that is never held whole: byte offsets, and marks to count lines and columns from."""

from array import array
from bisect import bisect_right
from typing import Final, NamedTuple, Protocol

from linter.model import Route

BETWEEN_MARKS: Final = 2**15
"""So many bytes lie between two marks of what was counted while it was held."""
_MARK_EVERY: Final = 2**19
"""So many bytes lie between two others at most, as far as was counted, and so many are read at once to count on."""

_CONTINUES: Final = bytes(range(0x80, 0xC0))


class Mark(NamedTuple):
    """A byte offset with the line ends before it, and the characters between the last of them and it."""

    offset: int
    lines: int
    column: int


class Value(NamedTuple):
    """One value of JSON, or document of YAML, in byte offsets; of a list, the key of its items and where they stand."""

    start: int
    end: int
    key: str
    starts: "array[int]"
    ends: "array[int]"


class Places(NamedTuple):
    """Where the values of a text stand, and marks to count lines from, the first at its begin.

    `yaml` tells that the values are documents of YAML.
    """

    values: list[Value]
    marks: list[Mark]
    yaml: bool = False


NO_END: Final = 2**63
"""Where a text ends, when that is not known."""


def unread() -> Places:
    """Return the places of a text of which nothing was read: all of it is one value of no form."""
    return Places([Value(0, NO_END, "", array("Q"), array("Q"))], [Mark(0, 0, 0)])


def around(places: Places, document: int, route: Route) -> tuple[tuple[int, int], ...]:
    """Return where the value that a route leads into stands; of a list the item, and what is beside its items."""
    if not 0 <= document < len(places.values):
        return ()
    value = places.values[document]
    if not value.starts:
        return ((value.start, value.end),)
    beside = ((value.start, value.starts[0]), (value.ends[-1], value.end))
    number = route[1] if len(route) > 1 and route[0] == value.key else None
    if isinstance(number, int) and 0 <= number < len(value.starts):
        return ((value.starts[number], value.ends[number]), *beside)
    return beside


def counted(mark: Mark, text: bytes) -> Mark:
    """Return the mark after `text`, which stands at `mark` and cuts no line end in two."""
    if not text:
        return mark
    # To take them out looks for the next one, where `count` (up to Python 3.12) looks at every byte.
    lines = len(text) - len(text.replace(b"\n", b""))
    last = text.rfind(b"\n")
    if b"\r" in text:
        lines += text.count(b"\r") - text.count(b"\r\n")
        last = max(last, text.rfind(b"\r"))
    rest = text[last + 1 :]
    column = len(rest) if rest.isascii() else len(rest.translate(None, _CONTINUES))
    return Mark(mark.offset + len(text), mark.lines + lines, column if last >= 0 else mark.column + column)


class Readable(Protocol):
    """Bytes at offsets."""

    def at(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from `offset`: fewer only at the end."""


def mark_at(raw: Readable, marks: list[Mark], offset: int) -> Mark:
    """Return the mark of an offset, counted from the nearest one before it.

    `marks` get what is counted beyond the last of them: only what is asked about is counted, and all of it once.
    """
    mark = marks[-1]
    beyond = mark.offset <= offset
    if not beyond:
        mark = marks[max(bisect_right(marks, offset, key=lambda one: one.offset) - 1, 0)]
    while mark.offset < offset:
        text = raw.at(mark.offset, min(_MARK_EVERY, offset - mark.offset))
        if not text:
            return mark
        if text.endswith(b"\r") and mark.offset + len(text) < offset:
            text = text[:-1] or text
        mark = counted(mark, text)
        if beyond and mark.offset < offset:
            marks.append(mark)
    return mark
