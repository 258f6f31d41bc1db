"""Fixes for an input whose credentials are surrogates: none may write one where a credential belongs."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from linter import model
from linter.model import Edit, Finding, Op, Route, Sensitive

WHY: Final = "the credentials of this input are surrogates: make this repair from the original"
_PLAIN: Final = frozenset({"ServiceAccount", "ImageStream"})
"""Kinds that hold no credential. Of any other a whole object may carry one: a variable, an argument, an annotation."""


class KubeObject(Protocol):
    """What is needed of an object, as `linter.documents.objects` has it."""

    path: str
    document: int
    route: Route
    kind: str


def withheld(findings: Iterable[Finding], objects: Iterable[KubeObject]) -> Iterator[Finding]:
    """Yield the findings; a fix that would write a surrogate, here or in a manifest, is only told of, with why."""
    plain: dict[tuple[str, int], list[Route]] = {}
    for item in objects:
        if item.kind in _PLAIN:
            plain.setdefault((item.path, item.document), []).append(item.route)
    for finding in findings:
        fix = finding.fix
        if fix is None or not fix.edits or all(_is_plain(edit, plain) for edit in fix.edits):
            yield finding
        else:
            yield finding._replace(fix=model.withheld(fix, WHY))


def _is_plain(edit: Edit, plain: dict[tuple[str, int], list[Route]]) -> bool:
    if edit.op is Op.PAYLOAD or isinstance(edit.value, Sensitive):
        return False
    return any(edit.route[: len(route)] == route for route in plain.get((edit.path, edit.document), ()))
