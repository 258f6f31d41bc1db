"""Write a live cluster, a dump, a folder or an archive to one file, for later or for somebody else; `check` judges it.

Without a PATH the cluster of the current context is read, as with `cluster:`. The file holds credentials (with --redact
none) and has mode 0600.

Exit codes: 0 written, whatever could not be read of it (it is named); 2 usage, configuration or internal error, or the
file cannot be written; 3 an input could not be read to its end, and nothing was written.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from linter.cli import EXIT_CLEAN, EXIT_UNREADABLE
from linter.cli._live import add_live, named_namespaces
from linter.cli._say import say
from linter.cli._urls import shown_paths
from linter.loglines import commandless

if TYPE_CHECKING:
    from linter.collecting import Collection
    from linter.collecting.files import Taken
    from linter.collecting.packing import Pack
    from linter.collecting.redact import Redaction
    from linter.sources.addresses import Urls

SUMMARY = "write a live cluster or a dump to a file that check judges alike, with credentials or without"
EXAMPLES = (
    ("regcred collect -o dump.tar.gz", "take the cluster that kubectl talks to along"),
    ("regcred collect cluster:prod -n shop -o shop.tar.gz", "one namespace of another context"),
    ("regcred collect --redact -o dump.tar.gz", "without the credentials, to give it away"),
    ("regcred collect dump.tar.gz --redact -o redacted.tar.gz", "or take them out of what was collected before"),
    ("regcred collect backup/ --redact -o redacted.tar.gz", "or out of a backup, a must-gather, a support bundle"),
    ("regcred check redacted.tar.gz", "and judge it, later or elsewhere"),
)
_ENDINGS = (".tar.gz", ".tgz")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred collect`."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="cluster:[CONTEXT], dump, folder, archive, URL, or - for standard input; default: cluster:, that of the "
        "current context",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE.tar.gz", help="the file to write, mode 0600")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    parser.add_argument(
        "--redact", action="store_true", help="replace credentials by others of the same form, equal where they were"
    )
    add_live(parser, " or URL")


class _Inputs(NamedTuple):
    """What was named, in its order: clusters and files."""

    clusters: "dict[int, Collection]"
    files: "dict[int, Taken]"
    number: int


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred collect` and return its exit code."""
    from linter import files  # noqa: PLC0415 - `--help` needs none of this
    from linter.collecting.packing import packed  # noqa: PLC0415 - as above
    from linter.collecting.redact import Redaction  # noqa: PLC0415 - as above
    from linter.errors import UsageError  # noqa: PLC0415 - as above
    from linter.sources.live import ClusterError  # noqa: PLC0415 - as above

    paths, urls = shown_paths(list(dict.fromkeys(arguments.paths or ["cluster:"])), arguments.timeout)
    if not arguments.output.endswith(_ENDINGS):
        raise UsageError(f"{arguments.output}: what is written is a tar.gz: let its name end in .tar.gz")
    namespaces = named_namespaces(paths, arguments.namespaces)
    redaction = Redaction() if arguments.redact else None

    def fill(stream: BinaryIO) -> _Inputs:
        found = _found(paths, urls, namespaces, arguments.timeout)
        with packed(stream) as archive:
            _write(archive, found, redaction)
        return found

    try:
        found = files.create(arguments.output, fill, over=arguments.force)
    except _UnreadError as error:
        say(f"{error}; nothing was written")
        return EXIT_UNREADABLE
    except ClusterError as error:
        say(f"{error.message}: {error.remedy}; nothing was written")
        return EXIT_UNREADABLE
    except FileExistsError:
        raise UsageError(f"{arguments.output}: is there already: name another file, or allow it with --force") from None
    except OSError as error:
        raise UsageError(f"{arguments.output}: cannot be written: {files.reason(error)}") from error
    _summary(arguments.output, found)
    return EXIT_CLEAN


class _UnreadError(Exception):
    """An input could not be read to its end: what is missing would look as if it was not there."""


def _found(paths: Sequence[str], urls: "Urls | None", namespaces: tuple[str, ...], timeout: float) -> _Inputs:
    """Read the clusters; find the files, which are read while they are written."""
    from linter import memory, settings  # noqa: PLC0415 - as above
    from linter.collecting import take  # noqa: PLC0415 - as above
    from linter.collecting.files import Taken  # noqa: PLC0415 - as above
    from linter.inventory.asked import ASKED, GLOBAL_PATH  # noqa: PLC0415 - as above
    from linter.sources import Limits  # noqa: PLC0415 - as above
    from linter.sources.live import ClusterError, Kind, Live, is_live  # noqa: PLC0415 - as above

    live = Live([Kind(*one) for one in ASKED], namespaces, (GLOBAL_PATH,), timeout)
    wanted = settings.Settings() if all(map(is_live, paths)) else settings.load(None)
    memory.bind(wanted.limits.get("memory"))
    limits = Limits.given(wanted.limits) if wanted.limits else None
    found = _Inputs({}, {}, len(paths))
    for number, path in enumerate(paths):
        if not is_live(path):
            stdin = sys.stdin.buffer if path == "-" else None
            found.files[number] = Taken(path, exclude=wanted.exclude, stdin=stdin, urls=urls, limits=limits)
            continue
        tell, end = _teller(number, len(paths))
        try:
            found.clusters[number] = take(path, live, told=tell)
        except ClusterError as error:
            raise _UnreadError(f"{path}: {error.message}: {error.remedy}") from None
        finally:
            end()
    return found


