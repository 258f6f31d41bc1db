"""What the page shows, prepared: plain records of text and numbers, so that the template only writes them down."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from linter.model import Applicability, ExcerptLine, Finding, Fix, NotEvaluated, Run, Scan, Scope, Severity
from reports._phrases import (
    affected_name,
    causes,
    count,
    impact_counts,
    object_name,
    place,
    position,
    proof_counts,
)
from reports._verdict import verdict
from reports._visible import visible
from reports.html.manual import Block, Parts, blocks, inline

_BEFORE: Final = 120
_AFTER: Final = 360
_LISTED: Final = 40
_ROWS: Final = 400
_WORST: Final = ("error", "warning", "info")


class Line(NamedTuple):
    """One line of an excerpt, in three pieces: before, inside and after the mark."""

    number: int | str
    before: str
    marked: str
    after: str


class FixView(NamedTuple):
    """A fix without its edits, which may hold a credential."""

    kind: str
    how: str
    summary: str
    proof: str
    lists: tuple[tuple[str, Sequence[str], int], ...]


class Row(NamedTuple):
    """One finding."""

    id: str
    severity: str
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
    hits: str
    hit_names: Sequence[tuple[str, str]]
    hits_left: int
    remedy: str
    commands: tuple[tuple[str, ...], ...]
    fix: FixView | None
    related: Sequence[tuple[str, str, str]]
    fingerprint: str
    order: int


class Group(NamedTuple):
    """Findings under one heading."""

    title: str
    rows: list[Row]
    counts: str


def page(run: Run) -> dict[str, Any]:
    """Return everything that the template shows."""
    rows = _rows(run)
    by = "namespace" if run.scans and all(scan.scope is Scope.CLUSTER for scan in run.scans) else "file"
    return {
        "title": ", ".join(scan.name for scan in run.scans if scan.name) or "nothing",
        "version": run.version,
        "verdict": verdict(run),
        "scans": [_scan(scan) for scan in run.scans],
        "tiles": _tiles(run),
        "causes": _causes(run),
        "by": by,
        "groups": _groups(rows, by),
        "total": len(rows),
        "filters": _filters(run, rows),
        "not_evaluated": _not_evaluated(run.not_evaluated),
        "not_evaluated_total": len(run.not_evaluated),
        "problems": [
            (":".join([p.path, *(str(n) for n in (p.line, p.column) if n)]), p.message, p.remedy, p.fatal)
            for p in run.problems
        ],
        "suppressed": [
            (
                s.finding.severity.label,
                s.finding.code,
                s.finding.name,
                s.finding.message,
                object_name(s.finding.object, s.finding.cluster),
                place(s.finding.location),
                s.by,
                s.reason,
            )
            for s in run.suppressed
        ],
        "baselined": run.baselined,
        "rules": _rules(run),
    }


def _tiles(run: Run) -> list[tuple[str, int, str, str]]:
    """Return label, number, tone and target of each count."""
    counts = run.counts()
    safe = sum(1 for f in run.findings if f.fix is not None and f.fix.applicability is Applicability.SAFE)
    return [
        ("errors" if counts["error"] != 1 else "error", counts["error"], "error", "#severity=error"),
        ("warnings" if counts["warning"] != 1 else "warning", counts["warning"], "warning", "#severity=warning"),
        ("info", counts["info"], "info", "#severity=info"),
        ("safely fixable", safe, "good", "#fix=safe"),
        ("not evaluated", len(run.not_evaluated), "", "#coverage"),
        ("problems" if len(run.problems) != 1 else "problem", len(run.problems), "", "#coverage"),
        ("suppressed", len(run.suppressed), "", "#suppressed"),
        ("in the baseline", run.baselined, "", "#suppressed"),
    ]


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "name": scan.name,
        "inputs": scan.inputs,
        "scope": str(scan.scope),
        "recognised": scan.recognised,
        "proves": scan.proves,
        "objects": sorted(scan.objects.items(), key=lambda pair: (-pair[1], pair[0])),
        "total": count(sum(scan.objects.values()), "object"),
        "files": count(scan.artifacts, "file"),
        "skipped": scan.skipped,
    }


def _causes(run: Run) -> list[dict[str, Any]]:
    summaries = {rule.code: rule.summary for rule in run.rules}
    ranked = causes(run)
    widest = max((cause.pulls + cause.imports for cause in ranked), default=0)
    return [
        {
            "code": cause.code,
            "name": cause.name,
            "filter": "#rule=" + quote(visible(cause.code), safe=""),
            "summary": inline(summaries.get(cause.code, "")),
            "severity": Severity(cause.severity).label,
            "findings": cause.findings,
            "pulls": cause.pulls,
            "imports": cause.imports,
            "bar": round(100 * (cause.pulls + cause.imports) / widest, 1) if widest else 0,
        }
        for cause in ranked
    ]


def _rows(run: Run) -> list[Row]:
    seen: dict[str, int] = {}
    rows = []
    for order, finding in enumerate(sorted(run.findings, key=position)):
        fingerprint = finding.fingerprint
        seen[fingerprint] = number = seen.get(fingerprint, 0) + 1
        rows.append(_row(finding, fingerprint, fingerprint if number == 1 else f"{fingerprint}-{number}", order))
    return rows


def _row(finding: Finding, fingerprint: str, ident: str, order: int) -> Row:
    hits = (*finding.impact.workloads, *finding.impact.imports)
    where = finding.location
    return Row(
        id=f"f-{ident}",
        severity=finding.severity.label,
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
        hits=impact_counts(finding),
        hit_names=[(affected_name(hit), hit.image) for hit in hits[:_LISTED]],
        hits_left=max(len(hits) - _LISTED, 0),
        remedy=finding.remedy,
        commands=tuple(tuple(command.replace("\r\n", "\n").split("\n")) for command in finding.commands),
        fix=_fix(finding.fix),
        related=[
            (place(r.location) if r.location else "", object_name(r.object) if r.object else "", r.message)
            for r in finding.related[:_LISTED]
        ],
        fingerprint=fingerprint,
        order=order,
    )


_FIXED: Final = {
    Applicability.SAFE: ("safe", "Safe: keeps the meaning. regcred check --fix applies it."),
    Applicability.UNSAFE: ("unsafe", "Unsafe: may change the meaning. --fix --unsafe-fixes applies it."),
    Applicability.DISPLAY: ("display", "To read only: regcred never applies it."),
}


def _fix(fix: Fix | None) -> FixView | None:
    if fix is None:
        return None
    kind, how = _FIXED[fix.applicability]
    if fix.obstacle and fix.applicability is not Applicability.DISPLAY:
        how = f"{str(fix.applicability).capitalize()}, but --fix does not edit this file: {fix.obstacle}."
    named: list[tuple[str, tuple[str, ...]]] = []
    if fix.proof is not None:
        proof = fix.proof
        named = [("repaired", proof.repaired), ("broken", proof.broken), ("removed", proof.removed)]
        named += [("stays", proof.kept)] if proof.removed else []
    lists = tuple((label, lines[:_LISTED], max(len(lines) - _LISTED, 0)) for label, lines in named if lines)
    return FixView(kind, how, fix.summary, proof_counts(fix), lists)


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
    return Line(line.number or "", *(part.rstrip("\r\n").replace("\t", " ") for part in (before, marked, after)))


def _groups(rows: Iterable[Row], by: str) -> list[Group]:
    """Return the rows under headings, as the script of the page would group them."""
    if by == "namespace":
        rows = sorted(rows, key=lambda row: _WORST.index(row.severity))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        title = row.path or "no file" if by == "file" else row.namespace or "no namespace"
        groups.setdefault(f"{row.cluster}: {title}" if row.cluster and by == "namespace" else title, []).append(row)
    ordered = sorted(groups.items()) if by == "namespace" else list(groups.items())
    return [Group(title, members, count(len(members), "finding")) for title, members in ordered]


def _filters(run: Run, rows: Sequence[Row]) -> dict[str, list[tuple[str, str, int]]]:
    """Return the choices of each filter: value, label, how many findings."""

    def choices(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
        tally: dict[tuple[str, str], int] = {}
        for pair in pairs:
            tally[pair] = tally.get(pair, 0) + 1
        return [(value, label, number) for (value, label), number in sorted(tally.items())]

    counts = run.counts()
    return {
        "severity": [(label, label, number) for label, number in counts.items() if number],
        "rule": choices((row.code, f"{row.code} {row.name}") for row in rows),
        "namespace": choices((row.namespace, row.namespace or "no namespace") for row in rows),
        "cluster": choices((row.cluster, row.cluster or "manifests") for row in rows),
    }


def _not_evaluated(items: Sequence[NotEvaluated]) -> list[tuple[str, list[tuple[str, str, str, str]], int, int]]:
    """Return reason, shown entries, how many there are and how many are not shown; the most frequent reason first."""
    groups: dict[str, list[NotEvaluated]] = {}
    for item in items:
        groups.setdefault(item.reason, []).append(item)
    ordered = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        (reason, [_entry(item) for item in members[:_ROWS]], len(members), max(len(members) - _ROWS, 0))
        for reason, members in ordered
    ]


def _entry(item: NotEvaluated) -> tuple[str, str, str, str]:
    what = object_name(item.object, item.cluster) if item.object is not None else ""
    where = place(item.location) if item.location is not None else ""
    return (what, where, item.message, ", ".join(item.rules))


def _rules(run: Run) -> list[tuple[str, str, str, Parts, bool, list[tuple[str, list[Block]]], int]]:
    found: dict[str, int] = {}
    for finding in run.findings:
        found[finding.code] = found.get(finding.code, 0) + 1
    return [
        (
            rule.code,
            rule.name,
            rule.severity.label,
            inline(rule.summary),
            rule.fixable,
            [(title, blocks(body)) for title, body in rule.sections],
            found.get(rule.code, 0),
        )
        for rule in run.rules
    ]
