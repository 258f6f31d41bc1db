"""The report for merge requests of GitLab: a Code Quality artifact."""

from typing import Any, Final

from linter.model import Finding, Location, Run, Severity, Suppressed
from reports._jsontext import dump
from reports._phrases import merged, object_name, passed_over, place, strikes, summary_line, taken_for
from reports._visible import visible
from reports.contract import Options, Report

REPORT = Report("gitlab", "a Code Quality artifact for GitLab", "application/json")

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the findings as a Code Quality report; every fingerprint is there once, as GitLab wants it."""
    inputs = merged(run.scans).inputs
    fallback = inputs[0] if inputs else "."
    seen: dict[str, int] = {}
    issues = []
    suppressed = [_accepted(item) for item in run.suppressed]
    for finding in [*run.findings, *suppressed]:
        number = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        suffix = f"-{number}" if number > 1 else ""
        issues.append(_issue(finding, finding.fingerprint + suffix, fallback))
    return dump(issues)


def beside(run: Run) -> list[str]:
    """Return what GitLab's format, a list of issues and nothing else, has no room for; nothing when all was judged."""
    left = passed_over(run)
    if not (left or run.not_evaluated or run.problems):
        return []
    lines = [taken_for(scan, run) for scan in run.scans]
    for problem in run.problems:
        where = place(Location(problem.path, line=problem.line, column=problem.column))
        lines.append(": ".join(filter(None, (where, problem.message, problem.remedy))))
    return [visible(line) for line in (*lines, summary_line(run), left) if line]


def _accepted(item: Suppressed) -> Finding:
    """What is suppressed is shown as information, with its reason in front."""
    reason = f"Suppressed by {item.by} ({item.reason or 'no reason given'}): {item.finding.message}"
    return item.finding._replace(severity=Severity.INFO, message=reason, remedy="")


def _issue(finding: Finding, fingerprint: str, fallback: str) -> dict[str, Any]:
    impact = f" {strikes(finding).capitalize()}." if finding.impact else ""
    remedy = f" To do: {finding.remedy}" if finding.remedy else ""
    where = "" if finding.location.path else f"{object_name(finding.object, finding.cluster)}: "
    return {
        "description": visible(f"{where}{finding.message.rstrip('.')}.{impact}{remedy}"),
        "check_name": f"{finding.code} {finding.name}",
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": (finding.location.path or fallback).removeprefix("./"),
            "lines": {"begin": max(finding.location.line, 1)},
        },
    }
