"""A name that no Secret has: what it may have been meant to be. Guesses, and told as such."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import cached_property
from typing import Final, NamedTuple

from linter.inventory.inventory import Inventory
from linter.resolve.letters import Letters

_HASH: Final = re.compile(r"-[bcdfghkmt2456789]{10}$")
"""What kustomize appends to generated names."""
_ALIKE: Final = 0.7


class Whereabouts(NamedTuple):
    """Where a missing name leads: the nearest name of the namespace (""), and other namespaces that hold the name."""

    nearest: str = ""
    elsewhere: tuple[str, ...] = ()


class Nearest:
    """The names of the Secrets of one scan, and which of them is nearest to one that no Secret has."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._made: dict[str, _Names] = {}

    @cached_property
    def _in(self) -> dict[str, list[str]]:
        table: dict[str, list[str]] = {}
        for name, spaces in self._inventory.secret_names.items():
            for space in spaces:
                table.setdefault(space, []).append(name)
        return table

    def _names(self, namespace: str) -> Iterator["_Names"]:
        """The names that can be in `namespace`: its own, and those that no namespace is told of."""
        for space in (namespace, "") if namespace else ("*",):
            if space not in self._made:
                names = self._inventory.secret_names if space == "*" else self._in.get(space, ())
                self._made[space] = _Names(names)
            yield self._made[space]

    def to(self, namespace: str, name: str) -> str:
        """Return the nearest name of a namespace, "" when none is near."""
        names = list(self._names(namespace))
        extended = [found for one in names if (found := one.extending(_HASH.sub("", name))) is not None]
        if extended:
            return min(extended)
        return max(one.closest(name) for one in names)[1]


class _Names:
    """Some names, found by their beginning, their end, and by how much of another name is in them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._extending: dict[str, str | None] = {}
        self._closest: dict[str, tuple[float, str]] = {}

    @cached_property
    def _forward(self) -> list[tuple[str, str]]:
        """The names without their hash, each with the name itself."""
        return sorted((_HASH.sub("", name), name) for name in self._names)

    @cached_property
    def _backward(self) -> list[tuple[str, str]]:
        return sorted((stem[::-1], name) for stem, name in self._forward)

    def extending(self, bare: str) -> str | None:
        """Return the first name that is `bare`, or has words before or after it."""
        if bare not in self._extending:
            found = (
                *_beginning(self._forward, bare, exactly=True),
                *_beginning(self._forward, f"{bare}-"),
                *_beginning(self._backward, f"-{bare}"[::-1]),
            )
            self._extending[bare] = min(found, default=None)
        return self._extending[bare]

    @cached_property
    def _letters(self) -> Letters:
        return Letters(self._names)

    def closest(self, wanted: str) -> tuple[float, str]:
        """Return how close the name is that `difflib.get_close_matches` takes for the closest (0: none is), and it."""
        if wanted not in self._closest:
            self._closest[wanted] = self._look(wanted)
        return self._closest[wanted]

    def _look(self, wanted: str) -> tuple[float, str]:
        best = 0.0, ""
        matcher = SequenceMatcher(None, "", wanted)
        for bound, name in self._bounds(wanted):
            if bound < best[0]:
                break
            matcher.set_seq1(name)
            ratio = matcher.ratio()
            if ratio >= _ALIKE:
                best = max(best, (ratio, name))
        return best

    def _bounds(self, wanted: str) -> list[tuple[float, str]]:
        """Each name that may be close with the most that its ratio can be, the highest first."""
        rows = zip(self._letters.common(wanted), self._names, strict=True)
        found = ((2.0 * common / (length + len(wanted) or 1), name) for (common, length), name in rows)
        return sorted((row for row in found if row[0] >= _ALIKE), reverse=True)


def _beginning(rows: list[tuple[str, str]], start: str, *, exactly: bool = False) -> Iterator[str]:
    """The names of the rows whose text begins with `start`, or is it."""
    for at in range(bisect_left(rows, (start, "")), len(rows)):
        text, name = rows[at]
        if not (text == start if exactly else text.startswith(start)):
            return
        yield name


def whereabouts(inventory: Inventory, namespace: str, name: str) -> Whereabouts:
    """Look for a missing name among the secrets of the scan."""
    spaces = inventory.secret_names.get(name, ())
    elsewhere = tuple(sorted(space for space in spaces if space and space != namespace))
    return Whereabouts(inventory.once(Nearest).to(namespace, name), elsewhere)
