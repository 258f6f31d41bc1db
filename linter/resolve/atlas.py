"""What a whole scan says about a registry: who holds a credential for an image, and whether it wants one at all."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from linter import credentials
from linter.credentials import Consumer, Entry, key_matches
from linter.documents.objects import KubeObject
from linter.inventory.evidence import PullFailure
from linter.inventory.inventory import Inventory
from linter.inventory.joins import Joins
from linter.inventory.lately import Lately
from linter.inventory.meant import entries_meant, right_type
from linter.inventory.pulls import ANONYMOUS_HOSTS, MIXED_HOSTS, PRIVATE_HOSTS
from linter.inventory.records import KEY_OF_TYPE, PullSecret
from linter.resolve.holders import Holders
from linter.resolve.near import HUB, Near, near_miss
from linter.resolve.nearkeys import NearKeys
from linter.settings import Settings

if TYPE_CHECKING:
    from linter.resolve.subjects import Case

_BY_PLUGIN: Final = re.compile(
    r"\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)|[a-z0-9-]+\.azurecr\.(?:io|cn|de|us)|"
    r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev"
)


_NAMESPACES: Final = 128
"""Of so many namespaces the keys are held ready to be found."""


_Meant = tuple[PullSecret, Entry, Near]


class _Keys:
    """The keys of the secrets of a namespace, each with the entries that have it, in their order."""

    def __init__(self, secrets: list[PullSecret]) -> None:
        rows = ((secret, entry) for secret in secrets for entry in entries_meant(secret))
        self._written: dict[str, list[tuple[int, PullSecret, Entry]]] = {}
        for order, (secret, entry) in enumerate(rows):
            if entry.live and (entry.username or entry.password):
                self._written.setdefault(entry.key, []).append((order, secret, entry))
        self._keys = list(self._written)
        self._near = NearKeys(self._keys)

    def nearly(self, lookup: str, wanted: Callable[[PullSecret], bool]) -> Iterator[_Meant]:
        """Yield the wanted entries whose key surely was meant for `lookup`, and look at no more keys than it takes.

        The keys come in the order of their first entries.
        """
        waiting: list[tuple[int, int, str, Near]] = []
        for place in self._near.meant(lookup, typos=False):
            key = self._keys[place]
            rows = self._written[key]
            yield from self._before(rows[0][0], waiting, wanted)
            missing = not _matches(rows[0][2], lookup) and any(wanted(row[1]) for row in rows)
            near = near_miss(key, lookup, typos=False) if missing else None
            if near is not None and near.rank <= 1:
                heappush(waiting, (rows[0][0], 0, key, near))
        yield from self._before(None, waiting, wanted)

    def _before(
        self, end: int | None, waiting: list[tuple[int, int, str, Near]], wanted: Callable[[PullSecret], bool]
    ) -> Iterator[_Meant]:
        """Yield what waits and stands before `end`, and let what stands behind it under the same key wait."""
        while waiting and (end is None or waiting[0][0] < end):
            _, at, key, near = heappop(waiting)
            rows = self._written[key]
            if at + 1 < len(rows):
                heappush(waiting, (rows[at + 1][0], at + 1, key, near))
            if wanted(rows[at][1]):
                yield rows[at][1], rows[at][2], near


def _matches(entry: Entry, lookup: str) -> bool:
    """Whether the kubelet takes an entry for `lookup`: the Hub's own key serves all that is on the Hub."""
    key = entry.registry
    hub = lookup.startswith(f"{HUB}/") and key.host == "index.docker.io" and not key.path
    return key.error is None and (hub or key_matches(key, lookup))


def _any(_: PullSecret) -> bool:
    return True


_LOOKED: Final = 64
"""So many secrets of one namespace are looked at that hold a credential for an image."""


class Wanted(NamedTuple):
    """Why an image is taken to want a credential: a clause.

    `here`: a Secret of the namespace has one, or the settings say so. `meant`: the account of the pod names that
    Secret where it serves no pull. `open`: it may be an image for everybody after all.
    """

    text: str
    here: bool = False
    meant: bool = False
    open: bool = False


