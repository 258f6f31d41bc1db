"""One edit to splices: which characters of the text give way to which others, most natural proposal first.

A proposal may be wrong for an odd layout. That is allowed: `linter.fix.text` re-parses the result of each and takes the
first that means what the edit means, or none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from linter.errors import FixError
from linter.fix import block, flow
from linter.fix.data import payload_text, plain, pointer, same, to_data
from linter.fix.flow import Splice
from linter.fix.scalars import Style, block_lines, json_text, render_block, scalar_text
from linter.fix.tree import Node, child, column, line_end, newline_at, newline_of, shared
from linter.model import Edit, Op

_HEADER = re.compile(r"[|>](?P<a>[0-9]?)(?P<chomp>[+-]?)(?P<b>[0-9]?)")


class Place:
    """Where a route leads: the nodes from the root down, the keys on the way, and what of the route is absent."""

    def __init__(self, root: Node, edit: Edit, aliased: set[int]) -> None:
        self.chain = [root]
        self.keys: list[Node | None] = [None]
        self.at: list[int] = [0]
        self.rest = edit.route
        while self.rest:
            node = self.chain[-1]
            found = child(node, self.rest[0])
            if found is None:
                break
            self.keys.append(found[0])
            self.chain.append(found[1])
            self.at.append(found[2])
            self.rest = self.rest[1:]
        gone = edit.op is Op.REMOVE and not self.rest
        for node in self.chain:
            if (node.kind == "alias" and not (gone and node is self.chain[-1])) or id(node) in aliased:
                raise FixError(
                    f"{pointer(edit.route)} is shared through a YAML alias: the edit would change all its uses"
                )

    @property
    def node(self) -> Node:
        """The node at the end of what exists of the route."""
        return self.chain[-1]

    @property
    def key(self) -> Node | None:
        """The key of that node."""
        return self.keys[-1]

    @property
    def parent(self) -> Node | None:
        """The collection that holds the node; None for the root."""
        return self.chain[-2] if len(self.chain) > 1 else None


def style_of(text: str, root: Node) -> Style:
    """Learn the habits of a document: line ends, indentation, how far lists stand in, the usual quotes."""
    steps: Counter[int] = Counter()
    lists: Counter[int] = Counter()
    quotes: Counter[str] = Counter()
    stack, left = [root], 2000
    while stack and left:
        node, left = stack.pop(), left - 1
        if node.kind == "scalar" and node.style in ("'", '"'):
            quotes[node.style] += 1
        if node.kind == "map" and not node.flow:
            margin = column(text, node.pairs[0][0].start) if node.pairs else 0
            for _, value in node.pairs:
                if value.kind == "map" and not value.flow:
                    steps[column(text, value.begin) - margin] += 1
                elif value.kind == "seq" and not value.flow:
                    lists[column(text, value.begin) - margin] += 1
        stack.extend(node.children)
    indent = next((step for step, _ in steps.most_common() if step > 0), 2)
    list_indent = next((step for step, _ in lists.most_common() if step >= 0), indent)
    return Style(newline_of(text), indent, list_indent, "'" if quotes["'"] > quotes['"'] else '"')


class Surgeon:
    """The proposals for one edit of one document."""

    def __init__(self, text: str, root: Node, *, strict: bool) -> None:
        self.text = text
        self.root = root
        self.strict = strict
        self.style = style_of(text, root)
        self.aliased = shared(root)

    def proposals(self, edit: Edit) -> Iterator[list[Splice]]:
        """Propose ways to make the edit; an empty list of splices when the text says it already."""
        place = Place(self.root, edit, self.aliased)
        if edit.op is Op.REMOVE:
            return self._remove(place)
        if edit.op is Op.RENAME:
            return self._rename(place, str(plain(edit.value)))
        if edit.op is Op.PAYLOAD:
            if place.rest:
                raise FixError(f"the key is absent: {pointer(edit.route)}")
            return self._replace(place, payload_text(edit, to_data(place.node)))
        value = plain(edit.value)
        if edit.op is Op.APPEND:
            if not place.rest and place.node.kind == "seq":
                return self._append(place, value)
            value = [value]
        for step in reversed(place.rest[1:]):
            if isinstance(step, int):
                raise FixError(f"the list has no such item: {pointer(edit.route)}")
            value = {step: value}
        return self._add(place, str(place.rest[0]), value) if place.rest else self._replace(place, value)

    def tails(self, edits: Iterable[Edit]) -> tuple[list[Edit], list[Splice]]:
        """Those of `edits` that take more than one item from the end of a list in flow style, and the splices for them.

        Alone, each of them takes the comma before it; together these would overlap.
        """
        leaving: dict[int, tuple[Node, dict[int, list[Edit]]]] = {}
        for edit in edits:
            place = Place(self.root, edit, self.aliased) if edit.op is Op.REMOVE else None
            if place is not None and not place.rest and place.parent is not None and place.parent.flow:
                table = leaving.setdefault(id(place.parent), (place.parent, {}))[1]
                table.setdefault(place.at[-1], []).append(edit)
        taken: list[Edit] = []
        splices: list[Splice] = []
        for node, table in leaving.values():
            end = first = len(node.pairs or node.items)
            while first - 1 in table:
                first -= 1
            made = flow.remove_tail(self.text, node, first) if end - first > 1 else None
            if made is not None:
                taken += [edit for at in range(first, end) for edit in table[at]]
                splices += made
        return taken, splices

    def _remove(self, place: Place) -> Iterator[list[Splice]]:
        parent = place.parent
        if place.rest:
            yield []
            return
        if parent is None:
            raise FixError("the root of a document cannot be removed")
        twins = self._twins(place)
        if len(twins) > 1:  # the value of an earlier one would show
            last = parent.flow and twins == [*range(twins[0], len(parent.pairs))]
            tail = flow.remove_tail(self.text, parent, twins[0]) if last else None
            yield tail or [one for at in twins for one in next(self._remove_one(place, parent, at))]
            return
        yield from self._remove_one(place, parent, place.at[-1])

    @staticmethod
    def _twins(place: Place) -> list[int]:
        """The numbers of all pairs of a mapping that have the key of a place: of equal keys the last counts."""
        key, parent = place.key, place.parent
        pairs = parent.pairs if parent is not None and key is not None else []
        return [at for at, (one, _) in enumerate(pairs) if key and one.kind == "scalar" and one.value == key.value]

    def _remove_one(self, place: Place, parent: Node, at: int) -> Iterator[list[Splice]]:
        if parent.flow:
            yield flow.remove(self.text, parent, at)
            return
        opening = None
        if len(place.chain) > 2 and place.keys[-2] is not None:
            opening = block.after_colon(self.text, place.keys[-2])
            if parent.begin != parent.start:
                opening = block.content_end(self.text, line_end(self.text, parent.start))
        yield from block.remove(self.text, parent, at, opening)

    def _rename(self, place: Place, name: str) -> Iterator[list[Splice]]:
        if place.rest:
            yield []
            return
        key = place.key
        if key is None:
            raise FixError("a list item has no name to change")
        in_flow = bool(place.parent and place.parent.flow)
        new = (
            json_text(name) if self.strict else scalar_text(name, style=key.style, flow=in_flow, quote=self.style.quote)
        )
        parent = place.parent
        keys = [parent.pairs[at][0] for at in self._twins(place)] if parent is not None else []
        yield [(one.begin, one.end, new) for one in keys]

    def _append(self, place: Place, value: Any) -> Iterator[list[Splice]]:
        node = place.node
        if any(same(to_data(item), value) for item in node.items):
            yield []
            return
        if node.flow and node.items:
            yield flow.insert(self.text, place.chain, None, value, self.style, strict=self.strict)
            return
        if node.flow:
            if not self.strict and not node.anchor and not node.tag and not self._in_flow(place):
                yield from self._as_block(place, [value])
            yield flow.insert(self.text, place.chain, None, value, self.style, strict=self.strict)
            return
        margin = column(self.text, node.begin)
        yield from self._below(node, [value], margin)

    def _add(self, place: Place, key: str, value: Any) -> Iterator[list[Splice]]:
        node = place.node
        if node.kind == "scalar" and to_data(node) is None:
            yield from self._replace(place, {key: value})
            return
        if node.kind != "map":
            raise FixError("no mapping at the place to edit")
        if not node.flow:
            yield from self._below(node, {key: value}, column(self.text, node.begin))
            return
        if not node.pairs and not self.strict and not node.anchor and not node.tag and not self._in_flow(place):
            yield from self._as_block(place, {key: value})
        yield flow.insert(self.text, place.chain, key, value, self.style, strict=self.strict)

    def _below(self, node: Node, value: Any, margin: int) -> Iterator[list[Splice]]:
        for style in (self.style, self.style._replace(blocks=False)):
            yield from block.insert_below(self.text, node, render_block(value, style, margin), style.newline)

    def _in_flow(self, place: Place) -> bool:
        return any(node.flow for node in place.chain[:-1])

    def _replace(self, place: Place, value: Any) -> Iterator[list[Splice]]:
        node = place.node
        if same(to_data(node), value):
            yield []
            return
        in_flow = self.strict or self._in_flow(place)
        if isinstance(value, (dict, list)):
            if value and not in_flow and place.parent is not None and (place.parent.kind == "map" or not node.empty):
                yield from self._as_block(place, value)
            new = flow.written(self.text, place.chain, value, self.style, strict=self.strict)
        elif self.strict:
            new = json_text(value)
        else:
            if (
                isinstance(value, str)
                and not in_flow
                and (node.style in ("|", ">") or ("\n" in value and node.style != '"'))
            ):
                yield from self._literal(place, value)
            new = scalar_text(value, style=node.style, flow=in_flow, quote=self.style.quote)
        before = self.text[node.begin - 1 : node.begin]
        gap = " " if node.empty and before not in ("", " ", "\t", "\n", "\r") else ""
        if node.kind in ("map", "seq") and not node.flow and place.key is not None and node.begin == node.start:
            start = block.after_colon(self.text, place.key)
            yield [(start, self._tail(node), " " + new)]
        yield [(node.begin, self._tail(node), gap + new)]

    def _tail(self, node: Node) -> int:
        """Return the end of a node's last character of content."""
        end = node.last
        return max(node.begin, block.content_end(self.text, end)) if column(self.text, end) == 0 else end

    def _as_block(self, place: Place, value: Any) -> Iterator[list[Splice]]:
        """Write a collection in block style where a scalar or an empty one stood, below its key and comment."""
        node, parent = place.node, place.parent
        if parent is None:
            return
        nested = self.style.list_indent if isinstance(value, list) else self.style.indent
        newline = self.style.newline
        if node.kind in ("map", "seq") and not node.flow:
            lines = render_block(value, self.style, column(self.text, node.begin))
            yield [(node.begin, self._tail(node), newline.join(lines).lstrip(" "))]
            return
        if place.key is None:
            lines = render_block(value, self.style, column(self.text, node.begin))
            yield [(node.begin, self._tail(node), newline.join(lines).lstrip(" "))]
            return
        if node.begin != node.start or node.style in ("|", ">"):
            return
        lines = render_block(value, self.style, column(self.text, place.key.start) + nested)
        colon = block.after_colon(self.text, place.key)
        stop = line_end(self.text, node.end)
        end = max(colon, node.end)
        yield [(colon, end, ""), (stop, stop, newline_at(self.text, stop, newline) + newline.join(lines))]

    def _below_its_key(self, place: Place) -> bool:
        """Whether a scalar begins on a line below its key, with nothing but white space between."""
        if place.key is None or place.node.begin != place.node.start:
            return False
        between = self.text[place.key.end : place.node.begin]
        return between.strip() == ":" and any(mark in between for mark in "\r\n")

    def _literal(self, place: Place, value: str) -> Iterator[list[Splice]]:
        """Write text as a block scalar, with the indentation and header comment of the one that stood there."""
        node = place.node
        found = block_lines(value)
        if found is None:
            return
        chomp, lines = found
        owner = place.key.start if place.key is not None else (place.parent or node).start
        indent = " " * (column(self.text, owner) + self.style.indent)
        start, head, rest = node.begin, "|" + chomp, ""
        if node.style in ("|", ">"):
            header = _HEADER.match(self.text, node.begin)
            old = self.text[line_end(self.text, node.begin) : node.end].splitlines()
            first = next((line for line in old if line.strip()), "")
            number = (header["a"] or header["b"]) if header else ""
            if header and first:
                parent_column = column(self.text, owner) if place.key is not None else column(self.text, node.start)
                width = parent_column + int(number) if number else len(first) - len(first.lstrip(" "))
                indent = first[:width] if not first[:width].strip() else indent
                head = f"|{number}{chomp}"
                rest = self.text[header.end() : line_end(self.text, node.begin)]
        elif len(written := self.text[node.begin : node.end].splitlines()) > 1:
            second = written[1]
            wide = len(second) - len(second.lstrip(" "))
            indent = " " * wide if wide > column(self.text, owner) else indent
        gap = " " if node.empty else ""
        newline = newline_of(self.text[node.begin : node.end], self.style.newline)
        body = newline.join(indent + line if line else "" for line in lines)
        body = newline_at(self.text, line_end(self.text, node.begin), newline) + body
        end = self._tail(node)
        if node.style not in ("|", ">"):
            tail = self.text[end : line_end(self.text, end)]
            rest, end = (" " + tail.strip() if tail.strip() else ""), line_end(self.text, end)
        if place.key is not None and self._below_its_key(place):
            colon = block.after_colon(self.text, place.key)
            yield [(colon, end, f" {head}{rest}{body}")]
        yield [(start, end, f"{gap}{head}{rest}{body}")]
        if node.style in ("|", ">") and node.end > end:
            yield [(start, node.end, f"{head}{rest}{body}{newline}")]
