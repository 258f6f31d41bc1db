"""A call whose parts go into a history as they come, each in one transaction, and that can be taken up again.

What is kept of a part for that is its masked result, as the JSON report would hold it, in JSON and never pickled: a
database may be written by others.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from linter.errors import HistoryError, UsageError
from linter.fleet.digests import key
from linter.fleet.keeping import Passing, Tell
from linter.fleet.work import Part, Unit
from linter.history.observe import annotated, names_of
from linter.history.records import Recorded, Saved
from linter.model import Run
from linter.suppress import Standing

if TYPE_CHECKING:
    from linter.history.store import Store

_LEVEL = 6
_MOST = 2**29
"""The most bytes that a kept result may unpack to: an input with a larger one is judged again."""


class _Kept(NamedTuple):
    """What is kept of a part: its run as the history has left it, and the names of its clusters in the history."""

    run: Run
    standings: tuple[Standing, ...]
    names: tuple[str, ...]


class Storing(Passing):
    """Keeps the parts of a call in a history; with `resume`, has those from it that were kept before.

    `failed` is the first error of the history: from then on nothing more is stored, and the call goes on. `stored`
    counts the inputs that are in the history.
    """

    def __init__(
        self, store: "Store", paths: Sequence[str], given: Sequence[str], *, resume: bool, tell: Tell | None = None
    ) -> None:
        super().__init__(len(paths), tell)
        self._store = store
        self._given = tuple(given)
        self._resume = resume
        self._paths = tuple(paths)
        self._keys: dict[int, str] = {}
        self.failed: HistoryError | None = None
        self.stored = 0
        for entry in self._given:
            origin, mark, _ = entry.rpartition("=")
            if mark and not any(_leads(path, origin) for path in paths):
                raise UsageError(f"--history-name {entry}: {origin} is no input of this call")

    def before(self, unit: Unit) -> Part | None:
        """Return what was kept of the same input with the same settings."""
        self._keys[unit.number] = key(unit)
        if not self._resume or not self._keys[unit.number]:
            return None
        data = self._store.saved(self._keys[unit.number])
        kept = _decoded(data) if data is not None else None
        if kept is None:
            return None
        self.stored += 1
        run = kept.run._replace(trend=self._store.trends(kept.names))
        return Part(unit.number, run, kept.standings)

    def names(self, paths: Sequence[str]) -> tuple[str, ...] | None:
        """Return the names given for these arguments; one that names no argument is for the only scan of a call."""
        whole = tuple(paths) == self._paths
        found = []
        for entry in self._given:
            origin, mark, _ = entry.rpartition("=")
            if (whole and not mark) or (mark and any(_leads(path, origin) for path in paths)):
                found.append(entry)
        return tuple(found)

    def _refuse_names(self, paths: Sequence[str]) -> None:
        """Refuse a name for the only scan where there turn out to be several."""
        for entry in self._given if tuple(paths) != self._paths else ():
            if "=" not in entry:
                raise UsageError(
                    f"--history-name {entry}: this call judges several clusters: name each as INPUT={entry}"
                )

    def keep(self, unit: Unit, came: Part) -> Part:
        """Store a part in one transaction, with what it takes to have it again."""
        self._refuse_names((unit.path,))
        names = names_of(came.run, unit.names or ())

        def save(recorded: Recorded) -> Saved | None:
            run = annotated(came.run, recorded, names)._replace(trend=None)
            data = _encoded(_Kept(run, came.standings, tuple(dict.fromkeys(names.values()))))
            under = self._keys.get(unit.number, "")
            return Saved(under, unit.path, data) if under and data is not None else None

        return self._stored(came, names, save)

    def rest(self, came: Part, paths: Sequence[str]) -> Part:
        """Store what was judged together; it is judged again in any call."""
        self._refuse_names(paths)
        scans = (one.name for one in came.run.scans)
        return self._stored(came, dict(zip(scans, (one.series for one in came.observations), strict=True)), None)

    def _stored(
        self, came: Part, names: Mapping[str, str], save: Callable[[Recorded], Saved | None] | None
    ) -> Part:
        if self.failed is not None:
            return came
        try:
            recorded = self._store.record(came.observations, save)
        except HistoryError as error:
            self.failed = error
            return came
        self.stored += 1
        return came._replace(run=annotated(came.run, recorded, names))


def _leads(path: str, origin: str) -> bool:
    """Whether `origin` is an argument, or the root of a dump that stands in it."""
    return origin == path or origin.startswith((f"{path.rstrip('/')}/", f"{path}!/"))


def _encoded(kept: _Kept) -> bytes | None:
    """Return a part as packed JSON; None for what JSON cannot hold, such as half of a character in a name."""
    try:
        return zlib.compress(msgspec.json.encode(kept), _LEVEL)
    except (UnicodeEncodeError, TypeError, ValueError):
        return None


def _decoded(data: bytes) -> _Kept | None:
    """Return the part that was kept; None for what is none, whoever wrote it."""
    try:
        stream = zlib.decompressobj()
        text = stream.decompress(data, _MOST)
        return None if stream.unconsumed_tail else msgspec.json.decode(text, type=_Kept)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
