"""The documents of a YAML text and the items of its lists: where each stands, and what it is composed to when asked."""

from typing import TYPE_CHECKING

from linter.documents import lists
from linter.documents.split import Chunk, has_directives, split
from linter.sources import Limits

if TYPE_CHECKING:
    from yaml.nodes import Node


class Stream:
    """The documents of a YAML stream, composed when asked for; numbered as `linter.documents.read` numbers them."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._roots: dict[int, Node | None] = {}
        self._chunks: list[Chunk] | None = None
        self._items: dict[int, list[int]] = {}
        self._last: tuple[Chunk, Node | None] = (Chunk(0, 0), None)
        if has_directives(text):
            from linter.documents.compose import compose_whole  # noqa: PLC0415 - PyYAML is loaded where it is needed

            whole = compose_whole(text, limits)
            if whole is not None:  # else one document is broken: its neighbours are read one by one
                self._roots = dict(enumerate(whole))
                self._chunks = [Chunk(0, len(text))] * len(whole)
        if self._chunks is None:
            self._chunks = [Chunk(0, len(text))] if lists.known(text) else split(text)

    def __len__(self) -> int:
        """Return the number of documents, broken ones too."""
        return len(self._chunks or ())

    def chunk(self, number: int) -> Chunk | None:
        """Return where a document stands, `None` for one that there is not."""
        return self._chunks[number] if self._chunks and 0 <= number < len(self._chunks) else None

    def item(self, number: int, index: str | int) -> Chunk | None:
        """Return where an item of a document stands that was read item by item; `None` for other documents."""
        if number not in self._items:
            chunk = self.chunk(number) or Chunk(0, 0)
            part = self._text if chunk == (0, len(self._text)) else self._text[chunk.start : chunk.end]
            self._items[number] = [chunk.start + at for at in lists.item_cuts(part) or ()]
        cuts = self._items[number]
        if not isinstance(index, int) or not 0 <= index < len(cuts) - 1:
            return None
        return Chunk(cuts[index], cuts[index + 1])

    def listed(self, chunk: Chunk) -> "Node | None":
        """Return a list of one node: the item of a list that stands there."""
        from linter.documents.compose import compose_one  # noqa: PLC0415 - as above

        if self._last[0] != chunk:
            self._last = (chunk, compose_one(self._text, chunk, self._limits))
        return self._last[1]

    def root(self, number: int) -> "Node | None":
        """Return the root node of a document; `None` when there is none or it cannot be parsed."""
        from linter.documents.compose import compose_one  # noqa: PLC0415 - as above

        if number not in self._roots and (chunk := self.chunk(number)) is not None:
            self._roots[number] = compose_one(self._text, chunk, self._limits)
        return self._roots.get(number)
