"""What goes into a history and what comes out of it: plain data, times in Unix seconds."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from linter.model import ClusterTrend, ObjectRef, Scope, Seen, Severity, Trend


class State(StrEnum):
    """Where a finding stands: it is there, it is there and accepted, or it was judged again and is gone."""

    OPEN = "open"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"


class Sighting(NamedTuple):
    """One finding as a scan saw it. `identity` is the same in every scan of the cluster."""

    identity: str
    code: str
    name: str
    severity: Severity
    object: ObjectRef
    path: str = ""
    suppressed: bool = False


class Withheld(NamedTuple):
    """An object that a scan could not judge: by the rules of these codes, or (none) by any."""

    object: ObjectRef
    codes: frozenset[str] = frozenset()


class Observation(NamedTuple):
    """What one scan of one cluster can say. `series` is the cluster's name in the history.

    `rules` are the codes that ran, `inputs` what was named on the command line, `unread` the paths of which a part
    could not be read. `judged` tells whether the scan would have seen the object and file of a finding that is absent.
    """

    series: str
    time: int
    scope: Scope
    inputs: tuple[str, ...]
    rules: frozenset[str]
    sightings: Mapping[str, Sighting]
    judged: Callable[[ObjectRef, str], bool]
    unread: frozenset[str] = frozenset()
    withheld: tuple[Withheld, ...] = ()


class Known(NamedTuple):
    """A finding in the history. `since` began its present, or last, stretch; `last` is the scan that saw it last.

    `inputs` and `scope` are those of that scan, and `latest` says that it is the newest of the cluster.
    """

    sighting: Sighting
    state: State
    first: int
    since: int
    last: int
    reopened: int = 0
    resolved: int = 0
    inputs: tuple[str, ...] = ()
    scope: Scope = Scope.MANIFESTS
    latest: bool = True

    @property
    def identity(self) -> str:
        """As in the sighting."""
        return self.sighting.identity


class Recorded(NamedTuple):
    """A stored call: how each finding stands, by series and identity, and the clusters over time."""

    seen: Mapping[tuple[str, str], Seen]
    trend: Trend


class Saved(NamedTuple):
    """The result of one input, kept for a call that may be taken up: `key` says of what, `place` names the input."""

    key: str
    place: str
    data: bytes


class Story(NamedTuple):
    """One cluster over all its time: its trend, its findings that are not resolved (the oldest first), and totals."""

    trend: ClusterTrend
    present: tuple[Known, ...]
    scans: int
    began: int
    resolved: int
    reopened: int
