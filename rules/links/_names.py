"""Names that nearly agree: which Secret a person meant who wrote the name of one that does not exist.

A guess by nature, and told as one. Measured on real repositories, the mistakes are a digit, a letter, a missing word at
one end, and the hash that kustomize puts behind a generated name.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from linter.rule import lazy

_NAME = lazy(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")
_WRITTEN = lazy(r"[A-Za-z0-9](?:[-.A-Za-z0-9_]*[A-Za-z0-9])?")
_HASH = lazy(r"-[bcdfghkmt2456789]{10}$")
"""The suffix of kustomize: ten digits of a hash in an alphabet of its own."""
_SPLIT = lazy(r"[-._]+|(?<=[a-z])(?=\d)")
_STEMS = {
    "cred": "credential",
    "creds": "credential",
    "credentials": "credential",
    "dockerconfigjson": "dockerconfig",
    "dockercfg": "dockerconfig",
    "images": "image",
    "reg": "registry",
    "registries": "registry",
    "secrets": "secret",
    "keys": "key",
}
_GENERIC = frozenset(
    {"auth", "config", "credential", "docker", "dockerconfig", "image", "key", "my", "pull", "registry", "secret"}
)


def is_name(name: str) -> bool:
    """Whether `name` can be the name of an object, so that it is neither a template nor a slip of another kind."""
    return len(name) <= 253 and _NAME.fullmatch(name) is not None


def is_written(name: str) -> bool:
    """Whether `name` is plain text, without the marks of a template, though it need not be one that an object can have.

    The API server takes any text for the name of a pull secret (Kubernetes 1.25 to 1.36).
    """
    return len(name) <= 253 and _WRITTEN.fullmatch(name.strip()) is not None


def quoted(name: str) -> str:
    """Return a name as a message shows it: in quotes where white space stands around it."""
    return name if name == name.strip() else f'"{name.encode("unicode_escape").decode()}"'


def corrected(name: str) -> str:
    """Return a name with what no object's name can hold put right: capitals, underscores, white space around it."""
    return name.strip().lower().replace("_", "-")


def without_hash(name: str) -> str:
    """Return `name` without the suffix that kustomize appends to generated names."""
    return _HASH.sub("", name)


class NearNames:
    """Known names, and which of them somebody may have meant who wrote another one.

    A name is compared with those that can be near: of the same letters or words, within two slips, or with words that
    are all in the other. So one question costs little, however many names there are.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._names = set(known)
        self._alike: dict[tuple[str, object], list[str]] = defaultdict(list)
        self._with_word: dict[str, set[str]] = defaultdict(set)
        self._trie: _Trie = {}
        self._found: dict[str, tuple[str, ...]] = {}
        for name in self._names:
            for key in _keys(name):
                self._alike[key].append(name)
            for word in set(_words(name)):
                self._with_word[word].add(name)
            node = self._trie
            for letter in name:
                node = node.setdefault(letter, {})
            node[""] = {}

    def to(self, written: str) -> tuple[str, ...]:
        """Return the names that somebody who wrote this one may have meant, the likeliest first."""
        wanted = written if is_name(written) else corrected(written)
        if wanted != written and wanted in self._names:
            return (wanted,)
        # One rule after the other asks for the same names.
        if wanted not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[wanted] = self._near(wanted)
        return self._found[wanted]

    def _near(self, wanted: str) -> tuple[str, ...]:
        near = {name for key in _keys(wanted) for name in self._alike.get(key, ())}
        slips = dict(_within_two(self._trie, wanted))
        near.update(slips)
        near.update(self._sharing(frozenset(_words(wanted))))
        ranks = [(_rank(wanted, name, slips.get(name, _MANY)), name) for name in near if name != wanted]
        ranked = [(rank, name) for rank, name in ranks if rank is not None]
        return tuple(name for _, name in sorted(ranked))

    def _sharing(self, ours: frozenset[str]) -> set[str]:
        """The names whose words are all in ours, or hold all of ours."""
        if not ours:
            return set()
        holders = sorted((self._with_word.get(word, set()) for word in ours), key=len)
        found = set.intersection(*holders)
        if len(ours) > _MOST_WORDS:
            return found.union(*holders)
        for size in range(1, len(ours)):
            for some in combinations(sorted(ours), size):
                found.update(self._alike.get(("set", frozenset(some)), ()))
        return found


_Trie = dict[str, "_Trie"]
_MOST_WORDS = 10
_REMEMBERED = 4096
_MANY = 3


def _keys(name: str) -> Iterator[tuple[str, object]]:
    """What two names have in common that are one name written differently."""
    yield "letters", re.sub(r"[-._]", "", name)
    yield "set", frozenset(_words(name))


def _within_two(trie: _Trie, wanted: str) -> Iterator[tuple[str, int]]:
    """The names that at most two slips part from `wanted`, with their number.

    A slip is a letter inserted, dropped, replaced or swapped with its neighbour. The trie is left where every way
    costs more.
    """
    first = list(range(len(wanted) + 1))
    stack: list[tuple[_Trie, str, list[int], list[int]]] = [(trie, "", first, first)]
    while stack:
        node, name, row, last = stack.pop()
        for letter, child in node.items():
            if not letter:
                if row[-1] <= 2:
                    yield name, row[-1]
                continue
            after = _row(wanted, name + letter, row, last)
            if min(after) <= 2:
                stack.append((child, name + letter, after, row))


def _row(wanted: str, name: str, row: list[int], last: list[int]) -> list[int]:
    """What it costs to make `name` of each beginning of `wanted`; `row` and `last`: of one and two letters less."""
    after = [row[0] + 1]
    letter = name[-1]
    for at, other in enumerate(wanted, 1):
        cost = min(row[at] + 1, after[at - 1] + 1, row[at - 1] + (letter != other))
        if at > 1 and len(name) > 1 and letter == wanted[at - 2] and name[-2] == other:
            cost = min(cost, last[at - 2] + 1)
        after.append(cost)
    return after


def _rank(wanted: str, known: str, slips: int) -> int | None:
    """How far `known`, so many slips away, is from `wanted`: small is near, None is no relation."""
    if without_hash(wanted) == without_hash(known):
        return 0
    if re.sub(r"[-._]", "", wanted) == re.sub(r"[-._]", "", known):
        return 1
    ours, theirs = _words(wanted), _words(known)
    if sorted(ours) == sorted(theirs):
        return 2
    if slips <= _allowed(min(len(wanted), len(known))):
        return 2 + slips
    shared = set(ours) & set(theirs)
    smaller = min(len(set(ours)), len(set(theirs)))
    if len(shared) == smaller and (shared - _GENERIC or len(shared) > 1) and not all(word.isdigit() for word in shared):
        return 5 + abs(len(ours) - len(theirs))
    return None


def _words(name: str) -> list[str]:
    return [_STEMS.get(word, word) for word in _SPLIT.split(without_hash(name)) if word]


def _allowed(length: int) -> int:
    """How many slips still look like one: short names are all alike."""
    return 0 if length < 5 else 1 if length < 9 else 2
