"""Who pulls what with which secrets, as records for reports: every pull and import resolved, and told once.

The answers are those of `regcred resolve`. All who pull one image in the very same way are one record. The number of
records is bounded: what findings hit comes first, and the count of all is always true.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from linter.credentials import Consumer
from linter.inventory.inventory import Inventory
from linter.inventory.workloads import Owners, owner
from linter.model import Finding, ObjectRef, Pull, Pulls, SecretUse, Severity
from linter.resolve.atlas import Atlas
from linter.resolve.explain import explain
from linter.resolve.records import Explanation, KeyMatch, SecretStep
from linter.resolve.steps import Known
from linter.resolve.subjects import Case, Question, cases
from linter.settings import Settings

_MOST: Final = 3000
"""So many ways to pull are resolved in one run (a third of a millisecond each); the rest are only counted."""

_WORK: Final = 40_000
"""So many secrets are looked at for them: an import reads every secret of its namespace, and that may be thousands."""

_NAMED: Final = 24
"""So many of those who pull in one way are named."""

_LISTED: Final = 40
"""So many secrets of one list are told: a namespace may hold thousands, and an import reads them all."""

_Way = tuple[object, ...]


def pulls(inventories: Iterable[Inventory], settings: Settings, findings: Sequence[Finding]) -> Pulls:
    """Resolve the pulls and imports of every inventory; what `findings` hit first, as far as the bound allows."""
    hits = _Hits(findings)
    ways: list[tuple[bool, list[Case]]] = []
    total = 0
    for inventory in inventories:
        together: dict[_Way, list[Case]] = {}
        known: set[tuple[object, ...]] = set()
        lists, asked = _Lists(), cases(inventory, Question())
        copies = _Copies(inventory, asked, lists)
        for case in asked:
            struck = hits.of(case)
            pull = (case.consumer, case.image, _who(case))
            # Another pull of that name is another description of it.
            if pull in known or (not struck and copies.has(case)):
                continue
            known.add(pull)
            together.setdefault((*_way(case, lists), struck), []).append(case)
        total += len(known)
        ways += [(bool(way[-1]), alike) for way, alike in together.items()]
    ways.sort(key=lambda way: not way[0])
    found = list(_resolved((alike for _, alike in ways[:_MOST]), settings))
    return Pulls(tuple(sorted(found, key=_order)), total + hits.beside())


class _Hits:
    """What findings hit, by whom it is for; and what of it no pull of the scan is."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._of: dict[tuple[str, ObjectRef], dict[str, list[int]]] = {}
        self._met: set[tuple[str, ObjectRef, str]] = set()
        for number, finding in enumerate(findings):
            for hit in (*finding.impact.workloads, *finding.impact.imports):
                images = self._of.setdefault((finding.cluster, hit.object), {})
                images.setdefault(hit.image, []).append(number)
        self._counted = {
            (finding.cluster, hit.object, hit.image)
            for finding in findings
            if finding.severity >= Severity.WARNING
            for hit in (*finding.impact.workloads, *finding.impact.imports)
        }

    def of(self, case: Case) -> tuple[int, ...]:
        """Return the numbers of the findings that hit a pull."""
        who = _who(case)
        images = self._of.get(who)
        if images is None:
            return ()
        self._met |= {(*who, image) for image in ("", case.image) if image in images}
        return tuple(sorted({*images.get("", ()), *images.get(case.image, ())}))

    def beside(self) -> int:
        """Return how many of those that reports count are none of the pulls that were asked about."""
        left = self._counted - self._met
        named = {(cluster, ref) for cluster, ref, image in self._counted if image}
        return sum(1 for cluster, ref, image in left if image or (cluster, ref) not in named)


def together(parts: Iterable[Pulls]) -> Pulls:
    """Return the pulls of several parts of a call as those of one, within the same bound."""
    listed = list(parts)
    found = sorted((pull for part in listed for pull in part.resolved), key=_order)
    return Pulls(tuple(found[:_MOST]), sum(part.total for part in listed))


def _order(pull: Pull) -> tuple[object, ...]:
    return (not pull.fails, pull.works, pull.cluster, pull.who[0].namespace, pull.image)


def _who(case: Case) -> tuple[str, ObjectRef]:
    return case.inventory.name, _ref(case)


def _ref(case: Case) -> ObjectRef:
    owner = case.workload or case.stream
    return owner.object.ref if owner is not None else ObjectRef()


