"""What templates leave open in a name: `{{ … }}`, `{% … %}`, `${…}`, `$(…)`, `<% … %>`, `<name>`, `%name%`.

Whoever asks whether a name that is written so can become another one asks here.
"""

import re
from collections.abc import Sequence
from typing import Final

from linter.patterns import lazy

FILLED = lazy(
    r"\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|\$\{\{?(?:[^}$]|\$(?!\{))*+\}?\}"
    r"|\$\((?:[^)$]|\$(?!\())*+\)|<%(?:(?!<%).)*?%>|<<?[^<>\n]*>>?|%[^%\n]*%"
)
"""A part that somebody or something has yet to fill in."""
_LONGEST: Final = 253


def pattern(written: str) -> str:
    """Return a regular expression for all names that `written` can become.

    It is "" where nothing in it is to be filled in, or where what is fixed is longer than any name.
    """
    parts = FILLED.split(written)
    return stretched(parts) if len(parts) > 1 and sum(map(len, parts)) <= _LONGEST else ""


def stretched(parts: Sequence[str]) -> str:
    """Return a regular expression for texts in which `parts` follow each other, with anything between any two."""
    first, *rest = map(re.escape, parts)
    if not rest:
        return first
    *middle, last = rest
    # Each is taken where it comes first: what follows loses nothing by it, and nothing is tried over and over.
    return first + "".join(f"(?>.*?{part})" for part in middle if part) + f".*{last}"


def could_be(written: str, name: str) -> bool:
    """Whether a name with parts to be filled in (`${APP}-pull`) can become `name`."""
    found = pattern(written)
    return bool(found) and re.fullmatch(found, name) is not None
