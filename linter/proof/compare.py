"""Two states of the same scan, before and after all fixes: the same objects in the same order, edited in place."""

from collections import Counter
from collections.abc import Iterable, Iterator

from linter.credentials import Consumer
from linter.inventory import Inventory
from linter.inventory.builds import build_outcome, build_pulls
from linter.inventory.joins import Joins
from linter.model import Proof
from linter.proof.entries import Told, fate
from linter.proof.verdicts import Answer, Pair, answer, build_line, import_line, joined, summed, weigh, workload_line


def compare(before: Iterable[Inventory], after: Iterable[Inventory]) -> Proof:
    """Resolve every pull, build and import of each scan as it was and as it is; scans come in the same order."""
    return summed(
        joined(weigh(_pairs(Joins(was), Joins(now))), _credentials(was, now))
        for was, now in zip(before, after, strict=True)
    )


def _pairs(was: Joins, now: Joins) -> Iterator[Pair]:
    """Pair what both states hold, by name and by how often it came before: fixes rename no object and no image."""
    later = dict(_numbered(_outcomes(now)))
    for place, outcome in _numbered(_outcomes(was)):
        if place in later:
            yield place[0], outcome, later[place]


def _outcomes(joins: Joins) -> Iterator[tuple[str, Answer]]:
    for pull in joins.workload_pulls:
        yield workload_line(pull.workload.object, pull.image), answer(joins.pull_outcome(pull), Consumer.KUBELET)
    for brought in joins.import_pulls:
        yield (
            import_line(brought.stream.object, brought.tag.image),
            answer(joins.import_outcome(brought), Consumer.IMPORTER),
        )
    for item in joins.inventory.builds:
        for made in build_pulls(item):
            yield build_line(item, made.image), answer(build_outcome(joins.inventory, made), Consumer.CONTAINERS)


def _numbered(outcomes: Iterable[tuple[str, Answer]]) -> Iterator[tuple[tuple[str, int], Answer]]:
    times: Counter[str] = Counter()
    for name, outcome in outcomes:
        times[name] += 1
        yield (name, times[name]), outcome


def _credentials(was: Inventory, now: Inventory) -> Iterator[Told]:
    later = {(one.object.path, one.object.document, one.object.route): one for one in now.secrets}
    for secret in was.secrets:
        left = later.get((secret.object.path, secret.object.document, secret.object.route))
        if left is None or left.decoded != secret.decoded or left.state is not secret.state:
            yield from fate(secret, left)
