"""Line and column of a character, in a text that is asked about many times: a payload with thousands of entries."""

from bisect import bisect_right
from functools import lru_cache


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of the character at an offset, both counted from 1; a line feed ends a line."""
    starts = _starts(text)
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


@lru_cache(maxsize=4)
def _starts(text: str) -> tuple[int, ...]:
    starts = [0]
    while at := text.find("\n", starts[-1]) + 1:
        starts.append(at)
    return tuple(starts)
