"""The records that travel from the sources to the reports. All are frozen, small, and hold no credential in clear.

Positions are symbolic while rules run (a path, a document number, a route inside it); the engine fills in lines,
columns and excerpts afterwards, for findings only. Lines and columns count from 1; 0 means "not computed".
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Any, Final

from linter.record import NamedTuple
from linter.secret import Sensitive

Route = tuple[str | int, ...]
"""The way from a document's root to a node: mapping keys and list indexes, as in `("data", ".dockerconfigjson")`."""


class Severity(IntEnum):
    """How bad a finding is; ordered, so that thresholds compare."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word that users write and read: `error`, `warning` or `info`."""
        return self.name.lower()

    @property
    def lower(self) -> "Severity":
        """The next lower level (info stays info): what absence is worth in a scan that holds part of the truth."""
        return Severity(max(self - 1, 1))


class Scope(StrEnum):
    """What a scan's input can prove: a cluster holds all that exists, manifests hold part of the truth."""

    CLUSTER = "cluster"
    MANIFESTS = "manifests"


class ObjectRef(NamedTuple):
    """Which Kubernetes object is meant. `namespace` is empty for cluster-scoped objects and where a file names none."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.kind} {self.name}{where}"


class PayloadSpot(NamedTuple):
    """A position inside a decoded payload. `offset` and `end` count characters of the decoded text from 0."""

    data_key: str
    offset: int
    end: int
    line: int
    column: int
    entry: str | None = None

    def __str__(self) -> str:
        entry = f', entry "{self.entry}"' if self.entry is not None else ""
        return f"line {self.line}, column {self.column} of {self.data_key}{entry}"


class ExcerptLine(NamedTuple):
    """One line to show, credentials already masked; the caret marks columns `start` to `end` (from 1, end excluded)."""

    number: int
    text: str
    start: int = 0
    end: int = 0


class Location(NamedTuple):
    """Where something stands: symbolic (path, document, route, payload), and concrete once the engine has looked.

    `part` says whether the key or the value at the end of the route is meant.
    """

    path: str
    document: int = 0
    route: Route = ()
    payload: PayloadSpot | None = None
    part: str = "value"
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    excerpt: tuple[ExcerptLine, ...] = ()
    payload_excerpt: tuple[ExcerptLine, ...] = ()

    @property
    def pointer(self) -> str:
        """The route as a JSON pointer (RFC 6901) from the root of its document."""
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.route)


class Related(NamedTuple):
    """Another place or object that a finding speaks of, and what it has to do with it."""

    message: str
    location: Location | None = None
    object: ObjectRef | None = None


class Affected(NamedTuple):
    """A workload or image stream that a defect breaks, and the image it wants ("" when all its images).

    With `may` it need not fail: nothing proves that the image needs the credential.
    """

    object: ObjectRef
    image: str = ""
    may: bool = False


class Impact(NamedTuple):
    """The blast radius: every pull and every import that a defect breaks.

    With `may` they need not fail, because a credential is offered for each of them all the same.
    """

    workloads: tuple[Affected, ...] = ()
    imports: tuple[Affected, ...] = ()
    may: bool = False

    def __bool__(self) -> bool:
        return bool(self.workloads or self.imports)


class Applicability(StrEnum):
    """How far a fix may be trusted: `safe` keeps the meaning, `unsafe` may change it, `display` is only shown."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Op(StrEnum):
    """What an edit does at its route.

    SET      replaces the scalar (or adds the last key of the route to its mapping, when it is absent) with `value`
    REMOVE   removes the mapping key or list item, with its line
    RENAME   renames the mapping key at the end of the route to `value`
    APPEND   appends `value` to the list at the route, creating the list when it is absent or null
    PAYLOAD  replaces the decoded payload behind the scalar with the text of `value` (a Sensitive), in the form found
    """

    SET = "set"
    REMOVE = "remove"
    RENAME = "rename"
    APPEND = "append"
    PAYLOAD = "payload"


class Edit(NamedTuple):
    """One symbolic change of one document. `value` is plain data (str, number, bool, dict, list) or a `Sensitive`.

    `base` is the decoded payload that a PAYLOAD edit was made for, where its maker tells: edits of one payload that
    change different stretches of it go together then.
    """

    op: Op
    path: str
    document: int
    route: Route
    value: Any = None
    base: Sensitive | None = None


class Proof(NamedTuple):
    """Every pull, build and import that a fix can touch, resolved before and after; lines are written for people.

    `repaired` and `broken` name what goes from failing to working and the other way; `unchanged` counts the rest.
    `removed` names the credentials of edited secrets that are gone afterwards, `kept` those that stay. `elsewhere` says
    as `removed` would which of these an entry gives up that another key has too: fixes of both take it away together.
    """

    repaired: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    kept: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


