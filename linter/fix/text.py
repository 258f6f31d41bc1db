"""Edits in a text: surgery, then proof.

The result re-parses to the intended data with every comment kept, or nothing changes.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from linter.documents.split import has_directives, split
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

    The routes of all edits mean the text as it is given, whatever the other edits add or remove. Of a YAML stream only
    the documents that change are parsed: one that cannot be read does not keep its neighbours from being repaired.
    """
    if text.startswith(_BOM):
        result = edit_text(text[1:], edits, format_hint=format_hint)
        return result._replace(text=_BOM + result.text)
    try:
        if format_hint == "json" or has_directives(text):
            return _edit(text, edits, format_hint)
        return _edit_documents(text, edits)
    except RecursionError:
        raise FixError("the document is nested too deeply to be edited") from None


def _edit_documents(text: str, edits: Sequence[Edit]) -> EditResult:
    """Edit the documents of a YAML stream one by one, the last first, so that offsets hold."""
    pieces = split(text)
    lost: list[str] = []
    changed = text
    for number in sorted({edit.document for edit in edits}, reverse=True):
        if not 0 <= number < len(pieces):
            raise FixError(f"the file has no document {number} that could be edited")
        start, end = pieces[number]
        own = [edit._replace(document=0) for edit in edits if edit.document == number]
        result = _edit(text[start:end], own, "yaml", line=text.count("\n", 0, start))
        changed = changed[:start] + result.text + changed[end:]
        lost = [*result.lost_comments, *lost]
    if len(split(changed)) != len(pieces):
        raise FixError("the edit would change where documents begin; change it by hand")
    return EditResult(changed, tuple(lost))


def _edit(text: str, edits: Sequence[Edit], format_hint: str, line: int = 0) -> EditResult:
    """Edit a text whose documents are all parsed; `line` is where it begins in its file."""
    by_document: dict[int, list[Edit]] = {}
    for edit in edits:
        by_document.setdefault(edit.document, []).append(edit)
    roots = parse(text, format_hint, line)
    wanted = [to_data(root) for root in roots]
    steps: list[tuple[Edit, list[Any]]] = []
    for number, group in by_document.items():
        if not 0 <= number < len(roots) or roots[number] is None:
            raise FixError(f"the file has no document {number} that could be edited")
        for edit in ordered(group):
            wanted = [*wanted]
            wanted[number] = apply_to_data(wanted[number], [edit])
            steps.append((edit, wanted))
    together = _together(text, roots, steps, format_hint) if len(steps) > 1 else None
    if together is not None:
        return together
    lost: list[str] = []
    for edit, data in steps:
        text, roots, gone = _one(text, roots, edit, data, format_hint)
        lost += gone
    return EditResult(text, tuple(lost))


def _together(
    text: str, roots: list[Node | None], steps: list[tuple[Edit, list[Any]]], format_hint: str
) -> EditResult | None:
    """Make all edits on one tree, which is much faster; None when they get in each other's way."""
    surgeons: dict[int, Surgeon] = {}
    splices: list[Splice] = []
    try:
        for edit, _ in steps:
            root = roots[edit.document]
            if root is None:
                return None
            if edit.document not in surgeons:
                surgeons[edit.document] = Surgeon(text, root, strict=format_hint == "json")
            splices += next(iter(surgeons[edit.document].proposals(edit)), [])
        if len({item[:2] for item in splices}) < len(splices):
            return None
        result = splice(text, splices)
    except FixError:
        return None
    proof = _proved(text, result, splices, steps[-1][1], format_hint)
    return EditResult(result, tuple(proof[1])) if proof is not None else None


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
