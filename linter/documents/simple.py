"""The YAML that machines write, read line by line: block style, one scalar a line. Everything else is refused.

`kubectl -o yaml` and its like use little of YAML. A text of which every line is one of a few plain forms can be read
several times faster than through a parser's events, and means to any parser what it means here: no quote, bracket,
anchor, tag or comment mark can be open at a line's end. Where any line is of another form, `read` returns `REFUSED`
and the parser decides; it never guesses.
"""

import re
from functools import cache
from typing import Any, Final

from linter.documents import blocks
from linter.documents.blocks import key_of
from linter.documents.scalars import MAYBE, resolve
from linter.patterns import lazy
from linter.record import NamedTuple

REFUSED: Final = blocks.REFUSED
"""What `read` returns for a text that is not of the plain forms, well-formed or not."""

MANAGED: Final = "managedFields"
"""Under `metadata`: which client set which field. Longer than most objects, and no rule reads it."""

_LINE: Final = re.compile(
    r"""(?mx) ^
    ([ ]*)                                                  # 1 indentation
    (-[ ](?:-[ ])*+|)                                       # 2 items that begin here
    (?:([A-Za-z0-9_./$][!-~]{0,1000}):(?:[ ](?=[^ \n])|$)|)  # 3 a key without blanks, as short as YAML wants it
    ( [A-Za-z0-9_./$(+~=<-][!-9;-~]*+                       # 4 a plain scalar; see `_plain`
        (?:|(?:(?:[ ](?![ #\n]|\Z)|:(?![ \n]))[!-9;-~]*+)+)(?<!:)
    | "[ !#-\[\]-~]*"                                       #   or a quoted one without escapes,
    | '(?:[ -&(-~]++|'')*+'                                 #   or one with single quotes,
    | \{\}|\[\]                                             #   or an empty collection,
    | \|[-+]?                                               #   or a literal block with its lines,
      \n(?:[ ]*\n)*+([ ]+)(?=[^ \n])[^\n]*                  # 5 the first of which is indented so
        (?:\n(?:\5[^\n]*|[ ]*(?=\n|\Z)))*+
    |) $
    | ^ (.+) $                                              # 6 anything else, and comments
    """
)
_START: Final = "---"


def read(text: str, depth: int) -> Any:
    """Return the data of one document, or `REFUSED`: for other forms, broken text, and nesting beyond `depth`."""
    if text.startswith(_START):
        first, _, text = text.partition("\n")
        if first.rstrip(" ") != _START:
            return REFUSED
    return blocks.read(text, depth, _lines)


def _lines(text: str, depth: int) -> Any:
    return _Lines(text, depth).read()


def without_managed(text: str, column: int) -> str:
    """Return the text of an object without its `managedFields`, where that can be done by looking at lines.

    `column` is that of the object's own keys. What is cut out leaves no quote and no bracket open; that none is open
    where it begins is for the reader of the rest to find out: only `read` may be asked to, because it refuses a text
    in which any could be.
    """
    managed = _managed(column)
    start = text.find(managed.head) + 1
    above = text.rfind("\n" + " " * column + "metadata:\n", 0, start)
    if not start or above < 0 or managed.outer.search(text, above + column + 11, start):
        return text
    found = managed.tame.match(text, start)
    if found is None or text.startswith(managed.starts, found.end()):
        found = managed.rest.match(text, start)
        if found is None or not closed(text, *found.span()):
            return text
    return text[:start] + text[found.end() :]


def closed(text: str, start: int, end: int) -> bool:
    """Tell whether every quote and bracket that can be open in these lines is closed on its own line."""
    if text.find("\r", start, end) >= 0 or text.find("#", start, end) >= 0 or text.find("\t", start, end) >= 0:
        return False
    part = text[start:end]
    return (
        part.isascii()
        and part.count(" {") == part.count(" {}\n")
        and part.count(" [") == part.count(" []\n")
        and part.count(' "') == len(_ONE_QUOTED.findall(part))
        and part.count(" '") == len(_ONE_SINGLE.findall(part))
        and " |" not in part
        and " >" not in part
    )


_ONE_QUOTED: Final = lazy(r' "[^"\\\n]*"\n')
_ONE_SINGLE: Final = lazy(r" '[^'\n]*'\n")


class _Managed(NamedTuple):
    """What tells the `managedFields` of an object whose keys stand at one column.

    `head` is its first line, `tame` matches lines that can leave nothing open, `rest` lines whatever they are, each of
    which begins with one of `starts`; `outer` finds a line that ends the metadata.
    """

    head: str
    tame: re.Pattern[str]
    rest: re.Pattern[str]
    starts: tuple[str, str]
    outer: re.Pattern[str]


@cache
def _managed(column: int) -> _Managed:
    margin = " " * (column + 2)
    rest = r"""(?:\n|[ ]\{\}\n|[ ]"[^"\\\n]*+"\n|[ ][A-Za-z0-9][!$-&(-~]*+\n)"""
    return _Managed(
        f"\n{margin}{MANAGED}:\n",
        re.compile(rf"{margin}{MANAGED}:\n(?:{margin}[- ]++[.A-Za-z][!-~]*+{rest})++"),
        lazy(rf"{margin}{MANAGED}:\n(?:{margin}[- ][^\n]*\n)+"),
        (margin + "-", margin + " "),
        re.compile(rf"\n {{0,{column + 1}}}[^ \n]"),
    )


