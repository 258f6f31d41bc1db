"""The answer that a report opens with: what will fail, what may, and whether that is all that can be said."""

from linter.model import Affected, Run, Severity
from reports._phrases import count, extent, left_aside, severity_counts

_Hit = tuple[str, Affected]
"""A workload or image stream, and the cluster that it belongs to."""


def verdict(run: Run) -> dict[str, str]:
    """Return the answer: what will fail, what may, and whether that is all that can be said."""
    sure_pulls, sure_imports = _broken(run, Severity.ERROR)
    pulls, imports = _broken(run, Severity.WARNING)
    will, may = _amount(sure_pulls, sure_imports), _amount(pulls - sure_pulls, imports - sure_imports)
    objects = sum(sum(scan.objects.values()) for scan in run.scans)
    if will:
        head, tone = f"{will} will fail", "error"
    elif may:
        head, tone = f"{may} may fail", "warning"
    elif run.findings:
        head, tone = "No pull or import is known to fail", max(f.severity for f in run.findings).label
    elif not objects:
        head, tone = "Nothing was judged", "warning"
    elif run.not_evaluated or run.problems:
        head, tone = "Nothing wrong was found in what could be judged", "good"
    else:
        head, tone = "Nothing wrong was found", "good"
    more = f"{may} more may fail. " if will and may else ""
    aside = left_aside(run)
    found = severity_counts(run)
    return {
        "head": head,
        "tone": tone,
        "more": f"{more}{found[:1].upper()}{found[1:]} in {extent(run)}{'; ' + aside if aside else ''}.",
    }


def _broken(run: Run, severity: Severity) -> tuple[set[_Hit], set[_Hit]]:
    """Return the distinct pulls and imports that findings of one severity break."""
    found = [finding for finding in run.findings if finding.severity is severity]
    pulls = {(finding.cluster, hit) for finding in found for hit in finding.impact.workloads}
    imports = {(finding.cluster, hit) for finding in found for hit in finding.impact.imports}
    return pulls, imports


def _amount(pulls: set[_Hit], imports: set[_Hit]) -> str:
    parts = ([count(len(pulls), "pull")] if pulls else []) + ([count(len(imports), "import")] if imports else [])
    return " and ".join(parts)
