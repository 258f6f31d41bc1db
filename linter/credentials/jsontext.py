"""JSON as Go's ``encoding/json`` reads it, with the position of every value.

The kubelet, OpenShift's importer and containers/image all decode a pull secret with ``encoding/json`` (checked
against Go 1.19; the scanner's grammar and messages have not changed up to Go 1.24).  Python's own parser is more
lenient (``NaN``, control characters, lone surrogates, a BOM) and keeps no positions, so the grammar is written out
here.  Nothing recurses: hostile nesting costs memory in proportion to its text and ends at Go's limit.
"""

from __future__ import annotations

from typing import Final, Literal

from linter.patterns import lazy
from linter.record import NamedTuple

__all__ = ["JsonKind", "JsonNode", "JsonSyntaxError", "decode_text", "fold_name", "parse_json"]

JsonKind = Literal["object", "array", "string", "number", "bool", "null"]

MAX_DEPTH: Final = 10_000
"""Nesting that Go 1.15 and later refuse to exceed (``exceeded max depth``)."""

_SPACE: Final = lazy(r"[ \t\r\n]*")
_PLAIN_STRING: Final = lazy(r'"([^"\\\x00-\x1f\ud800-\udfff]*)"')
_STRING_RUN: Final = lazy(r'[^"\\\x00-\x1f]*')
_NUMBER: Final = lazy(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SURROGATE: Final = lazy("[\ud800-\udfff]")
_HEX4: Final = lazy(r"[0-9a-fA-F]{4}")
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BLIND: Final = ("looking for", "after object", "after array", "after top-level", "in string literal")
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}
_QUOTED: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}
_KELVIN_AND_LONG_S: Final = str.maketrans({"\u017f": "s", "\u212a": "k"})
_ASCII_LOWER: Final = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


class JsonNode(NamedTuple):
    """One value and where it stands: ``text[start:end]`` is the value as written.

    ``members`` (objects) are ``(name, name start, name end, value)`` in written order, duplicates included; ``items``
    (arrays) and ``value`` (strings: ``str`` as Go decodes it; booleans: ``bool``; numbers: the literal) hold the
    rest.  Offsets are characters.
    """

    kind: JsonKind
    start: int
    end: int
    members: tuple[tuple[str, int, int, JsonNode], ...] = ()
    items: tuple[JsonNode, ...] = ()
    value: str | bool | None = None

    def __repr__(self) -> str:
        """Say where and what kind, never the content: it may be a credential."""
        return f"JsonNode({self.kind} {self.start}:{self.end})"


class JsonSyntaxError(NamedTuple):
    """Why text is not JSON: Go's message, and the character it refused (``line`` and ``column`` count from 1)."""

    offset: int
    line: int
    column: int
    message: str


class _RefusedError(Exception):
    """Internal: carries the offset and Go's message up to ``parse_json``."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


def decode_text(payload: bytes) -> str:
    """Decode bytes so that every byte that is not UTF-8 becomes one character (a lone surrogate), as Go counts them.

    Go's ``utf8.DecodeRune`` advances one byte past each bad byte; Python's ``replace`` handler merges some of them.
    """
    return payload.decode("utf-8", "surrogateescape")


def scrub(text: str) -> str:
    """Replace what is no Unicode scalar value by U+FFFD, as Go's string decoding does."""
    return _SURROGATE.sub("\ufffd", text)


def fold_name(name: str) -> str:
    """Fold a member name as ``encoding/json`` does when it looks for a struct field (case, U+017F and U+212A)."""
    return name.translate(_KELVIN_AND_LONG_S).translate(_ASCII_LOWER)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column (both from 1) of a character offset; a line feed ends a line."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def parse_json(text: str) -> JsonNode | JsonSyntaxError:
    """Parse one JSON document as ``json.Unmarshal`` does; never raises.

    Duplicate names are kept, invalid UTF-8 and escaped lone surrogates become U+FFFD, a BOM, comments,
    trailing commas and trailing garbage are errors.
    """
    try:
        return _Parser(text).document()
    except _RefusedError as refused:
        line, column = position(text, refused.offset)
        return JsonSyntaxError(refused.offset, line, column, refused.message)


