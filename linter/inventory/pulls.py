"""Who pulls what with which secrets: the list admission produces, the candidates of an import, and their outcome."""

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Final

from linter import credentials
from linter.credentials import Consumer, KeyIndex, Lookup
from linter.documents.objects import KubeObject
from linter.inventory.inventory import Inventory
from linter.inventory.lately import Lately
from linter.inventory.records import (
    UNJUDGED,
    ImageStream,
    ImportTag,
    Link,
    PullSecret,
    ServiceAccount,
    State,
    Workload,
)
from linter.record import NamedTuple

ANONYMOUS_HOSTS: Final = frozenset({"registry.access.redhat.com", "registry.k8s.io", "k8s.gcr.io", "mcr.microsoft.com"})
"""Registries that serve everything they hold without a credential."""
PRIVATE_HOSTS: Final = frozenset({"registry.redhat.io", "registry.connect.redhat.com"})
"""Registries that serve nothing without a credential."""
MIXED_HOSTS: Final = frozenset({"docker.io", "quay.io", "ghcr.io", "gcr.io", "registry.gitlab.com", "public.ecr.aws"})
"""Registries with public and private images side by side: a credential for the host proves nothing of one image."""
PLATFORM_HOSTS: Final = PRIVATE_HOSTS | {"quay.io", "cloud.openshift.com"}
"""What a cluster's node-wide pull secret normally holds."""
LOCAL_ENDS: Final = (".svc", ".svc.cluster.local", ".local")
"""How the names of registries of the cluster itself end."""


class Reach(NamedTuple):
    """The secrets that reach one workload, in the order the kubelet reads them.

    `explicit`: the pod spec names its own list, so the account's is masked. `missing` are names without a Secret in the
    scan, `unknown` says why the list cannot be known in full ("" when it is).
    """

    links: tuple[Link, ...]
    secrets: tuple[PullSecret, ...]
    explicit: bool
    account: ServiceAccount | None
    missing: tuple[Link, ...] = ()
    unknown: str = ""


class Outcome(NamedTuple):
    """What will happen to one pull or import. `verdict` is credential, anonymous, refused, bad-image or unknown."""

    verdict: str
    lookup: Lookup | None = None
    secret: PullSecret | None = None
    reason: str = ""


UNFINISHED = Outcome("unknown", reason="the image is filled in by a template")
"""What comes of a pull whose image a template has yet to fill in."""


def reach(inventory: Inventory, workload: Workload) -> Reach:
    """Resolve the list of pull secrets as admission does (Kubernetes 1.25 to 1.36): the own list or the account's."""
    found = _written(inventory, workload)
    if workload.unsure and not found.unknown:
        return found._replace(unknown=workload.unsure)
    build = changing(inventory, workload, None if workload.explicit else found.account)
    if not build or found.unknown:
        return found
    return found._replace(unknown=f"a patch of {build} changes its list of pull secrets, or its account")


def changing(inventory: Inventory, workload: Workload, account: ServiceAccount | None = None) -> str:
    """Return a build file of which a patch may change the list of a workload, or that of its account, "" for none."""
    made = inventory.kustomized
    if made is None:
        return ""
    routes = ((*workload.template, "imagePullSecrets"), workload.account_route)
    places = [(workload.object, route) for route in routes]
    if account is not None:
        places.append((account.object, ("imagePullSecrets",)))
    return next(filter(None, (made.changing(item, route) for item, route in places)), "")


def _written(inventory: Inventory, workload: Workload) -> Reach:
    """What the files alone say of the list of a workload."""
    namespace = workload.object.namespace
    accounts = inventory.accounts_named(namespace, workload.account)
    account = accounts[0] if len(accounts) == 1 else None
    if workload.explicit:
        if account is not None and not (workload.is_pod and admitted(workload.object)):
            for link in workload.pull_secrets:
                if account.refuses(link.name):
                    return Reach(workload.pull_secrets, (), True, account, unknown=_refusal(account, link))
        return _resolve(inventory, namespace, workload.pull_secrets, explicit=True, account=account)
    if workload.is_pod and admitted(workload.object):
        return _resolve(inventory, namespace, (), explicit=False, account=account)
    if not workload.account:
        return Reach((), (), False, None, unknown=workload.unsure)
    if len(accounts) > 1:
        return Reach((), (), False, None, unknown=f"several service accounts named {workload.account} are in the scan")
    if account is None:
        return Reach((), (), False, None, unknown=f"service account {workload.account} is not in the scan")
    return _resolve(inventory, namespace, account.pull_secrets, explicit=False, account=account)


