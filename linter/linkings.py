"""What commands and Terraform beside the manifests link for pulls: the names in lists of pull secrets that they make.

As with what they create, it is a guess to the side of silence: a Secret may be linked there, and it is never said that
it is.
"""

from collections.abc import Iterator
from typing import Final

from linter.creations import OURS
from linter.creations.variables import assigned
from linter.creations.words import CONTINUED
from linter.inventory.applied import WORD
from linter.patterns import lazy

_LIST = lazy(r"(?i)image_?pull_?secrets?")
_OPENING: Final = " \t\"'\\:=|>{[-"
"""What follows the field where its names stand on the next lines."""
_LINK = lazy(r"\bsecrets?[ \t]+(?:link|add)[ \t]")
_FOR_PULL = lazy(r"--for[ \t=]+[\"']?(?:\w+,)?pull\b")
_LINES: Final = 3
_LONGEST: Final = 1000
"""Signs of a line that are looked at."""


def linked(text: str, *, prose: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the names that a text may put into lists of pull secrets, each with the command or lines that do.

    Where a variable stands for the name it is any assigned value. `prose` is as for what a text creates.
    """
    lowered = text.lower()
    if "pull" not in lowered or "secret" not in lowered or text.startswith(OURS):
        return
    lines = [line[:_LONGEST] for line in CONTINUED.sub(" ", text).splitlines()]
    filled = list[str]()
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#") and not prose:
            continue
        written = _after(line, lines[number + 1 : number + 1 + _LINES])
        if "$" in written or "{{" in written:
            filled.append(line)
        yield from ((word, line) for word in WORD.findall(written))
    if filled:
        together = " ".join(dict.fromkeys(filled))
        yield from ((word, together) for word in assigned(text))


def _after(line: str, following: list[str]) -> str:
    """What stands in the place of the names in a line that links, with those that follow it where they hold them."""
    found = _LIST.search(line)
    if found is None:
        found = _LINK.search(line)
        return line[found.end() :] if found is not None and _FOR_PULL.search(line) else ""
    rest = line[found.end() :]
    return " ".join((rest, *following)) if not rest.strip(_OPENING) else rest
