"""Work on what this process holds, done by copies of it: nothing is sent to them but what others of them found.

A copy shares all memory with this process until one of them writes to it, so that what was read need not travel. It
runs the same program, and they meet where work is shared out. What a copy does not bring, because it was killed or has
failed, is done here.
"""

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

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


def able() -> bool:
    """Tell whether this process may be copied: on Linux, while it has one thread only."""
    threading = sys.modules.get("threading")  # where nobody has loaded it, there is one thread
    return _LINUX and (threading is None or threading.active_count() == 1)


def _unheard(_: int, __: Any) -> None:
    pass


def shared(
    count: int, do: Callable[[int], _Value], processes: int, had: Callable[[int, _Value], None] = _unheard
) -> list[_Value]:
    """Return `do(0)`, …, `do(count - 1)`, in this process and `processes - 1` copies; at most `MOST` of them.

    What `do` changes in a copy stays there. `had` is told here of each by its number as soon as it is there, in any
    order: what is to be made of it is made while copies do the rest.
    """
    if count > MOST:
        raise ValueError(f"{count} are more than {MOST}")
    return together(lambda crew: crew.gathered(count, do, had) or [], min(processes, count))


def together(program: Callable[["Crew"], _Value], processes: int) -> _Value:
    """Return `program(crew)`, run by this process and, side by side with it, by `processes - 1` copies of it.

    Each does all of it, but for the work that the crew shares out: the program must ask each of them for the same. What
    it changes in a copy stays there. Copies are fewer where memory does not suffice for so many, and what one does not
    bring, because it has failed or may take no more, is done here, when all of them have gone.
    """
    crew = Crew(processes)
    try:
        crew.begin(program)
        return program(crew)
    finally:
        with HELD:
            crew.leave()


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
        done = self._worked(count, do, told.add)
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

    def gathered(
        self, count: int, do: Callable[[int], _Value], had: Callable[[int, _Value], None] = _unheard
    ) -> list[_Value] | None:
        """Return as `share` in the first process, and None in the others; `had` as in `shared`."""
        if self._home is not None:
            self._brought_home(count, do)
            return None
        done: dict[int, _Value] = {}

        def take(number: int, value: _Value) -> None:
            done[number] = value
            had(number, value)

        if count <= MOST and self._copies:
            self._taken(count, do, take)
        for number in range(count):
            if number not in done:
                take(number, do(number))
        return [done[number] for number in range(count)]

    def told(
        self, count: int, do: Callable[[int], _Value], brief: Callable[[_Value], _Value]
    ) -> list[_Value]:
        """Return as `share` in the first process, and in the others what is `brief` of each."""
        if self._home is not None:
            self._brought_home(count, do)
            done = dict(heard(self._ordered(self._home[0])))
            return [done[number] for number in range(count)]
        if not self._copies:
            return [do(number) for number in range(count)]
        told = Told()
        values = self.gathered(count, do, lambda number, value: told.add(number, brief(value))) or []
        for copy in self._copies:
            self._order(copy, told.data)
        return values

    def _brought_home(self, count: int, do: Callable[[int], _Value]) -> None:
        """Do, in a copy, what comes to it of the pieces, and send it to the first process."""
        if self._home is not None and count <= MOST:
            leaving = Leaving(self._home[1])
            self._worked(count, do, leaving.add)
            leaving.end()

    def _taken(self, count: int, do: Callable[[int], _Value], take: Callable[[int, _Value], None]) -> None:
        """Do the pieces together with the copies; `take` each as soon as it is there."""
        arriving = [Arriving(copy.results) for copy in self._copies]

        def found(number: int, value: _Value) -> None:
            take(number, value)
            for one in arriving:
                one.hand(take)

        self._worked(count, do, found)
        for one in arriving:
            one.hand(take, wait=True)
        if not all(one.ended for one in arriving):
            self.leave()

    def leave(self) -> None:
        """Go on alone: the first process ends all copies; a copy ends, because it cannot do what the others do."""
        if self._home is not None:
            os._exit(1)
        with HELD:
            for copy in self._copies:
                with suppress(ProcessLookupError, ChildProcessError):  # the system has seen to it: SIGCHLD is ignored
                    os.kill(copy.pid, signal.SIGKILL)  # it is done, or nobody waits for it any more
                    os.waitpid(copy.pid, 0)
            for end in (*(end for office in self._offices for end in office), *self._ends()):
                os.close(end)
            self._offices.clear()
            self._copies.clear()

    def _ends(self) -> Iterator[int]:
        for copy in self._copies:
            yield from (copy.results, copy.orders)

    def _worked(
        self, count: int, do: Callable[[int], _Value], found: Callable[[int, _Value], None]
    ) -> dict[int, _Value]:
        """Do what comes to this process of the pieces that are shared out, once all have done what came before.

        `found` is told of each at once.
        """
        if self._home is not None:
            self._ordered(self._home[0])
        else:
            self._give_out(count)
        done = {}
        for tickets, _ in [*self._offices[self._own :], *self._offices[: self._own]]:
            while (ticket := os.read(tickets, _TICKET)) != _NO_MORE:
                if not ticket:
                    self.leave()  # the first process has gone
                number = int.from_bytes(ticket, "big")
                done[number] = do(number)
                found(number, done[number])
        return done

    def _give_out(self, count: int) -> None:
        """Put the tickets into the offices, parted evenly, each with an end for every process; tell the copies."""
        offices = len(self._offices)
        for at, (_, office) in enumerate(self._offices):
            numbers = range(count * at // offices, count * (at + 1) // offices)
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