class Replacement(NamedTuple):
    """Text of a file that `text` takes the place of: from line and column to line and column (from 1, end excluded)."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Fix(NamedTuple):
    """A repair: its summary, the edits that make it, and the proof that it is never worse.

    `diff` is what the edits change, as a unified diff with credentials masked; "" where no report wanted it, or where
    the files are too large to show it for every finding. `replacements` are the same for editors, where no part
    is a credential.

    `obstacle` says why the file that was read is not edited (standard input, a rendered chart, SOPS, a shared YAML
    anchor); "" when it can be. A fix with an obstacle may still be written by `--fix-dir`.
    """

    applicability: Applicability
    summary: str
    edits: tuple[Edit, ...] = ()
    proof: Proof | None = None
    diff: str = ""
    obstacle: str = ""
    replacements: tuple[Replacement, ...] = ()


def withheld(fix: Fix, why: str) -> Fix:
    """Return a fix that is only told of, with the reason: it makes no edit."""
    return Fix(Applicability.DISPLAY, f"{fix.summary} ({why})", obstacle=why)


class Seen(NamedTuple):
    """What the history knows of a finding; times are Unix seconds.

    `first` is the scan that saw it first, `since` the one that began its present stretch: the first, or the one that
    saw it again after it had been resolved. Its age counts from `since`. `new` says that it was not open after the scan
    before this one, `reopened` how often it has come back.
    """

    first: int
    since: int
    reopened: int = 0
    new: bool = False


class Finding(NamedTuple):
    """One defect, told once. `message` is one sentence of what is true; `detail` says why; `remedy` what to do.

    `key` is the stable discriminator inside the object (a registry, a container, a name): never a line, a time or a
    credential, because the fingerprint is made of it. `live` tells that the object was read from a cluster, where
    kind, namespace and name are all that it takes to know it.
    """

    code: str
    name: str
    severity: Severity
    message: str
    object: ObjectRef
    location: Location
    key: str = ""
    detail: str = ""
    remedy: str = ""
    commands: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    impact: Impact = Impact()
    fix: Fix | None = None
    cluster: str = ""
    seen: Seen | None = None
    live: bool = False

    @property
    def fingerprint(self) -> str:
        """A stable identity: rule, object and key; among manifests the path too, of what names no namespace."""
        place = "" if self.object.namespace or self.live else self.location.path
        group = self.object.api_version.rpartition("/")[0]
        parts = (
            self.code,
            self.cluster,
            group,
            self.object.kind,
            self.object.namespace,
            self.object.name,
            self.key,
            place,
        )
        from linter.hashes import sha256  # noqa: PLC0415 - a call without findings needs none

        return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Suppressed(NamedTuple):
    """A finding that the user has accepted, by which means and for which reason."""

    finding: Finding
    by: str
    reason: str = ""


FAILED: Final = "failed"
"""Why a rule of the project's own has judged nothing, or not all: it has an error."""


class NotEvaluated(NamedTuple):
    """Something that could not be judged.

    `reason` is one of redacted, encrypted, templated, replicated, generated, absent, ambiguous, refused (by a cluster),
    failed (a rule of the project's own).
    """

    reason: str
    message: str
    object: ObjectRef | None = None
    location: Location | None = None
    rules: tuple[str, ...] = ()
    cluster: str = ""


class Problem(NamedTuple):
    """An input or a part of one that could not be read. `fatal` when it was named on the command line itself."""

    path: str
    message: str
    remedy: str = ""
    line: int = 0
    column: int = 0
    fatal: bool = False


class Scan(NamedTuple):
    """One universe that is judged for itself: the manifests of a call together, or one cluster dump."""

    name: str
    inputs: tuple[str, ...]
    scope: Scope
    recognised: str
    proves: str
    objects: Mapping[str, int]
    artifacts: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    evaluated: tuple[str, ...] = ()


class RuleInfo(NamedTuple):
    """What reports need to know of a rule. `sections` are the headed parts of its manual, in order."""

    code: str
    name: str
    family: str
    severity: Severity
    summary: str
    sections: tuple[tuple[str, str], ...] = ()
    fixable: bool = False


class SecretUse(NamedTuple):
    """One secret on the way of a pull. `state` is read, skipped, missing, fatal or unknown; `reason` says why.

    `key` is the registry key that offers the image a credential, as written; "" when this secret offers none.
    """

    name: str
    state: str
    reason: str = ""
    key: str = ""


class Pull(NamedTuple):
    """One image, and all who pull or import it in the very same way: with the same secrets, to the same end.

    `who` names some of them, `amount` counts all. `account` is the service account, "" for an import. `source` says
    where the list of secrets comes from: account, own (the pod's), namespace (an import) or unknown. `secrets` stand in
    the order in which they are read. `verdict` is a word of `regcred resolve`; `fails` when it is known not to work,
    `works` when it is known to. `summary` says it in a sentence; `change` and `commands` are the smallest change that
    would make it work.
    """

    who: tuple[ObjectRef, ...]
    amount: int
    account: str
    source: str
    secrets: tuple[SecretUse, ...]
    registry: str
    image: str
    verdict: str
    fails: bool = False
    works: bool = False
    summary: str = ""
    change: str = ""
    commands: tuple[str, ...] = ()
    cluster: str = ""

    @property
    def imports(self) -> bool:
        """Whether image streams import the image, rather than pods pull it."""
        return not self.account