def _quote(char: str) -> str:
    """Quote the first *byte* of a character like the scanner's ``quoteChar``: it reads bytes, not characters."""
    if char == "'":
        return "'\\''"
    if char == '"':
        return "'\"'"
    escaped = "\udc80" <= char <= "\udcff"
    code = ord(char) - 0xDC00 if escaped else char.encode("utf-8", "surrogatepass")[0]
    byte = chr(code)
    if byte in _QUOTED:
        return f"'{_QUOTED[byte]}'"
    if code < 0x20 or code == 0x7F:
        return f"'\\x{code:02x}'"
    if 0x80 <= code <= 0xA0 or code == 0xAD:
        return f"'\\u{code:04x}'"
    return f"'{byte}'"


class _Frame:
    """An object or array that is still open."""

    __slots__ = ("items", "members", "name", "start")

    def __init__(self, start: int, *, is_object: bool) -> None:
        self.start = start
        self.members: list[tuple[str, int, int, JsonNode]] | None = [] if is_object else None
        self.items: list[JsonNode] = []
        self.name: tuple[str, int, int] = ("", 0, 0)

    def close(self, end: int) -> JsonNode:
        """Freeze into a node that ends before ``end``."""
        if self.members is None:
            return JsonNode("array", self.start, end, items=tuple(self.items))
        return JsonNode("object", self.start, end, members=tuple(self.members))


