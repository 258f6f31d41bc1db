"""Findings that somebody has accepted: by a comment in the file, an annotation on the object, or the configuration.

Comment      `# regcred: ignore[name] reason`, on a line of what the finding marks or directly above it. On or above
             the line where the object begins, or its `kind:` or `metadata:`, it counts for the whole object. A comment
             behind code counts for the line below only when that line is what the code opens (`data:  # …`).
Annotation   `regcred/ignore: "name: reason"` on the object, several separated by `;` or a line break.
Settings     an entry of `ignore` with rule, reason and any of path, kind, namespace, name.

Names may be codes, and several with commas between. Nothing is lost: a suppressed finding is counted and shown with its
reason. A suppression that suppresses nothing, names no rule, or gives no name, is a `Problem` that is not fatal: it is
not a finding (no rule of the catalogue found it, and accepting it in turn would never end) and not something that was
left unjudged, but a line of the input that does not do what it says, and a problem has the path, the line and the
remedy to say so in every report, without failing a build.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

from linter import registry
from linter.comments import Comment, comments, names_of
from linter.documents.objects import KubeObject
from linter.excerpts import scrub
from linter.globs import PathGlob
from linter.inventory import Inventory
from linter.locate import Locator
from linter.model import Finding, Location, Problem, Scope, Suppressed
from linter.settings import Ignore, Settings

if TYPE_CHECKING:
    from linter.registry import Loaded

ANNOTATION: Final = "regcred/ignore"
COMMENT: Final = "comment"
ANNOTATED: Final = "annotation"
CONFIGURED: Final = "configuration"

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


class Settled(NamedTuple):
    """What is left of the findings, what was accepted, and which suppressions deserve a word."""

    findings: list[Finding]
    suppressed: list[Suppressed]
    problems: list[Problem]


class _Note:
    """One name in one suppression; `codes` are the rules it means, `covers` tells whether it speaks of a finding."""

    __slots__ = ("by", "codes", "covers", "judged", "line", "path", "reason", "used", "word")

    def __init__(
        self,
        *,
        by: str,
        word: str,
        reason: str,
        path: str,
        line: int,
        codes: frozenset[str],
        covers: Callable[[Finding], bool],
        judged: Callable[[], bool],
    ) -> None:
        self.by, self.word, self.reason = by, word, reason
        self.path, self.line, self.codes = path, line, codes
        self.covers, self.judged = covers, judged
        self.used = False


def settle(findings: Iterable[Finding], material: Suppressions) -> Settled:
    """Part the located `findings` into those that count and those that somebody has accepted."""
    notes = _Notes(material)
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        hits = [note for note in notes.about(finding) if finding.code in note.codes and note.covers(finding)]
        for note in hits:
            note.used = True
        if hits:
            best = next((note for note in hits if note.reason), hits[0])
            suppressed.append(Suppressed(finding, best.by, best.reason))
        else:
            kept.append(finding)
    ran = frozenset(loaded.rule.code for loaded in material.chosen)
    return Settled(kept, suppressed, [*notes.problems, *notes.stale(ran)])


class _Notes:
    """All suppressions of a call, by the file that they stand in."""

    def __init__(self, material: Suppressions) -> None:
        self._material = material
        self._locator = material.locator
        self._objects: dict[str, dict[int, list[KubeObject]]] = defaultdict(lambda: defaultdict(list))
        for item in _objects(material.inventories) if material.marked else ():
            if item.path in material.marked:
                self._objects[item.path][item.document].append(item)
        self.problems: list[Problem] = []
        self._by_path: dict[str, list[_Note]] = {path: list(self._in_file(path)) for path in sorted(material.marked)}
        self._configured = [note for entry in material.settings.suppressions for note in self._of_settings(entry)]

    def about(self, finding: Finding) -> Iterator[_Note]:
        """The suppressions that could speak of `finding`."""
        yield from self._by_path.get(finding.location.path, ())
        yield from self._configured

    def stale(self, ran: frozenset[str]) -> Iterator[Problem]:
        """One problem for each suppression that suppressed nothing although all its rules ran."""
        for note in [*(note for notes in self._by_path.values() for note in notes), *self._configured]:
            if not note.used and note.codes <= ran and note.judged():
                remedy = "remove it: what it accepted is gone"
                if note.by == CONFIGURED:
                    remedy = f"remove it from {note.path}, unless inputs that are not part of this call need it"
                message = f"this suppression of {note.word} (by {note.by}) suppresses nothing"
                yield Problem(note.path, message, remedy, note.line)

    def _in_file(self, path: str) -> Iterator[_Note]:
        positions = self._locator.positions(path)
        for comment in comments(positions) if positions is not None else ():
            covers = self._covered_by(comment)
            yield from self._notes(COMMENT, comment.names, comment.reason, path, comment.line, covers)
        for items in self._objects[path].values():
            for item in items:
                yield from self._annotated(item)

    def _annotated(self, item: KubeObject) -> Iterator[_Note]:
        metadata = item.body.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
        value = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
        if not isinstance(value, str):
            return
        at = item.at("metadata", "annotations", ANNOTATION, part="key")
        line = self._locator.location(at, excerpt=False).line

        def covers(finding: Finding) -> bool:
            at = finding.location
            return _within(at, item) or (finding.object == item.ref and at.path == item.path)

        for names, reason in _entries(value):
            yield from self._notes(ANNOTATED, names, reason, item.path, line, covers)

    def _of_settings(self, entry: Ignore) -> Iterator[_Note]:
        settings = self._material.settings
        glob = PathGlob([entry.path], settings.source)

        def fits(path: str, kind: str, namespace: str, name: str) -> bool:
            wanted = ((entry.kind, kind), (entry.namespace, namespace), (entry.name, name))
            return glob.match(path) and all(not want or fnmatchcase(value, want) for want, value in wanted)

        def covers(finding: Finding) -> bool:
            ref = finding.object
            return fits(finding.location.path, ref.kind, ref.namespace, ref.name)

        def judged() -> bool:
            items = _objects(self._material.inventories)
            return self._whole_project() and any(
                fits(item.path, item.kind, item.namespace, item.name) for item in items
            )

        yield from self._notes(CONFIGURED, names_of(entry.rule), entry.reason, settings.source, 0, covers, judged)

    def _whole_project(self) -> bool:
        """Whether more than single files were judged: the configuration speaks of the project, a hook of one change."""
        material = self._material
        return any(os.path.isdir(path) for path in material.inputs) or any(
            inventory.scope is Scope.CLUSTER for inventory in material.inventories
        )

    def _notes(
        self,
        by: str,
        names: tuple[str, ...],
        reason: str,
        path: str,
        line: int,
        covers: Callable[[Finding], bool],
        judged: Callable[[], bool] | None = None,
    ) -> Iterator[_Note]:
        if not names:
            remedy = "name what is accepted, as in `# regcred: ignore[unlinked-pull-secret] used by an operator`"
            self.problems.append(Problem(path, f"this suppression (by {by}) names no rule", remedy, line))
        for word in names:
            meant = [loaded.rule.code for loaded in self._material.catalogue if registry.matches(word, loaded)]
            if not meant:
                message = f"this suppression (by {by}) names no rule that exists: {scrub(word)}"
                near = registry.nearest(word, self._material.catalogue).lstrip(": ")
                self.problems.append(Problem(path, message, near, line))
                continue
            yield _Note(
                by=by,
                word=word,
                reason=scrub(reason),
                path=path,
                line=line,
                codes=frozenset(meant),
                covers=covers,
                judged=judged or (lambda: path not in self._material.unread),
            )

    def _covered_by(self, comment: Comment) -> Callable[[Finding], bool]:
        def covers(finding: Finding) -> bool:
            at = finding.location
            if at.line and comment.speaks_of(at.line, max(at.end_line, at.line)):
                return True
            return any(
                comment.speaks_of(line, line)
                for item in self._objects[at.path].get(at.document, ())
                if _within(at, item)
                for line in self._head(item)
            )

        return covers

    def _head(self, item: KubeObject) -> set[int]:
        """The lines on which a comment speaks of a whole object: its first, and those of `kind:` and `metadata:`."""
        places = (item.at(), item.at("kind", part="key"), item.at("metadata", part="key"))
        return {self._locator.location(place, excerpt=False).line for place in places}


def _objects(inventories: Iterable[Inventory]) -> Iterator[KubeObject]:
    return (item for inventory in inventories for item in inventory.objects)


def _within(location: Location, item: KubeObject) -> bool:
    return (location.path, location.document) == (item.path, item.document) and (
        location.route[: len(item.route)] == item.route
    )


def _entries(value: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The `(names, reason)` of an annotation; a part that does not begin with names goes on with the reason before."""
    found: list[tuple[tuple[str, ...], str]] = []
    for part in re.split(r"[;\n]", value):
        names, _, reason = part.partition(":")
        if _NAMES.match(names.strip()):
            found.append((names_of(names), reason.strip()))
        elif found and part.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]}; {part.strip()}".lstrip("; "))
        elif part.strip():
            found.append(((), part.strip()))
    return iter(found)
