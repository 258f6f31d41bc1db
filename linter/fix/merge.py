"""Several new texts of one payload put together, where each changes another stretch of it.

A secret of many entries has a fix for each defective one, and each says how the whole payload reads with that one made.
"""

from bisect import bisect_left
from collections.abc import Iterable

from linter.stretches import Change, change


class Changes:
    """Changes of one text that leave each other alone: at least one sign that stays stands between any two."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._made: list[Change] = []

    def fits(self, new: str) -> bool:
        """Whether what `new` changes is apart from all changes so far, or is one of them."""
        return self._fits(change(self._base, new))

    def _fits(self, wanted: Change) -> bool:
        at = bisect_left(self._made, wanted)
        if at < len(self._made) and self._made[at] == wanted:
            return True
        if at and self._made[at - 1].end >= wanted.start:
            return False
        return at == len(self._made) or self._made[at].start > wanted.end

    def add(self, new: str) -> bool:
        """Take in what `new` changes; False, with nothing taken, where it does not fit."""
        wanted = change(self._base, new)
        if not self._fits(wanted):
            return False
        at = bisect_left(self._made, wanted)
        if self._made[at : at + 1] != [wanted]:
            self._made.insert(at, wanted)
        return True

    def text(self) -> str:
        """The text with all changes made."""
        parts, position = [], 0
        for start, end, new in self._made:
            parts += [self._base[position:start], new]
            position = end
        return "".join([*parts, self._base[position:]])


def merged(base: str, texts: Iterable[str]) -> str | None:
    """`base` with what each of `texts` changes in it; None where two of them change the same stretch."""
    changes = Changes(base)
    return changes.text() if all(changes.add(new) for new in texts) else None
