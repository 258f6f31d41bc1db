"""The rules of a call run over one inventory, their fixes proved."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from linter import nets, registry
from linter.engine.requests import Request
from linter.exhausted import ExhaustedError
from linter.fix.offer import Offers
from linter.inventory import Inventory
from linter.inventory.joins import Joins
from linter.inventory.records import AUTH_FILE, UNJUDGED
from linter.locate import Locator, place
from linter.model import Finding, Fix, Impact, NotEvaluated, Problem, Severity
from linter.settings import Settings
from linter.timing import unheard

if TYPE_CHECKING:
    from linter.registry import Loaded

_WORTH_COPIES: Final = 1_000
"""Objects from which on copies of the process save more time than they take."""
_PIECES: Final = 16
"""Into so many pieces for each process proofs and places are parted."""
_MOST_PIECES: Final = 255
_USED_BY_COPIES: Final = (
    *("linter.proof", "linter.fix.data", "linter.fix.merge", "linter.credentials.reexamined"),
    *("linter.documents.places", "linter.documents.simple_positions", "linter.excerpts"),
)
"""What rules, proofs and positions load when they are the first to need it."""
_Part = TypeVar("_Part")


class Crew(Protocol):
    """The processes that do the work, as one of them sees it; see `linter.forks.Crew`."""

    processes: int

    def share(self, count: int, do: Callable[[int], _Part]) -> list[_Part]:
        """Return `do(0)`, …, `do(count - 1)`, in each of the processes."""

    def gathered(self, count: int, do: Callable[[int], _Part]) -> list[_Part] | None:
        """Return as `share` in the process that began the others, and None in the others."""

    def told(self, count: int, do: Callable[[int], _Part], brief: Callable[[_Part], _Part]) -> list[_Part]:
        """Return as `share` in the process that began the others, and in these what is `brief` of each."""

    def leave(self) -> None:
        """Go on alone: what is shared out from now on would not be the same in each of them."""


class Alone:
    """One process, which does all of the work."""

    processes = 1

    def share(self, count: int, do: Callable[[int], _Part]) -> list[_Part]:
        """Return `do(0)`, …, `do(count - 1)`."""
        return [do(number) for number in range(count)]

    gathered = share

    def told(self, count: int, do: Callable[[int], _Part], _: Callable[[_Part], _Part]) -> list[_Part]:
        """Return `do(0)`, …, `do(count - 1)`."""
        return self.share(count, do)

    def leave(self) -> None:
        """Do nothing: nobody else is there."""


def catalogue(settings: Settings) -> tuple["Loaded", ...]:
    """Every rule there is for a call with these settings. Raises `SettingsError` for a custom one that is none."""
    return _custom().catalogue(settings, registry.rules()) if settings.custom else registry.rules()


def _custom() -> ModuleType:
    from linter import custom  # noqa: PLC0415 - only a project with rules of its own pays for it

    return custom


def _resolved(settings: Settings, known: Sequence["Loaded"]) -> Settings:
    """The settings with every severity by code."""
    if not settings.severities:
        return settings
    from linter.overrides import by_code  # noqa: PLC0415 - as above

    return settings._replace(severities=by_code(settings.severities, known, settings.source))


def chosen_rules(request: Request) -> tuple[Settings, tuple["Loaded", ...]]:
    """The settings of a request with severities by code, and the rules that it selects. Raises as `run`."""
    known = catalogue(request.settings)
    settings = _resolved(request.settings, known)
    registry.check_options(settings.options, known)
    return settings, registry.selected(
        request.select or settings.select, (*request.ignore, *settings.ignore), known
    )


def may_be_wrong(request: Request) -> bool:
    """Tell whether `chosen_rules` may raise for what a user has written: that is told before anything is read."""
    settings = request.settings
    asked = request.select, request.ignore, settings.select, settings.ignore
    return any(asked) or bool(settings.custom or settings.options or settings.severities)


def prepared(request: Request) -> tuple[Settings, tuple["Loaded", ...]]:
    """Return as `chosen_rules`; where copies of this process will judge, load what each would load for itself."""
    chosen = chosen_rules(request)
    for name in _USED_BY_COPIES if request.processes > 1 else ():
        importlib.import_module(name)
    return chosen


def proven(
    request: Request, inventory: Inventory, chosen: Sequence["Loaded"], settings: Settings, crew: Crew
) -> tuple[list[Finding], list[NotEvaluated]]:
    """What the rules find in one inventory, fixes proved, and what could not be judged.

    Of what they find only the process that began the others gets all; these get what proofs and positions need.
    """
    if crew.processes == 1:
        found, withheld = judge(inventory, chosen, settings, request.lap)
        found = [*map(nets.finding, found)]
    else:
        found, withheld = _judged_by(crew, inventory, chosen, settings)
        request.lap("rules")
    proven = _attached(crew, inventory, found)
    request.lap("prove fixes")
    return proven, withheld


def _judged_by(
    crew: Crew, inventory: Inventory, chosen: Sequence["Loaded"], settings: Settings
) -> tuple[list[Finding], list[NotEvaluated]]:
    """As `judge`, the rules shared out. The last ones, those of imports and pulls, find most."""
    joins = Joins(inventory)
    codes = frozenset(loaded.rule.code for loaded in chosen)

    def one(number: int) -> tuple[list[Finding], list[NotEvaluated]]:
        found, unjudged = _answered(chosen[number], inventory, joins, settings, codes)
        return [*map(nets.finding, found)], unjudged

    parts = crew.told(len(chosen), one, _brief)
    found = [finding for part, _ in parts for finding in part]
    return found, [*_hidden(inventory), *(entry for _, unjudged in parts for entry in unjudged)]


def _brief(part: tuple[list[Finding], list[NotEvaluated]]) -> tuple[list[Finding], list[NotEvaluated]]:
    """What proofs and positions are made of: most of a finding is told, and whom it hits."""
    found, unjudged = part
    hits = Impact()
    return [
        one._replace(message="", detail="", remedy="", commands=(), impact=hits) for one in found
    ], unjudged


def _attached(crew: Crew, inventory: Inventory, findings: list[Finding]) -> list[Finding]:
    """The findings, their fixes proved: neighbours, which are of one namespace, by one process."""
    if not any(finding.fix for finding in findings):
        return findings
    from linter.proof import Prover, bounded  # noqa: PLC0415 - only a fix needs a proof

    findings = bounded(findings)
    fixable = [number for number, finding in enumerate(findings) if finding.fix]
    prover = Prover(inventory)
    fixable.sort(key=lambda number: findings[number].object.namespace)
    pieces = _pieces(crew, fixable)

    def one(number: int) -> list[Fix | None]:
        return [finding.fix for finding in prover.attach_all([findings[at] for at in pieces[number]])]

    proven = [fix for part in crew.share(len(pieces), one) for fix in part]
    for at, fix in zip(fixable, proven, strict=True):
        findings[at] = findings[at]._replace(fix=fix)
    return findings


def _pieces(crew: Crew, rows: Sequence[_Part]) -> list[Sequence[_Part]]:
    """Rows parted for the processes of a call: many more pieces than processes, so that all end together."""
    most = min(1 if crew.processes == 1 else crew.processes * _PIECES, len(rows), _MOST_PIECES)
    return [rows[len(rows) * at // most : len(rows) * (at + 1) // most] for at in range(most)]


def located(
    crew: Crew, locator: Locator, offers: Offers, findings: list[Finding], lost: Mapping[str, Problem]
) -> tuple[list[Finding], list[Problem]]:
    """The findings with their positions, and their fixes with what keeps them out of a file: neighbours by one process.

    Only the process that began the others gets them, and with them the problems that any of these has noted as `lost`.
    """
    rows = sorted(range(len(findings)), key=lambda at: place(findings[at].location))
    pieces = _pieces(crew, rows)

    def one(number: int) -> tuple[list[Finding], list[Problem]]:
        found = [locator.finding(offers.offered(findings[at])) for at in pieces[number]]
        return found, [*lost.values()]

    parts = crew.gathered(len(pieces), one)
    if parts is None:
        return [], []
    placed = zip(rows, (finding for part, _ in parts for finding in part), strict=True)
    told = [problem for _, more in parts for problem in more]
    return [
        findings[at]._replace(location=one.location, related=one.related, fix=one.fix) for at, one in placed
    ], told


def judge(
    inventory: Inventory, chosen: Sequence["Loaded"], settings: Settings, lap: Callable[[str], None] = unheard
) -> tuple[list[Finding], list[NotEvaluated]]:
    """Run the rules `chosen` over one inventory: their findings, and what could not be judged.

    The severities of `settings` are by code here; `lap` is told the name of each rule when it has run. Raises
    `ExhaustedError` where memory runs out.
    """
    joins = Joins(inventory)
    findings: list[Finding] = []
    withheld = list(_hidden(inventory))
    codes = frozenset(loaded.rule.code for loaded in chosen)
    for loaded in chosen:
        found, unjudged = _answered(loaded, inventory, joins, settings, codes)
        findings.extend(found)
        withheld.extend(unjudged)
        lap(f"rule {loaded.rule.code} {loaded.name}")
    return findings, withheld


def _answered(
    loaded: "Loaded", inventory: Inventory, joins: Joins, settings: Settings, codes: frozenset[str]
) -> tuple[list[Finding], list[NotEvaluated]]:
    """What one rule finds, and what it could not judge. Raises `ExhaustedError` where memory runs out."""
    try:
        return _asked(loaded, inventory, joins, settings, codes)
    except MemoryError:
        raise ExhaustedError(f"rule {loaded.rule.code} {loaded.name} judged it") from None


def _asked(
    loaded: "Loaded", inventory: Inventory, joins: Joins, settings: Settings, codes: frozenset[str]
) -> tuple[list[Finding], list[NotEvaluated]]:
    """What one rule finds, and what it could not judge."""
    from linter.rule import Context  # noqa: PLC0415 - rules and their imports load when there is something to judge

    context = Context(loaded.rule, loaded.name, inventory, joins, settings, codes)
    severity = settings.severities.get(loaded.rule.code)
    asked = loaded.rule.check
    if settings.custom and loaded.family == _custom().FAMILY:
        asked = _custom().guarded(loaded)
    found = [_told(finding, severity) for finding in asked(context)]
    return found, list(context.withheld)


def _told(finding: Finding, severity: Severity | None) -> Finding:
    """A finding of a rule, with the severity that the settings give it."""
    if finding.fix is not None and finding.object.kind == AUTH_FILE:
        finding = finding._replace(fix=None)  # what else reads the file, and in which way, is not known
    return finding._replace(severity=severity) if severity else finding


def _hidden(inventory: Inventory) -> Iterator[NotEvaluated]:
    """What a cluster refused to show, and every pull secret whose content may not be judged, once, with the reason."""
    for refused in inventory.refused:
        yield NotEvaluated("refused", refused.sentence(), cluster=inventory.name)
    for item, use in inventory.renamed:
        why = f"which image is built of {use.image} is not known: kustomizations give it several names"
        yield NotEvaluated("templated", why, item.ref, item.at(*use.route), cluster=inventory.name)
    for secret in inventory.payloads:
        if secret.state in UNJUDGED:
            yield NotEvaluated(str(secret.state), secret.reason, secret.object.ref, secret.at(), cluster=inventory.name)


def together(request: Request, objects: int, program: Callable[[Crew], _Part]) -> _Part:
    """Return `program(crew)`, run by the processes that a call may take where so many objects are worth that."""
    if request.processes == 1 or objects < _WORTH_COPIES:
        return program(Alone())
    from linter import forks  # noqa: PLC0415 - one process needs none of this

    return forks.together(program, request.processes) if forks.able() else program(Alone())


@contextmanager
def copies_gone(request: Request) -> Iterator[None]:
    """See to it that in the end no copy of this process is left that was made in it."""
    try:
        yield
    finally:
        if request.processes > 1:
            from linter import forks  # noqa: PLC0415 - as above
            from linter.stopping import HELD  # noqa: PLC0415 - as above

            with HELD:
                forks.gone()


def copied(request: Request, count: int, one: Callable[[int], _Part]) -> list[_Part]:
    """Return `one(0)`, …, `one(count - 1)`, done by the processes that a call may take, where that is worth it."""
    if request.processes == 1:
        return Alone().share(count, one)
    from linter import forks  # noqa: PLC0415 - as above

    if count > forks.MOST or not forks.able():
        return Alone().share(count, one)
    return forks.shared(count, one, request.processes)
