"""How much the fixes of one object may carry together: each carries the payload that it leaves, and proves it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from linter.model import Applicability, Edit, Finding, Fix, withheld
from linter.secret import Sensitive

MOST_CARRIED: Final = 64_000_000
"""Characters in the edits of one object, beyond which its other fixes are left for when these are made. Safe fixes and
others count for themselves: who makes only the safe ones never makes the others."""
_LATER: Final = "it is worked out once the fixes before it, of the same object, are made: then check again"
_AT_LEAST: Final = 1_000
"""What a fix is counted as that carries no text: it is proved as well."""


def bounded(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings; a fix that goes beyond the bound of its object is one to read, without edits.

    A call with `--fix` judges what is left anew, and comes to it.
    """
    carried: dict[tuple[object, ...], int] = defaultdict(int)
    return [_within(finding, finding.fix, carried) if finding.fix else finding for finding in findings]


def _within(finding: Finding, fix: Fix, carried: dict[tuple[object, ...], int]) -> Finding:
    if not fix.edits or fix.applicability is Applicability.DISPLAY:
        return finding
    whose = fix.edits[0].path, fix.edits[0].document, finding.object, fix.applicability
    if carried[whose] > MOST_CARRIED:
        return finding._replace(fix=withheld(fix, _LATER))
    carried[whose] += max(sum(map(_size, fix.edits)), _AT_LEAST)
    return finding


def _size(edit: Edit) -> int:
    return len(edit.value) if isinstance(edit.value, str | Sensitive) else 0
