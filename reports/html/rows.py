"""Findings as the page shows them: plain text and numbers, written once for the script and once for readers without."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from linter.model import Applicability, ExcerptLine, Finding, Fix, ObjectRef, Severity
from reports._phrases import affected_name, impact_counts, object_name, place, proof_counts, striking
from reports.html.trend import age

_BEFORE: Final = 120
_AFTER: Final = 360
LISTED: Final = 40
"""So many of what a finding hits, and of what its fix repairs, are named."""

LEVELS: Final = tuple(severity.label for severity in sorted(Severity, reverse=True))
"""The severities, the worst first: their places here are how the script knows them."""

_FIXED: Final = {
    Applicability.SAFE: ("safe", "Safe: keeps the meaning. regcred check --fix applies it."),
    Applicability.UNSAFE: ("unsafe", "Unsafe: may change the meaning. --fix --unsafe-fixes applies it."),
    Applicability.DISPLAY: ("display", "To read only: regcred never applies it."),
}


class Line(NamedTuple):
    """One line of an excerpt, in three pieces: before, inside and after the mark."""

    number: str
    before: str
    marked: str
    after: str


class FixView(NamedTuple):
    """A fix without its edits, which may hold a credential. A line of `diff` is its kind and text."""

    kind: str
    how: str
    summary: str
    proof: str
    lists: tuple[tuple[str, Sequence[str], int], ...]
    diff: tuple[tuple[str, str], ...]


class Row(NamedTuple):
    """One finding. The script reads the fields by their place: `script.js` names them in this order."""

    id: str
    level: int
    code: str
    name: str
    message: str
    object: str
    namespace: str
    cluster: str
    path: str
    place: str
    excerpt: tuple[Line, ...]
    payload: str
    payload_excerpt: tuple[Line, ...]
    detail: str
    strikes: str
    hits: str
    hit_names: Sequence[tuple[str, str]]
    hits_left: int
    remedy: str
    commands: tuple[tuple[str, ...], ...]
    fix: FixView | None
    related: Sequence[tuple[str, str, str]]
    cause: str
    weight: int
    age: str
    fresh: int

    @property
    def severity(self) -> str:
        """The word of the severity."""
        return LEVELS[self.level]


def rows(findings: Sequence[Finding], now: int = 0) -> list[Row]:
    """Return a row for every finding, in the same order, each with an identity of its own. `now`: Unix seconds."""
    seen: dict[str, int] = {}
    objects = {(finding.cluster, finding.object) for finding in findings if not finding.code.startswith("RC5")}
    found = []
    for finding in findings:
        fingerprint = finding.fingerprint
        seen[fingerprint] = number = seen.get(fingerprint, 0) + 1
        ident = fingerprint if number == 1 else f"{fingerprint}-{number}"
        found.append(_row(finding, ident, _cause(finding, objects), now))
    return found


def _cause(finding: Finding, objects: set[tuple[str, ObjectRef]]) -> str:
    """Name the object in which the defect lies: a failing pull (RC5xx) points at the one that a finding explains."""
    if finding.code.startswith("RC5"):
        for related in finding.related:
            if related.object is not None and (finding.cluster, related.object) in objects:
                return object_name(related.object, finding.cluster)
    return object_name(finding.object, finding.cluster)


def _row(finding: Finding, ident: str, cause: str, now: int) -> Row:
    hits = (*finding.impact.workloads, *finding.impact.imports)
    where = finding.location
    return Row(
        id=f"f-{ident}",
        level=LEVELS.index(finding.severity.label),
        code=finding.code,
        name=finding.name,
        message=finding.message,
        object=object_name(finding.object),
        namespace=finding.object.namespace,
        cluster=finding.cluster,
        path=where.path,
        place=place(where),
        excerpt=_excerpt(where.excerpt),
        payload=str(where.payload) if where.payload is not None else "",
        payload_excerpt=_excerpt(where.payload_excerpt),
        detail=finding.detail,
        strikes=striking(finding),
        hits=impact_counts(finding),
        hit_names=[(affected_name(hit), hit.image) for hit in hits[:LISTED]],
        hits_left=max(len(hits) - LISTED, 0),
        remedy=finding.remedy,
        commands=tuple(map(command_lines, finding.commands)),
        fix=_fix(finding.fix),
        related=[
            (place(r.location) if r.location else "", object_name(r.object) if r.object else "", r.message)
            for r in finding.related[:LISTED]
        ],
        cause=cause,
        weight=len(hits),
        age=age(finding, now),
        fresh=int(finding.seen is not None and finding.seen.new),
    )


def command_lines(command: str) -> tuple[str, ...]:
    """Return the lines of a command: their breaks are the only ones that a page keeps."""
    return tuple(command.replace("\r\n", "\n").split("\n"))


def _fix(fix: Fix | None) -> FixView | None:
    if fix is None:
        return None
    kind, how = _FIXED[fix.applicability]
    if fix.obstacle and fix.applicability is not Applicability.DISPLAY:
        how = f"{str(fix.applicability).capitalize()}, but --fix does not edit this file: {fix.obstacle}."
    named: list[tuple[str, tuple[str, ...]]] = []
    if fix.proof is not None:
        proof = fix.proof
        named = [
            ("from failing to working", proof.repaired),
            ("from working to failing", proof.broken),
            ("entries removed", proof.removed),
        ]
        named += [("entries that stay", proof.kept)] if proof.removed else []
    lists = tuple((label, lines[:LISTED], max(len(lines) - LISTED, 0)) for label, lines in named if lines)
    diff = tuple(_diff_line(line) for line in fix.diff.split("\n")) if fix.diff else ()
    if fix.edits and not diff and fix.applicability is not Applicability.DISPLAY:
        how += " Its change is too much for this page: check --diff shows it."
    return FixView(kind, how, fix.summary, proof_counts(fix), lists, diff)


def _diff_line(line: str) -> tuple[str, str]:
    if line.startswith(("---", "+++")):
        return "f", line
    return (line[:1] if line[:1] in ("+", "-", "@") else " "), line.replace("\t", " ")


def _excerpt(lines: tuple[ExcerptLine, ...]) -> tuple[Line, ...]:
    return tuple(_line(line) for line in lines)


def _line(line: ExcerptLine) -> Line:
    """Cut a line at its mark, and crop what is far from it."""
    first = max(line.start, 1) - 1
    last = max(line.end - 1, first) if line.start else first
    text = line.text
    before = text[:first] if first <= _BEFORE else "…" + text[first - _BEFORE // 2 : first]
    marked = text[first:last] if last - first <= _AFTER else text[first : first + _AFTER] + "…"
    after = text[last:] if len(text) - last <= _AFTER else text[last : last + _AFTER] + "…"
    pieces = (part.rstrip("\r\n").replace("\t", " ") for part in (before, marked, after))
    return Line(str(line.number or ""), *pieces)


def choices(found: Sequence[Row]) -> Mapping[str, list[tuple[str, str, int]]]:
    """Return the choices of each filter: value, label, how many findings."""

    def tally(pairs: list[tuple[str, str]]) -> list[tuple[str, str, int]]:
        counts: dict[tuple[str, str], int] = {}
        for pair in pairs:
            counts[pair] = counts.get(pair, 0) + 1
        return [(value, label, number) for (value, label), number in sorted(counts.items())]

    levels = [(label, sum(1 for row in found if row.severity == label)) for label in LEVELS]
    return {
        "severity": [(label, label, number) for label, number in levels if number],
        "rule": tally([(row.code, f"{row.code} {row.name}") for row in found]),
        "namespace": tally([(row.namespace, row.namespace or "no namespace") for row in found]),
        "cluster": tally([(row.cluster, row.cluster or "manifests") for row in found]),
    }
