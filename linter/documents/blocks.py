"""Equal parts of machine-written YAML are read once: a text is cut at the keys and items of its outer collections.

Replicas of a template, old revisions and second copies of an object repeat most of their text. A line that begins at
the column of a collection begins its next key or item, whatever stands before it: a block scalar is indented deeper,
and a reader that refuses texts in which a quote or bracket can be open at a line's end refuses the part before as well.
So a collection is what its parts are, each read alone, and a part whose text came before means what it meant then.
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, Final

from linter.documents.scalars import MAYBE, key_text, resolve

REFUSED: Final = object()
"""What a reader returns for a text that is not of its forms."""

Lines = Callable[[str, int], Any]
"""Reads the lines of one collection, which may nest less deep than the number says, or returns `REFUSED`."""

_WORTH: Final = 160
"""Characters from which on it pays to look whether a part came before."""
_LARGE: Final = 480
"""Characters from which on it pays to cut a part that did not."""
_MOST: Final = 2_000_000
"""Characters of parts that are remembered, and as many of those before them: about 40 MB with what they mean."""
_DEEPEST: Final = 32
"""The column from which on nothing is cut: text nests without end, and most repeats are found further out."""
_OWN: Final = "metadata:"
"""A key whose part is an object's own: neither worth remembering nor to be cut for parts that are."""
_TRIES: Final = 16
"""So often in a row little of what stands under a key may have come before; then it is cut once in so many times."""
_LITTLE: Final = 3
"""Less than one character in so many is little: to cut the rest takes longer than is saved."""
_MOST_HEADS: Final = 10_000
_ITEM: Final = re.compile(r" *- (?=[A-Za-z0-9_./$][!-~]{0,1000}:[ \n])")
_KEYED: Final = re.compile(r" *([A-Za-z0-9_./$][!-~]{0,1000}):\n( *)(?:(?=(- ))|(?=[A-Za-z0-9_./$]))")
_KEY: Final = re.compile(r" *(?=[A-Za-z0-9_./$][!-~]{0,1000}:[ \n])")


class _Memory:
    """What parts mean, by depth and text; the part that was not asked for longest is forgotten first, roughly."""

    __slots__ = ("_new", "_old", "_size", "found")

    def __init__(self) -> None:
        self._new: dict[tuple[str, int], Any] = {}
        self._old: dict[tuple[str, int], Any] = {}
        self._size = 0
        self.found = 0
        """How many characters were, in all that was asked for."""

    def get(self, key: tuple[str, int]) -> Any:
        found = self._new.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is None:
                return None
            self.put(key, found)
        self.found += len(key[0])
        return found

    def put(self, key: tuple[str, int], value: Any) -> None:
        self._size += len(key[0])
        if self._size > _MOST:
            self._old, self._new, self._size = self._new, {}, len(key[0])
        self._new[key] = value


_memory: Final = _Memory()
_fruitless: Final[dict[str, int]] = {}
"""How often in a row little of what stands under a key came before, by the head of its line: cutting costs time."""


def read(text: str, depth: int, lines: Lines) -> Any:
    """Return what `lines` makes of a text; equal parts of it and of texts before it are one object, not to be changed.

    The outermost collection is an object of its own.
    """
    if len(text) >= _LARGE:
        item = _ITEM.match(text)
        if item is not None and cut(item.end() - 2, "- ").search(text) is None:
            return _within(text, item.end() - 2, depth, lines)
        key = _KEY.match(text)
        if key is not None and key.end() <= _DEEPEST:
            return _collection(text, key.end(), depth, lines)
    return lines(text, depth)


@cache
def cut(column: int, sign: str) -> re.Pattern[str]:
    """What stands before the next part of a collection at this column, with the `sign` that begins its line."""
    return re.compile(rf"\n{' ' * column}{sign}")


def _collection(text: str, column: int, depth: int, lines: Lines) -> Any:
    """Return a collection whose first line begins at `column`, part by part; a run of small parts is read as one."""
    items = text.startswith("- ", column)
    whole: Any = [] if items else {}
    add = whole.extend if items else whole.update
    run = 0
    cuts = [match.start() + 1 for match in cut(column, "- " if items else r"[^ \n#-]").finditer(text)]
    for start, end in pairwise((0, *cuts, len(text))):
        large = end - start >= _WORTH
        if not large and end < len(text):
            continue
        if run < start or not large:
            found = _known(text[run : start if large else end], column, depth, lines, inner=False)
            if found is REFUSED:
                return REFUSED
            add(found)
        if large:
            found = _known(text[start:end], column, depth, lines, inner=end - start >= _LARGE)
            if found is REFUSED:
                return REFUSED
            add(found)
        run = end
    return whole


def _known(text: str, column: int, depth: int, lines: Lines, *, inner: bool) -> Any:
    """Return what some parts of a collection mean, as they did before if they came before; `inner`: of a large one."""
    if len(text) < _WORTH or text.startswith(_OWN, column):
        return lines(text, depth)
    key = (text, depth)
    found = _memory.get(key)
    if found is None:
        found = _parted(text, column, depth, lines) if inner else lines(text, depth)
        if found is not REFUSED:
            _memory.put(key, found)
    return found


def _parted(text: str, column: int, depth: int, lines: Lines) -> Any:
    """Return what `_within` does, but read it in one where such parts have little in common with what came before."""
    head = text[: text.find(":")]
    tried = _fruitless.get(head, 0)
    found_before = _memory.found
    cutting = tried < _TRIES or tried % _TRIES == 0
    found = _within(text, column, depth, lines) if cutting else lines(text, depth)
    if tried or len(_fruitless) < _MOST_HEADS:
        little = (_memory.found - found_before) * _LITTLE < len(text)
        _fruitless[head] = tried + 1 if little else 0
    return found


def _within(text: str, column: int, depth: int, lines: Lines) -> Any:
    """Return what one key with its value, or one item, means: as a collection of one, its own parts looked for."""
    if column > _DEEPEST:
        return lines(text, depth)
    if text.startswith("- ", column):
        if _ITEM.match(text) is None:
            return lines(text, depth)
        found = _collection(" " * (column + 2) + text[column + 2 :], column + 2, depth - 1, lines)
        return found if found is REFUSED else [found]
    keyed = _KEYED.match(text)
    if keyed is None or len(keyed[2]) < column or (len(keyed[2]) == column and not keyed[3]):
        return lines(text, depth)
    found = _collection(text[keyed.start(2) :], len(keyed[2]), depth - 1, lines)
    return found if found is REFUSED else {key_of(keyed[1]): found}


keys: Final[dict[str, str]] = {}
"""What plain keys mean as text; remembered, because dumps repeat few keys very often."""
_MOST_KEYS: Final = 50_000


def key_of(name: str) -> str:
    """Return what a plain key means as text."""
    meaning = key_text(resolve(name)) if name[0] in MAYBE else name
    if len(keys) < _MOST_KEYS:
        keys[name] = meaning
    return meaning
