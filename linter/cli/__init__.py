"""The command line: one module a command, each imported when it is called.

A command module has `SUMMARY` (one line for the overview), `configure(parser)` and `execute(arguments) -> int`; with
`INTERMIXED = True` its words and options may stand in any order. `EXAMPLES` are pairs of a command line and what it is
for, shown below the help.
"""

import importlib
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from linter.stopping import Stoppable

COMMANDS: Final = ("check", "resolve", "explain", "rules", "baseline", "collect", "report", "trend", "completion")

EXIT_CLEAN: Final = 0
EXIT_FINDINGS: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREADABLE: Final = 3

_OVERVIEW = """\
usage: regcred COMMAND [OPTIONS]

Says which image will not be pulled, why, and what must change.

commands:
{commands}

where to start:
  regcred check deploy/                                judge the manifests of a folder, before a merge
  regcred check cluster:                               judge the cluster that kubectl talks to
  regcred resolve quay.io/shop/web:1 cluster: -n shop  why is this image not pulled?
  regcred explain RC302                                what does a finding mean?

`regcred COMMAND --help` tells more, with examples; `regcred --version` prints the version.
"""


def available() -> list[str]:
    """The commands that are installed, in the order of the overview."""
    here = os.path.dirname(__file__)
    return [name for name in COMMANDS if os.path.exists(os.path.join(here, f"{name}.py"))]


def run(arguments: list[str], *, last: bool = False) -> int:
    """Run one command line and return its exit code (the constants above say what each means).

    One that was asked to end has 128 and the number of the signal. With `last`, the process ends with it.
    """
    from linter.stopping import Stoppable  # noqa: PLC0415 - the version does not need it

    with Stoppable(last=last) as asked:
        try:
            asked.begin()
            code = _answered(arguments, asked)
            asked.end()
        except KeyboardInterrupt:
            asked.end()
            code = _failed(asked.word, asked.code)
    return code


def _answered(arguments: list[str], asked: "Stoppable") -> int:
    """Run one command line; whatever it raises is told, and has its exit code."""
    from linter.memory import bounded  # noqa: PLC0415 - as above

    try:
        with bounded():
            code = _execute(arguments)
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the last line of defence: never a traceback, whose values may be secret
        if asked.came:
            raise KeyboardInterrupt from None  # it comes of what was given up
        return _told(error)
    return code


def _told(error: Exception) -> int:
    """Tell what has ended a command, and return its exit code."""
    from linter.errors import RegcredError  # noqa: PLC0415 - as above

    if isinstance(error, RegcredError):
        return _failed(str(error))
    if isinstance(error, MemoryError):
        from linter.exhausted import ExhaustedError  # noqa: PLC0415 - as above

        return _failed(str(ExhaustedError("what was found was put together and written")))
    if isinstance(error, FileNotFoundError) and error.filename is None:  # a stream is there as long as it is open
        return _failed("the working directory is no longer there: change to one that is")
    if isinstance(error, OSError) and error.filename is None:  # it came of writing to a stream
        return _unheard(error)
    return _surprised(error)


def _execute(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return EXIT_CLEAN if arguments else EXIT_USAGE
    name, rest = arguments[0], arguments[1:]
    if name not in available():
        return _failed(f"there is no command {name!r}{_nearest(name)}")
    import argparse  # noqa: PLC0415 - the overview and a wrong command do not need it

    from linter.cli._parser import parser_options  # noqa: PLC0415 - as above

    command = importlib.import_module(f"linter.cli.{name}")
    parser = argparse.ArgumentParser(prog=f"regcred {name}", **parser_options(command))
    command.configure(parser)
    try:
        intermixed = getattr(command, "INTERMIXED", False)
        parsed = parser.parse_intermixed_args(rest) if intermixed else parser.parse_args(rest)
    except SystemExit:
        sys.stdout.flush()  # the help, while something can still be said of it
        raise
    if any(not word.strip() for word in rest) or any(word.endswith("=") for word in rest):
        from linter.cli._blank import refuse_blank  # noqa: PLC0415 - only a mistake needs it

        refuse_blank(rest, values=getattr(command, "VALUES", False))
    try:
        return int(command.execute(parsed))
    except SystemExit:  # its code would be taken for ours
        return _failed("a rule of the settings' own has ended the program: a rule reports, and never calls exit()")


def _failed(message: str, code: int = EXIT_USAGE) -> int:
    """Say why the call could not be done, if anybody hears it, and return its exit code."""
    from linter.resolve.text import visible  # noqa: PLC0415 - only a failure needs it

    said = "".join(f"{visible(line)}\n" for line in f"regcred: {message}".split("\n"))
    with suppress(OSError):
        sys.stderr.write(said)
    return code


def _surprised(error: Exception) -> int:
    if "REGCRED_DEBUG" in os.environ:
        raise error
    from linter.errors import where  # noqa: PLC0415 - as above

    return _failed(f"internal error: {where(error)}; set REGCRED_DEBUG=1 for the traceback")


def _unheard(error: OSError) -> int:
    """Give up on an output that cannot be written; Python would try again at the end of the process."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # When the reader of our output has gone (`| head`), that is no error of ours, and nothing more can be said.
    gone = isinstance(error, BrokenPipeError)
    return EXIT_USAGE if gone else _failed(f"the output cannot be written: {error.strerror}")


def _overview() -> str:
    lines = []
    for name in available():
        summary = importlib.import_module(f"linter.cli.{name}").SUMMARY
        lines.append(f"  {name:<11} {summary}")
    return _OVERVIEW.format(commands="\n".join(lines))


def _nearest(name: str) -> str:
    import difflib  # noqa: PLC0415 - only a mistake needs it

    near = difflib.get_close_matches(name, available(), n=1)
    if near:
        return f": did you mean {near[0]}?"
    return f"; commands are {', '.join(available())}" + (" (to judge a path: regcred check PATH)" if name else "")
