"""What the page shows, prepared: plain records of text and numbers, so that the template only writes them down."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from linter.model import Applicability, NotEvaluated, Run, Scan, Scope
from reports._phrases import count, object_name, place, position
from reports._verdict import verdict
from reports.html.causes import causes
from reports.html.manual import Block, Parts, blocks, inline
from reports.html.picture import WIDTH, Views, views
from reports.html.rows import Row, choices, rows
from reports.html.story import Share, shares, tell
from reports.html.trend import HEIGHT as CHART_HEIGHT
from reports.html.trend import WIDTH as CHART_WIDTH
from reports.html.trend import changes, charts

STATIC: Final = 300
"""So many findings stand in full in the page for readers without a script, the worst; the others have a line each."""

BRIEF: Final = 9_700
"""So many more stand there in short. Where scripts run, a browser takes none of them in."""

_ROWS: Final = 400
_BAR: Final = 1000


def page(run: Run) -> dict[str, Any]:
    """Return everything that the template shows."""
    findings = sorted(run.findings, key=position)
    found = rows(findings, run.time)
    told = tell(run, findings)
    pictures = views(findings, found, told)
    by = "namespace" if run.scans and all(scan.scope is Scope.CLUSTER for scan in run.scans) else "file"
    worst = sorted(found, key=lambda row: (row.level, -row.weight))
    return {
        "title": ", ".join(scan.name for scan in run.scans if scan.name) or "nothing",
        "version": run.version,
        "verdict": verdict(run),
        "judged": any(any(scan.objects.values()) for scan in run.scans),
        "scans": [_scan(scan, run) for scan in run.scans],
        "shares": _shares(shares(run, told)),
        "total_pulls": run.pulls.total if run.pulls is not None else 0,
        "tiles": _tiles(run),
        "charts": charts(run),
        "chart_size": (CHART_WIDTH, CHART_HEIGHT),
        "changes": changes(run),
        "fresh": sum(row.fresh for row in found),
        "baseline": run.baseline,
        "baselined": run.baselined,
        "causes": causes(run, findings, found, told, pictures.of_cause),
        "pictures": pictures,
        "picture_groups": [(kind, list(group)) for kind, group in groupby(pictures.views, lambda view: view.group)],
        "width": WIDTH,
        "by": by,
        "rows": found,
        "static": worst[:STATIC],
        "brief": worst[STATIC : STATIC + BRIEF],
        "left": max(len(found) - STATIC - BRIEF, 0),
        "total": len(found),
        "filters": choices(found),
        "not_evaluated": _not_evaluated(run.not_evaluated),
        "not_evaluated_total": len(run.not_evaluated),
        "problems": [
            (":".join([p.path, *(str(n) for n in (p.line, p.column) if n)]), p.message, p.remedy, p.fatal)
            for p in run.problems[:_ROWS]
        ],
        "problems_total": len(run.problems),
        "suppressed": _suppressed(run),
        "suppressed_total": len(run.suppressed),
        "rules": _rules(run),
    }


def script_data(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the page that its script needs."""
    pictures: Views = shown["pictures"]
    rows_: Sequence[Row] = shown["rows"]
    return {"rows": rows_, "views": pictures.views, "by": shown["by"]}


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
        ("not readable", len(run.problems), "", "#coverage"),
        ("accepted", len(run.suppressed) + run.baselined, "", "#accepted"),
    ]


def _shares(parts: Sequence[Share]) -> list[tuple[str, int, str, float, float]]:
    """Return end, number, label, begin and length (of a thousand) of each part of the bar."""
    total = sum(part.number for part in parts) or 1
    placed = []
    begin = 0.0
    for part in parts:
        length = round(_BAR * part.number / total, 1)
        placed.append((part.status, part.number, part.label, round(begin, 1), length))
        begin += length
    return placed


def _scan(scan: Scan, run: Run) -> dict[str, Any]:
    mine = [finding for finding in run.findings if finding.cluster == scan.name or len(run.scans) == 1]
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
        "findings": len(mine),
    }


def _suppressed(run: Run) -> list[tuple[str, ...]]:
    return [
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
        for s in run.suppressed[:_ROWS]
    ]


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
