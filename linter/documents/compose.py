"""YAML events to PyYAML nodes, and the node at the end of a route: for positions and edits, on demand.

PyYAML's own composer refuses redefined anchors and overflows the C stack on deep nesting; this one reads the events
that `build` reads, and agrees with it on every document.
"""

from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.error import Mark
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from linter.documents import scalars
from linter.documents.events import open_events, refusal
from linter.documents.split import Chunk
from linter.model import Route
from linter.sources import Limits

_TAGS: dict[type, str] = {
    str: scalars.STR,
    int: scalars.INT,
    float: scalars.FLOAT,
    bool: scalars.BOOL,
    type(None): scalars.NULL,
}


class _Composer:
    """Builds the nodes of one chunk; marks are offsets into the whole text, and count lines of the chunk."""

    def __init__(self, text: str, chunk: Chunk, limits: Limits) -> None:
        self._text = text
        self._offset = chunk.start
        self._limits = limits
        self._next: Callable[[], Any] = open_events(text[chunk.start : chunk.end])
        self._known: dict[str, Node] = {}

    def _mark(self, mark: Any) -> Mark:
        return Mark("", mark.index + self._offset, mark.line, mark.column, None, 0)

    def documents(self) -> Iterator[Node]:
        """Yield the root node of every document."""
        while type(event := self._next()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                self._known = {}
                yield self._document()

    def _document(self) -> Node:
        """Read one document with a stack of open collections; the root ends up in a sequence of its own."""
        top = SequenceNode(scalars.SEQ, [])
        stack: list[tuple[Any, list[Node]]] = [(top, [])]
        while len(stack) > 1 or not stack[0][1]:
            event = self._next()
            form = type(event)
            if form is ScalarEvent:
                node: Node = self._scalar(event)
            elif form is AliasEvent:
                node = self._alias(event, stack)
            elif form is MappingStartEvent or form is SequenceStartEvent:
                stack.append((self._open(event, len(stack)), []))
                continue
            elif form is MappingEndEvent or form is SequenceEndEvent:
                node = self._close(*stack.pop(), event)
            else:
                continue
            owner, children = stack[-1]
            children.append(
                self._as_key(node, event) if isinstance(owner, MappingNode) and len(children) % 2 == 0 else node
            )
        return stack[0][1][0]

    def _scalar(self, event: ScalarEvent) -> ScalarNode:
        if event.implicit[0]:
            tag = scalars.MERGE if event.value == "<<" else _TAGS[type(scalars.resolve(str(event.value)))]
        else:
            tag = str(event.tag or scalars.STR)
        node = ScalarNode(tag, event.value, self._mark(event.start_mark), self._mark(event.end_mark), event.style)
        if event.anchor is not None:
            self._known[event.anchor] = node
        return node

    def _alias(self, event: AliasEvent, stack: list[tuple[Any, list[Node]]]) -> Node:
        node = self._known.get(str(event.anchor))
        if node is None or any(node is owner for owner, _ in stack):
            raise refusal("found undefined alias", event.start_mark)
        return node

    def _open(self, event: Any, depth: int) -> Node:
        if depth > self._limits.depth:
            raise refusal("found values nested too deeply", event.start_mark)
        mapping = type(event) is MappingStartEvent
        make: type[MappingNode | SequenceNode] = MappingNode if mapping else SequenceNode
        tag = event.tag or (scalars.MAP if mapping else scalars.SEQ)
        node = make(tag, [], self._mark(event.start_mark), None, event.flow_style)
        if event.anchor is not None:
            self._known[event.anchor] = node
        return node

    def _close(self, node: Node, children: list[Node], event: Any) -> Node:
        node.end_mark = self._mark(event.end_mark)
        if type(node) is MappingNode:
            node.value = list(zip(children[::2], children[1::2], strict=True))
            if node.flow_style and len({key.value for key, _ in node.value}) == 1:
                return self._template(node)
        else:
            node.value = children
        return node

    def _template(self, node: MappingNode) -> Node:
        """Return the scalar that an unquoted template mark is meant to be, or the mapping itself."""
        source = self._text[node.start_mark.index : node.end_mark.index]
        key, value = node.value[-1]
        if (
            source.startswith("{{")
            and source.endswith("}}")
            and key.value[:1] == "{"
            and isinstance(value, ScalarNode)
            and scalar_value(value) is None
        ):
            return ScalarNode(scalars.STR, source, node.start_mark, node.end_mark, "")
        return node

    def _as_key(self, node: Node, event: Any) -> Node:
        """Return the scalar of its source text for a collection used as a key."""
        if isinstance(node, ScalarNode) and not isinstance(event, AliasEvent):
            return node
        start, end = self._mark(event.start_mark), self._mark(event.end_mark)
        if isinstance(event, AliasEvent):
            text = node.value if isinstance(node, ScalarNode) else f"*{event.anchor}"
            tag = node.tag if isinstance(node, ScalarNode) else scalars.STR
            return ScalarNode(tag, text, start, end, "")
        text = self._text[node.start_mark.index : node.end_mark.index].strip()
        return ScalarNode(scalars.STR, text, node.start_mark, node.end_mark, "")


def compose_one(text: str, chunk: Chunk, limits: Limits) -> Node | None:
    """Return the root node of one document, or `None` when it cannot be parsed."""
    try:
        return next(_Composer(text, chunk, limits).documents(), None)
    except yaml.YAMLError:
        return None


def compose_whole(text: str, limits: Limits) -> list[Node] | None:
    """Return the root node of each document of a text that is parsed in one piece; `None` when that cannot be done."""
    try:
        return list(_Composer(text, Chunk(0, len(text)), limits).documents())
    except yaml.YAMLError:
        return None


def compose_all(text: str, limits: Limits | None = None) -> list[Node | None]:
    """Return the root node of each document of a YAML stream, `None` for one that cannot be parsed.

    Of marks, `.index` counts characters of `text` (which has no byte order mark), `.line` the lines of the document.
    Aliases are resolved to the node where the text stands. A collection's end mark runs to the next token.
    """
    from linter.documents.stream import Stream  # noqa: PLC0415 - it composes with what is here

    stream = Stream(text, limits or Limits())
    return [stream.root(number) for number in range(len(stream))]


def scalar_value(node: ScalarNode) -> Any:
    """Return the plain data of a scalar node."""
    return scalars.tagged(node.tag, node.value) if node.tag != scalars.NULL else None


def _merged(node: MappingNode) -> Iterator[MappingNode]:
    """Return the mappings merged into one, the strongest first."""
    for key, value in reversed(node.value):
        if key.tag == scalars.MERGE:
            sources = value.value if isinstance(value, SequenceNode) else [value]
            if all(isinstance(source, MappingNode) for source in sources):
                yield from sources


def _member(node: MappingNode, step: str) -> tuple[Node, Node] | None:
    """Return the last pair of a mapping with this key, its own pairs before merged ones."""
    for key, value in reversed(node.value):
        if isinstance(key, ScalarNode) and scalars.key_text(scalar_value(key)) == step:
            return key, value
    for source in _merged(node):
        found = _member(source, step)
        if found:
            return found
    return None


def find_node(root: Node, route: Route) -> tuple[Node | None, Node] | None:
    """Follow a route from a document's root to the key's node (`None` for list items and the root) and the value's.

    Of duplicate keys the last is meant; merge keys and aliases lead to the node where the text stands. `None` when the
    route leads nowhere.
    """
    key: Node | None = None
    node = root
    for step in route:
        if isinstance(node, MappingNode):
            pair = _member(node, str(step))
            if pair is None:
                return None
            key, node = pair
        elif isinstance(node, SequenceNode) and isinstance(step, int) and -1 < step < len(node.value):
            key, node = None, node.value[step]
        else:
            return None
    return key, node
