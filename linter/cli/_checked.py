"""What shows to be wrong with a command line before any work: options that would lose something, or do nothing."""

import argparse
import os
from collections.abc import Iterable, Sequence

from linter import registry
from linter.errors import UsageError


def outputs(formats: Iterable[str], read: Sequence[str]) -> list[tuple[str, str]]:
    """The formats with their files ("" is standard output). Raises `UsageError` where one is unknown or would be lost.

    `read` are the words that name what is read.
    """
    asked = []
    for wanted in formats:
        name, _, path = wanted.partition("=")
        registry.report(name)
        asked.append((name, path))
    if sum(not path for _, path in asked) > 1:
        raise UsageError(
            "two formats would share standard output: give all but one a file, as in --format json=out.json"
        )
    taken: dict[str, str] = {}
    inputs = {os.path.realpath(path) for path in read if os.path.isfile(path)}
    for name, path in asked:
        if not path or _stream(path):
            continue
        place = os.path.realpath(path)
        if place in inputs:
            raise UsageError(f"{path}: the {name} report would be written over what is read: name another file")
        if place in taken:
            raise UsageError(f"{path}: the {name} report would be written over the {taken[place]} report")
        taken[place] = name
    return asked


def _stream(path: str) -> bool:
    """Whether a path is no regular file: a pipe takes several reports, one after the other."""
    return path.startswith(("/dev/", "/proc/")) or (os.path.exists(path) and not os.path.isfile(path))


def refuse_idle(arguments: argparse.Namespace) -> None:
    """Refuse what says how something is written where nothing is: whoever gives it expects a file, or a diff.

    `--unsafe-fixes` alone does nothing and is accepted, as other linters do: it stands in aliases and templates of CI.
    """
    for option, given, means in (
        ("--no-credentials", arguments.no_credentials, ("--fix-dir",)),
        ("--show-secrets", arguments.show_secrets, ("--diff",)),
    ):
        if given and not any(getattr(arguments, mean.lstrip("-").replace("-", "_")) for mean in means):
            raise UsageError(f"{option} says how a repair is written: give {' or '.join(means)} as well")
