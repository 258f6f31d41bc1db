"""What msgspec has read of a result, made into the records of `linter.model`."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from linter import registry
from linter.custom import FAMILY
from linter.model import (
    Affected,
    Baseline,
    ClusterTrend,
    ExcerptLine,
    Finding,
    Fix,
    Impact,
    Location,
    NotEvaluated,
    ObjectRef,
    PayloadSpot,
    Problem,
    Proof,
    Pull,
    Pulls,
    Related,
    Replacement,
    Resolved,
    Route,
    RuleInfo,
    Run,
    Scan,
    SecretUse,
    Seen,
    Severity,
    Suppressed,
    Trend,
    TrendPoint,
)
from linter.results import schema


def run(result: schema.Result) -> Run:
    """The run that a result tells of. Raises `msgspec.ValidationError` for a severity that is none."""
    # A call without any input has no scan; the JSON then holds an empty one, because it always holds one.
    scans = tuple(map(_scan, result.scans or ([result.scan] if result.scan.recognised else [])))
    findings = tuple(map(_finding, result.findings))
    suppressed = tuple(Suppressed(_finding(one.finding), one.by, one.reason) for one in result.suppressed)
    return Run(
        version=result.tool.version,
        scans=scans,
        findings=findings,
        rules=tuple(
            _rules(scans, [*findings, *(one.finding for one in suppressed)], {one.code: one for one in result.rules})
        ),
        suppressed=suppressed,
        not_evaluated=tuple(map(_not_evaluated, result.coverage.not_evaluated)),
        problems=tuple(
            Problem(one.path, one.message, one.remedy, one.line, one.column, one.fatal)
            for one in result.coverage.problems
        ),
        baselined=result.summary.baselined,
        baseline=None if result.baseline is None else Baseline(result.baseline.path, result.baseline.gone),
        pulls=None
        if result.pulls is None
        else Pulls(tuple(map(_pull, result.pulls.resolved)), result.pulls.total),
        time=_seconds(result.time) if result.time is not None else 0,
        trend=_trend(result.trend) if result.trend is not None else None,
        untouched=result.summary.untouched,
    )


def _seconds(time: datetime) -> int:
    return int(time.timestamp())


def _trend(trend: schema.Trend) -> Trend:
    return Trend(tuple(_cluster(cluster) for cluster in trend.clusters))


def _cluster(cluster: schema.Cluster) -> ClusterTrend:
    points = (
        TrendPoint(_seconds(one.time), **{name: getattr(one, name) for name in TrendPoint._fields[1:]})
        for one in cluster.points
    )
    resolved = (
        Resolved(
            code=one.code,
            name=one.name,
            severity=_severity(one.severity),
            object=_object(one.object),
            first=_seconds(one.first),
            since=_seconds(one.since),
            resolved=_seconds(one.resolved),
            reopened=one.reopened,
        )
        for one in cluster.resolved
    )
    return ClusterTrend(cluster.cluster, tuple(points), tuple(resolved), cluster.meanTimeToResolve)


def _own_rule(rule: schema.Rule) -> RuleInfo:
    sections = tuple((one.title, one.text) for one in rule.sections)
    return RuleInfo(rule.code, rule.name, FAMILY, _severity(rule.severity), rule.summary, sections, rule.fixable)


def _rules(scans: Iterable[Scan], findings: Iterable[Finding], own: Mapping[str, schema.Rule]) -> list[RuleInfo]:
    """The rules that ran, as this installation knows them; of others what the findings tell."""
    told = {one.code: RuleInfo(one.code, one.name, "", one.severity, one.name.replace("-", " ")) for one in findings}
    told.update({code: _own_rule(rule) for code, rule in own.items()})
    ran = {code for scan in scans for code in scan.evaluated} | told.keys()
    known = {loaded.rule.code: loaded for loaded in registry.rules() if loaded.rule.code in ran}
    return [
        registry.info(known[code]) if code in known else told[code] for code in sorted(known.keys() | told.keys())
    ]


def _scan(scan: schema.Scan) -> Scan:
    return Scan(
        name=scan.name,
        inputs=tuple(scan.inputs),
        scope=scan.scope,
        recognised=scan.recognised,
        proves=scan.proves,
        objects=scan.objects,
        artifacts=scan.artifacts,
        skipped=tuple((one.reason, one.count) for one in scan.skipped),
        evaluated=tuple(scan.evaluated),
    )


def _object(item: schema.Object) -> ObjectRef:
    return ObjectRef(item.apiVersion, item.kind, item.namespace, item.name)


def _route(pointer: str) -> Route:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return tuple(int(step) if step.isascii() and step.isdigit() and str(int(step)) == step else step for step in steps)


def _location(location: schema.Location) -> Location:
    inside = location.payload
    spot = None if inside is None else PayloadSpot(inside.key, 0, 0, inside.line, inside.column, inside.entry)
    return Location(
        location.path,
        location.document,
        _route(location.pointer),
        spot,
        line=location.line,
        column=location.column,
        end_line=location.endLine,
        end_column=location.endColumn,
        excerpt=_excerpt(location.excerpt),
        payload_excerpt=_excerpt(inside.excerpt) if inside is not None else (),
    )


def _excerpt(lines: list[schema.Line]) -> tuple[ExcerptLine, ...]:
    return tuple(ExcerptLine(line.number, line.text, line.start, line.end) for line in lines)


def _fix(fix: schema.Fix | None) -> Fix | None:
    if fix is None:
        return None
    proof = fix.proof
    return Fix(
        fix.applicability,
        fix.summary,
        proof=None
        if proof is None
        else Proof(
            tuple(proof.repaired), tuple(proof.broken), tuple(proof.removed), proof.unchanged, tuple(proof.kept)
        ),
        obstacle=fix.obstacle,
        diff=fix.diff,
        replacements=tuple(
            Replacement(one.path, one.line, one.column, one.endLine, one.endColumn, one.text)
            for one in fix.replacements
        ),
    )


def _severity(label: str) -> Severity:
    try:
        return Severity[label.upper()]
    except KeyError:
        raise msgspec.ValidationError("a severity is error, warning or info") from None


def _affected(hits: list[schema.Affected]) -> tuple[Affected, ...]:
    return tuple(Affected(_object(hit), hit.image, hit.may) for hit in hits)


def _finding(finding: schema.Finding) -> Finding:
    return Finding(
        code=finding.code,
        name=finding.name,
        severity=_severity(finding.severity),
        message=finding.message,
        object=_object(finding.object),
        location=_location(finding.location),
        key=finding.key,
        detail=finding.detail,
        remedy=finding.remedy,
        commands=tuple(finding.commands),
        related=tuple(
            Related(
                one.message,
                None if one.location is None else _location(one.location),
                None if one.object is None else _object(one.object),
            )
            for one in finding.related
        ),
        impact=Impact(
            _affected(finding.impact.workloads), _affected(finding.impact.imports), finding.impact.may
        ),
        fix=_fix(finding.fix),
        cluster=finding.cluster,
        seen=_seen(finding.seen) if finding.seen is not None else None,
        live=finding.live,
    )


def _seen(seen: schema.Seen) -> Seen:
    return Seen(_seconds(seen.first), _seconds(seen.since), seen.reopened, seen.new)


def _not_evaluated(entry: schema.NotEvaluated) -> NotEvaluated:
    return NotEvaluated(
        entry.reason,
        entry.message,
        None if entry.object is None else _object(entry.object),
        None if entry.location is None else _location(entry.location),
        tuple(entry.rules),
        entry.cluster,
    )


def _pull(pull: schema.Pull) -> Pull:
    return Pull(
        who=tuple(map(_object, pull.who)),
        amount=pull.amount,
        account=pull.account,
        source=pull.source,
        secrets=tuple(SecretUse(use.name, use.state, use.reason, use.key) for use in pull.secrets),
        registry=pull.registry,
        image=pull.image,
        verdict=pull.verdict,
        fails=pull.fails,
        works=pull.works,
        summary=pull.summary,
        change=pull.change,
        commands=tuple(pull.commands),
        cluster=pull.cluster,
    )
