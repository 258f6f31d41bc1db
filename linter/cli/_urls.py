"""URLs among the paths of a call, the same for every command that reads inputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.sources.addresses import Urls


def shown_paths(paths: Sequence[str], timeout: float) -> "tuple[tuple[str, ...], Urls | None]":
    """Return paths as they may be shown, and the URLs behind those that are one; None where there is no URL."""
    if not any("://" in path for path in paths):
        return tuple(paths), None
    from linter.sources.addresses import named  # noqa: PLC0415 - most calls name no URL

    return named(paths, timeout)
