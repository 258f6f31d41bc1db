"""Which fixes can be made together, and what the files look like then. Pure: nothing is read or written here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from linter.errors import FixError
from linter.fix.surrogates import WHY
from linter.fix.text import EditResult, edit_text
from linter.fix.tree import parse
from linter.model import Applicability, Edit, Fix, Op, Route


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
    shorter = min(len(one.route), len(other.route))
    return one.route[:shorter] == other.route[:shorter]


class _Round:
    """Fixes that do not touch each other, found by the routes of their edits rather than one after the other."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self._at: dict[tuple[str, int, Route], list[Edit]] = {}
        self._above: set[tuple[str, int, Route]] = set()

    def takes(self, fix: Fix) -> bool:
        """Tell whether no edit of `fix` overlaps one of the round."""
        return not any(self._touched(edit) for edit in fix.edits)

    def _touched(self, edit: Edit) -> bool:
        path, document, route = edit.path, edit.document, edit.route
        if (path, document, route) in self._above:
            return True
        if any((path, document, route[:length]) in self._at for length in range(len(route))):
            return True
        return any(overlap(edit, other) for other in self._at.get((path, document, route), ()))

    def add(self, fix: Fix) -> None:
        """Take a fix in."""
        self.fixes.append(fix)
        for edit in fix.edits:
            place = edit.path, edit.document
            self._above.update((*place, edit.route[:length]) for length in range(len(edit.route)))
            there = self._at.setdefault((*place, edit.route), [])
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


def apply_fixes(files: Mapping[str, bytes], fixes: Sequence[Fix], *, unsafe: bool) -> FixOutcome:
    """Make the first round of `fixes` in `files`: each fix whole, in every file it names, or not at all."""
    session = _Session(files, unsafe=unsafe)
    offered: list[Fix] = []
    refused: list[tuple[Fix, str]] = []
    for fix in fixes:
        reason = declined(fix, unsafe=unsafe)
        if reason:
            refused.append((fix, reason))
        else:
            offered.append(fix)
    rounds = plan(offered)
    first, later = (rounds[0], rounds[1:]) if rounds else ((), ())
    applied = session.apply(first, refused)
    deferred = tuple(fix for members in later for fix in members)
    return FixOutcome(session.changed(), tuple(applied), deferred, tuple(refused))


def declined(fix: Fix, *, unsafe: bool) -> str:
    """Return why a fix is not made at all, or "" when it may be."""
    if fix.obstacle == WHY:
        return WHY
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
        self.texts: dict[str, str] = {}
        self.accepted: dict[str, list[Edit]] = {}
        self.results: dict[str, EditResult] = {}

    def apply(self, fixes: Sequence[Fix], refused: list[tuple[Fix, str]]) -> list[Fix]:
        """Apply all at once where that succeeds, for it is much faster; else one by one to find who is to blame."""
        clean = [fix for fix in fixes if self._readable(fix, refused)]
        together = self._attempt(clean)
        if together is not None:
            return clean
        applied: list[Fix] = []
        for fix in clean:
            try:
                self._accept([fix])
                applied.append(fix)
            except FixError as error:
                refused.append((fix, str(error)))
        return applied

    def _attempt(self, fixes: Sequence[Fix]) -> bool | None:
        try:
            self._accept(fixes)
        except FixError:
            return None
        return True

    def _readable(self, fix: Fix, refused: list[tuple[Fix, str]]) -> bool:
        try:
            for edit in fix.edits:
                self.text(edit.path)
        except FixError as error:
            refused.append((fix, str(error)))
            return False
        return True

    def text(self, path: str) -> str:
        """Return the decoded text of a file, kept for the round."""
        if path not in self.texts:
            from linter.documents.text import DecodeProblem, decode  # noqa: PLC0415

            if path not in self.files:
                raise FixError(f"{path} is not among the files that can be changed")
            try:
                self.texts[path] = decode(self.files[path]).text
            except DecodeProblem as error:
                raise FixError(f"{path} is {error}") from None
        return self.texts[path]

    def _accept(self, fixes: Sequence[Fix]) -> None:
        """Add the fixes' edits to those accepted before, or raise FixError and leave everything as it was."""
        added: dict[str, list[Edit]] = {}
        for fix in fixes:
            for edit in fix.edits:
                added.setdefault(edit.path, []).append(edit)
        results: dict[str, EditResult] = {}
        for path, edits in added.items():
            everything = [*self.accepted.get(path, ()), *edits]
            results[path] = edit_text(self.text(path), everything, format_hint=format_of(path, self.text(path)))
        if not self.unsafe and any(len(result.lost_comments) > self._lost(path) for path, result in results.items()):
            raise FixError("a comment inside what is removed would go with it: allow it with --unsafe-fixes")
        if all(result.text == self.text(path) for path, result in results.items()):
            raise FixError("the files say so already")
        for path, edits in added.items():
            self.accepted.setdefault(path, []).extend(edits)
        self.results.update(results)

    def _lost(self, path: str) -> int:
        return len(self.results[path].lost_comments) if path in self.results else 0

    def changed(self) -> dict[str, bytes]:
        """Return the new content of every file that differs."""
        from linter.documents.text import decode, encode  # noqa: PLC0415

        changed: dict[str, bytes] = {}
        for path, result in self.results.items():
            if result.text != self.texts[path]:
                changed[path] = encode(decode(self.files[path]), result.text)
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
