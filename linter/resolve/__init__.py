"""`regcred resolve`: what a consumer does for an image, step by step, and what would have to change.

A question becomes cases (image, consumer, list of secrets), a case becomes one frozen `Explanation`, and that is
written as text or JSON. Nothing is matched here: `linter.credentials` is asked.
"""

from collections.abc import Iterable

from linter.errors import UsageError
from linter.inventory.inventory import Inventory
from linter.resolve.atlas import Atlas
from linter.resolve.explain import explain, together
from linter.resolve.records import Explanation, Verdict
from linter.resolve.steps import Known
from linter.resolve.subjects import Question, cases
from linter.settings import Settings


def answers(inventories: Iterable[Inventory], question: Question, settings: Settings) -> list[Explanation]:
    """Explain everything that `question` means in the scan, failures first and the same answer once.

    Raises `UsageError` when it means nothing in any of the inventories.
    """
    found: list[Explanation] = []
    refused: list[UsageError] = []
    for inventory in inventories:
        atlas, known = Atlas(inventory, settings), Known()
        try:
            meant = cases(inventory, question)
        except UsageError as error:
            refused.append(error)
            continue
        found.extend(explain(case, atlas, known) for case in meant)
    if refused and not found:
        raise refused[0]
    return sorted(together(found), key=lambda one: (_RANK[one.verdict], one.image))


def _rank(verdict: Verdict) -> int:
    return 0 if verdict.fails else 1 if verdict is Verdict.UNKNOWN else 2


_RANK = {verdict: _rank(verdict) for verdict in Verdict}

__all__ = ["Explanation", "Question", "Verdict", "answers"]
