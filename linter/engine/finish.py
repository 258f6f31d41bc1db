"""What the rules found made into a finished run: located, settled, compared, counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from linter import __version__, nets, registry
from linter.charts import noted
from linter.clock import now
from linter.engine.joining import joined
from linter.engine.judging import Crew, catalogue, chosen_rules, copied, located, proven, together
from linter.engine.reader import Reader
from linter.engine.requests import Request, Result
from linter.exhausted import ExhaustedError, ran_out
from linter.fix.offer import Offers
from linter.inventory import Inventory
from linter.inventory.records import AUTH_FILE
from linter.locate import Locator
from linter.model import FAILED, Baseline, Finding, NotEvaluated, Problem, Pulls, Run, Scan, Suppressed
from linter.record import NamedTuple
from linter.secret import without_logins
from linter.settings import Settings
from linter.sources import Artifact, InputProblem
from linter.universes import Universe

if TYPE_CHECKING:
    from linter.changes import Touch
    from linter.registry import Loaded
    from linter.render import Render
    from linter.render.origins import Origins
    from linter.suppress import Standing


class _Judged(NamedTuple):
    """What every universe of a call gave: its inventory and scan, what the rules found there, what they could not."""

    inventories: list[Inventory]
    scans: list[Scan]
    findings: list[Finding]
    withheld: list[NotEvaluated]


def judged(
    request: Request,
    settings: Settings,
    chosen: tuple["Loaded", ...],
    reader: Reader,
    groups: Iterable[Universe],
    *,
    whole: bool,
) -> Result:
    """Join and judge each of the `groups`, and put together what a report may say of all of them.

    `whole` says whether the call is all there is, so that a suppression of the settings that fits nothing is stale.
    """
    universes = [_joined(request, reader, group) for group in groups]
    reader.ahead.forget()

    def program(crew: Crew) -> tuple[_Judged, Locator, tuple[list[Finding], list[Problem]]]:
        done = _each(request, settings, chosen, reader, universes, crew)
        done.withheld.extend(noted((entry for _, entry in reader.templated), reader.artifacts))
        reader.expect(done.findings, done.withheld)
        offers = Offers(
            reader.small_bytes_of, lambda path: bool(reader.artifacts[path].file), reader.large, reader.holds
        )
        locator = Locator(reader.bytes_of, done.inventories, reader.windows)
        return done, locator, located(crew, locator, offers, done.findings, reader.lost)

    (inventories, scans, _, withheld), locator, (placed, lost) = together(
        request, sum(len(one.objects) for _, one, _ in universes if one is not None), program
    )
    for problem in lost:
        reader.lose(problem)
    reader.verify(placed)
    unjudged = locator.not_evaluated(withheld)
    origins = _origins(reader, locator, request.render)
    if origins is not None:
        placed, unjudged = [*map(origins.pointed, placed)], [*map(origins.unjudged, unjudged)]
    placed.sort(key=order)
    request.lap("find positions")
    kept, suppressed, remarks, standings = _settle(placed, request, reader, inventories, locator, chosen)
    if whole and standings:
        from linter.suppress import configured  # noqa: PLC0415 - most calls have none

        remarks = [*remarks, *configured(standings)]
    request.lap("settle suppressions")
    touch = _touch(request, reader, inventories)
    reported = [one for one in kept if touch is None or touch.finding(one)]
    counted = _counted(request, reader, reported)
    finished = Run(
        version=__version__,
        scans=tuple(scans),
        findings=counted,
        rules=tuple(registry.info(loaded) for loaded in chosen),
        suppressed=tuple(map(nets.suppressed, suppressed)),
        not_evaluated=tuple(nets.told(one) for one in unjudged if touch is None or touch.unjudged(one)),
        problems=(
            *(nets.told(one) for one in (*reader.problems, *remarks) if touch is None or touch.problem(one)),
            *(request.change.remarks if request.change is not None else ()),
        ),
        baselined=len(reported) - len(counted),
        untouched=len(kept) - len(reported),
        baseline=_compared(request, placed),
        pulls=_pulls(request, settings, inventories, counted),
        time=now(),
    )
    baselined = () if not request.baseline else tuple(one for one in kept if one.fingerprint in request.baseline)
    return Result(finished, tuple(inventories), reader.artifacts, baselined, reader.unread(), standings)


def _joined(request: Request, reader: Reader, group: Universe) -> tuple[Universe, Inventory | None, Counter[str]]:
    """A universe with its inventory and how many objects of each kind it has; None where memory ran out."""
    kinds: Counter[str] = Counter()
    inventory = None
    try:
        inventory, kinds = joined(group, reader)
    except MemoryError:
        reader.problems.append(ran_out(group.inputs[0].path, "its objects were joined"))
    request.lap("join")
    return group, inventory, kinds


def _each(
    request: Request,
    settings: Settings,
    chosen: tuple["Loaded", ...],
    reader: Reader,
    universes: Iterable[tuple[Universe, Inventory | None, Counter[str]]],
    crew: Crew,
) -> _Judged:
    """Judge each universe for itself; see `linter.forks.together`."""
    done = _Judged([], [], [], [])
    for group, inventory, kinds in universes:
        if inventory is None:
            done.scans.append(_scan(group, kinds, ()))
            continue
        try:
            found, unjudged = proven(request, inventory, chosen, settings, crew)
            if group.recognised.redacted:
                from linter.fix.surrogates import withheld  # noqa: PLC0415 - few inputs hold surrogates

                found = [*withheld(found, inventory.objects)]
        except (MemoryError, ExhaustedError) as error:
            crew.leave()
            doing = error.doing if isinstance(error, ExhaustedError) else "it was judged"
            reader.problems.append(ran_out(group.inputs[0].path, doing))
            done.scans.append(_scan(group, kinds, ()))
            continue
        done.inventories.append(inventory)
        done.findings.extend(found)
        done.withheld.extend(unjudged)
        failed = _failed(unjudged, chosen, reader, settings.source, request.base)
        done.scans.append(_scan(group, kinds, tuple(one for one in chosen if one.name not in failed)))
    return done


def _failed(
    unjudged: Sequence[NotEvaluated], chosen: Sequence["Loaded"], reader: Reader, source: str, base: str
) -> frozenset[str]:
    """The names of the rules that have failed, each told among the problems."""
    failed = frozenset(name for entry in unjudged if entry.reason == FAILED for name in entry.rules)
    if failed:
        from linter import custom  # noqa: PLC0415 - only rules of a project's own fail so

        known = {*reader.problems}
        told = custom.failed(unjudged, chosen, source, base)
        reader.problems.extend(problem for problem in told if problem not in known)
    return failed


def _counted(request: Request, reader: Reader, reported: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that the baseline does not know, with their diffs where a report shows them."""
    counted = tuple(reported)
    if request.baseline:  # a fingerprint takes longer than most things that are made of a finding
        counted = tuple(one for one in reported if one.fingerprint not in request.baseline)
    if "diffs" not in request.wants:
        return counted
    from linter.diffs import attach  # noqa: PLC0415 - only some reports show diffs

    return attach(counted, reader.small_bytes_of, partial(copied, request))


