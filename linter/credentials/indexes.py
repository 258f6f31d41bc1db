"""Many registry keys against many images: which keys match an image, and which images a key matches, by host and path.

The answers are those of ``key_matches``, row by row; an index only spares the rows that another host or path rules out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable
from typing import Final, Generic, TypeVar

from linter.credentials.hosts import HostName, HostNames, HostPatterns, is_pattern
from linter.credentials.keyring import is_hub
from linter.credentials.keys import RegistryKey, parse_target

__all__ = ["HUB_FALLBACK", "ImageIndex", "KeyIndex", "SplitIndex", "host_of", "may_match"]

HUB_FALLBACK: Final = "index.docker.io"
"""The key (``RegistryKey.text``) that serves images of Docker Hub which no key matches."""

_LAST: Final = "\U0010ffff"

Row = TypeVar("Row")


class _Paths(Generic[Row]):
    """The rows of keys of one host, by the path they ask for."""

    __slots__ = ("_lengths", "_rows")

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, Row]]] = {}
        self._lengths: tuple[int, ...] = ()

    def add(self, prefix: str, numbered: tuple[int, Row]) -> None:
        self._rows.setdefault(prefix, []).append(numbered)
        self._lengths = ()

    def leading(self, path: str) -> list[tuple[int, Row]]:
        """Return the rows whose path an image's path begins with."""
        if not self._lengths:
            self._lengths = tuple({len(prefix) for prefix in self._rows})
        prefixes = [path[:length] for length in self._lengths if length <= len(path)]
        return [numbered for prefix in prefixes for numbered in self._rows.get(prefix, ())]


class KeyIndex(Generic[Row]):
    """Rows found by the image that their key matches."""

    def __init__(self, rows: Iterable[tuple[RegistryKey, Row]]) -> None:
        self._literal: dict[HostName, _Paths[Row]] = {}
        self._globs: dict[HostName, _Paths[Row]] = {}
        self.fallback: list[Row] = []
        """The rows whose key is that of Docker Hub."""
        for number, (key, row) in enumerate(rows):
            if key.text == HUB_FALLBACK:
                self.fallback.append(row)
            if key.labels:
                kept = self._globs if is_pattern(key.labels) else self._literal
                name = (key.labels, key.port)
                paths = kept.get(name)
                if paths is None:
                    paths = kept[name] = _Paths()
                paths.add(key.prefix, (number, row))
        self._patterns = HostPatterns(self._globs)

    def matching(self, reference: str) -> list[Row]:
        """Return the rows whose key matches a looked-up text (``Lookup.reference``), in the order they came in."""
        target = parse_target(reference)
        if target is None:
            return []
        name = (target.labels, target.port)
        paths = self._literal.get(name)
        found = paths.leading(target.path) if paths is not None else []
        for pattern in self._patterns.matching(name):
            found += self._globs[pattern].leading(target.path)
        found.sort(key=lambda numbered: numbered[0])
        return [row for _, row in found]

    def serving(self, reference: str) -> list[Row]:
        """Return as ``matching``; where nothing matches an image of Docker Hub, the rows under its own key."""
        found = self.matching(reference)
        return self.fallback if not found and self.fallback and is_hub(reference) else found


def host_of(reference: str) -> HostName | None:
    """Return the host of a looked-up text; None where it is no URL, which Docker Hub's own key alone may serve."""
    target = parse_target(reference)
    return None if target is None else (target.labels, target.port)


def may_match(key: RegistryKey, hosts: Container[HostName | None]) -> bool:
    """Whether ``ImageIndex.matched_by`` may find an image of one of these hosts for a key: False only where none can.

    That is quicker to tell than to make an index, where few keys are looked for.
    """
    if key.text == HUB_FALLBACK:
        return True
    return bool(key.labels) and (is_pattern(key.labels) or (key.labels, key.port) in hosts)


class _Hosts(dict[HostName, list[Row]]):
    """What is kept by the host of an image."""

    _names: HostNames | None = None

    def matched_by(self, key: RegistryKey) -> list[HostName]:
        """Return those of the hosts that a key matches; no host comes in once this was asked for a pattern."""
        if not key.labels:
            return []
        name = (key.labels, key.port)
        if not is_pattern(key.labels):
            return [name] if name in self else []
        if self._names is None:
            self._names = HostNames(self)
        return self._names.matched_by(name)


class ImageIndex(Generic[Row]):
    """Rows found by the key that matches their image."""

    def __init__(self, rows: Iterable[tuple[str, Row]]) -> None:
        self._hosts: _Hosts[tuple[str, int, Row]] = _Hosts()
        self._sorted: set[HostName] = set()
        self._hub: list[tuple[int, Row]] = []
        for number, (reference, row) in enumerate(rows):
            if is_hub(reference):
                self._hub.append((number, row))
            target = parse_target(reference)
            if target is not None:
                self._hosts.setdefault((target.labels, target.port), []).append((target.path, number, row))

    def matched_by(self, key: RegistryKey) -> list[Row]:
        """Return the rows whose image the key matches or, as Docker Hub's own key, may serve; in their order."""
        found = [numbered for name in self._hosts.matched_by(key) for numbered in self._below(name, key.prefix)]
        if key.text == HUB_FALLBACK:
            found += self._hub
        return [row for _, row in sorted(dict(found).items())]

    def _below(self, name: HostName, prefix: str) -> list[tuple[int, Row]]:
        rows = self._hosts[name]
        if name not in self._sorted:
            rows.sort(key=lambda row: row[:2])
            self._sorted.add(name)
        first = bisect_left(rows, prefix, key=lambda row: row[0])
        last = bisect_left(rows, prefix + _LAST, lo=first, key=lambda row: row[0])
        return [(number, row) for _, number, row in rows[first:last]]


class SplitIndex(Generic[Row]):
    """Rows found by the key that matches their image, those that pass a test apart from those that do not.

    The test is made of the rows of one host, when first a key is looked for that may match some of them: it may take
    long, and most keys match the images of few hosts.
    """

    def __init__(self, rows: Iterable[tuple[str, Row]], test: Callable[[Row], bool]) -> None:
        self._test = test
        self._hosts: _Hosts[tuple[str, Row]] = _Hosts()
        self._hub: list[tuple[str, Row]] = []
        self._split: dict[HostName | None, tuple[ImageIndex[Row], ImageIndex[Row]]] = {}
        for row in rows:
            if is_hub(row[0]):
                self._hub.append(row)
            target = parse_target(row[0])
            if target is not None:
                self._hosts.setdefault((target.labels, target.port), []).append(row)

    def matched_by(self, key: RegistryKey, *, passing: bool) -> list[Row]:
        """Return what ``ImageIndex.matched_by`` finds among those that pass, or do not; host by host."""
        names: list[HostName | None] = [*self._hosts.matched_by(key)]
        if key.text == HUB_FALLBACK and self._hub:
            names.append(None)
        found = [row for name in names for row in self._halves(name)[passing].matched_by(key)]
        return found if len(names) < 2 else list(dict.fromkeys(found))

    def _halves(self, name: HostName | None) -> tuple[ImageIndex[Row], ImageIndex[Row]]:
        """Return the rows of a host, or those of Docker Hub by whatever name, that fail the test, and that pass it."""
        halves = self._split.get(name)
        if halves is None:
            told = [(row, self._test(row[1])) for row in (self._hub if name is None else self._hosts[name])]
            halves = self._split[name] = (
                ImageIndex(row for row, passes in told if not passes),
                ImageIndex(row for row, passes in told if passes),
            )
        return halves
