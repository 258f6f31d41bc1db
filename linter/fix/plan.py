"""Which fixes can be made together, and what the files look like then. Pure: nothing is read or written here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from linter.errors import FixError
from linter.fix.data import plain
from linter.fix.merge import Changes, merged
from linter.fix.text import Draft
from linter.fix.tree import parse
from linter.model import Applicability, Edit, Fix, Op, Route, Sensitive

Place = tuple[str, int, Route]
"""Where an edit is made: path, document, route."""
Agree = Callable[[Sequence[Fix]], bool]
"""What tells whether fixes of one payload do together no more than each of them alone."""


class FixOutcome(NamedTuple):
    """What became of a round: changed files, fixes made, fixes to look at again after a new check, fixes declined."""

    changed: Mapping[str, bytes] = {}
    applied: tuple[Fix, ...] = ()
    deferred: tuple[Fix, ...] = ()
    refused: tuple[tuple[Fix, str], ...] = ()


def overlap(one: Edit, other: Edit) -> bool:
    """Tell whether two edits touch the same part: one route leads through the other's end. Equal edits do not."""
    if one == other or (one.path, one.document) != (other.path, other.document):
        return False
    if one.op is other.op is Op.APPEND and one.route == other.route:
        return False  # a list takes both
    if one.op is other.op is Op.PAYLOAD and one.route == other.route and one.base is not None:
        return one.base != other.base or merged(one.base.reveal(), map(_text, (one, other))) is None
    shorter = min(len(one.route), len(other.route))
    return one.route[:shorter] == other.route[:shorter]


def _text(edit: Edit) -> str:
    """How a payload reads once an edit is made."""
    return str(plain(edit.value))


