"""JSON text that any parser takes and any terminal survives: ASCII only, the same bytes for the same data."""

import re
from typing import Any, Final

_BEYOND: Final = re.compile(r"[^\n\x20-\x7e]")
_FEW: Final = 5_000
"""So many values `json` writes in less time than msgspec takes to be loaded."""
_PLAIN: Final = frozenset({str, int, bool, type(None)})
"""What both write with the same characters."""


def _ascii(match: re.Match[str]) -> str:
    """Write one character as a JSON escape; a lone surrogate, which no UTF-8 carries, as the text of its escape."""
    code = ord(match.group())
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def dump(tree: Any) -> str:
    """Return `tree` as indented JSON in ASCII, with a line break at the end.

    `##` begins a command in the logs of some build services: the second is written as its escape, which is the same.
    """
    text = None if _few(tree) else _quickly(tree)
    if text is None:
        import json  # noqa: PLC0415 - a large report is written without

        text = json.dumps(tree, ensure_ascii=False, indent=2)
    return _BEYOND.sub(_ascii, text).replace("##", "#\\u0023") + "\n"


def _few(tree: Any) -> bool:
    """Whether `tree` is of few values, each of a kind that `json` and msgspec write alike."""
    waiting, left = [tree], _FEW
    while waiting:
        value = waiting.pop()
        left -= 1
        if type(value) is dict:
            waiting += value.values()
            plain = all(type(key) is str for key in value)
        elif type(value) is list:
            waiting += value
            plain = True
        else:
            plain = type(value) in _PLAIN
        if not plain or len(waiting) > left:
            return False
    return True


def _quickly(tree: Any) -> str | None:
    """Return `tree` as msgspec writes it; None for a lone surrogate, which UTF-8 cannot carry, or a huge number."""
    import msgspec  # noqa: PLC0415 - a small report is written without

    try:
        return msgspec.json.format(msgspec.json.encode(tree), indent=2).decode()
    except (msgspec.MsgspecError, OverflowError, ValueError):
        return None
