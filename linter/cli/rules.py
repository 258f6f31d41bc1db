"""List the rules: all of them, or those that a code, the beginning of one (RC3), a name or a family means.

Exit codes: 0 listed; 2 no such rule, or the settings cannot be read.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from linter.cli import EXIT_CLEAN

if TYPE_CHECKING:
    from linter.registry import Loaded

VALUES = True
"""Its words are no paths: an empty one says nothing."""
SUMMARY = "list the rules"
EXAMPLES = (
    ("regcred rules", "all of them, by family"),
    ("regcred rules links RC401 --format json", "a family and a rule, for a program"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `regcred rules`."""
    parser.add_argument("selectors", nargs="*", metavar="RULES", help="codes, beginnings of codes, names or families")
    formats = ("text", "json", "markdown")
    parser.add_argument("--format", choices=formats, default="text", help="how to print; default: text")
    parser.add_argument("--config", metavar="FILE", help="settings file, for custom rules; default: the nearest")


def execute(arguments: argparse.Namespace) -> int:
    """Run `regcred rules` and return its exit code."""
    from linter import engine, registry, settings  # noqa: PLC0415 - `--help` needs no rule

    catalogue = engine.catalogue(settings.load(arguments.config))
    words = tuple(word for selector in arguments.selectors for word in selector.replace(",", " ").split())
    chosen = registry.selected(words, (), catalogue)
    sys.stdout.write({"text": _text, "json": _json, "markdown": _markdown}[arguments.format](chosen))
    return EXIT_CLEAN


def _text(chosen: Sequence["Loaded"]) -> str:
    from linter.registry import info  # noqa: PLC0415 - as above

    rules = [info(loaded) for loaded in chosen]
    wide = max((len(rule.name) for rule in rules), default=0)
    lines: list[str] = []
    family = ""
    for rule in rules:
        if rule.family != family:
            family = rule.family
            lines += ([""] if lines else []) + [family]
        fix = "fix" if rule.fixable else ""
        lines.append(f"  {rule.code}  {rule.name:<{wide}}  {rule.severity.label:<7}  {fix:<3}  {rule.summary}".rstrip())
    lines += ["", f"{len(rules)} rule{'' if len(rules) == 1 else 's'}; `regcred explain CODE` tells all about one"]
    return "\n".join(lines) + "\n"


def _json(chosen: Sequence["Loaded"]) -> str:
    from linter.registry import info  # noqa: PLC0415 - as above

    rules = [
        {
            "code": rule.code,
            "name": rule.name,
            "family": rule.family,
            "severity": rule.severity.label,
            "fixable": rule.fixable,
            "summary": rule.summary,
            "needs": list(loaded.rule.needs),
            "sections": [{"heading": heading, "text": text} for heading, text in rule.sections],
        }
        for loaded, rule in ((loaded, info(loaded)) for loaded in chosen)
    ]
    return json.dumps(rules, indent=2) + "\n"


def _markdown(chosen: Sequence["Loaded"]) -> str:
    from linter.manuals import table  # noqa: PLC0415 - as above
    from linter.registry import info  # noqa: PLC0415 - as above

    return table([info(loaded) for loaded in chosen])
