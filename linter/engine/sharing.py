"""Who does the work of a call: this process alone, or several that run one program side by side (`linter.forks`)."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from linter.engine.reader import Reader
from linter.engine.requests import Request

_Value = TypeVar("_Value")
_WORTH_COPIES = 1_000
"""Objects from which on copies of the process save more time than they take."""


class Crew(Protocol):
    """The processes that do the work, as one of them sees it; see `linter.forks.Crew`."""

    processes: int

    def share(self, count: int, do: Callable[[int], _Value]) -> list[_Value]:
        """Return `do(0)`, …, `do(count - 1)`, in each of the processes."""

    def gathered(self, count: int, do: Callable[[int], _Value]) -> list[_Value] | None:
        """Return as `share` in the process that began the others, and None in the others."""

    def leave(self) -> None:
        """Go on alone: what is shared out from now on would not be the same in each of them."""


class Alone:
    """One process, which does all of the work."""

    processes = 1

    def share(self, count: int, do: Callable[[int], _Value]) -> list[_Value]:
        """Return `do(0)`, …, `do(count - 1)`."""
        return [do(number) for number in range(count)]

    gathered = share

    def leave(self) -> None:
        """Do nothing: nobody else is there."""


def together(request: Request, reader: Reader, program: Callable[[Crew], _Value]) -> _Value:
    """Return `program(crew)`, run by the processes that a call may take where what was read is worth that."""
    read = sum(part.evidence.objects for source in reader.inputs for part in source.parts.values())
    if request.processes == 1 or read < _WORTH_COPIES:
        return program(Alone())
    from linter import forks  # noqa: PLC0415 - one process needs none of this

    return forks.together(program, request.processes) if forks.able() else program(Alone())


def copied(request: Request, count: int, one: Callable[[int], _Value]) -> list[_Value]:
    """Return `one(0)`, …, `one(count - 1)`, done by the processes that a call may take, where that is worth it."""
    if request.processes == 1:
        return Alone().share(count, one)
    from linter import forks  # noqa: PLC0415 - as above

    if count > forks.MOST or not forks.able():
        return Alone().share(count, one)
    return forks.shared(count, one, request.processes)
