"""The answer that a report opens with: what will fail, what may, and whether that is all that can be said."""

from linter.model import Run, Severity
from reports._phrases import Hit, amount, count, endangered, extent, failing, left_aside, severity_counts


def verdict(run: Run) -> dict[str, str]:
    """Return the answer: what will fail, what may, and whether that is all that can be said."""
    errors = [finding for finding in run.findings if finding.severity is Severity.ERROR]
    broken = failing(run)
    will, may = _amount(*broken), _amount(*endangered(run, broken))
    objects = sum(sum(scan.objects.values()) for scan in run.scans)
    if will:
        head, tone = f"{will} will fail", "error"
    elif may:
        head, tone = f"{may} may fail", "warning"
    elif run.findings:
        head, tone = "No pull or import is known to fail", max(f.severity for f in run.findings).label
        if errors:  # said first: the heading is shown as one, and what it goes on with is no reason for that
            head = f"{count(len(errors), 'error')}, though no pull or import is known to fail"
    elif not objects:
        head, tone = "Nothing was judged", "warning"
    elif run.not_evaluated or run.problems:
        head, tone = "Nothing wrong was found in what could be judged", "good"
    else:
        head, tone = "Nothing wrong was found", "good"
    more = f"Beyond these, {may} may fail. " if will and may else ""
    aside = left_aside(run)
    found = severity_counts(run)
    return {
        "head": head,
        "tone": tone,
        "more": f"{more}{found[:1].upper()}{found[1:]} in {extent(run)}{'; ' + aside if aside else ''}.",
    }


def _amount(unpulled: set[Hit], unimported: set[Hit]) -> str:
    return amount(len(unpulled), len(unimported))
