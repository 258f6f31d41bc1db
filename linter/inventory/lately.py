"""Memories of what was asked for lately, bounded by how many things they hold."""

from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Lately(Generic[_Key, _Value]):
    """The last of many things by key: at least half of `most`, at most all of them."""

    __slots__ = ("_half", "_new", "_old")

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._new: dict[_Key, _Value] = {}
        self._old: dict[_Key, _Value] = {}

    def get(self, key: _Key) -> _Value | None:
        """Return what was put there, None where that is forgotten."""
        found = self._new.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: _Key, value: _Value) -> _Value:
        """Remember a value and return it."""
        if len(self._new) >= self._half:
            self._old, self._new = self._new, {}
        self._new[key] = value
        return value


class Identical(Generic[_Key, _Value]):
    """What came of a few objects lately, by which object it is: quicker to tell than whether two are equal.

    `_Key` is what must be equal beside. The objects must not change.
    """

    __slots__ = ("_known", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[tuple[int, _Key], tuple[object, _Value]] = {}

    def get(self, one: object, key: _Key) -> _Value | None:
        """Return what was put there for this very object, None where that is forgotten."""
        found = self._known.get((id(one), key))
        return found[1] if found is not None and found[0] is one else None

    def put(self, one: object, key: _Key, value: _Value) -> _Value:
        """Remember a value, and the object with it, and return it."""
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(one), key] = (one, value)
        return value
