"""Write down today's findings, so that `regcred check --baseline FILE` counts only new ones.

An existing file is brought up to date: findings that have vanished leave it, new ones come in. Give it the same paths
as `regcred check`. Exit codes: 0 written; 2 usage, configuration or internal error; 3 an input could not be read, and
then nothing is written.
"""

import argparse
import os
import sys

from linter.cli import EXIT_CLEAN, EXIT_UNREADABLE, EXIT_USAGE
from linter.cli._fleet import add_fleet
from linter.cli._say import say

SUMMARY = "write down today's findings, to see only new ones"
EXAMPLES = (
    ("regcred baseline deploy/", "accept what there is today, in .regcred-baseline"),
    ("regcred check deploy/ --baseline .regcred-baseline", "only what is new fails"),
    ("regcred baseline dumps/*.tar.gz --jobs auto", "of a fleet, in as many processes as cores"),
    ("regcred baseline cluster: -n shop -o shop.baseline", "the same for a namespace of the cluster kubectl talks to"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred baseline`."""
    parser.usage = "%(prog)s PATH [PATH ...] [OPTIONS]"
    from linter.baseline import DEFAULT_PATH  # noqa: PLC0415 - the overview needs none of this
    from linter.cli.check import add_inputs  # noqa: PLC0415 - as above

    add_inputs(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", default=DEFAULT_PATH, help=f"the baseline; default: {DEFAULT_PATH}"
    )
    add_fleet(parser)
    parser.set_defaults(resume=False, history=None, verbose=False)


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred baseline` and return its exit code."""
    from linter import baseline, engine, files  # noqa: PLC0415 - `--help` does not need the engine
    from linter.cli import _fleet  # noqa: PLC0415 - as above
    from linter.cli.check import broken, request_of, unreadable  # noqa: PLC0415 - as above
    from linter.errors import UsageError  # noqa: PLC0415 - as above
    from linter.resolve.text import visible  # noqa: PLC0415 - as above

    path = arguments.output
    request = request_of(arguments)
    old = baseline.load(path) if os.path.exists(path) else {}
    try:
        if _fleet.apart(arguments, request):
            run, _ = _fleet.judge(arguments, request, None)
        else:
            with _fleet.spreading(arguments, request) as wide:
                run = engine.run(wide).run
    finally:
        if request.progress is not None:
            request.progress(1.0, "")
    for problem in run.problems:
        say(f"{problem.path}: {problem.message}" + (f": {problem.remedy}" if problem.remedy else ""))
    if broken(run):
        say(f"{path} was not written: what a rule that failed would have found would be missing from it")
        return EXIT_USAGE
    if unreadable(run):
        say(f"{path} was not written: what could not be read would be missing from it")
        return EXIT_UNREADABLE
    known = [loaded.rule.code for loaded in engine.catalogue(request.settings)]
    new = baseline.update(old, run.findings, [rule.code for rule in run.rules], known)
    try:
        files.replace(path, baseline.render(new.lines).encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise UsageError(f"{path}: the baseline cannot be written: {files.reason(error)}") from error
    count = len(new.lines)
    told = f"{path}: {count} finding{'' if count == 1 else 's'} ({new.added} added, {new.removed} removed)"
    sys.stdout.write(f"{visible(told)}\n")
    return EXIT_CLEAN
