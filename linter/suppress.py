"""Findings that somebody has accepted: by a comment in the file, an annotation on the object, or the configuration.

Comment      `# regcred: ignore[name] reason`, on a line of what the finding marks or directly above it. On or above
             the line where the object begins, or its `kind:` or `metadata:`, it counts for the whole object. A comment
             behind code counts for the line below only when that line is what the code opens (`data:  # …`).
Annotation   `regcred/ignore: "name: reason"` on the object, several separated by `;` or a line break.
Settings     an entry of `ignore` with rule, reason and any of path, kind, namespace, name.

Names may be codes, and several with commas between. Nothing is lost: a suppressed finding is counted and shown with its
reason. A suppression that suppresses nothing, names no rule, gives no name or gives no reason is a `Problem` that is
not fatal: it is not a finding (no rule of the catalogue found it, and accepting it in turn would never end) and not
something that was left unjudged, but a line of the input that does not do what it says or hides why, and a problem has
the path, the line and the remedy to say so in every report, without failing a build.
"""

import os
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from linter import registry
from linter.comments import ANNOTATION, comments, names_of
from linter.documents.objects import KubeObject
from linter.excerpts import scrub
from linter.globs import PathGlob
from linter.inventory import Inventory
from linter.locate import Locator
from linter.model import Finding, Location, ObjectRef, Problem, Route, Scope, Suppressed
from linter.secret import worded
from linter.settings import Ignore, Settings
from linter.traits import Trait, Traits

if TYPE_CHECKING:
    from linter.registry import Loaded

COMMENT: Final = "comment"
ANNOTATED: Final = "annotation"
CONFIGURED: Final = "configuration"

_MOST_SEARCHED: Final = 20
_MOST_NAMES: Final = 100
"""How many names one suppression may give; there are fewer rules."""
_LONGEST: Final = 1_000
"""How many characters of a reason are kept: every report repeats it."""
_NAMES = re.compile(r"^[\w-]+(?:\s*,\s*[\w-]+)*$")


class Suppressions(NamedTuple):
    """What suppressions are looked for in, and what they may speak of.

    `marked` are the paths whose bytes hold the marker, `unread` those of which a part could not be judged, `inputs` the
    arguments of the call, `catalogue` all rules that exist and `chosen` those that ran.
    """

    inventories: Sequence[Inventory]
    locator: Locator
    settings: Settings
    marked: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    inputs: tuple[str, ...] = ()
    catalogue: Sequence["Loaded"] = ()
    chosen: Sequence["Loaded"] = ()


class Standing(NamedTuple):
    """How one suppression of the settings fared: that it was of use, gave no reason then, or could have been of use.

    What it deserves a word for depends on all that is judged, be it in several places.
    """

    source: str
    word: str
    used: bool
    unexplained: bool
    idle: bool


class Settled(NamedTuple):
    """What is left of the findings, what was accepted, and which suppressions deserve a word.

    `standings` has an entry for each suppression of the settings, in their order.
    """

    findings: list[Finding]
    suppressed: list[Suppressed]
    problems: list[Problem]
    standings: tuple[Standing, ...] = ()


class _Note:
    """One name in one suppression: which rules it means (`codes`), where it stands, and whether it was of use.

    `unexplained`: it accepted a finding that nothing gives a reason for.
    """

    __slots__ = ("at", "by", "codes", "judged", "reason", "unexplained", "used", "word")

    def __init__(self, by: str, word: str, reason: str, at: Location, codes: frozenset[str]) -> None:
        self.by, self.word, self.reason, self.at, self.codes = by, word, reason, at, codes
        self.judged: Callable[[], bool] = lambda: True
        self.used = False
        self.unexplained = False


