"""What each reader of a payload makes of its keys, and what a change of them would take from it.

Kubelet and importer match a key as a host with a prefix of the path. CRI-O, podman and builds (containers/image) take
it letter by letter for a repository, a folder or a registry, and only a key with a scheme for its host. So everything
is asked of `credentials.lookup`, with images by which two readings differ if they differ at all.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from linter.rule import DOCKERCFG, DOCKERCONFIGJSON, KEY_OF_TYPE, Consumer, Entry, Payload, credentials
from rules.registries._shared import HUB_KEY

HUB_LOOKALIKES: Final = frozenset(
    {"registry-1.docker.io", "hub.docker.com", "docker.com", "app.docker.com", "www.docker.com", "auth.docker.io"}
)
"""Hosts of Docker Hub by which no image is named."""
OTHERS: Final = "CRI-O, podman and builds"
"""Who reads a payload by the rules of containers/image."""
_FEW: Final = 16
PROBE: Final = '{"auth":"dTpw"}'
"""The value of an entry with a credential."""
_ELSE: Final = "some-folder/some-image"
"""A repository that no key names."""

Member = tuple[str, str]
"""A key and its value, both as JSON text."""


def member(payload: Payload, entry: Entry) -> Member:
    """Return an entry as it is written."""
    return payload.text[slice(*entry.key_span)], payload.text[slice(*entry.value_span)]


class Reading:
    """What the readers of a payload with these members find for an image.

    Never shows what it holds.
    """

    def __init__(self, members: Iterable[Member], form: str) -> None:
        kind = DOCKERCFG if form == "dockercfg" else DOCKERCONFIGJSON
        hosts = "{" + ",".join(f"{key}:{value}" for key, value in members) + "}"
        text = hosts if kind == DOCKERCFG else f'{{"auths":{hosts}}}'
        data = {KEY_OF_TYPE[kind]: text.encode("utf-8", "surrogatepass")}
        secret = credentials.PullSecret("", kind, data)
        self._readers = {consumer: credentials.Reader([secret], consumer=consumer) for consumer in Consumer}

    def found(self, image: str, consumer: Consumer) -> credentials.Lookup:
        """Return what one reader finds."""
        return self._readers[consumer].lookup(image)


class Near:
    """The entries of one payload that decide what is found for an image, without those that cannot."""

    def __init__(self, payload: Payload) -> None:
        self._entries = payload.entries
        self._legacy = payload.form == "dockercfg"
        live = [(number, entry) for number, entry in enumerate(payload.entries) if entry.live]
        self._exact = {entry.key: number for number, entry in live}
        self._whole: dict[str, list[int]] = defaultdict(list)
        for number, entry in live:
            self._whole[credentials.containers_key(entry.key, legacy=self._legacy).registry].append(number)
        self._keys = credentials.KeyIndex(
            (entry.registry, number) for number, entry in live if entry.registry.error is None
        )

    def deciding(self, asked: Iterable[str], changed: list[Entry]) -> list[Entry]:
        """Return `changed`, and all others that can decide about the images `asked`, in written order."""
        ours = {number for entry in changed if (number := self._exact.get(entry.key)) is not None}
        numbers = set(ours)
        spared = {_credential(entry) for entry in changed}

        def add(found: Iterable[int]) -> None:
            numbers.update(self._few([number for number in found if number not in ours], spared))

        for image in asked:
            for consumer in Consumer:
                reference = credentials.parse_reference(image, consumer=consumer)
                if not isinstance(reference, credentials.Reference):
                    continue
                if consumer is not Consumer.CONTAINERS:
                    add(self._keys.matching(reference.lookup))
                    add(self._keys.fallback)
                    continue
                parts = reference.lookup.split("/")
                paths = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
                numbers.update(self._exact[path] for path in paths if path in self._exact)
                add(self._whole.get(credentials.containers_key(reference.registry).registry, ()))
        return [self._entries[number] for number in sorted(numbers)]

    def crossing(self, key: str) -> list[str] | None:
        """Return images at which a wildcard meets `key` as another key, None where they are too many to be asked.

        A wildcard with a path and a key of a host serve the same images, and neither is told by the other's own.
        """
        ours = credentials.normalise_key(key)
        others = [number for number in self._exact.values() if self._entries[number].registry.error is None]
        if not ours.glob:
            others = [number for number in others if self._entries[number].registry.glob]
        if len(others) > _FEW:
            return None
        found = []
        for number in others:
            its = self._entries[number].registry
            hosts = {one.host.removesuffix(":").replace("*", "some") for one in (ours, its)} | {"docker.io"}
            paths = {one.path.rstrip("/") for one in (ours, its)} | {""}
            found += [
                f"{host}{path}{end}" for host in hosts for path in paths for end in ("", f"/{_ELSE}", f"-{_ELSE}")
            ]
        return found

    def _few(self, numbers: list[int], spared: set[tuple[str | None, str, str]]) -> list[int]:
        """Return two of each credential, and of many credentials a few: chance decides among so many in any case."""
        if len(numbers) <= _FEW:
            return numbers
        found: dict[tuple[str | None, str, str], list[int]] = {}
        for number in numbers:
            one = _credential(self._entries[number])
            if one in spared or one in found or len(found) < _FEW:
                found.setdefault(one, []).append(number)
        return [number for alike in found.values() for number in alike[:2]]


def _credential(entry: Entry) -> tuple[str | None, str, str]:
    return entry.auth, entry.username, entry.password


def meant(registry: credentials.RegistryKey) -> list[str]:
    """Return images that the kubelet serves with a key by its meaning: its repository, and one below its path."""
    if registry.error is not None:
        return []
    text = registry.host.removesuffix(":") + registry.path
    if registry.glob:
        text = text.replace("*", "some")
    if registry.text == "index.docker.io":
        return [f"docker.io/{_ELSE}"]
    if not registry.path:
        return [f"{text}/{_ELSE}"]
    return [text + _ELSE] if re.search(r"[^A-Za-z0-9]$", text) else [text, f"{text}/{_ELSE}"]


def images(key: str, *, legacy: bool) -> list[str]:
    """Return the images by which two readings of a key, and of payloads with and without it, differ if they do."""
    read = credentials.containers_key(key, legacy=legacy)
    found = meant(credentials.normalise_key(key))
    found += [f"{read.exact}/{_ELSE}", read.exact] if "/" in read.exact else [f"{read.exact}/{_ELSE}"]
    return list(dict.fromkeys([*found, whole(key, legacy=legacy)]))


def whole(key: str, *, legacy: bool = False) -> str:
    """Return an image of the registry that containers/image takes a key for, whose repository no key names."""
    registry = credentials.containers_key(key, legacy=legacy).registry.partition("/")[0]
    return f"docker.io/{_ELSE}" if registry == "index.docker.io" else f"{registry}/{_ELSE}"


def beside(registry: credentials.RegistryKey) -> list[str]:
    """Return an image that the kubelet serves with a key because its repository begins as the path of the key does."""
    plain = registry.error is None and registry.path and registry.path[-1].isalnum()
    return [f"{registry.host.removesuffix(':')}{registry.path}-{_ELSE}"] if plain else []


def usual(image: str) -> bool:
    """Whether anybody names an image so: its host in lower case, and Docker Hub by the name that is looked up."""
    host = image.partition("/")[0]
    return host == host.lower() and host not in HUB_LOOKALIKES and host != "index.docker.io"


def wider(key: str, *, legacy: bool = False) -> str:
    """Return the registry that `OTHERS` take a key for as a whole where the kubelet does not, "" for none."""
    image = whole(key, legacy=legacy)
    if not usual(image):
        return ""
    probe = Reading([(quoted(key), PROBE)], "dockercfg" if legacy else "dockerconfigjson")
    if not probe.found(image, Consumer.CONTAINERS).found or probe.found(image, Consumer.KUBELET).found:
        return ""
    return image.partition("/")[0]


def leaning(near: Near, payload: Payload, gone: list[Entry], stay: Iterable[Member]) -> bool:
    """Whether CRI-O would find a registry that `gone` serve by nothing but keys that other repairs change at once.

    Each of these is safe alone, because of the others. What stays as it is written: `stay`, and plain keys.
    """
    legacy = payload.form == "dockercfg"
    asked = [whole(entry.key, legacy=legacy) for entry in gone if _taken_whole(entry.key, payload.form)]
    if not asked:
        return False
    deciding = near.deciding(asked, gone)
    before = Reading((member(payload, one) for one in deciding), payload.form)
    plain = [one for one in deciding if one not in gone and one.key in (one.registry.text, HUB_KEY)]
    after = Reading([*stay, *(member(payload, one) for one in plain)], payload.form)
    return Consumer.CONTAINERS in losers(before, after, asked, usual)


def _taken_whole(key: str, form: str) -> bool:
    """Whether `OTHERS` take a key for a registry as a whole."""
    probe = Reading([(quoted(key), PROBE)], form)
    return probe.found(whole(key, legacy=form == "dockercfg"), Consumer.CONTAINERS).found


def pattern(image: str) -> str:
    """Return which images one of `images` stands for, as texts name them."""
    return image.replace(_ELSE, "…")


def quoted(key: str) -> str:
    """Write a key as a JSON string."""
    import json  # noqa: PLC0415 - only a finding needs it

    return json.dumps(key)


def losers(
    before: Reading, after: Reading, asked: Iterable[str], wanted: Callable[[str], bool] = lambda _: True
) -> list[Consumer]:
    """Return the readers that find a credential in `before` and another one, or none, in its place in `after`."""
    listed = [image for image in asked if wanted(image)]
    return [
        consumer
        for consumer in Consumer
        if not all(_kept(before.found(image, consumer), after.found(image, consumer)) for image in listed)
    ]


def _kept(was: credentials.Lookup, now: credentials.Lookup) -> bool:
    """Whether what was found is found still, first where it was first."""
    old, new = _sent(was), _sent(now)
    if not old:
        return True
    if was.ambiguous or now.ambiguous:
        # Where chance decides, it may neither lose a credential nor get another way out.
        failing = now.reason is not None and was.reason is None
        stopping = now.anonymous_at is not None and was.anonymous_at is None
        return set(new) == set(old) and not failing and not stopping
    return new[:1] == old[:1] and set(new) >= set(old)


def _sent(found: credentials.Lookup) -> list[tuple[str, str]]:
    return [(one.username, one.password) for one in found.candidates]
