"""What stands in the same folder as an object, or in one above or below it: found by folder, however many there are."""

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Generic, TypeVar

Row = TypeVar("Row")


def folders_above(path: str) -> Iterator[str]:
    """Yield the root, every folder above a folder, and itself."""
    yield from (path[:at] for at, sign in enumerate(path) if sign == "/")
    yield path
    if not path.startswith("/") and path:
        yield ""


class Folders(Generic[Row]):
    """Rows by the folder of the file that they stand in; the question is that of `neighbours`."""

    def __init__(self, rows: Iterable[tuple[str, Row]]) -> None:
        self._rows: dict[str, list[Row]] = {}
        for path, row in rows:
            self._rows.setdefault(posixpath.dirname(path), []).append(row)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._rows)

    def near(self, path: str) -> Iterator[Row]:
        """Yield what stands beside a file, above or below it, folder by folder."""
        here = posixpath.dirname(path)
        for folder in folders_above(here):
            yield from self._rows.get(folder, ())
        below = f"{here}/" if here else ""
        for at in range(bisect_left(self._sorted, below), len(self._sorted)):
            folder = self._sorted[at]
            if not folder.startswith(below):
                break
            if folder != here:
                yield from self._rows[folder]
