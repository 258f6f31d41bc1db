"""What keeps an object as it is: a source that it is made from, a tool, or the API server, which refuses a change."""

from collections.abc import Mapping
from typing import Any, Final

from linter.fix.repaired import KubeObject
from linter.model import Route

_GENERATED: Final = ("openshift.io/internal-registry-auth-token.service-account", "openshift.io/token-secret.name")
_CREATED: Final = "reconcile.external-secrets.io/created-by"
_MANAGED: Final = "reconcile.external-secrets.io/managed"
_MIRROR: Final = "kubernetes.io/config.mirror"
_PUSH: Final = ("spec", "output", "pushSecret")
"""What of a Build can be changed once it is made (every version of OpenShift), beside its metadata."""


def generated_by(body: Mapping[str, Any]) -> str:
    """Name what an object was made from and is kept like, or return "": a repair there would be undone."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and any(key in annotations for key in _GENERATED):
        return "nothing (OpenShift keeps this secret itself)"
    if isinstance(annotations, dict) and _MIRROR in annotations:
        return "its file on the node (the kubelet keeps this pod)"
    owners = metadata.get("ownerReferences")
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict) and owner.get("kind"):
            return f"{owner.get('kind')} {owner.get('name', '')}".strip()
    labels = metadata.get("labels")
    if isinstance(labels, dict) and (_CREATED in labels or labels.get(_MANAGED) == "true"):
        return "its ExternalSecret (the External Secrets operator keeps this secret)"
    return ""


def out_of_reach(item: KubeObject, route: Route) -> str:
    """Return why nothing can change an object at `route` (from its own root) in the cluster, "" where something can."""
    if not item.name:
        return "it has no name yet, so no command can reach it: repair its file with --fix"
    group = item.api_version.rpartition("/")[0]
    if not item.identified or route[:1] == ("metadata",):
        return ""
    if item.kind == "Build" and group in ("", "build.openshift.io") and route[: len(_PUSH)] != _PUSH:
        return "a build never changes once it is made: repair its build configuration, and start a new build"
    if item.kind in ("TaskRun", "PipelineRun") and group == "tekton.dev":
        return "a run never changes once it has started: repair what it is made from, and start a new run"
    return ""


def keeper(body: Mapping[str, Any]) -> str:
    """Name the tool that keeps an object like its own source, or return "": it may undo what is done by hand."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    marks = {
        str(key): str(value)
        for field in ("labels", "annotations")
        for key, value in (metadata[field].items() if isinstance(metadata.get(field), dict) else ())
    }
    if "argocd.argoproj.io/tracking-id" in marks or "argocd.argoproj.io/instance" in marks:
        app = marks.get("argocd.argoproj.io/instance") or marks["argocd.argoproj.io/tracking-id"].partition(":")[0]
        return f"the Argo CD application {app}"
    for word, kind in (("kustomize", "Kustomization"), ("helm", "HelmRelease")):
        if f"{word}.toolkit.fluxcd.io/name" in marks:
            return f"the Flux {kind} {marks[f'{word}.toolkit.fluxcd.io/name']}"
    if "meta.helm.sh/release-name" in marks:
        return f"the Helm release {marks['meta.helm.sh/release-name']}"
    return ""
