"""Render a saved result (`regcred check --format json=RESULT.json`) in other formats, without judging again.

Exit codes: 0 rendered, whatever was found; 2 usage or internal error, or the file is not a result; 3 it cannot be read.
"""

import argparse
import sys
from typing import Final

from linter.cli import EXIT_CLEAN, EXIT_UNREADABLE
from linter.cli._say import say

_MOST: Final = 512 * 2**20

VALUES = True
"""Its words are no paths: an empty one says nothing."""
SUMMARY = "render a saved JSON result in another format"
EXAMPLES = (
    ("regcred check dump.yaml --format json=result.json", "save a result once"),
    ("regcred report result.json --format html=report.html --format sarif=report.sarif", "render it, and again"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred report`."""
    from linter.cli.check import add_age, add_outputs  # noqa: PLC0415 - the overview needs none of this

    parser.add_argument("result", metavar="RESULT.json", help="a result in the format json, or - for standard input")
    add_outputs(parser)
    add_age(parser.add_argument_group("over time, for a result of --history: what reports show as a failure"))


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred report` and return its exit code."""
    from linter import results  # noqa: PLC0415 - `--help` needs none of this
    from linter.cli.check import outputs_of, write_all  # noqa: PLC0415 - as above
    from linter.files import given  # noqa: PLC0415 - as above

    outputs = outputs_of(arguments, [arguments.result])
    name = arguments.result
    try:
        data = _piped() if name == "-" else given(name, _MOST)
    except OSError as error:
        say(f"{name}: cannot be read: {error.strerror}")
        return EXIT_UNREADABLE
    run = results.parse(data, "standard input" if name == "-" else name)
    unwritten = write_all(outputs, run, arguments)
    if unwritten is not None:
        raise unwritten
    return EXIT_CLEAN


def _piped() -> bytes:
    """Return what stands on standard input. Raises OSError where that is too much."""
    from linter.files import oversized  # noqa: PLC0415 - `--help` needs none of this

    data = sys.stdin.buffer.read(_MOST + 1)
    if len(data) > _MOST:
        raise oversized(_MOST)
    return data
