"""One part of a scan before a fix, and what it becomes: what the fix can touch, looked at before and after."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeVar

from linter.credentials import Consumer
from linter.documents.objects import KubeObject
from linter.inventory import Inventory
from linter.inventory.builds import BuildPull, build_outcome, build_pulls, builder_of
from linter.inventory.inventory import compatible
from linter.inventory.pulls import admitted, import_secrets, reach, reaches
from linter.inventory.records import ImageStream, PullSecret, Workload
from linter.inventory.secrets import Edits
from linter.model import Edit, Proof
from linter.proof.entries import Fates
from linter.proof.groups import Flip, Group, Place, Row, rows_of
from linter.proof.records import After, Edited, Placed, Remade, edited, place_of
from linter.proof.tally import Alone, Exchange, Node, Swap, Tally
from linter.proof.verdicts import Answer, answer, build_line, joined, weighed
from linter.record import NamedTuple

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_BUILDS: Final = 2
_AS_BEFORE: Final = Answer("unknown")
"""What stands for both answers of a pull that gets what it got, which nobody has asked for."""


class _Build(NamedTuple):
    """One build: its pulls, and the names of the secrets that decide them."""

    number: int
    item: KubeObject
    pulls: list[BuildPull]
    names: frozenset[str]


class Known(NamedTuple):
    """What is remembered of payloads, whatever part of a scan they stand in."""

    edits: Edits
    alone: Alone


class View:
    """One part of a scan; what is asked for every fix is looked up once. `known` serves all parts."""

    def __init__(self, inventory: Inventory, known: Known) -> None:
        self.known = known
        self._before = inventory
        self._placed = Placed(inventory, known.edits)
        self._told: dict[int, tuple[PullSecret, Fates]] = {}

    def prove(self, owned: list[tuple[KubeObject, Edit]]) -> Proof:
        """Resolve what the edits touch before and after; each edit comes with the object it belongs to."""
        changes = edited(self._placed, owned)
        told = [
            line
            for made in changes.secrets
            for secret in made.old
            for line in self._fates(secret).after(made.new[-1] if made.new else None)
        ]
        return joined(_Change(self, changes).proof(), told)

    def _fates(self, secret: PullSecret) -> Fates:
        known = self._told.get(id(secret))
        if known is None:
            known = self._told[id(secret)] = secret, Fates(secret)
        return known[1]

    @property
    def before(self) -> Inventory:
        """The part of the scan as it is."""
        return self._before

    def workloads_at(self, place: Place) -> list[tuple[int, Workload]]:
        """The workloads of one object, each with its number in the order of the scan."""
        return self._placed.workloads.at(place)

    @cached_property
    def node(self) -> Node:
        """The node-wide file as it is."""
        return Node(self._before)

    @cached_property
    def groups(self) -> list[Group]:
        """Every workload, by the list that it reads and the account that it runs as."""
        table: dict[tuple[object, ...], Group] = {}
        sharing: dict[int, Group] = {}
        for number, (workload, reached) in enumerate(reaches(self._before)):
            if id(reached) in sharing:  # so that account and list are the same too
                sharing[id(reached)].add(number, workload)
                continue
            namespace = workload.object.namespace
            names = tuple(link.name for link in workload.pull_secrets) if workload.explicit else ()
            pod = workload.is_pod and admitted(workload.object)
            key = (namespace, workload.account, workload.explicit, names, pod, workload.unsure)
            if key not in table:
                watched = set(names)
                if not workload.explicit:
                    for account in self._before.accounts_named(namespace, workload.account):
                        watched.update(link.name for link in account.pull_secrets)
                table[key] = Group(
                    workload,
                    reached.secrets,
                    consumer=Consumer.KUBELET,
                    doubt=bool(reached.unknown or reached.missing),
                    watched=frozenset(watched),
                )
            table[key].add(number, workload)
            sharing[id(reached)] = table[key]
        return list(table.values())

    @cached_property
    def groups_watching(self) -> Mapping[str, list[Group]]:
        """The groups that a secret of a name touches."""
        return _table((name, group) for group in self.groups for name in group.watched)

    @cached_property
    def groups_of(self) -> Mapping[str, list[Group]]:
        """The groups that run as an account of a name."""
        return _table((group.first.account, group) for group in self.groups if isinstance(group.first, Workload))

    @cached_property
    def imports(self) -> list[Group]:
        """Every image stream, by namespace."""
        table: dict[str, Group] = {}
        for number, stream in enumerate(self._before.streams):
            namespace = stream.object.namespace
            if namespace not in table:
                doubt = "Secret" in self._before.unread(namespace)
                secrets = import_secrets(self._before, stream)
                table[namespace] = Group(stream, secrets, consumer=Consumer.IMPORTER, doubt=doubt)
            table[namespace].add(number, stream)
        return list(table.values())

    @cached_property
    def builds(self) -> list[_Build]:
        """Every build."""
        found = []
        for number, item in enumerate(self._before.builds):
            pulls = list(build_pulls(item))
            names = {pull.named for pull in pulls if pull.named}
            if any(not pull.named for pull in pulls):
                for account in self._before.accounts_named(item.namespace, builder_of(item)):
                    names.update(link.name for link in account.pull_secrets)
            found.append(_Build(number, item, pulls, frozenset(names)))
        return found

    @cached_property
    def builds_naming(self) -> Mapping[str, list[_Build]]:
        """The builds that a secret of a name may decide."""
        return _table((name, build) for build in self.builds for name in build.names)

    @cached_property
    def builds_of(self) -> Mapping[str, list[_Build]]:
        """The builds that run as an account of a name."""
        return _table((builder_of(build.item), build) for build in self.builds)

    @cached_property
    def builds_at(self) -> Mapping[Place, list[_Build]]:
        """The builds by where they stand."""
        return _table((place_of(build.item), build) for build in self.builds)

    @cached_property
    def build_counts(self) -> Mapping[str, int]:
        """How many images are pulled by the builds of each namespace."""
        counts: Counter[str] = Counter()
        for build in self.builds:
            counts[build.item.namespace] += len(build.pulls)
        return counts

    @cached_property
    def _build_answers(self) -> dict[int, list[Answer]]:
        return {}

    def build_answers(self, build: _Build) -> list[Answer]:
        """What the pulls of a build get as things are."""
        if build.number not in self._build_answers:
            self._build_answers[build.number] = [
                answer(build_outcome(self._before, pull), Consumer.CONTAINERS) for pull in build.pulls
            ]
        return self._build_answers[build.number]


def _table(rows: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    table: dict[_Key, list[_Value]] = defaultdict(list)
    for key, value in rows:
        table[key].append(value)
    return table


class _Change:
    """One change to a view. Groups are looked at as a whole; edited objects one by one: they may leave their group."""

    def __init__(self, view: View, changes: Edited) -> None:
        self._view = view
        self._changes = changes
        self._secrets = list(changes.touched)
        before = view.before
        self._everything = any(before.is_global(secret) for secret in self._secrets)
        self._spaces = frozenset(secret.namespace for secret in self._secrets)
        accounts = [one for made in changes.accounts for one in (*made.old, *made.new)]
        self._accounts = frozenset(account.name for account in accounts)
        relinked = [one for made in changes.accounts if not made.alike for one in (*made.old, *made.new)]
        self._relinked = frozenset(account.name for account in relinked)
        self._swaps: dict[tuple[tuple[int, ...], tuple[int, ...]], Swap] = {}

    @cached_property
    def _after(self) -> After:
        """The part as it becomes: most changes can be told without it."""
        return After(self._view.before, self._changes)

    @cached_property
    def _wide(self) -> Node:
        """The node-wide file as it becomes."""
        return Node(self._after) if self._everything else self._view.node

    def proof(self) -> Proof:
        """What goes from failing to working, what the other way, and how much stays."""
        flips: list[Flip] = []
        touched = 0
        for found, size in (self._pulls(), self._imports(), self._builds()):
            flips += found
            touched += size
        flips.sort(key=lambda flip: flip.row.order)
        return weighed(((flip.row.line, flip.was, flip.now) for flip in flips), touched)

    def _serves(self, namespace: str) -> bool:
        """Whether a secret that is edited can be in `namespace`."""
        if self._everything or "" in self._spaces or namespace in self._spaces:
            return True
        return not namespace and bool(self._spaces)

    def _pulls(self) -> tuple[list[Flip], int]:
        groups = self._touched_groups()
        flips: list[Flip] = []
        own = [row for made in self._changes.workloads for row in self._own_rows(made)]
        apart = {flip.row.place for flip in own}
        touched = len(own)
        for group in groups:
            touched += group.beside(apart)
            gone, come, doubt = self._exchange(group)
            found = group.exchanged(self._swap(gone, come), self._view.node, self._wide, doubt=doubt)
            flips += [flip for flip in found if flip.row.place not in apart]
        return [*flips, *own], touched

    def _swap(self, gone: list[PullSecret], come: list[PullSecret]) -> Swap:
        """The exchange of some secrets for others: most groups are in for the same one."""
        key = tuple(map(id, gone)), tuple(map(id, come))
        if key not in self._swaps:
            self._swaps[key] = Swap(gone, come, self._view.known.alone)
        return self._swaps[key]

    def _touched_groups(self) -> list[Group]:
        view = self._view
        if self._everything:
            return view.groups
        found = {id(group): group for name in self._accounts for group in view.groups_of.get(name, ())}
        for secret in self._secrets:
            for group in view.groups_watching.get(secret.name, ()):
                if compatible(secret.namespace, group.namespace):
                    found[id(group)] = group
        return list(found.values())

    def _exchange(self, group: Group) -> tuple[list[PullSecret], list[PullSecret], bool]:
        """What leaves the list of a group and what enters it, and whether the list is then not known in full."""
        workload = group.first
        if not isinstance(workload, Workload):
            return [], [], False
        if not self._moved and workload.account not in self._relinked:
            gone, come = [], []
            for made in self._changes.secrets:
                if id(made.old[0]) in group.members:
                    gone.append(made.old[0])
                    come.append(made.new[0])
            return gone, come, group.doubt
        reached = reach(self._after, workload)
        now = frozenset(map(id, reached.secrets))
        gone = [secret for secret in group.secrets if id(secret) not in now]
        come = [secret for secret in reached.secrets if id(secret) not in group.members]
        return gone, come, bool(reached.unknown or reached.missing)

    @cached_property
    def _moved(self) -> bool:
        """Whether secrets come, go, or change their name, so that links have to be followed anew."""
        if self._changes.fresh:
            return True
        return any(
            len(made.old) != 1
            or len(made.new) != 1
            or (made.old[0].namespace, made.old[0].name) != (made.new[0].namespace, made.new[0].name)
            for made in self._changes.secrets
        )

    def _own_rows(self, made: Remade[Workload]) -> Iterator[Flip]:
        """The pulls of an edited workload, each as it was and as it is."""
        if made.alike and not self._secrets and not self._relinked:
            for number, was in self._view.workloads_at(place_of(made.old[0].object)):
                yield from (Flip(row, _AS_BEFORE, _AS_BEFORE) for row in rows_of(number, was))
            return
        later = {one.template: one for one in made.new}
        for number, was in self._view.workloads_at(place_of(made.old[0].object)):
            now = later.get(was.template, was)
            images = {use.route: use for use in now.images}
            old, new = reach(self._view.before, was), reach(self._after, now)
            before = Exchange(Tally(old.secrets), self._view.node, doubt=bool(old.unknown or old.missing))
            after = Exchange(Tally(new.secrets), self._wide, doubt=bool(new.unknown or new.missing))
            for row, use in zip(rows_of(number, was), was.pulled, strict=True):
                image = images.get(use.route, use).image
                yield Flip(row, before.answer(row.image, Consumer.KUBELET), after.answer(image, Consumer.KUBELET))

    def _imports(self) -> tuple[list[Flip], int]:
        flips = [flip for made in self._changes.streams for flip in self._own_tags(made)]
        apart = {flip.row.place for flip in flips}
        touched = len(flips)
        if not self._secrets:
            return flips, touched
        for group in self._view.imports:
            if not self._serves(group.namespace):
                continue
            touched += group.beside(apart)
            gone, come = self._imported(group)
            # What was unread before is read after no more than before.
            found = group.exchanged(self._swap(gone, come), self._view.node, self._wide, doubt=False)
            flips += [flip for flip in found if flip.row.place not in apart]
        return flips, touched

    def _imported(self, group: Group) -> tuple[list[PullSecret], list[PullSecret]]:
        gone = [old for made in self._changes.secrets for old in made.old if id(old) in group.members]
        come = [new for made in self._changes.secrets for new in made.new]
        come += self._changes.fresh
        return gone, [
            secret
            for secret in come
            if secret.typed and not secret.excluded and compatible(secret.namespace, group.namespace)
        ]

    def _own_tags(self, made: Remade[ImageStream]) -> Iterator[Flip]:
        """The imports of an edited stream, each as it was and as it is."""
        was, now = made.old[0], made.new[0]
        tags = {tag.route: tag for tag in now.tags}
        doubt = "Secret" in self._view.before.unread(was.object.namespace)
        before = Exchange(Tally(import_secrets(self._view.before, was)), self._view.node, doubt=doubt)
        after = Exchange(Tally(import_secrets(self._after, now)), self._wide)
        for row, tag in zip(rows_of(made.number, was), was.tags, strict=True):
            image = tags.get(tag.route, tag).image
            yield Flip(row, before.answer(row.image, Consumer.IMPORTER), after.answer(image, Consumer.IMPORTER))

    def _builds(self) -> tuple[list[Flip], int]:
        view = self._view
        if not view.builds:
            return [], 0
        own = {one.number: one for name in self._accounts for one in view.builds_of.get(name, ())}
        own |= {one.number: one for place in self._changes.items for one in view.builds_at.get(place, ())}
        touched = sum(len(one.pulls) for one in own.values() if not self._served(one))
        touched += sum(count for space, count in view.build_counts.items() if self._secrets and self._serves(space))
        asked = {number: one for number, one in own.items() if self._may_differ(one)}
        if self._everything:
            asked = {one.number: one for one in view.builds}
        for name in {secret.name for secret in self._secrets}:
            asked |= {one.number: one for one in view.builds_naming.get(name, ()) if self._served(one)}
        items = self._changes.items
        flips = [flip for one in asked.values() for flip in self._built(one, items.get(place_of(one.item), one.item))]
        return flips, touched

    def _may_differ(self, build: _Build) -> bool:
        return builder_of(build.item) in self._relinked or place_of(build.item) in self._changes.items

    def _served(self, build: _Build) -> bool:
        return bool(self._secrets) and self._serves(build.item.namespace)

    def _built(self, build: _Build, now: KubeObject) -> Iterator[Flip]:
        later: dict[tuple[object, ...], BuildPull] = {}
        if now is not build.item:
            later = {(pull.route, pull.image): pull for pull in build_pulls(now)}
        for index, (pull, was) in enumerate(zip(build.pulls, self._view.build_answers(build), strict=True)):
            row = Row((_BUILDS, build.number, index), build.item, pull.image, build_line)
            after = later.get((pull.route, pull.image), pull)
            yield Flip(row, was, answer(build_outcome(self._after, after), Consumer.CONTAINERS))
