"""Objects to workloads and service accounts: pod specs, their images and their own lists of pull secrets."""

from collections.abc import Iterator
from typing import Any

from linter.documents.objects import KubeObject
from linter.inventory import paths
from linter.inventory.paths import POD_SPECS, dig, group, text, walk
from linter.inventory.records import ImageUse, Link, ServiceAccount, Workload
from linter.model import Route
from linter.secret import without_login

_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def links(value: Any, route: Route) -> tuple[Link, ...]:
    """Read a list of `{name}` items. An item without a usable name keeps its place with the name ""."""
    if not isinstance(value, list):
        return ()
    found = []
    for index, item in enumerate(value):
        name = without_login(text(item.get("name"))) if isinstance(item, dict) else ""
        found.append(Link(name, (*route, index, "name") if name else (*route, index), (*route, index)))
    return tuple(found)


def workloads(item: KubeObject) -> Iterator[Workload]:
    """Yield every pod spec of `item` as a workload."""
    for path in POD_SPECS.get((group(item.api_version), item.kind), ()):
        for route, spec in walk(item.body, path):
            if isinstance(spec, dict):
                yield _workload(item, route, spec)


def owner(workload: Workload) -> tuple[str, str]:
    """Return kind and name of the controller of a workload ("" for none), whether the scan holds it or not."""
    owners = dig(workload.object.metadata, "ownerReferences")
    for one in owners if isinstance(owners, list) else []:
        if dig(one, "controller") is True or len(owners) == 1:
            return text(dig(one, "kind")), text(dig(one, "name"))
    return "", ""


def _workload(item: KubeObject, route: Route, spec: dict[str, Any]) -> Workload:
    listed = spec.get("imagePullSecrets")
    account = text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount")) or "default"
    return Workload(
        object=item,
        template=route,
        account=account,
        pull_secrets=links(listed, (*route, "imagePullSecrets")),
        images=tuple(_images(spec, route)),
        explicit=bool(listed),
    )


def _images(spec: dict[str, Any], route: Route) -> Iterator[ImageUse]:
    for field in _CONTAINER_LISTS:
        containers = spec.get(field)
        if not isinstance(containers, list):
            continue
        for index, container in enumerate(containers):
            image = paths.image(dig(container, "image"))
            if image:
                yield ImageUse(image, (*route, field, index, "image"), text(dig(container, "name")))
    # Image volumes pull like containers do (Kubernetes 1.35 by default, 1.36 as a stable feature).
    for at, value in walk(spec, ("volumes", "*", "image", "reference")):
        image = paths.image(value)
        if image:
            yield ImageUse(image, (*route, *at), text(dig(spec, "volumes", at[1], "name")))


def service_account(item: KubeObject) -> ServiceAccount:
    """Read a service account's two lists."""
    return ServiceAccount(
        object=item,
        pull_secrets=links(item.body.get("imagePullSecrets"), ("imagePullSecrets",)),
        mountable=links(item.body.get("secrets"), ("secrets",)),
    )
