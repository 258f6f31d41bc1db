"""Documents that wait to be written, as compressed lines of JSON: a number and data each."""

import json
import zlib
from collections.abc import Iterator
from typing import Any, Final

from linter.collecting.pieces import ITEMS

_STEP: Final = 64 * 2**10


def squeezed(pieces: list[Any], *, in_lines: bool) -> bytes:
    """Return documents as compressed lines of JSON, and let go of each; with `in_lines`, one for each item of a list.

    A line before the items tells how many follow.
    """
    squeezed = Squeezed()
    for at, piece in enumerate(pieces):
        pieces[at] = None
        listed = piece.get(ITEMS) if in_lines and isinstance(piece, dict) else None
        if not isinstance(listed, list) or not listed:
            squeezed.add(0, piece)
            continue
        squeezed.add(len(listed), {**piece, ITEMS: []})
        for number, item in enumerate(listed):
            squeezed.add(0, item)
            listed[number] = None
    return squeezed.end()


class Squeezed:
    """Lines of JSON, compressed as they come: each a number and data."""

    def __init__(self) -> None:
        self._pack = zlib.compressobj(1)
        self._made = bytearray()

    def add(self, mark: int, value: Any) -> None:
        """Add a line."""
        self._made += self._pack.compress(json.dumps([mark, value]).encode() + b"\n")

    def end(self) -> bytes:
        """Return all lines."""
        self._made += self._pack.flush()
        return bytes(self._made)


def unsqueezed(packed: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the lines of `squeezed`, decompressed as they are asked for."""
    unpack, rest = zlib.decompressobj(), b""
    for start in range(0, len(packed), _STEP):
        *lines, rest = (rest + unpack.decompress(packed[start : start + _STEP])).split(b"\n")
        for line in lines:
            mark, value = json.loads(line)
            yield mark, value
