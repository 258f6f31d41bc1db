"""Data that stays for a whole call and is seldom looked at: packed in groups, opened when one is asked for.

A dump holds a hundred thousand objects, and rules look at most of them a few times, in the order in which they were
read. So neighbours are packed together, which makes what they have in common cost next to nothing, and only the groups
that were asked for last are open. Below a bound nothing is packed.
"""

import marshal
from collections import OrderedDict
from typing import Any, Final

_GROUP: Final = 32 * 2**10
"""Bytes of plain data from which on a group is packed."""
_ROWS_BITS: Final = 10
_ROWS: Final = 1 << _ROWS_BITS
"""So many rows a group holds at most."""
_OPEN: Final = 24
"""So many packed groups are held open."""
_LOOSE: Final = 6 * 2**20
"""Bytes of plain data up to which nothing is packed: a call of common size opens nothing twice."""


class Shelf:
    """Rows of plain data, each known by a number. What is returned is shared: nobody may change it.

    Nothing is packed before there are more than `loose` bytes of it.
    """

    __slots__ = ("_count", "_filling", "_groups", "_left", "_open", "_size")

    def __init__(self, loose: int = _LOOSE) -> None:
        self._groups: list[bytes | list[Any]] = []
        self._left = loose
        self._filling: list[Any] = []
        self._size = 0
        self._count = 0
        self._open: OrderedDict[int, list[Any]] = OrderedDict()

    @property
    def loose(self) -> bool:
        """Whether all rows are as they were put there."""
        return self._left > 0

    def put(self, row: Any, size: int) -> int:
        """Keep a row that `marshal` can write, about `size` bytes of it, and return its number."""
        if self._size >= _GROUP or len(self._filling) == _ROWS:
            self._pack()
        self._filling.append(row)
        self._size += size
        self._count += 1
        return (len(self._groups) << _ROWS_BITS) + len(self._filling) - 1

    def get(self, number: int) -> Any:
        """Return the row of that number."""
        group = number >> _ROWS_BITS
        if group == len(self._groups):
            return self._filling[number & _ROWS - 1]
        packed = self._groups[group]
        if isinstance(packed, list):
            return packed[number & _ROWS - 1]
        rows = self._open.get(group)
        if rows is None:
            import zlib  # noqa: PLC0415 - calls of common size pack nothing

            rows = self._open[group] = marshal.loads(zlib.decompress(packed))  # noqa: S302 - written below
            if len(self._open) > _OPEN:
                self._open.popitem(last=False)
        else:
            self._open.move_to_end(group)
        return rows[number & _ROWS - 1]

    def __len__(self) -> int:
        """How many rows there are."""
        return self._count

    def _pack(self) -> None:
        if self._left > 0:
            self._left -= self._size
            self._groups.append(self._filling)
            self._filling, self._size = [], 0
            return
        import zlib  # noqa: PLC0415 - as above

        # The fastest level: a higher one saves a tenth and takes twice as long.
        self._groups.append(zlib.compress(marshal.dumps(self._filling), 1))
        self._open[len(self._groups) - 1] = self._filling
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)
        self._filling, self._size = [], 0
