"""A call over many inputs: each is handed out, what comes back is kept as it comes, and all is put together."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from linter import __version__
from linter.engine import Request, chosen_rules, run
from linter.errors import UsageError
from linter.fleet.executors import GoneError, Inline, LostError, Task, Workers, alone, completed
from linter.fleet.merge import merged
from linter.fleet.overlaps import alone as apart
from linter.fleet.spread import remembered
from linter.fleet.work import Back, Came, Failed, Part, Sealed, Unit, VersionError, judged, part, ran_short, short, work
from linter.model import Problem, Run
from linter.settings import RuleFiles, Settings
from linter.taking import Taken, unpacked
from linter.universes import Among

_GONE: Final = "begin workers again; with --history, --resume goes on from here"
_KILLED: Final = "judge it alone or with fewer jobs: most often memory has run out"


class Keeping(Protocol):
    """What happens to the parts of a call while it goes on; a history can keep them, and have them from before."""

    def before(self, unit: Unit) -> Part | None:
        """Return what came of a unit in an earlier call, None when it must be judged."""

    def names(self, paths: Sequence[str]) -> tuple[str, ...] | None:
        """Return the names that a history is told for these arguments, None where none is kept."""

    def keep(self, unit: Unit, came: Part) -> Part:
        """Keep what came of a unit, and return it with what is known of it now."""

    def rest(self, came: Part, paths: Sequence[str]) -> Part:
        """Keep what came of the arguments that were judged together, and return it with what is known of it now."""

    def told(self, path: str, came: Part | Problem, *, again: bool = False, count: int = 1) -> None:
        """Hear that `count` arguments are done; `again` when it was in an earlier call."""


def judge(request: Request, workers: Workers, keeping: Keeping) -> Run:
    """Judge the inputs of a request, each cluster for itself, manifests together.

    Raises `UsageError` for a call that means nothing, and what `keeping` raises.
    """
    chosen_rules(request)
    among = Among(request.paths)
    parts: dict[int, Part] = {}
    backs: dict[int, Back] = {}
    problems: dict[int, Problem] = {}
    units = {}
    for number in apart(request.paths, remote=workers.remote):
        unit = _unit(request, number, among, workers, keeping)
        earlier = keeping.before(unit)
        if earlier is None:
            units[number] = unit
        else:
            parts[number] = earlier._replace(number=number)
            keeping.told(unit.path, earlier, again=True)
    for number, came in _worked(request, workers, units, len(parts)):
        path = request.paths[number]
        if isinstance(came, Part):
            parts[number] = keeping.keep(units[number], came)._replace(observations=())
            keeping.told(path, parts[number])
        elif isinstance(came, Back):
            backs[number] = came
            if not came.found:
                keeping.told(path, came.problems[0])
        elif came.usage:
            raise UsageError(came.message)
        else:
            problems[number] = Problem(path, came.message, came.remedy, fatal=True)
            keeping.told(path, problems[number])
    lost = [problem for number in sorted({*problems, *backs}) for problem in _problems(number, problems, backs)]
    rest = _rest(request, parts, backs, problems, among, keeping)
    return merged(request, parts.values(), rest, lost)


def _problems(number: int, problems: Mapping[int, Problem], backs: Mapping[int, Back]) -> Sequence[Problem]:
    if number in problems:
        return [problems[number]]
    return () if backs[number].found else backs[number].problems


def _unit(request: Request, number: int, among: Among, workers: Workers, keeping: Keeping) -> Unit:
    path = request.paths[number]
    address = request.urls.addresses.get(path) if request.urls is not None else None
    return Unit(
        number=number,
        path=path,
        scope=request.scope,
        settings=request.settings,
        select=request.select,
        ignore=request.ignore,
        wants=request.wants,
        namespaces=request.namespaces,
        timeout=request.timeout,
        among=among,
        base=os.getcwd() if workers.remote else "",
        names=keeping.names((path,)),
        remote=workers.remote,
        epoch=os.environ.get("SOURCE_DATE_EPOCH", "") if workers.remote else "",
        address=None if address is None else Sealed(address.reveal()),
    )


def _shared(settings: Settings) -> Settings:
    """The settings with the project's own rules where another machine that shares the folders finds them."""
    base = os.path.dirname(os.path.abspath(settings.source))
    custom = tuple(
        RuleFiles(os.path.join(base, one.path)) if isinstance(one, RuleFiles) else one for one in settings.custom
    )
    return settings._replace(custom=custom)


