"""`--jobs`, `--scheduler` and `--resume`: where a call is worked on, and what of it is done already."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from linter.engine import Request
    from linter.fleet.executors import Workers
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
    together = [getattr(arguments, name, None) for name in ("fix", "diff", "fix_dir", "changed_since", "context")]
    return len(request.paths) > 1 and not any(together) and request.render is None


@contextmanager
def workers_of(arguments: argparse.Namespace) -> "Iterator[Workers]":
    """Open where the call is worked on, and let it go afterwards: at once when the call ends early."""
    from linter.fleet.executors import Inline, Processes  # noqa: PLC0415 - as above

    workers: Workers = Processes(arguments.jobs) if arguments.jobs > 1 else Inline()
    try:
        yield workers
    except BaseException:
        workers.close(now=True)
        raise
    workers.close()


def judge(arguments: argparse.Namespace, request: "Request") -> "Run":
    """Judge the inputs of a call, each cluster for itself."""
    from linter.fleet import calls  # noqa: PLC0415 - a call over one input needs none of this
    from linter.fleet.keeping import Passing  # noqa: PLC0415 - as above

    tell = _tell if arguments.jobs > 1 or getattr(arguments, "verbose", False) else None
    with workers_of(arguments) as workers:
        if arguments.jobs > 1:
            request = spread_out(request, workers, arguments.jobs)._replace(progress=None)
        return calls.judge(request, workers, Passing(len(request.paths), tell))


def spread_out(request: "Request", workers: "Workers", jobs: int) -> "Request":
    """The request, its files read on the workers where that is worth it."""
    from linter.fleet.spread import in_processes  # noqa: PLC0415 - as above

    return request._replace(spread=in_processes(workers, jobs))


def _tell(sentence: str) -> None:
    sys.stderr.write(f"regcred: {sentence}\n")
    sys.stderr.flush()
