"""How many documents, items of lists and objects one artifact may hold: each takes time, however small it is."""

from linter.errors import RegcredError
from linter.model import Problem
from linter.sources import Limits


class TooManyError(RegcredError):
    """An artifact holds more than may be read."""


class Count:
    """Counts what an artifact holds. Raises `TooManyError` beyond the bound."""

    def __init__(self, limits: Limits) -> None:
        self.left = limits.objects

    def add(self, more: int) -> None:
        """Count some more."""
        self.left -= more
        if self.left < 0:
            raise TooManyError("it holds too many documents and items")


def too_many(path: str, limits: Limits) -> Problem:
    """Return what to say of an artifact over the bound."""
    message = f"holds more than {limits.objects:,} documents and items of lists"
    return Problem(path, message, "split it, leave out what is no matter of pulls, or raise `objects` under `limits`")
