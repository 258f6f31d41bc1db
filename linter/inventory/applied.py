"""What kubectl applied last: of that copy of an object only the words stay that a search would miss without it."""

from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final

from linter.inventory.lately import Identical
from linter.patterns import lazy

WORD: Final = lazy(r"[a-z0-9][-a-z0-9.]*[a-z0-9]|[a-z0-9]")
"""What a name of an object can be in a text, cut at its widest."""

_SAME: Final = 256
"""So many parts are remembered, with what stands in their place in the objects."""
_SMALLEST: Final = 64
_LONGEST: Final = 2**15
"""Bytes of parts that are remembered, at least and at most."""
_SEARCHED: Final = 20
"""So deep a body is looked through for words that need not be kept twice."""
_UNSEARCHED: Final = frozenset({"secretGenerator", "managedFields"})
"""Fields that no search for mentions enters."""


class Applied:
    """Finds the words of texts that kubectl has kept which a search would miss without these texts."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # By field and length of the text, what stands in the object: the text, and the words.
        self._known: Identical[tuple[str, int], tuple[Any, str]] = Identical(_SAME)

    def left_out(self, applied: str, body: dict[str, Any]) -> str:
        """Return the words of such a text, but for most of those that a search finds in the body too.

        They are parted by blanks; one may come several times.
        """
        if "\\" not in applied:
            try:
                # Without escapes the words of the text are those of its keys and values.
                return self._beside(applied, body)
            except (RecursionError, ValueError):
                pass  # not JSON, or numbers that may be written in another way than they are told here
        return _joined(set(WORD.findall(applied)))

    def _beside(self, applied: str, body: dict[str, Any]) -> str:
        """Return the words of what was applied that do not stand at the same place in the body, where a search looks.

        Raise ValueError for what is no JSON, and for numbers that have several forms.
        """
        import msgspec  # noqa: PLC0415 - loaded for JSON only

        found: set[str] = set()
        parts: list[str] = []
        metadata = body.get("metadata")
        for key, raw in msgspec.json.decode(applied, type=dict[str, msgspec.Raw]).items():
            found.update(_words(key))
            if key == "metadata":
                labels = {"labels": metadata.get("labels")} if isinstance(metadata, dict) else None
                found |= _words_beside(msgspec.json.decode(raw), labels)
                continue
            kept = body.get(key) if key != "status" and key not in _UNSEARCHED else None
            size = len(raw)
            if size < _SMALLEST:
                found |= _words_beside(msgspec.json.decode(raw), kept)
                continue
            # To compare a text with one of its length is quicker than to hash it.
            known = self._known.get(kept, (key, size))
            if known is None or known[0] != raw:
                known = raw.copy(), _joined(_words_beside(msgspec.json.decode(raw), kept))
                if size <= _LONGEST:
                    self._known.put(kept, (key, size), known)
            parts.append(known[1])
        return " ".join((_joined(found), *filter(None, parts)))


def _joined(words: set[str]) -> str:
    return " ".join(sorted(words))


def _words_beside(applied: Any, kept: Any) -> set[str]:
    """Return the words of a part of what was applied that do not stand at the same place in a part of the body.

    Raise ValueError where a number may have been written in another way than it is told here.
    """
    found: set[str] = set()
    level: list[tuple[Any, Any]] = [(applied, kept)]
    depth = 1  # it stands in the object
    while level:
        depth += 1
        inner: list[tuple[Any, Any]] = []
        for value, other in level:
            form = type(value)
            if form is str:
                if value != other or len(value) < 3 or depth > _SEARCHED:
                    found.update(WORD.findall(value))
            elif form is dict:
                known = other if type(other) is dict else {}
                for key, child in value.items():
                    found.update(_words(key))
                    inner.append((child, None if key in _UNSEARCHED else known.get(key)))
            elif form is list:
                listed = other[: len(value)] if type(other) is list else ()
                inner.extend(zip_longest(value, listed))
            elif form is float:
                raise ValueError("a number of several forms")
            else:
                found.update(WORD.findall("null" if value is None else str(value).lower()))
        level = inner
    return found


@lru_cache(maxsize=4096)
def _words(key: str) -> tuple[str, ...]:
    return tuple(WORD.findall(key))
