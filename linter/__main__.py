"""The `regcred` command. `--version` is answered before anything else is imported."""

import sys

from linter import __version__


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"regcred {__version__}\n")
        return 0
    from linter.cli import run  # noqa: PLC0415 - start-up: the version must not wait for the command tree

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
