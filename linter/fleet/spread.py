"""The files of one input read in several processes, and given back in their order."""

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from linter import forks
from linter.documents import collector_off
from linter.engine import Entered, Entry, Had, Meanwhile, Spread
from linter.exhausted import wanting
from linter.fleet.executors import Executor, LostError, Pending, Workers, is_done, outcome, taken_back
from linter.inventory.kept import Keeper
from linter.sources import Artifact, Limits
from linter.taking import Taken, arrived, leaving, packed, take_artifact, unpacked

_WORTH: Final = 2 * 2**20
"""Bytes from which on more processes save more time than they take to begin."""
_PIECES: Final = 8
"""Into so many pieces for each process the files are parted: few enough to cost little, enough to end together."""

_PART_BITS: Final = 40
"""No process counts as many parts as this many bits tell."""
_SMALL_PIECES: Final = 32
"""The same where a copy of this process reads, which takes the next piece for next to nothing."""
_SMALL: Final = 2**20
"""Bytes of such a piece, of which there are as many as there may be: what a copy has read is taken in soon."""

_JOINING: Final = 0.3
"""What to take in what copies have read, and to sort all of it, takes, as a part of the time for reading it."""

_File = tuple[str, str, bool]


def read_files(files: Sequence[_File], limits: Limits, keep: int) -> list[bytes]:
    """Read files, in a worker: display path, real path, and whether it was named. `keep` 0 lets nothing go."""
    keeper = Keeper() if keep else None
    artifacts = (Artifact(path, 0, limits=limits, file=file, named=named) for path, file, named in files)
    return [packed(take_artifact(artifact, keeper)._replace(seen=artifact.seen)) for artifact in artifacts]


