"""Surgery in flow style and JSON: one list of spans between two brackets, whatever stands in it."""

import json
import re
from typing import Any

from linter.fix.scalars import Style, render_flow, render_json
from linter.fix.tree import Node, break_end, line_end, line_start, newline_at, skip_space

Splice = tuple[int, int, str]


def spans(node: Node) -> list[tuple[int, int]]:
    """Return start and end of each pair or item."""
    if node.kind == "map":
        return [(key.start, max(key.end, value.end)) for key, value in node.pairs]
    return [(item.start, item.end) for item in node.items]


def written(text: str, chain: list[Node], value: Any, style: Style, *, strict: bool) -> str:
    """Write the value as it looks best inside the innermost node of `chain`: like its neighbours."""
    as_json = strict or _double_quoted(chain)
    outer, unit = _layout(text, chain)
    if as_json and unit is not None and isinstance(value, (dict, list)):
        return render_json(value, outer + unit, unit, style.newline)
    if strict:
        comma, colon = _separators(text, chain)
        return json.dumps(value, ensure_ascii=False, separators=(comma, colon))
    return render_flow(value, as_json=as_json, quote=style.quote)


def _double_quoted(chain: list[Node]) -> bool:
    for node in reversed(chain):
        if node.flow and node.kind == "map" and node.pairs:
            return node.pairs[0][0].style == '"'
    return False


def _separators(text: str, chain: list[Node]) -> tuple[str, str]:
    for node in reversed(chain):
        if node.kind == "map" and node.pairs:
            key, value = node.pairs[0]
            tight = text[key.end : value.start] == ":"
            return (",", ":") if tight else (", ", ": ")
    return ", ", ": "


def _layout(text: str, chain: list[Node]) -> tuple[str, str | None]:
    """Find the margin of the innermost container's line, and the unit of indentation, None for one line."""
    for node in reversed(chain):
        found = spans(node)
        if not node.flow or not found:
            continue
        child_line = line_start(text, found[0][0])
        if child_line <= node.begin:
            return "", None
        inner, outer = text[child_line : found[0][0]], margin(text, node.begin)
        if inner.strip() or not inner.startswith(outer):
            return "", None
        return margin(text, chain[-1].begin), inner[len(outer) :]
    return "", None


def margin(text: str, position: int) -> str:
    """Return the white space that the line of `position` starts with."""
    found = re.compile(r"[ \t]*").match(text, line_start(text, position))
    return found.group() if found else ""


def insert(text: str, chain: list[Node], key: str | None, value: Any, style: Style, *, strict: bool) -> list[Splice]:
    """Propose the splices that add a pair or an item after the last one of the innermost node of `chain`."""
    node = chain[-1]
    as_json = strict or _double_quoted(chain)
    entry = written(text, chain, value, style, strict=strict)
    if key is not None:
        comma_colon = _separators(text, chain)[1] if strict else ": "
        entry = render_flow(key, as_json=as_json, quote=style.quote) + comma_colon + entry
    found = spans(node)
    closer = node.end - 1
    if not found:
        return _fill(text, chain, entry, style, closer)
    start, end = found[-1]
    lead = text[line_start(text, start) : start]
    comma = skip_space(text, end)
    trailing = text[comma : comma + 1] == ","
    if lead.strip():
        gap = _gap(text, found, tight=strict and _separators(text, chain)[0] == ",")
        return [(comma + 1, comma + 1, f" {entry},")] if trailing else [(end, end, f",{gap}{entry}")]
    after = line_end(text, comma if trailing else end)
    mark = "" if trailing else ","
    tail = "," if trailing else ""
    if closer < after:
        place = comma + 1 if trailing else end
        return [(place, place, f"{mark}{style.newline}{lead}{entry}{tail}")]
    first = [] if trailing else [(end, end, ",")]
    return [*first, (after, after, f"{newline_at(text, after, style.newline)}{lead}{entry}{tail}")]


def _gap(text: str, found: list[tuple[int, int]], *, tight: bool) -> str:
    if len(found) > 1:
        between = text[found[0][1] : found[1][0]]
        if between in (",", ", "):
            return between[1:]
    return "" if tight else " "


def _fill(text: str, chain: list[Node], entry: str, style: Style, closer: int) -> list[Splice]:
    node = chain[-1]
    outer, unit = _layout(text, chain)
    inside = text[node.begin + 1 : closer]
    if inside.strip():
        return [(closer, closer, entry + style.newline + outer)]
    if unit is None:
        return [(node.begin + 1, closer, entry)]
    return [(node.begin + 1, closer, f"{style.newline}{outer}{unit}{entry}{style.newline}{outer}")]


def remove_tail(text: str, node: Node, first: int) -> list[Splice] | None:
    """Propose the splices that take out all pairs or items from number `first` on; None where a comment is among them.

    They are those that take one out after the other, from the last one forwards.
    """
    found = spans(node)
    start = found[first - 1][1] if first else node.begin + 1
    end = found[-1][1]
    if "#" in text[start:end] or text[skip_space(text, end)] == ",":
        return None
    if first:
        return [(start, end, "")]
    return None if "#" in text[end : node.end - 1] else [(start, node.end - 1, "")]


def remove(text: str, node: Node, at: int) -> list[Splice]:
    """Propose the splices that take one pair or item out, with one comma and the comment on its own line only."""
    found = spans(node)
    start, end = found[at]
    if len(found) == 1:
        inner = (node.begin + 1, node.end - 1)
        if "#" not in text[inner[0] : start] and "#" not in text[end : inner[1]]:
            return [(*inner, "")]
        comma = skip_space(text, end)
        return [(start, end, ""), *([(comma, comma + 1, "")] if text[comma] == "," else [])]
    comma = skip_space(text, end)
    if text[comma : comma + 1] == ",":
        if "#" not in text[end:comma]:
            return _take(text, found, at, comma + 1)
        return [(start, end, ""), (comma, comma + 1, "")]
    before = skip_space(text, found[at - 1][1])
    gap = text[found[at - 1][1] : start]
    if "#" not in gap:
        return [(found[at - 1][1], end, "")]
    own = line_start(text, start)
    if text[own:start].strip():
        return [(before, before + 1, ""), (start, end, "")]
    stop = line_end(text, end)
    tail = text[end:stop].strip()
    if tail and not tail.startswith("#"):
        return [(before, before + 1, ""), (start, end, "")]
    return [(before, before + 1, ""), (own, break_end(text, stop), "")]


def _take(text: str, found: list[tuple[int, int]], at: int, end: int) -> list[Splice]:
    """Remove from an item's start to behind its comma: whole lines where it owns them, else up to its neighbour."""
    start = found[at][0]
    own, stop = line_start(text, start), line_end(text, end)
    rest = text[end:stop].strip()
    if not text[own:start].strip() and (not rest or rest.startswith("#")):
        return [(own, break_end(text, stop), "")]
    if rest.startswith("#"):
        return [(start, end, "")]
    following = found[at + 1][0] if at + 1 < len(found) else end
    if "#" in text[end:following] or (not rest and text[own:start].strip() and at + 1 >= len(found)):
        return [(start, end, "")]
    return [(start, following, "")]
