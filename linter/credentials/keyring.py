"""The keyring of the kubelet and of OpenShift's importer.

Kubernetes 1.34, ``pkg/credentialprovider/keyring.go`` and ``pkg/credentialprovider/secrets/secrets.go``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from linter.credentials.hosts import HostName, HostPatterns, is_pattern
from linter.credentials.keys import RegistryKey, Target, parse_target
from linter.credentials.payload import Entry, Form, Payload, PayloadError, examine
from linter.credentials.pullsecrets import Candidate
from linter.credentials.recent import Recent
from linter.record import NamedTuple

__all__ = ["Keyring", "KeyringFailure", "Source", "Sources", "build_keyring", "held", "holding", "is_hub", "search"]

_HUB_FALLBACK: Final = b"index.docker.io"


class Source(NamedTuple):
    """One payload of a keyring: the secret's name (None: the node-wide file), the form, the bytes."""

    name: str | None
    form: Form
    payload: bytes

    def __repr__(self) -> str:
        """Never show the payload."""
        return f"Source({self.name!r}, {self.form})"


class Sources:
    """The payloads of one keyring, in order; hashed once, however many images are looked up in it."""

    __slots__ = ("_hash", "listed")

    def __init__(self, listed: tuple[Source, ...]) -> None:
        self.listed = listed
        self._hash = hash(listed)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Sources) and self.listed == other.listed)


class KeyringFailure(NamedTuple):
    """The first payload that does not decode; the whole keyring is refused for it."""

    culprit: str | None
    error: PayloadError


class _Slot(NamedTuple):
    """All credentials stored under one normalised key, grouped by payload: inside a group the order is a Go map's."""

    key: RegistryKey
    groups: tuple[tuple[Candidate, ...], ...]

    def __repr__(self) -> str:
        """Show the key only."""
        return f"_Slot({self.key!r})"

    @property
    def ambiguous(self) -> bool:
        """Whether two different credentials of one payload share this key."""
        return any(len({(c.username, c.password) for c in group}) > 1 for group in self.groups)

    def candidates(self) -> list[Candidate]:
        """List the credentials in payload order."""
        return [candidate for group in self.groups for candidate in group]


class _Host(NamedTuple):
    """The slots whose host matches one image host, by the path they ask for, with their place in the keyring's order.

    ``lengths`` are those of the paths: an image is looked up once for each, however many entries its host has.
    """

    lengths: tuple[int, ...]
    slots: dict[str, list[tuple[int, _Slot]]]

    def __repr__(self) -> str:
        """Show sizes only."""
        return f"_Host({len(self.slots)} paths)"


_Answer = tuple[tuple[Candidate, ...], bool]


class Keyring(NamedTuple):
    """Slots found by host; ``size`` counts the credentials.

    ``answers`` are kept by the ranks of the slots: images that the same slots match share one tuple of candidates.
    """

    hosts: Recent[HostName, _Host]
    fallback: _Slot | None
    size: int
    answers: dict[tuple[int, ...], _Answer]

    def __repr__(self) -> str:
        """Show the size only."""
        return f"Keyring({self.size} credentials)"

    def matching(self, target: Target) -> list[tuple[int, _Slot]]:
        """Find the slots that match, by rank: the order in which the keyring tries them."""
        host = self.hosts((target.labels, target.port))
        prefixes = [target.path[:length] for length in host.lengths if length <= len(target.path)]
        found = [ranked for prefix in prefixes for ranked in host.slots.get(prefix, ())]
        found.sort(key=lambda item: item[0])
        return found


_Decoded = tuple[tuple[RegistryKey, str, str, str], ...]
_ENTRIES_KEPT: Final = 50_000  # about 60 MB
_BYTES_AN_ENTRY: Final = 1_200


def _decode(source: tuple[Form, bytes]) -> _Decoded | PayloadError:
    """Decode one payload to ``(key, key as written, user name, password)`` of its live entries, or say why not."""
    form, payload = source
    examined = examine(payload, form)
    if examined.error is not None:
        return examined.error
    return tuple((e.registry, e.key, e.username, e.password) for e in _entries(examined))


def _entries(examined: Payload) -> Iterator[Entry]:
    """The entries of a payload that come into a keyring."""
    return (entry for entry in examined.entries if entry.live and entry.registry.error is None)


_decoded = Recent(
    _decode, lambda source, result: 1 + len(result) + len(source[1]) // _BYTES_AN_ENTRY, limit=_ENTRIES_KEPT
)