def in_processes(executor: Workers, jobs: int) -> Spread:
    """Return what reads plain files on an executor, where that is worth it; the rest is left to whoever asks.

    Where the executor has fewer processes than `jobs`, this one is the last of them: it reads what none has begun.
    """

    def spread(entries: Iterator[Entry], keeper: Keeper | None, had: Had, meanwhile: Meanwhile) -> Entered:
        found = list(entries)
        files = [one for one in found if isinstance(one, Artifact) and one.file]
        sizes = [max(one.size, 0) for one in files]
        if len(files) < 2 or sum(sizes) < _WORTH:
            meanwhile()
            yield from found
            return
        if forks.able():
            count = min(max(jobs * _SMALL_PIECES, sum(sizes) // _SMALL), forks.MOST)
            small = list(_pieces(files, sizes, sum(sizes) // count + 1))
            with closing(_copied(small, jobs, keeper, had, meanwhile)) as read:
                yield from ((one, next(read)) if isinstance(one, Artifact) and one.file else one for one in found)
                next(read, None)  # to its end: an interrupt is lost where a generator is left in the middle
            return
        pieces = list(_pieces(files, sizes, sum(sizes) // (jobs * _PIECES) + 1))
        pending = [_submitted(executor, piece, keep=keeper is not None) for piece in pieces]
        meanwhile()
        late = _results(executor, pieces, pending, keeper, reads=executor.slots < jobs)
        for entry in found:
            if isinstance(entry, Artifact) and entry.file and (taken := next(late)) is not None:
                yield entry, taken
            else:
                yield entry
        executor.renew()  # what comes next may need this process to have one thread only

    return spread


def _copied(
    pieces: Sequence[Sequence[Artifact]], jobs: int, keeper: Keeper | None, had: Had, meanwhile: Meanwhile
) -> Generator[Taken, None, None]:
    """Yield what this process and copies of it take of the files, in their order; the last two as in `Spread`.

    What wants more memory than a copy may take is read here once more, when the copies have gone.
    """
    here = os.getpid()

    def one(number: int) -> tuple[int, list[Any]]:
        taken = [take_artifact(artifact, keeper) for artifact in pieces[number]]
        pid = os.getpid()
        if pid == here:
            return pid, taken
        # Two of its parts may have one number, one from there and one from here.
        seen = (artifact.seen for artifact in pieces[number])
        return pid, [leaving(one, pid << _PART_BITS, was) for one, was in zip(taken, seen, strict=True)]

    short: set[int] = set()
    early: dict[int, list[Taken]] = {}
    due = 0
    with collector_off(), closing(forks.coming(len(pieces), one, jobs, _JOINING, meanwhile)) as coming:
        for number, (pid, told) in coming:
            taken = told
            if pid != here:
                taken = [arrived(one.path, got, keeper) for one, got in zip(pieces[number], told, strict=True)]
            early[number] = taken
            if pid != here and any(wanting(one.lost) for one in taken):
                short.add(number)
            had([held for one in taken for held in one.documents])
            while due in early and due not in short:
                yield from early.pop(due)
                due += 1
    for number in range(due, len(pieces)):
        again = number in short
        for artifact, taken_once in zip(pieces[number], early.pop(number), strict=True):
            yield take_artifact(artifact, keeper) if again and wanting(taken_once.lost) else taken_once


def _pieces(files: Sequence[Artifact], sizes: Sequence[int], most: int) -> Iterator[list[Artifact]]:
    piece: list[Artifact] = []
    size = 0
    for artifact, more in zip(files, sizes, strict=True):
        piece.append(artifact)
        size += more
        if size >= most:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _submitted(executor: Executor, piece: Sequence[Artifact], *, keep: bool) -> Pending | None:
    files = [(one.path, one.file, one.named) for one in piece]
    try:
        return executor.submit(read_files, files, piece[0].limits, int(keep))
    except RuntimeError:  # the pool broke meanwhile
        return None


def _results(
    executor: Workers,
    pieces: Sequence[Sequence[Artifact]],
    pending: Sequence[Pending | None],
    keeper: Keeper | None,
    *,
    reads: bool,
) -> Iterator[Taken | None]:
    """Yield what was taken of each file; None for what is to be read here.

    That is a piece whose process was lost, or a file that wants more memory than its share.
    """
    own: dict[int, list[Taken]] = {}
    left = len(pieces) if reads else 0
    for number, (piece, one) in enumerate(zip(pieces, pending, strict=True)):
        while one is not None and number not in own and not is_done(one):
            left = _unbegun(pending, number, left)
            if left <= number:
                break
            own[left] = [take_artifact(artifact, keeper) for artifact in pieces[left]]
        if number in own:
            yield from own.pop(number)
            continue
        if one is not None:
            executor.wait([one])
        result = LostError("") if one is None else outcome(one)
        if isinstance(result, LostError):
            yield from (None for _ in piece)
        elif isinstance(result, Exception):
            raise result
        else:
            for artifact, data in zip(piece, result, strict=True):
                taken = unpacked(artifact.path, data, keeper)
                yield None if executor.whole is not None and wanting(taken.lost) else taken


def _unbegun(pending: Sequence[Pending | None], first: int, end: int) -> int:
    """Take back the last piece between `first` and `end` that nobody has begun; `first` when there is none."""
    for number in range(end - 1, first, -1):
        one = pending[number]
        if one is not None and taken_back(one):
            return number
    return first


def remembered(taken: Mapping[str, Taken], then: Spread | None) -> Spread:
    """Return what gives artifacts back that were read before, by path, and leaves the others to `then`."""

    def spread(entries: Iterator[Entry], keeper: Keeper | None, had: Had, meanwhile: Meanwhile) -> Entered:
        rest = list(entries)
        new = iter(entry for entry in rest if not _known(entry, taken))
        read = iter(new if then is None else then(new, keeper, had, meanwhile))
        for entry in rest:
            if isinstance(entry, Artifact) and _known(entry, taken):
                yield entry, taken[entry.path]
            else:
                yield next(read)

    return spread


def _known(entry: Entry, taken: Mapping[str, Taken]) -> bool:
    return isinstance(entry, Artifact) and bool(entry.file) and entry.path in taken
