"""Text to a tree that knows where everything truly stands, for YAML and JSON alike.

PyYAML's composer answers an alias with the node of its anchor, whose marks point elsewhere, and lets the end of a block
collection run over the comments that follow. Surgery needs neither: this tree is built from the parser's events, keeps
alias uses as nodes of their own, and takes the end of a block collection from its last leaf.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Literal

from linter.errors import FixError

Kind = Literal["scalar", "map", "seq", "alias"]
_SHORT: Final = 100_000
"""Signs of the longest text whose tree is remembered."""
BREAKS = "\n\r\x85\u2028\u2029"
_BREAK = re.compile(f"[{BREAKS}]")
_NEAR: Final = 200
"""So far the ends of a line are looked for before all line breaks of a text are."""
_PROPERTY = re.compile(r"&[0-9A-Za-z_-]+|!<[^>\s]*>|![^\s,\[\]{}]*")  # as libyaml reads an anchor and a tag
_SPACE = re.compile(r"[ \t\r\n\x85\u2028\u2029]*(?:#[^\r\n\x85\u2028\u2029]*[ \t\r\n\x85\u2028\u2029]*)*")
_HEADER_COMMENT = re.compile(r"[|>][0-9+-]*[ \t]+(#[^\r\n]*)")


class Node:
    """One node of a document: `start` counts from its anchor or tag, `begin` from its own first character.

    Trees are remembered and shared: nobody may change one.
    """

    __slots__ = (
        "anchor",
        "begin",
        "end",
        "flow",
        "implicit",
        "items",
        "kind",
        "pairs",
        "start",
        "style",
        "tag",
        "target",
        "value",
    )

    def __init__(self, kind: Kind, start: int, begin: int, end: int) -> None:
        self.kind: Kind = kind
        self.start, self.begin, self.end = start, begin, end
        self.value = ""
        self.style = ""
        self.flow = False
        self.implicit = True
        self.tag: str | None = None
        self.anchor: str | None = None
        self.target: Node | None = None
        self.items: list[Node] = []
        self.pairs: list[tuple[Node, Node]] = []

    @property
    def empty(self) -> bool:
        """Whether the scalar has no text at all: the null of `key:`."""
        return self.kind == "scalar" and self.begin == self.end

    @property
    def last(self) -> int:
        """The end of the last leaf: what follows it on its line is a comment, what follows below belongs to others."""
        return self.leaf.end

    @property
    def leaf(self) -> "Node":
        """The last node of a block collection, or the node itself where it is a leaf or in flow style."""
        node = self
        while node.kind in ("map", "seq") and not node.flow:
            if node.kind == "map" and node.pairs:
                node = node.pairs[-1][1]
            elif node.kind == "seq" and node.items:
                node = node.items[-1]
            else:
                break
        return node

    @property
    def children(self) -> Iterator["Node"]:
        """Direct children in the order of the text."""
        for key, value in self.pairs:
            yield key
            yield value
        yield from self.items


def parse(text: str, format_hint: str, line: int = 0) -> list[Node | None]:
    """Return the root of every document of `text`, or raise FixError with the line where it cannot be read.

    `line` is the number of lines before `text` in its file. The last trees of short texts are remembered: one text is
    edited, proved and shown, and often for several fixes.
    """
    if len(text) <= _SHORT and not line:
        return list(_recent(text, format_hint))
    return _parsed(text, format_hint, line)


@lru_cache(maxsize=4)
def _recent(text: str, format_hint: str) -> tuple[Node | None, ...]:
    return tuple(_parsed(text, format_hint, 0))


def _parsed(text: str, format_hint: str, line: int) -> list[Node | None]:
    from linter.documents import collector_off  # noqa: PLC0415

    try:
        with collector_off():
            return _parse_json(text) if format_hint == "json" else _parse_yaml(text, line)
    except RecursionError:
        raise FixError("the document is nested too deeply to be edited") from None


def _parse_yaml(text: str, line: int) -> list[Node | None]:
    import yaml  # noqa: PLC0415 - only a fix pays for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    roots: list[Node | None] = []
    try:
        events = iter(list(yaml.parse(text, Loader=loader)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + line + 1}" if mark is not None else ""
        raise FixError(f"the text cannot be parsed as YAML{where}") from None
    except UnicodeError:
        raise FixError("the text holds characters that no file can hold") from None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            root = _yaml_node(next(events), events, text, {})
            roots.append(None if root.empty and root.anchor is None and root.tag is None else root)
    return roots


def _yaml_node(event: Any, events: Iterator[Any], text: str, anchors: dict[str, Node]) -> Node:
    name = type(event).__name__
    start, end = event.start_mark.index, event.end_mark.index
    if name == "AliasEvent":
        node = Node("alias", start, start, end)
        node.target = anchors.get(event.anchor)
        if node.target is None:
            raise FixError("the document uses an alias without an anchor")
        return node
    kind: Kind = "scalar" if name == "ScalarEvent" else "map" if name == "MappingStartEvent" else "seq"
    empty = kind == "scalar" and not event.value
    begin = _skip_properties(text, start, end, empty) if event.anchor or event.tag else start
    node = Node(kind, start, begin, end)
    node.anchor, node.tag = event.anchor, event.tag
    if node.anchor:
        anchors[node.anchor] = node
    if kind == "scalar":
        node.value, node.style, node.implicit = event.value, event.style or "", bool(event.implicit[0])
        node.style = "" if node.begin == node.end or text[node.begin] not in "'\"|>" else text[node.begin]
        return node
    node.flow = bool(event.flow_style)
    while not (event := next(events)).__class__.__name__.endswith("EndEvent"):
        child = _yaml_node(event, events, text, anchors)
        if kind == "seq":
            node.items.append(child)
        else:
            node.pairs.append((child, _yaml_node(next(events), events, text, anchors)))
    node.end = event.end_mark.index
    return node


def _skip_properties(text: str, start: int, end: int, empty: bool) -> int:
    position = start
    while found := _PROPERTY.match(text, position):
        if empty and found.end() >= end:
            return end
        position = skip_space(text, found.end())
    return position


def skip_space(text: str, position: int) -> int:
    """Return the position of the next character that is neither white space nor part of a comment."""
    found = _SPACE.match(text, position)
    return found.end() if found else position


_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_JSON_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")


def _json_space(text: str, position: int) -> int:
    found = _JSON_SPACE.match(text, position)
    return found.end() if found else position


def _parse_json(text: str) -> list[Node | None]:
    roots: list[Node | None] = []
    position = _json_space(text, 0)
    while position < len(text):
        node = _json_node(text, position)
        roots.append(node)
        position = _json_space(text, node.end)
    return roots


def _json_error(text: str, position: int) -> FixError:
    return FixError(f"the text cannot be parsed as JSON at line {text.count(chr(10), 0, position) + 1}")


def _json_string(text: str, position: int) -> Node:
    import json  # noqa: PLC0415

    try:
        value, end = json.JSONDecoder().raw_decode(text, position)
    except ValueError:
        raise _json_error(text, position) from None
    node = Node("scalar", position, position, end)
    node.value, node.style, node.flow = value, '"', True
    return node


def _json_node(text: str, position: int) -> Node:
    first = text[position : position + 1]
    if first == '"':
        return _json_string(text, position)
    if first not in ("{", "["):
        found = _JSON_PLAIN.match(text, position)
        if found is None:
            raise _json_error(text, position)
        node = Node("scalar", position, position, found.end())
        node.value, node.flow = found.group(), True
        return node
    node = Node("map" if first == "{" else "seq", position, position, position)
    node.flow = True
    closer = "}" if first == "{" else "]"
    position = _json_space(text, position + 1)
    while text[position : position + 1] != closer:
        if node.pairs or node.items:
            position = _json_expect(text, position, ",")
        child = _json_node(text, position)
        position = _json_space(text, child.end)
        if node.kind == "map":
            if child.style != '"':
                raise _json_error(text, child.start)
            value = _json_node(text, _json_expect(text, position, ":"))
            node.pairs.append((child, value))
            position = _json_space(text, value.end)
        else:
            node.items.append(child)
    node.end = position + 1
    return node


def _json_expect(text: str, position: int, mark: str) -> int:
    if text[position : position + 1] != mark:
        raise _json_error(text, position)
    return _json_space(text, position + 1)


def shared(root: Node) -> set[int]:
    """Identities of all nodes that an alias shows elsewhere: an edit there would change two places at once."""
    return {id(node.target) for node in aliases(root)}


def aliases(root: Node) -> list[Node]:
    """All places at which an alias stands; `target` is what it shows."""
    found: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.target is not None:
            found.append(node)
        stack.extend(node.children)
    return found


def comments(text: str, format_hint: str) -> list[tuple[int, int]]:
    """Spans of all comments of `text`, found in the gaps between the scanner's tokens, where nothing else can stand."""
    if format_hint == "json" or "#" not in text:
        return []
    import yaml  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[tuple[int, int]] = []
    position = 0
    try:
        for token in yaml.scan(text, Loader=loader):
            start, end = token.start_mark.index, token.end_mark.index
            if start > position:
                found.extend(_gap_comments(text, position, start))
            if end > start and text[start] in "|>" and type(token).__name__ == "ScalarToken":
                header = _HEADER_COMMENT.match(text, start)
                if header:
                    found.append(header.span(1))
            position = max(position, end)
    except (yaml.YAMLError, UnicodeError):
        raise FixError("the text cannot be parsed as YAML") from None
    found.extend(_gap_comments(text, position, len(text)))
    return found


