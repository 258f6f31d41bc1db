"""Runs to render: realistic ones for eyes and snapshots, large ones for the clock. No credential in any form."""

from linter.model import (
    Affected,
    Applicability,
    ClusterTrend,
    Edit,
    ExcerptLine,
    Finding,
    Fix,
    Impact,
    Location,
    NotEvaluated,
    ObjectRef,
    Op,
    PayloadSpot,
    Problem,
    Proof,
    Pull,
    Pulls,
    Related,
    Resolved,
    RuleInfo,
    Run,
    Scan,
    Scope,
    SecretUse,
    Seen,
    Sensitive,
    Severity,
    Suppressed,
    Trend,
    TrendPoint,
)

SECRET_TEXT = "never-shown-anywhere"

PULL = ObjectRef("v1", "Secret", "shop", "quay-pull")
WEB = Affected(ObjectRef("apps/v1", "Deployment", "shop", "web"), "quay.io/acme/web:1.4")
JOBS = tuple(
    Affected(ObjectRef("batch/v1", "CronJob", "shop", f"report-{n}"), f"quay.io/acme/report:{n}") for n in range(17)
)
TOOLS = Affected(ObjectRef("image.openshift.io/v1", "ImageStream", "shop", "tools"), "quay.io/acme/tools:latest")

SCAN = Scan(
    name="deploy",
    inputs=("deploy/",),
    scope=Scope.MANIFESTS,
    recognised="a directory of manifests, 1 kustomization, 2 rendered charts",
    proves="what is here is judged; what is absent may exist in the cluster",
    objects={"Secret": 9, "Deployment": 31, "CronJob": 17, "ImageStream": 4, "ServiceAccount": 22},
    artifacts=12,
    skipped=(("binary", 3), ("not a manifest", 41)),
    evaluated=("payload", "links"),
)

CLUSTER_SCAN = Scan(
    name="prod-east",
    inputs=("dumps/prod-east",),
    scope=Scope.CLUSTER,
    recognised="a must-gather of OpenShift 4.14.8",
    proves="the dump holds all secrets, service accounts and pods: absence is proof",
    objects={"Secret": 812, "Pod": 4210, "ServiceAccount": 633, "ImageStream": 88},
    artifacts=1930,
)

RULES = (
    RuleInfo(
        "RC106",
        "undecodable-auth",
        "payload",
        Severity.ERROR,
        "An auth that the kubelet cannot decode.",
        (
            ("What it does", "Finds entries whose `auth` is not base64 as Go decodes it, or has no colon."),
            ("Why it matters", "The kubelet drops every pull secret of the pod.\n\n- unrelated images fail too"),
            ("Example", "```yaml\nauths:\n  quay.io: {auth: '<not base64>'}\n```"),
            ("Fix", "Write `auth` as the base64 of `user:password`."),
        ),
        fixable=True,
    ),
    RuleInfo(
        "RC301", "unlinked-pull-secret", "links", Severity.WARNING, "A pull secret that nothing uses.", fixable=True
    ),
    RuleInfo("RC307", "duplicate-link", "links", Severity.INFO, "One list names a secret twice.", fixable=True),
    RuleInfo(
        "RC401", "missing-port-80", "imports", Severity.ERROR, "An insecure import without host:80.", fixable=True
    ),
)

UNDECODABLE = Finding(
    code="RC106",
    name="undecodable-auth",
    severity=Severity.ERROR,
    message='the auth of entry "quay.io" is not base64 as the kubelet decodes it: one "=" is missing at the end',
    object=PULL,
    location=Location(
        "deploy/shop/pull.yaml",
        document=1,
        route=("data", ".dockerconfigjson"),
        payload=PayloadSpot(".dockerconfigjson", 31, 60, 3, 16, "quay.io"),
        line=14,
        column=22,
        end_line=14,
        end_column=40,
        excerpt=(
            ExcerptLine(12, "type: kubernetes.io/dockerconfigjson"),
            ExcerptLine(13, "data:"),
            ExcerptLine(14, "  .dockerconfigjson: •••", 22, 25),
        ),
        payload_excerpt=(
            ExcerptLine(2, '  "auths": {'),
            ExcerptLine(3, '    "quay.io": {"auth": "•••"}', 25, 30),
        ),
    ),
    key="quay.io",
    detail=(
        "Go's decoder wants the padding. It refuses the entry, and the kubelet drops every pull secret of the pod, "
        "so images of other registries fail as well."
    ),
    remedy="Write auth as the standard, padded base64 of user:password.",
    commands=(
        "kubectl -n shop create secret docker-registry quay-pull --docker-server=quay.io --dry-run=client -o yaml",
    ),
    related=(
        Related(
            "pulls with it",
            Location("deploy/shop/web.yaml", line=22, column=9),
            ObjectRef("apps/v1", "Deployment", "shop", "web"),
        ),
        Related("links it", None, ObjectRef("v1", "ServiceAccount", "shop", "default")),
    ),
    impact=Impact((WEB, *JOBS), (TOOLS,)),
    fix=Fix(
        Applicability.SAFE,
        "add the missing padding",
        (Edit(Op.PAYLOAD, "deploy/shop/pull.yaml", 1, ("data", ".dockerconfigjson"), Sensitive(SECRET_TEXT)),),
        Proof(("shop/Deployment/web pulls quay.io/acme/web:1.4",), (), (), 40),
    ),
)

