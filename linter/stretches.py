"""Where two texts differ: the one stretch outside which they are the same."""

from linter.record import NamedTuple


class Change(NamedTuple):
    """What a new text puts in the place of the characters `start` to `end` of the old one."""

    start: int
    end: int
    text: str


def change(base: str, new: str) -> Change:
    """The smallest change of one stretch that makes `new` of `base`."""
    start = _alike(base, new, min(len(base), len(new)))
    most = min(len(base), len(new)) - start
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if base.endswith(new[len(new) - middle : len(new) - low], 0, len(base) - low):
            low = middle
        else:
            high = middle - 1
    return Change(start, len(base) - low, new[start : len(new) - low])


def _alike(base: str, new: str, most: int) -> int:
    """How many signs both begin with; what was compared once is not compared again."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if base.startswith(new[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low
