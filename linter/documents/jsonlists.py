"""JSON lists read item by item: members are decoded one by one, items that cannot matter not at all."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from linter.documents import simple
from linter.documents.jsontext import check_depth
from linter.documents.kinds import FIELD_WORDS, KINDS
from linter.documents.lists import OPENSHIFT, READ_ALONE, UNREAD, ListData


class _Top(msgspec.Struct):
    """A JSON list, its items not decoded beyond their members."""

    kind: str
    items: list[dict[str, msgspec.Raw]]
    api_version: str = msgspec.field(default="", name="apiVersion")


_WORDS: Final = tuple(word.encode() for word in FIELD_WORDS)

Item = dict[str, msgspec.Raw]
"""The members of an object, not decoded."""


def json_list(text: str, depth: int) -> ListData | None:
    """Read a text that is one JSON list; `None` when it is none, nests deeper than `depth`, or must be read whole."""
    try:
        top = msgspec.json.decode(text, type=_Top)
        if not top.kind.endswith("List"):
            return None
        items: list[Any] = []
        passed: set[int] = set()
        for item in top.items:
            if top.kind == "List" and passable(item):
                passed.add(len(items))
                items.append(None)
            else:
                items.append(decoded(item, depth - 2))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return ListData({"apiVersion": top.api_version, "kind": top.kind, "items": items}, frozenset(passed))


def decoded(members: Item, depth: int) -> dict[str, Any]:
    """Return the data of an item without the `managedFields` of its metadata, which are half of a dump.

    Raise as msgspec does, and `TooDeepError` for data that nests deeper than `depth`.
    """
    item: dict[str, Any] = {}
    brackets = 0
    for key, raw in members.items():
        parts = _members(raw) if key == "metadata" else None
        if parts is None:
            item[key] = msgspec.json.decode(raw)
            brackets += _brackets(raw)
            continue
        parts.pop(simple.MANAGED, None)
        brackets += sum(map(_brackets, parts.values()))
        item[key] = {name: msgspec.json.decode(part) for name, part in parts.items()}
    # Nothing nests deeper than it has brackets.
    if brackets + 2 > depth:  # two more: the item itself and its metadata
        check_depth(item, depth)
    return item


def _members(raw: msgspec.Raw) -> Item | None:
    """Return the members of a value, None when it is no object."""
    try:
        return msgspec.json.decode(raw, type=Item)
    except msgspec.MsgspecError:
        return None


def _brackets(raw: msgspec.Raw) -> int:
    text = bytes(raw)
    return text.count(b"{") + text.count(b"[")


def passable(item: Item) -> bool:
    """Tell whether an item cannot matter, or is of a kind that is never read."""
    kind = msgspec.json.decode(item["kind"]) if "kind" in item else None
    if kind == UNREAD:
        return True
    if not isinstance(kind, str) or kind in READ_ALONE or kind in KINDS or kind.endswith("List"):
        return False
    if "apiVersion" in item and OPENSHIFT.encode() in bytes(item["apiVersion"]):
        return False
    return not any(map(_telling, _parts(item)))


def _telling(part: bytes) -> bool:
    """Tell whether a word of a field that matters stands in a text, or may stand in it as an escape."""
    if b"\\u" in part:
        return True
    lowered = part.lower()
    return any(word in lowered for word in _WORDS)


def _parts(item: Item) -> Iterator[bytes]:
    for key, raw in item.items():
        yield key.encode()
        yield bytes(raw)


def passed_items(text: str, passed: frozenset[int]) -> Iterator[str]:
    """Yield the text of the items that were passed over when the list with this text was read."""
    raw = msgspec.json.decode(text, type=_RawItems).items
    for number in sorted(passed):
        yield bytes(raw[number]).decode()


class _RawItems(msgspec.Struct):
    items: list[msgspec.Raw]
