"""Judge manifests, dumps, a live cluster (`cluster:`) or standard input (`-`): which image will not be pulled, and why.

Exit codes: 0 nothing at or above --fail-on; 1 something; 2 usage, configuration or internal error;
3 an input named here could not be read, or nothing to judge was found in it (with --strict also: anything that was
not evaluated, or a problem).
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from linter.cli import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE
from linter.cli._fleet import add_fleet, add_resume
from linter.cli._live import add_live, named_namespaces
from linter.cli._render import add_render, render_of
from linter.cli._urls import shown_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from linter.engine import Request
    from linter.errors import HistoryError, UsageError
    from linter.model import Run, Threshold

SUMMARY = "judge manifests, dumps or standard input"
EXAMPLES = (
    ("regcred check deploy/", "before a merge: what is wrong with the manifests of this folder?"),
    ("oc get secrets,serviceaccounts,pods,imagestreams -A -o yaml | regcred check -", "and with a cluster?"),
    ("regcred check cluster: -n shop", "and with the cluster that kubectl talks to, in one namespace?"),
    ("regcred check dump.yaml --format text --format html=report.html", "read it here, and keep a page to show around"),
    ("regcred check deploy/ --select links --fail-on error", "only whether secrets reach pods; only errors fail"),
    ("regcred check . --changed-since origin/main", "in a pull request: only what it brings"),
    ("regcred check deploy/ --diff", "what would be repaired? --fix repairs it"),
    ("regcred check dumps/*.tar.gz --jobs auto", "a fleet: each cluster for itself, in as many processes as cores"),
    ("regcred check 's3://backups/*.tar.gz' --history scans.db --resume", "from URLs, going on where a call was ended"),
    ("regcred check dump.yaml --fix-dir fixes/", "write manifests and commands that repair the cluster"),
)

COLOUR: Final = "colour in text output; default: auto, which is on a terminal unless NO_COLOR is set"
_LEVELS: Final = ("error", "warning", "info", "never")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Declare what says which inputs are judged by which rules: the same for every command that judges."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="file, folder, archive, URL, cluster:[CONTEXT], or - for standard input",
    )
    parser.add_argument(
        "--scope",
        choices=("auto", "cluster", "manifests"),
        default="auto",
        help="whether the input holds all that exists (cluster) or a part of it (manifests); default: auto",
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="RULES",
        help="run only these rules: codes, beginnings of codes (RC3), names or families, with commas between",
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="RULES", help="do not run these rules, named as for --select"
    )
    parser.add_argument("--config", metavar="FILE", help="settings file; default: the nearest .regcred.yaml or .yml")
    add_live(parser, " or URL, for each build of --render, and for what --scheduler has lost to come back")
    add_render(parser)


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Declare how a run is reported: the same for every command that reports."""
    from linter import registry  # noqa: PLC0415 - the overview needs none of this

    parser.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="NAME[=FILE]",
        help=f"how to report ({', '.join(registry.report_names())}), and where to; repeat for several. Default: text "
        "on standard output",
    )
    parser.add_argument(
        "--fail-on", choices=_LEVELS, default="warning", help="what counts as a failure; default: warning and above"
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help=COLOUR)
    parser.add_argument("-v", "--verbose", action="store_true", help="list in full what is otherwise counted")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred check`."""
    parser.usage = "%(prog)s PATH [PATH ...] [OPTIONS]"
    add_inputs(parser)
    add_outputs(parser)
    strict = "exit 3 also for anything that was not evaluated, and for any problem"
    parser.add_argument("--strict", action="store_true", help=strict)
    parser.add_argument("--baseline", metavar="FILE", help="do not count the findings of this file (regcred baseline)")
    parser.add_argument("--timing", action="store_true", help="tell on standard error where the time went")
    add_fleet(parser)
    _add_history(parser)
    add_change(parser)
    fixing = parser.add_argument_group("repairs")
    fixing.add_argument("--fix", action="store_true", help="repair files in place, comments and layout kept")
    fixing.add_argument("--diff", action="store_true", help="show what --fix would change, credentials masked")
    fixing.add_argument("--fix-dir", metavar="DIR", help="write manifests that repair a cluster, with a README")
    fixing.add_argument("--unsafe-fixes", action="store_true", help="also repairs that may change the meaning")
    fixing.add_argument("--no-credentials", action="store_true", help="--fix-dir: commands instead of credentials")
    fixing.add_argument("--show-secrets", action="store_true", help="--diff: do not mask credentials")


def _add_history(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("over time")
    group.add_argument(
        "--history", metavar="URL", help="store the scan: a path, sqlite:///FILE or postgresql://… (regcred trend)"
    )
    group.add_argument(
        "--history-name",
        action="append",
        default=[],
        metavar="[INPUT=]NAME",
        help="what the history calls the cluster; default: as reports call it, or the inputs",
    )
    add_age(group)
    add_resume(group)


def add_age(group: "argparse._ArgumentGroup") -> None:
    """Declare what counts as a failure where a history knows how old findings are."""
    from linter.cli._history import age  # noqa: PLC0415 - the overview needs none of this

    group.add_argument(
        "--fail-on-new",
        action="store_true",
        help="of what --fail-on counts, only findings that were not open in the last scan fail",
    )
    group.add_argument(
        "--max-age", type=age, metavar="AGE", help="also fail on any finding older than this, as in 30d, 12h or 2w"
    )


def add_change(parser: argparse.ArgumentParser) -> None:
    """Declare what narrows a report to a change."""
    change = parser.add_argument_group("only what a change touches (all is judged all the same)")
    narrow = change.add_mutually_exclusive_group()
    narrow.add_argument(
        "--changed-since",
        metavar="REF",
        help="report what the change since the branch left REF (a commit, branch or tag of git) has written or brought "
        "about: what a pull request brings",
    )
    narrow.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="PATH",
        help="read this too, and report only what concerns the other paths: for a hook that is given changed files",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred check` and return its exit code."""
    from linter.timing import Clock  # noqa: PLC0415 - `--help` does not need it

    if arguments.no_credentials or arguments.show_secrets:
        from linter.cli._checked import refuse_idle  # noqa: PLC0415 - as above

        refuse_idle(arguments)
    request = request_of(arguments)
    clock = Clock() if arguments.timing else None
    if clock is not None:
        request = request._replace(lap=clock)
    if arguments.baseline:
        from linter import baseline  # noqa: PLC0415 - most calls have none

        request = request._replace(
            baseline=frozenset(baseline.load(arguments.baseline)), baseline_path=arguments.baseline
        )
    read = [*arguments.paths, *arguments.context, arguments.baseline or "", arguments.config or ""]
    outputs = outputs_of(arguments, read)
    request = request._replace(wants=wants_of(outputs))
    try:
        run, failed = _judged(arguments, request)
    finally:
        if request.progress is not None:
            request.progress(1.0, "")
    unwritten = write_all(outputs, run, arguments, request.lap)
    if clock is not None:
        sys.stderr.write("\n".join(["where the time went:", *clock.lines()]) + "\n")
    for error in (failed, unwritten):
        if error is not None:
            raise error
    return exit_code(run, arguments)


def _judged(arguments: argparse.Namespace, request: "Request") -> "tuple[Run, HistoryError | None]":
    """Judge a call, and store it where a history is kept; when that fails, what was found is told all the same."""
    from linter import engine  # noqa: PLC0415 - as above
    from linter.cli import _fleet  # noqa: PLC0415 - as above
    from linter.cli._history import keep, opened  # noqa: PLC0415 - as above
    from linter.errors import HistoryError, NoHistoryError  # noqa: PLC0415 - as above

    apart = _fleet.apart(arguments, request)
    store, failed = None, None
    try:
        store = opened(arguments)
    except NoHistoryError:
        raise
    except HistoryError as error:
        failed = error
    if apart:
        try:
            run, unkept = _fleet.judge(arguments, request, store)
            return run, failed or unkept
        finally:
            if store is not None:
                store.close()
    with _fleet.spreading(arguments, request) as wide:
        if arguments.changed_since is not None or arguments.context:
            from linter.cli._changed import narrowed  # noqa: PLC0415 - as above

            request = narrowed(wide, arguments.changed_since, arguments.context)
        else:
            request = wide
        repairing = arguments.fix or arguments.diff or arguments.fix_dir
        # A repair judges several times: what only reports want is made of the last result alone.
        result = engine.run(request._replace(wants=frozenset()) if repairing else request)
    if repairing:
        from linter.cli._repair import repair  # noqa: PLC0415 - only a repair needs the fix engine

        quiet = request._replace(spread=None, wants=frozenset())
        result = engine.completed(request, repair(quiet, result, arguments))
    if store is None:
        return result.run, failed
    try:
        return keep(store, result, arguments), None
    except HistoryError as error:
        return result.run, error
    finally:
        store.close()


def request_of(arguments: argparse.Namespace) -> "Request":
    """The request that the options of `add_inputs` make."""
    from linter import engine, memory, settings  # noqa: PLC0415 - as above
    from linter.cli._progress import progress  # noqa: PLC0415 - as above

    wanted = settings.load(arguments.config)
    memory.bind(wanted.limits.get("memory"))
    paths, urls = shown_paths(arguments.paths, arguments.timeout)
    return engine.Request(
        paths=paths,
        urls=urls,
        scope=arguments.scope,
        settings=wanted,
        select=_words(arguments.select),
        ignore=_words(arguments.ignore),
        stdin=sys.stdin.buffer if "-" in arguments.paths else None,
        progress=progress(),
        namespaces=named_namespaces(arguments.paths, arguments.namespaces),
        timeout=arguments.timeout,
        render=render_of(arguments, wanted.limits),
    )


def _words(values: list[str]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


def outputs_of(arguments: argparse.Namespace, read: "Sequence[str]") -> list[tuple[str, str]]:
    """The formats asked for and their files ("" is standard output); over what `read` names none is written."""
    if not arguments.format:
        return [("text", "")]
    from linter.cli._checked import outputs  # noqa: PLC0415 - most calls of people ask for none

    return outputs(arguments.format, read)


def wants_of(outputs: list[tuple[str, str]]) -> frozenset[str]:
    """The parts of a run that cost time and that at least one of the formats shows."""
    from linter import registry  # noqa: PLC0415 - as above

    return frozenset(part for name, _ in outputs for part in registry.report(name).REPORT.wants)


def write_all(
    outputs: list[tuple[str, str]],
    run: "Run",
    arguments: argparse.Namespace,
    lap: "Callable[[str], None]" = lambda _: None,
) -> "UsageError | None":
    """Write every output; return what is to be said of those that could not be, once the others are written."""
    from linter.errors import UsageError  # noqa: PLC0415 - as above

    failed = []
    for name, path in sorted(outputs, key=lambda output: not output[1]):  # standard output last: its reader may go
        try:
            _write(name, path, run, arguments)
        except UsageError as error:
            failed.append(str(error))
        lap(f"report {name}")
    _tell_beside(outputs, run)
    return UsageError("\nregcred: ".join(failed)) if failed else None


def _write(name: str, path: str, run: "Run", arguments: argparse.Namespace) -> None:
    """Render a run in one format, to a file or ("") to standard output. Raises `UsageError` for a file."""
    from linter import files, registry  # noqa: PLC0415 - as above
    from linter.errors import UsageError  # noqa: PLC0415 - as above

    color = not path and terminal_color(arguments.color)
    width = terminal_width() if not path else 100
    threshold = threshold_of(arguments)
    options = registry.report_options(
        color=color,
        width=width,
        fail_on=threshold.fail_on,
        new_only=threshold.new_only,
        max_age=threshold.max_age,
        verbose=arguments.verbose,
    )
    text = registry.report(name).render(run, options)
    data = text.encode("utf-8", "backslashreplace")
    if not path:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        files.replace(path, data)
    except OSError as error:
        raise UsageError(f"{path}: the {name} report cannot be written: {files.reason(error)}") from error


def _tell_beside(outputs: list[tuple[str, str]], run: "Run") -> None:
    """Write to standard error what none of the formats of a call has room for."""
    from linter import registry  # noqa: PLC0415 - as above

    untold = [getattr(registry.report(name), "beside", None) for name, _ in outputs]
    lines = dict.fromkeys(line for tell in untold if tell is not None for line in tell(run)) if all(untold) else ()
    if lines:
        from linter.cli._say import say  # noqa: PLC0415 - as above

        say(*lines)


def terminal_color(wanted: str) -> bool:
    """Whether to write colours to standard output: `wanted` is auto, always or never."""
    if wanted != "auto":
        return wanted == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """The width of the terminal, within reason; 100 where there is none."""
    if not sys.stdout.isatty():
        return 100
    import shutil  # noqa: PLC0415 - only a terminal has a width

    return max(60, min(shutil.get_terminal_size().columns, 140))


def exit_code(run: "Run", arguments: argparse.Namespace) -> int:
    """The exit code of a finished run: 2 before 3 before 1, never by format."""
    if broken(run):
        return EXIT_USAGE
    if unreadable(run):
        return EXIT_UNREADABLE
    if arguments.strict and (run.not_evaluated or run.problems):
        return EXIT_UNREADABLE
    threshold = threshold_of(arguments)
    return EXIT_FINDINGS if any(threshold.fails(finding, run.time) for finding in run.findings) else EXIT_CLEAN


def threshold_of(arguments: argparse.Namespace) -> "Threshold":
    """Which findings fail the call."""
    from linter.model import Severity, Threshold  # noqa: PLC0415 - as above

    level = None if arguments.fail_on == "never" else Severity[arguments.fail_on.upper()]
    return Threshold(level, getattr(arguments, "fail_on_new", False), getattr(arguments, "max_age", None))


def broken(run: "Run") -> bool:
    """Whether a rule of the project's own has failed, so that what it would have found is missing."""
    from linter.model import FAILED  # noqa: PLC0415 - as above

    return any(entry.reason == FAILED for entry in run.not_evaluated)


def unreadable(run: "Run") -> bool:
    """Whether an input that was named could not be read, or nothing to judge was found in it."""
    return any(problem.fatal for problem in run.problems)
