"""Items of a large JSON list, decoded many at a time where they stand as kubectl writes them.

What is told of an item is exact. Its members are written again, in the layout of the first item of the list; where that
text stands, it is the item: nothing was passed over, no member comes twice, and it ends there. An item that is written
in another way, or has a member that no item had before, is left to those who read it alone.
"""

import re
from collections.abc import Iterator
from types import GenericAlias
from typing import Any, Final, NamedTuple, TypedDict

import msgspec

from linter.documents.held import Held
from linter.documents.jsonitems import Item, Members
from linter.documents.jsontext import BROKEN

_FIRST: Final = re.compile(rb"\[(\r?\n[ \t]*)\{((?:\r?\n[ \t]*)?)")
_USUAL: Final = ("apiVersion", "kind", "spec", "status", "data", "type")
_MOST_NAMES: Final = 100
_MOST_FRAMES: Final = 1000
_PATIENCE: Final = 4
"""So many runs one after the other may give nothing: then the rest of their list is read item by item."""


class Layout(NamedTuple):
    """The line break and the indentation before what closes an item, its members, and the fields of its metadata."""

    item: bytes
    member: bytes
    field: bytes

    @classmethod
    def of(cls, data: bytes, at: int) -> "Layout | None":
        """Return how the list that begins there is laid out; None where its items begin no lines."""
        found = _FIRST.match(data, at)
        if found is None:
            return None
        item, member = found.groups()
        deeper = member.removeprefix(item)
        return cls(item, member, member + deeper)


class Runs:
    """Decodes runs of items. `silent` where only places are asked for, and the members of no item are told."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._layout = Layout(b"", b"", b"")
        self._names: dict[str, Any] = {"metadata": Members, **dict.fromkeys(_USUAL, msgspec.Raw)}
        self._decoder: msgspec.json.Decoder[list[Any]] | None = None
        self._frames: dict[tuple[tuple[str, ...], tuple[object, ...]], list[bytes]] = {}
        self._items: Iterator[Any] = iter(())
        self._until = -1
        self._vain = 0

    def begin(self, layout: Layout | None) -> None:
        """Begin a list; None where its layout tells nothing."""
        self._items, self._until, self._vain = iter(()), -1, 0
        self._layout = layout or Layout(b"", b"", b"")
        self._frames.clear()

    def item(self, held: Held, at: int) -> tuple[Item, int] | None:
        """Return the members of the item at `at` and where it ends; None where it must be read alone."""
        if not self._layout.item or self._vain > _PATIENCE:
            return None
        if at >= self._until:
            self._decode(held, at)
        found = next(self._items, None)
        if found is None:
            return None
        text = bytes(found) if self._silent else self._text(found)
        if held.data.startswith(text, at - held.base):
            self._vain = 0
            return found, at + len(text)
        return None

    def learn(self, members: Item) -> None:
        """Take note of the members of an item that was read alone: others will have them too."""
        new = members.keys() - self._names.keys()
        if new and len(self._names) < _MOST_NAMES:
            self._names.update(dict.fromkeys(new, msgspec.Raw))
            self._decoder = None

    def _decode(self, held: Held, at: int) -> None:
        """Decode the items from `at` to the last that, by its looks, ends in what is held."""
        held.need(at, held.window)
        low = at - held.base
        close = self._layout.item + b"}"
        cut = held.data.rfind(close + b",", low)
        self._items, self._until = iter(()), held.end
        if cut < 0:
            return
        self._vain += 1
        end = cut + len(close)
        self._until = held.base + end
        if self._decoder is None:
            typed: Any = TypedDict
            form = msgspec.Raw if self._silent else typed("Known", self._names, total=False)
            self._decoder = msgspec.json.Decoder(GenericAlias(list, (form,)))
        try:
            self._items = iter(self._decoder.decode(b"".join((b"[", memoryview(held.data)[low:end], b"]"))))
        except BROKEN:
            return

    def _text(self, members: Item) -> bytes:
        """Return the text of an item as it would stand in this list."""
        values: list[Any] = []
        for value in members.values():
            if type(value) is dict:
                values += value.values()
            else:
                values.append(value)
        keys = (tuple(members), tuple(members.get("metadata", ())))
        frame = self._frames.get(keys)
        if frame is None:
            if len(self._frames) >= _MOST_FRAMES:
                self._frames.clear()
            frame = self._frames[keys] = self._frame(members, self._layout.item, self._layout.member)
        text = [b""] * (len(frame) + len(values))
        text[::2], text[1::2] = frame, values
        return b"".join(text)

    def _frame(self, members: Item, closing: bytes, line: bytes) -> list[bytes]:
        """Return what stands before, between and after the values of an object whose members begin lines."""
        if not members:
            return [b"{}"]
        frame = [b"{"]
        for key, value in members.items():
            frame[-1] += b"%b%b: " % (line, msgspec.json.encode(key))
            after = self._frame(value, line, self._layout.field) if type(value) is dict else [b"", b""]
            frame[-1] += after[0]
            frame += after[1:]
            frame[-1] += b","
        frame[-1] = frame[-1].removesuffix(b",") + closing + b"}"
        return frame
