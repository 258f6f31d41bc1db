"""Excerpts for terminals: a gutter, lines cropped around what matters, and a caret line that stays under its text."""

from collections.abc import Iterator
from functools import lru_cache

from linter.model import ExcerptLine
from linter.record import NamedTuple
from reports._visible import cells, narrow, visible


class Drawn(NamedTuple):
    """One line of a drawn excerpt: the gutter, the text, and whether it is a caret line."""

    gutter: str
    text: str
    caret: bool = False


@lru_cache(maxsize=256)
def draw(lines: tuple[ExcerptLine, ...], width: int) -> tuple[Drawn, ...]:
    """Return the lines of an excerpt, each marked one followed by its carets, no line wider than `width` cells.

    Those of payloads come again and again: one stands in many namespaces.
    """
    return tuple(_drawn(lines, width))


def _drawn(lines: tuple[ExcerptLine, ...], width: int) -> Iterator[Drawn]:
    digits = max(2, max((len(str(line.number)) for line in lines), default=0))
    room = max(width - digits - 5, 20)
    for line in lines:
        text, start, end = _windowed(line, room)
        yield Drawn(f"{line.number or '':>{digits}} |", text)
        if line.start > 0:
            yield Drawn(f"{'':>{digits}} |", " " * start + "^" * max(end - start, 1), caret=True)


def _windowed(line: ExcerptLine, room: int) -> tuple[str, int, int]:
    """Return the visible text of a line, cropped to `room`, and the cells between which the caret stands."""
    raw = line.text.rstrip("\r\n")
    if len(raw) > 20 * room:  # a minified document: look only near the mark
        raw, line = _near(raw, line, 10 * room)
    first = max(line.start, 1) - 1
    last = max(line.end - 1, first + 1) if line.start else first
    if len(raw) < room and raw.isprintable() and narrow(raw) and "##" not in raw and "::" not in raw:
        start = min(first, len(raw))  # it is shown as it is: a character takes a cell
        return raw, start, max(min(last, len(raw)), start + 1)
    before, marked, after = (_shown(part) for part in (raw[:first], raw[first:last], raw[last:]))
    start, length = cells(before), max(cells(marked), 1)
    if start + length + cells(after) <= room:
        return before + marked + after, start, start + length
    if start > room // 2:
        before = "…" + _tail(before, min(24, room // 3))
    start = cells(before)
    marked = _head(marked, room - start - 1)
    length = max(cells(marked), 1)
    return _head(before + marked + after, room), start, start + length


def _near(raw: str, line: ExcerptLine, reach: int) -> tuple[str, ExcerptLine]:
    """Cut a very long line to the neighbourhood of its mark, columns moved along."""
    cut = max(line.start - 1 - reach, 0)
    if not line.start:
        return raw[:reach], line
    return raw[cut : cut + 2 * reach], line._replace(start=line.start - cut, end=max(line.end - cut, 0))


def _shown(text: str) -> str:
    return visible(text.replace("\t", " "))


def _head(text: str, room: int) -> str:
    """Return the beginning of `text` that fits into `room` cells, with an ellipsis when something was cut."""
    if cells(text) <= room:
        return text
    if narrow(text):
        return text[: max(room - 1, 0)] + "…"
    kept, used = [], 0
    for char in text:
        used += cells(char)
        if used > room - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def _tail(text: str, room: int) -> str:
    """Return the end of `text` that fits into `room` cells."""
    if narrow(text):
        return text[-room:] if room > 0 else ""
    kept, used = [], 0
    for char in reversed(text):
        used += cells(char)
        if used > room:
            break
        kept.append(char)
    return "".join(reversed(kept))
