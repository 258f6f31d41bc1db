"""Write what `check cluster:` would read to one file, for later or for somebody else; `check FILE` judges it.

Without an argument the cluster of the current context is read. The file holds credentials: it has mode 0600.

Exit codes: 0 written, whatever the cluster refused to show (the file and `check` say what); 2 usage, configuration or
internal error, or the file cannot be written; 3 a cluster could not be read, and nothing was written.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from linter.cli import EXIT_CLEAN, EXIT_UNREADABLE
from linter.cli._live import add_live, named_namespaces

if TYPE_CHECKING:
    from linter.collecting import Collection

SUMMARY = "write a live cluster to a file that check judges as it would the cluster"
EXAMPLES = (
    ("regcred collect -o dump.tar.gz", "take the cluster that kubectl talks to along"),
    ("regcred collect cluster:prod -n shop -o shop.tar.gz", "one namespace of another context"),
    ("regcred collect --redact -o dump.tar.gz", "without the credentials, to give it away"),
    ("regcred check dump.tar.gz", "and judge it, later or elsewhere"),
)
_ENDINGS = (".tar.gz", ".tgz")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred collect`."""
    parser.add_argument(
        "paths", nargs="*", metavar="cluster:[CONTEXT]", help="a live cluster; default: that of the current context"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE.tar.gz", help="the file to write, mode 0600")
    parser.add_argument(
        "--redact", action="store_true", help="replace credentials by others of the same form, equal where they were"
    )
    add_live(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred collect` and return its exit code."""
    from linter.collecting import pack, take  # noqa: PLC0415 - `--help` needs none of this
    from linter.errors import UsageError  # noqa: PLC0415 - as above
    from linter.inventory.asked import ASKED, GLOBAL_PATH  # noqa: PLC0415 - as above
    from linter.sources.live import ClusterError, Kind, Live, is_live  # noqa: PLC0415 - as above

    paths = list(dict.fromkeys(arguments.paths or ["cluster:"]))
    for path in paths:
        if not is_live(path):
            raise UsageError(f"{path!r} is no live cluster (cluster: or cluster:CONTEXT); files are judged as they are")
    if not arguments.output.endswith(_ENDINGS):
        raise UsageError(f"{arguments.output}: what is written is a tar.gz: let its name end in .tar.gz")
    namespaces = named_namespaces(paths, arguments.namespaces)
    live = Live([Kind(*one) for one in ASKED], namespaces, (GLOBAL_PATH,), arguments.timeout)
    taken = []
    for number, path in enumerate(paths):
        tell, end = _teller(number, len(paths))
        try:
            taken.append(take(path, live, told=tell))
        except ClusterError as error:
            sys.stderr.write(f"regcred: {path}: {error.message}: {error.remedy}; nothing was written\n")
            return EXIT_UNREADABLE
        finally:
            end()
    if arguments.redact:
        from linter.collecting.redact import redact  # noqa: PLC0415 - as above

        taken = redact(taken)
    _write(arguments.output, pack(taken))
    _summary(arguments.output, taken)
    return EXIT_CLEAN


def _teller(number: int, inputs: int) -> tuple[Callable[[float, str], None], Callable[[], None]]:
    """Return what is told of the reading of one input, and what ends the bar."""
    from linter.cli._progress import progress  # noqa: PLC0415 - as above

    bar = progress()

    def tell(share: float, path: str) -> None:
        if bar is not None:
            bar(min((number + share) / inputs, 0.99), path)

    return tell, lambda: bar(1.0, "") if bar is not None else None


def _write(path: str, data: bytes) -> None:
    from linter import files  # noqa: PLC0415 - as above
    from linter.errors import UsageError  # noqa: PLC0415 - as above

    try:
        files.replace(path, data, private=True)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _summary(path: str, taken: "Sequence[Collection]") -> None:
    """Say on standard error what was read and what was refused."""
    from linter.sources.live.words import plain  # noqa: PLC0415 - as above

    for one in taken:
        objects = sum(map(len, one.lists.values()))
        kinds = len(one.record.collected)
        sys.stderr.write(f"{path}: {objects} objects of {kinds} kinds from {plain(one.record.name)}\n")
        for refused in one.record.refused:
            sys.stderr.write(f"  not read: {plain(refused.sentence())}\n")
