"""The proof of a fix the slow way: every record of the scan once more, and every pull, build and import resolved anew.

What `linter.proof` finds by looking only at what a change can touch must be equal to this.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from linter.credentials import Consumer
from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.fix.data import apply_to_data
from linter.inventory import Inventory
from linter.inventory.builds import build_outcome, build_pulls, builder_of
from linter.inventory.inventory import GLOBAL_SECRET, compatible
from linter.inventory.joins import Joins
from linter.inventory.pulls import ImportPull, WorkloadPull, import_secrets, reach
from linter.inventory.records import ImageStream, PullSecret, ServiceAccount, Workload
from linter.inventory.secrets import is_pull_secret, pull_secret
from linter.inventory.streams import image_stream
from linter.inventory.workloads import service_account, workloads
from linter.model import Edit, Fix, Proof, Route
from linter.proof.entries import Told, fate
from linter.proof.verdicts import Pair, answer, build_line, import_line, joined, weigh, workload_line

_Object = tuple[str, int, tuple[str | int, ...]]
_Record = TypeVar("_Record", PullSecret, ServiceAccount, Workload, ImageStream)
_Any = TypeVar("_Any")


class _Changed(NamedTuple):
    """What a fix turns the scan into, and which names and namespaces it touches."""

    inventory: Inventory
    objects: frozenset[_Object]
    secrets: tuple[PullSecret, ...]
    accounts: frozenset[str]
    everything: bool


class SlowProver:
    """Proves fixes over one inventory as `linter.proof.Prover` does."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._objects: dict[tuple[str, int], dict[Route, KubeObject]] = defaultdict(dict)
        for item in inventory.objects:
            self._objects[(item.path, item.document)][item.route] = item

    def together(self, fixes: Iterable[Fix]) -> Proof:
        owned = [(item, edit) for fix in fixes for edit in fix.edits if (item := self._owner(edit)) is not None]
        namespaces = {item.namespace for item, _ in owned}
        single = namespaces.pop() if len(namespaces) == 1 else ""
        part = _part(self._inventory, _Tables(self._inventory), "" if single == GLOBAL_SECRET[0] else single)
        return _View(part).prove(owned)

    def _owner(self, edit: Edit) -> KubeObject | None:
        routes = self._objects.get((edit.path, edit.document), {})
        lengths = range(len(edit.route), -1, -1)
        return next((routes[edit.route[:length]] for length in lengths if edit.route[:length] in routes), None)


class _Tables:
    """The records of an inventory by namespace; those without one belong to all."""

    def __init__(self, inventory: Inventory) -> None:
        self.secrets = _grouped((one.namespace, one) for one in inventory.secrets)
        self.accounts = _grouped((one.namespace, one) for one in inventory.accounts)
        self.workloads = _grouped((one.object.namespace, one) for one in inventory.workloads)
        self.streams = _grouped((one.object.namespace, one) for one in inventory.streams)
        self.builds = _grouped((one.namespace, one) for one in inventory.builds)
        self.generated = _grouped((one.namespace, one) for one in inventory.generated)
        self.others = _grouped((one.namespace, one) for one in inventory.other_secrets)


def _grouped(rows: Iterable[tuple[str, _Any]]) -> dict[str, list[_Any]]:
    table: dict[str, list[_Any]] = defaultdict(list)
    for namespace, record in rows:
        table[namespace].append(record)
    return table


def _part(inventory: Inventory, tables: _Tables, namespace: str) -> Inventory:
    """The part of an inventory that a change in `namespace` can touch: all of it when the namespace is not known."""
    if not namespace:
        return inventory
    secrets = [*tables.secrets.get(namespace, ()), *tables.secrets.get("", ())]
    if inventory.global_secret is not None:
        secrets.append(inventory.global_secret)

    def both(table: dict[str, list[_Any]]) -> tuple[_Any, ...]:
        return (*table.get(namespace, ()), *table.get("", ()))

    return Inventory(
        name=inventory.name,
        scope=inventory.scope,
        secrets=tuple(secrets),
        generated=both(tables.generated),
        accounts=both(tables.accounts),
        workloads=both(tables.workloads),
        streams=both(tables.streams),
        builds=both(tables.builds),
        other_secrets=both(tables.others),
    )


