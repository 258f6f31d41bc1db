"""What it means that a pull works, that a change repairs it, and that a change breaks it."""

from collections.abc import Iterable, Sequence
from typing import Final

from linter.credentials import Candidate, Consumer, normalise_key
from linter.documents.objects import KubeObject
from linter.inventory.pulls import Outcome
from linter.model import Proof
from linter.proof.entries import Told
from linter.record import NamedTuple


class Answer(NamedTuple):
    """What matters of an outcome: its verdict, and whether a user name or password is sent.

    A kubelet tries one credential after the other, an importer sends the first alone, be it empty.
    """

    verdict: str
    good: bool = False


Pair = tuple[str, Answer, Answer]
"""A pull, build or import as people name it, and what it gets before and after."""

_FAILING: Final = frozenset({"refused", "bad-image"})


def weigh(pairs: Iterable[Pair]) -> Proof:
    """Sort pulls into what a change repairs, breaks and leaves alone."""
    listed = list(pairs)
    return weighed(listed, len(listed))


def weighed(pairs: Iterable[Pair], touched: int) -> Proof:
    """Sort pulls into what a change repairs and breaks; of `touched` pulls in all, the others are left alone."""
    repaired: dict[str, None] = {}
    broken: dict[str, None] = {}
    for name, was, now in pairs:
        if _broken(was, now):
            broken[name] = None
            touched -= 1
        elif _repaired(was, now):
            repaired[name] = None
            touched -= 1
    return Proof(tuple(repaired), tuple(broken), (), touched)


def summed(proofs: Iterable[Proof]) -> Proof:
    """Put the proofs of several scans together."""
    total = Proof()
    for proof in proofs:
        total = Proof(
            (*total.repaired, *proof.repaired),
            (*total.broken, *proof.broken),
            (*total.removed, *proof.removed),
            total.unchanged + proof.unchanged,
            (*total.kept, *proof.kept),
            (*total.elsewhere, *proof.elsewhere),
        )
    return total


def named(item: KubeObject) -> str:
    """`namespace/Kind/name`, the short form in which proofs name an object."""
    return "/".join(filter(None, (item.namespace, item.kind, item.name)))


def workload_line(item: KubeObject, image: str) -> str:
    """Name the pull of a workload."""
    return f"{named(item)} pulls {image}"


def build_line(item: KubeObject, image: str) -> str:
    """Name the pull of a build."""
    return f"{named(item)} builds with {image}"


def import_line(item: KubeObject, image: str) -> str:
    """Name the import of a stream."""
    return f"{named(item)} imports {image}"


def answer(outcome: Outcome, consumer: Consumer) -> Answer:
    """What matters of `outcome` to `consumer`."""
    if outcome.verdict != "credential" or outcome.lookup is None:
        return Answer(outcome.verdict)
    candidates: Sequence[Candidate] = outcome.lookup.candidates
    if consumer is Consumer.IMPORTER:
        # Keys of one secret that are one registry come in no order: any of them may be the first.
        first = _slot(candidates[0])
        candidates = [candidate for candidate in candidates if _slot(candidate) == first]
    return Answer(outcome.verdict, any(candidate.username or candidate.password for candidate in candidates))


def _slot(candidate: Candidate) -> tuple[str | None, bytes]:
    return candidate.secret, normalise_key(candidate.key).raw


def _broken(was: Answer, now: Answer) -> bool:
    if now.verdict in _FAILING and was.verdict not in _FAILING:
        return True
    return was.good and not now.good and now.verdict != "unknown"


def _repaired(was: Answer, now: Answer) -> bool:
    if now.verdict in _FAILING or now.verdict == "unknown":
        return False
    return was.verdict in _FAILING or (now.good and not was.good and was.verdict != "unknown")


def joined(proof: Proof, told: Iterable[Told]) -> Proof:
    """Add what becomes of credentials to a proof, each line once."""
    listed = list(told)
    return proof._replace(
        kept=_once(line for stays, line, _ in listed if stays),
        removed=_once(line for stays, line, _ in listed if not stays),
        elsewhere=_once(former for _, _, former in listed if former),
    )


def _once(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))
