"""Patterns of hosts against the hosts of images, without asking each of each.

What matches a pattern has each of the pattern's labels that is no glob, at its place. So a pattern is kept, and looked
for, under the one of them that fewest share. The answers are those of ``host_matches``, pair by pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from linter.credentials.urls import GLOB, glob_match

__all__ = ["HostName", "HostNames", "HostPatterns", "host_matches", "is_pattern"]

HostName = tuple[tuple[str, ...], str]
"""The labels of a host, and its port."""

_Need = tuple[int, str, int, str]
"""So many labels and this port, and at a place (-1: at none) this label."""


def is_pattern(labels: Iterable[str]) -> bool:
    """Whether a label of a registry key's host is a shell glob."""
    return not all(map(GLOB.isdisjoint, labels))


def host_matches(pattern: HostName, name: HostName) -> bool:
    """The part of ``key_matches`` that looks at the host: the same port, and as many labels, each matched by a glob.

    A key that was dropped or cannot match has no labels.
    """
    labels, port = pattern
    if not labels or port != name[1] or len(labels) != len(name[0]):
        return False
    return all(map(glob_match, labels, name[0]))


class HostPatterns:
    """Patterns found by a host that they match."""

    def __init__(self, patterns: Iterable[HostName]) -> None:
        self._under: dict[_Need, list[HostName]] = {}
        needs = {pattern: tuple(_needs(pattern)) for pattern in patterns}
        if not needs:  # as in most lists of keys
            return
        shared = Counter(need for each in needs.values() for need in each)
        for pattern, each in needs.items():
            self._under.setdefault(min(each, key=shared.__getitem__), []).append(pattern)

    def matching(self, name: HostName) -> list[HostName]:
        """Return each pattern that matches a host, once."""
        if not self._under:
            return []
        asked = (pattern for met in _met(name) for pattern in self._under.get(met, ()))
        return [pattern for pattern in asked if host_matches(pattern, name)]


class HostNames:
    """Hosts found by a pattern that matches them."""

    def __init__(self, names: Iterable[HostName]) -> None:
        self._under: dict[_Need, list[HostName]] = {}
        for name in dict.fromkeys(names):
            for met in _met(name):
                self._under.setdefault(met, []).append(name)

    def matched_by(self, pattern: HostName) -> list[HostName]:
        """Return each host that a pattern matches, once, in the order they came in."""
        fewest = min((self._under.get(need, []) for need in _needs(pattern)), key=len)
        return [name for name in fewest if host_matches(pattern, name)]


def _needs(pattern: HostName) -> Iterator[_Need]:
    """What a host has that a pattern matches: each is enough to look it up by."""
    labels, port = pattern
    for at, label in enumerate(labels):
        if GLOB.isdisjoint(label):
            yield len(labels), port, at, label
    yield len(labels), port, -1, ""


def _met(name: HostName) -> Iterator[_Need]:
    """Every need that a host meets."""
    labels, port = name
    for at, label in enumerate(labels):
        yield len(labels), port, at, label
    yield len(labels), port, -1, ""
