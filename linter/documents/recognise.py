"""What an input is: the manifests of a repository, or a picture of a cluster; told from its paths and its objects."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from linter.documents.objects import KubeObject
from linter.model import Scope


class Recognised(NamedTuple):
    """What an input was taken for. `why` says from what, `proves` what absence in it is worth; both for people."""

    scope: Scope
    layout: str
    why: str
    proves: str


class _Layout(NamedTuple):
    """A known arrangement of files: its name, the paths that betray it, and what it proves."""

    name: str
    paths: re.Pattern[str]
    proves: str


_LAYOUTS: Final = (
    _Layout(
        "must-gather",
        re.compile(
            r"(?:^|/)(?:cluster-scoped-resources/[^/]+/.+|namespaces/[^/]+/(?:[a-z0-9.-]+/[^/]+|core/[^/]+/[^/]+|pods/[^/]+/[^/]+))\.ya?ml$"
        ),
        "a cluster at one moment; secrets are redacted and service accounts are missing by design",
    ),
    _Layout(
        "velero",
        re.compile(
            r"(?:^|/)resources/[a-z0-9.-]+/(?:v[a-z0-9]+-preferredversion/)?(?:namespaces/[^/]+|cluster)/[^/]+\.json$"
        ),
        "a backup: the namespaces and kinds that it selected, secrets in clear",
    ),
    _Layout(
        "support-bundle",
        re.compile(r"(?:^|/)cluster-resources/[a-z0-9-]+(?:/[^/]+)*\.json$"),
        "a cluster at one moment; pull secrets are reduced to one registry and user name each",
    ),
    _Layout(
        "cluster-info-dump",
        re.compile(
            r"(?:^|/)(?:nodes|[^/]+/(?:events|replication-controllers|services|daemonsets|deployments|replicasets|pods))\.(?:json|ya?ml)$"
        ),
        "the pods and controllers of a cluster at one moment; it holds neither secrets nor service accounts by design",
    ),
)
_LIVE_LIST = "a cluster at one moment, as far as its kinds and namespaces were asked for"
_MANIFESTS = "part of the truth: objects may come from elsewhere"
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

    __slots__ = ("artifacts", "layouts", "listed", "live", "live_artifacts", "objects")

    def __init__(self) -> None:
        self.artifacts = 0
        self.live_artifacts = 0
        self.objects = 0
        self.live = 0
        self.listed = 0
        self.layouts = [0] * len(_LAYOUTS)

    def recognise(self, scope: str = "auto") -> Recognised:
        """Decide what the input is; see `recognise`."""
        return recognise(self, scope)

    def add(self, artifact_path: str, found: Iterable[KubeObject]) -> None:
        """Count one artifact's objects. Artifacts without any prove nothing and are not counted."""
        total = live = listed = 0
        for item in found:
            total += 1
            if is_live(item):
                live += 1
                listed += item.listed
        if not total:
            return
        self.artifacts += 1
        self.objects += total
        self.live += live
        self.listed += listed
        self.live_artifacts += live * 2 > total
        for number, layout in enumerate(_LAYOUTS):
            if layout.paths.search(artifact_path):
                self.layouts[number] += 1
                break


def recognise(evidence: Evidence, scope: str = "auto") -> Recognised:
    """Decide what an input is. Manifests, unless most artifacts and most objects come from an API server.

    A `scope` of `cluster` or `manifests` is the user's word and overrides what was recognised; the layout stays.
    """
    found = _recognise(evidence)
    if scope in ("auto", found.scope):
        return found
    forced = Scope(scope)
    return Recognised(forced, found.layout, f"--scope {scope}", _LIVE_LIST if forced is Scope.CLUSTER else _MANIFESTS)


def _recognise(evidence: Evidence) -> Recognised:
    if not evidence.objects:
        return Recognised(Scope.MANIFESTS, "none", "no Kubernetes object was found", _MANIFESTS)
    live = f"{evidence.live} of {evidence.objects} objects carry a uid or a resource version"
    hits, number = max((hits, -number) for number, hits in enumerate(evidence.layouts))
    layout = _LAYOUTS[-number]
    mostly_live = evidence.live * 2 > evidence.objects
    if hits * 2 > evidence.artifacts and mostly_live:
        why = f"{hits} of {evidence.artifacts} files lie as in a {layout.name}, and {live}"
        return Recognised(Scope.CLUSTER, layout.name, why, layout.proves)
    in_most_files = evidence.live_artifacts * 2 > evidence.artifacts
    if mostly_live and in_most_files and (evidence.listed or evidence.live >= _FEW):
        return Recognised(Scope.CLUSTER, "kubectl-get", live, _LIVE_LIST)
    return Recognised(Scope.MANIFESTS, "manifests", live if evidence.live else "no object carries a uid", _MANIFESTS)