class _Lists:
    """A number for every list of secrets and names that is read: equal ones have the same, and each is read once.

    Whoever asks keeps the cases meanwhile, so that what they hold in common is known by its identity.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, case: Case) -> int:
        """Return the number of what `case` is pulled with."""
        secrets, reached = case.secrets, case.reach
        place = id(secrets), id(reached)
        if place not in self._known:
            held = (
                tuple(id(secret.object) for secret in secrets),
                tuple(link.name for link in reached.links) if reached is not None else (),
                reached.unknown if reached is not None else "",
            )
            self._known[place] = self._numbers.setdefault(held, len(self._numbers))
        return self._known[place]


class _Copies:
    """Pulls of replica sets and pods that are those of what made them: of the same image, with the same secrets."""

    def __init__(self, inventory: Inventory, asked: Iterable[Case], lists: _Lists) -> None:
        self._owners = inventory.once(Owners)
        self._lists = lists
        self._known = {
            (id(case.workload.object), case.image, lists.number(case)) for case in asked if case.workload is not None
        }

    def has(self, case: Case) -> bool:
        """Whether a workload of the scan that made this one pulls the same image in the same way."""
        workload = case.workload
        if workload is None:
            return False
        seen = {id(workload)}
        while (above := self._owners.above(workload)) is not None and id(above) not in seen:
            if (id(above.object), case.image, self._lists.number(case)) in self._known:
                return True
            seen.add(id(above))
            workload = above
        return False


def _way(case: Case, lists: _Lists) -> _Way:
    """What must be equal for two pulls to be the same to a reader, commands included.

    A list of its own is changed in the object itself, so only pods of one owner share it.
    """
    workload = case.workload
    own: object = ""
    if workload is not None and (workload.explicit or workload.is_pod):
        own = (workload.object.ref, workload.template)
        maker = owner(workload) if workload.is_pod else ("", "")
        if any(maker):
            own = maker
    return (
        case.consumer,
        case.image,
        case.namespace,
        workload.account if workload is not None else "",
        own,
        lists.number(case),
    )


def _resolved(ways: Iterable[list[Case]], settings: Settings) -> Iterator[Pull]:
    work = 0
    helpers: dict[int, tuple[Atlas, Known]] = {}
    for alike in ways:
        case = alike[0]
        work += 1 + len(case.secrets)
        if work > _WORK:
            return
        if id(case.inventory) not in helpers:
            helpers[id(case.inventory)] = Atlas(case.inventory, settings), Known()
        yield _pull(alike, explain(case, *helpers[id(case.inventory)], brief=True))


def _pull(alike: list[Case], told: Explanation) -> Pull:
    case = alike[0]
    who = tuple(dict.fromkeys(_ref(one) for one in alike))
    change = told.changes[0] if told.changes else None
    return Pull(
        who=who[:_NAMED],
        amount=len(who),
        account=case.workload.account if case.workload is not None else "",
        source=_source(case),
        secrets=tuple(_use(step, told) for step in _told(told)),
        registry=(told.lookup or "").partition("/")[0],
        image=case.image,
        verdict=str(told.verdict),
        fails=told.verdict.fails,
        works=told.verdict.works,
        summary=told.summary,
        change=change.summary if change is not None else "",
        commands=change.commands if change is not None else (),
        cluster=case.inventory.name,
    )


def _told(told: Explanation) -> Sequence[SecretStep]:
    """The secrets that are told: all that decide something, and of the others no more than a person reads."""
    if len(told.secrets) <= _LISTED:
        return told.secrets
    offering = {offer.secret for offer in told.offers}
    deciding = [step for step in told.secrets if step.fate.value in ("fatal", "missing") or step.name in offering]
    return deciding[:_LISTED] or told.secrets[:_LISTED]


def _use(step: SecretStep, told: Explanation) -> SecretUse:
    name = None if step.node_wide else step.name
    key = next((offer.key for offer in told.offers if offer.secret == name), "")
    key = key or next((one.written for one in told.keys if one.secret == name and one.match is KeyMatch.MATCH), "")
    return SecretUse("node-wide file" if step.node_wide else step.name, str(step.fate), step.reason, key)


def _source(case: Case) -> str:
    if case.consumer is Consumer.IMPORTER:
        return "namespace"
    reached = case.reach
    if reached is None or (reached.unknown and not reached.links):
        return "unknown"
    workload = case.workload
    pod = workload is not None and workload.is_pod and workload.object.identified
    return "own" if reached.explicit or pod else "account"
