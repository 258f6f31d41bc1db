"""The records of a scan by the object that they were made of, and the scan as it is once some objects are edited.

Only the records of edited objects are made anew; all else is looked up in the scan as it was.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Generic, TypeVar

from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.inventory import Inventory
from linter.inventory.inventory import GLOBAL_SECRET, Named, compatible
from linter.inventory.records import GeneratedSecret, ImageStream, PullSecret, ServiceAccount, Workload
from linter.inventory.secrets import Edits, is_pull_secret, pull_secret
from linter.inventory.streams import image_stream
from linter.inventory.workloads import service_account, workloads
from linter.model import Edit, Op, Route
from linter.proof.groups import Place
from linter.record import NamedTuple

Record = TypeVar("Record", bound=PullSecret | ServiceAccount | Workload | ImageStream)


def place_of(item: KubeObject) -> Place:
    """Where an object stands."""
    return (item.path, item.document, item.route)


class _Placed(Generic[Record]):
    """Records by place, each with its number in the order of the scan."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records

    @cached_property
    def _table(self) -> Mapping[Place, list[tuple[int, Record]]]:
        table: dict[Place, list[tuple[int, Record]]] = defaultdict(list)
        for number, record in enumerate(self._records):
            table[place_of(record.object)].append((number, record))
        return table

    def at(self, place: Place) -> list[tuple[int, Record]]:
        """Return the records made of the object that stands there."""
        return self._table.get(place, [])


class Placed:
    """All records of one inventory by place, and what `edits` made of payloads, be it in others."""

    def __init__(self, inventory: Inventory, edits: Edits) -> None:
        self.edits = edits
        self.secrets = _Placed(inventory.secrets)
        self.accounts = _Placed(inventory.accounts)
        self.workloads = _Placed(inventory.workloads)
        self.streams = _Placed(inventory.streams)
        self._repetitions: dict[Place, frozenset[Route]] = {}

    def only_repetitions(self, place: Place, edits: Iterable[Edit]) -> bool:
        """Whether edits take nothing from an object but repetitions in its lists of pull secrets.

        What reads such a list finds the same secrets in the same order afterwards.
        """
        return all(edit.op is Op.REMOVE and edit.route in self._repeated(place) for edit in edits)

    def _repeated(self, place: Place) -> frozenset[Route]:
        """The items of lists that name what an earlier item of the list has named; looked up once."""
        if place not in self._repetitions:
            found: set[Route] = set()
            lists = [account.pull_secrets for _, account in self.accounts.at(place)]
            lists += [workload.pull_secrets for _, workload in self.workloads.at(place)]
            for links in lists:
                named: set[str] = set()
                for link in links:
                    if link.name in named:
                        found.add(link.item)
                    elif link.name:
                        named.add(link.name)
            self._repetitions[place] = frozenset(found)
        return self._repetitions[place]


class Remade(NamedTuple, Generic[Record]):
    """What became of the records of one edited object; `number` is the place of the first in the order of the scan."""

    number: int
    old: list[Record]
    new: list[Record]

    @property
    def alike(self) -> bool:
        """Whether the records read as they did: only repetitions went."""
        return self.new is self.old


class Edited(NamedTuple):
    """The objects that edits touch, as they become, and the records made of them."""

    items: Mapping[Place, KubeObject]
    secrets: list["Remade[PullSecret]"]
    accounts: list["Remade[ServiceAccount]"]
    workloads: list["Remade[Workload]"]
    streams: list["Remade[ImageStream]"]
    fresh: list[PullSecret]

    @property
    def touched(self) -> Iterator[PullSecret]:
        """Every pull secret that is edited, as it was and as it becomes."""
        for made in self.secrets:
            yield from made.old
            yield from made.new
        yield from self.fresh


def edited(placed: Placed, owned: Iterable[tuple[KubeObject, Edit]]) -> Edited:
    """Make edits; each comes with the object that it belongs to. Raises FixError for one that cannot be made."""
    by_place: dict[Place, list[Edit]] = defaultdict(list)
    items: dict[Place, KubeObject] = {}
    for item, edit in owned:
        items[place_of(item)] = item
        by_place[place_of(item)].append(edit._replace(route=edit.route[len(item.route) :]) if item.route else edit)
    made = {
        place: items[place] if placed.only_repetitions(place, mine) else _edited(items[place], mine)
        for place, mine in by_place.items()
    }
    secrets = {place: item for place, item in made.items() if item.kind == "Secret" and item.group == ""}
    others = {place: item for place, item in made.items() if place not in secrets}
    return Edited(
        items=made,
        secrets=_remade(placed.secrets, secrets, lambda item, old: _secret(item, old, placed.edits)),
        accounts=_remade(placed.accounts, others, lambda item, _: [service_account(item)]),
        workloads=_remade(placed.workloads, others, _workloads),
        streams=_remade(placed.streams, others, lambda item, _: [image_stream(item)]),
        fresh=[
            pull_secret(item)
            for place, item in secrets.items()
            if not placed.secrets.at(place) and is_pull_secret(item.body)
        ],
    )


