"""Where work is done: in this process, in processes of this machine, or (`linter.fleet.dask`) on other machines.

Whatever has `submit(function, *arguments)` and gives futures fits, `concurrent.futures.Executor` above all. What a
lost process means is decided here, once for all of them.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar

from linter.errors import RegcredError, UsageError
from linter.memory import bind, expendable, shared
from linter.stopping import HELD

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_Key = TypeVar("_Key")

_LOST: Final = frozenset({"BrokenExecutor", "CancelledError", "KilledWorker"})
"""Names of exceptions that tell of a worker rather than of the work; their modules are loaded by who raises them."""
_LOOK: Final = 0.2
"""Seconds between two looks whether somebody wants this process to end."""


class Pending(Protocol):
    """A result that may still be worked on, as `concurrent.futures.Future` is one."""

    def done(self) -> bool:
        """Tell whether the result is there."""

    def result(self) -> Any:
        """Return the result, or raise what kept it from being made."""

    def cancel(self) -> Any:
        """Take it back; something true when nobody has begun with it."""


class Executor(Protocol):
    """Runs functions somewhere. Functions, arguments and results are pickled where they leave the process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Pending:
        """Have `function(*arguments)` run."""


class Workers(Protocol):
    """An executor with what a call needs to know of it: `slots` tasks are handed over at once."""

    slots: int
    remote: bool
    whole: int | None
    """The bytes that a task may take which runs alone, None where that is no more than beside others."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Pending:
        """Have `function(*arguments)` run."""

    def wait(self, pending: Sequence[Pending]) -> list[Pending]:
        """Return those that are done, in the order given, as soon as at least one is. Raises `GoneError`."""

    def renew(self) -> None:
        """Begin anew after a process was lost with all that ran beside it. Raises `GoneError` where none can."""

    def close(self, *, now: bool = False) -> None:
        """Let the workers go; `now` stops what they are doing."""


class LostError(RegcredError):
    """The process that worked on a task went away: killed, most often because memory ran out."""


class GoneError(RegcredError):
    """Nobody is left who could do the work: the scheduler, or the last of its workers, has gone."""


class Task(NamedTuple, Generic[_Key]):
    """A call that is to be made somewhere; `key` tells whoever waits what it was about."""

    key: _Key
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def completed(workers: Workers, tasks: Iterable[Task[_Key]]) -> Iterator[tuple[_Key, Any]]:
    """Run tasks and yield their keys and results as they finish; a result may be the exception that was raised.

    Where a process of this machine is lost, nobody knows which of the tasks that ran has killed it: each of them is
    tried once more, alone, and the one that is lost again is a `LostError`. What had finished stays, what had not begun
    goes on. Other machines try again themselves.
    """
    queue = iter(tasks)
    running: dict[Pending, Task[_Key]] = {}
    while True:
        while len(running) < workers.slots and (task := next(queue, None)) is not None:
            running[workers.submit(task.function, *task.arguments)] = task
        if not running:
            return
        broken = False
        for pending in workers.wait(list(running)):
            result = outcome(pending)
            if isinstance(result, LostError) and workers.remote:
                workers.renew()
            if isinstance(result, LostError) and not workers.remote:
                broken = True
            else:
                yield running.pop(pending).key, result
        if broken:
            suspects = list(running.values())
            running.clear()
            workers.renew()
            for task in suspects:
                yield task.key, alone(workers, task)


def alone(workers: Workers, task: Task[Any]) -> Any:
    """Return the result of a task with nothing beside it."""
    pending = workers.submit(task.function, *task.arguments)
    workers.wait([pending])
    result = outcome(pending)
    if isinstance(result, LostError):
        workers.renew()
    return result


def outcome(pending: Pending) -> Any:
    """Return what has become of a task that is done: its result, `LostError`, or the exception that it raised."""
    try:
        with HELD:
            return pending.result()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about this task, and the others go on
        if any(kind.__name__ in _LOST for kind in type(error).__mro__):
            return LostError("the process that worked on it was killed")
        return error


class _Done:
    """The result of a call that was made at once."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._error: Exception | None = None
        self._result: Any = None
        try:
            self._result = function(*arguments)
        except Exception as error:  # noqa: BLE001 - as a future keeps it, for whoever asks
            self._error = error

    def done(self) -> bool:
        """Tell that it is."""
        return True

    def cancel(self) -> bool:
        """Tell that it is too late."""
        return False

    def result(self) -> Any:
        """Return the result, or raise what kept it from being made."""
        if self._error is not None:
            raise self._error
        return self._result


