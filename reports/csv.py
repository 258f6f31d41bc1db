"""The report for spreadsheets: a row for each scan and finding, for what is suppressed, not evaluated or not read.

A spreadsheet runs a cell that begins like a formula. Such a cell gets an apostrophe in front, which keeps it text.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from linter.model import Finding, Location, NotEvaluated, ObjectRef, Problem, Run, Scan
from reports._times import utc
from reports._visible import visible
from reports.contract import Options, Report

REPORT = Report("csv", "one row a finding, for spreadsheets", "text/csv")

COLUMNS: Final = (
    "state", "severity", "code", "rule", "cluster", "kind", "namespace", "object", "path", "line", "column",
    "message", "remedy", "reason", "pulls", "imports", "fix", "first_seen", "since", "fingerprint", "number",
)  # fmt: skip
_FORMULA: Final = tuple("=+-@|%\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the wide forms for operators too


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as CSV (RFC 4180 but for line feeds alone) with a row of names."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(run):
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return stream.getvalue()


def _cell(value: str | int) -> str | int:
    """Return a value for one cell: on one line, and never a formula."""
    if isinstance(value, int):
        return value
    shown = visible(value)
    return f"'{shown}" if value.lstrip(" ").startswith(_FORMULA) or shown.startswith(_FORMULA) else shown


def _rows(run: Run) -> Iterator[dict[str, Any]]:
    for scan in run.scans:
        yield from _scan(scan)
    for finding in run.findings:
        yield {"state": "open", **_finding(finding)}
    for item in run.suppressed:
        reason = f"{item.by}: {item.reason or 'no reason given'}"
        yield {"state": "suppressed", **_finding(item.finding), "reason": reason}
    for withheld in run.not_evaluated:
        yield {"state": "not evaluated", **_not_evaluated(withheld)}
    for problem in run.problems:
        yield {"state": "problem", **_problem(problem)}


def _scan(scan: Scan) -> Iterator[dict[str, Any]]:
    """What one scan was taken for and what it read, then what it passed over; `number` counts files."""
    told = f"judged as {scan.scope} ({scan.recognised}): {scan.proves}"
    read = {"cluster": scan.name, "path": " ".join(scan.inputs)}
    yield {"state": "scan", **read, "message": told, "number": scan.artifacts}
    for reason, number in scan.skipped:
        yield {"state": "passed over", **read, "reason": reason, "number": number}


def _finding(finding: Finding) -> dict[str, Any]:
    seen = finding.seen
    return {
        "severity": finding.severity.label,
        "code": finding.code,
        "rule": finding.name,
        "cluster": finding.cluster,
        **_object(finding.object),
        **_place(finding.location),
        "message": finding.message,
        "remedy": finding.remedy,
        "pulls": len(finding.impact.workloads),
        "imports": len(finding.impact.imports),
        "fix": str(finding.fix.applicability) if finding.fix is not None else "",
        "first_seen": utc(seen.first) if seen is not None else "",
        "since": utc(seen.since) if seen is not None else "",
        "fingerprint": finding.fingerprint,
    }


def _object(ref: ObjectRef | None) -> dict[str, Any]:
    return {} if ref is None else {"kind": ref.kind, "namespace": ref.namespace, "object": ref.name}


def _place(location: Location | None) -> dict[str, Any]:
    if location is None:
        return {}
    return {"path": location.path, "line": location.line or "", "column": location.column or ""}


def _not_evaluated(item: NotEvaluated) -> dict[str, Any]:
    return {
        "rule": " ".join(item.rules),
        "cluster": item.cluster,
        **_object(item.object),
        **_place(item.location),
        "message": item.message,
        "reason": item.reason,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        **_place(Location(problem.path, line=problem.line, column=problem.column)),
        "severity": "error" if problem.fatal else "",
        "message": problem.message,
        "remedy": problem.remedy,
    }
