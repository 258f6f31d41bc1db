"""One item of a JSON list to data: what nobody reads is cut out of its text, and equal parts are decoded once.

The cut is exact. A quote after a blank, a comma or a brace begins a string or ends one; where it ended one, the text
that is left could not be decoded. So what follows the name and its colon is a value, the decoder tells where it ends,
and a text in which a value stands for another is JSON if, and only if, it was JSON before.
"""

import os
import re
from typing import Any, Final

import msgspec

from linter.documents import simple
from linter.documents.jsontext import BROKEN, TRAILING, check_depth
from linter.documents.kinds import FIELD_WORDS, KINDS
from linter.documents.lists import OPENSHIFT, READ_ALONE, UNREAD

Item = dict[str, msgspec.Raw]
"""The members of an object, not decoded."""

Range = tuple[int, int]

PASSED: Final = object()
"""Stands for an item that cannot matter, or is of a kind that is never read."""
ODD: Final = object()
"""Stands for an item that must be read in another way."""

_WORDS: Final = tuple(word.encode() for word in FIELD_WORDS)
_MANAGED: Final = b'"%b"' % simple.MANAGED.encode()
_LISTED: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*(?=\[)")
_BEFORE: Final = b" \t\r\n,{"
_REMEMBERED: Final = 2 * 2**20
"""So many bytes of parts are remembered: equal ones stand near each other."""
_LONGEST: Final = 2**17
_MEMBERS: Final = msgspec.json.Decoder(Item)
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_ANY: Final = msgspec.json.Decoder()


class Items:
    """Decodes the items of one text, none of which may nest deeper than `depth`.

    Equal parts of them are one object: nobody may change them.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._known: dict[bytes, Any] = {}
        self._size = 0
        # Nobody who writes a text can know what will stand for what was cut out of it.
        self._cut = os.urandom(16).hex()
        self._stand_in = b'"%b"' % self._cut.encode()

    def at(self, data: bytes, start: int, end: int, managed: Range | None, *, typed: bool) -> Any:
        """Return what the text between two offsets holds, `PASSED`, or `ODD` where it is no object or not plain.

        `managed` is where the first managed fields from `start` on stand, as `managed_fields` tells it. `typed` tells
        that its list says of what kind it is.
        """
        try:
            if managed is not None and managed[1] <= end:
                text = b"".join((data[start : managed[0]], self._stand_in, data[managed[1] : end]))
                found = self.read(_MEMBERS.decode(text), typed=typed, managed=data[slice(*managed)])
                if found is not ODD:
                    return found
            return self.read(_MEMBERS.decode(data[start:end]), typed=typed)
        except BROKEN:
            return ODD

    def read(self, members: Item, *, typed: bool, managed: bytes = b"") -> Any:
        """Return what these members hold, as `at` does; `ODD` where `managed`, which was cut out, is not theirs.

        Raise as msgspec does, and `TooDeepError`.
        """
        if not typed and self._passable(members) and not _telling(managed):
            return PASSED
        item: dict[str, Any] = {}
        for key, raw in members.items():
            item[key] = self._metadata(bytes(raw)) if key == "metadata" else self._part(bytes(raw))
        if managed:
            metadata = item.get("metadata")
            if type(metadata) is not dict or metadata.pop(simple.MANAGED, None) != self._cut:
                return ODD
        return item

    def _passable(self, members: Item) -> bool:
        """Tell whether an item cannot matter, or is of a kind that is never read."""
        kind = self._part(bytes(members["kind"])) if "kind" in members else None
        if kind == UNREAD:
            return True
        if not isinstance(kind, str) or kind in READ_ALONE or kind in KINDS or kind.endswith("List"):
            return False
        if "apiVersion" in members and OPENSHIFT.encode() in bytes(members["apiVersion"]):
            return False
        return not any(_telling(key.encode()) or _telling(bytes(raw)) for key, raw in members.items())

    def _metadata(self, text: bytes) -> Any:
        """Return what the metadata hold beside the `managedFields`, which are half of a dump."""
        managed = managed_fields(text, 0, len(text))
        if managed is None:
            found = _ANY.decode(text)
            if type(found) is dict and found.get(simple.MANAGED) != self._cut:
                found.pop(simple.MANAGED, None)
        else:
            parts = _MEMBERS.decode(text)
            parts.pop(simple.MANAGED, None)
            found = {key: _ANY.decode(part) for key, part in parts.items()}
        self._bound(text, found)
        return found

    def _part(self, text: bytes) -> Any:
        """Return what a part means, as it did when its text came before."""
        found = self._known.get(text, ODD)
        if found is not ODD:
            return found
        found = _ANY.decode(text)
        self._bound(text, found)
        if len(text) <= _LONGEST:
            if self._size > _REMEMBERED:
                self._known.clear()
                self._size = 0
            self._known[text] = found
            self._size += len(text)
        return found

    def _bound(self, text: bytes, found: Any) -> None:
        """Raise `TooDeepError` for a part that nests too deep. Nothing nests deeper than it has brackets."""
        most = self._depth - 1  # the item itself is one more
        if len(text) > 2 * most and text.count(b"{") + text.count(b"[") > most:
            check_depth(found, most)


def managed_fields(data: bytes, start: int, end: int) -> Range | None:
    """Return where the first list of managed fields between two offsets begins and ends, None where none is seen."""
    name = data.find(_MANAGED, start, end)
    value = _LISTED.match(data, name + len(_MANAGED), end) if name > start and data[name - 1] in _BEFORE else None
    if value is None:
        return None
    begin = value.end()
    try:
        _RAW.decode(memoryview(data)[begin:end])
    except BROKEN as error:
        # The decoder counts what follows the value, and skips the blanks before it.
        after = TRAILING.search(str(error))
        close = data.rfind(b"]", begin, begin + int(after[1]) - 1) if after else -1
        return (begin, close + 1) if close >= 0 else None
    return None


def _telling(part: bytes) -> bool:
    """Tell whether a word of a field that matters stands in a text, or may stand in it as an escape."""
    if b"\\u" in part:
        return True
    lowered = part.lower()
    return any(word in lowered for word in _WORDS)
