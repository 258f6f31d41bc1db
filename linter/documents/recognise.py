"""What an input is: the manifests of a repository, or a picture of a cluster; told from its paths and its objects."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from linter.documents.layouts import (
    BY_FILES,
    CHECKED,
    CLUSTER_INFO,
    DUMPALL,
    KUBE_DUMP,
    MUST_GATHER,
    PROVES,
    Place,
    place,
)
from linter.documents.objects import KubeObject
from linter.model import Scope
from linter.record import NamedTuple
from linter.sources.collection import FILES, Record, decode, is_record


class Recognised(NamedTuple):
    """What an input was taken for. `why` says from what, `proves` what absence in it is worth; both for people.

    `stated` holds kinds and namespaces of which some file lists every object, by the layout's own promise. `redacted`:
    regcred has put surrogates in the place of its credentials. `said`: the user has said that it is a cluster, and it
    lies as no tool writes one that is known to leave something out. `observed`: an API server has written every object,
    were they asked for one by one.
    """

    scope: Scope
    layout: str
    why: str
    proves: str
    stated: frozenset[tuple[str, str]] = frozenset()
    redacted: bool = False
    said: bool = False
    observed: bool = False

    def hidden(self) -> "Recognised":
        """Return the same, with its credentials replaced."""
        if self.redacted:
            return self
        return self._replace(why=f"{self.why}, credentials replaced", redacted=True)


_LIVE_LIST = "a cluster at one moment, as far as its kinds and namespaces were asked for"
_ANY: Final = frozenset({"manifests", "kubectl-get"})
"""What is not the layout of one tool, so that nothing is known to be missing in it."""
_GAPS: Final = frozenset({MUST_GATHER, *BY_FILES})
"""Layouts that are known to leave out objects of kinds of which they hold some."""
_MANIFESTS = "part of the truth: objects may come from elsewhere"
_SINGLE = "single objects of a cluster: what is not among them may be there all the same"
_FEW: Final = 10
"""Live objects that are no list and in no known layout need this number to be taken for a cluster."""


def is_live(item: KubeObject) -> bool:
    """Tell whether an API server has written this object: it has an identity that manifests do not have."""
    metadata = item.body.get("metadata")
    if not isinstance(metadata, dict):
        return False
    if metadata.get("uid") and (metadata.get("resourceVersion") or metadata.get("creationTimestamp")):
        return True
    return bool(metadata.get("resourceVersion") and metadata.get("creationTimestamp"))


class Evidence:
    """What has been seen of one command-line input; facts only, so that objects need not be kept."""

    __slots__ = (
        "artifacts",
        "hits",
        "listed",
        "live",
        "live_artifacts",
        "logs",
        "objects",
        "record",
        "redacted",
        "stated",
        "witnesses",
    )

    def __init__(self) -> None:
        self.artifacts = 0
        self.live_artifacts = 0
        self.objects = 0
        self.live = 0
        self.listed = 0
        self.logs = False
        self.witnesses = 0
        self.hits: Counter[str] = Counter()
        self.stated: set[tuple[str, str]] = set()
        self.record: tuple[str, Record] | None = None
        self.redacted = False

    def recognise(self, scope: str = "auto") -> Recognised:
        """Decide what the input is; see `recognise`."""
        return recognise(self, scope)

    def add(self, artifact_path: str, found: Iterable[KubeObject], *, logs: bool = False, whole: bool = True) -> None:
        """Count one document's objects. One without any proves nothing but that a list is empty.

        `logs`: container logs stand in its file; `whole`: its file could be read to its end.
        """
        objects = []
        for item in found:
            if item.withheld:
                continue
            if not is_record(item.kind, item.api_version):
                objects.append(item)
                continue
            record = decode(item.body)
            self.redacted |= record.redacted
            if record.scope != FILES:
                self.record = (artifact_path, record)
        where = place(artifact_path)
        if where is not None and where.layout in CHECKED and not _agree(where, objects):
            where = None
        if where is not None and where.complete and whole:
            self.stated.add((where.kind, where.namespace))
        self.logs |= logs
        if objects:
            self._count(objects)
            if where is not None:
                self.hits[where.layout] += 1

    def _count(self, objects: Sequence[KubeObject]) -> None:
        """Count the objects of a document."""
        live = 0
        for item in objects:
            if is_live(item):
                live += 1
                self.listed += item.listed
            self.witnesses += _witness(item)
        self.artifacts += 1
        self.objects += len(objects)
        self.live += live
        self.live_artifacts += live * 2 > len(objects)

    def merge(self, other: "Evidence") -> None:
        """Add what another has seen."""
        self.artifacts += other.artifacts
        self.live_artifacts += other.live_artifacts
        self.objects += other.objects
        self.live += other.live
        self.listed += other.listed
        self.witnesses += other.witnesses
        self.logs |= other.logs
        self.record = self.record or other.record
        self.redacted |= other.redacted
        self.hits.update(other.hits)
        self.stated |= other.stated


def _agree(where: Place, found: Sequence[KubeObject]) -> bool:
    """Whether the objects of a file are those that its path speaks of: the paths of some tools could be anybody's."""
    if any(item.namespace != where.namespace for item in found):
        return False
    if len(found) != 1 or found[0].listed or not where.name:
        return True
    return where.name in (found[0].name.replace(":", sign) for sign in ":-_")  # what no file name may hold


