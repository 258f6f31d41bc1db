"""Which findings a change touches: everything is judged, and only what the change can have to do with is reported.

The unit is a document: a finding is touched when a place that it names, or an object that it hits, stands in a document
that the change has written. It is also touched when it was not there before the change, was less severe or hit less
(removing a Secret breaks a Deployment that nobody has edited).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from linter.inventory import Inventory
from linter.model import Finding, NotEvaluated, ObjectRef, Problem
from linter.sources import Artifact

Written = Callable[[str], frozenset[int] | None]
"""The numbers of the documents of a path that were written; None for all of them."""


class Known(Protocol):
    """What was there before the change. `problems` and `unjudged` hold what `problem_key` and `unjudged_key` make."""

    problems: frozenset[tuple[str, str]]
    unjudged: frozenset[tuple[str, str, ObjectRef | None, str]]

    def news(self, finding: Finding) -> bool:
        """Whether a finding was not there, was less severe, or hit less."""


class Change(Protocol):
    """What a call is about. `remarks` are to be told whatever is found."""

    remarks: tuple[Problem, ...]

    def touch(self, artifacts: Mapping[str, Artifact], inventories: Sequence[Inventory]) -> "Touch":
        """What tells whether the change touches something that came of these `artifacts`."""


class Asked:
    """The change that writes every file of the first `named` inputs."""

    remarks: tuple[Problem, ...] = ()

    def __init__(self, named: int) -> None:
        self._named = named

    def touch(self, artifacts: Mapping[str, Artifact], inventories: Sequence[Inventory]) -> "Touch":
        """See `Change`."""

        def written(path: str) -> frozenset[int] | None:
            artifact = artifacts.get(path)
            return None if artifact is not None and artifact.input < self._named else frozenset()

        return Touch(written, inventories)


class Touch:
    """Tells what a change touches among what `inventories` hold. Without `known` it is only what was written."""

    def __init__(self, written: Written, inventories: Sequence[Inventory], known: Known | None = None) -> None:
        self._written = written
        self._known = known
        self._homes = {ref: (path, number) for ref, path, number in _homes(inventories)}

    def finding(self, finding: Finding) -> bool:
        """Whether a finding is new or worse, names a place that was written, or hits an object that was."""
        if self._known is not None and self._known.news(finding):
            return True
        places = [finding.location, *(one.location for one in finding.related if one.location)]
        if any(self.document(place.path, place.document) for place in places):
            return True
        return any(self.document(*self._homes[ref]) for ref in hits(finding) if ref in self._homes)

    def unjudged(self, one: NotEvaluated) -> bool:
        """Whether something that could not be judged is new, or stands in what was written."""
        at = one.location
        if self._known is not None and unjudged_key(one) not in self._known.unjudged:
            return True
        if at is None:
            return self._known is None
        return self.document(at.path, at.document) if at.route else self.path(at.path)

    def problem(self, problem: Problem) -> bool:
        """Whether a problem is new, is one of what was written, or ends the call."""
        if self._known is not None and problem_key(problem) not in self._known.problems:
            return True
        return problem.fatal or self.path(problem.path)

    def document(self, path: str, number: int) -> bool:
        """Whether a document was written."""
        numbers = self._written(path)
        return numbers is None or number in numbers

    def path(self, path: str) -> bool:
        """Whether anything of a file was written."""
        return self._written(path) != frozenset()


def hits(finding: Finding) -> frozenset[ObjectRef]:
    """The workloads and image streams that a finding breaks."""
    return frozenset(one.object for one in (*finding.impact.workloads, *finding.impact.imports))


def problem_key(problem: Problem, path: str = "") -> tuple[str, str]:
    """What tells a problem from others; a `path` stands in for its own."""
    return path or problem.path, problem.message


def unjudged_key(one: NotEvaluated, path: str = "") -> tuple[str, str, ObjectRef | None, str]:
    """What tells something that could not be judged from others; a `path` stands in for its own."""
    return one.reason, one.message, one.object, path or (one.location.path if one.location else "")


def _homes(inventories: Iterable[Inventory]) -> Iterator[tuple[ObjectRef, str, int]]:
    """Where everything stands that a finding can hit."""
    for inventory in inventories:
        items = [*(one.object for one in inventory.workloads), *(one.object for one in inventory.streams)]
        for item in items:
            yield item.ref, item.path, item.document
