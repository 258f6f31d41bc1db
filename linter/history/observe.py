"""From a judged call to what its scans can say to a history, and back: how each finding stands, in the run."""

import os
import posixpath
from collections.abc import Mapping, Sequence

from linter.engine import Result
from linter.errors import UsageError
from linter.excerpts import scrub
from linter.history.changes import within
from linter.history.records import Observation, Recorded, Sighting, Withheld
from linter.inventory import Inventory
from linter.model import Finding, NotEvaluated, ObjectRef, Run, Scan, Scope


def names_of(run: Run, given: Sequence[str]) -> dict[str, str]:
    """The name in the history of every scan of a run, by its name in the run.

    `given` are `NAME`, for the only scan, or `INPUT=NAME`. Raises `UsageError` for names that fit no scan.
    """
    names = {one.name: one.name or ", ".join(_normal(path) for path in one.inputs) or "-" for one in run.scans}
    for entry in given:
        path, mark, name = entry.rpartition("=")
        fits = [one for one in run.scans if (not mark and len(run.scans) == 1) or (mark and path in one.inputs)]
        if len(fits) != 1 or not name:
            held = ", ".join(one.name or ", ".join(one.inputs) for one in run.scans)
            raise UsageError(
                f"--history-name {entry}: this call judges {len(run.scans)} clusters or sets of manifests ({held}); "
                "name each as INPUT=NAME"
            )
        names[fits[0].name] = name
    return {scan: scrub(name) for scan, name in names.items()}


def _normal(path: str) -> str:
    return path if "://" in path else posixpath.normpath(path.replace(os.sep, "/"))


def identity(finding: Finding, scope: Scope) -> str:
    """A finding's identity in its history: whatever a dump of its cluster is called, and wherever it lies."""
    path = "" if scope is Scope.CLUSTER else _normal(finding.location.path)
    return finding._replace(cluster="", location=finding.location._replace(path=path)).fingerprint


def observations(result: Result, names: Mapping[str, str]) -> list[Observation]:
    """What each scan of a call can say."""
    codes = {rule.name: rule.code for rule in result.run.rules}
    read = frozenset(result.artifacts)
    return [
        _observation(result, scan, inventory, names[scan.name], codes, read)
        for scan, inventory in zip(result.run.scans, result.inventories, strict=True)
    ]


def _observation(
    result: Result, scan: Scan, inventory: Inventory, name: str, codes: Mapping[str, str], read: frozenset[str]
) -> Observation:
    run = result.run
    unread = frozenset(scrub(_normal(path)) for path in result.unread)
    sightings: dict[str, Sighting] = {}
    accepted = [item.finding for item in run.suppressed]
    for suppressed, findings in ((True, accepted), (False, (*run.findings, *result.baselined))):
        for finding in findings:
            if finding.cluster == scan.name:
                it = _sighting(finding, scan.scope, suppressed=suppressed)
                sightings[it.identity] = it
    return Observation(
        series=name,
        time=run.time,
        scope=scan.scope,
        inputs=tuple(scrub(_normal(path)) for path in scan.inputs),
        rules=frozenset(scan.evaluated),
        sightings=sightings,
        judged=_Judge(inventory, read, whole=_whole(scan, unread)),
        unread=unread,
        withheld=tuple(
            _withheld(item, codes)
            for item in run.not_evaluated
            if item.cluster == scan.name and (item.object is not None or item.location is None)
        ),
    )


def _sighting(finding: Finding, scope: Scope, *, suppressed: bool) -> Sighting:
    ref = finding.object
    clean = ObjectRef(ref.api_version, scrub(ref.kind), scrub(ref.namespace), scrub(ref.name))
    path = scrub(_normal(finding.location.path)) if finding.location.path else ""
    return Sighting(identity(finding, scope), finding.code, finding.name, finding.severity, clean, path, suppressed)


def _withheld(item: NotEvaluated, codes: Mapping[str, str]) -> Withheld:
    return Withheld(item.object or ObjectRef(), frozenset(codes.get(name, name) for name in item.rules))


def _whole(scan: Scan, unread: frozenset[str]) -> bool:
    """Whether what is absent from a scan was absent: in a cluster, all could be read; else, each input."""
    inputs = [scrub(_normal(path)) for path in scan.inputs]
    if scan.scope is Scope.CLUSTER:
        return not any(within([path], inputs) for path in unread)
    return not unread.intersection(inputs)


class _Judge:
    """Whether a scan would have seen an object: it is there, or all of its kind were listed, or its file was read.

    A scan that is not `whole` says nothing of what it does not hold. Pickled, it leaves the inventory behind.
    """

    def __init__(self, inventory: Inventory, read: frozenset[str], *, whole: bool) -> None:
        self._inventory: Inventory | None = inventory
        self._scope = inventory.scope
        self._complete = inventory.complete
        self._whole = whole
        self._read = frozenset(scrub(_normal(path)) for path in read)
        self._present: frozenset[tuple[str, str, str]] | None = None

    def __call__(self, ref: ObjectRef, path: str) -> bool:
        if self._scope is Scope.MANIFESTS:
            return path in self._read or (self._whole and not os.path.lexists(path))
        if (ref.kind, ref.namespace, ref.name) in self._objects():
            return True
        return self._whole and any((ref.kind, space) in self._complete for space in (ref.namespace, "*"))

    def _objects(self) -> frozenset[tuple[str, str, str]]:
        if self._present is None:
            refs = (item.ref for item in self._inventory.objects) if self._inventory is not None else ()
            self._present = frozenset((one.kind, one.namespace, one.name) for one in refs)
        return self._present

    def __getstate__(self) -> dict[str, object]:
        self._objects()
        return {**self.__dict__, "_inventory": None}


def annotated(run: Run, recorded: Recorded, names: Mapping[str, str]) -> Run:
    """The run with what the history knows of its findings and clusters."""
    scopes = {scan.name: scan.scope for scan in run.scans}

    def standing(finding: Finding) -> Finding:
        scope = scopes.get(finding.cluster, Scope.MANIFESTS)
        key = (names.get(finding.cluster, ""), identity(finding, scope))
        return finding._replace(seen=recorded.seen.get(key))

    suppressed = tuple(item._replace(finding=standing(item.finding)) for item in run.suppressed)
    return run._replace(findings=tuple(map(standing, run.findings)), suppressed=suppressed, trend=recorded.trend)