def completed(request: Request, result: Result) -> Result:
    """Add to a result what reports want and what was left out while it was judged without `wants`."""
    settings, _ = chosen_rules(request)
    findings = result.run.findings
    if "diffs" in request.wants:
        from linter.diffs import attach  # noqa: PLC0415 - only some reports show diffs

        findings = attach(findings, lambda path: _small(result.artifacts[path]), partial(copied, request))
    pulled = _pulls(request, settings, result.inventories, findings)
    return result._replace(run=result.run._replace(findings=findings, pulls=pulled))


def _small(artifact: Artifact) -> bytes | None:
    """The bytes of an artifact, None for one that is too large to be edited or is gone."""
    try:
        return artifact.small()
    except InputProblem:
        return None


def _origins(reader: Reader, locator: Locator, render: "Render | None") -> "Origins | None":
    """What leads from the things that were built to their source, where anything was built."""
    if render is None or not reader.built:
        return None
    from linter.render.origins import Origins  # noqa: PLC0415 - most calls build nothing

    return Origins(reader.bytes_of, frozenset(reader.built), locator, render, reader.moved)


def _compared(request: Request, located: Sequence[Finding]) -> Baseline | None:
    """What the run was compared with; gone is what nobody finds any more, suppressed or not."""
    if not request.baseline_path:
        return None
    return Baseline(request.baseline_path, len(request.baseline - {finding.fingerprint for finding in located}))


