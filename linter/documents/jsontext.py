"""JSON: decoded by msgspec, several values in one text by the standard library, positions found by walking the text."""

import re
from json.decoder import JSONDecodeError, JSONDecoder, scanstring  # type: ignore[attr-defined] # C scanner, not in typeshed
from typing import Any, Final, NamedTuple

import msgspec

from linter.model import Route
from linter.sources import Limits

_SPACE = re.compile(r"[ \t\r\n]*")
_LOGS = re.compile(r"==== START logs for [^\n]*\n(?:(?!==== END logs)[^\n]*\n)*(?:==== END logs[^\n]*(?:\n|\Z))?")
"""What `kubectl cluster-info dump` writes between its JSON documents on standard output."""
TRAILING: Final = re.compile(r"trailing characters \(byte (\d+)\)")
"""How the fast decoder says where a value ended, blanks after it included: it counts bytes from 1."""
BROKEN: Final = (msgspec.MsgspecError, RecursionError, ValueError)
"""What the fast decoder raises for text that it cannot read."""
TOO_DEEP: Final = "found values nested too deeply"
"""What is said of JSON that nests beyond the bound."""
_LONG: Final = 10_000
_LENIENT: Final = JSONDecoder(strict=False)


class Value(NamedTuple):
    """One JSON value of a text: its place as character offsets, and its data."""

    start: int
    end: int
    data: Any


class TooDeepError(ValueError):
    """JSON that nests deeper than anybody may walk."""


def _skip(text: str, at: int) -> int:
    """Return the offset after blanks, record separators and container logs."""
    while True:
        blank = _SPACE.match(text, at)
        at = blank.end() if blank else at
        if text[at : at + 1] in ("\x1e", "\ufeff"):
            at += 1
        elif text.startswith("==== START logs", at) and (logs := _LOGS.match(text, at)):
            at = logs.end()
        else:
            return at


def check_depth(data: Any, limit: int) -> None:
    """Raise `TooDeepError` when containers nest too deep; breadth first, because recursion is what is feared."""
    level = [data] if isinstance(data, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > limit:
            raise TooDeepError(TOO_DEEP)
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]


def json_values(text: str, limits: Limits | None = None) -> list[Value] | None:
    """Decode a text that is one JSON value or several in a row (one a line, say); `None` when it is not JSON.

    Of equal keys the last wins; NaN and control signs are tolerated. Raise `TooDeepError` for nesting beyond `limits`,
    or, without them, beyond the interpreter's own bound.
    """
    try:
        data = msgspec.json.decode(text)
    except BROKEN:
        return _several(text, limits)
    if limits:
        check_depth(data, limits.depth)
    return [Value(_skip(text, 0), len(text.rstrip(" \t\r\n")), data)]


def json_places(text: str) -> list[tuple[int, int]] | None:
    """Return where the values that `json_values` would decode begin and end, without building those of a long text."""
    try:
        if len(text) > _LONG:
            msgspec.json.decode(text, type=msgspec.Raw)
        else:
            msgspec.json.decode(text)
    except BROKEN:
        try:
            values = _several(text, None)
        except TooDeepError:
            return None
        return None if values is None else [(value.start, value.end) for value in values]
    return [(_skip(text, 0), len(text.rstrip(" \t\r\n")))]


def _several(text: str, limits: Limits | None) -> list[Value] | None:
    """Decode value after value with the standard library, which also takes what msgspec refuses."""
    values: list[Value] = []
    at = _skip(text, 0)
    while at < len(text):
        try:
            data, end = _LENIENT.raw_decode(text, at)
        except RecursionError:
            raise TooDeepError(TOO_DEEP) from None
        except ValueError:
            return None
        if not isinstance(data, dict | list):
            return None
        if limits:
            check_depth(data, limits.depth)
        values.append(Value(at, end, data))
        at = _skip(text, end)
    return values or None


def json_error(text: str) -> JSONDecodeError | None:
    """Return the standard library's word on a text that is not JSON, or `None` when it is."""
    try:
        _LENIENT.decode(text)
    except JSONDecodeError as error:
        return error
    except (ValueError, RecursionError):
        return JSONDecodeError("a value that cannot be represented", text, 0)
    return None


class _Member(NamedTuple):
    """Where a member's key (quotes included; both 0 for list items) and value stand."""

    key: int
    key_end: int
    start: int
    end: int


class JsonPositions:
    """Finds the text of a route in a JSON text, remembering the members of every container on the way."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._members: dict[int, dict[str | int, _Member]] = {}
        self._bytes = memoryview(text.encode()) if text.isascii() and len(text) > _LONG else None

    def find(self, start: int, end: int, route: Route, *, in_go: bool = False) -> _Member | None:
        """Follow a route from the value at `start`; `None` when it leads nowhere. `in_go`: it is below `Items`."""
        found = _Member(0, 0, start, end)
        in_go = in_go or (bool(route) and route[0] == "Items")
        for step in route:
            members = self._open(found.start)
            member = members.get(step) if members is not None else None
            if member is None and members is not None and in_go and isinstance(step, str):
                # Fields as Go names them: the API's name with a capital, and metadata's stand in the object itself.
                member = found if step == "metadata" else members.get(step[:1].upper() + step[1:])
            if member is None:
                return None
            found = member
        return found

    def _open(self, start: int) -> dict[str | int, _Member] | None:
        """Return the members of the container at `start`, by key or index; the last of equal keys."""
        if start not in self._members:
            opening = self._text[start : start + 1]
            if opening not in ("{", "["):
                return None
            self._members[start] = self._object(start + 1) if opening == "{" else self._array(start + 1)
        return self._members[start]

    def _blank(self, at: int) -> int:
        if self._text[at : at + 1] > " ":  # there is none, mostly
            return at
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _object(self, at: int) -> dict[str | int, _Member]:
        members: dict[str | int, _Member] = {}
        at = self._blank(at)
        while self._text[at] != "}":
            key, key_end = scanstring(self._text, at + 1, False)
            start = self._blank(self._blank(key_end) + 1)  # over the colon
            end = self._end(start)
            members[key] = _Member(at, key_end, start, end)
            at = self._comma(end)
        return members

    def _array(self, at: int) -> dict[str | int, _Member]:
        members: dict[str | int, _Member] = {}
        at = self._blank(at)
        while self._text[at] != "]":
            end = self._end(at)
            members[len(members)] = _Member(0, 0, at, end)
            at = self._comma(end)
        return members

    def _end(self, start: int) -> int:
        """Return where the value at `start` ends; of a long text without building the value."""
        if self._bytes is not None and self._text[start] in "{[":
            try:
                msgspec.json.decode(self._bytes[start:], type=msgspec.Raw)
            except BROKEN as error:
                after = TRAILING.search(str(error))
                if after:  # the decoder counts what follows the value, and skips the blanks before it
                    end = start + int(after[1]) - 1
                    while self._text[end - 1] in " \t\r\n":
                        end -= 1
                    if self._text[end - 1] in "}]":
                        return end
        return _LENIENT.raw_decode(self._text, start)[1]

    def _comma(self, at: int) -> int:
        at = self._blank(at)
        return self._blank(at + 1) if self._text[at] == "," else at


__all__ = [
    "JSONDecodeError",
    "JsonPositions",
    "TooDeepError",
    "Value",
    "json_error",
    "json_values",
]
