"""A name that no Secret has: what it may have been meant to be. Guesses, and told as such."""

import re
from difflib import get_close_matches
from typing import Final, NamedTuple

from linter.inventory.inventory import Inventory, compatible

_HASH: Final = re.compile(r"-[bcdfghkmt2456789]{10}$")
"""What kustomize appends to generated names."""


class Whereabouts(NamedTuple):
    """Where a missing name leads: the nearest name of the namespace (""), and other namespaces that hold the name."""

    nearest: str = ""
    elsewhere: tuple[str, ...] = ()


def whereabouts(inventory: Inventory, namespace: str, name: str) -> Whereabouts:
    """Look for a missing name among the secrets of the scan."""
    names = inventory.secret_names
    elsewhere = tuple(sorted(space for space in names.get(name, ()) if space and space != namespace))
    here = [other for other, spaces in names.items() if any(compatible(space, namespace) for space in spaces)]
    return Whereabouts(_nearest(name, here), elsewhere)


def _nearest(name: str, known: list[str]) -> str:
    bare = _HASH.sub("", name)
    for other in sorted(known):
        stem = _HASH.sub("", other)
        if stem == bare or stem.endswith(f"-{bare}") or stem.startswith(f"{bare}-"):
            return other
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    return near[0] if near else ""
