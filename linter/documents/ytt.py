"""Documents that ytt fills in: by code and annotations in comments among their lines, or directly above their `---`."""

from bisect import bisect_right
from typing import Any, Final

from linter.documents.split import Chunk
from linter.patterns import lazy
from linter.record import NamedTuple

_MARK: Final = lazy(r"#@(?:[ \t]+[A-Za-z0-9_(\[{\"'`-]|[a-z]+/[a-z])")
"""Code, or an annotation: `#@ load(…)`, `#@overlay/match by=…`."""
_END: Final = lazy(r"#@[ \t]+end\b")
_LIST: Final = lazy(r"""(?m)^["']?kind["']?[ \t]*:[ \t]*["']?[A-Za-z]*List["']?[ \t\r]*$""")
"""A list is a dump, and what begins like a mark in it stands in somebody's text."""
_BLANK: Final = frozenset({"", " ", "\t", "\n"})
"""What a comment may begin behind; "" at the very beginning."""


def filled_at(text: str, chunk: Chunk) -> int:
    """Return the line of a document, counted from 1, at which it shows that ytt fills it in; 0 where it does not."""
    part = text[chunk.start : chunk.end]
    if _LIST.search(part):
        return 0
    if _above(text, chunk.start):
        return 1
    at = _within(part) if "#@" in part else -1
    return part.count("\n", 0, at) + 1 if at >= 0 else 0


def _above(text: str, end: int) -> bool:
    """Tell whether the comments directly above a document hold a mark; what ends there is the one before."""
    while end > 0:
        begin = text.rfind("\n", 0, end - 1) + 1
        line = text[begin:end]
        if line.strip() and not line.startswith("#"):
            return False
        if _MARK.match(line) and not _END.match(line):
            return True
        end = begin
    return False


def _within(part: str) -> int:
    """Return where the first mark begins in the comments of a document, -1 where none does.

    What stands below its last line belongs to the next document.
    """
    marks = [one.start() for one in _MARK.finditer(part) if part[one.start() - 1 : one.start()] in _BLANK]
    scalars = _scalars(part) if marks else _Scalars([], [])
    end = scalars.ends[-1] if scalars.ends else 0
    end -= part[end - 1 : end] == "\n"  # a block reaches to the line after it
    known = -1
    for at in marks:
        if at > end and "\n" in part[end:at]:
            break
        line = part.rfind("\n", 0, at) + 1
        if line != known and _comment(part, line, at, scalars) == at:
            return at
        known = line
    return -1


class _Scalars(NamedTuple):
    """Where the scalars of a document begin and end, in their order."""

    begins: list[int]
    ends: list[int]

    def hold(self, at: int) -> bool:
        """Tell whether a sign stands in one of them."""
        number = bisect_right(self.begins, at) - 1
        return number >= 0 and at < self.ends[number]


def _comment(part: str, begin: int, end: int, scalars: _Scalars) -> int:
    """Return where the comment of a line begins, `end` at the latest."""
    at = part.find("#", begin, end)
    while at >= 0:
        if part[at - 1 : at] in _BLANK and not scalars.hold(at):
            return at
        at = part.find("#", at + 1, end)
    return -1 if scalars.hold(end) else end


def _scalars(part: str) -> _Scalars:
    """Return the scalars of a document; none of one that is no YAML."""
    from yaml import YAMLError  # noqa: PLC0415 - few documents hold both signs
    from yaml.events import ScalarEvent, StreamEndEvent  # noqa: PLC0415 - as above

    from linter.documents.events import open_events  # noqa: PLC0415 - as above

    found = _Scalars([], [])
    following = open_events(part)
    try:
        event: Any = following()
        while type(event) is not StreamEndEvent:
            if type(event) is ScalarEvent:
                marks: Any = event  # of an event that a parser gives they are no None
                found.begins.append(marks.start_mark.index)
                found.ends.append(marks.end_mark.index)
            event = following()
    except YAMLError:
        return _Scalars([], [])
    return found
