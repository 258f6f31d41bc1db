"""Explain rules: what they find, why it matters, an example, and the fix. Rules are named by code or name.

Exit codes: 0 explained; 2 no such rule, or the settings cannot be read.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from linter.cli import EXIT_CLEAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linter.registry import Loaded

VALUES = True
"""Its words are no paths: an empty one says nothing."""
SUMMARY = "explain a rule"
EXAMPLES = (
    ("regcred explain RC302", "by its code"),
    ("regcred explain mount-only-link unlinked-pull-secret", "by name, several at once"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred explain`."""
    from linter.cli.check import COLOUR  # noqa: PLC0415 - the overview needs none of this

    parser.add_argument("rules", nargs="+", metavar="RULE", help="code or name, as in RC301 or unlinked-pull-secret")
    parser.add_argument("--format", choices=("text", "markdown"), default="text", help="how to print; default: text")
    parser.add_argument("--config", metavar="FILE", help="settings file, for custom rules; default: the nearest")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help=COLOUR)


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred explain` and return its exit code."""
    from linter import engine, manuals, registry, settings  # noqa: PLC0415 - `--help` needs no rule
    from linter.cli.check import terminal_color, terminal_width  # noqa: PLC0415 - as above

    catalogue = engine.catalogue(settings.load(arguments.config))
    rules = [registry.info(_named(word, catalogue)) for word in arguments.rules]
    if arguments.format == "markdown":
        sys.stdout.write("\n".join(manuals.page(rule) for rule in rules))
        return EXIT_CLEAN
    width, color = min(terminal_width(), 100), terminal_color(arguments.color)
    sys.stdout.write("\n\n".join(manuals.terminal(rule, width=width, color=color) for rule in rules))
    return EXIT_CLEAN


def _named(word: str, catalogue: "Sequence[Loaded]") -> "Loaded":
    """The one rule that `word` names. Raises `UsageError` with the nearest one."""
    from linter import registry  # noqa: PLC0415 - as above
    from linter.errors import UsageError  # noqa: PLC0415 - as above
    from linter.secret import worded  # noqa: PLC0415 - as above

    wanted = word.strip()
    for loaded in catalogue:
        if wanted.upper() == loaded.rule.code or wanted.lower().replace("_", "-") == loaded.name:
            return loaded
    raise UsageError(f"no rule is called {worded(word)}{registry.nearest(word, catalogue)}")
