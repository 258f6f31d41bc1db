"""`--jobs`, `--scheduler` and `--resume`: where a call is worked on, and what of it is done already."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from linter.errors import UsageError

if TYPE_CHECKING:
    from linter.engine import Request
    from linter.errors import HistoryError
    from linter.fleet.executors import Workers
    from linter.history.store import Store
    from linter.model import Run

_MOST: Final = 256


def add_fleet(parser: argparse.ArgumentParser) -> None:
    """Declare where a call is worked on."""
    group = parser.add_argument_group("many inputs")
    group.add_argument(
        "-j",
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="processes that read and judge; auto: one for each core. Default: 1. The result is the same for any",
    )

    group.add_argument(
        "--scheduler", metavar="ADDRESS", help="judge on the workers of this Dask scheduler, as in tcp://10.0.0.7:8786"
    )


def add_resume(group: "argparse._ArgumentGroup") -> None:
    """Declare what takes up a call that was interrupted."""
    group.add_argument(
        "--resume",
        action="store_true",
        help="do not scan again what the history holds of the same files, settings and version, from the last 24 hours",
    )


def _jobs(text: str) -> int:
    if text == "auto":
        from linter.fleet.executors import cores  # noqa: PLC0415 - the overview needs none of this

        return cores()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 1 to {_MOST}, or auto")
    return int(text)


def apart(arguments: argparse.Namespace, request: "Request") -> bool:
    """Whether the inputs of a call are judged each for itself, as far as they are clusters.

    A repair needs all of them at once, and so does what narrows a report to a change or builds manifests.
    """
    if arguments.resume and not arguments.history:
        raise UsageError("--resume takes up what a history holds: add --history FILE")
    together = [getattr(arguments, name, None) for name in ("fix", "diff", "fix_dir", "context")]
    together.append(getattr(arguments, "changed_since", None) is not None)
    if arguments.resume and (any(together) or request.render is not None):
        raise UsageError("--resume reports what was found: leave out repairs, changes and --render")
    able = not any(together) and request.render is None
    if arguments.scheduler and not able:
        raise UsageError("--scheduler reports what was found: leave out repairs, changes and --render")
    return (len(request.paths) > 1 or arguments.resume or bool(arguments.scheduler)) and able


@contextmanager
def workers_of(arguments: argparse.Namespace, beside: int = 0) -> "Iterator[Workers]":
    """Open where the call is worked on, and let it go afterwards: at once when the call ends early.

    So many of the processes are there `beside` those that are begun.
    """
    from linter.fleet.executors import Inline, Processes  # noqa: PLC0415 - as above

    workers: Workers = Processes(arguments.jobs - beside) if arguments.jobs > 1 else Inline()
    try:
        if arguments.scheduler:
            from linter.fleet.scheduler import Scheduler  # noqa: PLC0415 - as above

            workers = Scheduler(arguments.scheduler, alone=arguments.timeout)
        yield workers
    except BaseException:
        workers.close(now=True)
        raise
    workers.close()


def judge(
    arguments: argparse.Namespace, request: "Request", store: "Store | None"
) -> "tuple[Run, HistoryError | None]":
    """Judge the inputs of a call, each cluster for itself; with a store, each is kept as soon as it is judged."""
    from linter.fleet import calls  # noqa: PLC0415 - a call over one input needs none of this
    from linter.fleet.keeping import Passing  # noqa: PLC0415 - as above

    many = arguments.jobs > 1 or bool(arguments.scheduler)
    tell = _tell if many or arguments.resume or arguments.verbose else None
    keeping = Passing(len(request.paths), tell)
    if store is not None:
        from linter.fleet.stored import Storing  # noqa: PLC0415 - as above

        keeping = Storing(store, request.paths, arguments.history_name, resume=arguments.resume, tell=tell)
    try:
        with workers_of(arguments) as workers:
            if many:
                request = request._replace(progress=None)
            if many and not workers.remote:
                request = _spread(request, workers, arguments.jobs)
            run = calls.judge(request, workers, keeping)
    except KeyboardInterrupt:
        stored = getattr(keeping, "stored", 0)
        if stored:
            _tell(f"{stored} of {len(request.paths)} inputs are in the history: --resume goes on from there")
        raise
    return run, getattr(keeping, "failed", None)


@contextmanager
def spreading(arguments: argparse.Namespace, request: "Request") -> "Iterator[Request]":
    """The request, its files read in several processes where that is asked for and worth it."""
    if arguments.jobs == 1:
        yield request
        return
    with workers_of(arguments, beside=1) as workers:  # this process has nothing else to do meanwhile
        yield _spread(request, workers, arguments.jobs)


def _spread(request: "Request", workers: "Workers", jobs: int) -> "Request":
    from linter.fleet.spread import in_processes  # noqa: PLC0415 - as above

    return request._replace(spread=in_processes(workers, jobs), processes=jobs)


def _tell(sentence: str) -> None:
    from linter.cli._say import say  # noqa: PLC0415 - as above

    say(sentence)
