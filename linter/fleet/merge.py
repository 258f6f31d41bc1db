"""The parts of a call put together: one run, the same whoever has judged which part, and in which order they ended."""

from collections.abc import Iterable, Sequence

from linter import __version__, registry
from linter.clock import now
from linter.engine import Request, chosen_rules, order
from linter.fleet.work import Part
from linter.model import Baseline, Finding, Problem, Pulls, Run, Scan, Scope
from linter.sources import within


def merged(request: Request, parts: Iterable[Part], rest: Part | None, problems: Sequence[Problem]) -> Run:
    """Return the run of a call: its `parts`, and the `rest` that was judged together. `problems` come first.

    The baseline of the request is applied here: it knows findings by the names that clusters have in the whole call.
    """
    clusters = sorted(parts, key=lambda part: part.number)
    listed = [*([rest] if rest is not None else []), *clusters]
    runs = [part.run for part in listed]
    located = sorted((finding for run in runs for finding in run.findings), key=order)
    suppressed = tuple(one for run in runs for one in run.suppressed)
    counted = tuple(finding for finding in located if finding.fingerprint not in request.baseline)
    pulls = [run.pulls for run in runs if run.pulls is not None]
    trends = [run.trend for run in runs if run.trend is not None]
    return Run(
        version=__version__,
        scans=_scans(request, clusters, rest),
        findings=counted,
        rules=tuple(registry.info(loaded) for loaded in chosen_rules(request)[1]),
        suppressed=suppressed,
        not_evaluated=tuple(one for run in runs for one in run.not_evaluated),
        problems=(*problems, *(one for run in runs for one in run.problems), *_configured(listed)),
        baselined=len(located) - len(counted),
        baseline=_compared(request, [*located, *(one.finding for one in suppressed)]),
        pulls=_pulls(pulls) if "pulls" in request.wants else None,
        time=now(),
        trend=trends[0]._replace(clusters=tuple(one for trend in trends for one in trend.clusters)) if trends else None,
    )


def _configured(parts: Sequence[Part]) -> Iterable[Problem]:
    if not any(part.standings for part in parts):
        return ()
    from linter.suppress import configured, together  # noqa: PLC0415 - most calls have none

    return configured(together(part.standings for part in parts))


def _pulls(parts: Sequence[Pulls]) -> Pulls:
    from linter.pulls import together  # noqa: PLC0415 - only some reports show who pulls what

    return together(parts)


def _compared(request: Request, located: Iterable[Finding]) -> Baseline | None:
    if not request.baseline_path:
        return None
    return Baseline(request.baseline_path, len(request.baseline - {finding.fingerprint for finding in located}))


def _scans(request: Request, clusters: Sequence[Part], rest: Part | None) -> tuple[Scan, ...]:
    """The scans in the order of the arguments, manifests first."""
    found = [(part.number, scan) for part in clusters for scan in part.run.scans]
    for scan in rest.run.scans if rest is not None else ():
        found.append((-1 if scan.scope is Scope.MANIFESTS else _argument(request, scan), scan))
    return tuple(scan for _, scan in sorted(found, key=lambda pair: pair[0]))


def _argument(request: Request, scan: Scan) -> int:
    """The index of the argument that has led to a scan."""
    return next((number for number, path in enumerate(request.paths) if within(scan.inputs[0], path)), 0)
