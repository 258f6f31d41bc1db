"""How the parser of a command is made: without what only its help needs."""

import argparse
import os
from typing import Any

# `argparse` asks for a translation of each of its words, in vain, and would load `locale` for that.
vars(argparse)["_"] = str


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. `argparse` makes one for every option and would load all of `shutil` to ask that."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """The width of the terminal, found as `shutil.get_terminal_size` does."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def parser_options(command: Any) -> dict[str, Any]:
    """How the parser of a command module is made, but for its name: its docstring first, its examples last."""
    shown = "".join(f"\n  {line}\n      {what}\n" for line, what in getattr(command, "EXAMPLES", ()))
    return {
        "description": command.__doc__,
        "epilog": f"examples:{shown}" if shown else None,
        "formatter_class": _Help,
        "allow_abbrev": False,
    }
