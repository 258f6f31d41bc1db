"""Comments that accept findings, kept where a document of YAML is written anew: each on the line of what it stood at.

The document becomes JSON whose every key and value begins in the line in which it began, counted from the document's
first, so that a comment speaks of what it spoke of. Of a comment the names of rules stay; its reason does not, because
people write credentials into reasons.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import yaml

from linter import registry
from linter.collecting.numbers import in_yaml
from linter.comments import Comment, comments
from linter.documents import Positions
from linter.documents.split import Chunk, split

AS_TEXT: Final = object()
"""Stands for what a document holds that cannot be parsed."""
_NO_VALUE: Final = re.compile(r"\s*+(?:---|(?:-\s++)*+)\s*+#")
_ODD_BREAKS: Final = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
"""Lines are not counted alike by everybody where these stand."""
_REASON: Final = "its reason was left out by regcred collect --redact"


class Lines(NamedTuple):
    """In which line, counted from 0, a value begins; and of a mapping or a list, its keys and what is in it."""

    begin: int
    keys: dict[str, tuple[int, "Lines"]]
    items: tuple["Lines", ...]


_UNKNOWN: Final = Lines(0, {}, ())


class Accepted(NamedTuple):
    """The comments of one document, and the lines of what it holds."""

    lines: Lines
    comments: tuple[Comment, ...]

    def write(self, data: Any, escape: re.Pattern[str]) -> str:
        """Return a document of YAML: JSON with the comments in it. What `escape` matches in strings is escaped."""
        rows = _rows(data, self.lines, escape)
        for one in self.comments:
            while len(rows) <= max(one.line, one.above - 1):
                rows.append("")
            alone = rows[one.line] in ("", "#")
            before = "" if alone else f"{rows[one.line]}  "
            rows[one.line] = f"{before}# regcred: ignore[{','.join(one.names)}] {_REASON}"
            for between in range(one.line + 1, one.above):
                rows[between] = rows[between] or "#"  # a gap would part the comment from what it stands above
        return "--- " + "\n".join(rows)  # with the marker it is no JSON, which has no comments


def accepted(path: str, data: bytes, pieces: Sequence[Any]) -> tuple[dict[int, Accepted], int]:
    """Return what to keep of the comments of a file by the number of its document, and how many cannot be kept.

    `pieces` is what its documents hold, `AS_TEXT` for one that stays text, its comments included.
    """
    positions = Positions(path, data)
    found = comments(positions)
    chunks = split(positions.text)
    kept, lost = dict[int, Accepted](), len(found)
    if len(chunks) != len(pieces) or _ODD_BREAKS.search(positions.text):
        return kept, lost
    starts = [positions.text.count("\n", 0, chunk.start) for chunk in chunks]
    for number, chunk in enumerate(chunks):
        end = starts[number + 1] if number + 1 < len(starts) else positions.text.count("\n") + 1
        here = [one for one in found if starts[number] < one.line <= end]
        if pieces[number] is AS_TEXT:
            lost -= len(here)
            continue
        one = _of(positions.text, chunk, here, starts[number], pieces[number]) if here else None
        if one is not None:
            kept[number] = one
            lost -= len(one.comments)
    return kept, lost


def _of(text: str, chunk: Chunk, found: Iterable[Comment], above: int, piece: Any) -> Accepted | None:
    """Return the comments of a document, None where it cannot be laid out as it was."""
    try:
        node = yaml.compose(text[chunk.start : chunk.end], Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    lines = _lines(node, {}) if node is not None else _UNKNOWN
    rows = _rows(piece, lines, re.compile("(?!)"))
    here = tuple(
        one._replace(line=one.line - above - 1, above=one.above and one.above - above - 1, names=names)
        for one in found
        if (names := tuple(filter(_known, one.names)))
    )
    # What anchors or merge keys have moved down leaves its line empty.
    source = text[chunk.start : chunk.end].split("\n")
    coded = (one.line for one in here if one.line < len(source) and not _NO_VALUE.match(source[one.line]))
    return Accepted(lines, here) if all(line < len(rows) and rows[line] for line in coded) else None


@cache
def _known(name: str) -> bool:
    """Tell whether a name means a rule: what means none may be anything."""
    return any(registry.matches(name, one) for one in registry.rules())


def _lines(node: Any, known: dict[int, Lines]) -> Lines:
    """Return the lines of a node; `known` are those of nodes before, which an alias may lead to."""
    if id(node) not in known:
        known[id(node)] = _UNKNOWN
        begin = node.start_mark.line
        if isinstance(node, yaml.MappingNode):
            keys = {
                str(key.value): (key.start_mark.line, _lines(value, known))
                for key, value in node.value
                if isinstance(key, yaml.ScalarNode)
            }
            known[id(node)] = Lines(begin, keys, ())
        elif isinstance(node, yaml.SequenceNode):
            items = tuple(_lines(one, known) for one in node.value)
            # The line of a dash alone stays empty, so that a comment there is one on what follows.
            known[id(node)] = Lines(items[0].begin if items and not node.flow_style else begin, {}, items)
        else:
            known[id(node)] = Lines(begin, {}, ())
    return known[id(node)]


def _rows(data: Any, lines: Lines, escape: re.Pattern[str]) -> list[str]:
    """Return data as rows of JSON, each part in the row in which it was, or in the next that can be."""
    rows = [""]
    for token, line in _tokens(data, lines, escape):
        while len(rows) <= line:
            rows.append("")
        rows[-1] += token
    return rows


def _tokens(data: Any, lines: Lines, escape: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    if isinstance(data, dict) and data:
        sign = "{"
        for key, value in data.items():
            line, inner = lines.keys.get(key, (0, _UNKNOWN))
            yield sign, lines.begin if sign == "{" else 0
            yield f" {_text(key, escape)}:", line
            yield " ", inner.begin
            yield from _tokens(value, inner, escape)
            sign = ","
        yield "}", 0
    elif isinstance(data, list) and data:
        sign = "["
        for number, value in enumerate(data):
            inner = lines.items[number] if number < len(lines.items) else _UNKNOWN
            yield sign, lines.begin if sign == "[" else 0
            yield " ", inner.begin
            yield from _tokens(value, inner, escape)
            sign = ","
        yield "]", 0
    else:
        yield _text(data, escape), lines.begin


def _text(value: Any, escape: re.Pattern[str]) -> str:
    return escape.sub(lambda found: _escaped(found.group()), in_yaml(json.dumps(value, ensure_ascii=False)))


def _escaped(sign: str) -> str:
    return "\ufffd" if "\ud800" <= sign <= "\udfff" else f"\\u{ord(sign):04x}"
