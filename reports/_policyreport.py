"""Policy reports as Kubernetes objects: a namespaced one for every namespace, and one for what has none.

Both APIs have the same results; they differ in names and in where a source is told. Dashboards read them, and
`kubectl apply --server-side` writes them. An object in etcd has a size limit (1.5 MiB by default), so that many results
are spread over several reports.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from linter.model import Finding, Location, NotEvaluated, ObjectRef, Problem, Run, Scan, Severity, Suppressed
from reports._jsontext import dump
from reports._phrases import count, place
from reports._visible import visible

_LIMIT: Final = 700_000  # bytes of results in one report
_LONGEST: Final = 4_000  # characters of one text
_LEVELS: Final = {
    Severity.ERROR: ("fail", "high"),
    Severity.WARNING: ("warn", "medium"),
    Severity.INFO: ("warn", "info"),
}
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KEPT: Final = re.compile(r"[^a-z0-9]+")
_OUTCOMES: Final = ("pass", "fail", "warn", "error", "skip")


class Kinds(NamedTuple):
    """How an API names its reports; `sourced` when a report itself tells its source."""

    api_version: str
    namespaced: str
    cluster: str
    sourced: bool


Where = tuple[str, str]
"""The cluster and the namespace that a result belongs to; the namespace is "" for what has none."""


def render(run: Run, kinds: Kinds) -> str:
    """Return all reports as one `List`."""
    groups: dict[Where, list[dict[str, Any]]] = {}
    for where, result in _results(run):
        groups.setdefault(where, []).append(result)
    for scan in run.scans:
        groups.setdefault((scan.name, ""), [])
    several = len({cluster for cluster, _ in groups}) > 1
    told = {(scan.name, ""): _read(scan) for scan in run.scans}  # every scan has a report without a namespace
    items = [
        _report(kinds, where, part, number, told.get(where, {}), several=several)
        for where, results in sorted(groups.items(), key=lambda group: group[0])
        for number, part in enumerate(_parts(results), start=1)
    ]
    return dump({"apiVersion": "v1", "kind": "List", "items": items})


def _parts(results: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the results in parts that one object can hold; at least one part."""
    part: list[dict[str, Any]] = []
    size = 0
    for result in results:
        weight = len(json.dumps(result))  # as etcd keeps it
        if part and size + weight > _LIMIT:
            yield part
            part, size = [], 0
        part.append(result)
        size += weight
    yield part


def _read(scan: Scan) -> dict[str, str]:
    """Return the annotations that say what a scan was taken for, what it read and what it passed over."""
    passed = ", ".join(f"{number:,} {reason}" for reason, number in scan.skipped)
    told = {
        "regcred/judged-as": f"{scan.scope} ({scan.recognised}): {scan.proves}",
        "regcred/read": f"{count(sum(scan.objects.values()), 'object')} ({count(scan.artifacts, 'file')})",
        "regcred/passed-over": passed,
    }
    return {name: _text(text) for name, text in told.items() if text}


def _report(
    kinds: Kinds, where: Where, results: list[dict[str, Any]], number: int, told: dict[str, str], *, several: bool
) -> dict[str, Any]:
    cluster, namespace = where
    parts = ["regcred", *([_slug(cluster)] if several else []), *([str(number)] if number > 1 else [])]
    metadata: dict[str, Any] = {
        "name": "-".join(parts),
        "labels": {"app.kubernetes.io/managed-by": "regcred"},
    }
    if namespace:
        metadata["namespace"] = namespace
    annotations = ({"regcred/cluster": visible(cluster)[:_LONGEST]} if cluster else {}) | told
    if annotations:
        metadata["annotations"] = annotations
    summary = {outcome: sum(one["result"] == outcome for one in results) for outcome in _OUTCOMES}
    report: dict[str, Any] = {
        "apiVersion": kinds.api_version,
        "kind": kinds.namespaced if namespace else kinds.cluster,
        "metadata": metadata,
        "summary": summary,
        "results": results,
    }
    if kinds.sourced:
        report["source"] = "regcred"
    return report


def _slug(cluster: str) -> str:
    """Return a part of an object's name for a cluster, different for different ones."""
    told = _KEPT.sub("-", cluster.lower()).strip("-")[:40].strip("-")
    short = hashlib.sha256(cluster.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{told}-{short}" if told else short


def _results(run: Run) -> Iterator[tuple[Where, dict[str, Any]]]:
    families = {rule.code: rule.family for rule in run.rules}
    for finding in run.findings:
        yield _where(finding.cluster, finding.object), _finding(finding, families, run.time)
    for item in run.suppressed:
        yield _where(item.finding.cluster, item.finding.object), _suppressed(item, families, run.time)
    for withheld in run.not_evaluated:
        yield _where(withheld.cluster, withheld.object), _not_evaluated(withheld, run.time)
    for problem in run.problems:
        yield ("", ""), _problem(problem, run.time)


def _where(cluster: str, ref: ObjectRef | None) -> Where:
    namespace = ref.namespace if ref is not None else ""
    return cluster, namespace if _LABEL.fullmatch(namespace) else ""


def _text(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def _result(policy: str, rule: str, outcome: str, message: str, time: int, **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = {
        "source": "regcred",
        "policy": _text(policy),
        "rule": _text(rule),
        "result": outcome,
        "scored": outcome in ("fail", "warn"),
        "message": _text(message),
    }
    if time:
        result["timestamp"] = {"seconds": time, "nanos": 0}
    return result | {name: value for name, value in more.items() if value}


def _resources(ref: ObjectRef | None) -> list[dict[str, str]]:
    if ref is None or not (ref.kind or ref.name):
        return []
    told = {"apiVersion": ref.api_version, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    return [{name: _text(value) for name, value in told.items() if value}]


def _properties(location: Location | None, **more: str | int) -> dict[str, str]:
    told = {"location": place(location) if location is not None else "", **more}
    return {name: _text(str(value)) for name, value in told.items() if value != ""}


def _finding(finding: Finding, families: dict[str, str], time: int) -> dict[str, Any]:
    outcome, severity = _LEVELS[finding.severity]
    return _result(
        finding.name,
        finding.code,
        outcome,
        finding.message,
        time,
        severity=severity,
        category=_text(families.get(finding.code, "")),
        resources=_resources(finding.object),
        properties=_properties(
            finding.location,
            fingerprint=finding.fingerprint,
            pulls=len(finding.impact.workloads),
            imports=len(finding.impact.imports),
            remedy=finding.remedy,
            fix=str(finding.fix.applicability) if finding.fix is not None else "",
        ),
    )


def _suppressed(item: Suppressed, families: dict[str, str], time: int) -> dict[str, Any]:
    result = _finding(item.finding, families, time)
    told = {"suppressedBy": _text(item.by), "reason": _text(item.reason or "no reason given")}
    return {**result, "result": "skip", "scored": False, "properties": {**result["properties"], **told}}


def _not_evaluated(item: NotEvaluated, time: int) -> dict[str, Any]:
    return _result(
        "not-evaluated",
        " ".join(item.rules),
        "skip",
        item.message,
        time,
        resources=_resources(item.object),
        properties=_properties(item.location, reason=item.reason),
    )


def _problem(problem: Problem, time: int) -> dict[str, Any]:
    where = Location(problem.path, line=problem.line, column=problem.column)
    return _result("input", "", "error", problem.message, time, properties=_properties(where, remedy=problem.remedy))