class _Parser:
    """A cursor over one text with an explicit stack of open containers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def space(self) -> None:
        """Skip JSON white space."""
        match = _SPACE.match(self.text, self.at)
        if match:
            self.at = match.end()

    def refuse(self, context: str) -> _RefusedError:
        """Build the error for the character under the cursor."""
        return self.refuse_at(self.at, context)

    def refuse_at(self, offset: int, context: str) -> _RefusedError:
        """Build the error for the character at an offset, or for the end of the text.

        At the end Go feeds its scanner one space: inside a word, number or escape that space is the character it
        complains of.
        """
        if offset >= len(self.text):
            if context.startswith(_BLIND):
                return _RefusedError(len(self.text), "unexpected end of JSON input")
            return _RefusedError(len(self.text), f"invalid character ' ' {context}")
        return _RefusedError(offset, f"invalid character {_quote(self.text[offset])} {context}")

    def document(self) -> JsonNode:
        """Parse the whole text: one value and nothing after it."""
        stack: list[_Frame] = []
        while True:
            node = self.value(stack)
            while node is not None and stack:
                node = self.after_value(stack, node)
            if node is not None:
                self.space()
                if self.at < len(self.text):
                    raise self.refuse("after top-level value")
                return node

    def value(self, stack: list[_Frame]) -> JsonNode | None:
        """Read a scalar or an empty container; push a container that has content and return None."""
        self.space()
        start = self.at
        char = self.text[start : start + 1]
        if char == '"':
            value = self.string()
            return JsonNode("string", start, self.at, value=value)
        if char in ("{", "["):
            return self.open(stack, is_object=char == "{")
        if char in _LITERALS and char:
            return self.literal(_LITERALS[char])
        if char == "-" or "0" <= char <= "9":
            return self.number()
        raise self.refuse("looking for beginning of value")

    def open(self, stack: list[_Frame], *, is_object: bool) -> JsonNode | None:
        """Open a container; an empty one is closed at once."""
        if len(stack) >= MAX_DEPTH:
            raise self.refuse("exceeded max depth")
        frame = _Frame(self.at, is_object=is_object)
        self.at += 1
        self.space()
        if self.text[self.at : self.at + 1] == ("}" if is_object else "]"):
            self.at += 1
            return frame.close(self.at)
        stack.append(frame)
        if is_object:
            self.member_name(frame)
        return None

    def member_name(self, frame: _Frame) -> None:
        """Read ``"name" :`` in front of a member's value."""
        self.space()
        start = self.at
        if self.text[start : start + 1] != '"':
            raise self.refuse("looking for beginning of object key string")
        name = self.string()
        frame.name = (name, start, self.at)
        self.space()
        if self.text[self.at : self.at + 1] != ":":
            raise self.refuse("after object key")
        self.at += 1

    def after_value(self, stack: list[_Frame], node: JsonNode) -> JsonNode | None:
        """Add a finished value to the innermost container; return that container when it ends here."""
        frame = stack[-1]
        if frame.members is None:
            frame.items.append(node)
        else:
            frame.members.append((*frame.name, node))
        self.space()
        char = self.text[self.at : self.at + 1]
        if char == ",":
            self.at += 1
            if frame.members is not None:
                self.member_name(frame)
            return None
        if char == ("]" if frame.members is None else "}"):
            self.at += 1
            stack.pop()
            return frame.close(self.at)
        raise self.refuse("after array element" if frame.members is None else "after object key:value pair")

    def literal(self, word: str) -> JsonNode:
        """Read ``true``, ``false`` or ``null``."""
        start = self.at
        for index, expected in enumerate(word):
            if self.text[start + index : start + index + 1] != expected:
                raise self.refuse_at(start + index, f"in literal {word} (expecting '{expected}')")
        self.at = start + len(word)
        if word == "null":
            return JsonNode("null", start, self.at)
        return JsonNode("bool", start, self.at, value=word == "true")

    def number(self) -> JsonNode:
        """Read a number; it is kept as written."""
        start = self.at
        match = _NUMBER.match(self.text, start)
        if match is None:
            raise self.refuse_at(start + 1, "in numeric literal")
        end = match.end()
        following = self.text[end : end + 1]
        if following == "." and "." not in match[0] and "e" not in match[0].lower():
            raise self.refuse_at(end + 1, "after decimal point in numeric literal")
        if following in ("e", "E") and "e" not in match[0].lower():
            signed = self.text[end + 1 : end + 2] in ("+", "-")
            raise self.refuse_at(end + (2 if signed else 1), "in exponent of numeric literal")
        self.at = end
        return JsonNode("number", start, end, value=match[0])

    def string(self) -> str:
        """Read a string under the cursor and decode it as Go's ``unquote`` does."""
        match = _PLAIN_STRING.match(self.text, self.at)
        if match:
            self.at = match.end()
            return match[1]
        text, at, parts = self.text, self.at + 1, []
        while True:
            run = _STRING_RUN.match(text, at)
            end = run.end() if run else at
            if end > at:
                parts.append(scrub(text[at:end]))
            char = text[end : end + 1]
            if char == '"':
                self.at = end + 1
                return "".join(parts)
            if char != "\\":
                raise self.refuse_at(end, "in string literal")
            decoded, at = self.escape(end)
            parts.append(decoded)

    def escape(self, at: int) -> tuple[str, int]:
        """Decode the escape whose backslash is at ``at``; surrogate pairs are joined, halves become U+FFFD."""
        char = self.text[at + 1 : at + 2]
        if char in _ESCAPES and char:
            return _ESCAPES[char], at + 2
        if char != "u":
            raise self.refuse_at(at + 1, "in string escape code")
        code = self.hex4(at + 2)
        if not 0xD800 <= code <= 0xDFFF:
            return chr(code), at + 6
        if code < 0xDC00 and self.text[at + 6 : at + 8] == "\\u":
            match = _HEX4.match(self.text, at + 8)
            low = int(match[0], 16) if match else 0
            if 0xDC00 <= low <= 0xDFFF:
                return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 12
        return "\ufffd", at + 6

    def hex4(self, at: int) -> int:
        """Four hexadecimal digits as a number."""
        match = _HEX4.match(self.text, at)
        if match:
            return int(match[0], 16)
        bad = at
        while self.text[bad : bad + 1] and self.text[bad] in "0123456789abcdefABCDEF":
            bad += 1
        raise self.refuse_at(bad, "in \\u hexadecimal character escape")
