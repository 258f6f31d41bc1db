"""Show how the findings of each cluster stand over time, from a history that `regcred check --history` keeps.

Exit codes: 0 shown, whatever is open; 2 usage error, or the history cannot be read.
"""

import argparse
import sys

from linter.cli import EXIT_CLEAN

SUMMARY = "show findings over time: age, resolved, reopened"

EXAMPLES = (
    ("regcred trend --history scans.db", "every cluster, with a chart and the oldest findings"),
    ("regcred trend --history scans.db --cluster prod --format json", "one cluster, for a program"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred trend`."""
    parser.add_argument(
        "--history", metavar="URL", required=True, help="the history: a path, sqlite:///FILE or postgresql://…"
    )
    parser.add_argument(
        "--cluster", action="append", default=[], metavar="NAME", help="only this cluster; repeat for several"
    )
    how = "for people (text) or for programs (json); default: text"
    parser.add_argument("--format", choices=("text", "json"), default="text", help=how)


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred trend` and return its exit code."""
    from linter.clock import now  # noqa: PLC0415 - `--help` needs none of this
    from linter.history import open_store  # noqa: PLC0415 - as above
    from linter.history.text import as_json, as_text  # noqa: PLC0415 - as above

    with open_store(arguments.history, create=False) as store:
        stories = store.stories(arguments.cluster)
    written = as_json(stories, now()) if arguments.format == "json" else as_text(stories, now())
    sys.stdout.flush()
    sys.stdout.buffer.write(written.encode("utf-8"))
    sys.stdout.buffer.flush()
    return EXIT_CLEAN