class _Round:
    """Fixes that do not touch each other, found by the routes of their edits rather than one after the other."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self._at: dict[Place, list[Edit]] = {}
        self._above: set[Place] = set()
        self._payloads: dict[tuple[Place, Sensitive], Changes] = {}

    def takes(self, fix: Fix) -> bool:
        """Tell whether no edit of `fix` overlaps one of the round."""
        return not any(self._touched(edit) for edit in fix.edits)

    def _touched(self, edit: Edit) -> bool:
        path, document, route = edit.path, edit.document, edit.route
        if (path, document, route) in self._above:
            return True
        if any((path, document, route[:length]) in self._at for length in range(len(route))):
            return True
        there = self._at.get((path, document, route), ())
        changes = self._changes(edit)
        return any(overlap(edit, other) for other in there) if changes is None else not changes.fits(_text(edit))

    def _changes(self, edit: Edit) -> Changes | None:
        """What the edits of the round change in the payload that `edit` was made for; they all were, if any is."""
        if edit.op is not Op.PAYLOAD or edit.base is None:
            return None
        return self._payloads.get(((edit.path, edit.document, edit.route), edit.base))

    def add(self, fix: Fix) -> None:
        """Take a fix in."""
        self.fixes.append(fix)
        for edit in fix.edits:
            place = edit.path, edit.document
            self._above.update((*place, edit.route[:length]) for length in range(len(edit.route)))
            there = self._at.setdefault((*place, edit.route), [])
            if edit.op is Op.PAYLOAD and edit.base is not None:
                whole = (*place, edit.route), edit.base
                changes = self._payloads.setdefault(whole, Changes(edit.base.reveal()))
                if changes.add(_text(edit)) and there:
                    continue
            speaks = not any(edit == other or edit.op is other.op is Op.APPEND for other in there)
            if speaks:  # what is equal, or added to the same list, touches the same
                there.append(edit)


def plan(fixes: Iterable[Fix]) -> tuple[tuple[Fix, ...], ...]:
    """Group fixes into rounds that do not touch each other; the caller checks again between them, as routes move."""
    rounds: list[_Round] = []
    for fix in fixes:
        free = next((one for one in rounds if one.takes(fix)), None)
        if free is None:
            free = _Round()
            rounds.append(free)
        free.add(fix)
    return tuple(tuple(one.fixes) for one in rounds)


def apply_fixes(
    files: Mapping[str, bytes], fixes: Sequence[Fix], *, unsafe: bool, agree: Agree | None = None
) -> FixOutcome:
    """Make the first round of `fixes` in `files`: each fix whole, in every file it names, or not at all.

    `agree` is asked about fixes that change one payload.
    """
    session = _Session(files, unsafe=unsafe)
    offered: list[Fix] = []
    refused: list[tuple[Fix, str]] = []
    for fix in fixes:
        reason = declined(fix, unsafe=unsafe)
        if reason:
            refused.append((fix, reason))
        else:
            offered.append(fix)
    first, deferred = first_round(offered, agree)
    applied = session.apply(first, refused)
    return FixOutcome(session.changed(), tuple(applied), deferred, tuple(refused))


def first_round(fixes: Iterable[Fix], agree: Agree | None = None) -> tuple[tuple[Fix, ...], tuple[Fix, ...]]:
    """The fixes of the first round, which touch none of one another, and those that wait, each in their order.

    Of fixes that change one payload and do not `agree`, all but the first wait.
    """
    first = _Round()
    listed = list(fixes)
    taken: set[int] = set()
    for number, fix in enumerate(listed):
        if first.takes(fix):
            first.add(fix)
            taken.add(number)
    if agree is not None:
        for group in _sharing(listed, taken):
            if not agree([listed[number] for number in group]):
                taken.difference_update(group[1:])
    now = tuple(fix for number, fix in enumerate(listed) if number in taken)
    return now, tuple(fix for number, fix in enumerate(listed) if number not in taken)


def _sharing(fixes: Sequence[Fix], taken: Iterable[int]) -> Iterator[list[int]]:
    """The numbers of fixes that change one payload in different ways, for each such payload."""
    by_place: dict[Place, list[int]] = {}
    for number in sorted(taken):
        for edit in fixes[number].edits:
            if edit.op is Op.PAYLOAD:
                by_place.setdefault((edit.path, edit.document, edit.route), []).append(number)
    for numbers in by_place.values():
        if len(numbers) > 1:
            yield numbers


def declined(fix: Fix, *, unsafe: bool) -> str:
    """Return why a fix is not made at all, or "" when it may be."""
    if fix.obstacle and not fix.edits:
        return fix.obstacle
    if fix.applicability is Applicability.DISPLAY or not fix.edits:
        return "it is only shown, not applied"
    if fix.applicability is Applicability.UNSAFE and not unsafe:
        return "it may change the meaning: allow it with --unsafe-fixes"
    return ""


class _Session:
    """The texts of one round, and the edits that were accepted for each."""

    def __init__(self, files: Mapping[str, bytes], *, unsafe: bool) -> None:
        self.files = files
        self.unsafe = unsafe
        self.drafts: dict[str, Draft | FixError] = {}

    def apply(self, fixes: Sequence[Fix], refused: list[tuple[Fix, str]]) -> list[Fix]:
        """Apply at once what succeeds together, for it is much faster; halve the rest to find who is to blame."""
        clean = [fix for fix in fixes if self._readable(fix, refused)]
        applied: list[Fix] = []
        waiting = [clean] if clean else []
        while waiting:
            part = waiting.pop()
            try:
                self._accept(part)
                applied += part
            except FixError as error:
                if len(part) == 1:
                    refused.append((part[0], str(error)))
                else:
                    half = len(part) // 2
                    waiting += [part[half:], part[:half]]
        return applied

    def _readable(self, fix: Fix, refused: list[tuple[Fix, str]]) -> bool:
        try:
            for edit in fix.edits:
                self._draft(edit.path)
        except FixError as error:
            refused.append((fix, str(error)))
            return False
        return True

    def _draft(self, path: str) -> Draft:
        """The text of a file with what was accepted for it, kept for the round."""
        if path not in self.drafts:
            self.drafts[path] = self._begun(path)
        draft = self.drafts[path]
        if isinstance(draft, FixError):
            raise FixError(str(draft))
        return draft

    def _begun(self, path: str) -> Draft | FixError:
        from linter.documents.text import DecodeProblem, decode  # noqa: PLC0415

        if path not in self.files:
            return FixError(f"{path} is not among the files that can be changed")
        try:
            text = decode(self.files[path]).text
        except DecodeProblem as error:
            return FixError(f"{path} is {error}")
        return Draft(text, format_of(path, text))

    def _accept(self, fixes: Sequence[Fix]) -> None:
        """Add the fixes' edits to those accepted before, or raise FixError and leave everything as it was."""
        added: dict[str, list[Edit]] = {}
        for fix in fixes:
            for edit in fix.edits:
                added.setdefault(edit.path, []).append(edit)
        made = [(draft, draft.attempt(edits)) for path, edits in added.items() for draft in [self._draft(path)]]
        outcomes = [draft.outcome(attempt) for draft, attempt in made]
        if not self.unsafe and any(lost > draft.lost for (draft, _), (lost, _) in zip(made, outcomes, strict=True)):
            raise FixError("a comment inside what is removed would go with it: allow it with --unsafe-fixes")
        if not any(changes for _, changes in outcomes):
            raise FixError("the files say so already")
        for draft, attempt in made:
            draft.take(attempt)

    def changed(self) -> dict[str, bytes]:
        """Return the new content of every file that differs."""
        from linter.documents.text import decode, encode  # noqa: PLC0415

        changed: dict[str, bytes] = {}
        for path, draft in self.drafts.items():
            if isinstance(draft, Draft) and draft.changes:
                changed[path] = encode(decode(self.files[path]), draft.result().text)
        return changed


def format_of(path: str, text: str) -> str:
    """Tell how a file is read: JSON by its name or because it is JSON, anything else as YAML."""
    if path.lower().endswith(".json"):
        return "json"
    if not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return "yaml"
    try:
        parse(text, "json")
    except FixError:
        return "yaml"
    return "json"
