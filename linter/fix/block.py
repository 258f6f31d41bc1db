"""Surgery in block style: whole lines come and go, the comments of neighbours stay where they are."""

from collections.abc import Iterator
from functools import lru_cache

from linter.errors import FixError
from linter.fix.flow import Splice
from linter.fix.tree import Node, break_end, column, line_end, line_start, newline_at, skip_space


@lru_cache(maxsize=4)
def starts(text: str, node: Node) -> list[int]:
    """Find where each key, question mark or dash of a block collection stands."""
    if node.kind == "map":
        return [_pair_start(text, key.start) for key, _ in node.pairs]
    found = [node.begin] if node.items else []
    found += [skip_space(text, item.last) for item in node.items[:-1]]
    if any(text[at : at + 1] != "-" for at in found):
        raise FixError("the layout of this list is too unusual to be edited")
    return found


def _pair_start(text: str, key: int) -> int:
    """Where the '?' before a key stands, or the key itself where none does."""
    position = key
    while text[position - 1 : position] in (" ", "\t"):
        position -= 1
    return position - 1 if text[position - 1 : position] == "?" else key


def content_end(text: str, position: int) -> int:
    """Return the end of the last content before `position`: a block scalar's mark stands below its blank lines."""
    while position > 0 and text[position - 1] in " \t\r\n\x85\u2028\u2029":
        position -= 1
    return position


def after_colon(text: str, key: Node) -> int:
    """Return the position behind the colon of a key, which stands on a line of its own where the key has a '?'."""
    position = skip_space(text, key.end)
    if text[position : position + 1] != ":":
        raise FixError("a key written with '?' is too unusual to be edited")
    return position + 1


def insert_below(text: str, node: Node, lines: list[str], newline: str) -> Iterator[list[Splice]]:
    """Propose ways to add lines after the last one of a block collection, the plainest first."""
    end = node.last
    stop = line_end(text, content_end(text, end) if column(text, end) == 0 else end)
    body = newline.join(lines)
    yield [(stop, stop, newline_at(text, stop, newline) + body)]
    if column(text, end) == 0 and end > stop:
        yield [(end, end, body + newline)]
    if node.leaf.style in ("|", ">") and end == len(text):
        # A block scalar that ends with the text has no final line break in its value: with one, only "-" keeps it out.
        begin = node.leaf.begin
        marks = begin + 1
        while text[marks : marks + 1] in ("+", "-", *"123456789"):
            marks += 1
        head = text[begin:marks].replace("+", "").replace("-", "") + "-"
        yield [(begin, marks, head), (end, end, newline + body)]
    first = starts(text, node)[0]
    margin = " " * column(text, first)
    yield [(first, first, body.lstrip(" ") + newline + margin)]


def remove(text: str, node: Node, at: int, opening: int | None) -> Iterator[list[Splice]]:
    """Propose ways to take one pair or item out; `opening` is where `[]` goes when it was the last."""
    found = starts(text, node)
    last = node.pairs[at][1].last if node.kind == "map" else node.items[at].last
    if node.kind == "map":
        last = max(last, after_colon(text, node.pairs[at][0]))
    start = found[at]
    own = line_start(text, start)
    empty = "{}" if node.kind == "map" else "[]"
    alone = len(found) == 1
    if text[own:start].strip():
        yield from _remove_inline(text, found, at, last, empty)
        return
    here = [(opening, opening, " " + empty)] if alone and opening is not None else []
    if alone and opening is None:
        yield [(start, _line_tail(text, last), empty)]
        return
    for lines in _own_lines(text, own, last):
        yield [*here, lines]


def _own_lines(text: str, own: int, last: int) -> Iterator[Splice]:
    """Propose whole lines to remove, line break included; at the end of the text the break before them."""
    ends_line = column(text, last) == 0
    stop = line_end(text, content_end(text, last)) if ends_line and last > own else line_end(text, last)
    if stop == len(text) and own > 0:
        before = own - 2 if text[own - 2 : own] == "\r\n" else own - 1
        yield (before, stop, "")
    yield (own, break_end(text, stop), "")
    if ends_line and last > own:
        yield (own, last, "")


def _remove_inline(text: str, found: list[int], at: int, last: int, empty: str) -> Iterator[list[Splice]]:
    """Propose how to remove a pair or item that shares its line with the dash of its parent: `- name: x`."""
    start = found[at]
    end = _line_tail(text, last)
    if len(found) == 1:
        yield [(start, end, empty)]
        return
    following = found[at + 1] if at + 1 < len(found) else end
    if not _comment_between(text, end, following):
        yield [(start, following, "")]
    stop = line_end(text, last)
    before = content_end(text, start)
    yield [(before, stop, "")]
    yield [(start, end, "")]


def _line_tail(text: str, last: int) -> int:
    return content_end(text, last) if column(text, last) == 0 else last


def _comment_between(text: str, end: int, following: int) -> bool:
    """Tell whether a comment stands between, below the line of `end` itself."""
    return "#" in text[line_end(text, end) : following]