def _refusal(account: ServiceAccount, link: Link) -> str:
    return f"no pod is admitted that names {link.name}: service account {account.name} enforces its own lists"


def reaches(inventory: Inventory, workloads: Iterable[Workload] | None = None) -> Iterator[tuple[Workload, Reach]]:
    """Every workload (or these) with the secrets that reach it; those of one namespace, account and list share them."""
    shared: dict[tuple[str, str, bool, bool, int, int, str], Reach] = {}
    for workload in inventory.workloads if workloads is None else workloads:
        final = workload.is_pod and admitted(workload.object)
        # Lists are read once (see `PodSpecs`), and what is shared holds them: so long their identity is theirs alone.
        listed = id(workload.pull_secrets) if workload.explicit else 0
        own = id(workload.object) if inventory.kustomized is not None else 0  # a patch is for some and not for others
        key = (workload.object.namespace, workload.account, workload.explicit, final, listed, own, workload.unsure)
        found = shared.get(key)
        if found is None:
            found = shared[key] = reach(inventory, workload)
        yield workload, found


def admitted(item: KubeObject) -> bool:
    """Whether a pod has passed admission, so that its own list is final: it has an identity from the API server."""
    return item.identified


def _resolve(
    inventory: Inventory,
    namespace: str,
    links: tuple[Link, ...],
    *,
    explicit: bool,
    account: ServiceAccount | None,
) -> Reach:
    secrets: list[PullSecret] = []
    missing: list[Link] = []
    unknown = ""
    for link in links:
        if not link.name:
            continue
        found = inventory.secrets_named(namespace, link.name)
        if len(found) == 1:
            secrets.append(found[0])
        elif found:
            unknown = unknown or f"several secrets named {link.name} are in the scan"
            secrets.extend(found)
        elif inventory.generated_named(namespace, link.name):
            unknown = unknown or f"secret {link.name} is made by a controller"
        elif not inventory.others_named(namespace, link.name):
            missing.append(link)
    return Reach(links, tuple(secrets), explicit, account, tuple(missing), unknown)


def readable(secret: PullSecret) -> bool:
    """Whether the consumer's view of this secret is known: it is read and judged, or surely ignored."""
    return secret.state not in UNJUDGED and secret.state is not State.PLACEHOLDER


def plain(secret: PullSecret) -> credentials.PullSecret:
    """The secret as its readers get it, without a value where its payload is not known."""
    payload = secret.decoded.reveal() if secret.decoded is not None and secret.payload is not None else ""
    data = {secret.data_key: payload.encode("utf-8", "surrogatepass")} if secret.data_key else {}
    return credentials.PullSecret(secret.name, secret.type, data)


def node_config(inventory: Inventory) -> bytes | None:
    """The node-wide file as far as the scan knows it: the global pull secret, read here and taken by the nodes."""
    secret = inventory.node_wide
    if secret is None or secret.payload is None or secret.decoded is None:
        return None
    return secret.decoded.reveal().encode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)
def unfinished(image: str) -> bool:
    """Whether a template has yet to fill in the image."""
    return "{{" in image or "${" in image or "$(" in image or not image.strip()


Alike = Lately[credentials.Reader, credentials.Reader]
"""Readers of lists of secrets, found by an equal one."""


class Names:
    """The secrets of a list by name: what tells an outcome from a lookup, and holds no payload."""

    def __init__(self, secrets: tuple[PullSecret, ...]) -> None:
        self._hidden = next((secret for secret in secrets if not readable(secret)), None)
        self._by_name: dict[str, list[PullSecret]] = {}
        for secret in filter(readable, secrets):
            self._by_name.setdefault(secret.name, []).append(secret)

    def outcome(self, found: Lookup) -> Outcome:
        """Return what comes of a lookup in this list, as far as the list is known."""
        if found.error is None and found.candidates:
            name = found.candidates[0].secret
            return Outcome("credential", found, self._named(name, found.candidates[0].key))
        if found.error == "image":
            return Outcome("bad-image", found)
        if found.error == "keyring":
            return Outcome("refused", found, self._named(found.culprit, None))
        if self._hidden is not None:
            why = f"secret {self._hidden.name} could not be read: {self._hidden.reason}"
            return Outcome("unknown", found, reason=why)
        return Outcome("anonymous", found)

    def _named(self, name: str | None, key: str | None) -> PullSecret | None:
        """The secret of a name; of several namespaces' the one that holds a `key`, or that does not decode (None)."""
        same = self._by_name.get(name, []) if name is not None else []
        if len(same) < 2:
            return same[0] if same else None
        return next((one for one in same if _tells(one, key)), same[0])


