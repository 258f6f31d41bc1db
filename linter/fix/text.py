"""Edits in a text: surgery, then proof.

The result re-parses to the intended data with every comment kept, or nothing changes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from linter.documents.split import BREAKS, has_directives, split
from linter.errors import FixError
from linter.fix.data import Copy, apply_to_data, ordered, pointer, same, to_data
from linter.fix.flow import Splice
from linter.fix.surgery import Surgeon
from linter.fix.tree import Node, comments, parse
from linter.model import Edit, Op, Route

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
    draft = Draft(text, format_hint)
    draft.take(draft.attempt(edits))
    return draft.result()


class Draft:
    """A text that takes edits a few at a time: only the documents that these touch are looked at again.

    The routes of all edits mean the text as it was given.
    """

    def __init__(self, text: str, format_hint: str = "yaml") -> None:
        self._text = text.removeprefix(_BOM)
        self._bom = text[: len(text) - len(self._text)]
        self._hint = format_hint
        self._whole = format_hint == "json" or has_directives(self._text)
        self._pieces = [(0, len(self._text))] if self._whole else [(one.start, one.end) for one in split(self._text)]
        self._edits: dict[int, list[Edit]] = {}
        self._results: dict[int, EditResult] = {}
        self.lost = 0
        self.changes = 0

    @cached_property
    def _lines(self) -> list[int]:
        """How many lines stand before each piece."""
        found, line, position = [], 0, 0
        for start, _ in self._pieces:
            line += self._text.count("\n", position, start)
            found.append(line)
            position = start
        return found

    def attempt(self, edits: Iterable[Edit]) -> "Attempt":
        """Make edits on top of those taken before; nothing is taken yet. FixError when that is not possible."""
        added: dict[int, list[Edit]] = {}
        for edit in edits:
            added.setdefault(0 if self._whole else edit.document, []).append(edit)
        results: dict[int, EditResult] = {}
        try:
            for number in sorted(added, reverse=True):
                results[number] = self._piece(number, [*self._edits.get(number, ()), *added[number]])
        except RecursionError:
            raise FixError("the document is nested too deeply to be edited") from None
        return Attempt(added, results)

    def _piece(self, number: int, edits: list[Edit]) -> EditResult:
        if not 0 <= number < len(self._pieces):
            raise FixError(f"the file has no document {number} that could be edited")
        before = self._piece_text(number)
        if self._whole:
            return _edit(before, edits, self._hint)
        result = _edit(before, [edit._replace(document=0) for edit in edits], "yaml", line=self._lines[number])
        # The neighbours stay, so documents begin where they did if this is still one, and the next on its own line.
        last = self._pieces[number][1] == len(self._text)
        joined = not last and before[-1:] in BREAKS and result.text[-1:] not in BREAKS
        if joined or len(split(result.text)) != len(split(before)):
            raise FixError("the edit would change where documents begin; change it by hand")
        return result

    def _piece_text(self, number: int) -> str:
        start, end = self._pieces[number]
        return self._text[start:end]

    def outcome(self, attempt: "Attempt") -> tuple[int, int]:
        """How many comments would be lost and how many documents changed if `attempt` were taken."""
        lost, changes = self.lost, self.changes
        for number, result in attempt.results.items():
            text = self._piece_text(number)
            before = self._results.get(number, EditResult(text))
            lost += len(result.lost_comments) - len(before.lost_comments)
            changes += (result.text != text) - (before.text != text)
        return lost, changes

    def take(self, attempt: "Attempt") -> None:
        """Keep what `attempt` has made."""
        self.lost, self.changes = self.outcome(attempt)
        for number, edits in attempt.added.items():
            self._edits.setdefault(number, []).extend(edits)
        self._results.update(attempt.results)

    def result(self) -> EditResult:
        """The text with all edits taken, and the comments lost, in their order."""
        parts: list[str] = [self._bom]
        lost: list[str] = []
        position = 0
        for number in sorted(self._results):
            start, end = self._pieces[number]
            parts += [self._text[position:start], self._results[number].text]
            lost += self._results[number].lost_comments
            position = end
        return EditResult("".join([*parts, self._text[position:]]), tuple(lost))


class Attempt(NamedTuple):
    """What edits would make of a draft: those of each document, and its text then."""

    added: dict[int, list[Edit]]
    results: dict[int, EditResult]


def _edit(text: str, edits: Sequence[Edit], format_hint: str, line: int = 0) -> EditResult:
    """Edit a text whose documents are all parsed; `line` is where it begins in its file."""
    by_document: dict[int, list[Edit]] = {}
    for edit in edits:
        by_document.setdefault(edit.document, []).append(edit)
    roots = parse(text, format_hint, line)
    originals = [to_data(root) for root in roots]
    wanted = [*originals]
    steps: list[Edit] = []
    for number, group in by_document.items():
        if not 0 <= number < len(roots) or roots[number] is None:
            raise FixError(f"the file has no document {number} that could be edited")
        made = ordered(group)
        copy = Copy(wanted[number])
        for edit in made:
            copy.apply(edit)
        wanted[number] = copy.data
        steps += made
    together = _together(text, roots, steps, (originals, wanted), format_hint) if len(steps) > 1 else None
    if together is not None:
        return together
    lost: list[str] = []
    wanted = originals
    for edit in steps:
        wanted = [*wanted]
        wanted[edit.document] = apply_to_data(wanted[edit.document], [edit])
        text, roots, gone = _one(text, roots, edit, wanted, format_hint)
        lost += gone
    return EditResult(text, tuple(lost))


def _together(
    text: str, roots: list[Node | None], steps: list[Edit], data: tuple[list[Any], list[Any]], format_hint: str
) -> EditResult | None:
    """Make all edits on one tree, which is much faster; None when they get in each other's way.

    `data` are the documents before and after.
    """
    originals, wanted = data
    surgeons: dict[int, Surgeon] = {}
    splices: list[Splice] = []
    owners: dict[tuple[int, int], object] = {}
    removed: set[int] = set()
    try:
        for number in {edit.document: None for edit in steps}:
            root = roots[number]
            if root is None:
                return None
            surgeons[number] = Surgeon(text, root, strict=format_hint == "json")
            taken, tails = surgeons[number].tails(edit for edit in steps if edit.document == number)
            removed.update(map(id, taken))
            splices += tails
        for edit in _gathered(steps, originals, wanted):
            if id(edit) in removed:
                continue
            made = next(iter(surgeons[edit.document].proposals(edit)), [])
            for start, end, _ in made:
                # What is added to one list may stand side by side, in its order.
                owner = (edit.document, edit.route) if edit.op is Op.APPEND and start == end else object()
                if owners.setdefault((start, end), owner) != owner:
                    return None
            splices += made
        result = splice(text, splices)
    except FixError:
        return None
    proof = _proved(text, result, splices, wanted, format_hint)
    if proof is None or (proof[1] and any(edit.op is not Op.REMOVE for edit in steps)):
        return None
    return EditResult(result, tuple(proof[1]))


def _gathered(steps: list[Edit], before: list[Any], wanted: list[Any]) -> Iterator[Edit]:
    """The edits, of which those that fill one empty or absent list are one: it is written as it is wanted."""
    filled = Counter((edit.document, edit.route) for edit in steps if edit.op is Op.APPEND)
    for edit in steps:
        place = edit.document, edit.route
        if edit.op is not Op.APPEND or filled[place] == 1 or _at(before[edit.document], edit.route):
            yield edit
        elif filled[place]:
            filled[place] = 0
            yield edit._replace(op=Op.SET, value=_at(wanted[edit.document], edit.route))


def _at(data: Any, route: Route) -> Any:
    """What stands at a route, None where nothing does."""
    for step in route:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return None
    return data


def _one(
    text: str, roots: list[Node | None], edit: Edit, wanted: list[Any], format_hint: str
) -> tuple[str, list[Node | None], list[str]]:
    root = roots[edit.document]
    if root is None:
        raise FixError(f"the file has no document {edit.document} that could be edited")
    surgeon = Surgeon(text, root, strict=format_hint == "json")
    found: tuple[str, list[Node | None], list[str]] | None = None
    for splices in surgeon.proposals(edit):
        if not splices:
            if same([to_data(node) for node in roots], wanted):
                return text, roots, []
            continue
        result = splice(text, splices)
        proof = _proved(text, result, splices, wanted, format_hint)
        if proof is not None and (found is None or len(proof[1]) < len(found[2])):
            found = result, *proof
            if not proof[1] or edit.op is Op.REMOVE:  # beside what goes nothing stays that is said of it
                break
    if found is not None:
        return found
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
    shift = at = 0
    for start, end in comments(before, format_hint):
        # Comments come in order, and splices do not overlap: what ends before one ends before the next.
        while at < len(moved) and moved[at][1] <= start:
            left, right, new = moved[at]
            shift += len(new) - (right - left)
            at += 1
        gone, touched = False, False
        for left, right, new in islice(moved, at, None):
            if left >= end:
                break
            if left > start or right < end:
                return None
            gone = True
            touched = before[start:end] in new
        if gone and not touched:
            lost.append(before[start:end])
        elif not gone and (start + shift, end + shift) not in new_comments:
            return None
    return roots, lost
