"""What findings and pulls say together: which pulls fail, which may, and which finding is the cause."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from linter.model import Finding, ObjectRef, Pull, Run, Severity
from reports._phrases import breaks, endangered, failing

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
    hits: dict[_Who, list[tuple[int, str]]] = {}
    for at, finding in enumerate(findings):
        for hit in (*finding.impact.workloads, *finding.impact.imports):
            hits.setdefault((finding.cluster, hit.object), []).append((at, hit.image))
    told = [_told(pull, hits, findings) for pull in run.pulls.resolved]
    rank = {FAILS: 0, MAY: 1, UNKNOWN: 2, WORKS: 3}
    return sorted(told, key=lambda one: (rank[one.status], -one.pull.amount))


def _told(pull: Pull, hits: dict[_Who, list[tuple[int, str]]], findings: Sequence[Finding]) -> Told:
    found = {
        at for ref in pull.who for at, image in hits.get((pull.cluster, ref), ()) if image in ("", pull.image)
    }
    causes = tuple(sorted(found, key=lambda at: (-findings[at].severity, findings[at].code.startswith("RC5"), at)))
    worst = max((findings[at].severity for at in causes), default=None)
    if any(breaks(findings[at]) for at in causes):
        return Told(pull, FAILS, causes)
    if worst in (Severity.ERROR, Severity.WARNING) or pull.fails:
        return Told(pull, MAY, causes)
    return Told(pull, WORKS if pull.works else UNKNOWN, causes)


def shares(run: Run, told: Iterable[Told]) -> list[Share]:
    """Cut all pulls and imports of the scan into those that fail, may fail, are not known and work.

    The first two are those that the headline counts.
    """
    if run.pulls is None or not run.pulls.total:
        return []
    broken = failing(run)
    fail, may = sum(map(len, broken)), sum(map(len, endangered(run, broken)))
    told = list(told)
    silent = sum(one.pull.amount for one in told if one.status == MAY and not one.causes)
    unknown = sum(one.pull.amount for one in told if one.status == UNKNOWN) + silent
    left = max(run.pulls.total - sum(one.pull.amount for one in told), 0)
    works = max(run.pulls.total - fail - may - unknown - left, 0)
    parts = [
        Share(FAILS, fail, "will fail"),
        Share(MAY, may, "may fail"),
        Share(UNKNOWN, unknown + left, "not known"),
        Share(WORKS, works, "work"),
    ]
    return [part for part in parts if part.number]