class Atlas:
    """The lazily indexed view of one scan that an explanation needs."""

    def __init__(self, inventory: Inventory, settings: Settings) -> None:
        self.inventory = inventory
        self.settings = settings
        self.holders = Holders(self._entries())
        """Who holds a credential for an image, under whatever type."""
        self._keys_in: Lately[str, _Keys] = Lately(_NAMESPACES)

    @cached_property
    def openshift(self) -> bool:
        """Whether commands should be written for `oc`."""
        if self.settings.platform:
            return self.settings.platform == "openshift"
        return self.inventory.global_secret is not None or self._joins.openshift

    def _entries(self) -> Iterator[tuple[PullSecret, Entry]]:
        """Every entry with a credential, looked for when somebody asks who holds one."""
        for secret in self.inventory.secrets:
            for entry in entries_meant(secret):
                if entry.live and entry.registry.error is None and (entry.username or entry.password):
                    yield secret, entry

    def near_by(
        self, namespace: str, lookup: str, consumer: Consumer, wanted: Callable[[PullSecret], bool]
    ) -> Iterator[PullSecret]:
        """Those of the namespace that are wanted and would serve `lookup` if they were read, under the right type."""
        for secret in self.holders.of(namespace, lookup):
            if wanted(secret) and would_serve(secret, lookup, consumer):
                yield secret

    def nearly(self, namespace: str, lookup: str, wanted: Callable[[PullSecret], bool] = _any) -> Iterator[_Meant]:
        """Entries of the namespace's wanted secrets, read or not, that plainly were meant for `lookup` and miss it."""
        known = self._keys_in.get(namespace)
        if known is None:
            known = self._keys_in.put(namespace, _Keys(self.inventory.secrets_in(namespace)))
        return known.nearly(lookup, wanted)

    @cached_property
    def _failures(self) -> dict[tuple[str, str], list[PullFailure]]:
        table: dict[tuple[str, str], list[PullFailure]] = defaultdict(list)
        for failure in self._joins.evidence.failures if self.inventory.observed else ():
            table[failure.object.namespace, failure.image].append(failure)
        return table

    def failure(self, namespace: str, image: str, pod: KubeObject | None) -> PullFailure | None:
        """What was seen to fail of the pulls of an image in a namespace: those of `pod`, of any where that is None."""
        seen = self._failures.get((namespace, image), ())
        return next((one for one in seen if pod is None or one.object is pod), None)

    def wants_credential(self, host: str, lookup: str, case: "Case") -> Wanted | None:
        """Why the image of a case is taken to want a credential, None when nothing says so."""
        if host in ANONYMOUS_HOSTS or lookup.startswith(f"{HUB}/library/"):
            return None
        for listed in self.settings.private_registries:
            if host == listed or lookup.startswith(f"{listed.rstrip('/')}/"):
                return Wanted(f"{listed} is configured as a private registry", here=True)
        held = self._held(host, lookup, case)
        if host in PRIVATE_HOSTS and not (held is not None and held.here):
            return Wanted(f"{host} serves nobody without a credential")
        return held

    def _held(self, host: str, lookup: str, case: "Case") -> Wanted | None:
        """What the secrets of the scan say of it that hold a credential for an image."""
        namespace, reached = case.namespace, case.reach
        item = case.workload.object if case.workload is not None else None
        account = reached.account if reached is not None else None
        listed = {link.name for link in (*account.pull_secrets, *account.mountable)} if account is not None else set()
        linked = {link.name for link in reached.links} if reached is not None else set()
        read = {id(secret.object) for secret in reached.secrets} if reached is not None else set()
        here = list(islice(self.holders.of(namespace, lookup), _LOOKED))
        beside = [secret for secret in here if secret.name not in linked]
        mixed = host in MIXED_HOSTS
        for secret in here:
            # What the list names and nobody can read was to serve, and so was what account or workload name in vain.
            vain = secret.name in listed or (item is not None and self._named(secret, item))
            if id(secret.object) in read or (vain and secret.name not in linked):
                return Wanted(_holding(secret), here=True, meant=True)
        for secret in beside:
            if not mixed or _whole_path(secret, lookup) or not self._named(secret):
                return Wanted(_holding(secret), here=True)
        some, away = self.holders.first(lookup), linked - {secret.name for secret in here}
        if some is not None and some.name in away:
            return Wanted(_holding(some), meant=True)
        proof = self.holders.first(lookup, pathed=mixed)
        if proof is not None:
            return Wanted(_holding(proof), meant=proof.name in away)
        return Wanted(_holding(some), open=True) if some is not None else None

    @cached_property
    def _names(self) -> dict[tuple[int, str], set[str]]:
        """The namespaces in which a name is asked for: by an object, and under 0 by anybody."""
        table: dict[tuple[int, str], set[str]] = defaultdict(set)
        for one in self.inventory.references:
            table[0, one.name].add(one.namespace)
            if one.object is not None:
                table[id(one.object), one.name].add(one.namespace)
        return dict(table)

    def _named(self, secret: PullSecret, by: KubeObject | None = None) -> bool:
        """Whether an object, or anything at all, names a secret."""
        spaces = self._names.get((0 if by is None else id(by), secret.name), ())
        return secret.namespace in spaces or "" in spaces or bool(spaces and not secret.namespace)

    @cached_property
    def _joins(self) -> Joins:
        return Joins(self.inventory)

    def ran(self, case: "Case") -> bool:
        """Whether a container of the workload, or of what made it, has run the image."""
        return case.workload is not None and self._joins.ran.has(case.workload, case.image)

    @staticmethod
    def asks_nobody(host: str) -> bool:
        """Whether the registry serves everything it holds without a credential."""
        return host in ANONYMOUS_HOSTS

    @staticmethod
    def has_plugin(host: str) -> bool:
        """Whether nodes of that cloud usually bring the credential themselves, by a plugin that no scan shows."""
        return _BY_PLUGIN.fullmatch(host) is not None


def _holding(secret: PullSecret) -> str:
    where = f" in namespace {secret.namespace}" if secret.namespace else ""
    return f"Secret {secret.name}{where} holds a credential for it"


def _whole_path(secret: PullSecret, lookup: str) -> bool:
    """Whether a key with a path is what holds the credential for an image, and not one for its whole registry."""
    entries = (entry for entry in entries_meant(secret) if entry.registry.error is None and entry.registry.path)
    return any(key_matches(entry.registry, lookup) for entry in entries)


def would_serve(secret: PullSecret, image: str, consumer: Consumer) -> bool:
    """Whether `secret` alone would give `image` a credential if its type were that of its key and of its content."""
    if secret.payload is None or secret.decoded is None or secret.data_key is None:
        return False
    kind = right_type(secret)
    data = {KEY_OF_TYPE[kind]: secret.decoded.reveal().encode("utf-8", "surrogatepass")}
    found = credentials.lookup(image, [credentials.PullSecret(secret.name, kind, data)], consumer=consumer)
    return found.error is None and any(one.username and one.password for one in found.candidates)


def helped_hosts(secret: PullSecret) -> frozenset[str]:
    """The registries for which a payload names a credential helper of its own."""
    root = secret.payload.root if secret.payload is not None else None
    named = [value for name, _, _, value in root.members if name.lower() == "credhelpers"] if root is not None else []
    return frozenset(host for value in named for host, _, _, _ in value.members)
