"""Which arguments can be judged each for itself: those that lead to no file that another one leads to as well."""

import os
from collections import Counter
from collections.abc import Sequence

from linter.sources.tree import handed


def alone(paths: Sequence[str], *, remote: bool) -> list[int]:
    """Return the indexes of arguments that have nothing to do with each other, as far as their names and files tell.

    A file is judged once in a call, whichever arguments lead to it. What comes through a pipe is read here, and so is a
    live cluster when workers are on other machines: what it takes to reach it is here.
    """
    reals = {
        number: path if path.startswith("cluster:") or "://" in path else os.path.realpath(path)
        for number, path in enumerate(paths)
        if path != "-" and handed(path) is None and not (remote and path.startswith("cluster:"))
    }
    identities = {number: _identity(real) for number, real in reals.items()}
    names, files = Counter(reals.values()), Counter(one for one in identities.values() if one is not None)
    known = set(reals.values())
    inside = {number: _above(real) & known for number, real in reals.items()}
    holding = {real for above in inside.values() for real in above}
    return [
        number
        for number, real in reals.items()
        if names[real] == 1 and _once(files, identities[number]) and not inside[number] and real not in holding
    ]


def _once(files: Counter[tuple[int, int]], identity: tuple[int, int] | None) -> bool:
    return identity is None or files[identity] == 1


def _identity(real: str) -> tuple[int, int] | None:
    """What tells a file from others, whatever it is called; None for what is none."""
    try:
        status = os.stat(real)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _above(real: str) -> set[str]:
    """Every folder above a path."""
    found = set()
    while (parent := os.path.dirname(real)) != real:
        found.add(parent)
        real = parent
    return found