def _write(archive: "Pack", found: _Inputs, redaction: "Redaction | None") -> None:
    """Write everything, each input in a folder of its own where there are several."""
    from linter.collecting import add  # noqa: PLC0415 - as above
    from linter.collecting.redact import learnt, scrubbed  # noqa: PLC0415 - as above

    several = found.number > 1
    if redaction is not None:
        for number, one in found.clusters.items():
            found.clusters[number] = learnt(one, redaction)
        for number, taken in found.files.items():
            tell, end = _teller(number, found.number)
            try:
                taken.learn(redaction, several=several, told=tell)
            finally:
                end()
            _judge(taken, several=several)
    for number in range(found.number):
        taken_here = found.files.get(number)
        folder = _folder(found, number) if several else ""
        if taken_here is None:
            one = found.clusters[number]
            add(archive, one if redaction is None else scrubbed([one], redaction)[0], folder)
        elif redaction is not None:
            taken_here.add_redacted(archive, folder)
        else:
            tell, end = _teller(number, found.number)
            try:
                taken_here.add(archive, folder, several=several, told=tell)
            finally:
                end()
            _judge(taken_here, several=several)


def _judge(taken: "Taken", *, several: bool) -> None:
    """Raise for an input that was not read to its end, or that would be taken for a part of another."""
    from linter.errors import UsageError  # noqa: PLC0415 - as above

    failed = taken.failed
    if failed is not None:
        raise _UnreadError(f"{failed.path}: {failed.message}: {failed.remedy}")
    why = taken.alone() if several else ""
    if why:
        raise UsageError(f"{taken.shown}: {why}, so it can share a file with nothing: collect it by itself")


def _folder(found: _Inputs, number: int) -> str:
    from linter.collecting import neutral  # noqa: PLC0415 - as above
    from linter.sources.choice import without_suffix  # noqa: PLC0415 - as above

    if number in found.clusters:
        name = found.clusters[number].record.name
    else:
        name = without_suffix(os.path.basename(found.files[number].argument.rstrip("/"))).strip("-") or "input"
    return f"{number + 1}-{neutral(name)}/"


def _teller(number: int, inputs: int) -> tuple[Callable[[float, str], None], Callable[[], None]]:
    """Return what is told of the reading of one input, and what ends the bar."""
    from linter.cli._progress import progress  # noqa: PLC0415 - as above

    bar = progress()

    def tell(share: float, path: str) -> None:
        if bar is not None:
            bar(min((number + share) / inputs, 0.99), path)

    return tell, lambda: bar(1.0, "") if bar is not None else None


def _summary(path: str, found: _Inputs) -> None:
    """Say on standard error what was read, what was left out or refused, and why."""
    from linter.fix.naming import one_line  # noqa: PLC0415 - as above
    from linter.sources.live.words import plain  # noqa: PLC0415 - as above

    lines = []
    for number in range(found.number):
        taken = found.files.get(number)
        if taken is None:
            one = found.clusters[number]
            objects = sum(map(len, one.lists.values()))
            lines.append(f"{path}: {objects} objects of {len(one.record.collected)} kinds from {one.record.name}")
            lines += [f"  not read: {plain(refused.sentence())}" for refused in one.record.refused]
            continue
        lines.append(f"{path}: {taken.files} {'file' if taken.files == 1 else 'files'} of {taken.shown}")
        lines += [f"  left out: {count} ({reason})" for reason, count in sorted(taken.skipped.items())]
        lines += [f"  not taken: {one.path}: {one.message}: {one.remedy}" for one in taken.problems]
        lines += [f"  kept as text, with values replaced: {name}" for name in taken.unparsed]
        for name, kept, lost in taken.accepting:
            if kept:
                lines.append(f"  left out: the reasons of {_accepting(kept)}, of {name}")
            if lost:
                lines.append(f"  left out: {_accepting(lost)}, of {name}: check reports them again")
    sys.stderr.write("".join(f"{commandless(one_line(line))}\n" for line in lines))


def _accepting(count: int) -> str:
    return "a comment that accepts findings" if count == 1 else f"{count} comments that accept findings"