def holding(form: Form, payload: bytes) -> tuple[tuple[RegistryKey, bool], ...] | PayloadError:
    """Tell what one payload brings into a keyring: its keys, each with whether a user or password stands under it.

    Returns why its readers refuse the payload, and with it every secret beside it.
    """
    found = _decoded((form, payload))
    if isinstance(found, PayloadError):
        return found
    return tuple((registry, bool(username or password)) for registry, _, username, password in found)


def held(examined: Payload) -> tuple[tuple[RegistryKey, bool], ...] | PayloadError:
    """Tell as `holding` does what a payload brings into a keyring that has been examined already."""
    if examined.error is not None:
        return examined.error
    return tuple((entry.registry, bool(entry.username or entry.password)) for entry in _entries(examined))


def _build(sources: Sources) -> Keyring | KeyringFailure:
    """Merge payloads into one keyring; one bad payload refuses them all.

    Equal keys collect their credentials in payload order.
    Keys are tried in reverse byte order, so longer paths come before their host and literal hosts before wildcards.
    """
    slots: dict[bytes, tuple[RegistryKey, list[list[Candidate]]]] = {}
    for source in sources.listed:
        entries = _decoded((source.form, source.payload))
        if isinstance(entries, PayloadError):
            return KeyringFailure(source.name, entries)
        groups: dict[bytes, list[Candidate]] = {}
        for registry, written, username, password in entries:
            candidate = Candidate(username, password, source.name, written)
            if registry.raw not in groups:
                groups[registry.raw] = []
                slots.setdefault(registry.raw, (registry, []))[1].append(groups[registry.raw])
            groups[registry.raw].append(candidate)
    ordered = [
        _Slot(key, tuple(tuple(group) for group in collected))
        for key, collected in (slots[raw] for raw in sorted(slots, reverse=True))
    ]
    size = sum(len(group) for slot in ordered for group in slot.groups)
    fallback = next((slot for slot in ordered if slot.key.raw == _HUB_FALLBACK), None)
    return Keyring(_by_host(ordered, limit=size), fallback, size, {})


def _by_host(ordered: list[_Slot], *, limit: int) -> Recent[HostName, _Host]:
    """Index slots by host: literal ones by dictionary, globs when a host is first asked for."""
    literal: dict[HostName, list[tuple[int, _Slot]]] = {}
    globs: dict[HostName, list[tuple[int, _Slot]]] = {}
    for rank, slot in enumerate(ordered):
        kept = globs if is_pattern(slot.key.labels) else literal
        kept.setdefault((slot.key.labels, slot.key.port), []).append((rank, slot))
    patterns = HostPatterns(globs)

    def find(name: HostName) -> _Host:
        slots: dict[str, list[tuple[int, _Slot]]] = {}
        ranked = [*literal.get(name, ())]
        for pattern in patterns.matching(name):
            ranked += globs[pattern]
        for one in ranked:
            slots.setdefault(one[1].key.prefix, []).append(one)
        return _Host(tuple({len(prefix) for prefix in slots}), slots)

    return Recent(find, lambda _, host: 1 + len(host.slots), limit=limit)


def _weigh(sources: Sources, keyring: Keyring | KeyringFailure) -> int:
    """Count a keyring's entries, and what its payloads weigh beside them."""
    text = sum(len(source.payload) for source in sources.listed)
    size = 0 if isinstance(keyring, KeyringFailure) else keyring.size
    return 1 + len(sources.listed) + size + text // _BYTES_AN_ENTRY


build_keyring = Recent(_build, _weigh, limit=_ENTRIES_KEPT)


def is_hub(reference: str) -> bool:
    """``isDefaultRegistryMatch``: Docker Hub, and any first component without dot and colon, ``localhost`` included."""
    first, slash, _ = reference.partition("/")
    if not first:
        return False
    return not slash or first in ("docker.io", "index.docker.io") or not ("." in first or ":" in first)


def search(keyring: Keyring, reference: str) -> tuple[tuple[Candidate, ...], bool]:
    """Look a reference up in one keyring: its credentials, and whether their order is undefined.

    Only when nothing matched in *this* keyring, a Docker Hub image gets the credentials of the exact key
    ``index.docker.io``.
    """
    target = parse_target(reference)
    found = keyring.matching(target) if target else []
    if not found and keyring.fallback is not None and is_hub(reference):
        found = [(-1, keyring.fallback)]
    ranks = tuple(rank for rank, _ in found)
    if ranks not in keyring.answers:
        candidates = tuple(c for _, slot in found for c in slot.candidates())
        keyring.answers[ranks] = (candidates, any(slot.ambiguous for _, slot in found))
    return keyring.answers[ranks]