def _worked(
    request: Request, workers: Workers, units: Mapping[int, Unit], done: int
) -> Iterator[tuple[int, Came]]:
    """Yield what comes of the units, as it comes; what wants more memory than its share is judged once more, alone."""
    if isinstance(workers, Inline):
        for number, unit in units.items():
            yield number, judged(unit, _progress(request, done / len(request.paths)))
            done += 1
        return
    settings = _shared(request.settings) if workers.remote else request.settings
    handed = ((number, Sealed(unit._replace(settings=settings))) for number, unit in units.items())
    tasks = (Task(number, work, (__version__, unit)) for number, unit in handed)
    left = set(units)
    wanting = []
    try:
        for number, result in completed(workers, tasks):
            came = _came(number, result)
            if isinstance(came, Failed) and came.absent and not os.path.lexists(request.paths[number]):
                came = judged(units[number]._replace(remote=False, base=""))  # it is nowhere: no matter of the worker
            if workers.whole is not None and short(came):
                wanting.append(number)
                continue
            left.discard(number)
            yield number, came
    except GoneError as error:  # what had come is reported and kept
        yield from ((number, Failed(number, f"was not judged: {error}", _GONE)) for number in sorted(left))
    if not workers.remote:
        workers.renew()  # what follows may take what they have held
    for number in wanting:
        again = Sealed(units[number]._replace(memory=workers.whole))
        yield number, _came(number, alone(workers, Task(number, work, (__version__, again))))


def _progress(request: Request, begun: float) -> Callable[[float, str], None] | None:
    """Return what is told how far one input has been read, and tells it as a share of all."""
    if request.progress is None:
        return None
    heard, part_of = request.progress, 1 / len(request.paths)

    def progress(share: float, path: str) -> None:
        heard(min(begun + share * part_of, 0.99), path)

    return progress


def _came(number: int, result: object) -> Came:
    """Return what a worker's result means for one input, or raise what it means for the call."""
    if isinstance(result, Sealed):
        came: Came = result.open()
        return came
    if isinstance(result, LostError):
        return Failed(number, "the process that judged it was killed", _KILLED)
    if isinstance(result, MemoryError):
        return ran_short(number)
    if isinstance(result, VersionError):
        raise UsageError(f"{result}, this is {__version__}: workers need the same version")
    if isinstance(result, ImportError):
        missing = result.name or "a package"
        raise UsageError(f"a worker has no package {missing}: install regcred {__version__} where the workers run")
    return Failed(number, f"no worker could judge it: {type(result).__name__}", "look at the logs of the workers")


def _rest(
    request: Request,
    parts: Mapping[int, Part],
    backs: Mapping[int, Back],
    problems: Mapping[int, Problem],
    among: Among,
    keeping: Keeping,
) -> Part | None:
    """Judge together, here, what no worker could judge for itself."""
    empty = {number for number, back in backs.items() if not back.found}
    numbers = [number for number in range(len(request.paths)) if number not in {*parts, *problems, *empty}]
    if not numbers:
        return None
    taken: dict[str, Taken] = {}
    for back in backs.values():
        for path, one in back.taken.items():
            taken[path] = unpacked(path, one) if isinstance(one, bytes) else one
    here = request._replace(
        paths=tuple(request.paths[number] for number in numbers),
        among=among._replace(clusters=bool(parts)),
        baseline=frozenset(),
        baseline_path="",
        spread=remembered(taken, request.spread) if taken else request.spread,
    )
    result = run(here)
    came = keeping.rest(part(-1, result, keeping.names(here.paths)), here.paths)
    keeping.told("manifests" if len(numbers) > 1 else here.paths[0], came, count=len(numbers))
    return came
