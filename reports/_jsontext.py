"""JSON text that any parser takes and any terminal survives: ASCII only, the same bytes for the same data."""

import re
from typing import Any, Final

import msgspec

_BEYOND: Final = re.compile(r"[^\n\x20-\x7e]")


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
    try:
        text = msgspec.json.format(msgspec.json.encode(tree), indent=2).decode()
    except (msgspec.MsgspecError, OverflowError, ValueError):
        import json  # noqa: PLC0415 - for a lone surrogate, which UTF-8 cannot carry, or a number beyond 64 bits

        text = json.dumps(tree, ensure_ascii=False, indent=2)
    return _BEYOND.sub(_ascii, text).replace("##", "#\\u0023") + "\n"
