"""Lines for the log of a build service, which takes commands from what a tool prints.

`::name::` counts at the beginning of a line, blanks before it aside (GitHub); `##[name]` and `##vso[name]` anywhere
(Azure Pipelines).
"""

from typing import Final

_ANYWHERE: Final = ("##[", "##vso[")


def commandless(line: str) -> str:
    """Return a line that no build service takes for a command, or for one that holds a command."""
    for mark in _ANYWHERE:
        line = line.replace(mark, f"#\\x23{mark[2:]}")
    return line.replace(":", "\\x3a", 1) if line.lstrip().startswith("::") else line


def commandless_json(text: str) -> str:
    """Return JSON that means the same and holds no such command: within it `##` stands in strings only."""
    return text.replace("##", "#\\u0023")
