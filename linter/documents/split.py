"""A YAML stream cut into its documents by text alone, exactly where libyaml sees documents.

A line that begins with `---` or `...` followed by a blank or a line's end is a marker everywhere in YAML 1.1: block
scalars are indented by at least one column, plain scalars end there, and inside quotes or brackets it is an error. So
one regular expression finds every marker, and a broken document costs none of its neighbours.
"""

from collections.abc import Iterator
from typing import Final

from linter.patterns import lazy
from linter.record import NamedTuple

BREAKS: Final = "\n\r\x85\u2028\u2029"
"""What ends a line in YAML 1.1."""

_FIRST_MARKER = lazy(r"\ufeff?(---|\.\.\.)(?=[ \t\r\n]|\Z)")
_PLAIN_MARKER = lazy(r"\n\ufeff?(---|\.\.\.)(?=[ \t\r\n]|\Z)")
_ANY_MARKER = lazy(rf"(?:\A|[{BREAKS}])\ufeff?(---|\.\.\.)(?=[ \t{BREAKS}]|\Z)")
_BARE = lazy(
    rf"(?:(?:[ \t\ufeff]*+(?:\#[^{BREAKS}]*+)?|(?![ \t]+%)[ \t\ufeff]*+%[^{BREAKS}]*+)[{BREAKS}])*+"
    rf"(?![ \t\ufeff]*[^ \t{BREAKS}#%\ufeff]|[ \t]+%)"
)
"""Lines of blanks, comments and directives, as many as there are, when nothing else follows them."""
_REST = lazy(rf"[^{BREAKS}]*+[{BREAKS}]")
_DIRECTIVE = lazy(rf"(?:\A|[{BREAKS}])\ufeff?%")
_LATE_MARK = lazy(r"(?:---)?[ \t]*+(?:\r?\n)?(?:\s|\#[^\n]*\n)*+\ufeff")


class Chunk(NamedTuple):
    """One document's text, as character offsets into the stream: directives, marker and content."""

    start: int
    end: int


def has_directives(text: str) -> bool:
    """Tell whether a line starts with `%`: such a stream should be parsed as a whole before it is parsed in pieces."""
    return "%" in text and _DIRECTIVE.search(text) is not None


def _markers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start (of the line), end and text of every document marker."""
    ascii_only = text.isascii()
    odd_breaks = "\r" in text and text.count("\r") != text.count("\r\n")
    if not odd_breaks and not ascii_only:
        odd_breaks = any(mark in text for mark in BREAKS[2:])
    if odd_breaks:
        for match in _ANY_MARKER.finditer(text):
            yield match.start() + (match[0][0] in BREAKS), match.end(), match[1]
        return
    first = _FIRST_MARKER.match(text) if text.startswith(("---", "...", "\ufeff")) else None
    if first is not None:
        yield 0, first.end(), first[1]
    # Searches from the end take a third of the time, and most texts hold none of these.
    if text.rfind("\n...") >= 0 or (not ascii_only and "\n\ufeff" in text):
        for match in _PLAIN_MARKER.finditer(text):
            yield match.start() + 1, match.end(), match[1]
    elif text.rfind("\n---") >= 0:
        at = -1
        while (at := text.find("\n---", at + 1)) >= 0:
            if _PLAIN_MARKER.match(text, at) is not None:
                yield at + 1, at + 4, "---"


def split(text: str) -> list[Chunk]:
    """Cut a stream into its documents, in order; the list's index is the document's number.

    `text` has no byte order mark of its own; a mark before a later document (files pasted together) is left out of it.
    """
    chunks: list[Chunk] = []
    start, explicit = 0, False
    for at, end, marker in _markers(text):
        began = explicit or _has_content(text, start, at)
        if began:
            chunks.append(_trim(text, start, at))
        if marker == "---":
            start, explicit = (at if began else start), True
        else:
            start, explicit = end, False
    if explicit or _has_content(text, start, len(text)):
        chunks.append(_trim(text, start, len(text)))
    return chunks


def _has_content(text: str, start: int, end: int) -> bool:
    """Tell whether anything but comments stands there."""
    if not start and text[:1].isalpha() and end > 0:  # as nearly every manifest begins
        return True
    line = _REST.match(text, start, end) if start else None  # what follows a marker that ends a document
    if start and line is None:
        return False
    return _BARE.match(text, line.end() if line else 0, end) is None


def _trim(text: str, start: int, end: int) -> Chunk:
    """Leave a byte order mark at the beginning of a later document out of it."""
    if text.isascii():
        return Chunk(start, end)
    mark = _LATE_MARK.match(text, start, end)
    return Chunk(mark.end() if mark else start, end)
