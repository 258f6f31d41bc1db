"""Who reads a secret, by the list of secrets that it stands in: thousands of pulls share one list."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from linter import credentials
from linter.credentials import Consumer, ImageIndex, RegistryKey, SplitIndex
from linter.inventory.lately import Lately
from linter.inventory.records import PullSecret

Pull = TypeVar("Pull")
_INDEXED = 128
"""The images of so many lists are held ready to be found; rules ask for them in the order of the scan."""


class Lists:
    """Lists of secrets, each known by a number; equal lists are one."""

    def __init__(self) -> None:
        self._listed: list[tuple[PullSecret, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._of: dict[int, tuple[tuple[PullSecret, ...], int]] = {}

    def number(self, secrets: tuple[PullSecret, ...]) -> int:
        """Return the number of a list; a tuple that was seen before is not looked at again."""
        known = self._of.get(id(secrets))
        if known is None:
            ids = tuple(id(secret.object) for secret in secrets)
            if ids not in self._numbers:
                self._numbers[ids] = len(self._listed)
                self._listed.append(secrets)
            # The tuple is kept with its number: so long its identity is nobody else's.
            known = self._of[id(secrets)] = (secrets, self._numbers[ids])
        return known[1]

    def __getitem__(self, number: int) -> tuple[PullSecret, ...]:
        """Return the list of a number."""
        return self._listed[number]


class Wanted(Generic[Pull]):
    """Pulls found by the keys that may serve their image, whether kubelet or importer asks."""

    def __init__(self, rows: Iterable[tuple[str, Pull]]) -> None:
        listed = ((image, (order, pull)) for order, (image, pull) in enumerate(rows))
        self._index = ImageIndex((reference, row) for image, row in listed for reference in _references(image))

    def by(self, keys: Iterable[RegistryKey]) -> list[Pull]:
        """Return, in their order, the pulls whose image one of `keys` matches or, as that of Docker Hub, may serve."""
        found = {order: pull for key in keys for order, pull in self._index.matched_by(key)}
        return [found[order] for order in sorted(found)]


class Sifted(Generic[Pull]):
    """Those of some pulls that pass a test, found by the keys that may serve their image, as `Wanted` finds them.

    Thousands of secrets may hold a key for thousands of pulls of which none passes. Whether one does is asked only
    where a key is for its host.
    """

    def __init__(self, rows: Iterable[tuple[str, Pull]], test: Callable[[Pull], bool]) -> None:
        listed = list(rows)
        self._pulls = [pull for _, pull in listed]
        references = ((reference, at) for at, (image, _) in enumerate(listed) for reference in _references(image))
        self._index: SplitIndex[int] = SplitIndex(references, lambda at: test(self._pulls[at]))

    def by(self, keys: Iterable[RegistryKey]) -> list[Pull]:
        """Return, in their order, those that pass and whose image one of `keys` matches, or may serve as the Hub's."""
        found = {at for key in keys for at in self._index.matched_by(key, passing=True)}
        return [self._pulls[at] for at in sorted(found)]


class Readers(Generic[Pull]):
    """Pulls found by a secret that they read, and by a key that may serve their image."""

    def __init__(
        self,
        lists: Lists,
        pulls: Iterable[Pull],
        read: Callable[[Pull], tuple[PullSecret, ...]],
        image: Callable[[Pull], str],
    ) -> None:
        """Take the pulls in their order; `read` and `image` tell which secrets one reads, for which image."""
        self._image = image
        self._rows: dict[int, list[Pull]] = defaultdict(list)
        self._orders: dict[int, array[int]] = defaultdict(lambda: array("q"))
        for order, pull in enumerate(pulls):
            number = lists.number(read(pull))
            self._rows[number].append(pull)
            self._orders[number].append(order)
        self._lists_of: dict[int, list[int]] = defaultdict(list)
        for number in self._rows:
            for place in dict.fromkeys(id(secret.object) for secret in lists[number]):
                self._lists_of[place].append(number)
        self._repeats = {number: counts for number in self._rows if (counts := _repeated(lists[number]))}
        self._wanted: Lately[int, Wanted[int]] = Lately(_INDEXED)

    def of(self, secret: PullSecret, keys: Iterable[RegistryKey] | None = None) -> list[Pull]:
        """Return the pulls that read `secret`, in their order; with `keys`, only those that one of these may serve."""
        place, keys = id(secret.object), None if keys is None else tuple(keys)
        numbers = self._lists_of.get(place, [])
        if len(numbers) == 1:
            rows = self._rows[numbers[0]]
            return [rows[at] for at in self._of_list(numbers[0], place, keys)]
        found = [(self._orders[one][at], one, at) for one in numbers for at in self._of_list(one, place, keys)]
        return [self._rows[one][at] for _, one, at in sorted(found)]

    def _of_list(self, number: int, place: int, keys: tuple[RegistryKey, ...] | None) -> Sequence[int]:
        """Return where in a list's rows stand the pulls asked for."""
        found = range(len(self._rows[number])) if keys is None else self._served(number, keys)
        times = self._repeats.get(number, {}).get(place, 1)
        return found if times == 1 else [at for at in found for _ in range(times)]

    def _served(self, number: int, keys: tuple[RegistryKey, ...]) -> list[int]:
        wanted = self._wanted.get(number)
        if wanted is None:
            rows = self._rows[number]
            wanted = self._wanted.put(number, Wanted((self._image(pull), at) for at, pull in enumerate(rows)))
        return wanted.by(keys)


def _repeated(secrets: tuple[PullSecret, ...]) -> dict[int, int]:
    """How often the secrets stand in a list, where one stands in it more than once."""
    counts: dict[int, int] = defaultdict(int)
    for secret in secrets:
        counts[id(secret.object)] += 1
    return {place: times for place, times in counts.items() if times > 1}


def _references(image: str) -> Iterator[str]:
    """What kubelet and importer look up for an image: the importer's text has the tag behind it."""
    found = (credentials.parse_reference(image, consumer=one) for one in (Consumer.KUBELET, Consumer.IMPORTER))
    yield from dict.fromkeys(one.lookup for one in found if isinstance(one, credentials.Reference))


def keys_of(secret: PullSecret) -> Iterator[RegistryKey]:
    """The registry keys of a secret that readers see, whether or not anything usable stands under them."""
    for entry in secret.payload.entries if secret.payload is not None else ():
        if entry.live and entry.registry.error is None:
            yield entry.registry
