"""The `regcred` command. `--version` is answered before anything else is imported."""

import os
import sys

from linter import __version__

_GARBAGE = 100_000
"""So many objects more than before, and the collector of cycles looks: not all the time while modules are loaded."""
_WANT_THE_END = frozenset({"atexit", "threading"})
"""Modules with which something may have to be tidied up, waited for or told when the process ends."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return its exit code."""
    try:
        return _main(argv)
    except KeyboardInterrupt:  # before the command could take care of it
        sys.stderr.write("regcred: interrupted\n")
        return 130


def _main(argv: list[str] | None) -> int:
    _open_streams()
    arguments = sys.argv[1:] if argv is None else argv
    if arguments in (["--version"], ["-V"]):
        try:
            sys.stdout.write(f"regcred {__version__}\n")
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 2
        return 0
    if argv is None:
        import gc  # noqa: PLC0415 - start-up: the version needs none of this

        gc.set_threshold(_GARBAGE)
    from linter.cli import run  # noqa: PLC0415 - as above

    code = run(arguments, last=argv is None)
    if argv is None:
        gc.freeze()  # the process ends: what is left need not be looked through first
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process without taking apart what it holds, where nothing that is loaded may want to know of the end."""
    if _WANT_THE_END.isdisjoint(sys.modules) and sys.getprofile() is None and not sys.flags.inspect:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            return  # as Python ends then
        os._exit(code)


def _open_streams() -> None:
    """Give a process that was started without some of them (`>&-`) all standard streams, those leading nowhere.

    Else the first file that is opened would be taken for one.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while os.open(os.devnull, os.O_RDWR) < 2:
        pass
    nowhere = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
    sys.stdin, sys.stdout, sys.stderr = sys.stdin or nowhere, sys.stdout or nowhere, sys.stderr or nowhere


if __name__ == "__main__":
    sys.exit(main())
