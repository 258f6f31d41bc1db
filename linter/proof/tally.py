"""What kubelet and importer find for many images in one list of secrets, and in the same list with a few exchanged.

The answers are those of `Joins.pull_outcome` and `Joins.import_outcome`. They are counted from what each secret brings
in, so that one secret more or less costs its own entries and not those of the whole list.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Final

from linter import credentials
from linter.credentials import HUB_FALLBACK, Consumer, KeyIndex, PayloadError, RegistryKey, is_hub
from linter.credentials.payload import Form
from linter.inventory import Inventory
from linter.inventory.lately import Identical
from linter.inventory.pulls import node_config, plain, readable, unfinished
from linter.inventory.records import PullSecret
from linter.proof.verdicts import Answer
from linter.record import NamedTuple

Keys = tuple[tuple[RegistryKey, bool], ...]
_LONG: Final = 2**14
"""Signs of a payload up to which it is remembered what it holds."""


class _Holders(NamedTuple):
    """The secrets (by identity) that have one key: the names of all, and those with a credential under it.

    `raw` is the key by which a keyring orders them.
    """

    raw: bytes
    everyone: dict[int, str]
    usable: set[int]

    def others(self, without: frozenset[int]) -> bool:
        """Whether a secret has the key that is none of `without`."""
        return _more(self.everyone, without)

    def good(self, without: frozenset[int]) -> bool:
        """Whether such a secret has a credential under it."""
        return _more(self.usable, without)

    def first(self, without: frozenset[int]) -> "tuple[str, bool] | None":
        """The name of the first such secret, and whether it has a credential under the key."""
        name, good = None, False
        for place, called in self.everyone.items():
            if place not in without:
                if name not in (None, called):
                    break
                name, good = called, good or place in self.usable
        return None if name is None else (name, good)


def _held(secret: PullSecret, form: Form, payload: bytes) -> Keys | PayloadError:
    """What the payload of a secret holds: told from what it was examined for, where readers get just that."""
    known = secret.payload
    # Bytes that are no text may be told apart where the payload was examined, and look the same here.
    if known is None or known.form != form or known.text.encode("utf-8", "surrogatepass") != payload:
        return credentials.holding(form, payload)
    return credentials.held(known)


def _more(have: Collection[int], without: frozenset[int]) -> bool:
    return len(have) > sum(one in have for one in without)


class Flags(NamedTuple):
    """One key in some secrets: whether any has a credential under it, and of each by name whether it has one."""

    key: RegistryKey
    good: bool
    holders: tuple[tuple[str, bool], ...]


_NOBODY: frozenset[int] = frozenset()


class Tally:
    """A list of secrets, by key."""

    def __init__(self, secrets: Iterable[PullSecret] = ()) -> None:
        self.refusing: set[int] = set()
        """The secrets that do not decode, so that the whole list is refused."""
        self.hidden: set[int] = set()
        """The secrets of which nothing is known."""
        self.fallback = False
        """Whether a secret has Docker Hub's own key."""
        self._keys: dict[bytes, tuple[RegistryKey, _Holders]] = {}
        self._index: KeyIndex[_Holders] | None = None
        self._flags: dict[bytes, Flags] | None = None
        for secret in secrets:
            self._add(secret)

    @property
    def index(self) -> "KeyIndex[_Holders]":
        """The holders of each key, by what it matches."""
        if self._index is None:
            self._index = KeyIndex(self._keys.values())
        return self._index

    def _add(self, secret: PullSecret) -> None:
        if not readable(secret):
            self.hidden.add(id(secret))
            return
        bare = plain(secret)
        payload = credentials.secret_payload(bare.type, bare.data)
        if payload is None:
            return
        held = _held(secret, *payload)
        if isinstance(held, PayloadError):
            self.refusing.add(id(secret))
        else:
            self._hold(id(secret), secret.name, held)

    def _hold(self, place: int, name: str, held: Keys) -> None:
        for key, usable in held:
            known = self._keys.get(key.raw)
            if known is None:
                self.fallback |= key.text == HUB_FALLBACK
                self._keys[key.raw] = key, _Holders(key.raw, {place: name}, {place} if usable else set())
                continue
            known[1].everyone[place] = name
            if usable:
                known[1].usable.add(place)

    @cached_property
    def told(self) -> dict[bytes, tuple[tuple[str, bool], ...]]:
        """The secrets that have each key, by name, each with whether it has a credential under it."""
        return {
            raw: tuple([(name, place in holders.usable) for place, name in holders.everyone.items()])
            for raw, (_, holders) in self._keys.items()
        }

    def flags(self, raw: bytes) -> Flags | None:
        """One key of the list; None where no secret has it."""
        known = self._keys.get(raw)
        return None if known is None else Flags(known[0], bool(known[1].usable), self.told[raw])

    def found(
        self, reference: str, without: frozenset[int], more: "Tally | None", consumer: Consumer
    ) -> tuple[bool, bool]:
        """Whether anything answers for a looked-up text, and whether a credential that `consumer` sends does.

        `without` are left out of the list, `more` are put into it.
        """
        have = [row for row in self.index.matching(reference) if row.others(without)]
        added = more.index.matching(reference) if more is not None else []
        if not have and not added and is_hub(reference):
            have = [row for row in self.index.fallback if row.others(without)]
            added = more.index.fallback if more is not None else []
        if consumer is Consumer.IMPORTER:
            return bool(have or added), _first_is_good(
                [(row, without) for row in have] + [(row, _NOBODY) for row in added]
            )
        good = any(row.good(without) for row in have) or any(row.usable for row in added)
        return bool(have or added), good

    def refuses(self, without: frozenset[int], more: "Tally | None") -> bool:
        """Whether the list so changed is refused."""
        return _more(self.refusing, without) or (more is not None and bool(more.refusing))

    def hides(self, without: frozenset[int], more: "Tally | None") -> bool:
        """Whether something in the list so changed is not known."""
        return _more(self.hidden, without) or (more is not None and bool(more.hidden))


