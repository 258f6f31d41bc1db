"""The rules of a call run over one inventory, their fixes proved."""

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Final, TypeVar

from linter import nets, registry
from linter.engine.requests import Request
from linter.exhausted import ExhaustedError
from linter.fix.offer import Offers
from linter.inventory import Inventory
from linter.inventory.joins import Joins
from linter.inventory.records import UNJUDGED
from linter.locate import Locator
from linter.model import Finding, NotEvaluated
from linter.settings import Settings
from linter.timing import unheard

if TYPE_CHECKING:
    from linter.registry import Loaded

_WORTH_COPIES: Final = 1_000
"""Objects of an inventory from which on copies of the process save more time than they take."""
_Part = TypeVar("_Part")


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


def proven(
    request: Request, inventory: Inventory, chosen: Sequence["Loaded"], settings: Settings
) -> tuple[list[Finding], list[NotEvaluated]]:
    """What the rules find in one inventory, fixes proved, and what could not be judged."""
    if request.processes == 1 or len(inventory.objects) < _WORTH_COPIES or len(chosen) < 2:
        found, withheld = judge(inventory, chosen, settings, request.lap)
        proven = _attached(inventory, [*map(nets.finding, found)])
        request.lap("prove fixes")
        return proven, withheld
    joins = Joins(inventory)
    codes = frozenset(loaded.rule.code for loaded in chosen)

    def one(number: int) -> tuple[list[Finding], list[NotEvaluated]]:
        found, unjudged = _answered(chosen[number], inventory, joins, settings, codes)
        return [*map(nets.finding, found)], unjudged

    # The last rules, those of imports and pulls, find most: this process begins with them.
    parts = copied(request, len(chosen), one)
    request.lap("rules")
    proven = _attached_by_copies(request, inventory, [finding for found, _ in parts for finding in found])
    request.lap("prove fixes")
    return proven, [*_hidden(inventory), *(entry for _, unjudged in parts for entry in unjudged)]


def _attached_by_copies(request: Request, inventory: Inventory, findings: list[Finding]) -> list[Finding]:
    """The findings, their fixes proved by several processes: neighbours, which are of one namespace, by one."""
    fixable = [number for number, finding in enumerate(findings) if finding.fix]
    if len(fixable) < _WORTH_COPIES // 20:
        return _attached(inventory, findings)
    from linter.proof import Prover  # noqa: PLC0415 - as in `_attached`

    prover = Prover(inventory)
    fixable.sort(key=lambda number: findings[number].object.namespace)
    pieces = _pieces(request, fixable)

    def one(number: int) -> list[Finding]:
        return prover.attach_all([findings[at] for at in pieces[number]])

    proven = [finding for part in copied(request, len(pieces), one) for finding in part]
    for at, finding in zip(fixable, proven, strict=True):
        findings[at] = finding
    return findings


def _pieces(request: Request, rows: Sequence[_Part]) -> list[Sequence[_Part]]:
    """Rows parted for the processes of a call: many more pieces than processes, so that all end together."""
    most = min(request.processes * 16, len(rows), 255)
    return [rows[len(rows) * at // most : len(rows) * (at + 1) // most] for at in range(most)]


def _attached(inventory: Inventory, findings: list[Finding]) -> list[Finding]:
    """The findings, their fixes proved."""
    if not any(finding.fix for finding in findings):
        return findings
    from linter.proof import Prover  # noqa: PLC0415 - only a fix needs a proof

    return Prover(inventory).attach_all(findings)


def located(request: Request, locator: Locator, offers: Offers, findings: list[Finding]) -> list[Finding]:
    """The findings with their positions, and their fixes with what keeps them out of a file, file by file."""
    if request.processes == 1 or len(findings) < _WORTH_COPIES // 10:
        return locator.findings(map(offers.offered, findings))
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.location.path, []).append(finding)
    pieces = _pieces(request, sorted(by_path))

    def one(number: int) -> list[Finding]:
        return locator.findings(offers.offered(finding) for path in pieces[number] for finding in by_path[path])

    return [finding for part in copied(request, len(pieces), one) for finding in part]


def copied(request: Request, count: int, one: Callable[[int], _Part]) -> list[_Part]:
    """Return `one(0)`, …, `one(count - 1)`, done by the processes that a call may take, where that is worth it."""
    if request.processes == 1:
        return [one(number) for number in range(count)]
    from linter import forks  # noqa: PLC0415 - one process needs none of this

    if count > forks.MOST or not forks.able():
        return [one(number) for number in range(count)]
    return forks.shared(count, one, request.processes)


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
    found = [finding._replace(severity=severity) if severity else finding for finding in asked(context)]
    return found, list(context.withheld)


def _hidden(inventory: Inventory) -> Iterator[NotEvaluated]:
    """What a cluster refused to show, and every pull secret whose content may not be judged, once, with the reason."""
    for refused in inventory.refused:
        yield NotEvaluated("refused", refused.sentence(), cluster=inventory.name)
    for secret in inventory.secrets:
        if secret.state in UNJUDGED:
            yield NotEvaluated(str(secret.state), secret.reason, secret.object.ref, secret.at(), cluster=inventory.name)
