"""Scans over time, in a database: what was found when, what is gone, what came back. No credential, no message.

`open_store` is the way in. SQLAlchemy is loaded here and nowhere else, and only when a history is asked for.
"""

from typing import TYPE_CHECKING

from linter.errors import UsageError, missing_extra
from linter.history.address import Address, address

if TYPE_CHECKING:
    from linter.history.store import Store


def open_store(where: str, *, create: bool = True) -> "Store":
    """Open the history at `where`: a path, `sqlite:///…` or `postgresql://…`. Tables are made or brought up to date.

    With `create` false a file that is not there is an error. Raises `UsageError` for an address that means nothing or a
    driver that is not installed, `HistoryError` when the database does not answer or is newer than this version.
    """
    found = address(where)
    try:
        from linter.history.store import Store  # noqa: PLC0415 - the extra `history`
    except ImportError as error:
        raise _missing(error) from error
    try:
        return Store(found, create=create)
    except ImportError as error:
        raise _missing(error) from error


def _missing(error: ImportError) -> UsageError:
    return missing_extra("a history needs", error.name or "sqlalchemy", "history")


__all__ = ["Address", "address", "open_store"]
