"""What a database holds that no history has written. It may be shared, and others may write into it."""

from typing import Any, Final

MOST: Final = 2**53
"""The largest number that is ever counted to."""


class DamagedError(ValueError):
    """The database holds what no history holds; the message names table and column, never the value."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(f"it is damaged: {table}.{column} holds what no history has written")


def number_in(value: Any, table: str, column: str, most: int = MOST) -> int:
    """Return a value that is a number as they are counted. Raises `DamagedError` for any other."""
    if type(value) is not int or not 0 <= value <= most:
        raise DamagedError(table, column)
    return value
