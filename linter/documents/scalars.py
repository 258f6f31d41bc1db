"""What a YAML scalar means when kubectl turns YAML into JSON: numbers, booleans, null; everything else is a string."""

import binascii
import re
from typing import Any, Final

STR: Final = "tag:yaml.org,2002:str"
INT: Final = "tag:yaml.org,2002:int"
FLOAT: Final = "tag:yaml.org,2002:float"
BOOL: Final = "tag:yaml.org,2002:bool"
NULL: Final = "tag:yaml.org,2002:null"
BINARY: Final = "tag:yaml.org,2002:binary"
MERGE: Final = "tag:yaml.org,2002:merge"
MAP: Final = "tag:yaml.org,2002:map"
SEQ: Final = "tag:yaml.org,2002:seq"

_INFINITE: Final = float("inf")
_WORDS: Final[dict[str, bool | float | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), _INFINITE),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -_INFINITE),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
MAYBE: Final = frozenset({"", *"0123456789+-.~nNtTyYoOfF<"})
"""How a plain scalar that is not a string, or is a merge key, can begin; "" is the empty one."""

_INT = re.compile(r"[-+]?(?:0[bB][01]+|0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_BASES: Final = {"0b": 2, "0x": 16, "0o": 8}
_SURELY_HELD: Final = 19  # what has fewer decimal digits is less than 2**63
_INT_DIGITS = 70  # the longest 64-bit literal is binary: sign, prefix and 64 digits


def _integer(digits: str) -> int:
    """Return the value of text that `_INT` matches; a leading zero means octal."""
    sign, body = (-1, digits[1:]) if digits[0] == "-" else (1, digits.removeprefix("+"))
    base = _BASES.get(body[:2].lower())
    if base:
        return sign * int(body[2:], base)
    return sign * int(body, 8 if body[0] == "0" else 10)


def _number(value: str) -> int | float | str:
    """Return the number that a plain scalar spells, or the text itself: dates and versions are no numbers."""
    if value.isdigit() and value.isascii() and value[0] != "0" and len(value) < _SURELY_HELD:
        return int(value)  # as nearly all are written
    digits = value.replace("_", "")
    if len(digits) <= _INT_DIGITS and _INT.match(digits) and digits[-1] not in "oO":
        number = _integer(digits)
        if -(2**63) <= number < 2**64:
            return number
    if value[0] != "_" and _FLOAT.match(digits):
        decimal = float(digits)
        if -_INFINITE < decimal < _INFINITE:
            return decimal
    return value


def resolve(value: str) -> Any:
    """Return the meaning of a plain scalar without tag."""
    if value in _WORDS:
        return _WORDS[value]
    if value[0] in "0123456789+-.":
        return _number(value)
    return value


def tagged(tag: str, value: str) -> Any:
    """Return the meaning of a scalar with this full tag. An unknown tag is ignored: its value stays text."""
    if tag == NULL:
        return None
    if tag in (INT, FLOAT, BOOL):
        return resolve(value) if value else value
    if tag == BINARY:
        import base64  # noqa: PLC0415 - hardly any manifest has one

        try:
            return base64.b64decode("".join(value.split()), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return value
    return value


def key_text(value: Any) -> str:
    """Return a mapping key as JSON knows it: always text."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:  # as Go prints floats
        return str(int(value))
    return str(value)
