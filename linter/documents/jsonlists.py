"""JSON lists read item by item: members are decoded one by one, items that cannot matter not at all."""

from collections.abc import Iterator

import msgspec

from linter.documents.jsonitems import PASSED, Items, Members
from linter.documents.jsontext import BROKEN
from linter.documents.lists import ListData


class _Top(msgspec.Struct):
    """A JSON list, its items not decoded beyond their members."""

    kind: str
    items: list[Members]
    api_version: str = msgspec.field(default="", name="apiVersion")


def json_list(text: str, depth: int) -> ListData | None:
    """Read a text that is one JSON list; `None` when it is none, nests deeper than `depth`, or must be read whole."""
    try:
        top = msgspec.json.decode(text, type=_Top)
        if not top.kind.endswith("List"):
            return None
        decoder = Items(depth - 2)
        items = [decoder.read(item, typed=top.kind != "List") for item in top.items]
    except BROKEN:
        return None
    passed = frozenset(number for number, item in enumerate(items) if item is PASSED)
    for number in passed:
        items[number] = None
    return ListData({"apiVersion": top.api_version, "kind": top.kind, "items": items}, passed)


def passed_items(text: str, passed: frozenset[int]) -> Iterator[str]:
    """Yield the text of the items that were passed over when the list with this text was read."""
    raw = msgspec.json.decode(text, type=_RawItems).items
    for number in sorted(passed):
        yield bytes(raw[number]).decode()


class _RawItems(msgspec.Struct):
    items: list[msgspec.Raw]
