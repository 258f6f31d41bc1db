"""The JSON of a result, member by member, as msgspec reads it. Each class mirrors the record of `linter.model`."""

from datetime import datetime

import msgspec

from linter.model import Applicability, Scope


class _Record(msgspec.Struct, kw_only=True):
    """A JSON object; members that this version does not know are passed over."""


class Tool(_Record):
    version: str


class Count(_Record):
    reason: str
    count: int


class Scan(_Record):
    name: str
    inputs: list[str]
    scope: Scope
    objects: dict[str, int]
    recognised: str
    proves: str
    artifacts: int
    skipped: list[Count]
    evaluated: list[str]


class Object(_Record):
    apiVersion: str  # noqa: N815 - as in the JSON
    kind: str
    namespace: str
    name: str


class Affected(Object):
    image: str
    may: bool = False


class Line(_Record):
    number: int
    text: str
    start: int
    end: int


class Payload(_Record):
    key: str
    entry: str | None
    line: int
    column: int
    excerpt: list[Line] = []


class Location(_Record):
    path: str
    line: int
    column: int
    pointer: str
    document: int
    endLine: int  # noqa: N815 - as in the JSON
    endColumn: int  # noqa: N815 - as in the JSON
    payload: Payload | None
    excerpt: list[Line] = []


class Related(_Record):
    message: str
    location: Location | None
    object: Object | None


class Impact(_Record):
    workloads: list[Affected]
    imports: list[Affected]
    may: bool = False


class Proof(_Record):
    repaired: list[str]
    broken: list[str]
    removed: list[str]
    unchanged: int
    kept: list[str] = msgspec.field(default_factory=list)


class Replacement(_Record):
    path: str
    line: int
    column: int
    endLine: int  # noqa: N815 - as in the JSON
    endColumn: int  # noqa: N815 - as in the JSON
    text: str


class Fix(_Record):
    applicability: Applicability
    summary: str
    proof: Proof | None
    diff: str = ""
    obstacle: str = ""
    replacements: list[Replacement] = []


class Seen(_Record):
    first: datetime
    since: datetime
    reopened: int
    new: bool


class Finding(_Record):
    code: str
    name: str
    severity: str
    message: str
    object: Object
    location: Location
    related: list[Related]
    impact: Impact
    fix: Fix | None
    detail: str
    remedy: str
    commands: list[str]
    cluster: str
    key: str
    seen: Seen | None = None
    live: bool = False


class Suppressed(_Record):
    by: str
    reason: str
    finding: Finding


class NotEvaluated(_Record):
    reason: str
    message: str
    object: Object | None
    location: Location | None
    rules: list[str]
    cluster: str


class Problem(_Record):
    path: str
    message: str
    remedy: str
    line: int
    column: int
    fatal: bool


class Coverage(_Record):
    not_evaluated: list[NotEvaluated]
    problems: list[Problem]


class Summary(_Record):
    baselined: int
    untouched: int = 0


class Baseline(_Record):
    path: str
    gone: int


class SecretUse(_Record):
    name: str
    state: str
    reason: str
    key: str


class Pull(_Record):
    image: str
    registry: str
    who: list[Object]
    amount: int
    account: str
    source: str
    secrets: list[SecretUse]
    verdict: str
    fails: bool
    works: bool
    summary: str
    change: str
    commands: list[str]
    cluster: str


class Pulls(_Record):
    total: int
    resolved: list[Pull]


class Point(_Record):
    time: datetime
    error: int
    warning: int
    info: int
    suppressed: int
    new: int
    reopened: int
    resolved: int


class Resolved(_Record):
    code: str
    name: str
    severity: str
    object: Object
    first: datetime
    since: datetime
    resolved: datetime
    reopened: int


class Cluster(_Record):
    cluster: str
    points: list[Point]
    resolved: list[Resolved]
    meanTimeToResolve: int | None  # noqa: N815 - as in the JSON


class Trend(_Record):
    clusters: list[Cluster]


class Section(_Record):
    title: str
    text: str


class Rule(_Record):
    code: str
    name: str
    severity: str
    summary: str
    sections: list[Section]
    fixable: bool


class Result(_Record):
    tool: Tool
    scan: Scan
    findings: list[Finding]
    suppressed: list[Suppressed]
    coverage: Coverage
    summary: Summary
    scans: list[Scan] = []
    baseline: Baseline | None = None
    pulls: Pulls | None = None
    time: datetime | None = None
    trend: Trend | None = None
    rules: list[Rule] = []
