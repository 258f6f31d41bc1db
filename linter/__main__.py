"""The `regcred` command. `--version` is answered before anything else is imported."""

import os
import sys

from linter import __version__


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return its exit code."""
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
    from linter.cli import run  # noqa: PLC0415 - start-up: the version must not wait for the command tree

    code = run(arguments)
    if argv is None:
        import gc  # noqa: PLC0415 - as above

        gc.freeze()  # the process ends: what is left need not be looked through first
    return code


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