def _edited(item: KubeObject, edits: list[Edit]) -> KubeObject:
    from linter.fix.data import apply_to_data  # noqa: PLC0415 - only a fix needs to be proved

    body = apply_to_data(item.body, edits)
    return KubeObject(Document(item.path, item.document, None), item.route, body, item.kind, item.api_version)


def _workloads(item: KubeObject, old: list[Workload]) -> list[Workload]:
    """Read the workloads of an edited object anew; an image that stays written as it was is built as it was."""
    written = {one.template: one.images for one in workloads(old[0].object)}
    built = {one.template: one.images for one in old}
    return [
        one._replace(images=built.get(one.template, one.images)) if one.images == written.get(one.template) else one
        for one in workloads(item)
    ]


def _secret(item: KubeObject, old: list[PullSecret], edits: Edits) -> list[PullSecret]:
    return [pull_secret(item, was=old[0], edits=edits)] if is_pull_secret(item.body) else []


def _remade(
    placed: "_Placed[Record]",
    made: Mapping[Place, KubeObject],
    make: Callable[[KubeObject, list[Record]], list[Record]],
) -> list["Remade[Record]"]:
    found = []
    for place, item in made.items():
        rows = placed.at(place)
        if rows:
            old = [record for _, record in rows]
            found.append(Remade(rows[0][0], old, old if item is old[0].object else make(item, old)))
    return sorted(found, key=lambda one: one.number)


class After(Inventory):
    """The inventory once some objects are edited."""

    def __init__(self, before: Inventory, changes: Edited) -> None:
        super().__init__(name=before.name, scope=before.scope)
        self._before = before
        self._changes = changes
        self._secrets = _Patched(before.secrets_by_name, _renamed(changes.secrets, changes.fresh))
        self._accounts = _Patched(before.accounts_by_name, _renamed(changes.accounts, ()))

    def secrets_named(self, namespace: str, name: str) -> list[PullSecret]:
        """As `Inventory.secrets_named`."""
        return self._secrets.named(name).best(namespace, name)

    def accounts_named(self, namespace: str, name: str) -> list[ServiceAccount]:
        """As `Inventory.accounts_named`."""
        return self._accounts.named(name).best(namespace, name)

    def others_named(self, namespace: str, name: str) -> list[KubeObject]:
        """As `Inventory.others_named`; what an edit makes a pull secret of is none of them any longer."""
        risen = {place_of(secret.object) for secret in self._changes.fresh}
        return [item for item in self._before.others_named(namespace, name) if place_of(item) not in risen]

    def generated_named(self, namespace: str, name: str) -> list[GeneratedSecret]:
        """As `Inventory.generated_named`."""
        return self._before.generated_named(namespace, name)

    def secrets_in(self, namespace: str) -> list[PullSecret]:
        """As `Inventory.secrets_in`."""
        changes = self._secrets.changes
        found = [new for old in self._before.secrets_in(namespace) for new in changes.replaced.get(id(old), (old,))]
        found += [one for one in changes.fresh if compatible(one.namespace, namespace)]
        return sorted(found, key=lambda secret: secret.name)

    @cached_property
    def global_secret(self) -> PullSecret | None:
        """As `Inventory.global_secret`."""
        namespace, name = GLOBAL_SECRET
        rows = self._secrets.named(name).rows(name)
        return next((secret for _, where, secret in rows if where == namespace), None)


_Kept = TypeVar("_Kept", bound=PullSecret | ServiceAccount)


class _Renamed(NamedTuple, Generic[_Kept]):
    """What becomes of records, by identity, under which names anything changes, and what is new."""

    replaced: Mapping[int, list[_Kept]]
    names: frozenset[str]
    fresh: list[_Kept]


def _renamed(remade: Iterable["Remade[_Kept]"], fresh: Iterable[_Kept]) -> "_Renamed[_Kept]":
    replaced: dict[int, list[_Kept]] = {}
    more: list[_Kept] = list(fresh)
    names = {one.name for one in more}
    for made in remade:
        first = made.old[0]
        stay = [one for one in made.new if (one.namespace, one.name) == (first.namespace, first.name)]
        replaced.update({id(old): stay if old is first else [] for old in made.old})
        more += [one for one in made.new if (one.namespace, one.name) != (first.namespace, first.name)]
        names.update(one.name for one in (*made.old, *made.new))
    return _Renamed(replaced, frozenset(names), more)


class _Patched(Generic[_Kept]):
    """A table of names in which few names changed: a small table for these, the old one for all others."""

    def __init__(self, table: "Named[_Kept]", changes: "_Renamed[_Kept]") -> None:
        self._table = table
        self.changes = changes
        self._made: dict[str, Named[_Kept]] = {}

    def named(self, name: str) -> "Named[_Kept]":
        """Return the table to look `name` up in."""
        if name not in self.changes.names:
            return self._table
        if name not in self._made:
            rows = [
                (name, record.namespace, record)
                for _, _, old in self._table.rows(name)
                for record in self.changes.replaced.get(id(old), (old,))
            ]
            rows += [(name, one.namespace, one) for one in self.changes.fresh if one.name == name]
            self._made[name] = Named(rows)
        return self._made[name]
