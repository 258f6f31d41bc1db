"""Work on what this process holds, done by copies of it: nothing is sent to them but what others of them found.

A copy shares all memory with this process until one of them writes to it, so that what was read need not travel. It
runs the same program, and they meet where work is shared out. What a copy does not bring, because it was killed or has
failed, is done here.
"""

import itertools
import os
import pickle
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

from linter import memory
from linter.pipes import Arriving, Leaving, Told, heard, received, send, widen
from linter.stopping import HELD, helper, masked

_Value = TypeVar("_Value")
MOST: Final = 2_000
"""So many pieces of work may be shared: their tickets, two bytes each, fit into the smallest pipe that there is."""
_TICKET: Final = 2
_NO_MORE: Final = b"\xff" * _TICKET
"""The ticket that ends a stretch."""
_LINUX: Final = sys.platform.startswith("linux")
_going: Final[list[int]] = []
"""Copies that were ended and have not gone yet: to give back their memory takes them a while."""


def able() -> bool:
    """Tell whether this process may be copied: on Linux, while it has one thread only."""
    threading = sys.modules.get("threading")  # where nobody has loaded it, there is one thread
    return _LINUX and (threading is None or threading.active_count() == 1)


def shared(count: int, do: Callable[[int], _Value], processes: int) -> list[_Value]:
    """Return `do(0)`, …, `do(count - 1)`, done in this process and `processes - 1` copies; at most `MOST` of them.

    What `do` changes in a copy stays there.
    """
    if count > MOST:
        raise ValueError(f"{count} are more than {MOST}")
    try:
        return together(lambda crew: crew.gathered(count, do) or [], min(processes, count))
    finally:
        with HELD:
            gone()


def coming(
    count: int,
    do: Callable[[int], _Value],
    processes: int,
    part: float = 0.0,
    meanwhile: Callable[[], object] = lambda: None,
) -> Generator[tuple[int, _Value], None, None]:
    """Yield `do(0)`, …, `do(count - 1)`, each with its number as soon as it is there, in any order.

    As `shared`: what is to be made of them is made here while copies do the rest. That takes such a `part` of the time
    in which one process would do all of them, and so much less of them is meant for this one, which begins with the
    first. To be closed where not all are taken. What this one does `meanwhile` it does before. Then `gone` is to be
    called.
    """
    crew = Crew(min(processes, count))
    try:
        crew.begin(lambda copy: copy.gathered(count, do))
        yield from ((number, value) for _, number, value in crew.gathering(count, do, part, meanwhile))
    finally:
        with HELD:
            crew.end()


def together(program: Callable[["Crew"], _Value], processes: int) -> _Value:
    """Return `program(crew)`, run by this process and, side by side with it, by `processes - 1` copies of it.

    Each does all of it, but for the work that the crew shares out: the program must ask each of them for the same. What
    it changes in a copy stays there. Copies are fewer where memory does not suffice for so many, and what one does not
    bring, because it has failed or may take no more, is done here, when all of them have gone. Then `gone` is to be
    called.
    """
    crew = Crew(processes)
    try:
        crew.begin(program)
        return program(crew)
    finally:
        with HELD:
            crew.end()


def gone() -> None:
    """Wait until the copies have gone that were ended: they need not be waited for while there is something to do.

    Signals are to be held meanwhile.
    """
    while _going:
        with suppress(ChildProcessError):  # the system has seen to it: SIGCHLD is ignored
            os.waitpid(_going[-1], 0)
        _going.pop()


