"""The report for programs: one JSON document, stable in shape, order and bytes; `json.schema.json` describes it."""

from typing import Any

from linter.model import (
    Affected,
    ClusterTrend,
    ExcerptLine,
    Finding,
    Fix,
    Location,
    NotEvaluated,
    ObjectRef,
    Problem,
    Pull,
    Related,
    Replacement,
    Resolved,
    RuleInfo,
    Run,
    Scan,
    Seen,
    Suppressed,
    Trend,
)
from reports._jsontext import dump
from reports._phrases import merged
from reports._times import utc
from reports.contract import Options, Report

REPORT = Report(
    "json",
    "one JSON document for programs, described by a schema",
    "application/json",
    wants=("pulls", "diffs"),
)

_CUSTOM = "custom"  # the family of rules that a project brings itself


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as a JSON document."""
    tree: dict[str, Any] = {
        "schema": 1,
        "tool": {"name": "regcred", "version": run.version},
        "scan": _scan(merged(run.scans)),
    }
    if len(run.scans) > 1:
        tree["scans"] = [_scan(scan) for scan in run.scans]
    tree["findings"] = [_finding(finding) for finding in run.findings]
    tree["suppressed"] = [_suppressed(item) for item in run.suppressed]
    tree["coverage"] = {
        "not_evaluated": [_not_evaluated(item) for item in run.not_evaluated],
        "problems": [_problem(problem) for problem in run.problems],
    }
    tree["summary"] = {
        **run.counts(),
        "suppressed": len(run.suppressed),
        "baselined": run.baselined,
        "untouched": run.untouched,
        "not_evaluated": len(run.not_evaluated),
        "problems": len(run.problems),
    }
    if run.baseline is not None:
        tree["baseline"] = {"path": run.baseline.path, "gone": run.baseline.gone}
    if run.pulls is not None:
        tree["pulls"] = {"total": run.pulls.total, "resolved": [_pull(pull) for pull in run.pulls.resolved]}
    if run.time:
        tree["time"] = utc(run.time)
    if run.trend is not None:
        tree["trend"] = trend(run.trend)
    own = [_rule(rule) for rule in run.rules if rule.family == _CUSTOM]
    if own:
        tree["rules"] = own
    return dump(tree)


def trend(found: Trend) -> dict[str, Any]:
    """Return the member `trend`, which `regcred trend` writes too."""
    return {"clusters": [_cluster(cluster) for cluster in found.clusters]}


def _cluster(cluster: ClusterTrend) -> dict[str, Any]:
    return {
        "cluster": cluster.cluster,
        "points": [{**point._asdict(), "time": utc(point.time)} for point in cluster.points],
        "resolved": [_resolved(one) for one in cluster.resolved],
        "meanTimeToResolve": cluster.mean_time_to_resolve,
    }


def _resolved(one: Resolved) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "severity": one.severity.label,
        "object": _object(one.object),
        "first": utc(one.first),
        "since": utc(one.since),
        "resolved": utc(one.resolved),
        "reopened": one.reopened,
    }


def _rule(rule: RuleInfo) -> dict[str, Any]:
    """Return a rule that no other installation knows, with its manual."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.label,
        "summary": rule.summary,
        "sections": [{"title": title, "text": text} for title, text in rule.sections],
        "fixable": rule.fixable,
    }


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "name": scan.name,
        "inputs": list(scan.inputs),
        "scope": str(scan.scope),
        "objects": dict(sorted(scan.objects.items())),
        "recognised": scan.recognised,
        "proves": scan.proves,
        "artifacts": scan.artifacts,
        "skipped": [{"reason": reason, "count": number} for reason, number in scan.skipped],
        "evaluated": list(scan.evaluated),
    }


