"""Bytes to text and back without losing a byte: byte order marks, UTF-8, UTF-16 and UTF-32, line ends untouched."""

import codecs

from linter.errors import RegcredError
from linter.record import NamedTuple

GIT_CRYPT = b"\0GITCRYPT\0"
"""What a file begins with that git-crypt has encrypted (git-crypt 0.7, commands.cpp)."""
LOCKED = "encrypted with git-crypt: `git-crypt unlock` makes it readable"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARKED = frozenset(mark[:1] for mark, _ in _MARKS)
_BOM = {encoding: mark for mark, encoding in _MARKS}


class DecodeProblem(RegcredError):  # noqa: N818 - a name of the contract
    """Bytes that are not text in the encoding they claim. `offset` counts bytes from 0, `line` counts from 1."""

    def __init__(self, message: str, offset: int, line: int) -> None:
        super().__init__(message)
        self.offset = offset
        self.line = line


class SourceText(NamedTuple):
    r"""A decoded file: its text without byte order mark, and what is needed to write it back byte for byte.

    `encoding` is a codec name without mark (`utf-8`, `utf-16-le`, …); `newline` is the more frequent of "\n" and
    "\r\n".
    """

    text: str
    encoding: str
    bom: bool
    newline: str


def _encoding(data: bytes) -> tuple[str, int]:
    """Return the codec of these bytes and the length of their byte order mark; without one, zero bytes tell."""
    if data[:1] not in _MARKED and b"\0" not in data[:4]:
        return "utf-8", 0
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    zeros = tuple(byte == 0 for byte in data[:4])
    by_pattern: dict[tuple[bool, ...], str] = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return by_pattern.get(zeros, "utf-8"), 0


def decode(data: bytes) -> SourceText:
    """Read bytes as text. Raise `DecodeProblem`, with byte offset and line, when they are none."""
    encoding, skip = _encoding(data)
    try:
        text = data[skip:].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[skip : skip + error.start].decode(encoding, "replace")
        offset = skip + error.start
        raise DecodeProblem(f"not {encoding.upper()} text at byte {offset}", offset, before.count("\n") + 1) from None
    windows = text.count("\r\n") if "\r" in text else 0
    newline = "\r\n" if windows and windows * 2 > text.count("\n") else "\n"
    return SourceText(text, encoding, skip > 0, newline)


def encode(source: SourceText, text: str) -> bytes:
    """Write text in the encoding of `source`, with its byte order mark: the inverse of `decode`."""
    return (_BOM[source.encoding] if source.bom else b"") + text.encode(source.encoding)
