"""The layouts in which tools write a cluster to files: told from paths alone, with what each path says of its content.

Sources: `oc adm inspect` and must-gather (OpenShift 4.8 to 4.22), `kubectl cluster-info dump` (Kubernetes 1.13 to
1.36), Velero's backup format 1.1, Troubleshoot's cluster resources, the Insights operator's archive, kube-dump 1.1 and
dumpall.
"""

import re
from functools import lru_cache
from typing import Final

from linter.patterns import lazy
from linter.record import NamedTuple
from linter.sources.choice import APART, FOLDER, RECORD_FILE

MUST_GATHER: Final = "must-gather"
VELERO: Final = "velero"
SUPPORT_BUNDLE: Final = "support-bundle"
INSIGHTS: Final = "insights"
CLUSTER_INFO: Final = "cluster-info-dump"
DUMPALL: Final = "dumpall"
KUBE_DUMP: Final = "kube-dump"
COLLECTION: Final = "collection"

PROVES: Final = {
    MUST_GATHER: "a cluster at one moment; secrets are redacted and service accounts are missing by design",
    VELERO: "a backup: the namespaces and kinds that it selected, secrets in clear",
    SUPPORT_BUNDLE: "a cluster at one moment; of each pull secret no more than one registry and user name is kept, "
    "and what is malformed only as an error",
    INSIGHTS: "a sample of a cluster: pods that drew attention, with the names of their pull secrets; it holds neither "
    "secrets nor service accounts, so nothing is concluded from absence",
    CLUSTER_INFO: "the pods and controllers of a cluster at one moment; it holds neither secrets nor service accounts "
    "by design",
    DUMPALL: "a cluster at one moment, as far as its kinds and namespaces were asked for",
    KUBE_DUMP: "a cluster at one moment, as far as its kinds and namespaces were asked for; identities and status "
    "are removed",
}
"""What each layout proves, in the order in which paths are tried."""

CHECKED: Final = frozenset({CLUSTER_INFO, DUMPALL, KUBE_DUMP})
"""Layouts whose paths are so plain that they count only where the objects in them agree."""

BY_FILES: Final = frozenset({SUPPORT_BUNDLE, INSIGHTS, CLUSTER_INFO})
"""Layouts in which only a file that lists a whole kind proves absence; what they lack by design is in no such file."""

BY_OBJECTS: Final = frozenset({VELERO, DUMPALL, KUBE_DUMP})
"""Layouts that write an object a file, and take namespaces whole."""

_RESOURCES: Final = {
    "pods": ("Pod", "v1"),
    "pod": ("Pod", "v1"),
    "secrets": ("Secret", "v1"),
    "serviceaccounts": ("ServiceAccount", "v1"),
    "services": ("Service", "v1"),
    "nodes": ("Node", "v1"),
    "namespaces": ("Namespace", "v1"),
    "events": ("Event", "v1"),
    "configmaps": ("ConfigMap", "v1"),
    "podtemplates": ("PodTemplate", "v1"),
    "replicationcontrollers": ("ReplicationController", "v1"),
    "replication-controllers": ("ReplicationController", "v1"),
    "deployments": ("Deployment", "apps/v1"),
    "replicasets": ("ReplicaSet", "apps/v1"),
    "statefulsets": ("StatefulSet", "apps/v1"),
    "daemonsets": ("DaemonSet", "apps/v1"),
    "jobs": ("Job", "batch/v1"),
    "cronjobs": ("CronJob", "batch/v1"),
    "imagestreams": ("ImageStream", "image.openshift.io/v1"),
    "deploymentconfigs": ("DeploymentConfig", "apps.openshift.io/v1"),
    "buildconfigs": ("BuildConfig", "build.openshift.io/v1"),
    "builds": ("Build", "build.openshift.io/v1"),
}
"""Kind and version of what a file named after a resource holds, where its objects do not say so themselves."""

