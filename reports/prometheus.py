"""The report for monitoring: metrics in Prometheus' text format, for the textfile collector of node_exporter.

All are gauges of the newest scan. Write it with `--format prometheus=/var/lib/node_exporter/regcred.prom`: the file is
replaced as a whole, so that no collector reads half of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from linter.model import Finding, Run, Severity
from reports._phrases import failing
from reports._visible import visible
from reports.contract import Options, Report

REPORT = Report("prometheus", "metrics for the textfile collector of Prometheus", "text/plain; version=0.0.4")

Labels = tuple[tuple[str, str], ...]
_LEVELS: Final = tuple(severity.label for severity in sorted(Severity, reverse=True))


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run's counts in the text format 0.0.4: every metric with its HELP and TYPE, every series once."""
    return "\n".join(line for metric in _metrics(run) for line in metric) + "\n"


def _labels(**values: str) -> Labels:
    return tuple((name, visible(value)) for name, value in values.items())


def _metric(name: str, told: str, samples: Mapping[Labels, int]) -> Iterator[str]:
    """Yield the lines of one metric; nothing when it has no sample."""
    if not samples:
        return
    yield f"# HELP regcred_{name} {told}"
    yield f"# TYPE regcred_{name} gauge"
    for labels, value in sorted(samples.items()):
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"regcred_{name}{f'{{{inside}}}' if inside else ''} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _metrics(run: Run) -> Iterator[Iterator[str]]:
    clusters = _clusters(run)
    yield _metric("build_info", "The version that judged; always 1.", {_labels(version=run.version): 1})
    if run.time:
        yield _metric("scan_timestamp_seconds", "When the scan was judged (Unix time).", {(): run.time})
    yield from _found(run, clusters)
    yield from _over_time(run)
    accepted = Counter({_labels(cluster=name): 0 for name in clusters})
    accepted.update(_labels(cluster=item.finding.cluster) for item in run.suppressed)
    yield _metric("suppressed_findings", "Findings that somebody has accepted.", accepted)
    yield _metric("baselined_findings", "Findings that the baseline has already.", {(): run.baselined})
    withheld = Counter(_labels(cluster=item.cluster, reason=item.reason) for item in run.not_evaluated)
    yield _metric("not_evaluated", "Things that could not be judged, by reason.", withheld)
    yield _metric("not_evaluated_total", "Things that could not be judged.", {(): len(run.not_evaluated)})
    problems = {_labels(fatal=word): 0 for word in ("false", "true")}
    for problem in run.problems:
        problems[_labels(fatal=str(problem.fatal).lower())] += 1
    yield _metric("problems", "Inputs, or parts of them, that could not be read.", problems)


def _clusters(run: Run) -> list[str]:
    return list(dict.fromkeys([*(scan.name for scan in run.scans), *(finding.cluster for finding in run.findings)]))


def _found(run: Run, clusters: Iterable[str]) -> Iterator[Iterator[str]]:
    objects: Counter[Labels] = Counter()
    for scan in run.scans:
        objects[_labels(cluster=scan.name)] += sum(scan.objects.values())
    yield _metric("objects", "Objects that were judged.", objects)
    taken = {
        _labels(cluster=one.name, scope=str(one.scope), layout=one.recognised.partition(":")[0]): 1 for one in run.scans
    }
    yield _metric("scan_info", "What each scan was taken for.", taken)
    files: Counter[Labels] = Counter()
    passed: Counter[Labels] = Counter()
    for scan in run.scans:
        files[_labels(cluster=scan.name)] += scan.artifacts
        passed.update({_labels(cluster=scan.name, reason=reason): number for reason, number in scan.skipped})
    yield _metric("files", "Files, or members of archives, that were read.", files)
    yield _metric("passed_over", "What was found and not judged, by reason.", passed)
    levels = Counter({_labels(cluster=name, severity=level): 0 for name in clusters for level in _LEVELS})
    levels.update(_labels(cluster=finding.cluster, severity=finding.severity.label) for finding in run.findings)
    yield _metric("findings", "Findings by severity.", levels)
    rules = Counter(
        _labels(cluster=one.cluster, code=one.code, rule=one.name, severity=one.severity.label) for one in run.findings
    )
    yield _metric("rule_findings", "Findings by rule and severity; rules without findings have no series.", rules)
    unpulled, unimported = failing(run)
    for name, told, hits in (
        ("failing_pulls", "Distinct pulls that errors break.", unpulled),
        ("failing_imports", "Distinct image imports that errors break.", unimported),
    ):
        counts = Counter({_labels(cluster=cluster): 0 for cluster in clusters})
        counts.update(_labels(cluster=cluster) for cluster, _ in hits)
        yield _metric(name, told, counts)


def _over_time(run: Run) -> Iterator[Iterator[str]]:
    """Yield what only a history knows."""
    oldest: dict[Labels, int] = {}
    fresh: Counter[Labels] = Counter()
    for finding in run.findings:
        if finding.seen is None:
            continue
        labels = _labels(cluster=finding.cluster, severity=finding.severity.label)
        oldest[labels] = min(oldest.get(labels, finding.seen.since), finding.seen.since)
        fresh[labels] += _new(finding)
    told = "When the oldest open finding was seen first, or reopened (Unix time)."
    yield _metric("oldest_finding_timestamp_seconds", told, oldest)
    ages = {labels: max(run.time - since, 0) for labels, since in oldest.items()}
    yield _metric("oldest_finding_age_seconds", "Age of the oldest open finding when the scan was judged.", ages)
    yield _metric("new_findings", "Findings that were not open after the scan before.", fresh)
    if run.trend is None:
        return
    gone: Counter[Labels] = Counter()
    for cluster in run.trend.clusters:
        gone[_labels(history=cluster.cluster)] += cluster.points[-1].resolved if cluster.points else 0
    yield _metric("resolved_findings", "Findings that this scan found gone, by name in the history.", gone)


def _new(finding: Finding) -> bool:
    return finding.seen is not None and finding.seen.new
