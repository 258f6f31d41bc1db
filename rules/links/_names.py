"""Names that nearly agree: which Secret a person meant who wrote the name of one that does not exist.

A guess by nature, and told as one. Measured on real repositories, the mistakes are a digit, a letter, a missing word at
one end, and the hash that kustomize puts behind a generated name.
"""

import re
from collections.abc import Iterable

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")
_HASH = re.compile(r"-[bcdfghkmt2456789]{10}$")
"""The suffix of kustomize: ten digits of a hash in an alphabet of its own."""
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\$\{\{?[^}]*\}?\}|\$\([^)]*\)|<<?[^>]*>>?|%[^%]*%")
_SPLIT = re.compile(r"[-._]+|(?<=[a-z])(?=\d)")
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


def could_be(pattern: str, name: str) -> bool:
    """Whether a templated name (`${APP}-pull`) can become `name`."""
    parts = _TEMPLATE.split(pattern)
    return len(parts) > 1 and re.fullmatch(".*".join(re.escape(part) for part in parts), name) is not None


def without_hash(name: str) -> str:
    """Return `name` without the suffix that kustomize appends to generated names."""
    return _HASH.sub("", name)


def near_misses(wanted: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return those of `known` that somebody who wrote `wanted` may have meant, the likeliest first."""
    ranked = [(rank, name) for name in set(known) if name != wanted and (rank := _rank(wanted, name)) is not None]
    return tuple(name for _, name in sorted(ranked))


def _rank(wanted: str, known: str) -> int | None:
    """How far `known` is from `wanted`: small is near, None is no relation."""
    if without_hash(wanted) == without_hash(known):
        return 0
    if re.sub(r"[-._]", "", wanted) == re.sub(r"[-._]", "", known):
        return 1
    ours, theirs = _words(wanted), _words(known)
    if sorted(ours) == sorted(theirs):
        return 2
    slips = _distance(wanted, known)
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


def _distance(one: str, other: str) -> int:
    """The number of letters inserted, dropped, replaced or swapped with their neighbour."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row, last = row, [i], before
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