class Inline:
    """This process, one thing after the other."""

    slots = 1
    remote = False
    whole: int | None = None

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Pending:
        """Run `function(*arguments)` at once."""
        return _Done(function, arguments)

    def wait(self, pending: Sequence[Pending]) -> list[Pending]:
        """Return all: they are done."""
        return list(pending)

    def renew(self) -> None:
        """Do nothing: whoever has lost this process cannot go on."""

    def close(self, *, now: bool = False) -> None:
        """Do nothing."""


class Processes:
    """Processes of this machine, begun with the first task: up to `jobs`, as memory suffices for them and this one."""

    remote = False

    def __init__(self, jobs: int) -> None:
        self._share = shared(jobs + 1)
        self.slots = max(min(jobs, self._share.processes - 1), 1)
        self.whole = self._share.whole
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Pending:
        """Have `function(*arguments)` run in one of the processes. Raise `UsageError` where none can be begun."""
        from concurrent.futures import BrokenExecutor  # noqa: PLC0415 - one process needs none of this

        from linter.stopping import masked  # noqa: PLC0415 - as above

        try:
            try:
                with masked():  # for the processes that it begins with
                    return self._opened().submit(function, *arguments)
            except BrokenExecutor:  # it broke since anybody has looked
                self.renew()
                with masked():
                    return self._opened().submit(function, *arguments)
        except OSError as error:
            raise UsageError(f"--jobs: no further process can be begun ({error.strerror}): give fewer jobs") from None

    def _opened(self) -> "ProcessPoolExecutor":
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - as above

        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.slots, mp_context=_context(), initializer=_begin, initargs=(self._share.bytes,)
            )
        return self._pool

    def wait(self, pending: Sequence[Pending]) -> list[Pending]:
        """Return those that are done, in the order given."""
        return wait(pending)

    def renew(self) -> None:
        """Let a broken pool go; the next task begins another."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def close(self, *, now: bool = False) -> None:
        """Let the processes go; `now` ends them whatever they do."""
        if self._pool is None:
            return
        if now:
            from multiprocessing import active_children  # noqa: PLC0415 - as above

            for child in active_children():
                child.kill()
        self.renew()


def wait(pending: Sequence[Pending]) -> list[Pending]:
    """Return the futures of `concurrent.futures` that are done, in the order given, once at least one is."""
    while not (done := finished(pending, _LOOK)):
        pass
    return done


def finished(pending: Sequence[Pending], seconds: float) -> list[Pending]:
    """Return the futures that are done, in the order given; wait up to `seconds` for the first.

    Signals are held: one that came where a future is looked at would leave its lock taken, and whoever closes the pool
    would wait for that lock for ever. So it is with everything that futures are asked.
    """
    from concurrent.futures import FIRST_COMPLETED  # noqa: PLC0415 - as above
    from concurrent.futures import wait as wait_for  # noqa: PLC0415

    futures: Any = pending
    with HELD:
        done = wait_for(futures, seconds, FIRST_COMPLETED).done
    return [one for one in pending if one in done]


def is_done(pending: Pending) -> bool:
    """Tell whether a result is there."""
    with HELD:
        return pending.done()


def taken_back(pending: Pending) -> bool:
    """Take a task back; tell whether nobody had begun with it."""
    with HELD:
        return bool(pending.cancel())


_LINUX: Final = sys.platform.startswith("linux")


def _context() -> Any:
    """How processes begin: as copies of this one, where that is safe; it saves them all imports."""
    import multiprocessing  # noqa: PLC0415 - as above
    import threading  # noqa: PLC0415 - as above

    safe = _LINUX and threading.active_count() == 1
    return multiprocessing.get_context("fork" if safe else "spawn")


def _begin(most: int | None) -> None:
    """Prepare a process that may take `most` bytes, if that is bounded.

    An interrupt is the parent's affair, and nobody works on when the parent is gone.
    """
    import gc  # noqa: PLC0415 - as above
    import threading  # noqa: PLC0415 - as above

    from linter.stopping import helper  # noqa: PLC0415 - as above

    gc.freeze()  # what came with the copy is never walked: that would copy it in earnest
    helper()
    expendable()
    bind(most)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process  # noqa: PLC0415 - as above
    from multiprocessing.connection import wait as wait_for  # noqa: PLC0415 - as above

    parent = parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def cores() -> int:
    """How many processes can run at once: the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if _LINUX else os.cpu_count() or 1
