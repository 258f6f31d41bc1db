"""Where routes stand in the YAML that machines write: found by columns, without composing a document.

Only for a text that `linter.documents.simple` reads. In such a text each key of a mapping begins a line at the
mapping's column, or follows a dash; whatever else begins a line between two keys stands deeper, or is an item at the
same column. So the keys on the way to a place are found by searching for lines, and all else is passed over unread.
"""

import re
from typing import Final

from linter.documents import simple
from linter.documents.blocks import cut
from linter.documents.scalars import resolve
from linter.model import Route
from linter.record import NamedTuple

_KEY: Final = re.compile(r"([A-Za-z0-9_./$][!-~]{0,1000}):(?: (?=[^ \n])|(?=\n|\Z))")
_ODD_KEYS: Final = frozenset({"inf", "-inf", "nan"})
"""Text of keys that are spelled in another way: what numbers without a value in JSON become."""
_COMMENT: Final = re.compile(r"(?:\A|\n) *#")
_SPACES: Final = re.compile(r"[ \n]*")


class Found(NamedTuple):
    """Offsets of a value, and of its key: 0 and 0 where it has none."""

    key: int
    key_end: int
    start: int
    end: int

    def span(self, part: str) -> tuple[int, int] | None:
        """Return start and end of the `key` or the `value`."""
        if part != "key":
            return self.start, self.end
        return (self.key, self.key_end) if self.key_end else None


class _Way(NamedTuple):
    """How far a route was followed: the place that it leads to, its lines, and where items below it begin, so far."""

    at: int
    end: int
    key: int
    key_end: int
    items: list[int]


class SimpleText:
    """One document, or the lines of one item of a list that begin with its dash, as a part of a text.

    What was found on the way to one place is remembered for the next.
    """

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        first = _first(text, text.find("\n") if text.startswith("---") else 0)
        self._ways: dict[Route, _Way | None] = {(): _Way(first, len(text), 0, 0, [first])}

    def find(self, route: Route) -> Found | None:
        """Return where the end of a route stands, `None` when there is no such place. Raise `LookupError` in doubt."""
        way = self._way(route)
        if way is None:
            return None
        base, key, key_end = self._start, way.key, way.key_end
        end = way.at + len(self._text[way.at : way.end].rstrip())
        return Found(key and key + base, key_end and key_end + base, way.at + base, end + base)

    def _way(self, route: Route) -> _Way | None:
        """Follow a route, from the furthest place on it that is known."""
        known = len(route)
        while route[:known] not in self._ways:
            known -= 1
        way = self._ways[route[:known]]
        for number in range(known, len(route)):
            way = way and self._step(way, route[number])
            self._ways[route[: number + 1]] = way
        return way

    def _step(self, way: _Way, step: str | int) -> _Way | None:
        """Go on by one step. Raise `LookupError` in doubt."""
        text = self._text
        column = way.at - text.rfind("\n", 0, way.at) - 1
        if isinstance(step, int):
            item = _item(text, way, column, step)
            return item and _Way(*item, 0, 0, [item[0]])
        member = _member(text, way.at, way.end, column, step)
        if member is None:
            return None
        key, key_end, at, end = member
        return _Way(at, end, key, key_end, [at])


def open_simple(text: str, start: int, column: int, depth: int) -> SimpleText | None:
    """Return what finds places in `text`, which begins at offset `start` of a larger one; `None` for other forms.

    `column` is that of an object's keys in it, `depth` how deep it may nest.
    """
    if "|+" in text or ("#" in text and _COMMENT.search(text)):
        return None  # comments and blank lines at the end belong to a value or do not: the parser knows
    if simple.read(simple.without_managed(text, column), depth) is simple.REFUSED:
        return None
    return SimpleText(text, start)


def _first(text: str, start: int) -> int:
    """Return where the first sign from `start` on stands."""
    found = _SPACES.match(text, start)
    return found.end() if found else start


def _item(text: str, way: _Way, column: int, number: int) -> tuple[int, int] | None:
    """Return the start of a sequence's item and where its lines end."""
    if number < 0 or not text.startswith("- ", way.at):
        return None
    line, found = "\n" + " " * column + "- ", way.items
    while len(found) <= number + 1 and (after := text.find(line, found[-1], way.end)) >= 0:
        found.append(after + 1 + column)
    if number >= len(found):
        return None
    return found[number] + 2, found[number + 1] - 1 - column if number + 1 < len(found) else way.end


def _member(text: str, at: int, end: int, column: int, step: str) -> tuple[int, int, int, int] | None:
    """Return start and end of the last key `step` of a mapping, the start of its value, and where its lines end."""
    if not isinstance(resolve(step), str) or step in _ODD_KEYS:
        raise LookupError  # other keys can be spelled in several ways
    if _KEY.match(text, at) is None:
        return None
    line = "\n" + " " * column + step + ":"
    before = end
    while (key := text.rfind(line, at, before)) >= 0:
        before = key + len(line) - 1
        if text[key + len(line) : key + len(line) + 1] in ("", " ", "\n"):
            key += 1 + column
            break
    else:
        key = at
        if not text.startswith(step + ":", at) or text[at + len(step) + 1 : at + len(step) + 2] not in ("", " ", "\n"):
            return None
    key_end = key + len(step)
    following = cut(column, r"[^ \n-]").search(text, key_end, end)
    after = following.start() if following else end
    value = _first(text, key_end + 1)
    if value >= after:
        raise LookupError  # no value: the parser knows where it would stand
    return key, key_end, value, after


