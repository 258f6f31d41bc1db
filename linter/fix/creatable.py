"""What of an object a manifest holds: nothing that the cluster writes itself, or that only the old object could have.

The API server refuses to create some of the latter, or what was made of it would not run (Kubernetes 1.11 to 1.36).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_NOISE: Final = frozenset(
    {"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "deletionTimestamp"}
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT_BY_OPENSHIFT: Final = "openshift.io/internal-registry-pull-secret-ref"

_UIDS: Final = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid"})
_LABELS: Final = frozenset({*_UIDS, "job-name", "batch.kubernetes.io/job-name"})
"""Labels that a Job gives its pods: the API server refuses those of another Job."""
_TRACKING: Final = "batch.kubernetes.io/job-tracking"
"""An annotation that only the API server may add (Kubernetes 1.22 to 1.26)."""

_OF_POD: Final = frozenset({"nodeName", "priority", "preemptionPolicy", "overhead", "ephemeralContainers"})
"""What the scheduler and admission write into a pod, and what cannot be there from the beginning."""
_ADDRESSES: Final = frozenset(
    {
        "k8s.ovn.org/pod-networks",
        "k8s.v1.cni.cncf.io/network-status",
        "k8s.v1.cni.cncf.io/networks-status",
        "cni.projectcalico.org/containerID",
        "cni.projectcalico.org/podIP",
        "cni.projectcalico.org/podIPs",
    }
)
"""Annotations by which networks note the addresses of a pod: a new one has others."""
_TOKEN: Final = re.compile(r"kube-api-access-[a-z0-9]{5}")
_MOUNTED: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_CONTAINERS: Final = ("containers", "initContainers")


def cleaned(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body without what the cluster writes itself, and without the copy of an earlier apply."""
    result = {key: value for key, value in body.items() if key != "status"}
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        metadata = {key: value for key, value in metadata.items() if key not in _NOISE}
        result["metadata"] = _without(metadata, "annotations", {_LAST_APPLIED, _KEPT_BY_OPENSHIFT})
    return result


def creatable(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cleaned body as one that can be created anew: without what the old object alone could have."""
    kind, group = body.get("kind"), str(body.get("apiVersion", "")).rpartition("/")[0]
    if kind == "Pod" and not group:
        return _pod(body)
    if kind == "Job" and group == "batch":
        return _job(body)
    return dict(body)


def _pod(body: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(body)
    if isinstance(body.get("metadata"), dict):
        result["metadata"] = _without(body["metadata"], "annotations", _ADDRESSES)
    spec = body.get("spec")
    if isinstance(spec, dict):
        result["spec"] = _without_token({key: value for key, value in spec.items() if key not in _OF_POD})
    return result


def _without_token(spec: dict[str, Any]) -> dict[str, Any]:
    """Take out the token volume that admission has added, unless it is used otherwise: the new pod gets its own."""
    listed = spec.get("volumes")
    volumes = listed if isinstance(listed, list) else []
    added = {
        one["name"]
        for one in volumes
        if isinstance(one, dict) and isinstance(one.get("projected"), dict)
        if isinstance(one.get("name"), str) and _TOKEN.fullmatch(one["name"])
    }
    used = [mount for field in _CONTAINERS for one in _items(spec, field) for mount in _items(one, "volumeMounts")]
    added -= {mount.get("name") for mount in used if mount.get("mountPath") != _MOUNTED}
    if not added:
        return spec
    left = [one for one in volumes if not isinstance(one, dict) or one.get("name") not in added]
    spec = {key: value for key, value in spec.items() if key != "volumes"} | ({"volumes": left} if left else {})
    for field in _CONTAINERS:
        if isinstance(spec.get(field), list):
            spec[field] = [_unmounted(one, added) for one in spec[field]]
    return spec


def _unmounted(container: Any, volumes: set[str]) -> Any:
    if not isinstance(container, dict) or not isinstance(container.get("volumeMounts"), list):
        return container
    mounts = [one for one in container["volumeMounts"] if not isinstance(one, dict) or one.get("name") not in volumes]
    rest = {key: value for key, value in container.items() if key != "volumeMounts"}
    return rest | ({"volumeMounts": mounts} if mounts else {})


def _job(body: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the selector and the labels to the API server, which makes them of the identity, unless they are chosen."""
    result = dict(body)
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        result["metadata"] = _without(metadata, "annotations", {_TRACKING})
    spec = body.get("spec")
    if not isinstance(spec, dict) or spec.get("manualSelector") is True:
        return result
    if isinstance(metadata, dict):
        result["metadata"] = _without(result["metadata"], "labels", _UIDS)
    spec = result["spec"] = {key: value for key, value in spec.items() if key != "selector"}
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("metadata"), dict):
        spec["template"] = {**template, "metadata": _without(template["metadata"], "labels", _LABELS)}
    return result


def _items(value: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    listed = value.get(field)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _without(metadata: dict[str, Any], field: str, keys: frozenset[str] | set[str]) -> dict[str, Any]:
    """Take keys out of labels or annotations, and the field with the last of them."""
    held = metadata.get(field)
    if not isinstance(held, dict):
        return metadata
    kept = {key: value for key, value in held.items() if key not in keys}
    rest = {key: value for key, value in metadata.items() if key != field}
    return metadata if len(kept) == len(held) and kept else rest | ({field: kept} if kept else {})
