"""A saved JSON result back to a `Run`: the inverse of the report `json`, so that it can be rendered in other formats.

What the JSON does not hold cannot come back: the edits of fixes, and offsets into payloads. The manuals of rules come
from this installation, by code; those of a project's own rules from the JSON.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from linter import registry
from linter.custom import FAMILY
from linter.errors import UsageError
from linter.model import (
    Affected,
    Applicability,
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
    Scope,
    SecretUse,
    Seen,
    Severity,
    Suppressed,
    Trend,
    TrendPoint,
)

SCHEMA: Final = 1


class _Record(msgspec.Struct, kw_only=True):
    """A JSON object; members that this version does not know are passed over."""


class _Tool(_Record):
    version: str


class _Count(_Record):
    reason: str
    count: int


class _Scan(_Record):
    name: str
    inputs: list[str]
    scope: Scope
    objects: dict[str, int]
    recognised: str
    proves: str
    artifacts: int
    skipped: list[_Count]
    evaluated: list[str]


class _Object(_Record):
    apiVersion: str  # noqa: N815 - as in the JSON
    kind: str
    namespace: str
    name: str


class _Affected(_Object):
    image: str


class _Line(_Record):
    number: int
    text: str
    start: int
    end: int


class _Payload(_Record):
    key: str
    entry: str | None
    line: int
    column: int
    excerpt: list[_Line] = []


class _Location(_Record):
    path: str
    line: int
    column: int
    pointer: str
    document: int
    endLine: int  # noqa: N815 - as in the JSON
    endColumn: int  # noqa: N815 - as in the JSON
    payload: _Payload | None
    excerpt: list[_Line] = []


class _Related(_Record):
    message: str
    location: _Location | None
    object: _Object | None


class _Impact(_Record):
    workloads: list[_Affected]
    imports: list[_Affected]


class _Proof(_Record):
    repaired: list[str]
    broken: list[str]
    removed: list[str]
    unchanged: int
    kept: list[str] = msgspec.field(default_factory=list)


class _Replacement(_Record):
    path: str
    line: int
    column: int
    endLine: int  # noqa: N815 - as in the JSON
    endColumn: int  # noqa: N815 - as in the JSON
    text: str


class _Fix(_Record):
    applicability: Applicability
    summary: str
    proof: _Proof | None
    diff: str = ""
    obstacle: str = ""
    replacements: list[_Replacement] = []


class _Seen(_Record):
    first: datetime
    since: datetime
    reopened: int
    new: bool


class _Finding(_Record):
    code: str
    name: str
    severity: str
    message: str
    object: _Object
    location: _Location
    related: list[_Related]
    impact: _Impact
    fix: _Fix | None
    detail: str
    remedy: str
    commands: list[str]
    cluster: str
    key: str
    seen: _Seen | None = None
    live: bool = False


class _Suppressed(_Record):
    by: str
    reason: str
    finding: _Finding


class _NotEvaluated(_Record):
    reason: str
    message: str
    object: _Object | None
    location: _Location | None
    rules: list[str]
    cluster: str


class _Problem(_Record):
    path: str
    message: str
    remedy: str
    line: int
    column: int
    fatal: bool


class _Coverage(_Record):
    not_evaluated: list[_NotEvaluated]
    problems: list[_Problem]


class _Summary(_Record):
    baselined: int
    untouched: int = 0


class _Baseline(_Record):
    path: str
    gone: int


class _SecretUse(_Record):
    name: str
    state: str
    reason: str
    key: str


class _Pull(_Record):
    image: str
    registry: str
    who: list[_Object]
    amount: int
    account: str
    source: str
    secrets: list[_SecretUse]
    verdict: str
    fails: bool
    works: bool
    summary: str
    change: str
    commands: list[str]
    cluster: str


class _Pulls(_Record):
    total: int
    resolved: list[_Pull]


class _Point(_Record):
    time: datetime
    error: int
    warning: int
    info: int
    suppressed: int
    new: int
    reopened: int
    resolved: int


class _Resolved(_Record):
    code: str
    name: str
    severity: str
    object: _Object
    first: datetime
    since: datetime
    resolved: datetime
    reopened: int


class _Cluster(_Record):
    cluster: str
    points: list[_Point]
    resolved: list[_Resolved]
    meanTimeToResolve: int | None  # noqa: N815 - as in the JSON


class _Trend(_Record):
    clusters: list[_Cluster]


class _Section(_Record):
    title: str
    text: str


class _Rule(_Record):
    code: str
    name: str
    severity: str
    summary: str
    sections: list[_Section]
    fixable: bool


class _Result(_Record):
    tool: _Tool
    scan: _Scan
    findings: list[_Finding]
    suppressed: list[_Suppressed]
    coverage: _Coverage
    summary: _Summary
    scans: list[_Scan] = []
    baseline: _Baseline | None = None
    pulls: _Pulls | None = None
    time: datetime | None = None
    trend: _Trend | None = None
    rules: list[_Rule] = []


def parse(data: bytes, name: str) -> Run:
    """Read the bytes of a JSON result; `name` is what messages call it. Raises `UsageError` for anything else."""
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: this is not JSON; `regcred check --format json=FILE` writes a result") from error
    if not isinstance(tree, dict) or "schema" not in tree or "findings" not in tree:
        raise UsageError(f"{name}: this is not a result of regcred; `regcred check --format json=FILE` writes one")
    if tree["schema"] != SCHEMA:
        raise UsageError(f"{name}: a result of another version of regcred: read it with the one that wrote it")
    try:
        return _run(msgspec.convert(tree, _Result))
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: this is not a result as regcred writes it: {error}") from error


def _run(result: _Result) -> Run:
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


def _trend(trend: _Trend) -> Trend:
    return Trend(tuple(_cluster(cluster) for cluster in trend.clusters))


def _cluster(cluster: _Cluster) -> ClusterTrend:
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


def _own_rule(rule: _Rule) -> RuleInfo:
    sections = tuple((one.title, one.text) for one in rule.sections)
    return RuleInfo(rule.code, rule.name, FAMILY, _severity(rule.severity), rule.summary, sections, rule.fixable)


def _rules(scans: Iterable[Scan], findings: Iterable[Finding], own: Mapping[str, _Rule]) -> list[RuleInfo]:
    """The rules that ran, as this installation knows them; of others what the findings tell."""
    told = {one.code: RuleInfo(one.code, one.name, "", one.severity, one.name.replace("-", " ")) for one in findings}
    told.update({code: _own_rule(rule) for code, rule in own.items()})
    ran = {code for scan in scans for code in scan.evaluated} | told.keys()
    known = {loaded.rule.code: loaded for loaded in registry.rules() if loaded.rule.code in ran}
    return [
        registry.info(known[code]) if code in known else told[code] for code in sorted(known.keys() | told.keys())
    ]


def _scan(scan: _Scan) -> Scan:
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


def _object(item: _Object) -> ObjectRef:
    return ObjectRef(item.apiVersion, item.kind, item.namespace, item.name)


def _route(pointer: str) -> Route:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return tuple(int(step) if step.isascii() and step.isdigit() and str(int(step)) == step else step for step in steps)


def _location(location: _Location) -> Location:
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


def _excerpt(lines: list[_Line]) -> tuple[ExcerptLine, ...]:
    return tuple(ExcerptLine(line.number, line.text, line.start, line.end) for line in lines)


def _fix(fix: _Fix | None) -> Fix | None:
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


def _affected(hits: list[_Affected]) -> tuple[Affected, ...]:
    return tuple(Affected(_object(hit), hit.image) for hit in hits)


def _finding(finding: _Finding) -> Finding:
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
        impact=Impact(_affected(finding.impact.workloads), _affected(finding.impact.imports)),
        fix=_fix(finding.fix),
        cluster=finding.cluster,
        seen=_seen(finding.seen) if finding.seen is not None else None,
        live=finding.live,
    )


def _seen(seen: _Seen) -> Seen:
    return Seen(_seconds(seen.first), _seconds(seen.since), seen.reopened, seen.new)


def _not_evaluated(entry: _NotEvaluated) -> NotEvaluated:
    return NotEvaluated(
        entry.reason,
        entry.message,
        None if entry.object is None else _object(entry.object),
        None if entry.location is None else _location(entry.location),
        tuple(entry.rules),
        entry.cluster,
    )


def _pull(pull: _Pull) -> Pull:
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
