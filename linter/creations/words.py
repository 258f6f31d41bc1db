"""The words of commands: what follows some of them in their order, and which of them are operands."""

import re
from typing import Final

from linter.patterns import lazy

CONTINUED = lazy(r"[\\`^]\r?\n")
"""What ends a line of a command that goes on in the next."""
QUOTES: Final = "\"'`;,()"
_VALUED: Final = frozenset(
    {"-n", "--namespace", "--context", "--kubeconfig", "--cluster", "--as", "-s", "--server", "--user"}
)
"""Options of which the value is a word of its own."""
LONGEST: Final = 1000
"""Signs of a command, a step or a manifest that are looked at."""


def after(line: str, words: tuple[re.Pattern[str], ...]) -> str:
    """Return what a line holds after some words in their order, "" where it lacks one."""
    at = 0
    for word in words:
        found = word.search(line, at)
        if found is None:
            return ""
        at = found.end()
    return line[at:]


def operands(words: list[str]) -> list[str]:
    """Return the words of a command that are neither options nor values of some."""
    before = ["", *words]
    return [word for word, last in zip(words, before, strict=False) if word[:1] != "-" and last not in _VALUED]