def _stretches(count: int, processes: int, part: float | None) -> list[range]:
    """Return which pieces each process begins with, the first of them last; `part` as in `coming`, or the last ones."""
    first = count // processes if part is None else max(int(count * ((1 + part) / processes - part)), 0)
    rest = count - first
    copies = max(processes - 1, 1)
    ends = [rest * number // copies for number in range(copies + 1)]
    stretches = [range(begin, end) for begin, end in itertools.pairwise(ends)]
    if part is None:
        return [*stretches, range(rest, count)]
    return [*(range(one.start + first, one.stop + first) for one in stretches), range(first)]


class _Copy(NamedTuple):
    """A copy of this process: its number, the pipe that its results come through, and the one that leads to it."""

    pid: int
    results: int
    orders: int


class Crew:
    """The processes of one program, as one of them sees it: the first, which begins the others, or a copy of it."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        """So many were asked for."""
        self._offices: list[tuple[int, int]] = []
        """Pipes that give the tickets of pieces of work to whoever asks first, one for each process."""
        self._copies: list[_Copy] = []
        self._home: tuple[int, int] | None = None
        """In a copy, the pipe that orders come through and the one for its results."""
        self._own = -1

    def begin(self, program: Callable[["Crew"], object]) -> None:
        """Begin the copies, no more than there is memory for."""
        with HELD:
            gone()
        share = memory.shared(max(self.processes, 1))
        processes = share.processes
        with suppress(OSError):  # no more processes are allowed here: those that there are do it all
            with masked():
                for _ in range(processes if processes > 1 else 0):
                    self._offices.append(os.pipe())
            for own in range(processes - 1):
                with masked():  # else there is a copy that nobody knows of, or one that goes on as this process would
                    self._copies.append(self._copied(program, own, share.bytes))

    def _copied(self, program: Callable[["Crew"], object], own: int, most: int | None) -> _Copy:
        """Begin one copy, which may take `most` bytes."""
        pipes: list[int] = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            pid = os.fork()
        except OSError:
            for end in pipes:
                os.close(end)
            raise
        results, told, orders, order = pipes
        if pid:
            os.close(told)
            os.close(orders)
            return _Copy(pid, results, order)
        code = 1
        try:
            helper()
            memory.expendable()
            memory.bind(most)
            # Whoever waits for the first process must hear when it has gone.
            for end in (results, order, *(end for _, end in self._offices), *self._ends()):
                os.close(end)
            widen(told)
            self._copies.clear()
            _going.clear()
            self._own, self._home = own, (orders, told)
            program(self)
            code = 0
        finally:
            os._exit(code)  # nothing of the other's is to be written or tidied up twice, whatever has happened

    def share(self, count: int, do: Callable[[int], _Value]) -> list[_Value]:
        """Return `do(0)`, …, `do(count - 1)`, in each of the processes.

        Each begins with a stretch of its own, because neighbours have most in common, and then takes what is left of
        the others'; the first process begins with the last. More than `MOST` are not shared: each does all of them.
        """
        if count > MOST or not (self._copies or self._home):
            return [do(number) for number in range(count)]
        # What the others are told is pickled as it is found: else whoever is slower would begin with that at the end.
        told = Told()
        done = {}
        if self._home is not None:
            self._ordered(self._home[0])
        else:
            self._give_out(_stretches(count, len(self._offices), None))
        for number, value in self._worked(do):
            told.add(number, value)
            done[number] = value
        if self._home is not None:
            orders, home = self._home
            send(home, told.data)
            for part in pickle.loads(self._ordered(orders)):  # noqa: S301 - from what this is a copy of
                done.update(heard(part))
            return [done[number] for number in range(count)]
        parts = self._brought()
        for at, copy in enumerate(self._copies):
            self._order(copy, pickle.dumps([told.data, *parts[:at], *parts[at + 1 :]]))
        for part in parts:
            done.update(heard(part))
        return [done[number] if number in done else do(number) for number in range(count)]

    def gathered(self, count: int, do: Callable[[int], _Value]) -> list[_Value] | None:
        """Return as `share` in the first process, and None in the others."""
        if self._home is not None:
            for _ in self._brought_home(count, do):
                pass
            return None
        done = {number: value for _, number, value in self.gathering(count, do)}
        return [done[number] for number in range(count)]

    def told(
        self, count: int, do: Callable[[int], _Value], brief: Callable[[_Value], _Value]
    ) -> list[_Value]:
        """Return as `share` in the first process, and in the others what is `brief` of each."""
        if self._home is not None:
            known = {number: brief(value) for number, value in self._brought_home(count, do)}
            for part in pickle.loads(self._ordered(self._home[0])):  # noqa: S301 - from what this is a copy of
                known.update(heard(part))
            return [known[number] for number in range(count)]
        told = [Told() for _ in range(len(self._copies) + 1)]
        done = {}
        for who, number, value in self.gathering(count, do):
            done[number] = value
            if who < 0 or len(self._copies) > 1:  # nobody is told what it has done itself
                told[who].add(number, brief(value))
        for at, copy in enumerate(self._copies):
            self._order(copy, pickle.dumps([one.data for one in (*told[:at], *told[at + 1 :])]))
        return [done[number] for number in range(count)]

    def _brought_home(self, count: int, do: Callable[[int], _Value]) -> Iterator[tuple[int, _Value]]:
        """Do, in a copy, what comes to it of the pieces, and send it to the first process."""
        if self._home is not None and count <= MOST:
            leaving = Leaving(self._home[1])
            self._ordered(self._home[0])
            for number, value in self._worked(do):
                leaving.add(number, value)
                yield number, value
            leaving.end()

    def gathering(
        self,
        count: int,
        do: Callable[[int], _Value],
        part: float | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Iterator[tuple[int, int, _Value]]:
        """Yield, in the first process, each piece as soon as it is there: which copy has done it, or -1, number, piece.

        The others are asked for the same by `gathered`; `part` and `meanwhile` as in `coming`.
        """
        done = bytearray(count)
        if count <= MOST and self._copies:
            for who, number, value in self._together(count, do, part, meanwhile):
                done[number] = True
                yield who, number, value
        else:
            meanwhile()
        for number in range(count):
            if not done[number]:
                yield -1, number, do(number)

    def _together(
        self, count: int, do: Callable[[int], _Value], part: float | None, meanwhile: Callable[[], object]
    ) -> Iterator[tuple[int, int, _Value]]:
        """Do the pieces together with the copies; yield as `gathering` does those that none of them fails to bring."""
        arriving = [*enumerate(Arriving(copy.results) for copy in self._copies)]
        self._give_out(_stretches(count, len(self._offices), part))
        meanwhile()
        for number, value in self._worked(do):
            yield -1, number, value
            for who, one in arriving:
                yield from ((who, *come) for come in one.come())
        for who, one in arriving:
            yield from ((who, *come) for come in one.come(wait=True))
        if not all(one.ended for _, one in arriving):
            self.leave()

    def leave(self) -> None:
        """Go on alone: the first process ends all copies; a copy ends, because it cannot do what the others do."""
        if self._home is not None:
            os._exit(1)
        with HELD:
            self.end()
            gone()

    def end(self) -> None:
        """End all copies, and do not wait until they have gone; see `gone`."""
        with HELD:
            for copy in self._copies:
                with suppress(ProcessLookupError):  # the system has seen to it: SIGCHLD is ignored
                    os.kill(copy.pid, signal.SIGKILL)  # it is done, or nobody waits for it any more
                    _going.append(copy.pid)
            for end in (*(end for office in self._offices for end in office), *self._ends()):
                os.close(end)
            self._offices.clear()
            self._copies.clear()

    def _ends(self) -> Iterator[int]:
        for copy in self._copies:
            yield from (copy.results, copy.orders)

    def _worked(self, do: Callable[[int], _Value]) -> Iterator[tuple[int, _Value]]:
        """Do what comes to this process of the pieces that are given out."""
        for tickets, _ in [*self._offices[self._own :], *self._offices[: self._own]]:
            while (ticket := os.read(tickets, _TICKET)) != _NO_MORE:
                if not ticket:
                    self.leave()  # the first process has gone
                number = int.from_bytes(ticket, "big")
                yield number, do(number)

    def _give_out(self, stretches: Sequence[range]) -> None:
        """Put the tickets into the offices, a stretch into each, with an end for every process; tell the copies."""
        for numbers, (_, office) in zip(stretches, self._offices, strict=True):
            stretch = [number.to_bytes(_TICKET, "big") for number in numbers]
            os.write(office, b"".join([*stretch, *[_NO_MORE] * (len(self._copies) + 1)]))
        for copy in self._copies:
            self._order(copy, b"")

    def _order(self, copy: _Copy, data: bytes) -> None:
        """Send something to a copy. One that has gone is noticed where its results are missing."""
        with suppress(BrokenPipeError):
            send(copy.orders, data)

    def _ordered(self, orders: int) -> bytes:
        """Return what the first process sends; end with it."""
        data = received(orders)
        if data is None:
            os._exit(1)
        return data

    def _brought(self) -> list[bytes]:
        """Return the results of the copies, as they are pickled. When one is missing all of them are let go."""
        parts = []
        for copy in self._copies:
            data = received(copy.results)
            if data is not None:
                parts.append(data)
        if len(parts) < len(self._copies):
            self.leave()
        return parts
