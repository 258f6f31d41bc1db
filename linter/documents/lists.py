"""Lists of objects read item by item: what cannot matter is passed over, what nobody reads is left out.

A `List` of YAML is cut at the lines that begin its items. The cut is right when no quote and no bracket is open there,
and that is known in one of two ways: the item was read, alone and without error, or no line of it can leave one open.
No literal block reaches over a cut, because it would have to be indented deeper. Where any of this cannot be shown,
the list is read as one document, by the parser.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from linter.documents import simple
from linter.documents.kinds import matters
from linter.documents.split import BREAKS
from linter.patterns import lazy
from linter.record import NamedTuple
from linter.sources import Limits

REFUSED: Final = simple.REFUSED
PASSED: Final = object()
"""Stands for an item that cannot matter and was not read."""

_ITEMS: Final = lazy(r"(?:\A|\n)items:\n((?:  )?)(?=- [A-Za-z])")
_TOO_SHORT: Final = 10_000
ANCHOR: Final = lazy(r"&(?<!\S&)[A-Za-z0-9_-]")
_OPEN: Final = lazy(
    r"""(?x) ["'\[{] (?<![^\s].) (?:
      (?<=") (?! [^"\\\n]* (?:\\[^\n][^"\\\n]*)* " )
    | (?<=') (?! [^'\n]*+ (?:''[^'\n]*+)*+ ' )
    | (?<=\[) (?! [^\[\]{}"'\n\#]* \] )
    | (?<=\{) (?! [^\[\]{}"'\n\#]* \} )
    )"""
)
"""A quote or bracket where one can open a value, that is not closed on its line."""
_BLOCK: Final = lazy(
    r"(?m)^( *)[^\s#'\"\[{?-][^#\n'\"\[{]*:[ ](?:![^\s]+[ ])?[|>][-+0-9]*\n(?:\1 [^\n]*\n|[ ]*\n)*"
)
_ODD: Final = lazy("[\r\t\x85\u2028\u2029\ufeff]")
UNREAD: Final = "CustomResourceDefinition"
_NEAR: Final = 400
"""Characters in which an object tells its kind where that is one of its first keys."""
HEAD: Final = 4000
"""Characters in which a definition tells its kind, below comments: a licence may stand there."""
_UNREAD: Final = lazy(
    rf"""(?x) (?:---[ ]*\n)? (?:\#[^\n]*\n|\n)*+ (?:
        apiVersion:[ ][a-z0-9./]+ \n kind:[ ]{UNREAD}
      | kind:[ ]{UNREAD} \n apiVersion:[ ][a-z0-9./]+
    ) (?=\n[A-Za-z])"""
)
_OTHER_KIND: Final = lazy(r"\n(?:[^ \nA-Za-z#]|kind)")
OPENSHIFT: Final = "openshift.io/v"
READ_ALONE: Final = frozenset({"", "List", "Template"})

_proven: dict[tuple[int, int], int] = {}
"""Lists whose cuts have been shown to be right, by length and hash of their text, with the column of their items."""
_MOST_PROVEN: Final = 10_000


class ListData(NamedTuple):
    """The data of a list. `passed` are the indexes of items that were passed over; `None` stands in their place."""

    data: Any
    passed: frozenset[int]


def plain(text: str, limits: Limits) -> Any:
    """Return the data of one YAML document as machines write it, its `managedFields` left out; `REFUSED` for others."""
    return simple.read(simple.without_managed(text, 0), limits.depth)


def yaml_list(text: str, limits: Limits) -> ListData | None:
    """Read a YAML document that is a long list; `None` when it is none, or must be read as a whole."""
    cuts = _cuts(text) if len(text) > _TOO_SHORT else None
    if cuts is None:
        return None
    column, starts = cuts
    rest = _rest(text, starts, limits)
    if rest is None:
        return None
    items: list[Any] = []
    passed: set[int] = set()
    typed = rest.get("kind") != "List"
    for start, end in pairwise(starts):
        item = read_item(text[start:end], column, limits, typed=typed)
        if item is REFUSED:
            return None
        if item is PASSED:
            passed.add(len(items))
            item = None
        items.append(item)
    if len(_proven) < _MOST_PROVEN:
        _proven[_identity(text)] = column
    return ListData({**rest, "items": items}, frozenset(passed))


def read_item(part: str, column: int, limits: Limits, *, typed: bool) -> Any:
    """Return the data of one item of a list, read alone: `PASSED` where it cannot matter, `REFUSED` where it is none.

    `column` is that of its dash; `typed` tells that the list says of what kind its items are.
    """
    if not typed and _ignorable(part, column) and closed(part):
        return PASSED
    return _item(part, column, limits)


def item_cuts(text: str) -> list[int] | None:
    """Return where the items of a list begin, and where the last ends, if `yaml_list` has found these cuts right."""
    if not known(text):
        return None
    cuts = _cuts(text)
    return cuts[1] if cuts else None


def known(text: str) -> bool:
    """Tell whether this is a document that `yaml_list` has read item by item."""
    return _identity(text) in _proven


def _identity(text: str) -> tuple[int, int]:
    return len(text), hash(text)


def _cuts(text: str) -> tuple[int, list[int]] | None:
    """Return the column of the items' dashes, and the offsets of the items; the last is the end of the list."""
    if "\nitems:\n" not in text and not text.startswith("items:\n"):
        return None
    found = _ITEMS.search(text)
    if found is None or "\r" in text or ANCHOR.search(text):
        return None
    column = len(found[1])
    starts = [found.end() - column]
    line = "\n" + " " * column + "- "
    at = text.find(line, starts[0])
    while at >= 0:
        starts.append(at + 1)
        at = text.find(line, at + 1)
    after = _after(column).search(text, starts[-1])
    if after is None:
        return column, [*starts, len(text)]
    if text.find(line, after.start()) >= 0:
        return None
    return column, [*starts, after.start() + 1]


def _after(column: int) -> re.Pattern[str]:
    """What ends the last item: a line that begins at the margin and is no item."""
    return _AFTER_MARGIN if column == 0 else _AFTER_INDENTED


_AFTER_MARGIN: Final = lazy(r"\n(?=[^ \n#-])")
_AFTER_INDENTED: Final = lazy(r"\n(?=[^ \n#])")


def _rest(text: str, starts: list[int], limits: Limits) -> dict[str, Any] | None:
    """Return the list without its items: what stands before and after them."""
    head = frame_head(text[: starts[0]], limits)
    tail = frame_tail(text[starts[-1] :], limits) if head is not None else None
    return None if head is None or tail is None else {**head, **tail}


def frame_head(text: str, limits: Limits) -> dict[str, Any] | None:
    """Return what stands before the items of a list, `items` last; None for what is not of this form."""
    found = _frame(text, limits)
    return found if found and list(found)[-1] == "items" and found["items"] is None else None


def frame_tail(text: str, limits: Limits) -> dict[str, Any] | None:
    """Return what stands after the items of a list; None for what is not of this form."""
    if not text.strip():
        return {}
    found = _frame(text, limits)
    return found if found is not None and "items" not in found else None


def _frame(text: str, limits: Limits) -> dict[str, Any] | None:
    """Return a part of a list as a mapping that nothing is merged into."""
    from linter.documents.build import YAMLError, build  # noqa: PLC0415 - PyYAML takes long to load

    try:
        built = build(text, limits)
    except YAMLError:
        return None
    found = built[0] if len(built) == 1 else None
    return found if isinstance(found, dict) and "<<" not in found else None


def _item(part: str, column: int, limits: Limits) -> Any:
    """Return the data of one item, read alone."""
    found = simple.read(simple.without_managed(part, column + 2), limits.depth - 2)
    if found is REFUSED:
        from linter.documents.build import YAMLError, build  # noqa: PLC0415 - as above

        try:
            built = build(part, limits._replace(depth=limits.depth - 1))
        except YAMLError:
            return REFUSED
        found = built[0] if len(built) == 1 else None
    if not isinstance(found, list) or len(found) != 1:
        return REFUSED
    return without_managed(found[0])


def without_managed(item: Any) -> Any:
    """Return an object without its `managedFields`; changed in place, unless its metadata is shared."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if isinstance(metadata, dict):
        metadata.pop(simple.MANAGED, None)
    return item


def _ignorable(part: str, column: int) -> bool:
    """Tell whether an item cannot matter, or is of a kind that is never read."""
    margin = "\n" + " " * (column + 2)
    if part.find(f"{margin}kind: {UNREAD}\n", 0, _NEAR) >= 0:
        unread = _one_kind(part, margin)
    else:
        unread = not matters(part) and OPENSHIFT not in part
    return unread and "\n" + " " * column + "-" not in part


def _one_kind(part: str, margin: str) -> bool:
    """Tell whether the keys of an object, each after `margin`, are plain and only one of them is its kind."""
    return part.count(f"{margin}kind:") == 1 and not any(margin + sign in part for sign in "\"'?!&")


def unread(text: str) -> bool:
    """Tell whether a document is, beyond doubt, an object of a kind that is never read.

    Its first keys make it a mapping at the margin, so each further key of it begins a line there, in whatever quotes;
    none of them may be another `kind`. What is broken below does not make it an object of another kind.
    """
    if UNREAD not in text[: _NEAR if text[:1].isalpha() else HEAD]:
        return False
    found = _UNREAD.match(text)
    if found is None or "\r" in text or (not text.isascii() and any(mark in text for mark in BREAKS[2:])):
        return False
    return _OTHER_KIND.search(text, found.end()) is None


def closed(part: str) -> bool:
    """Tell whether no quote and no bracket can be open at the end of an item that is a mapping."""
    if ("\r" in part or "\t" in part) if part.isascii() else _ODD.search(part):
        return False
    return _OPEN.search(part) is None or _OPEN.search(_BLOCK.sub("\n", part)) is None


def passed_text(text: str, passed: frozenset[int], *, json: bool) -> Iterator[str]:
    """Yield the text of the items that were passed over when a document with this text was read."""
    if json:
        from linter.documents.jsonlists import passed_items  # noqa: PLC0415 - msgspec is loaded for JSON only

        yield from passed_items(text, passed)
    else:
        # That items were passed over tells that these cuts are right, be it another process that has shown it.
        _, cuts = (_cuts(text) if passed else None) or (0, [])
        for number in sorted(passed):
            if number + 1 < len(cuts):
                yield text[cuts[number] : cuts[number + 1]]
