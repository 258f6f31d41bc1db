"""One item of a JSON list to data: what nobody reads is never decoded, and equal parts are decoded once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from linter.documents import simple
from linter.documents.jsontext import check_depth
from linter.documents.kinds import FIELD_WORDS, KINDS, may_make_secrets
from linter.documents.lists import OPENSHIFT, READ_ALONE, UNREAD

Members = dict[str, msgspec.Raw]
"""The members of an object, not decoded."""
Item = Mapping[str, msgspec.Raw | Members]
"""The members of an item; those of its metadata may be told apart already."""

_UNKNOWN: Final = object()
PASSED: Final = object()
"""Stands for an item that cannot matter, or is of a kind that is never read."""

_WORDS: Final = tuple(word.encode() for word in FIELD_WORDS)
_OPENSHIFT: Final = OPENSHIFT.encode()
_MANAGED: Final = simple.MANAGED.encode()
_REMEMBERED: Final = 4 * 2**20
"""So many bytes of parts are remembered, and those before them: equal ones stand near each other."""
_LONGEST: Final = 2**17
_BESIDE: Final = 300
"""So many bytes a part takes beside its text."""
_HASHED: Final = 500
"""Bytes up to which a part is looked for by its text, beyond by its length."""
_ALIKE: Final = 16
"""So many long parts of one length are remembered."""
_CONTAINERS: Final = frozenset({dict, list})
_MEMBERS: Final = msgspec.json.Decoder(Members)
_ANY: Final = msgspec.json.Decoder()


class _Parts:
    """What parts of equal text mean: those that came or came again lately. None may nest deeper than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._short: dict[bytes, Any] = {}
        self._long: dict[int, list[tuple[msgspec.Raw, Any]]] = {}
        self._before: tuple[dict[bytes, Any], dict[int, list[tuple[msgspec.Raw, Any]]]] = {}, {}
        self._size = 0

    def meaning(self, raw: Any) -> Any:
        """Return what a part means. Raise as msgspec does, and `TooDeepError`."""
        size = len(raw)
        if size > _HASHED:
            return self._of_long(raw, size)
        text = bytes(raw)
        found = self._short.get(text, _UNKNOWN)
        if found is _UNKNOWN:
            found = self._before[0].get(text, _UNKNOWN)
            if found is _UNKNOWN:
                found = _decoded(raw, self._most)
            self._short[text] = found
            self._add(size)
        return found

    def _of_long(self, raw: Any, size: int) -> Any:
        # To compare a long text with those of its length is quicker than to hash it.
        alike = self._long.get(size)
        if alike is None:
            alike = self._long[size] = self._before[1].get(size, [])
            for text, _ in alike:
                self._add(len(text))
        for text, found in alike:
            if text == raw:
                return found
        found = _decoded(raw, self._most)
        if size <= _LONGEST:
            alike.append((raw.copy(), found))
            del alike[:-_ALIKE]
            self._add(size)
        return found

    def _add(self, size: int) -> None:
        self._size += size + _BESIDE
        if self._size > _REMEMBERED:
            self._before, self._short, self._long, self._size = (self._short, self._long), {}, {}, 0


class Items:
    """Decodes the items of one text, none of which may nest deeper than `depth`.

    Equal parts of them are one object: nobody may change them.
    """

    def __init__(self, depth: int) -> None:
        self._most = depth - 1  # the item itself is one more
        self._part = _Parts(self._most).meaning

    def read(self, members: Item, *, typed: bool) -> Any:
        """Return what these members hold, or `PASSED`. `typed` tells that their list says of what kind it is.

        Raise as msgspec does, and `TooDeepError`.
        """
        if not typed and self._passable(members):
            return PASSED
        return {key: self._metadata(raw) if key == "metadata" else self._part(raw) for key, raw in members.items()}

    def _passable(self, members: Item) -> bool:
        """Tell whether an item cannot matter, or is of a kind that is never read."""
        kind = self._part(members["kind"]) if "kind" in members else None
        if kind == UNREAD:
            return True
        if not isinstance(kind, str) or kind in READ_ALONE or kind in KINDS or kind.endswith("List"):
            return False
        if may_make_secrets(kind):
            return False
        version = members.get("apiVersion")
        if isinstance(version, msgspec.Raw) and _OPENSHIFT in bytes(version):
            return False
        return not _telling(b"\n".join(_texts(members)))

    def _metadata(self, members: msgspec.Raw | Members) -> Any:
        """Return what the metadata hold beside the `managedFields`, which are half of a dump."""
        if not isinstance(members, dict):
            text = bytes(members)
            if _MANAGED not in text or not text.startswith(b"{"):
                found = _decoded(members, self._most)
                if type(found) is dict:
                    found.pop(simple.MANAGED, None)
                return found
            members = _MEMBERS.decode(text)
        fields = {}
        most = self._most - 1
        for key, raw in members.items():
            if key != simple.MANAGED:
                found = fields[key] = _ANY.decode(raw)
                if len(raw) > 2 * most:
                    _bound(raw, found, most)
        return fields


def _decoded(raw: msgspec.Raw, most: int) -> Any:
    """Return what a part means. Raise as msgspec does, and `TooDeepError` where it nests deeper than `most`."""
    found = _ANY.decode(raw)
    _bound(raw, found, most)
    return found


def _bound(raw: msgspec.Raw, found: Any, most: int) -> None:
    """Raise `TooDeepError` for a part that nests deeper than `most`. Nothing nests deeper than it has brackets."""
    if len(raw) <= 2 * most:
        return
    inner = found.values() if type(found) is dict else found if type(found) is list else ()
    if most < 1 or not _CONTAINERS.isdisjoint(map(type, inner)):
        text = bytes(raw)
        if text.count(b"{") + text.count(b"[") > most:
            check_depth(found, most)


def _texts(members: Item) -> Iterator[bytes | msgspec.Raw]:
    """Yield the names and the values of members, as they are written."""
    for key, value in members.items():
        yield key.encode()
        if isinstance(value, dict):
            yield from _texts(value)
        else:
            yield value


def _telling(part: bytes) -> bool:
    """Tell whether a word of a field that matters stands in a text, or may stand in it as an escape."""
    lowered = part.lower()
    return any(word in lowered for word in _WORDS) or b"\\u" in part
