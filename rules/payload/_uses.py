"""What a Secret is there for: pulls, or what mounts it or reads its key whatever its type is."""

from collections.abc import Iterator
from typing import Final

from linter.rule import Context, Inventory, PullSecret, Reference, compatible, dig, lazy, text

_PASSING_TYPES: Final = lazy(r"^(?!kubernetes\.io/)(?=[A-Za-z0-9.-]+/)[A-Za-z0-9.-]+?\.[A-Za-z0-9.-]+/")
_KEY_READERS: Final = (
    *("hive.openshift.io", "agent-install.openshift.io", "hypershift.openshift.io", "argoproj.io"),
    *("siteconfig.open-cluster-management.io", "ran.openshift.io"),
    *("imageregistry.open-cluster-management.io", "config.open-cluster-management.io"),
)
"""API groups whose controllers read the key of a Secret that an object names, whatever its type.

The second row names it for objects of the first; for the third the import controller makes a Secret of its own of the
key (stolostron/managedcluster-import-controller, pkg/bootstrap).
"""


_LABELS: Final = frozenset({"epinio.io/api-export-registry"})
"""Labels by which controllers find Secrets whose key they read, whatever the type: Epinio's wants Opaque."""


def labelled(secret: PullSecret) -> bool:
    """Whether a controller finds the Secret by a label, and reads its key whatever its type is."""
    labels = secret.object.metadata.get("labels")
    return isinstance(labels, dict) and not _LABELS.isdisjoint(labels)


def pulled_with(context: Context, name: str, namespace: str) -> bool:
    """Whether a pod, service account, build or patch of the scan names the Secret in order to pull with it."""
    return any(_proves(use, group_name) for use, group_name in _uses(context, name, namespace))


def _proves(use: str, group_name: str) -> bool:
    return use != "controller" or not group_name.endswith(_KEY_READERS)


def _uses(context: Context, name: str, namespace: str) -> Iterator[tuple[str, str]]:
    for reference in context.inventory.once(_references).get(name, ()):
        if compatible(reference.namespace, namespace) and reference.pulls:
            version = reference.object.api_version if reference.object is not None else ""
            annotated = "annotations" in reference.route
            yield str(reference.use), "argoproj.io" if annotated else version.rpartition("/")[0]


def _references(inventory: Inventory) -> dict[str, list[Reference]]:
    table: dict[str, list[Reference]] = {}
    for reference in inventory.references:
        table.setdefault(reference.name, []).append(reference)
    return table


def used_otherwise(context: Context, name: str, namespace: str) -> bool:
    """Whether the Secret serves something else than pulls: mounted as a file, or read by a controller by its key.

    Build pods (kaniko, buildah, Tekton, Argo Workflows) mount such a Secret as their config.json, whatever its type is.
    """
    if any(not _proves(use, group_name) for use, group_name in _uses(context, name, namespace)):
        return True
    return any(compatible(where, namespace) for where in context.inventory.once(_mounts).get(name, ()))


def _mounts(inventory: Inventory) -> dict[str, set[str]]:
    """Names under `secretName` and `secret: {name: …}` anywhere in the scan, with the namespaces that have them."""
    table: dict[str, set[str]] = {}
    for item in inventory.objects:
        # A SecretProviderClass names the Secrets that it makes, and mounts none.
        if item.kind not in ("Secret", "ServiceAccount", "SecretProviderClass"):
            for name in _mounted(item.body):
                table.setdefault(name, set()).add(item.namespace)
    return table


def _mounted(body: object) -> Iterator[str]:
    stack, seen = [body], set()
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            yield from filter(None, (text(value.get("secretName")), text(dig(value.get("secret"), "name"))))
            stack.extend(child for child in value.values() if isinstance(child, dict | list))
        elif isinstance(value, list):
            stack.extend(child for child in value if isinstance(child, dict | list))


def foreign_type(kind: str) -> bool:
    """Whether the type belongs to another tool (`helm.sh/release.v1`), whose own affair the content is."""
    return _PASSING_TYPES.match(kind) is not None
