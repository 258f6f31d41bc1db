"""Objects to workloads and service accounts: pod specs, their images and their own lists of pull secrets."""

from collections.abc import Iterator
from typing import Any, Final, Protocol, TypeVar

from linter.documents.objects import KubeObject
from linter.inventory import paths
from linter.inventory.lately import Identical
from linter.inventory.paths import POD_SPECS, dig, group, text, walk
from linter.inventory.records import ImageUse, Link, ServiceAccount, Workload
from linter.model import Route
from linter.secret import without_login

_Value = TypeVar("_Value")
_REMEMBERED: Final = 1_000
"""So many pod specs are remembered."""
_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def links(value: Any, route: Route) -> tuple[Link, ...]:
    """Read a list of `{name}` items. An item without a usable name keeps its place with the name ""."""
    if not isinstance(value, list):
        return ()
    found = []
    for index, item in enumerate(value):
        name, namespace = "", ""
        if isinstance(item, dict):
            name, namespace = without_login(text(item.get("name"))), text(item.get("namespace"))
        found.append(Link(name, (*route, index, "name") if name else (*route, index), (*route, index), namespace))
    return tuple(found)


class Once(Protocol):
    """Returns an equal value that was there before, where there is one."""

    def __call__(self, value: _Value, /) -> _Value:
        """Return it, or else the value itself."""


def _itself(value: _Value) -> _Value:
    return value


class PodSpecs:
    """Reads pod specs. Objects made from one template share theirs (see `Keeper`): it is read once."""

    def __init__(self, once: Once = _itself) -> None:
        self._once = once
        self._known: Identical[Route, Workload] = Identical(_REMEMBERED)

    def of(self, item: KubeObject) -> Iterator[Workload]:
        """Yield every pod spec of an object as a workload."""
        paths = POD_SPECS.get((group(item.api_version), item.kind))
        if paths is None:
            return
        body = item.body
        for path in paths:
            for route, spec in walk(body, path):
                if isinstance(spec, dict):
                    known = self._known.get(spec, route)
                    if known is None:
                        yield self._known.put(spec, route, self._read(item, route, spec))
                    else:
                        yield Workload(item, *known[1:])

    def _read(self, item: KubeObject, route: Route, spec: dict[str, Any]) -> Workload:
        once = self._once
        listed = spec.get("imagePullSecrets")
        account = text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount")) or "default"
        return Workload(
            object=item,
            template=once(route),
            account=once(account),
            pull_secrets=once(links(listed, (*route, "imagePullSecrets"))),
            images=once(tuple(_images(spec, route))),
            explicit=bool(listed),
        )


def workloads(item: KubeObject) -> Iterator[Workload]:
    """Yield every pod spec of `item` as a workload."""
    return PodSpecs().of(item)


def owner(workload: Workload) -> tuple[str, str]:
    """Return kind and name of the controller of a workload ("" for none), whether the scan holds it or not."""
    listed = workload.object.metadata.get("ownerReferences")
    owners = listed if isinstance(listed, list) else []
    for one in owners:
        if isinstance(one, dict) and (one.get("controller") is True or len(owners) == 1):
            return text(one.get("kind")), text(one.get("name"))
    return "", ""


def _images(spec: dict[str, Any], route: Route) -> Iterator[ImageUse]:
    for field in _CONTAINER_LISTS:
        containers = spec.get(field)
        if not isinstance(containers, list):
            continue
        for index, container in enumerate(containers):
            image = paths.image(dig(container, "image"))
            if image:
                never = dig(container, "imagePullPolicy") == "Never"
                yield ImageUse(image, (*route, field, index, "image"), text(dig(container, "name")), never)
    # Image volumes pull like containers do (Kubernetes 1.35 by default, 1.36 as a stable feature).
    for at, value in walk(spec, ("volumes", "*", "image", "reference")):
        image = paths.image(value)
        if image:
            never = dig(spec, *at[:-1], "pullPolicy") == "Never"
            yield ImageUse(image, (*route, *at), text(dig(spec, "volumes", at[1], "name")), never)


def service_account(item: KubeObject) -> ServiceAccount:
    """Read a service account's two lists."""
    return ServiceAccount(
        object=item,
        pull_secrets=links(item.body.get("imagePullSecrets"), ("imagePullSecrets",)),
        mountable=links(item.body.get("secrets"), ("secrets",)),
    )