def _first_is_good(rows: Sequence[tuple[_Holders, frozenset[int]]]) -> bool:
    """Whether the first of all these holders has a credential: of the key that is tried first, by name."""
    raw = max((row.raw for row, _ in rows), default=b"")
    first = [found for row, without in rows if row.raw == raw and (found := row.first(without)) is not None]
    name = min((name for name, _ in first), default="")
    return any(good for called, good in first if called == name)


class Node(Tally):
    """The node-wide file: what does not decode is passed over."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__()
        secret, config = inventory.node_wide, node_config(inventory)
        held = _held(secret, "dockerconfigjson", config) if secret is not None and config else ()
        if not isinstance(held, PayloadError):
            self._hold(0, "", held)


class Exchange(NamedTuple):
    """A list of secrets with some left out (by identity) and others put in, and the node-wide file behind it.

    `doubt`: what finds nothing is unknown, because the list is not known in full.
    """

    tally: Tally
    node: Node
    without: frozenset[int] = _NOBODY
    more: Tally | None = None
    doubt: bool = False

    @property
    def refused(self) -> bool:
        """Whether readers refuse the list."""
        return self.tally.refuses(self.without, self.more)

    def answer(self, image: str, consumer: Consumer) -> Answer:
        """What `image` gets."""
        if unfinished(image):
            return Answer("unknown")
        if self.refused:
            return Answer("refused")
        reference = credentials.parse_reference(image, consumer=consumer)
        if not isinstance(reference, credentials.Reference):
            return Answer("bad-image")
        found, good = self.tally.found(reference.lookup, self.without, self.more, consumer)
        wide, wide_good = self.node.found(reference.lookup, _NOBODY, None, consumer)
        if found or wide:
            behind = wide_good and not (found and consumer is Consumer.IMPORTER)
            return Answer("credential", good or behind)
        if self.doubt or self.tally.hides(self.without, self.more):
            return Answer("unknown")
        return Answer("anonymous")


_Differing = list[tuple[RegistryKey, Flags | None, Flags | None]]


class Alone:
    """What single secrets hold, and how that differs: one payload stands in many namespaces, mostly under one name.

    As none of them stands in a list with others, it does not matter which of them a tally was made of. `most` are
    remembered.
    """

    def __init__(self, most: int) -> None:
        self._held: Identical[tuple[str, str, str | None, str], Tally] = Identical(most)
        self._differing: Identical[int, tuple[Tally, _Differing]] = Identical(most)

    def tally(self, secrets: Sequence[PullSecret]) -> Tally:
        """Return what secrets hold: remembered of one alone."""
        first = secrets[0] if len(secrets) == 1 else None
        if first is None or first.payload is None or first.decoded is None or len(first.payload.text) > _LONG:
            return Tally(secrets)
        key = first.name, first.type, first.data_key, first.decoded.reveal()
        known = self._held.get(first.payload, key)
        return self._held.put(first.payload, key, Tally(secrets)) if known is None else known

    def differing(self, old: Tally, new: Tally) -> _Differing:
        """Every key that the two do not have alike, in the same secrets with a credential: as it was, as it is."""
        known = self._differing.get(old, id(new))
        if known is None or known[0] is not new:
            known = self._differing.put(old, id(new), (new, _differing(old, new)))
        return known[1]


def _differing(old: Tally, new: Tally) -> _Differing:
    before, after = old.told, new.told
    changed = [raw for raw, told in before.items() if after.get(raw) != told]
    changed += [raw for raw in after if raw not in before]
    pairs = [(old.flags(raw), new.flags(raw)) for raw in changed]
    return [(one.key, was, now) for was, now in pairs if (one := was or now) is not None]


class Swap:
    """Secrets that leave a list, and others that enter it."""

    def __init__(self, gone: Sequence[PullSecret], come: Sequence[PullSecret], alone: Alone) -> None:
        self.without = frozenset(map(id, gone))
        self.new = alone.tally(sorted(come, key=lambda secret: secret.name))  # as an import reads them
        self._secrets = (gone, come)  # their identities count, so they have to stay
        self._alone = alone

    @cached_property
    def differing(self) -> _Differing:
        """As `Alone.differing`, of what goes and what comes."""
        return self._alone.differing(self._alone.tally(self._secrets[0]), self.new)
