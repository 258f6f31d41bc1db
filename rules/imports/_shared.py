"""What the import rules share: which registries need a credential, and what is known of the node-wide one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from linter.rule import (
    KEY_OF_TYPE,
    MIXED_HOSTS,
    PRIVATE_HOSTS,
    UNJUDGED,
    Context,
    Entry,
    PullSecret,
    compatible,
    credentials,
    lazy,
)
from rules.registries._needs import Need
from rules.registries._shared import OPENSHIFT, Usable, usable

_PRIVATE = lazy(r"^\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$")


class Known:
    """Which registries are known to need a credential; the keys of the scan are sorted by host once."""

    def __init__(self, context: Context) -> None:
        self._listed = context.settings.private_registries
        literal: dict[str, list[_Holder]] = defaultdict(list)
        globs: list[_Holder] = []
        for secret in context.inventory.secrets:
            for entry in usable(secret) if secret.generated != OPENSHIFT else ():
                key = entry.registry
                (globs if key.glob else literal[key.host]).append((key, secret))
        self._literal = {host: _Holders(rows) for host, rows in literal.items()}
        self._globs = _Holders(globs)
        self._seen = _Holders(
            (credentials.normalise_key(key), secret)
            for secret in context.inventory.secrets
            if secret.seen is not None
            for key in secret.seen.registries
        )

    def why(self, need: Need) -> str:
        """Return why the registry is known to need a credential for this image, "" when it is not."""
        if need.host in PRIVATE_HOSTS or _PRIVATE.match(need.host):
            return f"{need.host} serves nothing without a credential"
        for listed in self._listed:
            if need.registry == listed or need.target.startswith(listed.rstrip("/") + "/"):
                return f"{listed} is listed under private-registries"
        literal = self._literal.get(need.registry)
        secret = literal.first(need) if literal is not None else None
        secret = secret or self._globs.first(need)
        if secret is not None:
            where = f" in namespace {secret.namespace}" if secret.namespace else ""
            return f"Secret {secret.name}{where} holds a credential for it"
        secret = self._seen.first(need)
        if secret is not None:
            return f"Secret {secret.name} in namespace {secret.namespace} holds an entry with a user name for it"
        return ""


_Holder = tuple[credentials.RegistryKey, PullSecret]


class _Holders:
    """The secrets that hold some keys: of each key the first, since thousands of namespaces may hold the same."""

    def __init__(self, rows: Iterable[_Holder]) -> None:
        self._rows: dict[credentials.RegistryKey, PullSecret] = {}
        for key, secret in rows:
            if key.error is None:
                self._rows.setdefault(key, secret)

    @cached_property
    def _index(self) -> "credentials.KeyIndex[_Holder]":
        return credentials.KeyIndex((key, (key, secret)) for key, secret in self._rows.items())

    def first(self, need: Need) -> PullSecret | None:
        """Return the first that holds a key which matches an image and proves that it needs a credential."""
        mixed = need.host in MIXED_HOSTS
        found = self._index.matching(need.target) if self._rows else ()
        return next((secret for key, secret in found if key.path or not mixed), None)


def node_entries(context: Context) -> list[Entry] | None:
    """Return the node-wide entries, None where the scan does not know them."""
    secret = context.inventory.node_wide
    return None if secret is None or secret.payload is None else context.once(Usable).of(secret)


HOSTED = (
    "The control plane of this cluster is hosted, and what is written here is undone: change the secret that the "
    "HostedCluster names in spec.pullSecret, in the management cluster. For pulls of nodes a Secret "
    "additional-pull-secret in namespace kube-system of this cluster adds entries, in releases and on platforms that "
    "read it."
)
"""What is done instead of changing the node-wide pull secret, where it is a copy of one in another cluster."""


def hosted(context: Context) -> bool:
    """Whether the control plane runs in another cluster, which keeps the node-wide pull secret and the settings."""
    return context.inventory.hosted


def in_namespace(context: Context, namespace: str, target: str = "") -> Iterator[PullSecret]:
    """Yield the secrets of exactly that namespace, and those without one where manifests leave it out.

    With a `target`, a text that is looked up, only those with a key that matches it or that is Docker Hub's.
    """
    secrets = context.joins.may_serve(namespace, target) if target else context.inventory.secrets_in(namespace)
    for secret in secrets:
        if compatible(secret.namespace, namespace):
            yield secret


class OtherPorts:
    """The keys of each namespace, whatever their port and whether or not anybody can use what stands under them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keys: dict[str, credentials.KeyIndex[credentials.RegistryKey]] = {}

    def explain(self, namespace: str, need: Need) -> bool:
        """Whether an entry in the namespace is meant for it, kept away by something else: port, type, annotation."""
        if namespace not in self._keys:
            keys = [
                entry.registry
                for secret in in_namespace(self._context, namespace)
                if secret.payload is not None
                for entry in secret.payload.entries
                if entry.registry.error is None
            ]
            self._keys[namespace] = credentials.KeyIndex((key._replace(port=""), key) for key in keys)
        found = self._keys[namespace].matching(need.with_port(""))
        return any(credentials.key_matches(key, need.with_port(key.port)) for key in found)


def hidden(context: Context, namespace: str) -> str:
    """Return why the pull secrets of a namespace are not known in full, "" when they are."""
    for secret in in_namespace(context, namespace):
        if secret.state in UNJUDGED and secret.generated != OPENSHIFT:
            return f"secret {secret.name} could not be read"
    for made in context.inventory.generated:
        if made.type in KEY_OF_TYPE and compatible(made.namespace, namespace):
            return f"secret {made.name} is made by a {made.how}"
    return ""
