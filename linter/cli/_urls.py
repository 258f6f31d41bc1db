"""URLs among the paths of a call, the same for every command that reads inputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.sources.addresses import Urls


def shown_paths(paths: Sequence[str], timeout: float) -> "tuple[tuple[str, ...], Urls | None]":
    """Return paths as they may be shown, and the URLs behind those that are one; None where there is no URL.

    Raises `UsageError` for an empty word, which the system would take for the working directory.
    """
    if "" in paths:
        from linter.errors import UsageError  # noqa: PLC0415 - only a mistake needs it

        raise UsageError("a PATH is empty: is a variable of the shell not set? Write . for the working directory")
    if not any("://" in path for path in paths):
        return tuple(paths), None
    from linter.sources.addresses import named  # noqa: PLC0415 - most calls name no URL

    return named(paths, timeout)
