"""Edits in a text: surgery, then proof.

The result re-parses to the intended data with every comment kept, or nothing changes.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from linter.errors import FixError
from linter.fix.data import apply_to_data, ordered, pointer, same, to_data
from linter.fix.flow import Splice
from linter.fix.surgery import Surgeon
from linter.fix.tree import Node, comments, parse
from linter.model import Edit

_BOM = "\ufeff"


class EditResult(NamedTuple):
    """The text after the edits, and the comments that stood inside what was removed: a reason to call a fix unsafe."""

    text: str
    lost_comments: tuple[str, ...] = ()


def apply_edits(text: str, edits: Sequence[Edit], *, format_hint: str = "yaml") -> str:
    """Return `text` with the edits made, everything else byte for byte; FixError when that is not possible."""
    return edit_text(text, edits, format_hint=format_hint).text


def edit_text(text: str, edits: Sequence[Edit], *, format_hint: str = "yaml") -> EditResult:
    """As `apply_edits`, and tell which comments went with what was removed.

    The routes of all edits mean the text as it is given, whatever the other edits add or remove.
    """
    if text.startswith(_BOM):
        result = edit_text(text[1:], edits, format_hint=format_hint)
        return result._replace(text=_BOM + result.text)
    lost: list[str] = []
    by_document: dict[int, list[Edit]] = {}
    for edit in edits:
        by_document.setdefault(edit.document, []).append(edit)
    roots = parse(text, format_hint)
    wanted = [to_data(root) for root in roots]
    for number, group in by_document.items():
        if not 0 <= number < len(roots) or roots[number] is None:
            raise FixError(f"the file has no document {number} that could be edited")
        for edit in ordered(group):
            wanted[number] = apply_to_data(wanted[number], [edit])
            text, roots, gone = _one(text, roots, edit, wanted, format_hint)
            lost += gone
    return EditResult(text, tuple(lost))


def _one(
    text: str, roots: list[Node | None], edit: Edit, wanted: list[Any], format_hint: str
) -> tuple[str, list[Node | None], list[str]]:
    root = roots[edit.document]
    if root is None:
        raise FixError(f"the file has no document {edit.document} that could be edited")
    surgeon = Surgeon(text, root, strict=format_hint == "json")
    for splices in surgeon.proposals(edit):
        if not splices:
            if same([to_data(node) for node in roots], wanted):
                return text, roots, []
            continue
        result = splice(text, splices)
        proof = _proved(text, result, splices, wanted, format_hint)
        if proof is not None:
            return result, proof[0], proof[1]
    raise FixError(f"{pointer(edit.route)} cannot be edited without touching something else; change it by hand")


def splice(text: str, splices: Iterable[Splice]) -> str:
    """Replace spans of the text; they must not overlap."""
    parts: list[str] = []
    position = 0
    for start, end, new in sorted(splices, key=lambda item: item[:2]):
        if start < position:
            raise FixError("two changes of one edit overlap")
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


def _proved(
    before: str, after: str, splices: list[Splice], wanted: list[Any], format_hint: str
) -> tuple[list[Node | None], list[str]] | None:
    """Return the parsed result and the comments removed, or None when data or another comment would be lost."""
    try:
        roots = parse(after, format_hint)
        new_comments = set(comments(after, format_hint))
    except FixError:
        return None
    if not same([to_data(root) for root in roots], wanted):
        return None
    moved = sorted(splices, key=lambda item: item[:2])
    lost: list[str] = []
    for start, end in comments(before, format_hint):
        shift, gone, touched = 0, False, False
        for left, right, new in moved:
            if right <= start:
                shift += len(new) - (right - left)
            elif left <= start and end <= right:
                gone = True
                touched = before[start:end] in new
            elif left < end:
                return None
        if gone and not touched:
            lost.append(before[start:end])
        elif not gone and (start + shift, end + shift) not in new_comments:
            return None
    return roots, lost