def _gap_comments(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = text.find("#", start, end)
    while position != -1:
        stop = line_end(text, position)
        yield position, min(stop, end)
        position = text.find("#", stop, end)


def line_start(text: str, position: int) -> int:
    """Return the position of the first character of the line that holds `position`."""
    near = max(position - _NEAR, 0)
    found = max(text.rfind(mark, near, position) for mark in BREAKS)
    if found >= 0 or not near:
        return found + 1
    breaks = _breaks(text)
    at = bisect_left(breaks, position)
    return breaks[at - 1] + 1 if at else 0


def line_end(text: str, position: int) -> int:
    """Return where the line that holds `position` ends: at its line break or the end of the text."""
    near = _BREAK.search(text, position, position + _NEAR)
    if near is not None:
        return near.start()
    if position + _NEAR >= len(text):
        return max(position, len(text))
    breaks = _breaks(text)
    at = bisect_left(breaks, position)
    return breaks[at] if at < len(breaks) else len(text)


@lru_cache(maxsize=2)
def _breaks(text: str) -> list[int]:
    """Where the lines of a text end. A text that is one long line is asked for places in it again and again."""
    return [found.start() for found in _BREAK.finditer(text)]


def break_end(text: str, position: int) -> int:
    """Return the position after the line break at `position`, or the end of the text."""
    if text.startswith("\r\n", position):
        return position + 2
    return min(position + 1, len(text))


def newline_at(text: str, position: int, default: str) -> str:
    """Return the line break at `position`, where a file ends its lines in more than one way; else `default`."""
    found = text[position : break_end(text, position)]
    return found if found in ("\n", "\r\n", "\r") else default


def newline_of(text: str, default: str = "\n") -> str:
    """Return how most lines of `text` end, `default` where it has no line break."""
    windows = text.count("\r\n")
    counts = {"\n": text.count("\n") - windows, "\r\n": windows, "\r": text.count("\r") - windows}
    usual = max(counts, key=lambda mark: (counts[mark], mark == "\r\n"))
    return usual if counts[usual] else default


def column(text: str, position: int) -> int:
    """Count the characters that stand before `position` on its line."""
    return position - line_start(text, position)


def child(node: Node, step: str | int) -> tuple[Node | None, Node, int] | None:
    """Return the key (None for list items), value and number of what a step names; the last of equal keys counts."""
    if node.kind == "map":
        for at in range(len(node.pairs) - 1, -1, -1):
            key, value = node.pairs[at]
            if key.kind == "scalar" and key.value == str(step):
                return key, value, at
    if node.kind == "seq" and isinstance(step, int) and 0 <= step < len(node.items):
        return None, node.items[step], step
    return None
