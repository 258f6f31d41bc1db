"""OpenShift builds: which images a build pulls, and the one secret that its controller hands it for each.

A secret named in the build is taken as it is. Else the controller takes the first secret of the builder account's
`imagePullSecrets` that has a key for the image (OpenShift 4.15 and later; `secrets` before), and for a Docker strategy
without `from` simply the first. The builder then matches as containers/image does, the node-wide file behind it.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from linter import credentials
from linter.credentials import Consumer
from linter.documents.objects import KubeObject
from linter.inventory import paths
from linter.inventory.inventory import Inventory
from linter.inventory.paths import dig, group, text
from linter.inventory.pulls import Outcome, outcome, readable
from linter.inventory.readers import keys_of
from linter.inventory.records import PullSecret, ServiceAccount
from linter.model import Route
from linter.patterns import lazy
from linter.record import NamedTuple

_FROM = lazy(r"^[^\S\n]*+FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$", re.IGNORECASE | re.MULTILINE)
_STRATEGIES = ("sourceStrategy", "dockerStrategy", "customStrategy")


class BuildPull(NamedTuple):
    """One image that a build pulls, named at `route`. `named` is the secret that the build itself names, "" for none.

    `first` tells that the controller takes the account's first secret without looking at the image.
    """

    build: KubeObject
    image: str
    route: Route
    named: str = ""
    first: bool = False


def is_build(item: KubeObject) -> bool:
    """Whether this is a BuildConfig, or a Build that no BuildConfig made: a copy has had its secret chosen already."""
    if item.kind not in ("BuildConfig", "Build") or group(item.api_version) not in ("", "build.openshift.io"):
        return False
    return dig(item.metadata, "ownerReferences") is None


def builder_of(item: KubeObject) -> str:
    """The service account that a build runs as."""
    return text(dig(item.body, "spec", "serviceAccount")) or "builder"


def dockerfile_images(dockerfile: str) -> list[str]:
    """The images that a Dockerfile pulls, each once: none where one of them depends on an argument."""
    stages: set[str] = {"scratch"}
    images: list[str] = []
    for image, stage in _FROM.findall(dockerfile):
        if "$" in image:
            return []
        if image.lower() not in stages:
            images.append(paths.image(image))
        if stage:
            stages.add(stage.lower())
    return list(dict.fromkeys(images))


def build_pulls(item: KubeObject) -> Iterator[BuildPull]:
    """Every image that the build `item` pulls from a registry, as far as the object says it."""
    spec = item.body.get("spec")
    for name in _STRATEGIES:
        strategy = dig(spec, "strategy", name)
        if not isinstance(strategy, dict):
            continue
        named = text(dig(strategy, "pullSecret", "name"))
        route: Route = ("spec", "strategy", name)
        if dig(strategy, "from", "kind") == "DockerImage" and text(dig(strategy, "from", "name")):
            yield BuildPull(item, paths.image(dig(strategy, "from", "name")), (*route, "from", "name"), named)
        elif name == "dockerStrategy" and strategy.get("from") is None:
            for image in dockerfile_images(text(dig(spec, "source", "dockerfile"))):
                yield BuildPull(item, image, ("spec", "source", "dockerfile"), named, first=True)
    images = dig(spec, "source", "images")
    for number, source in enumerate(images if isinstance(images, list) else ()):
        image = paths.image(dig(source, "from", "name"))
        if dig(source, "from", "kind") == "DockerImage" and image:
            at: Route = ("spec", "source", "images", number, "from", "name")
            yield BuildPull(item, image, at, text(dig(source, "pullSecret", "name")))


def build_outcome(inventory: Inventory, pull: BuildPull) -> Outcome:
    """What the builder will do for this image; unknown where the secret it gets is not known."""
    namespace = pull.build.namespace
    if pull.named:
        found = inventory.secrets_named(namespace, pull.named)
        if len(found) != 1:
            return Outcome("unknown", reason=f"secret {pull.named} is not in the scan, or not once")
        return outcome(inventory, pull.image, (found[0],) if found[0].typed else (), Consumer.CONTAINERS)
    accounts = inventory.accounts_named(namespace, builder_of(pull.build))
    if len(accounts) != 1:
        return Outcome("unknown", reason=f"service account {builder_of(pull.build)} is not in the scan, or not once")
    listed = inventory.once(_Lists).of(namespace, accounts[0])
    if listed.unknown:
        return Outcome("unknown", reason=listed.unknown)
    chosen = listed.secrets[:1] if pull.first else listed.with_key(pull.image)
    return outcome(inventory, pull.image, tuple(chosen), Consumer.CONTAINERS)


class _Listed:
    """The secrets from which the controller chooses for the builds of an account; `unknown` says why it is not known.

    Their `keys` are asked for when a build wants one for its image.
    """

    def __init__(self, secrets: list[PullSecret], unknown: str = "") -> None:
        self.secrets = secrets
        self.unknown = unknown

    @cached_property
    def _keys(self) -> "credentials.KeyIndex[int]":
        return credentials.KeyIndex((key, place) for place, one in enumerate(self.secrets) for key in keys_of(one))

    def with_key(self, image: str) -> list[PullSecret]:
        """Return the first that has a key for an image, as a list of one or none."""
        reference = credentials.parse_reference(image, consumer=Consumer.KUBELET)
        if not isinstance(reference, credentials.Reference):
            return []
        hub = self._keys.fallback if credentials.is_hub(reference.lookup) else ()
        places = sorted({*self._keys.matching(reference.lookup), *hub})
        return next(([self.secrets[place]] for place in places if _has_key(self.secrets[place], image)), [])


class _Lists:
    """The secrets from which the controller chooses, account by account: thousands of builds run as one."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._known: dict[tuple[str, int], tuple[ServiceAccount, _Listed]] = {}

    def of(self, namespace: str, account: ServiceAccount) -> _Listed:
        """Return what `account` lists for the builds of a namespace."""
        place = namespace, id(account)
        if place not in self._known:
            self._known[place] = account, self._listed(namespace, account)
        return self._known[place][1]

    def _listed(self, namespace: str, account: ServiceAccount) -> _Listed:
        listed: list[PullSecret] = []
        for link in account.pull_secrets:
            secrets = self._inventory.secrets_named(namespace, link.name)
            if len(secrets) != 1 or not readable(secrets[0]):
                return _Listed([], f"secret {link.name} is not in the scan, or could not be read")
            if secrets[0].typed and not secrets[0].poisonous:
                listed.append(secrets[0])
        return _Listed(listed)


def _has_key(secret: PullSecret, image: str) -> bool:
    """Whether the controller's keyring, built of this secret alone, has a key for the image."""
    if secret.payload is None or secret.decoded is None or secret.data_key is None:
        return False
    data = {secret.data_key: secret.decoded.reveal().encode("utf-8", "surrogatepass")}
    alone = credentials.PullSecret(secret.name, secret.type, data)
    return bool(credentials.lookup(image, [alone], consumer=Consumer.KUBELET).candidates)
