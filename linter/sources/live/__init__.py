"""A live cluster as a source: `cluster:` or `cluster:CONTEXT`, contacted only when it is named so.

`collect` without a path names the current context itself. Read with the user's own kubeconfig through `kubectl` or
`oc`, or inside a pod with its service account. Lists are read in pages and become artifacts of their own; the last
artifact is the collection record, which says what was read in full and what was refused. Nothing is written, and no
token is shown.
"""

from collections.abc import Sequence
from typing import Final

from linter.errors import RegcredError
from linter.record import NamedTuple

PREFIX: Final = "cluster:"


class Kind(NamedTuple):
    """One kind to read: its API group, its name, its name in paths, and a query that narrows the list."""

    group: str
    kind: str
    resource: str
    query: str = ""


class Live(NamedTuple):
    """What is asked of a cluster. `namespaces` limit the reading ((): all of them); `timeout` is seconds a request.

    `single` are paths of objects that are read by name where the reading is limited to namespaces.
    """

    kinds: Sequence[Kind] = ()
    namespaces: Sequence[str] = ()
    single: Sequence[str] = ()
    timeout: float = 60.0


def is_live(path: str) -> bool:
    """Tell whether a command-line argument names a live cluster."""
    return path.startswith(PREFIX)


class ClusterError(RegcredError):
    """The cluster cannot be read at all: what happened, and the remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}: {remedy}")
        self.message = message
        self.remedy = remedy


class UnansweredError(ClusterError):
    """One request got no whole answer; others may. `again`: it is worth another try (not after a long wait)."""

    def __init__(self, message: str, remedy: str, *, again: bool) -> None:
        super().__init__(message, remedy)
        self.again = again


class ApiError(RegcredError):
    """The API server answered a request with an error: the HTTP status, and its words made safe to show.

    `retry_after` is how many seconds it wants to be left alone, 0 when it did not say.
    """

    def __init__(self, status: int, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


__all__ = ["PREFIX", "ApiError", "ClusterError", "Kind", "Live", "UnansweredError", "is_live"]
