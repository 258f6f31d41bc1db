"""What becomes of the parts of a call while it goes on: told as they come, and kept in a history where there is one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from linter.fleet.work import Part, Unit
from linter.model import Problem, Severity

Tell = Callable[[str], None]


class Done(NamedTuple):
    """One argument is done: its path, its findings or the problem with it, and which of how many it is.

    `again` tells that it was done in an earlier call.
    """

    path: str
    came: Part | Problem
    number: int
    total: int
    again: bool = False

    def sentence(self) -> str:
        """Say it in one line, without anything that steers a terminal."""
        path = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in self.path)
        earlier = ", from the history" if self.again else ""
        return f"{path}: {self._what()}{earlier} ({self.number} of {self.total})"

    def _what(self) -> str:
        if isinstance(self.came, Problem):
            return self.came.message
        counts = self.came.run.counts()
        parts = [
            f"{counts[one.label]} {one.label}{'' if counts[one.label] == 1 or one is Severity.INFO else 's'}"
            for one in sorted(Severity, reverse=True)
            if counts[one.label]
        ]
        return ", ".join(parts) or "no findings"


class Passing:
    """Nothing is kept; each argument is told when it is done."""

    def __init__(self, total: int, tell: Tell | None = None) -> None:
        self._total = total
        self._done = 0
        self._tell = tell

    def before(self, unit: Unit) -> Part | None:  # noqa: ARG002 - the contract of a keeping
        """Return nothing: there is no earlier call."""
        return None

    def names(self, paths: Sequence[str]) -> tuple[str, ...] | None:  # noqa: ARG002 - as above
        """Return nothing: no history is kept."""
        return None

    def keep(self, unit: Unit, came: Part) -> Part:  # noqa: ARG002 - as above
        """Return what came, as it is."""
        return came

    def rest(self, came: Part, paths: Sequence[str]) -> Part:  # noqa: ARG002 - as above
        """Return what came, as it is."""
        return came

    def told(self, path: str, came: Part | Problem, *, again: bool = False, count: int = 1) -> None:
        """Tell that some arguments are done."""
        self._done += count
        if self._tell is not None:
            self._tell(Done(path, came, self._done, self._total, again).sentence())