def _tells(secret: PullSecret, key: str | None) -> bool:
    """Whether a secret holds a live entry under a key; None asks whether it does not decode."""
    if secret.payload is None:
        return False
    if key is None:
        return secret.payload.error is not None
    return any(entry.live and entry.key == key for entry in secret.payload.entries)


class Desk:
    """A list of secrets as one consumer reads it, with the node-wide file behind it: outcomes for many images.

    `alike` holds the readers of other lists: lists of the same content, as many namespaces have them, share one.
    """

    def __init__(
        self, secrets: tuple[PullSecret, ...], consumer: Consumer, node: bytes | None, alike: Alike | None = None
    ) -> None:
        self._secrets = secrets
        reader = credentials.Reader(map(plain, filter(readable, secrets)), consumer=consumer, node_config=node)
        self.reader = reader if alike is None else alike.get(reader) or alike.put(reader, reader)

    @cached_property
    def _names(self) -> Names:
        return Names(self._secrets)

    def lookup(self, image: str) -> Lookup | None:
        """Look an image up, None for one that a template has yet to fill in."""
        return None if unfinished(image) else self.reader.lookup(image)

    def outcome(self, image: str) -> Outcome:
        """Return which credential `image` gets, as far as the list is known."""
        found = self.lookup(image)
        return UNFINISHED if found is None else self._names.outcome(found)


def as_far_as_known(reached: Reach, found: Outcome) -> Outcome:
    """Return what comes of a pull whose list gives `found`: unknown while the list of secrets is not known in full."""
    if found.verdict != "anonymous" or not (reached.unknown or reached.missing):
        return found
    return Outcome(
        "unknown", found.lookup, None, reached.unknown or f"secret {reached.missing[0].name} is not in the scan"
    )


def outcome(inventory: Inventory, image: str, secrets: tuple[PullSecret, ...], consumer: Consumer) -> Outcome:
    """Ask the consumer's matcher which credential `image` gets from `secrets` and the node-wide file."""
    return Desk(secrets, consumer, node_config(inventory)).outcome(image)


def import_secrets(inventory: Inventory, stream: ImageStream) -> tuple[PullSecret, ...]:
    """The secrets an import reads: every typed one of the namespace in name order, the excluded ones left out."""
    return inventory.imported_with(stream.object.namespace)


def doubtful(found: Outcome, sure: "KeyIndex[bool] | None", *, hidden: bool = False) -> bool:
    """Whether a pull that a secret should serve need not fail: `sure` are the registries that the secret names.

    `hidden`: what is not known may offer a credential after it.
    """
    if found.verdict == "unknown" or (hidden and found.verdict in ("anonymous", "credential")):
        return True
    reference = found.lookup.reference if found.lookup is not None else None
    return found.verdict == "anonymous" and sure is not None and not (reference and sure.matching(reference))


class WorkloadPull(NamedTuple):
    """One image of one workload, with what reaches it."""

    workload: Workload
    image: str
    route: tuple[str | int, ...]
    reach: Reach


class ImportPull(NamedTuple):
    """One import of one stream, with the secrets the importer reads."""

    stream: ImageStream
    tag: ImportTag
    secrets: tuple[PullSecret, ...]


def workload_pulls(inventory: Inventory) -> Iterator[WorkloadPull]:
    """Every image that is pulled for a workload, with the secrets that reach it."""
    for workload, reached in reaches(inventory):
        for use in workload.pulled:
            yield WorkloadPull(workload, use.image, use.route, reached)


def import_pulls(inventory: Inventory) -> Iterator[ImportPull]:
    """Every import of every image stream, with the secrets of its namespace."""
    for stream in inventory.streams:
        secrets = import_secrets(inventory, stream)
        for tag in stream.tags:
            yield ImportPull(stream, tag, secrets)
