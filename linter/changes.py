"""Which findings a change touches: everything is judged, and only what the change can have to do with is reported.

The unit is a document: a finding is touched when a place that it names, or an object that it hits, stands in a document
that the change has written, or when the same finding was not there before the change (removing a Secret breaks a
Deployment that nobody has edited).
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from linter.documents.split import split
from linter.documents.text import DecodeProblem, decode
from linter.inventory import Inventory
from linter.model import Finding, NotEvaluated, ObjectRef, Problem
from linter.sources import Artifact


class Change(NamedTuple):
    """What has changed: the numbers of the documents by real path, `None` for a file as a whole.

    `known` are the fingerprints of the findings that were there before; `None` when what was there is not known.
    """

    written: Mapping[str, frozenset[int] | None]
    known: frozenset[str] | None = None


def rewritten(now: bytes, before: bytes) -> frozenset[int] | None:
    """The numbers of the documents of `now` that `before` does not hold; `None` (all) where they cannot be told."""
    try:
        new, old = decode(now).text, decode(before).text
    except DecodeProblem:
        return None
    if new.lstrip().startswith(("{", "[")):
        return None
    left = Counter(_documents(old))
    written = set()
    for number, text in enumerate(_documents(new)):
        if left[text]:
            left[text] -= 1
        else:
            written.add(number)
    return frozenset(written)


def _documents(text: str) -> Iterator[str]:
    """The texts of the documents, without the markers between them."""
    for chunk in split(text):
        yield text[chunk.start : chunk.end].strip().removeprefix("---").strip()


def whole(artifacts: Mapping[str, Artifact], named: int) -> Change:
    """The change that writes every file of the first `named` inputs."""
    asked = (artifact for artifact in artifacts.values() if artifact.input < named and artifact.file)
    return Change({os.path.realpath(artifact.file): None for artifact in asked})


class Touch:
    """Tells what `change` touches in a call that has read `artifacts` and joined `inventories`."""

    def __init__(
        self, change: Change, artifacts: Mapping[str, Artifact], inventories: Sequence[Inventory]
    ) -> None:
        shown = {os.path.realpath(artifact.file): path for path, artifact in artifacts.items() if artifact.file}
        self._written = {shown[real]: numbers for real, numbers in change.written.items() if real in shown}
        self._known = change.known
        self._homes = {ref: (path, number) for ref, path, number in _homes(inventories)}

    def finding(self, finding: Finding) -> bool:
        """Whether a finding is new, names a place that was written, or hits an object that was."""
        if self._known is not None and finding.fingerprint not in self._known:
            return True
        places = [finding.location, *(one.location for one in finding.related if one.location)]
        if any(self.document(place.path, place.document) for place in places):
            return True
        hit = (one.object for one in (*finding.impact.workloads, *finding.impact.imports))
        return any(self.document(*self._homes[ref]) for ref in hit if ref in self._homes)

    def unjudged(self, one: NotEvaluated) -> bool:
        """Whether something that could not be judged stands in what was written."""
        at = one.location
        return at is None or (self.document(at.path, at.document) if at.route else self.path(at.path))

    def problem(self, problem: Problem) -> bool:
        """Whether a problem is one of what was written, or ends the call."""
        return problem.fatal or self.path(problem.path)

    def document(self, path: str, number: int) -> bool:
        """Whether a document was written."""
        numbers = self._written.get(path, frozenset())
        return numbers is None or number in numbers

    def path(self, path: str) -> bool:
        """Whether anything of a file was written."""
        return self._written.get(path, frozenset()) != frozenset()


def _homes(inventories: Iterable[Inventory]) -> Iterator[tuple[ObjectRef, str, int]]:
    """Where everything stands that a finding can hit."""
    for inventory in inventories:
        items = [*(one.object for one in inventory.workloads), *(one.object for one in inventory.streams)]
        for item in items:
            yield item.ref, item.path, item.document
