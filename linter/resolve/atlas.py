"""What a whole scan says about a registry: who holds a credential for an image, and whether it wants one at all."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from heapq import heappop, heappush
from typing import Final

from linter import credentials
from linter.credentials import Consumer, Entry, Payload
from linter.documents.objects import KubeObject
from linter.inventory.evidence import PullFailure
from linter.inventory.inventory import Inventory
from linter.inventory.joins import Joins
from linter.inventory.lately import Lately
from linter.inventory.records import DOCKERCFG, DOCKERCONFIGJSON, KEY_OF_TYPE, TYPE_OF_KEY, PullSecret
from linter.resolve.holders import Holders
from linter.resolve.near import HUB, Near, near_miss
from linter.resolve.nearkeys import NearKeys
from linter.settings import Settings

_ANONYMOUS: Final = frozenset({"registry.access.redhat.com", "registry.k8s.io", "k8s.gcr.io", "mcr.microsoft.com"})
_CLOSED: Final = frozenset({"registry.redhat.io", "registry.connect.redhat.com"})
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
            near = near_miss(key, lookup, typos=False) if any(wanted(row[1]) for row in rows) else None
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


def _any(_: PullSecret) -> bool:
    return True


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
        return self.inventory.global_secret is not None or Joins(self.inventory).openshift

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
        for failure in Joins(self.inventory).evidence.failures if self.inventory.observed else ():
            table[failure.object.namespace, failure.image].append(failure)
        return table

    def failure(self, namespace: str, image: str, pod: KubeObject | None) -> PullFailure | None:
        """What was seen to fail of the pulls of an image in a namespace: those of `pod`, of any where that is None."""
        seen = self._failures.get((namespace, image), ())
        return next((one for one in seen if pod is None or one.object is pod), None)

    def wants_credential(self, host: str, lookup: str) -> str:
        """Why the registry is taken to want a credential, "" when nothing says so."""
        if host in _ANONYMOUS or lookup.startswith(f"{HUB}/library/"):
            return ""
        for listed in self.settings.private_registries:
            if host == listed or lookup.startswith(f"{listed.rstrip('/')}/"):
                return f"{listed} is configured as a private registry"
        if host in _CLOSED:
            return f"{host} serves nobody without a credential"
        first = self.holders.first(lookup)
        if first is None:
            return ""
        where = f" in namespace {first.namespace}" if first.namespace else ""
        return f"Secret {first.name}{where} holds a credential for it"

    @staticmethod
    def asks_nobody(host: str) -> bool:
        """Whether the registry serves everything it holds without a credential."""
        return host in _ANONYMOUS

    @staticmethod
    def has_plugin(host: str) -> bool:
        """Whether nodes of that cloud usually bring the credential themselves, by a plugin that no scan shows."""
        return _BY_PLUGIN.fullmatch(host) is not None


def would_serve(secret: PullSecret, image: str, consumer: Consumer) -> bool:
    """Whether `secret` alone would give `image` a credential if its type were that of its key and of its content."""
    if secret.payload is None or secret.decoded is None or secret.data_key is None:
        return False
    kind = right_type(secret)
    data = {KEY_OF_TYPE[kind]: secret.decoded.reveal().encode("utf-8", "surrogatepass")}
    found = credentials.lookup(image, [credentials.PullSecret(secret.name, kind, data)], consumer=consumer)
    return found.error is None and any(one.username and one.password for one in found.candidates)


def right_type(secret: PullSecret) -> str:
    """The type that goes with the content: the two formats are easily put under each other's key."""
    payload = secret.payload
    if payload is not None and payload.shape == "wrapped":
        return DOCKERCONFIGJSON
    if payload is not None and payload.shape == "no-auths" and looks_legacy(payload):
        return DOCKERCFG
    return TYPE_OF_KEY.get(secret.data_key or "", DOCKERCONFIGJSON)


def looks_legacy(payload: Payload) -> bool:
    """Whether the top level holds entries itself, as in a .dockercfg."""
    members = payload.root.members if payload.root is not None else ()
    return any(
        value.kind == "object" and {"auth", "username", "password"} & {name for name, _, _, _ in value.members}
        for _, _, _, value in members
    )


def entries_meant(secret: PullSecret) -> tuple[Entry, ...]:
    """The entries that the author of a payload meant, whatever key and type they stand under."""
    if secret.payload is None or secret.decoded is None:
        return ()
    form = KEY_OF_TYPE[right_type(secret)].removeprefix(".")
    if form == secret.payload.form:
        return secret.payload.entries
    return credentials.examine(secret.decoded.reveal(), form).entries


def helped_hosts(secret: PullSecret) -> frozenset[str]:
    """The registries for which a payload names a credential helper of its own."""
    root = secret.payload.root if secret.payload is not None else None
    named = [value for name, _, _, value in root.members if name.lower() == "credhelpers"] if root is not None else []
    return frozenset(host for value in named for host, _, _, _ in value.members)