_ROOT: Final = r"^(?P<root>(?:.*?/)??)"
_LONGEST: Final = 2_000
"""Signs of the longest path that is looked at: of names as Kubernetes allows them, a dump makes none that long."""
_CONTROLLERS: Final = ("daemonsets", "deployments", "replicasets", "replication-controllers")
_PATTERNS: Final = tuple(
    (name, looked, signs, lazy(_ROOT + pattern))
    for name, looked, signs, pattern in (
        (
            COLLECTION,
            "folder",
            (f"{FOLDER}/",),
            rf"{FOLDER}/(?:{re.escape(RECORD_FILE)}|{APART}/.+|[^/]+/[^/]+/[^/]+\.list\.json)$",
        ),
        (
            VELERO,
            "folder",
            ("resources/",),
            r"resources/(?P<resource>[a-z0-9.-]+)/(?:v[a-z0-9]+(?:-preferredversion)?/)?"
            r"(?:namespaces/(?P<ns>[^/]+)|cluster)/(?P<name>[^/]+)\.json$",
        ),
        (
            MUST_GATHER,
            "folder",
            ("namespaces/", "cluster-scoped-resources/"),
            r"(?:cluster-scoped-resources/[^/]+/.+|namespaces/(?P<ns>[^/]+)/(?:(?P<list>[a-z0-9.-]+/"
            r"(?P<resource>[a-z0-9]+))|(?P=ns)|core/[^/]+/[^/]+|[a-z0-9.-]+/[a-z0-9]+/[^/]+|pods/[^/]+/[^/]+))\.ya?ml$",
        ),
        (
            SUPPORT_BUNDLE,
            "folder",
            ("cluster-resources/",),
            r"cluster-resources/(?:image-pull-secrets/(?P<ps>[^/]+)/(?P<name>[^/]+)|(?P<resource>[a-z0-9-]+)"
            r"(?P<list>/(?P<ns>[^/]+))?|[a-z0-9-]+/.+)\.json$",
        ),
        (
            INSIGHTS,
            "folder",
            ("config/", "conditional/"),
            r"(?:config/(?P<resource>pod)/(?P<ns>[^/]+)/(?P<name>[^/]+)|config/secrets/(?P<ss>[^/]+)/"
            r"(?P<secret>[^/]+)/data|config/(?:node|clusteroperator|machineconfigpools|image|configmaps|crd)/.+"
            r"|config/(?:version|infrastructure|serviceaccounts|image|network|oauth|proxy)|conditional/.+)\.json$",
        ),
        (
            CLUSTER_INFO,
            "stem",
            ("nodes", "events", "pods", "services", *_CONTROLLERS),
            r"(?:(?P<resource>nodes)|(?P<ns>[^/]+)(?P<list>/)(?P<kind>events|pods|services"
            rf"|{'|'.join(_CONTROLLERS)}))\.(?:json|ya?ml)$",
        ),
        (
            DUMPALL,
            "kind",
            (),
            r"(?:_cluster|(?P<ns>[^/_][^/]*))/(?:[a-z0-9.-]*v[0-9][a-z0-9]*\.|[a-z0-9.-]+_)?[A-Z]\w+",
        ),
        (
            KUBE_DUMP,
            "name",
            ("_",),
            r"(?:cluster|(?P<ns>[^/]+))/(?P<name>[^/]+)_(?P<resource>[a-z]++)[a-z0-9.-]*\.ya?ml$",
        ),
        (KUBE_DUMP, "kind", (), r"(?:cluster|(?P<ns>[^/]+))/[a-z]++[a-z0-9.-]*"),
    )
)
"""How the paths of each layout look, and what is quicker to look for: signs of which one stands in each of them.

That is in the path of the file's folder, in the file's name, or all of the name before its first dot (`stem`). `kind`
stands for layouts to which every file of YAML belongs that lies in a folder called after a kind.
"""
_FILE: Final = lazy(r"(?P<name>[^/]+)\.ya?ml$")
_IMAGE_FOLDER: Final = lazy(r"-sha256-[0-9a-f]{8,}$")


class Place(NamedTuple):
    """What a path says. `root` is the folder of the dump it belongs to.

    `kind` and `api_version` are those of objects in it that have none of their own, `namespace` is theirs. `complete`:
    the file lists every object of the kind in that namespace. `reduced` names what is kept of a Secret in it: the
    layout keeps only a part.
    """

    layout: str
    root: str
    kind: str = ""
    api_version: str = ""
    namespace: str = ""
    name: str = ""
    complete: bool = False
    reduced: str = ""


@lru_cache(maxsize=64)
def place(path: str) -> Place | None:
    """Return what a display path says, None where it belongs to no layout."""
    if len(path) > _LONGEST:
        return None
    folder, slash, name = path.rpartition("/")
    stem = name.partition(".")[0]
    for layout, looked, signs, pattern, by_folder in _open_to(folder + slash):
        if by_folder is not None:
            found = _FILE.match(name)
            if found is not None:
                return by_folder._replace(name=found["name"])
        elif looked == "folder" or stem in signs or (looked == "name" and any(sign in name for sign in signs)):
            found = pattern.match(path)
            if found is not None:
                return _place(layout, found.groupdict())
    return None


_Open = tuple[str, str, tuple[str, ...], re.Pattern[str], Place | None]


@lru_cache(maxsize=64)
def _open_to(folder: str) -> tuple[_Open, ...]:
    """The patterns that a file of a folder may fit, with its place but for the name where the folder tells it.

    The path of the folder ends in a slash, if it has any.
    """
    may: list[_Open] = []
    for layout, looked, signs, pattern in _PATTERNS:
        if looked == "kind":
            # No pattern is compiled for folders that are called after no kind: this layout writes its capital.
            found = None if layout == DUMPALL and folder.islower() else pattern.fullmatch(folder[:-1])
            if found is not None:
                may.append((layout, looked, signs, pattern, _place(layout, found.groupdict())))
        elif looked != "folder" or any(sign in folder for sign in signs):
            may.append((layout, looked, signs, pattern, None))
    return tuple(may)


def _place(layout: str, found: dict[str, str | None]) -> Place:
    root = (found["root"] or "").rstrip("/")
    if layout == MUST_GATHER and _IMAGE_FOLDER.search(root):
        # One folder for each image that has gathered: together they are the cluster.
        root = root.rpartition("/")[0]
    if found.get("ps") or found.get("secret"):
        namespace, name = found.get("ps") or found.get("ss") or "", found.get("name") or found.get("secret") or ""
        return Place(layout, root, "Secret", "v1", namespace, name, reduced="one registry" if found.get("ps") else "x")
    resource = found.get("resource") or found.get("kind") or ""
    if layout == SUPPORT_BUNDLE and resource == "image-pull-secrets-errors":
        return Place(layout, root, "Secret", "v1", reduced="errors")
    kind, version = _RESOURCES.get(resource, ("", ""))
    namespace = found.get("ns") or ""
    complete = bool(found.get("list") and kind and namespace)
    return Place(layout, root, kind, version, namespace, found.get("name") or "", complete)


def implied(path: str) -> Place | None:
    """Return the place of a file whose objects may be without a kind of their own, None for any other file."""
    found = place(path)
    if found is None or not found.kind or found.layout not in (SUPPORT_BUNDLE, INSIGHTS, CLUSTER_INFO):
        return None
    return found
