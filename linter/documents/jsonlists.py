"""JSON lists read item by item: members are decoded one by one, items that cannot matter not at all."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from linter.documents import simple
from linter.documents.kinds import FIELD_WORDS, KINDS
from linter.documents.lists import OPENSHIFT, READ_ALONE, UNREAD, ListData, without_managed


class _Top(msgspec.Struct):
    """A JSON list, its items not decoded beyond their members."""

    kind: str
    items: list[dict[str, msgspec.Raw]]
    api_version: str = msgspec.field(default="", name="apiVersion")


_MANAGED_RAW: Final = f'"{simple.MANAGED}"'.encode()
_WORDS: Final = re.compile("|".join(FIELD_WORDS).encode(), re.IGNORECASE)


def json_list(text: str) -> ListData | None:
    """Read a text that is one JSON list; `None` when it is none, or must be decoded as a whole."""
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
                items.append({key: decoded(key, raw) for key, raw in item.items()})
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return ListData({"apiVersion": top.api_version, "kind": top.kind, "items": items}, frozenset(passed))


def decoded(key: str, raw: msgspec.Raw) -> Any:
    """Return the data of a member of an item, without the `managedFields` of its metadata. Raises as msgspec does."""
    if key == "metadata" and _MANAGED_RAW in bytes(raw):
        members = msgspec.json.decode(raw)
        return without_managed({key: members})[key]
    return msgspec.json.decode(raw)


def passable(item: dict[str, msgspec.Raw]) -> bool:
    """Tell whether an item cannot matter, or is of a kind that is never read."""
    kind = msgspec.json.decode(item["kind"]) if "kind" in item else None
    if kind == UNREAD:
        return True
    if not isinstance(kind, str) or kind in READ_ALONE or kind in KINDS or kind.endswith("List"):
        return False
    if "apiVersion" in item and OPENSHIFT.encode() in bytes(item["apiVersion"]):
        return False
    return not any(_WORDS.search(part) or b"\\u" in part for part in _parts(item))


def _parts(item: dict[str, msgspec.Raw]) -> Iterator[bytes]:
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