def _object(ref: ObjectRef) -> dict[str, str]:
    return {"apiVersion": ref.api_version, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def _location(location: Location) -> dict[str, Any]:
    spot = location.payload
    payload: dict[str, Any] | None = None
    if spot is not None:
        payload = {"key": spot.data_key, "entry": spot.entry, "line": spot.line, "column": spot.column}
        if location.payload_excerpt:
            payload["excerpt"] = _excerpt(location.payload_excerpt)
    tree: dict[str, Any] = {
        "path": location.path,
        "line": location.line,
        "column": location.column,
        "pointer": location.pointer,
        "document": location.document,
        "endLine": location.end_line,
        "endColumn": location.end_column,
        "payload": payload,
    }
    if location.excerpt:
        tree["excerpt"] = _excerpt(location.excerpt)
    return tree


def _excerpt(lines: tuple[ExcerptLine, ...]) -> list[dict[str, Any]]:
    return [{"number": line.number, "text": line.text, "start": line.start, "end": line.end} for line in lines]


def _affected(affected: Affected) -> dict[str, Any]:
    return {**_object(affected.object), "image": affected.image, **({"may": True} if affected.may else {})}


def _related(related: Related) -> dict[str, Any]:
    return {
        "message": related.message,
        "location": _location(related.location) if related.location is not None else None,
        "object": _object(related.object) if related.object is not None else None,
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    proof = fix.proof
    tree: dict[str, Any] = {
        "applicability": str(fix.applicability),
        "summary": fix.summary,
        "obstacle": fix.obstacle,
        "proof": None
        if proof is None
        else {
            "repaired": list(proof.repaired),
            "broken": list(proof.broken),
            "removed": list(proof.removed),
            "unchanged": proof.unchanged,
            "kept": list(proof.kept),
        },
    }
    if fix.diff:
        tree["diff"] = fix.diff
    if fix.replacements:
        tree["replacements"] = [_replacement(one) for one in fix.replacements]
    return tree


def _replacement(one: Replacement) -> dict[str, Any]:
    return {
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "endLine": one.end_line,
        "endColumn": one.end_column,
        "text": one.text,
    }


def _seen(seen: Seen) -> dict[str, Any]:
    return {"first": utc(seen.first), "since": utc(seen.since), "reopened": seen.reopened, "new": seen.new}


def _finding(finding: Finding) -> dict[str, Any]:
    tree = {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.label,
        "message": finding.message,
        "object": _object(finding.object),
        "location": _location(finding.location),
        "related": [_related(related) for related in finding.related],
        "impact": {
            "workloads": [_affected(hit) for hit in finding.impact.workloads],
            "imports": [_affected(hit) for hit in finding.impact.imports],
            **({"may": True} if finding.impact.may else {}),
        },
        "fix": _fix(finding.fix),
        "fingerprint": finding.fingerprint,
        "detail": finding.detail,
        "remedy": finding.remedy,
        "commands": list(finding.commands),
        "cluster": finding.cluster,
        "key": finding.key,
        **({"live": True} if finding.live else {}),
    }
    if finding.seen is not None:
        tree["seen"] = _seen(finding.seen)
    return tree


def _suppressed(item: Suppressed) -> dict[str, Any]:
    return {"by": item.by, "reason": item.reason, "finding": _finding(item.finding)}


def _not_evaluated(item: NotEvaluated) -> dict[str, Any]:
    return {
        "reason": item.reason,
        "message": item.message,
        "object": _object(item.object) if item.object is not None else None,
        "location": _location(item.location) if item.location is not None else None,
        "rules": list(item.rules),
        "cluster": item.cluster,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "message": problem.message,
        "remedy": problem.remedy,
        "line": problem.line,
        "column": problem.column,
        "fatal": problem.fatal,
    }


def _pull(pull: Pull) -> dict[str, Any]:
    return {
        "image": pull.image,
        "registry": pull.registry,
        "who": [_object(ref) for ref in pull.who],
        "amount": pull.amount,
        "account": pull.account,
        "source": pull.source,
        "secrets": [
            {"name": use.name, "state": use.state, "reason": use.reason, "key": use.key} for use in pull.secrets
        ],
        "verdict": pull.verdict,
        "fails": pull.fails,
        "works": pull.works,
        "summary": pull.summary,
        "change": pull.change,
        "commands": list(pull.commands),
        "cluster": pull.cluster,
    }
