"""Joins that many rules ask for, computed once per scan and on demand: who uses which secret, who pulls what."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice

from linter.clock import now
from linter.credentials import (
    Candidate,
    Consumer,
    KeyIndex,
    Lookup,
    Reader,
    RegistryKey,
    describe_token,
    is_hub,
    placeholder,
)
from linter.documents.objects import KubeObject
from linter.inventory.evidence import Evidence, evidence
from linter.inventory.inventory import Inventory
from linter.inventory.lately import Lately
from linter.inventory.paths import group
from linter.inventory.pulls import (
    UNFINISHED,
    Alike,
    Desk,
    ImportPull,
    Names,
    Outcome,
    Reach,
    WorkloadPull,
    as_far_as_known,
    doubtful,
    import_pulls,
    node_config,
    reaches,
    readable,
)
from linter.inventory.readers import Lists, Readers, Sifted, keys_of
from linter.inventory.records import ImageUse, PullSecret, Workload
from linter.inventory.workloads import Owners, Ran, Telling
from linter.model import Affected, Impact, ObjectRef, Scope

_OPENSHIFT = "openshift.io"
_MARKED = frozenset({"Namespace", "ServiceAccount", "Pod"})
_MARKS = ("openshift.io/sa.scc.", "openshift.io/scc", "openshift.io/internal-registry-pull-secret-ref")
"""What OpenShift writes on every namespace, pod and (4.16 and later) service account that has a generated secret."""
_DESKS = 16
_READERS = 32
"""So many readers are remembered: most lists of a scan hold what those of a few other namespaces hold."""
_NAMESPACES = 128
"""Of so many namespaces it is known at once what can serve what."""
_OUTCOMES = 20_000
"""So many outcomes are remembered; rules ask for them in the order of the scan."""


class Joins:
    """The lazily joined view of one inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.made: dict[Callable[..., object], object] = {}
        """What rules have found for each other, by the function that finds it."""
        self._lists = Lists()
        self._outcomes: Lately[tuple[str, str, int], Outcome] = Lately(_OUTCOMES)
        self._desks: OrderedDict[tuple[str, int], Desk] = OrderedDict()
        self._alike: Alike = Lately(_READERS)
        self._serving: dict[int, tuple[str | None, ...]] = {}
        """Who serves a pull, by its identity: `workload_pulls` holds it."""

    @cached_property
    def workload_pulls(self) -> tuple[WorkloadPull, ...]:
        """Every image that is pulled for a workload."""
        return tuple(
            WorkloadPull(workload, use.image, use.route, reached)
            for workload, reached in self.reaches
            for use in workload.pulled
        )

    @cached_property
    def import_pulls(self) -> tuple[ImportPull, ...]:
        """Every import of every image stream."""
        return tuple(import_pulls(self.inventory))

    @cached_property
    def reaches(self) -> tuple[tuple[Workload, Reach], ...]:
        """Every workload with the secrets that reach it, whether it names images or not."""
        return tuple(reaches(self.inventory))

    @cached_property
    def _pulls(self) -> "Readers[WorkloadPull]":
        return Readers(self._lists, self.workload_pulls, lambda pull: pull.reach.secrets, lambda pull: pull.image)

    @cached_property
    def _imports(self) -> "Readers[ImportPull]":
        return Readers(self._lists, self.import_pulls, lambda pull: pull.secrets, lambda pull: pull.tag.image)

    def pulls_with(self, secret: PullSecret, keys: Iterable[RegistryKey] | None = None) -> list[WorkloadPull]:
        """The pulls of workloads that `secret` reaches; with `keys`, only those whose image one of these may serve."""
        return self._pulls.of(secret, keys)

    def imports_with(self, secret: PullSecret, keys: Iterable[RegistryKey] | None = None) -> list[ImportPull]:
        """The imports that read `secret`; with `keys`, only those whose image one of these may serve."""
        return self._imports.of(secret, keys)

    @cached_property
    def owners(self) -> Owners:
        """Who made which workload."""
        return self.inventory.once(Owners)

    @cached_property
    def ran(self) -> Ran:
        """Which images have run, so that nobody need pull them."""
        failed = {(id(one.object), one.image) for one in self.evidence.failures}
        return Ran(self.inventory.workloads, self.owners, self.evidence.pulled, failed)

    @cached_property
    def _telling(self) -> Telling:
        return Telling(self.inventory.workloads, self.owners, self._unsettled if self.node_hidden else None)

    @cached_property
    def _found_nothing(self) -> frozenset[tuple[ObjectRef, str]]:
        pulls = zip(self.workload_pulls, self.pull_outcomes, strict=True)
        found = {_who(pull) for pull, outcome in pulls if outcome.verdict == "anonymous"}
        imports = (one for one in self.import_pulls if self.import_outcome(one).verdict == "anonymous")
        return frozenset(found | {_whose(one) for one in imports})

    def _unsettled(self, hit: Affected) -> bool:
        """Whether a pull may have its credential from what is on the nodes, which nobody can read."""
        return (hit.object, hit.image) in self._found_nothing

    def told(self, impact: Impact) -> Impact:
        """What is told of an impact: every pull by its image, and copies of a workload as that workload."""
        return self._telling.impact(impact)

    def impact(
        self,
        secret: PullSecret,
        wanted: Callable[[str], bool] | None = None,
        keys: Iterable[RegistryKey] | None = None,
    ) -> Impact:
        """Everything that a defect of `secret` breaks; with `wanted`, of the images for which it says yes.

        A pull for which another secret offers a credential that is not known to be bad is none of it; where all are
        such, they `may` fail.
        `keys` are all that can make it say so, where that is known: then only the images that they match are asked for.
        """
        keys = None if keys is None else tuple(keys)  # asked twice
        pulls = [pull for pull in self.pulls_with(secret, keys) if wanted is None or wanted(pull.image)]
        imports = [pull for pull in self.imports_with(secret, keys) if wanted is None or wanted(pull.tag.image)]
        broken = [pull for pull in pulls if not self._served(pull, secret)]
        refused = [pull for pull in imports if not self._imported_by_another(pull, secret)]
        if not (broken or refused):
            workloads = (Affected(*_who(pull)) for pull in pulls)
            streams = (Affected(*_whose(pull)) for pull in imports)
            return Impact(tuple(dict.fromkeys(workloads)), tuple(dict.fromkeys(streams)), may=bool(pulls or imports))
        sure = self._named_by(secret) if wanted is None else None
        hidden = self.node_hidden and secret is not self.inventory.global_secret
        workloads = (Affected(*_who(pull), doubtful(self.pull_outcome(pull), sure, hidden=hidden)) for pull in broken)
        streams = (Affected(*_whose(pull), doubtful(self.import_outcome(pull), sure)) for pull in refused)
        # Which of several of that name is there nobody can tell.
        several = len(self.inventory.secrets_named(secret.namespace, secret.name)) > 1
        return Impact(tuple(dict.fromkeys(workloads)), tuple(dict.fromkeys(streams)), may=several)

    @cached_property
    def node_hidden(self) -> bool:
        """Whether nodes have a file of which nobody can tell what it holds."""
        node = self.inventory.global_secret
        return node is not None and (not readable(node) or self.inventory.node_wide is None)

    def _imported_by_another(self, pull: ImportPull, besides: PullSecret) -> bool:
        """Whether the one credential that an import tries is of another secret than `besides`."""
        found = self.import_outcome(pull)
        return found.verdict == "credential" and found.secret is not besides

    @staticmethod
    def _named_by(secret: PullSecret) -> "KeyIndex[bool]":
        """The registries that a secret names, be it that nobody can read it."""
        from linter.inventory.meant import entries_meant  # noqa: PLC0415 - only some defects ask

        return KeyIndex((entry.registry, True) for entry in entries_meant(secret) if entry.registry.error is None)

    def _served(self, pull: WorkloadPull, besides: PullSecret) -> bool:
        """Whether a credential is offered for a pull that is not of the secret `besides`, and may be good."""
        if besides is self.inventory.global_secret:
            return False
        names = self._serving.get(id(pull))
        if names is None:
            names = self._serving[id(pull)] = self._servers(pull)
        return any(name != besides.name for name in names)

    def _servers(self, pull: WorkloadPull) -> tuple[str | None, ...]:
        """The first two secrets (None: what is node-wide) that offer for a pull a credential which may be good."""
        found = self.pull_outcome(pull)
        if found.verdict != "credential" or found.lookup is None or not found.lookup.reference:
            return ()
        host = found.lookup.reference.partition("/")[0]
        good = (one.secret for one in found.lookup.candidates if _may_be_good(one, host))
        first = tuple(islice(good, 1))
        return (*first, *islice((name for name in good if name not in first), 1))

    @cached_property
    def _near(self) -> Lately[str, Sifted[WorkloadPull]]:
        return Lately(_NAMESPACES)

    @cached_property
    def _pulls_in(self) -> dict[str, list[WorkloadPull]]:
        table: dict[str, list[WorkloadPull]] = {}
        for pull in self.workload_pulls:
            table.setdefault(pull.workload.object.namespace, []).append(pull)
        return table

    def bare_beside(self, secret: PullSecret) -> list[WorkloadPull]:
        """The bare pulls that can be in the secret's namespace and whose image a key of the secret may serve.

        A pull is bare when nothing known gives it a credential. Those of the namespace come before those that name
        none.
        """
        namespace = secret.namespace
        near = self._near.get(namespace)
        if near is None:
            table = self._pulls_in
            pulls = [*table.get(namespace, ()), *table.get("", ())] if namespace else self.workload_pulls
            near = self._near.put(namespace, Sifted(((pull.image, pull) for pull in pulls), self._bare))
        return near.by(keys_of(secret))

    def _bare(self, pull: WorkloadPull) -> bool:
        if pull.reach.missing or pull.workload.unsure:
            return False
        verdict = self.pull_outcome(pull).verdict
        return verdict == "anonymous" or (verdict == "unknown" and not pull.reach.secrets and not pull.reach.links)

    @cached_property
    def _beside(self) -> Lately[str, KeyIndex[PullSecret]]:
        return Lately(_NAMESPACES)

    def may_serve(self, namespace: str, reference: str, more: Iterable[PullSecret] = ()) -> list[PullSecret]:
        """The secrets that can be in `namespace` and hold an entry for a looked-up text, in name order.

        More than really serve it: an entry may be empty, its secret ignored or refused as a whole. `more` of the
        namespace are put among them.
        """
        index = self._beside.get(namespace)
        if index is None:
            secrets = self.inventory.secrets_in(namespace)
            rows = ((key, secret) for secret in secrets for key in keys_of(secret))
            index = self._beside.put(namespace, KeyIndex(rows))
        found = [*index.matching(reference), *(index.fallback if is_hub(reference) else ()), *more]
        if len(found) < 2:
            return found
        once = {id(secret): secret for secret in found}
        return sorted(once.values(), key=lambda secret: self._ranks(namespace)[id(secret)])

    @cached_property
    def _ranked(self) -> Lately[str, dict[int, int]]:
        return Lately(_NAMESPACES)

    def _ranks(self, namespace: str) -> dict[int, int]:
        ranks = self._ranked.get(namespace)
        if ranks is None:
            secrets = self.inventory.secrets_in(namespace)
            ranks = self._ranked.put(namespace, {id(secret): number for number, secret in enumerate(secrets)})
        return ranks

    def pull_outcome(self, pull: WorkloadPull) -> Outcome:
        """What the kubelet will do for this pull; unknown while the list of secrets is not known in full."""
        return as_far_as_known(pull.reach, self._outcome(pull.image, pull.reach.secrets, Consumer.KUBELET))

    @cached_property
    def pull_outcomes(self) -> tuple[Outcome, ...]:
        """What `pull_outcome` tells of each of `workload_pulls`, in their order."""
        return tuple([outcome for _, outcome in self.pulls_where(None)])

    def pulls_where(self, wanted: Callable[[Lookup], bool] | None) -> list[tuple[WorkloadPull, Outcome]]:
        """The pulls whose image is found as `wanted` says, each with its outcome; all of them for None.

        Only for those either is made: rules want few of thousands.
        """
        found: list[tuple[WorkloadPull, Outcome]] = []
        names: dict[int, Names] = {}
        chosen: dict[int, list[int]] = {}
        for (workload, reached), lookups in zip(self.reaches, self._lookups, strict=True):
            places = chosen.get(id(lookups))
            if places is None:
                places = [at for at, one in enumerate(lookups) if wanted is None or (one is not None and wanted(one))]
                chosen[id(lookups)] = places
            if workload.ended:
                continue
            for at in places:
                if workload.images[at].never:
                    continue
                one, use, number = lookups[at], workload.images[at], self._lists.number(reached.secrets)
                if number not in names:
                    names[number] = Names(self._lists[number])
                outcome = UNFINISHED if one is None else as_far_as_known(reached, names[number].outcome(one))
                found.append((WorkloadPull(workload, use.image, use.route, reached), outcome))
        return found

    @cached_property
    def _lookups(self) -> list[list[Lookup | None]]:
        """How the images of each of `reaches` are found: list after list, each opened once.

        Those of equal lists with the same images are one.
        """
        number_of = self._lists.number
        asked: dict[int, dict[int, tuple[ImageUse, ...]]] = {}
        for workload, reached in self.reaches:
            asked.setdefault(number_of(reached.secrets), {})[id(workload.images)] = workload.images
        told: dict[tuple[int, int], list[Lookup | None]] = {}
        by_reader: Lately[Reader, dict[int, list[Lookup | None]]] = Lately(_READERS)
        for number, images in asked.items():
            desk = self._desk(number, Consumer.KUBELET)
            known = by_reader.get(desk.reader)
            if known is None:
                known = by_reader.put(desk.reader, {})
            for place, uses in images.items():
                if place not in known:
                    known[place] = [desk.lookup(use.image) for use in uses]
                told[number, place] = known[place]
        return [told[number_of(reached.secrets), id(workload.images)] for workload, reached in self.reaches]

    @cached_property
    def unserved(self) -> tuple[tuple[WorkloadPull, Outcome], ...]:
        """The pulls that go out without a credential, each with its outcome."""
        rows = self.pulls_where(lambda found: found.error is None and not found.candidates)
        return tuple([row for row in rows if row[1].verdict == "anonymous"])

    def import_outcome(self, pull: ImportPull) -> Outcome:
        """What the OpenShift importer will do for this import."""
        found = self._outcome(pull.tag.image, pull.secrets, Consumer.IMPORTER)
        namespace = pull.stream.object.namespace
        if found.verdict == "anonymous" and "Secret" in self.inventory.unread(namespace):
            return Outcome("unknown", found.lookup, None, f"the secrets of namespace {namespace} could not be read")
        return found

    def _outcome(self, image: str, secrets: tuple[PullSecret, ...], consumer: Consumer) -> Outcome:
        number = self._lists.number(secrets)
        found = self._outcomes.get((consumer, image, number))
        if found is None:
            found = self._outcomes.put((consumer, image, number), self._desk(number, consumer).outcome(image))
        return found

    def _desk(self, number: int, consumer: Consumer) -> Desk:
        """The desk of a list of secrets; only the last few are kept, because each holds its payloads."""
        desk = self._desks.pop((consumer, number), None)
        if desk is None:
            desk = Desk(self._lists[number], consumer, self._node, self._alike)
        self._desks[(consumer, number)] = desk
        if len(self._desks) > _DESKS:
            self._desks.popitem(last=False)
        return desk

    @cached_property
    def _node(self) -> bytes | None:
        return node_config(self.inventory)

    @cached_property
    def evidence(self) -> Evidence:
        """What pods and events prove about pulls: refused ones and those that worked."""
        return self.inventory.once(evidence)

    @cached_property
    def openshift(self) -> bool:
        """Whether the scan shows an OpenShift cluster: one of its API groups, generated secrets or marks is in it.

        Among manifests a Route may be all that shows it, which no rule reads. Of a cluster some namespaces may be all
        that there is, with no kind of OpenShift's own: what its controllers write on every object there shows it.
        """
        if any(group(item.api_version).endswith(_OPENSHIFT) for item in self.inventory.objects):
            return True
        if any(secret.generated == "OpenShift" for secret in self.inventory.secrets):
            return True
        if self.inventory.scope is Scope.MANIFESTS:
            return self.inventory.mentions_api(_OPENSHIFT)
        return any(_marked(item) for item in self.inventory.of_kinds(_MARKED))


def _who(pull: WorkloadPull) -> tuple[ObjectRef, str]:
    return pull.workload.object.ref, pull.image


def _whose(pull: ImportPull) -> tuple[ObjectRef, str]:
    return pull.stream.object.ref, pull.tag.image


def _marked(item: KubeObject) -> bool:
    annotations = item.metadata.get("annotations")
    return isinstance(annotations, dict) and any(str(key).startswith(_MARKS) for key in annotations)


def _may_be_good(candidate: Candidate, host: str) -> bool:
    """Whether nothing shows that a registry refuses a credential: that it is empty, a stand-in, or past its end."""
    username, password = candidate.username, candidate.password
    if not (username and password) or placeholder(password):
        return False
    ends = describe_token(host, username, password).expires
    return ends is None or ends >= now()