def settle(findings: Iterable[Finding], material: Suppressions) -> Settled:
    """Part the located `findings` into those that count and those that somebody has accepted."""
    notes = _Notes(material)
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        hits = list(notes.about(finding))
        for note in hits:
            note.used = True
        if hits:
            best = next((note for note in hits if note.reason), hits[0])
            best.unexplained = best.unexplained or not best.reason
            suppressed.append(Suppressed(finding, best.by, best.reason))
        else:
            kept.append(finding)
    ran = frozenset(loaded.rule.code for loaded in material.chosen)
    problems = [*notes.problems, *notes.unexplained(), *notes.stale(ran)]
    return Settled(kept, suppressed, problems, notes.standings(ran))


def configured(standings: Iterable[Standing]) -> Iterator[Problem]:
    """Yield what is to be said of suppressions of the settings: some gave no reason, some were of no use."""
    listed = list(standings)
    silent = [one for one in listed if one.unexplained]
    if silent:
        words = ", ".join(one.word for one in silent)
        yield _silent(silent[0].source, 0, CONFIGURED, words, "")
    for one in listed:
        if one.idle:
            remedy = f"remove it from {one.source}, unless inputs that are not part of this call need it"
            yield _idle(one.source, 0, CONFIGURED, one.word, remedy)


def together(parts: Iterable[Sequence[Standing]]) -> tuple[Standing, ...]:
    """How the same suppressions fared in all parts of a call."""
    merged = []
    for same in zip(*(part for part in parts if part), strict=True):
        used = any(one.used for one in same)
        unexplained, idle = any(one.unexplained for one in same), any(one.idle for one in same)
        merged.append(same[0]._replace(used=used, unexplained=unexplained, idle=idle and not used))
    return tuple(merged)


def _silent(path: str, line: int, by: str, words: str, remedy: str) -> Problem:
    remedy = remedy or "write behind the names why it is accepted: the next reader cannot ask"
    return Problem(path, f"this suppression of {words} (by {by}) gives no reason", remedy, line)


def _idle(path: str, line: int, by: str, word: str, remedy: str) -> Problem:
    return Problem(path, f"this suppression of {word} (by {by}) suppresses nothing", remedy, line)