class _View:
    """One part of the scan before a fix, and what it becomes."""

    def __init__(self, inventory: Inventory) -> None:
        self._before = inventory
        self._joins = Joins(inventory)

    def prove(self, owned: list[tuple[KubeObject, Edit]]) -> Proof:
        """Resolve what the edits touch before and after; each edit comes with the object it belongs to."""
        changed = self._apply(owned)
        after = Joins(changed.inventory)
        return joined(weigh(self._pairs(changed, after)), self._credentials(changed))

    def _apply(self, owned: list[tuple[KubeObject, Edit]]) -> _Changed:
        by_object: dict[_Object, list[Edit]] = defaultdict(list)
        items: dict[_Object, KubeObject] = {}
        for item, edit in owned:
            items[_place(item)] = item
            by_object[_place(item)].append(edit._replace(route=edit.route[len(item.route) :]))
        made = {place: _edited(items[place], mine) for place, mine in by_object.items()}
        before = self._before
        secrets = _replaced(before.secrets, made, self._secret)
        known = {_place(secret.object) for secret in before.secrets}
        fresh = [pull_secret(item) for place, item in made.items() if place not in known and _is_secret(item)]
        accounts = _replaced(before.accounts, made, lambda item: [service_account(item)])
        inventory = Inventory(
            name=before.name,
            scope=before.scope,
            secrets=(*secrets, *fresh),
            generated=before.generated,
            accounts=tuple(accounts),
            workloads=tuple(_replaced(before.workloads, made, lambda item: list(workloads(item)))),
            streams=tuple(_replaced(before.streams, made, lambda item: [image_stream(item)])),
            builds=tuple(made.get(_place(item), item) for item in before.builds),
            other_secrets=tuple(
                item for item in before.other_secrets if not _is_secret(made.get(_place(item), item))
            ),
        )
        touched = tuple(one for one in (*before.secrets, *inventory.secrets) if _place(one.object) in made)
        return _Changed(
            inventory=inventory,
            objects=frozenset(made),
            secrets=touched,
            accounts=frozenset(one.name for one in (*before.accounts, *accounts) if _place(one.object) in made),
            everything=any(before.is_global(secret) for secret in touched),
        )

    @staticmethod
    def _secret(item: KubeObject) -> list[PullSecret]:
        return [pull_secret(item)] if is_pull_secret(item.body) else []

    def _pairs(self, changed: _Changed, after: Joins) -> Iterator[Pair]:
        later = {(_place(one.object), one.template): one for one in changed.inventory.workloads}
        for workload in self._before.workloads:
            if self._touches(changed, workload):
                now = later.get((_place(workload.object), workload.template), workload)
                yield from self._workload_pairs(workload, now, changed, after)
        streams = {_place(one.object): one for one in changed.inventory.streams}
        for stream in self._before.streams:
            if _place(stream.object) in changed.objects or self._serves(changed, stream.object.namespace):
                yield from self._stream_pairs(stream, streams.get(_place(stream.object), stream), changed, after)
        builds = {_place(item): item for item in changed.inventory.builds}
        for item in self._before.builds:
            account = builder_of(item) in changed.accounts
            if account or _place(item) in changed.objects or self._serves(changed, item.namespace):
                yield from self._build_pairs(item, builds[_place(item)], changed)

    def _workload_pairs(self, was: Workload, now: Workload, changed: _Changed, after: Joins) -> Iterator[Pair]:
        old, new = reach(self._before, was), reach(changed.inventory, now)
        images = {use.route: use for use in now.images}
        for use in was.images:
            other = images.get(use.route, use)
            yield (
                workload_line(was.object, use.image),
                answer(self._joins.pull_outcome(WorkloadPull(was, use.image, use.route, old)), Consumer.KUBELET),
                answer(after.pull_outcome(WorkloadPull(now, other.image, other.route, new)), Consumer.KUBELET),
            )

    def _stream_pairs(self, was: ImageStream, now: ImageStream, changed: _Changed, after: Joins) -> Iterator[Pair]:
        old, new = import_secrets(self._before, was), import_secrets(changed.inventory, now)
        tags = {tag.route: tag for tag in now.tags}
        for tag in was.tags:
            yield (
                import_line(was.object, tag.image),
                answer(self._joins.import_outcome(ImportPull(was, tag, old)), Consumer.IMPORTER),
                answer(after.import_outcome(ImportPull(now, tags.get(tag.route, tag), new)), Consumer.IMPORTER),
            )

    def _build_pairs(self, was: KubeObject, now: KubeObject, changed: _Changed) -> Iterator[Pair]:
        later = {(pull.route, pull.image): pull for pull in build_pulls(now)}
        for pull in build_pulls(was):
            yield (
                build_line(was, pull.image),
                answer(build_outcome(self._before, pull), Consumer.CONTAINERS),
                answer(
                    build_outcome(changed.inventory, later.get((pull.route, pull.image), pull)), Consumer.CONTAINERS
                ),
            )

    def _touches(self, changed: _Changed, workload: Workload) -> bool:
        if changed.everything or _place(workload.object) in changed.objects or workload.account in changed.accounts:
            return True
        namespace = workload.object.namespace
        names = {link.name for link in workload.pull_secrets}
        if not workload.explicit:
            for account in self._before.accounts_named(namespace, workload.account):
                names.update(link.name for link in account.pull_secrets)
        return any(one.name in names and compatible(one.namespace, namespace) for one in changed.secrets)

    @staticmethod
    def _serves(changed: _Changed, namespace: str) -> bool:
        return changed.everything or any(compatible(secret.namespace, namespace) for secret in changed.secrets)

    def _credentials(self, changed: _Changed) -> Iterator[Told]:
        """What becomes of every credential of the secrets that are edited."""
        later = {_place(one.object): one for one in changed.inventory.secrets}
        for secret in self._before.secrets:
            if _place(secret.object) in changed.objects:
                yield from fate(secret, later.get(_place(secret.object)))


def _place(item: KubeObject) -> _Object:
    return (item.path, item.document, item.route)


def _is_secret(item: KubeObject) -> bool:
    return item.kind == "Secret" and item.group == "" and is_pull_secret(item.body)


def _edited(item: KubeObject, edits: list[Edit]) -> KubeObject:
    body = apply_to_data(item.body, edits)
    return KubeObject(Document(item.path, item.document, None), item.route, body, item.kind, item.api_version)


def _replaced(
    records: Iterable[_Record], made: Mapping[_Object, KubeObject], make: Callable[[KubeObject], list[_Record]]
) -> list[_Record]:
    """`records` with those of edited objects made anew, in their old place."""
    kept: list[_Record] = []
    done: set[_Object] = set()
    for record in records:
        place = _place(record.object)
        if place not in made:
            kept.append(record)
        elif place not in done:
            done.add(place)
            kept.extend(make(made[place]))
    return kept
