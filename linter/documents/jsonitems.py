"""One item of a JSON list to data: what nobody reads is never decoded, and equal parts are decoded once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from linter.documents import simple
from linter.documents.jsontext import check_depth
from linter.documents.kinds import FIELD_WORDS, KINDS
from linter.documents.lists import OPENSHIFT, READ_ALONE, UNREAD

Members = dict[str, msgspec.Raw]
"""The members of an object, not decoded."""
Item = Mapping[str, msgspec.Raw | Members]
"""The members of an item; those of its metadata may be told apart already."""

PASSED: Final = object()
"""Stands for an item that cannot matter, or is of a kind that is never read."""

_WORDS: Final = tuple(word.encode() for word in FIELD_WORDS)
_MANAGED: Final = simple.MANAGED.encode()
_REMEMBERED: Final = 2 * 2**20
"""So many bytes of parts are remembered: equal ones stand near each other."""
_LONGEST: Final = 2**17
_UNKNOWN: Final = object()
_MEMBERS: Final = msgspec.json.Decoder(Members)
_ANY: Final = msgspec.json.Decoder()


class Items:
    """Decodes the items of one text, none of which may nest deeper than `depth`.

    Equal parts of them are one object: nobody may change them.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._known: dict[bytes, Any] = {}
        self._size = 0

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
        if "apiVersion" in members and OPENSHIFT.encode() in b"".join(_texts(members["apiVersion"])):
            return False
        return not any(map(_telling, _texts(members)))

    def _metadata(self, members: msgspec.Raw | Members) -> Any:
        """Return what the metadata hold beside the `managedFields`, which are half of a dump."""
        if not isinstance(members, dict):
            text = bytes(members)
            if _MANAGED not in text or not text.startswith(b"{"):
                found = self._bound(text, _ANY.decode(text), 1)
                if type(found) is dict:
                    found.pop(simple.MANAGED, None)
                return found
            members = _MEMBERS.decode(text)
        flat = 2 * (self._depth - 2)
        return {
            key: _ANY.decode(raw) if len(raw) <= flat else self._bound(bytes(raw), _ANY.decode(raw), 2)
            for key, raw in members.items()
            if key != simple.MANAGED
        }

    def _part(self, raw: Any) -> Any:
        """Return what a part means, as it did when its text came before."""
        text = bytes(raw)
        found = self._known.get(text, _UNKNOWN)
        if found is not _UNKNOWN:
            return found
        found = self._bound(text, _ANY.decode(text), 1)
        if len(text) <= _LONGEST:
            if self._size > _REMEMBERED:
                self._known.clear()
                self._size = 0
            self._known[text] = found
            self._size += len(text)
        return found

    def _bound(self, text: bytes, found: Any, inside: int) -> Any:
        """Return what was found `inside` so many others. Raise `TooDeepError` where that nests too deep.

        Nothing nests deeper than it has brackets.
        """
        most = self._depth - inside
        if len(text) > 2 * most and text.count(b"{") + text.count(b"[") > most:
            check_depth(found, most)
        return found


def _texts(value: msgspec.Raw | Item) -> Iterator[bytes]:
    """Yield the names and the values of what may be members, as they are written."""
    if isinstance(value, msgspec.Raw):
        yield bytes(value)
        return
    for key, inner in value.items():
        yield key.encode()
        yield from _texts(inner)


def _telling(part: bytes) -> bool:
    """Tell whether a word of a field that matters stands in a text, or may stand in it as an escape."""
    if b"\\u" in part:
        return True
    lowered = part.lower()
    return any(word in lowered for word in _WORDS)
