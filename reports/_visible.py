"""Scanned text made harmless and honest: what would steer a terminal, hide or reorder text is shown as an escape.

Build services read commands from what a tool prints: `::name::` at the beginning of a line, `##[name]` and
`##vso[name]` anywhere. Those are broken up in the same way.
"""

import re
from functools import lru_cache
from typing import Final

from linter.patterns import lazy

_STEERING: Final = lazy(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: terminal escapes, line breaks
    "\xad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, separators, bidirectional controls
    "\ud800-\udfff"  # lone surrogates: undecodable bytes of a path, among others
    "\U000e0000-\U000e007f"  # tags: invisible text
    "]"
)
_COMMAND: Final = lazy(r"##(?=\[|vso\[)")
# Latin letters, and the punctuation that masks and ellipses are made of, are neither wide nor combining.
_OTHER: Final = lazy("[^\x00-\xff\u2010-\u2027]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    """Write one character as the escape that a programmer would write."""
    char = match.group()
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as Python carries it in paths
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str) -> str:
    """Return `text` on one line, with every control, bidirectional mark and invisible character as an escape."""
    if not text.isprintable():  # as nothing is that steers
        text = _STEERING.sub(_escape, text)
    return commandless(text)


def commandless(line: str) -> str:
    """Return a line that no build service takes for a command, or for one that holds a command."""
    if "##" in line:
        line = _COMMAND.sub(r"#\\x23", line)
    if "::" in line and line.lstrip().startswith("::"):
        line = line.replace(":", "\\x3a", 1)
    return line


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text that may have several (a command), each made visible."""
    return [visible(line) for line in text.replace("\r\n", "\n").split("\n")]


def cells(text: str) -> int:
    """Return how many terminal cells a visible text takes: wide characters two, combining ones none."""
    return len(text) if narrow(text) else len(text) + sum(map(_beyond, _OTHER.findall(text)))


def narrow(text: str) -> bool:
    """Whether every character of a visible text is known to take one cell."""
    return text.isascii() or _OTHER.search(text) is None


@lru_cache(maxsize=4096)
def _beyond(char: str) -> int:
    """How many cells more than one a character takes."""
    import unicodedata  # noqa: PLC0415 - most texts are ASCII

    return -1 if unicodedata.combining(char) else 1 if unicodedata.east_asian_width(char) in "WF" else 0
