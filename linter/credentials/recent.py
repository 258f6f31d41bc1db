"""A memory of recent results that is bounded by what they weigh, not by how many they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Recent"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_KEPT = 2  # whatever they weigh: the secrets of a namespace and the node-wide file are asked for in turn


class Recent(Generic[Key, Value]):
    """A pure function that remembers its latest results.

    ``weigh`` tells what a result costs to keep; the oldest go when all together weigh more than ``limit``.  A cache
    that counts results would let a dump of large secrets grow it without bound.
    """

    def __init__(self, make: Callable[[Key], Value], weigh: Callable[[Key, Value], int], *, limit: int) -> None:
        self._make = make
        self._weigh = weigh
        self._limit = limit
        self._weight = 0
        self._kept: dict[Key, tuple[Value, int]] = {}

    def __call__(self, key: Key) -> Value:
        """Return the result for a key, made at most once while it is remembered."""
        known = self._kept.pop(key, None)
        if known is None:
            value = self._make(key)
            known = (value, self._weigh(key, value))
            self._weight += known[1]
        self._kept[key] = known
        while self._weight > self._limit and len(self._kept) > _KEPT:
            self._weight -= self._kept.pop(next(iter(self._kept)))[1]
        return known[0]
