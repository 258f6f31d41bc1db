"""Who in a scan holds a credential for an image: found by the key under which it stands, not secret by secret.

Thousands of secrets hold one registry, and thousands of pulls ask for it: what is common to all that stand under one
key is found once, and of the secrets no more are looked at than whoever asks wants to see.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from heapq import merge
from typing import Final

from linter.credentials import Entry, KeyIndex
from linter.inventory.records import PullSecret
from linter.resolve.near import HUB

_HUB_HOST: Final = "index.docker.io"

_Row = tuple[int, PullSecret]
_Ranked = tuple[int, int, PullSecret]


class _Group:
    """The secrets with a credential under keys that match alike, in the order of the scan, and by namespace."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows: list[_Row] = []
        self.spaces: dict[str, list[_Row]] = {}

    def add(self, order: int, secret: PullSecret) -> None:
        row = order, secret
        self.rows.append(row)
        self.spaces.setdefault(secret.namespace, []).append(row)

    def lists(self, namespace: str) -> list[list[_Row]]:
        """Return the lists of those that can be in `namespace`."""
        if not namespace:
            return [self.rows]
        return [self.spaces[space] for space in (namespace, "") if space in self.spaces]


class Holders:
    """The secrets of a scan by what they hold a credential for; those under the image's own host come first."""

    def __init__(self, rows: Iterable[tuple[PullSecret, Entry]]) -> None:
        """Take every entry with a credential, in the order of the scan."""
        self._rows = rows
        self._indexes: dict[str, KeyIndex[_Group]] = {}

    @cached_property
    def _groups(self) -> dict[str, dict[tuple[object, ...], tuple[Entry, _Group]]]:
        """The groups by the host of their keys, those with a wildcard under ""."""
        table: dict[str, dict[tuple[object, ...], tuple[Entry, _Group]]] = {}
        for order, (secret, entry) in enumerate(self._rows):
            key = entry.registry
            groups = table.setdefault("" if key.glob else key.host, {})
            alike = key.labels, key.port, key.prefix, key.path
            if alike not in groups:
                groups[alike] = entry, _Group(key.path)
            groups[alike][1].add(order, secret)
        return table

    def _matching(self, host: str, lookup: str) -> list[_Group]:
        index = self._indexes.get(host)
        if index is None:
            groups = self._groups.get(host, {}).values()
            index = self._indexes[host] = KeyIndex((entry.registry, group) for entry, group in groups)
        return index.matching(lookup)

    def _ranked(self, lookup: str) -> list[tuple[int, _Group]]:
        """The groups that hold a credential for `lookup`: those of its host, the wildcards, the Hub's own key."""
        host = lookup.partition("/")[0]
        found = [(0, group) for group in self._matching(host, lookup)]
        found += [(1, group) for group in self._matching("", lookup)]
        if host == HUB:
            found += [(2, group) for _, group in self._groups.get(_HUB_HOST, {}).values() if not group.path]
        return found

    def first(self, lookup: str, *, pathed: bool = False) -> PullSecret | None:
        """Return the first secret, linked or not and of whatever type, with a credential for `lookup`.

        `pathed`: only one whose key has a path counts.
        """
        found = [(rank, *group.rows[0]) for rank, group in self._ranked(lookup) if group.path or not pathed]
        return min(found, key=lambda row: row[:2])[2] if found else None

    def any_in(self, namespace: str, lookup: str) -> bool:
        """Whether a secret that can be in `namespace` holds a credential for `lookup`."""
        return any(group.lists(namespace) for _, group in self._ranked(lookup))

    def of(self, namespace: str, lookup: str) -> Iterator[PullSecret]:
        """Yield the secrets that can be in `namespace` and hold a credential for `lookup`, each once."""
        lists = [(rank, rows) for rank, group in self._ranked(lookup) for rows in group.lists(namespace)]
        seen: set[int] = set()
        for _, _, secret in merge(*(_with(rank, rows) for rank, rows in lists), key=lambda row: row[:2]):
            if id(secret.object) not in seen:
                seen.add(id(secret.object))
                yield secret


def _with(rank: int, rows: list[_Row]) -> Iterator[_Ranked]:
    return ((rank, order, secret) for order, secret in rows)
