"""Work on what this process holds, done by copies of it: nothing is sent to them, and only results come back.

A copy shares all memory with this process until one of them writes to it, so that what was read and joined need not
travel. What a copy does not bring back, because it was killed or has failed, is done here.
"""

import io
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from linter import memory
from linter.secret import Sensitive
from linter.stopping import HELD, helper, masked

_Value = TypeVar("_Value")
MOST: Final = 2_000
"""So many pieces of work may be shared: their tickets, two bytes each, fit into the smallest pipe that there is."""
_TICKET: Final = 2
_LINUX: Final = sys.platform.startswith("linux")


def able() -> bool:
    """Tell whether this process may be copied: on Linux, while it has one thread only."""
    import threading  # noqa: PLC0415 - one process needs none of this

    return _LINUX and threading.active_count() == 1


def shared(count: int, do: Callable[[int], _Value], processes: int) -> list[_Value]:
    """Return `do(0)`, …, `do(count - 1)`, in this process and `processes - 1` copies.

    At most `MOST` of them. Each process begins with a stretch of its own, because neighbours have most in common, and
    then takes what is left of the others'; this process begins with the last, and what it does need not travel. What
    `do` changes in a copy stays there. Copies are fewer where memory does not suffice for so many, and what one does
    not bring back because it may take no more is done here, when they have gone.
    """
    if count > MOST:
        raise ValueError(f"{count} are more than {MOST}")
    share = memory.shared(max(min(processes, count), 1))
    workers = share.processes
    offices = [_office(range(count * at // workers, count * (at + 1) // workers)) for at in range(workers)]
    copies: list[tuple[int, int]] = []
    done: dict[int, _Value] = {}
    try:
        with suppress(OSError):  # no more processes are allowed here: those that there are do it all
            for at in range(workers - 1):
                with masked():  # else there is a copy that nobody knows of, or one that goes on as this process would
                    copies.append(_copy([*offices[at:], *offices[:at]], do, share.bytes))
        done.update(_work([*offices[-1:], *offices[:-1]], do))
        for _, end in copies:
            done.update(_brought(end))
    finally:
        with HELD:
            for tickets in offices:
                os.close(tickets)
            for pid, end in copies:
                os.close(end)
                with suppress(ProcessLookupError, ChildProcessError):  # the system has seen to it: SIGCHLD is ignored
                    os.kill(pid, signal.SIGKILL)  # it is done, or nobody waits for it any more
                    os.waitpid(pid, 0)
    return [done[number] if number in done else do(number) for number in range(count)]


def _office(numbers: Iterable[int]) -> int:
    """Return a pipe that gives the tickets of these pieces of work, to whoever asks first, and then nothing more."""
    tickets, office = os.pipe()
    os.write(office, b"".join(number.to_bytes(_TICKET, "big") for number in numbers))
    os.close(office)
    return tickets


def _work(offices: Sequence[int], do: Callable[[int], _Value]) -> dict[int, _Value]:
    done = {}
    for tickets in offices:
        while ticket := os.read(tickets, _TICKET):
            number = int.from_bytes(ticket, "big")
            done[number] = do(number)
    return done


def _copy(offices: Sequence[int], do: Callable[[int], Any], most: int | None) -> tuple[int, int]:
    """Begin a copy of this process that may take `most` bytes; return its number and the pipe of its results."""
    end, start = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(end)
        os.close(start)
        raise
    if pid:
        os.close(start)
        return pid, end
    code = 1
    try:
        os.close(end)
        helper()
        memory.expendable()
        memory.bind(most)
        with os.fdopen(start, "wb") as pipe:
            pipe.write(_pickled(_work(offices, do)))
        code = 0
    finally:
        os._exit(code)  # nothing of the other's is to be written or tidied up twice, whatever has happened


def _brought(end: int) -> dict[int, Any]:
    """Return the results of a copy, none when it has not come to its end."""
    parts = []
    while part := os.read(end, 2**20):
        parts.append(part)
    try:
        found: dict[int, Any] = pickle.loads(b"".join(parts))  # noqa: S301 - from a copy of this very process
    except (EOFError, pickle.UnpicklingError):
        return {}
    return found


def _reduced(value: Sensitive) -> tuple[type[Sensitive], tuple[str]]:
    return (Sensitive, (value.reveal(),))


def _pickled(value: Any) -> bytes:
    """Pickle credentials too: it goes through a pipe into the process that has them already."""
    made = io.BytesIO()
    pickler = pickle.Pickler(made, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {Sensitive: _reduced}
    pickler.dump(value)
    return made.getvalue()