class _Lines:
    """The lines of one text, and the collections that are open at one of them."""

    __slots__ = ("_depth", "_rows", "_text")

    def __init__(self, text: str, depth: int) -> None:
        self._text = text
        self._rows = _LINE.findall(text)
        self._depth = depth

    def read(self) -> Any:  # noqa: C901, PLR0912, PLR0915 - the hot loop: calls would double its time
        """Build the data row by row."""
        depth, keys = self._depth, blocks.keys
        root: list[Any] = []
        # An open collection: its column, itself, whether it is a sequence. The innermost is held in three names.
        stack: list[tuple[int, Any, bool]] = []
        column, container, sequence = -1, root, True
        waiting = True  # whether the last key (or the document) has no value yet: it is in `container[key]`
        key: Any = None
        for row in self._rows:
            indent, dashes, name, value, _, odd = row
            at = len(indent)
            if waiting or dashes or sequence or at != column or not name:
                if odd:
                    if _is_comment(odd):
                        continue
                    return REFUSED
                if not (dashes or name):
                    if value:
                        return REFUSED
                    continue  # an empty line
                if waiting:
                    waiting = False
                    if at > column or (dashes and at == column and not sequence):
                        new: Any = [] if dashes else {}
                        if key is None:
                            root.append(new)
                        else:
                            container[key] = new
                        stack.append((column, container, sequence))
                        if len(stack) >= depth:
                            return REFUSED
                        column, container, sequence = at, new, bool(dashes)
                while column > at:
                    column, container, sequence = stack.pop()
                if column != at:
                    return REFUSED
                if sequence and not dashes:  # the end of a sequence that stands at the column of its key
                    column, container, sequence = stack.pop()
                    if column != at or sequence:
                        return REFUSED
                if dashes:
                    if not sequence:
                        return REFUSED
                    width = len(dashes)
                    while width > 2:
                        stack.append((column, container, sequence))
                        container.append([])
                        column, container, width = column + 2, container[-1], width - 2
                    if name:
                        stack.append((column, container, sequence))
                        container.append({})
                        column, container, sequence = column + 2, container[-1], False
                    if len(stack) >= depth:
                        return REFUSED
            if value:
                sign = value[0]
                if sign in _SIGNS:
                    if sign == '"':
                        value = value[1:-1]
                    elif sign == "'":
                        value = value[1:-1].replace("''", "'")
                    elif sign in "{[":
                        value = {} if sign == "{" else []
                    else:
                        value = self._block(row, column) if sign == "|" else _plain(value)
                        if value is REFUSED:
                            return REFUSED
            elif name:
                waiting, value = True, None
            else:
                return REFUSED
            if name:
                key = keys.get(name) or key_of(name)
                container[key] = value
            else:
                container.append(value)
        return root[0] if root else REFUSED

    def _block(self, row: tuple[str, ...], parent: int) -> Any:
        """Return the text of the literal block in a row, or `REFUSED`; the collection it is in stands at `parent`."""
        _, _, _, written, margin, _ = row
        if len(margin) <= parent:
            return REFUSED
        at = written.index("\n")
        head, body = written[:at], written[at:]
        last = self._rows[-1]
        if row is last or (not any(last) and row is self._rows[-2]):  # it reaches to the end of the text
            if not body.endswith("\n"):
                return REFUSED  # no line's end after the last line: let the parser say what that means
            body = body[:-1]
        # A line of blanks ends in one; few others do. From the end this is found fastest.
        if body.rfind(" \n") < 0 and not body.endswith(" "):
            text = body.replace("\n" + margin, "\n")[1:]
        else:
            lines = body[1:].split("\n")
            first = next(at for at, line in enumerate(lines) if line.strip(" "))
            if any(len(line) > len(margin) for line in lines[:first]):
                return REFUSED
            text = "\n".join(line[len(margin) :] for line in lines)
        printed = text.isascii() and not text.encode("ascii").translate(None, _PRINTED)
        if not printed and not text.replace("\n", "").isprintable():
            return REFUSED
        if head == "|+":
            return text + "\n"
        text = text.rstrip("\n")
        return text if head == "|-" or not text else text + "\n"


_PRINTED: Final = bytes([10, *range(32, 127)])
"""The signs of ASCII that are printed, and line feeds: texts of nothing else are told fast."""
_SIGNS: Final = MAYBE | {"=", '"', "'", "{", "[", "|"}
"""How what stands after a key can begin that is not the text of a scalar to the letter."""
_scalars: Final[dict[str, Any]] = {}
"""What plain scalars mean that can be something else than text; remembered, because dumps hold few very often."""
_MOST_SCALARS: Final = 20_000
_LONGEST_SCALAR: Final = 24


def _plain(text: str) -> Any:
    """Return the meaning of a plain scalar; `REFUSED` for a merge key, a value key and an item that is none."""
    if text in _scalars:
        return _scalars[text]
    if text in ("<<", "=") or (text[0] == "-" and text[1:2] in ("", " ")):
        return REFUSED
    value = resolve(text)
    if len(_scalars) < _MOST_SCALARS and len(text) <= _LONGEST_SCALAR:
        _scalars[text] = value
    return value


def _is_comment(line: str) -> bool:
    """Tell whether a line holds nothing but a comment."""
    return line.lstrip(" ")[0] == "#" and line.isascii() and line.isprintable()
