"""Memory that has run out: said of the input and the phase in which it did, with what to do about it."""

from typing import Final

from linter.errors import RegcredError
from linter.model import Problem

REMEDY: Final = (
    "let a process take more (`limits: {memory: SIZE}` in the settings, and what its container may take), or judge "
    "parts of the input in calls of their own, with fewer `--jobs`; `limits: {file: SIZE}` refuses large files instead"
)


class ExhaustedError(RegcredError):
    """Memory has run out while `doing`, and nothing could be kept of what was found."""

    def __init__(self, doing: str) -> None:
        super().__init__(f"memory ran out while {doing}: {REMEDY}")
        self.doing = doing


def wanting(problem: Problem | None) -> bool:
    """Tell whether a problem is that memory has run out: with more of it there might be none."""
    return problem is not None and problem.remedy == REMEDY


def ran_out(path: str, doing: str) -> Problem:
    """Return the problem that memory has run out at `path` while `doing`: what is missing would be missed anywhere."""
    return Problem(path, f"memory ran out while {doing}", REMEDY, fatal=True)