def _witness(item: KubeObject) -> bool:
    """Whether only a cluster can have written this object, identities removed or not."""
    if item.kind == "ServiceAccount":
        return item.name == "default"
    metadata = item.body.get("metadata")
    owned = isinstance(metadata, dict) and bool(metadata.get("ownerReferences"))
    return owned and item.kind in ("Pod", "ReplicaSet")


def recognise(evidence: Evidence, scope: str = "auto") -> Recognised:
    """Decide what an input is. Manifests, unless most artifacts and most objects come from an API server.

    A `scope` of `cluster` or `manifests` is the user's word and overrides what was recognised; the layout stays.
    """
    found = _recognise(evidence)
    said = scope == Scope.CLUSTER and found.layout in _ANY and not _lacking(evidence)
    if scope in ("auto", found.scope):
        return found._replace(said=said)
    forced = Scope(scope)
    proves = PROVES.get(found.layout, _LIVE_LIST) if forced is Scope.CLUSTER else _MANIFESTS
    return Recognised(forced, found.layout, f"--scope {scope}", proves, frozenset(evidence.stated), said=said)


def _lacking(evidence: Evidence) -> bool:
    """Whether most files lie as those of a tool that leaves something out, though it was not recognised by them."""
    return evidence.logs or any(evidence.hits[layout] * 2 > evidence.artifacts for layout in _GAPS)


def _recorded(path: str, record: Record) -> Recognised:
    """A reading of a cluster, or a file of one, says itself what it is and what it holds."""
    live = path.startswith("cluster:")
    limited = f" in {', '.join(record.limit)}" if record.limit else ""
    count = len({(one.group, one.kind) for one in record.refused})
    withheld = f"; {count} {'kind' if count == 1 else 'kinds'} could not be read everywhere" if count else ""
    proves = f"a cluster at one moment: every kind that was read{limited} is complete{withheld}"
    why = f"read from {record.name}" if live else f"collected from {record.name} by regcred"
    scope = Scope.MANIFESTS if record.scope == "manifests" else Scope.CLUSTER
    return Recognised(scope, "live" if live else "collection", why, _MANIFESTS if scope is Scope.MANIFESTS else proves)


def _recognise(evidence: Evidence) -> Recognised:
    if evidence.record is not None:
        return _recorded(*evidence.record)
    if not evidence.objects:
        return Recognised(Scope.MANIFESTS, "none", "no Kubernetes object was found", _MANIFESTS)
    live = f"{evidence.live} of {evidence.objects} objects carry a uid or a resource version"
    layout, hits = max(((name, evidence.hits[name]) for name in PROVES), key=lambda pair: pair[1])
    mostly_live = evidence.live * 2 > evidence.objects
    stated = frozenset(evidence.stated)
    if evidence.logs and mostly_live:
        why = f"container logs stand between its objects, and {live}"
        return Recognised(Scope.CLUSTER, CLUSTER_INFO, why, PROVES[CLUSTER_INFO], stated)
    if hits * 2 > evidence.artifacts and mostly_live:
        why = f"{hits} of {evidence.artifacts} files lie as those of {layout}, and {live}"
        return Recognised(Scope.CLUSTER, layout, why, PROVES[layout], stated)
    stripped = layout in (DUMPALL, KUBE_DUMP) and hits * 10 >= evidence.artifacts * 9
    if stripped and evidence.witnesses and hits >= _FEW:
        why = f"{hits} of {evidence.artifacts} files lie as those of {layout}, and {evidence.witnesses} objects in it"
        return Recognised(Scope.CLUSTER, layout, f"{why} are a cluster's own", PROVES[layout], stated)
    in_most_files = evidence.live_artifacts * 2 > evidence.artifacts
    if mostly_live and in_most_files and (evidence.listed or evidence.live >= _FEW):
        return Recognised(Scope.CLUSTER, "kubectl-get", live, _LIVE_LIST)
    if evidence.live == evidence.objects:
        return Recognised(Scope.MANIFESTS, "manifests", live, _SINGLE, observed=True)
    return Recognised(Scope.MANIFESTS, "manifests", live if evidence.live else "no object carries a uid", _MANIFESTS)