class _Notes:
    """All suppressions of a call, found by the place that a finding stands at rather than one after the other."""

    def __init__(self, material: Suppressions) -> None:
        self._material = material
        self._locator = material.locator
        self.problems: list[Problem] = []
        self._meanings: dict[str, frozenset[str]] = {}
        self._all: list[_Note] = []
        self._on: dict[tuple[str, str], list[tuple[int, int, _Note]]] = defaultdict(list)
        self._above: dict[tuple[str, str, int], list[_Note]] = defaultdict(list)
        self._items: dict[tuple[str, int, Route], KubeObject] = {}
        self._inside: dict[tuple[str, str, int, Route], list[_Note]] = defaultdict(list)
        self._named: dict[tuple[str, str, ObjectRef], list[_Note]] = defaultdict(list)
        self._configured: dict[tuple[str, Trait], list[tuple[int, _Note, Callable[[Finding], bool]]]] = defaultdict(
            list
        )
        self._traits = Traits(material.settings.suppressions, material.settings.source)
        for path in sorted(material.marked):
            self._read_comments(path)
        for item in _objects(material.inventories) if material.marked else ():
            if item.path in material.marked:
                self._items[item.path, item.document, item.route] = item
                self._read_annotation(item)
        for number, entry in enumerate(material.settings.suppressions):
            self._read_entry(number, entry)

    def about(self, finding: Finding) -> Iterator[_Note]:
        """The suppressions that speak of `finding`."""
        at, code = finding.location, finding.code
        if at.path in self._material.marked:
            items = [self._items.get((at.path, at.document, at.route[:depth])) for depth in range(len(at.route) + 1)]
            yield from self._commented(at, code, [item for item in items if item is not None])
            for depth in range(len(at.route) + 1):
                yield from self._inside.get((at.path, code, at.document, at.route[:depth]), ())
            yield from self._named.get((at.path, code, finding.object), ())
        if not self._configured:
            return
        ref = finding.object
        traits = self._traits.of(at.path, ref.kind, ref.namespace, ref.name)
        entries = [one for trait in traits for one in self._configured.get((code, trait), ())]
        yield from (note for _, note, covers in sorted(entries, key=itemgetter(0)) if covers(finding))

    def _commented(self, at: Location, code: str, items: Iterable[KubeObject]) -> Iterator[_Note]:
        stretches = [(at.line, max(at.end_line, at.line))] if at.line else []
        stretches += [(line, line) for item in items for line in self._head(item)] if self._on else []
        on = self._on.get((at.path, code), [])
        for first, last in stretches:
            for index in range(bisect_left(on, (first, 0)), bisect_left(on, (last + 1, 0))):
                yield on[index][2]
            yield from self._above.get((at.path, code, first), ())

    def _head(self, item: KubeObject) -> set[int]:
        """The lines on which a comment speaks of a whole object: its first, and those of `kind:` and `metadata:`."""
        places = (item.at(), item.at("kind", part="key"), item.at("metadata", part="key"))
        return {self._locator.location(place, excerpt=False).line for place in places}

    def stale(self, ran: frozenset[str]) -> Iterator[Problem]:
        """One problem for each suppression that suppressed nothing although all its rules ran."""
        for note in self._all:
            if note.by != CONFIGURED and self._idle(note, ran):
                remedy = "remove it: what it accepted is gone"
                yield _idle(note.at.path, self._line(note.at), note.by, note.word, remedy)

    @staticmethod
    def _idle(note: _Note, ran: frozenset[str]) -> bool:
        return not note.used and note.codes <= ran and note.judged()

    def standings(self, ran: frozenset[str]) -> tuple[Standing, ...]:
        """How each suppression of the settings fared."""
        return tuple(
            Standing(note.at.path, note.word, note.used, note.unexplained, self._idle(note, ran))
            for note in self._all
            if note.by == CONFIGURED
        )

    def unexplained(self) -> Iterator[Problem]:
        """One problem for each suppression that accepted what nobody gave a reason for."""
        silent: dict[tuple[Location, str], list[str]] = {}
        for note in self._all:
            if note.unexplained and note.by != CONFIGURED:
                silent.setdefault((note.at, note.by), []).append(note.word)
        for (at, by), words in silent.items():
            remedy = ""
            if by == ANNOTATED:
                remedy = f'write it with its reason, as in {ANNOTATION}: "{words[0]}: used by an operator"'
            yield _silent(at.path, self._line(at), by, ", ".join(words), remedy)

    def _line(self, at: Location) -> int:
        """The line of a suppression; only when it is told of is it worth the search for that of an annotation."""
        return self._locator.location(at, excerpt=False).line if at.route else at.line

    def _problem(self, at: Location, message: str, remedy: str) -> Problem:
        return Problem(at.path, message, remedy, self._line(at))

    def _read_comments(self, path: str) -> None:
        positions = self._locator.positions(path)
        for comment in comments(positions) if positions is not None else ():
            for note in self._notes(COMMENT, comment.names, comment.reason, Location(path, line=comment.line)):
                for code in note.codes:
                    # The number keeps notes of one line in order, and from being compared.
                    self._on[path, code].append((comment.line, len(self._all), note))
                    if comment.above:
                        self._above[path, code, comment.above].append(note)

    def _read_annotation(self, item: KubeObject) -> None:
        metadata = item.body.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
        value = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
        if not isinstance(value, str):
            return
        at = item.at("metadata", "annotations", ANNOTATION, part="key")
        for names, reason in _entries(value):
            for note in self._notes(ANNOTATED, names, reason, at):
                for code in note.codes:
                    self._inside[item.path, code, item.document, item.route].append(note)
                    self._named[item.path, code, item.ref].append(note)

    def _read_entry(self, number: int, entry: Ignore) -> None:
        settings = self._material.settings
        glob = PathGlob([entry.path], settings.source)

        def fits(path: str, kind: str, namespace: str, name: str) -> bool:
            wanted = ((entry.kind, kind), (entry.namespace, namespace), (entry.name, name))
            return glob.match(path) and all(not want or fnmatchcase(value, want) for want, value in wanted)

        def covers(finding: Finding) -> bool:
            ref = finding.object
            return fits(finding.location.path, ref.kind, ref.namespace, ref.name)

        trait = self._traits.chosen(number)

        def judged() -> bool:
            return self._whole_project() and any(
                fits(item.path, item.kind, item.namespace, item.name) for item in self._by_trait.get(trait, ())
            )

        for note in self._notes(CONFIGURED, names_of(entry.rule), entry.reason, Location(settings.source)):
            note.judged = judged
            for code in note.codes:
                self._configured[code, trait].append((len(self._all), note, covers))

    @cached_property
    def _by_trait(self) -> Mapping[Trait, list[KubeObject]]:
        found: dict[Trait, list[KubeObject]] = defaultdict(list)
        for item in _objects(self._material.inventories):
            for trait in self._traits.of(item.path, item.kind, item.namespace, item.name):
                found[trait].append(item)
        return found

    def _whole_project(self) -> bool:
        """Whether more than single files were judged: the configuration speaks of the project, a hook of one change."""
        material = self._material
        return any(os.path.isdir(path) for path in material.inputs) or any(
            inventory.scope is Scope.CLUSTER for inventory in material.inventories
        )

    def _notes(self, by: str, names: tuple[str, ...], reason: str, at: Location) -> Iterator[_Note]:
        """One note for each name; a problem for what names nothing."""
        if not names:
            remedy = "name what is accepted, as in `# regcred: ignore[unlinked-pull-secret] used by an operator`"
            self.problems.append(self._problem(at, f"this suppression (by {by}) names no rule", remedy))
        words = list(dict.fromkeys(names))
        if len(words) > _MOST_NAMES:
            message = f"this suppression (by {by}) names {len(words):,} rules, of which the first {_MOST_NAMES} count"
            remedy = "name those that are meant, or the beginning of their codes: RC3"
            self.problems.append(self._problem(at, message, remedy))
        said = scrub(reason[: 4 * _LONGEST])
        said = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
        for word in words[:_MOST_NAMES]:
            meant = self._meaning(word)
            if meant:
                note = _Note(by, word, said, at, meant)
                note.judged = lambda: at.path not in self._material.unread
                self._all.append(note)
                yield note
            else:
                self._unknown(by, word, at)

    def _meaning(self, word: str) -> frozenset[str]:
        """The codes of the rules that `word` means; looked up once."""
        if word not in self._meanings:
            rules = self._material.catalogue
            self._meanings[word] = frozenset(one.rule.code for one in rules if registry.matches(word, one))
        return self._meanings[word]

    def _unknown(self, by: str, word: str, at: Location) -> None:
        """Tell that a name means no rule; which one is near is told for the first few, because it takes a search."""
        near = "`regcred rules` lists them"
        if len(self.problems) < _MOST_SEARCHED:
            near = registry.nearest(word[:80], self._material.catalogue).lstrip(": ")
        # What is not like a rule may be anything; the line says what it is.
        said = worded(word).strip("'")
        message = f"this suppression (by {by}) names no rule that exists: {said}"
        self.problems.append(self._problem(at, message, near))


def _objects(inventories: Iterable[Inventory]) -> Iterator[KubeObject]:
    return (item for inventory in inventories for item in inventory.objects)


def _entries(value: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The `(names, reason)` of an annotation; a part that does not begin with names goes on with the reason before."""
    found: list[tuple[tuple[str, ...], list[str]]] = []
    for part in re.split(r"[;\n]", value):
        names, _, reason = part.partition(":")
        if _NAMES.match(names.strip()):
            found.append((names_of(names), [reason.strip()]))
        elif found and part.strip():
            found[-1][1].append(part.strip())
        elif part.strip():
            found.append(((), [part.strip()]))
    return ((names, "; ".join(reasons).lstrip("; ")) for names, reasons in found)
