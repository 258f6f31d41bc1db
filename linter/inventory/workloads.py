"""Objects to workloads and service accounts: pod specs, their images and lists of pull secrets, and who made which."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from linter.documents.objects import KubeObject
from linter.inventory.lately import Identical
from linter.inventory.paths import MAKERS, POD_SPECS, RUN_ONCE, dig, group, pod_account, pod_images, text, walk
from linter.inventory.records import Link, ServiceAccount, Workload
from linter.model import Affected, Impact, ObjectRef, Route
from linter.secret import without_login

if TYPE_CHECKING:
    from linter.inventory.inventory import Inventory

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


class Owners:
    """Who controls whom: a pod's list is the business of the object whose template made the pod."""

    def __init__(self, inventory: "Inventory") -> None:
        self._listed = inventory.workloads
        self._tops: dict[tuple[int, Route], Workload] = {}

    @cached_property
    def _workloads(self) -> Mapping[tuple[str, str, str], Workload]:
        """The workloads by name; the first of a name counts."""
        items = ((workload.object, workload) for workload in reversed(self._listed))
        return {(item.namespace, item.kind, item.name): workload for item, workload in items}

    @cached_property
    def _several(self) -> Mapping[int, list[Workload]]:
        """All workloads of each object that has several, by its identity."""
        found: dict[int, list[Workload]] = {}
        for before, workload in pairwise(self._listed):
            if before.object is workload.object:
                found.setdefault(id(before.object), [before]).append(workload)
        return found

    def above(self, workload: Workload) -> Workload | None:
        """Return the workload that made this one, where the scan holds it and tells which template that was."""
        kind, name = owner(workload)
        first = self._workloads.get((workload.object.namespace, kind, name)) if kind else None
        return maker(self._several.get(id(first.object), (first,)), workload) if first is not None else None

    def top(self, workload: Workload) -> Workload:
        """Return the outermost workload that made this one: itself when nothing did."""
        # The object lives as long as the inventory: so long its identity is its own. It may hold several templates.
        place = id(workload.object), workload.template
        known = self._tops.get(place)
        if known is None:
            known = self._tops[place] = self._found_top(workload)
        return known

    def _found_top(self, workload: Workload) -> Workload:
        seen = {id(workload)}
        while (above := self.above(workload)) is not None and id(above) not in seen:
            seen.add(id(above))
            workload = above
        return workload


class Ran:
    """The images that containers of a workload, or of what made it, have run, so that they are on a node.

    One that ran by a digest stands for its repository. What was seen to fail as well proves nothing.
    """

    def __init__(
        self,
        listed: Iterable[Workload],
        owners: Owners,
        pulled: Collection[tuple[int, str]],
        failed: Collection[tuple[int, str]],
    ) -> None:
        """Take what was `pulled` and what `failed`, each by the identity of its pod."""
        self._owners = owners
        pods = (one for one in listed if one.is_pod) if pulled else ()
        tops = {id(one.object): id(owners.top(one).object) for one in pods}
        self._failed = {(tops[pod], image) for pod, image in failed if pod in tops}
        found = [(tops[pod], image) for pod, image in pulled if pod in tops]
        self._found = {*found, *((top, _repository(image)) for top, image in found if "@" in image)}

    def has(self, workload: Workload, image: str) -> bool:
        """Whether a container of the workload, or of what made it, has run the image."""
        if not self._found:
            return False
        top = id(self._owners.top(workload).object)
        ran = (top, image) in self._found or (top, _repository(image)) in self._found
        return ran and (top, image) not in self._failed


def _repository(image: str) -> str:
    """Return an image without its tag and digest."""
    head, slash, name = image.partition("@")[0].rpartition("/")
    return head + slash + name.partition(":")[0]


class Telling:
    """Makes of what a rule says that a defect breaks what is told of it, in every report alike.

    A workload without an image stands for all that are pulled for it. Copies of a workload, its replica sets and pods,
    are no pulls of their own beside it. What is `unsettled` need not fail.
    """

    def __init__(
        self, listed: Iterable[Workload], owners: Owners, unsettled: Callable[[Affected], bool] | None = None
    ) -> None:
        self._listed = listed
        self._owners = owners
        self._unsettled = unsettled

    @cached_property
    def _images(self) -> Mapping[ObjectRef, dict[str, None]]:
        """What is pulled for each workload; nothing where its policy says so."""
        table: dict[ObjectRef, dict[str, None]] = {}
        for workload in self._listed:
            images = table.setdefault(workload.object.ref, {})
            images.update(dict.fromkeys(use.image for use in workload.pulled))
        return table

    @cached_property
    def _made(self) -> Mapping[ObjectRef, Workload]:
        return {one.object.ref: one for one in self._listed if any(owner(one))}

    def impact(self, impact: Impact) -> Impact:
        """Return `impact` with every pull by its image, and each once."""
        hits = impact.workloads
        if not all(hit.image for hit in hits):
            hits = tuple(dict.fromkeys(one for hit in hits for one in self._named(hit)))
        if len(hits) > 1 and self._made:
            told = {(hit.object, hit.image): hit.may for hit in hits}
            hits = tuple([hit for hit in hits if not self._copies(hit, told)])
        if self._unsettled is not None:
            hits = tuple([hit._replace(may=hit.may or self._unsettled(hit)) for hit in hits])
            streams = (hit._replace(may=hit.may or self._unsettled(hit)) for hit in impact.imports)
            return impact._replace(workloads=hits, imports=tuple(streams))
        return impact if hits is impact.workloads else impact._replace(workloads=hits)

    def _named(self, hit: Affected) -> Iterable[Affected]:
        """A hit by its images; what is no workload has none, and stands for itself."""
        images = self._images.get(hit.object) if not hit.image else None
        return (hit,) if images is None else (hit._replace(image=image) for image in images)

    def _copies(self, hit: Affected, told: Mapping[tuple[ObjectRef, str], bool]) -> bool:
        """Whether what made the one that is hit is told of as well, for the same image and as surely."""
        made = self._made.get(hit.object)
        if made is None:
            return False
        seen = {id(made)}
        while (above := self._owners.above(made)) is not None and id(above) not in seen:
            if told.get((above.object.ref, hit.image), True) <= hit.may:
                return True
            seen.add(id(above))
            made = above
        return False


def service_account(item: KubeObject) -> ServiceAccount:
    """Read a service account's two lists."""
    return ServiceAccount(
        object=item,
        pull_secrets=links(item.body.get("imagePullSecrets"), ("imagePullSecrets",)),
        mountable=links(item.body.get("secrets"), ("secrets",)),
    )