UNLINKED = Finding(
    code="RC301",
    name="unlinked-pull-secret",
    severity=Severity.WARNING,
    message="nothing in this scan uses Secret spare",
    object=ObjectRef("v1", "Secret", "shop", "spare"),
    location=Location("deploy/shop/spare.yaml", line=4, column=9, excerpt=(ExcerptLine(4, "  name: spare", 9, 14),)),
    detail="Only manifests were scanned: a service account in the cluster may still list it.",
    remedy="Add it to the service account of the workloads that need it, or delete it.",
    commands=("oc -n shop secrets link default spare --for=pull",),
    fix=Fix(
        Applicability.UNSAFE,
        "add spare to imagePullSecrets of ServiceAccount default",
        (Edit(Op.APPEND, "deploy/shop/sa.yaml", 0, ("imagePullSecrets",), {"name": SECRET_TEXT}),),
    ),
)

WHOLE_OBJECT = Finding(
    code="RC307",
    name="duplicate-link",
    severity=Severity.INFO,
    message="imagePullSecrets names quay-pull twice",
    object=ObjectRef("v1", "ServiceAccount", "shop", "builder"),
    location=Location(""),
    cluster="prod-east",
)

SUPPRESSED = Suppressed(UNLINKED._replace(key="other"), "comment", "rotated by hand until the vault is there")
NOT_EVALUATED = (
    NotEvaluated("encrypted", "the payload is a SOPS value", PULL, Location("deploy/sops.yaml", line=7), ("RC106",)),
    NotEvaluated("templated", "a Helm template that was not rendered", None, Location("charts/web/templates/s.yaml")),
    *(
        NotEvaluated(
            "redacted", "the value was removed by oc adm inspect", ObjectRef("v1", "Secret", f"ns-{n}", "pull")
        )
        for n in range(9)
    ),
)
PROBLEMS = (
    Problem("deploy/broken.yaml", "not YAML: a tab starts the line", "indent with spaces", 9, 1),
    Problem("dumps/gone", "no such file or directory", "name an existing file or directory", fatal=True),
)

EMPTY = Run("0.1.0", (SCAN,), ())
SMALL = Run("0.1.0", (SCAN,), (UNDECODABLE, UNLINKED, WHOLE_OBJECT), RULES)
FULL = SMALL._replace(
    scans=(SCAN, CLUSTER_SCAN),
    suppressed=(SUPPRESSED,),
    not_evaluated=NOT_EVALUATED,
    problems=PROBLEMS,
    baselined=4,
    untouched=6,
)

