"""Why a pull goes out without a credential that could serve it, as far as another rule tells of it.

One defect, one finding: where `explain` finds a cause, the rules about pulls point at it instead of repeating it.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import cached_property

from linter.rule import (
    Context,
    Entry,
    Link,
    NamedTuple,
    PullSecret,
    Reach,
    Related,
    WorkloadPull,
    credentials,
    dig,
    lazy,
    serves,
    shown,
    spot,
    text,
)
from rules.links._census import together
from rules.links._naming import Owners, handed, listing
from rules.links._serving import Serving
from rules.payload._defects import entry_defect, whole_defect
from rules.registries._needs import above, split_port

_MIRRORS = {
    "ImageContentSourcePolicy": "repositoryDigestMirrors",
    "ImageContentPolicy": "repositoryDigestMirrors",
    "ImageDigestMirrorSet": "imageDigestMirrors",
    "ImageTagMirrorSet": "imageTagMirrors",
}
_HELD = 64
"""Of so many secrets the registries that they name are held ready."""
_HUB = lazy(r"(?:^|[./])docker\.(?:io|com)\b")


_PAYLOAD = ("RC101", "RC102", "RC103", "RC104", "RC105", "RC106", "RC109", "RC110", "RC112", "RC114", "RC115", "RC118")
_TELLING = {
    "": _PAYLOAD,
    "undecodable-auth": _PAYLOAD,
    "expired-credential": ("RC601",),
    "invalid-field-type": ("RC105",),
    "invalid-json": ("RC102",),
    "masked-link": ("RC305",),
    "misplaced-pull-secrets": ("RC312",),
    "missing-pull-secret": ("RC303", "RC304"),
    "mount-only-link": ("RC302",),
    "not-a-pull-secret": ("RC306",),
    "port-mismatch": ("RC204", "RC205", "RC208", "RC402"),
    "stale-pod": ("RC309",),
    "unlinked-pull-secret": ("RC301",),
    "wrong-secret-type": ("RC111", "RC306"),
}


class Cause(NamedTuple):
    """What keeps a pull from its credential: a clause, the rule that tells of it ("" for several), where it stands."""

    text: str
    rule: str = ""
    related: Related | None = None

    def told(self, context: Context) -> bool:
        """Whether a rule that tells of it runs. What of that somebody has accepted is told all the same."""
        return not context.chosen.isdisjoint(_TELLING[self.rule])


class Causes:
    """Looks for causes in one scan; what is asked for every pull is computed once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inventory = context.inventory
        self._broken: dict[str, list[PullSecret]] = {}
        self._meanings: OrderedDict[int, _Meaning] = OrderedDict()
        self._lists: dict[tuple[int, str], Serving[Link]] = {}

    @cached_property
    def owners(self) -> Owners:
        """Who made which workload."""
        return self._context.once(Owners)

    def explain(self, pull: WorkloadPull, target: str) -> Cause | None:
        """Return why nothing answers for `target`, the image as it is looked up; None when no other rule tells."""
        return (
            self._linked(pull.reach, target)
            or self._masked(pull)
            or self._mounted(pull)
            or self._misplaced(pull)
            or self._beside(pull, target)
        )

    def _linked(self, reached: Reach, target: str) -> Cause | None:
        """What is wrong with the secrets that the pod names."""
        if reached.missing:
            link = reached.missing[0]
            return Cause(f"its pull secret {link.name} does not exist here", "missing-pull-secret")
        for secret in reached.secrets:
            if whole_defect(secret):
                return Cause(f"its pull secret {secret.name} holds nothing that can be read", "", _at(secret))
            if not secret.typed:
                return Cause(
                    f"its pull secret {secret.name} has a type that serves no pulls", "wrong-secret-type", _at(secret)
                )
            for entry in _entries(secret):
                if _nearly(entry, target):
                    words = f"the entry {shown(entry.key)} of Secret {secret.name} does not match it"
                    return Cause(words, "port-mismatch", _at(secret, entry))
        named = {link.name for link in reached.links} - {secret.name for secret in reached.secrets} - {""}
        if named:
            return Cause(f"its pull secret {min(named)} cannot serve pulls", "not-a-pull-secret")
        return None

    def _masked(self, pull: WorkloadPull) -> Cause | None:
        """A secret that the account lists and the pod did not get: masked by its own list, or older than the link."""
        account = pull.reach.account
        if account is None:
            return None
        namespace = pull.workload.object.namespace
        for link, secret in self._listed(account.pull_secrets, namespace).of(pull.image):
            if listing(pull.reach.links, link.name) is None:
                stale = not self.owners.top(pull.workload).explicit
                why = "the pod is older than that link" if stale else "the pod's own list masks it"
                words = f"service account {pull.workload.account} lists {secret.name}, and {why}"
                return Cause(words, "stale-pod" if stale else "masked-link", _at(secret))
        return None

    def _mounted(self, pull: WorkloadPull) -> Cause | None:
        account = pull.reach.account
        if account is None or not handed(self.owners, account, pull.workload):
            return None
        for link, secret in self._listed(account.mountable, pull.workload.object.namespace).of(pull.image):
            if not link.name:
                continue
            words = f"service account {pull.workload.account} lists {secret.name} for mounting only"
            return Cause(words, "mount-only-link", _at(secret))
        return None

    def _listed(self, links: tuple[Link, ...], namespace: str) -> Serving[Link]:
        """The secrets that a list of an account names, found by an image."""
        place = id(links), namespace  # the inventory holds them
        if place not in self._lists:
            named = self._inventory.secrets_named
            self._lists[place] = Serving((link, secret) for link in links for secret in named(namespace, link.name))
        return self._lists[place]

    def _misplaced(self, pull: WorkloadPull) -> Cause | None:
        """Names of pull secrets that stand at the wrong place of the workload, where the API drops them."""
        item = self.owners.top(pull.workload).object
        for route in self._elsewhere.get(id(item), ()):
            return Cause(
                "the workload names its pull secret at a place where it is dropped",
                "misplaced-pull-secrets",
                Related("named here", item.at(*route), item.ref),
            )
        return None

    @cached_property
    def _elsewhere(self) -> Mapping[int, list[tuple[str | int, ...]]]:
        own = {(id(one.object), (*one.template, "imagePullSecrets")) for one in self._inventory.workloads}
        objects = {place for place, _ in own}
        found: dict[int, list[tuple[str | int, ...]]] = {}
        for reference in self._inventory.references:
            if reference.object is None or id(reference.object) not in objects or not reference.pulls:
                continue
            holder = next((n for n, step in enumerate(reference.route) if step == "imagePullSecrets"), None)
            if holder is not None and (id(reference.object), reference.route[: holder + 1]) not in own:
                found.setdefault(id(reference.object), []).append(reference.route)
        return found

    def _beside(self, pull: WorkloadPull, target: str) -> Cause | None:
        """A secret of the namespace that is meant for the image and is unlinked, of the wrong type, or broken."""
        item = pull.workload.object
        for secret in self._context.joins.may_serve(item.namespace, target, self._doubtful(item.namespace)):
            if secret.generated == "OpenShift" or not together(secret.object, item):
                continue
            if not self._meaning(secret).names(target):
                continue
            if not secret.typed:
                return Cause(f"Secret {secret.name} is of the wrong type", "wrong-secret-type", _at(secret))
            if secret.poisonous or not serves(secret, pull.image):
                return Cause(f"Secret {secret.name} cannot be used as it is", "undecodable-auth", _at(secret))
            if not secret.generated and not self._inventory.references_to(secret):
                return Cause(f"Secret {secret.name} is linked to nothing", "unlinked-pull-secret", _at(secret))
        return None

    def _meaning(self, secret: PullSecret) -> "_Meaning":
        """The registries that a secret names; those of the last few secrets are held ready."""
        known = self._meanings.pop(id(secret), None)
        if known is None:
            known = _Meaning(secret)
        self._meanings[id(secret)] = known
        if len(self._meanings) > _HELD:
            self._meanings.popitem(last=False)
        return known

    def _doubtful(self, namespace: str) -> list[PullSecret]:
        """The secrets of a namespace whose keys do not tell what they are meant for: broken, or in part."""
        if namespace not in self._broken:
            self._broken[namespace] = [
                secret
                for secret in self._inventory.secrets_in(namespace)
                if secret.payload is not None
                and (
                    whole_defect(secret) or any(entry_defect(entry) in ("RC105", "RC106") for entry in _entries(secret))
                )
            ]
        return self._broken[namespace]

    def candidates(self, pull: WorkloadPull, target: str) -> list[PullSecret]:
        """Return the sound secrets of the pod's own namespace that would serve the image, were they linked.

        `target` is the image as it is looked up. One whose name is linked already is another than the one that answers
        to it: it names no namespace.
        """
        item = pull.workload.object
        return [
            secret
            for secret in self._context.joins.may_serve(item.namespace, target)
            if together(secret.object, item)
            and listing(pull.reach.links, secret.name) is None
            and secret.generated != "OpenShift"
            and not self._inventory.is_global(secret)
            and secret.typed
            and not secret.poisonous
            and serves(secret, pull.image)
        ]

    def mirrored(self, target: str) -> bool:
        """Whether a mirror configuration sends the image elsewhere, so that its own registry need not be asked."""
        sources = self.mirror_sources
        return bool(sources) and any(source in sources for source in above(target))

    @cached_property
    def mirror_sources(self) -> frozenset[str]:
        """The sources of every mirror configuration of the scan."""
        sources: set[str] = set()
        for item in self._inventory.objects:
            listed = dig(item.body, "spec", _MIRRORS[item.kind]) if item.kind in _MIRRORS else None
            sources.update(text(dig(entry, "source")) for entry in (listed if isinstance(listed, list) else []))
        return frozenset(sources - {""})

    @cached_property
    def read_by_nodes(self) -> bool:
        """Whether nodes read every pull secret of a namespace (CRIOCredentialProviderConfig, OpenShift 4.22)."""
        return any(item.kind == "CRIOCredentialProviderConfig" for item in self._inventory.objects)

    def patched(self, pull: WorkloadPull) -> bool:
        """Whether the files hold links that some tool puts somewhere: patches and values, which may mean this pod."""
        return not self._inventory.loose.isdisjoint(("", pull.workload.object.namespace))


