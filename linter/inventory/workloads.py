"""Objects to workloads and service accounts: pod specs, their images and their own lists of pull secrets."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

from linter.documents.objects import KubeObject
from linter.inventory.lately import Identical
from linter.inventory.paths import MAKERS, POD_SPECS, RUN_ONCE, dig, group, pod_account, pod_images, text, walk
from linter.inventory.records import Link, ServiceAccount, Workload
from linter.model import Route
from linter.secret import without_login

_Value = TypeVar("_Value")
_REMEMBERED: Final = 1_000
"""So many pod specs are remembered."""


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
        """Yield every pod spec of an object, or what its kind has in place of one, as a workload."""
        kind = (group(item.api_version), item.kind)
        paths = POD_SPECS.get(kind)
        if item.identified and kind in RUN_ONCE:
            return  # it may have ended long ago: its pods tell
        if paths is None:
            if kind in MAKERS:
                yield from self._made(item)
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
        return Workload(
            object=item,
            template=once(route),
            account=once(pod_account(spec) or "default"),
            pull_secrets=once(links(listed, (*route, "imagePullSecrets"))),
            images=once(tuple(pod_images(spec, route))),
            explicit=bool(listed),
        )

    def _made(self, item: KubeObject) -> Iterator[Workload]:
        from linter.inventory.makers import made  # noqa: PLC0415 - most scans hold none of these kinds

        once = self._once
        for one in made(item):
            listed = dig(item.body, *one.template, "imagePullSecrets")
            yield Workload(
                object=item,
                template=once(one.template),
                account=once(one.account),
                pull_secrets=once(links(listed, (*one.template, "imagePullSecrets"))),
                images=once(one.images),
                explicit=bool(listed),
                unsure=one.unsure,
                account_at=once(one.account_at),
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


def maker(candidates: Sequence[Workload], child: Workload) -> Workload | None:
    """Return which template of one object `child` was made of, None where that is not known.

    Of several it is the only one of whose containers each is in `child`, too, or the first of such that hand out the
    same list and account. One that does not settle what its pods get, and has no list, explains none.
    """
    found = list(candidates)
    if len(found) > 1:
        has = {(use.owner, use.image) for use in child.images}
        found = [one for one in found if one.images and {(use.owner, use.image) for use in one.images} <= has]
        lists = {(one.account, tuple(link.name for link in one.pull_secrets)) for one in found}
        if len(lists) != 1:
            return None
    if not found or (found[0].unsure and not found[0].explicit):
        return None
    return found[0]


def service_account(item: KubeObject) -> ServiceAccount:
    """Read a service account's two lists."""
    return ServiceAccount(
        object=item,
        pull_secrets=links(item.body.get("imagePullSecrets"), ("imagePullSecrets",)),
        mountable=links(item.body.get("secrets"), ("secrets",)),
    )