DAY = 86_400
NOW = 1_790_000_000  # 2026-09-21
TREND = Trend(
    (
        ClusterTrend(
            "deploy",
            tuple(
                TrendPoint(NOW - n * DAY, 1 + n % 3, 2 + n // 4, 1, 1, n % 2, int(n == 3), n % 3)
                for n in range(30, -1, -1)
            ),
            (Resolved("RC401", "missing-port-80", Severity.ERROR, TOOLS.object, NOW - 40 * DAY, NOW - 9 * DAY, NOW),),
            5 * DAY,
        ),
        ClusterTrend("prod-east", (TrendPoint(NOW, 0, 0, 1, new=1),)),
    )
)
TRENDED = FULL._replace(
    time=NOW,
    trend=TREND,
    findings=(
        UNDECODABLE._replace(seen=Seen(NOW - 40 * DAY, NOW - 33 * DAY, 2)),
        UNLINKED._replace(seen=Seen(NOW - 3 * DAY, NOW - 3 * DAY)),
        WHOLE_OBJECT._replace(seen=Seen(NOW, NOW, 0, new=True)),
    ),
)
RUNS = {"empty": EMPTY, "small": SMALL, "full": FULL, "nothing": Run("0.1.0", (), ()), "trend": TRENDED}

HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07",
    "a\nb\r\nc\td\x00e\x7f\x9b31m",
    "\u202egnp.exe\u2066x\u2069\u200b\ufeff",
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`&amp;",
    "</script><!--<script>]]>",
    "##vso[task.setvariable variable=a]b ##[error]c",
    "  ::warning::owned",
    "::error file=x::owned\n::set-output name=a::b %0A %25 a:b,c",
    "| a | b |\n\n# heading [link](javascript:alert(1)) @team #12 `` ` `` ~~~ </details>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "\ud800 lone \udc80 byte \U000e0041 tag \uffff",
    "javascript:alert(1)",
    "../../etc/passwd %2e%2e/ c:\\x ünï/路径.yaml",
)


def hostile(text: str) -> Run:
    """A run in which every text that can come from scanned material is `text`."""
    ref = ObjectRef(text, text, text, text)
    spot = PayloadSpot(text, 0, 3, 1, 1, text)
    line = text.translate({ord("\r"): " ", ord("\n"): " "})  # no line of an excerpt holds a break
    excerpt = (ExcerptLine(3, line, 1, 4), ExcerptLine(4, line))
    where = Location(text, 0, (text, 0), spot, "value", 3, 2, 3, 6, excerpt, excerpt)
    hit = Affected(ref, text)
    finding = Finding(
        "RC106",
        "undecodable-auth",
        Severity.ERROR,
        text,
        ref,
        where,
        text,
        text,
        text,
        (text,),
        (Related(text, where, ref),),
        Impact((hit,) * 7, (hit,)),
        Fix(Applicability.SAFE, text, (), Proof((text,), (text,), (text,), 1)),
        text,
        Seen(NOW - DAY, NOW - DAY),
    )
    scan = Scan(text, (text,), Scope.MANIFESTS, text, text, {text: 1}, 1, ((text, 1),), (text,))
    return Run(
        "0.1.0",
        (scan, scan),
        (finding, finding._replace(location=Location(text))),
        (RuleInfo("RC106", "undecodable-auth", "payload", Severity.ERROR, text, ((text, text),), fixable=True),),
        (Suppressed(finding, text, text),),
        (NotEvaluated(text, text, ref, where, (text,), text),),
        (Problem(text, text, text, 1, 2, fatal=True),),
        1,
        time=NOW,
        trend=Trend((ClusterTrend(text, (TrendPoint(NOW, 1),), (Resolved(text, text, Severity.INFO, ref, 1, 2, 3),)),)),
        pulls=Pulls((_hostile_pull(text, ref),), 1),
    )


def _hostile_pull(text: str, ref: ObjectRef) -> Pull:
    use = SecretUse(text, "missing", text)
    return Pull((ref,), 2, text, "own", (use,), text, text, text, True, False, text, text, (text,), text)


def large(number: int) -> Run:
    """A run of many findings, spread over files, namespaces, rules and clusters as real ones are."""
    patterns = (UNDECODABLE, UNLINKED, WHOLE_OBJECT)
    codes = (("RC401", "missing-port-80"), ("RC501", "uncovered-image"), ("RC203", "conflicting-secrets"))
    findings = []
    for n in range(number):
        base = patterns[n % 3]
        code, name = codes[n // 3 % 3] if n % 5 == 0 else (base.code, base.name)
        space = f"team-{n % 97:02d}"
        path = f"clusters/prod-east/{space}/secret-{n % 7}.yaml"
        ref = base.object._replace(namespace=space, name=f"pull-{n}")
        hits = tuple(
            hit._replace(object=hit.object._replace(namespace=space)) for hit in base.impact.workloads[: n % 9]
        )
        findings.append(
            base._replace(
                code=code,
                name=name,
                object=ref,
                cluster=("east", "west")[n % 2],
                key=str(n),
                location=base.location._replace(path=path, line=n % 400 + 1, column=3),
                impact=Impact(hits, base.impact.imports),
            )
        )
    scans = (CLUSTER_SCAN._replace(name="east"), CLUSTER_SCAN._replace(name="west"))
    return FULL._replace(scans=scans, findings=tuple(findings))