def _pulls(
    request: Request, settings: Settings, inventories: Sequence[Inventory], findings: Sequence[Finding]
) -> Pulls | None:
    if "pulls" not in request.wants:
        return None
    from linter.pulls import pulls  # noqa: PLC0415 - only some reports show who pulls what

    return pulls(inventories, settings, findings)


def _settle(
    located: list[Finding],
    request: Request,
    reader: Reader,
    inventories: Sequence[Inventory],
    locator: Locator,
    chosen: Sequence["Loaded"],
) -> tuple[list[Finding], list[Suppressed], list[Problem], tuple["Standing", ...]]:
    """Take out what somebody has accepted. Nothing is loaded or looked at where nothing can be."""
    settings = request.settings
    if not (reader.marked or settings.suppressions or settings.overrides):
        return located, [], [], ()
    from linter import overrides  # noqa: PLC0415 - most calls have neither
    from linter.suppress import Suppressions, settle  # noqa: PLC0415 - as above

    known = catalogue(settings)
    material = Suppressions(
        inventories=inventories,
        locator=locator,
        settings=settings,
        marked=frozenset(reader.marked),
        unread=reader.unread() | reader.built,  # a comment there is a copy of one in the source
        inputs=request.paths,
        catalogue=known,
        chosen=chosen,
    )
    done = settle(located, material)
    kept, elsewhere = overrides.apply(done.findings, settings, known)
    return kept, [*done.suppressed, *elsewhere], done.problems, done.standings


def _touch(request: Request, reader: Reader, inventories: Sequence[Inventory]) -> "Touch | None":
    """What tells whether something concerns the call; None where the call is about all that was read."""
    if request.change is not None:
        return request.change.touch(reader.artifacts, inventories)
    if not request.context:
        return None
    from linter import changes  # noqa: PLC0415 - most calls are about all that was read

    return changes.Asked(len(request.paths) - request.context).touch(reader.artifacts, inventories)


def _scan(group: Universe, kinds: Counter[str], chosen: Sequence["Loaded"]) -> Scan:
    skipped: Counter[str] = sum((source.skipped for source in group.inputs), Counter())
    recognised, proves = f"{group.recognised.layout}: {group.recognised.why}", group.recognised.proves
    if kinds.keys() == {AUTH_FILE}:
        recognised, proves = "auth file: no object, but what a Secret is made of", "no pull is judged by it"
    return Scan(
        name=group.name,
        inputs=tuple(without_logins(source.path) for source in group.inputs),
        scope=group.recognised.scope,
        recognised=recognised,
        proves=proves,
        objects=dict(sorted(kinds.items())),
        artifacts=sum(len(source.paths) for source in group.inputs),
        skipped=tuple(sorted((reason, count) for reason, count in skipped.items() if count)),
        evaluated=tuple(loaded.rule.code for loaded in chosen),
    )


def order(finding: Finding) -> tuple[str, str, int, int, str, str]:
    """What findings are sorted by."""
    at = finding.location
    return (finding.cluster, at.path, at.line, at.column, finding.code, finding.key)