class Pulls(NamedTuple):
    """Who pulls what with which secrets: `resolved`, failing ones first, of `total` pulls and imports of the scan.

    Among the total is what findings hit beside these, such as builds and what a controller pulls. What is `resolved`
    together is hit by the same findings.
    """

    resolved: tuple[Pull, ...] = ()
    total: int = 0


class Baseline(NamedTuple):
    """What a run was compared with: the file, and how many of the findings it knows are gone."""

    path: str
    gone: int = 0


class Resolved(NamedTuple):
    """A finding that is gone: the scan at `resolved` judged its place again and did not see it. Times: Unix seconds."""

    code: str
    name: str
    severity: Severity
    object: ObjectRef
    first: int
    since: int
    resolved: int
    reopened: int = 0


class TrendPoint(NamedTuple):
    """One stored scan: when (Unix seconds), what was open after it by severity, and what had changed since the last."""

    time: int
    error: int = 0
    warning: int = 0
    info: int = 0
    suppressed: int = 0
    new: int = 0
    reopened: int = 0
    resolved: int = 0

    @property
    def open(self) -> int:
        """How many findings were open after this scan."""
        return self.error + self.warning + self.info


class ClusterTrend(NamedTuple):
    """One cluster, or set of manifests, over time.

    `points` are its scans, the oldest first, at most the last hundred; `resolved` is what the newest found gone.
    `mean_time_to_resolve` is in seconds, over every stretch that ever ended; None while none has.
    """

    cluster: str
    points: tuple[TrendPoint, ...] = ()
    resolved: tuple[Resolved, ...] = ()
    mean_time_to_resolve: int | None = None


class Trend(NamedTuple):
    """What the history knows of the scans of a run, this one included; of each finding it is in `Finding.seen`."""

    clusters: tuple[ClusterTrend, ...] = ()


class Run(NamedTuple):
    """All that a report may say: the finished result of one call, locations resolved, findings ordered.

    `pulls` is None unless a report wanted it. `time` is when it was judged, in Unix seconds (0: not known); `trend` is
    there when a history was kept.
    """

    version: str
    scans: tuple[Scan, ...]
    findings: tuple[Finding, ...]
    rules: tuple[RuleInfo, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    problems: tuple[Problem, ...] = ()
    baselined: int = 0
    baseline: Baseline | None = None
    pulls: Pulls | None = None
    time: int = 0
    trend: Trend | None = None
    untouched: int = 0

    def counts(self) -> dict[str, int]:
        """Findings per severity label, every label present, worst first."""
        counts = {severity.label: 0 for severity in sorted(Severity, reverse=True)}
        for finding in self.findings:
            counts[finding.severity.label] += 1
        return counts


class Threshold(NamedTuple):
    """Which findings fail a call: those of `fail_on` and above (None: none), with `new_only` only those that are new.

    Whatever their severity, and new or not, those older than `max_age` seconds fail too.
    """

    fail_on: Severity | None = Severity.WARNING
    new_only: bool = False
    max_age: int | None = None

    def fails(self, finding: Finding, time: int) -> bool:
        """Whether `finding` fails a call that was judged at `time`; what the history does not know counts as new."""
        seen = finding.seen
        if self.max_age is not None and seen is not None and time - seen.since > self.max_age:
            return True
        if self.fail_on is None or finding.severity < self.fail_on:
            return False
        return not self.new_only or seen is None or seen.new


def affected_names(affected: Iterable[Affected]) -> list[str]:
    """`namespace/Kind/name` of each, once, in order: the short form for messages."""
    return list(
        dict.fromkeys("/".join(filter(None, (a.object.namespace, a.object.kind, a.object.name))) for a in affected)
    )


__all__ = [
    "Affected",
    "Applicability",
    "Baseline",
    "ClusterTrend",
    "Edit",
    "ExcerptLine",
    "Finding",
    "Fix",
    "Impact",
    "Location",
    "NotEvaluated",
    "ObjectRef",
    "Op",
    "PayloadSpot",
    "Problem",
    "Proof",
    "Pull",
    "Pulls",
    "Related",
    "Replacement",
    "Resolved",
    "Route",
    "RuleInfo",
    "Run",
    "Scan",
    "Scope",
    "SecretUse",
    "Seen",
    "Sensitive",
    "Severity",
    "Suppressed",
    "Threshold",
    "Trend",
    "TrendPoint",
    "affected_names",
]
