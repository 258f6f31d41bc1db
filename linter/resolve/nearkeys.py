"""Of many registry keys those that can nearly match an image: most are of registries that nobody mistakes for its own.

Nothing is decided here. `near_miss` says whether a key misses an image narrowly; that it does not is known of most keys
by their host alone, and of the others of one registry by their path.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final, TypeVar

from linter.inventory.lately import Lately
from linter.resolve.letters import Letters
from linter.resolve.near import ALIKE, HUB, HUB_NAMES, Spelling, host_of, spelling

_PATTERN: Final = frozenset("*?[\\")
_SLIPS: Final = 2
_HOSTS: Final = 1024
"""For so many hosts it is known which keys may be meant."""
_Value = TypeVar("_Value")
_LIBRARY: Final = f"{HUB}/library/"


class NearKeys:
    """Registry keys by their place, found by the images that they may miss narrowly."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = keys
        self._known: Lately[tuple[str, bool], tuple[int, ...]] = Lately(_HOSTS)
        self._paths: dict[str, Letters] = {}

    @cached_property
    def _spelt(self) -> list[Spelling]:
        return [spelling(key) for key in self._keys]

    def meant(self, lookup: str, *, typos: bool = True) -> list[int]:
        """Return the places of the keys that can be mistakes for `lookup`: no other has a near miss up to `SURE`.

        Without `typos` those of which a near miss up to 1 is possible, when `near_miss` is asked without them.
        """
        host = host_of(lookup)
        known = self._known.get((host, typos))
        if known is None:
            known = self._known.put((host, typos), tuple(sorted(self._of_registry(host, typos=typos))))
        more = {*self._in_place_of_a_host(lookup), *(self._alike(host, lookup) if typos else ())}
        return sorted(more.union(known)) if more else list(known)

    def of_host(self, lookup: str) -> list[int]:
        """Return the places of the keys of its registry that are for another path, as far as is told by no slip."""
        return self._plain.get(host_of(lookup), [])

    @cached_property
    def _plain(self) -> dict[str, list[int]]:
        return _table((one.host, place) for place, one in enumerate(self._spelt) if one.plain)

    @cached_property
    def _patterns(self) -> list[int]:
        return [place for place, one in enumerate(self._spelt) if any(_PATTERN & {*name} for name in one.names)]

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return _table((_bare(name), place) for place, one in enumerate(self._spelt) for name in one.names)

    @cached_property
    def _by_host(self) -> dict[str, list[int]]:
        return _table((one.host, place) for place, one in enumerate(self._spelt))

    def _of_registry(self, host: str, *, typos: bool) -> set[int]:
        """The places of the keys that can be meant for some image of this host."""
        names = (_bare(host), *HUB_NAMES) if host == HUB else (_bare(host),)
        found = {place for name in names for place in self._by_name.get(name, ())}
        found.difference_update(self._plain.get(host, ()))
        found.update(self._patterns)
        if typos:
            found.update(place for name in self._resembling(host) for place in self._by_host[name] if name != host)
        return found

    def _in_place_of_a_host(self, lookup: str) -> Iterator[int]:
        """The keys whose host is the beginning of the path of an image of Docker Hub."""
        first, _, rest = lookup.removeprefix(f"{HUB}/").partition("/")
        if lookup.startswith(f"{HUB}/") and rest:
            yield from self._by_host.get(first, ())
        if lookup.startswith(_LIBRARY):
            name = rest.partition("/")[0]
            for end in range(1, len(name) + 1):
                yield from self._by_host.get(name[:end], ())

    def _alike(self, host: str, lookup: str) -> Iterator[int]:
        """The plain keys of a host whose path can be one with slips."""
        places = self._plain.get(host)
        if places is None:
            return
        if host not in self._paths:
            self._paths[host] = Letters(self._spelt[place].path for place in places)
        target = lookup.partition("/")[2]
        for place, (common, length) in zip(places, self._paths[host].common(target), strict=True):
            if 2.0 * common / (length + len(target)) >= ALIKE:
                yield place

    @cached_property
    def _hosts(self) -> list[str]:
        return list(self._by_host)

    @cached_property
    def _letters(self) -> Letters:
        return Letters(self._hosts)

    @cached_property
    def _by_head(self) -> dict[str, list[str]]:
        return _table((_head(host), host) for host in self._hosts)

    @cached_property
    def _backward(self) -> list[str]:
        return sorted(host[::-1] for host in self._hosts)

    def _resembling(self, host: str) -> Iterator[str]:
        """The hosts that this one is a domain of, or below, or differs from by a few letters or in its last label."""
        above = host
        while "." in above:
            above = above.partition(".")[2]
            if above in self._by_host:
                yield above
        start = f".{host}"[::-1]
        for at in range(bisect_left(self._backward, start), len(self._backward)):
            if not self._backward[at].startswith(start):
                break
            yield self._backward[at][::-1]
        yield from self._by_head.get(_head(host), ())
        for name, (common, length) in zip(self._hosts, self._letters.common(host), strict=True):
            if common >= max(length, len(host)) - _SLIPS:
                yield name


def _table(rows: Iterable[tuple[str, _Value]]) -> dict[str, list[_Value]]:
    found: dict[str, list[_Value]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return dict(found)


def _bare(host: str) -> str:
    """A host without its port, in lower case."""
    return host.partition(":")[0].lower()


def _head(host: str) -> str:
    """A host without its last label and port."""
    return host.partition(":")[0].rpartition(".")[0]
