"""What travels to a worker and back: one input of a call, and what came of it.

Nothing of it can be read where it is shown on the way: schedulers print the arguments of tasks in their logs and pages.
"""

import gc
import os
import pickle
import socket
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

from linter import __version__
from linter.engine import Handed, Request, Result, run_clusters
from linter.errors import RegcredError, where
from linter.exhausted import REMEDY, wanting
from linter.history.observe import names_of, observations
from linter.history.records import Observation
from linter.memory import bind
from linter.model import Finding, Problem, Run
from linter.secret import MASK, Sensitive
from linter.settings import Settings
from linter.sources.addresses import Urls
from linter.suppress import Standing
from linter.taking import Taken, packed
from linter.universes import Among

_Value = TypeVar("_Value")
_LEVEL: Final = 1


class VersionError(RegcredError):
    """A worker has another version than the call was made with."""


class Sealed(Generic[_Value]):
    """A value that shows nothing of itself. Pickled only where it leaves the process, and then packed."""

    __slots__ = ("_value",)

    def __init__(self, value: _Value) -> None:
        self._value = value

    def open(self) -> _Value:
        """Return the value."""
        return self._value

    def __repr__(self) -> str:
        return f"Sealed({MASK})"

    def __reduce__(self) -> tuple[Callable[[bytes], "Sealed[Any]"], tuple[bytes]]:
        return _unsealed, (zlib.compress(pickle.dumps(self._value, pickle.HIGHEST_PROTOCOL), _LEVEL),)


def _unsealed(data: bytes) -> Sealed[Any]:
    # From a process that this one has begun, or that the user has named as the scheduler: trusted as code is.
    return Sealed(pickle.loads(zlib.decompress(data)))  # noqa: S301


class Unit(NamedTuple):
    """One input of a call, and how it is judged; the fields are those of a `Request`.

    `names` are the `--history-name`s about it, None where no history is kept. `remote` tells that the worker may be on
    another machine, `epoch` is the time that the call is to be judged at, "" for now. `address` is the
    URL behind a path that stands for one. `memory` is how many bytes its process may take, None for what it may now.
    """

    number: int
    path: str
    scope: str
    settings: Settings
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    wants: frozenset[str]
    namespaces: tuple[str, ...]
    timeout: float
    among: Among
    base: str = ""
    names: tuple[str, ...] | None = None
    remote: bool = False
    epoch: str = ""
    address: Sealed[str] | None = None
    memory: int | None = None


class Part(NamedTuple):
    """What came of one input that holds clusters: a run of its own, but for what the whole call decides.

    Its findings carry no edits, the baseline is not applied, and what is to be said of suppressions of the settings
    depends on `standings` in all parts. `observations` are for the history.
    """

    number: int
    run: Run
    standings: tuple[Standing, ...] = ()
    observations: tuple[Observation, ...] = ()


class Back(NamedTuple):
    """One input that is not judged alone: manifests, which belong together, or nothing that could be read.

    `taken` holds what was read of files, packed or as it is.
    """

    number: int
    found: bool
    problems: tuple[Problem, ...]
    taken: Mapping[str, Taken | bytes]


class Failed(NamedTuple):
    """The work could not be done. `usage` tells that the call is wrong; else it is about this input alone.

    `absent` tells that the input is not there for the worker.
    """

    number: int
    message: str
    remedy: str = ""
    usage: bool = False
    absent: bool = False


Came = Part | Back | Failed


def work(version: str, unit: Sealed[Unit]) -> Sealed[Came]:
    """Judge one input, in a worker."""
    if version != __version__:
        raise VersionError(f"a worker on {socket.gethostname()} has regcred {__version__}")
    here = unit.open()
    bind(here.memory)
    if here.epoch:
        os.environ["SOURCE_DATE_EPOCH"] = here.epoch
    came = judged(here)
    if isinstance(came, Back):
        taken = {} if here.remote else came.taken
        came = came._replace(taken={path: packed(one) for path, one in taken.items() if isinstance(one, Taken)})
    gc.collect()
    return Sealed(came)


def judged(unit: Unit, progress: Callable[[float, str], None] | None = None) -> Came:
    """Judge one input. Whatever goes wrong with it is in the result."""
    try:
        return _judged(unit, progress)
    except RegcredError as error:
        return Failed(unit.number, str(error), usage=True)
    except MemoryError:
        return ran_short(unit.number)
    except Exception as error:  # a message may quote the input: only type and place are told
        if "REGCRED_DEBUG" in os.environ:
            raise
        remedy = "judge it alone with REGCRED_DEBUG=1 for the traceback"
        return Failed(unit.number, f"internal error: {where(error)}", remedy)


def ran_short(number: int) -> Failed:
    """Return that memory has run out, and nothing is known of where."""
    return Failed(number, "memory ran out while it was judged", REMEDY)


def short(came: Came) -> bool:
    """Tell whether something is missing for want of memory that nobody will read again."""
    if isinstance(came, Failed):
        return came.remedy == REMEDY
    problems = came.run.problems if isinstance(came, Part) else () if came.found else came.problems
    return any(map(wanting, problems))


def _judged(unit: Unit, progress: Callable[[float, str], None] | None) -> Came:
    address = unit.address
    if unit.remote and address is None and not os.path.lexists(os.path.join(unit.base, unit.path)):
        remedy = "give the workers the same folders, or name it by a URL that they reach"
        message = f"there is no such file or folder for the worker on {socket.gethostname()}"
        return Failed(unit.number, message, remedy, absent=True)
    request = Request(
        paths=(unit.path,),
        scope=unit.scope,
        settings=unit.settings,
        select=unit.select,
        ignore=unit.ignore,
        wants=unit.wants,
        namespaces=unit.namespaces if unit.path.startswith("cluster:") else (),
        timeout=unit.timeout,
        among=unit.among,
        base=unit.base,
        progress=progress,
        urls=None if address is None else Urls({unit.path: Sensitive(address.open())}, unit.timeout),
    )
    result = run_clusters(request)
    if isinstance(result, Handed):
        return Back(unit.number, result.found, result.problems, result.taken)
    return part(unit.number, result, unit.names)


def part(number: int, result: Result, names: tuple[str, ...] | None) -> Part:
    """Return what is kept of a result."""
    seen: tuple[Observation, ...] = ()
    if names is not None:
        seen = tuple(observations(result, names_of(result.run, names)))
    return Part(number, stripped(result.run), result.standings, seen)


def stripped(run: Run) -> Run:
    """Return a run without what a fix needs: edits can hold a credential, which never leaves a process."""
    suppressed = tuple(one._replace(finding=_stripped(one.finding)) for one in run.suppressed)
    return run._replace(findings=tuple(map(_stripped, run.findings)), suppressed=suppressed, rules=())


def _stripped(finding: Finding) -> Finding:
    return finding if finding.fix is None else finding._replace(fix=finding.fix._replace(edits=()))
