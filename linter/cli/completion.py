"""Print a script that completes regcred's commands, options, formats and rules in your shell.

It is read when a new shell starts; print it anew when regcred has come to know more. Make the folder of
the file where there is none.

Exit codes: 0 printed; 2 usage error.
"""

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final

from linter.cli import EXIT_CLEAN

if TYPE_CHECKING:
    from collections.abc import Mapping

SUMMARY = "print a completion script for your shell"
SHELLS: Final = ("bash", "zsh", "fish", "tcsh", "powershell")
EXAMPLES = (
    ("regcred completion bash > ~/.local/share/bash-completion/completions/regcred", "bash, for you alone"),
    ('regcred completion zsh > "${fpath[1]}/_regcred"', "zsh, into the first folder where its compinit looks"),
    ("regcred completion fish > ~/.config/fish/completions/regcred.fish", "fish"),
    (
        "regcred completion tcsh > ~/.local/share/regcred.tcsh",
        "tcsh; then write `source ~/.local/share/regcred.tcsh` into ~/.tcshrc",
    ),
    (
        "regcred completion powershell > ~/.config/powershell/regcred.ps1",
        "PowerShell; then write `. ~/.config/powershell/regcred.ps1` into the file that $PROFILE names",
    ),
)
FILES: Final = ("FILE", "FILE.tar.gz", "PATH", "[IMAGE] PATH", "RESULT.json", "URL")
"""The metavariables that stand for a file's name; a history's URL is most often the path of one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred completion`."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}")


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred completion` and return its exit code."""
    import shtab  # noqa: PLC0415 - only this command needs it

    from linter import registry  # noqa: PLC0415 - as above

    rules = [word for loaded in registry.rules() for word in (loaded.rule.code, loaded.name)]
    families = list(dict.fromkeys(loaded.family for loaded in registry.rules()))
    words = {"RULE": rules, "RULES": [*families, *rules], "NAME[=FILE]": list(registry.report_names())}
    completers = {"DIR": shtab.DIRECTORY, **dict.fromkeys(FILES, shtab.FILE)}
    sys.stdout.write(shtab.complete(whole(words, completers), arguments.shell) + "\n")
    return EXIT_CLEAN


def whole(
    words: "Mapping[str, list[str]]", completers: "Mapping[str, Mapping[str, Any]]"
) -> argparse.ArgumentParser:
    """The parsers of all commands below one, for completion only.

    `words` are what may stand for a metavariable, `completers` what shtab does for one; both by metavariable.
    """
    from importlib import import_module  # noqa: PLC0415 - as above

    from linter.cli import available  # noqa: PLC0415 - as above
    from linter.cli._parser import parser_options  # noqa: PLC0415 - as above

    top = argparse.ArgumentParser(prog="regcred")
    top.add_argument("--version", action="store_true", help="print the version")
    commands = top.add_subparsers()
    for name in available():
        command = import_module(f"linter.cli.{name}")
        parser = commands.add_parser(name, help=command.SUMMARY, **parser_options(command))
        command.configure(parser)
        for action in parser._actions:  # noqa: SLF001 - argparse has no public way to walk what was declared
            metavar = action.metavar if isinstance(action.metavar, str) else ""
            if metavar in words:
                action.choices = words[metavar]
            elif metavar in completers:
                action.complete = completers[metavar]  # type: ignore[attr-defined] # shtab's hook
    return top
