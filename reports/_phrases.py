"""What several reports say in the same words: counts, places, objects, the scan as a whole."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from linter.model import Affected, Applicability, Finding, Fix, Location, ObjectRef, Run, Scan, Scope, Severity

HOW: Final = {
    Applicability.SAFE: "safe, applied by --fix",
    Applicability.UNSAFE: "unsafe, applied by --fix --unsafe-fixes",
    Applicability.DISPLAY: "to read, never applied",
}
"""How far a fix may be trusted, and how to get it."""
_NAMED: Final = 3


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 error`, `2 errors`, `1,234 objects`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def place(location: Location) -> str:
    """Return `path:line:column`, without what is not known."""
    known = (location.line, location.column) if location.column else (location.line,)
    return ":".join([location.path, *map(str, known)]) if location.line else location.path


def object_name(ref: ObjectRef, cluster: str = "") -> str:
    """Return `Secret pull in namespace shop (cluster east)`; an object without a name is called so."""
    named = ref if ref.name else ref._replace(name="(no name)")
    if not ref.kind:
        named = named._replace(kind="object")
    return f"{named} (cluster {cluster})" if cluster else str(named)


def affected_name(affected: Affected) -> str:
    """Return `shop/Deployment/web`."""
    ref = affected.object
    return "/".join(filter(None, (ref.namespace, ref.kind, ref.name)))


def amount(pulls: int, imports: int) -> str:
    """Return `3 pulls and 1 import`, or nothing when there are none."""
    parts = ([count(pulls, "pull")] if pulls else []) + ([count(imports, "import")] if imports else [])
    return " and ".join(parts)


def impact_counts(finding: Finding) -> str:
    """Return `3 pulls and 1 import`, and how many of them need not fail where others will; nothing for no hit."""
    hits = (*finding.impact.workloads, *finding.impact.imports)
    told = amount(len(finding.impact.workloads), len(finding.impact.imports))
    left = sum(not certain(finding, hit) for hit in hits) if breaks(finding) else 0
    return f"{told}, {left:,} of which need{'s' if left == 1 else ''} not fail" if left else told


def certain(finding: Finding, hit: Affected) -> bool:
    """Whether one of those that a finding hits will fail."""
    return finding.severity is Severity.ERROR and not (finding.impact.may or hit.may)


def breaks(finding: Finding) -> bool:
    """Whether anything that a finding hits will fail."""
    return any(certain(finding, hit) for hit in (*finding.impact.workloads, *finding.impact.imports))


def strikes(finding: Finding) -> str:
    """Return `breaks 3 pulls` of what will fail, `hits 3 pulls` where not all of it will."""
    return f"{striking(finding)} {impact_counts(finding)}"


def striking(finding: Finding) -> str:
    """Return `breaks` or `hits`, as `strikes` says it."""
    hits = (*finding.impact.workloads, *finding.impact.imports)
    return "breaks" if hits and all(certain(finding, hit) for hit in hits) else "hits"


def how(fix: Fix) -> str:
    """Return how far a fix may be trusted and how to get it; or what keeps it out of the file that was read."""
    if fix.obstacle and fix.applicability is not Applicability.DISPLAY:
        return f"{fix.applicability}, not applied by --fix: {fix.obstacle}"
    return HOW[fix.applicability]


def proof_counts(fix: Fix) -> str:
    """Return what the proof of a fix says in a line, or nothing when it has none or nothing of the scan is touched."""
    proof = fix.proof
    if proof is None or not (proof.repaired or proof.broken or proof.removed or proof.unchanged):
        return ""
    parts = [f"repairs {len(proof.repaired):,}", f"breaks {_some(proof.broken)}"]
    if proof.removed:
        parts.append(f"removes {_some(proof.removed)}")
    told = f"{', '.join(parts)}, leaves {proof.unchanged:,} as {'it was' if proof.unchanged == 1 else 'they were'}"
    return f"{told}; {count(len(proof.kept), 'entry stays', 'entries stay')}" if proof.kept else told


def _some(lines: tuple[str, ...]) -> str:
    """Return how many there are, and the first of them."""
    if not lines:
        return "0"
    more = f" and {len(lines) - _NAMED:,} more" if len(lines) > _NAMED else ""
    return f"{len(lines):,} ({'; '.join(lines[:_NAMED])}{more})"


def severity_counts(run: Run) -> str:
    """Return `3 errors, 1 warning, 2 info`, or `no findings`."""
    counts = run.counts()
    parts = [count(counts["error"], "error")] if counts["error"] else []
    parts += [count(counts["warning"], "warning")] if counts["warning"] else []
    parts += [f"{counts['info']:,} info"] if counts["info"] else []
    return ", ".join(parts) or "no findings"


def extent(run: Run) -> str:
    """Return `214 objects (12 files)`."""
    objects = sum(sum(scan.objects.values()) for scan in run.scans)
    return f"{count(objects, 'object')} ({count(sum(scan.artifacts for scan in run.scans), 'file')})"


def left_aside(run: Run) -> str:
    """Return `5 not evaluated, 1 suppressed`, and what else did not become a finding; nothing when all did."""
    parts = [f"{len(run.not_evaluated):,} not evaluated"] if run.not_evaluated else []
    parts += [f"{len(run.suppressed):,} suppressed"] if run.suppressed else []
    parts += [f"{run.baselined:,} in the baseline"] if run.baselined else []
    parts += [f"{run.untouched:,} not touched by the change"] if run.untouched else []
    parts += [count(len(run.problems), "problem")] if run.problems else []
    return ", ".join(parts)


def passed_over(run: Run) -> str:
    """Return `passed over: not YAML or JSON (8), link (1)`: how much was not read and why; nothing when all was."""
    total: Counter[str] = Counter()
    for scan in run.scans:
        total.update(dict(scan.skipped))
    parts = [f"{reason} ({number:,})" for reason, number in total.most_common()]
    return f"passed over: {', '.join(parts)}" if parts else ""


def taken_for(scan: Scan, run: Run) -> str:
    """Return what a scan was taken for and what it can prove, with its name where there are several."""
    name = f"{scan.name}: " if len(run.scans) > 1 and scan.name else ""
    recognised = f" ({scan.recognised})" if scan.recognised else ""
    return f"{name}judged as {scan.scope}{recognised}" + (f": {scan.proves}" if scan.proves else "")


def summary_line(run: Run) -> str:
    """Return `3 errors, 1 warning in 214 objects (12 files); 5 not evaluated`."""
    aside = left_aside(run)
    return f"{severity_counts(run)} in {extent(run)}" + (f"; {aside}" if aside else "")


def position(finding: Finding) -> tuple[str, str, int, int, int]:
    """Return the key that sorts findings by cluster, file and line."""
    where = finding.location
    return (finding.cluster, where.path, where.line, where.column, where.document)


def merged(scans: tuple[Scan, ...]) -> Scan:
    """Return one scan that stands for all: sums of what they hold, and the weaker of what they prove."""
    if len(scans) == 1:
        return scans[0]
    kinds: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for scan in scans:
        kinds.update(scan.objects)
        for reason, number in scan.skipped:
            skipped[reason] += number
    cluster = bool(scans) and all(scan.scope is Scope.CLUSTER for scan in scans)
    return Scan(
        name=", ".join(_once(scan.name for scan in scans)),
        inputs=tuple(_once(name for scan in scans for name in scan.inputs)),
        scope=Scope.CLUSTER if cluster else Scope.MANIFESTS,
        recognised="; ".join(_once(scan.recognised for scan in scans)),
        proves="; ".join(_once(scan.proves for scan in scans)),
        objects=dict(kinds),
        artifacts=sum(scan.artifacts for scan in scans),
        skipped=tuple(skipped.items()),
        evaluated=tuple(_once(name for scan in scans for name in scan.evaluated)),
    )


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


Hit = tuple[str, Affected]
"""A workload or image stream that is hit, and the cluster that it belongs to."""


def distinct(hits: Iterable[Hit], besides: Collection[Hit] = ()) -> set[Hit]:
    """Return the hits, each once, without those that `besides` has already.

    A hit without an image means all images of its object: beside one of these images it is nothing new.
    """
    whole = {(cluster, hit.object) for cluster, hit in besides if not hit.image}
    known = {(cluster, hit._replace(may=False) if hit.may else hit) for cluster, hit in hits} - set(besides)
    named = {(cluster, hit.object) for cluster, hit in (*known, *besides) if hit.image}
    return {
        (cluster, hit)
        for cluster, hit in known
        if (cluster, hit.object) not in whole and (hit.image or (cluster, hit.object) not in named)
    }


def failing(run: Run) -> tuple[set[Hit], set[Hit]]:
    """Return the distinct pulls and imports that will fail."""
    return pulls(run.findings, only=certain), imports(run.findings, only=certain)


def endangered(run: Run, besides: tuple[set[Hit], set[Hit]]) -> tuple[set[Hit], set[Hit]]:
    """Return the distinct pulls and imports that may fail, without those that `failing` has told."""
    may = [finding for finding in run.findings if finding.severity >= Severity.WARNING]
    return pulls(may, besides[0]), imports(may, besides[1])


Only = Callable[[Finding, Affected], bool]
"""Which of those that a finding hits are meant."""


def _all(_: Finding, __: Affected) -> bool:
    return True


def pulls(findings: Iterable[Finding], besides: Collection[Hit] = (), only: Only = _all) -> set[Hit]:
    """Return the distinct pulls that findings break, without those known `besides`; of them `only` some."""
    hits = ((one.cluster, hit) for one in findings for hit in one.impact.workloads if only(one, hit))
    return distinct(hits, besides)


def imports(findings: Iterable[Finding], besides: Collection[Hit] = (), only: Only = _all) -> set[Hit]:
    """Return the distinct imports that findings break, without those known `besides`; of them `only` some."""
    hits = ((one.cluster, hit) for one in findings for hit in one.impact.imports if only(one, hit))
    return distinct(hits, besides)


class Cause(NamedTuple):
    """One rule with what its findings break together: distinct pulls and imports."""

    code: str
    name: str
    findings: int
    severity: int
    pulls: int
    imports: int


def causes(run: Run) -> list[Cause]:
    """Return the rules that have findings, the widest blast radius first."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in run.findings:
        groups.setdefault((finding.code, finding.name), []).append(finding)
    ranked = [
        Cause(
            code,
            name,
            len(group),
            max(finding.severity for finding in group),
            len(pulls(group)),
            len(imports(group)),
        )
        for (code, name), group in groups.items()
    ]
    return sorted(ranked, key=lambda c: (-(c.pulls + c.imports), -c.severity, -c.findings, c.code))