def _at(secret: PullSecret, entry: Entry | None = None) -> Related:
    place = secret.at() if entry is None else spot(secret, *entry.key_span, entry.key)
    return Related(f"Secret {secret.name}", place, secret.object.ref)


def _entries(secret: PullSecret) -> Iterable[Entry]:
    return (entry for entry in secret.payload.entries if entry.live) if secret.payload is not None else ()


def _nearly(entry: Entry, target: str) -> bool:
    """Whether the entry seems to be meant for the image and misses it: another port, or a key that matches nothing."""
    key, (host, _) = entry.registry, split_port(target.partition("/")[0])
    if key.error is not None or not key.labels:
        return host in entry.key.lower()
    own = split_port(key.host)[0].lower()
    if own == host:
        if key.host != target.partition("/")[0]:
            return True
        inside = key.path and not target.startswith(key.host + key.path)
        # A path that no repository can have was meant for the host.
        return bool(inside and (re.search(r"[:@*A-Z]", key.path) or key.path in ("/v1", "/v2")))
    return host == "docker.io" and bool(_HUB.search(own))


class _Meaning:
    """The registries that one secret names, whether or not anybody can use it: looked up once for all images."""

    def __init__(self, secret: PullSecret) -> None:
        self.secret = secret  # its identity counts, so it has to stay
        entries = list(_entries(secret))
        self._whole = secret.payload.text if secret.payload is not None and whole_defect(secret) else None
        self._index = credentials.KeyIndex((entry.registry, True) for entry in entries)
        self._broken = [entry for entry in entries if entry_defect(entry) in ("RC105", "RC106")]

    def names(self, target: str) -> bool:
        """Whether an entry of the secret names the image's registry."""
        if self._whole is not None:
            return split_port(target.partition("/")[0])[0] in self._whole
        return bool(self._index.matching(target)) or any(_nearly(entry, target) for entry in self._broken)
