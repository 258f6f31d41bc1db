"""What findings and pulls say together: which pulls fail, which may, and which finding is the cause."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from linter.model import Affected, Finding, ObjectRef, Pull, Run, Severity
from reports._phrases import certain, endangered, failing

FAILS: Final = "fails"
MAY: Final = "may"
UNKNOWN: Final = "unknown"
WORKS: Final = "works"

_Who = tuple[str, ObjectRef]


class Told(NamedTuple):
    """One pull with its end as the page tells it, and the findings that break it (their places), the worst first."""

    pull: Pull
    status: str
    causes: tuple[int, ...]


class Share(NamedTuple):
    """One part of all pulls and imports: its end, how many, and a word for it."""

    status: str
    number: int
    label: str


def tell(run: Run, findings: Sequence[Finding]) -> list[Told]:
    """Return the resolved pulls of a run, those that fail first. A finding decides; where none does, the resolver."""
    if run.pulls is None:
        return []
    hits: dict[_Who, list[tuple[int, Affected]]] = {}
    for at, finding in enumerate(findings):
        for hit in (*finding.impact.workloads, *finding.impact.imports):
            hits.setdefault((finding.cluster, hit.object), []).append((at, hit))
    told = [_told(pull, hits, findings) for pull in run.pulls.resolved]
    rank = {FAILS: 0, MAY: 1, UNKNOWN: 2, WORKS: 3}
    return sorted(told, key=lambda one: (rank[one.status], -one.pull.amount))


def _told(pull: Pull, hits: dict[_Who, list[tuple[int, Affected]]], findings: Sequence[Finding]) -> Told:
    found: dict[int, bool] = {}
    for ref in pull.who:
        for at, hit in hits.get((pull.cluster, ref), ()):
            if hit.image in ("", pull.image):
                found[at] = found.get(at, False) or certain(findings[at], hit)
    causes = tuple(sorted(found, key=lambda at: (-findings[at].severity, findings[at].code.startswith("RC5"), at)))
    worst = max((findings[at].severity for at in causes), default=None)
    if any(found.values()):
        return Told(pull, FAILS, causes)
    if worst in (Severity.ERROR, Severity.WARNING):
        return Told(pull, MAY, causes)
    # What the resolver alone takes to fail is told under coverage, or accepted: no finding stands for it.
    return Told(pull, WORKS if pull.works else UNKNOWN, causes)


def shares(run: Run, told: Iterable[Told]) -> list[Share]:
    """Cut all pulls and imports of the scan into those that fail, may fail, are not known and work.

    The first two are those that the headline counts; what is beyond the bound of what is resolved is not known.
    """
    if run.pulls is None or not run.pulls.total:
        return []
    broken = failing(run)
    fail, may = sum(map(len, broken)), sum(map(len, endangered(run, broken)))
    amounts = {WORKS: 0, UNKNOWN: 0}
    for one in told:
        if one.status in amounts:
            amounts[one.status] += one.pull.amount
    left = max(run.pulls.total - fail - may - sum(amounts.values()), 0)
    parts = [
        Share(FAILS, fail, "will fail"),
        Share(MAY, may, "may fail"),
        Share(UNKNOWN, amounts[UNKNOWN] + left, "not known"),
        Share(WORKS, amounts[WORKS], "work"),
    ]
    return [part for part in parts if part.number]
