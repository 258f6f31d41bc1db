"""What templates leave open in a name: `{{ … }}`, `{% … %}`, `${…}`, `$(…)`, `<% … %>`, `<name>`, `%name%`.

Whoever asks whether a name that is written so can become another one asks here.
"""

import re

from linter.patterns import lazy

FILLED = lazy(r"\{\{.*?\}\}|\{%.*?%\}|\$\{\{?[^}]*\}?\}|\$\([^)]*\)|<%.*?%>|<<?[^>\n]*>>?|%[^%\n]*%")
"""A part that somebody or something has yet to fill in."""


def pattern(written: str) -> str:
    """Return a regular expression for all that `written` can become, "" where nothing in it is to be filled in."""
    parts = FILLED.split(written)
    return ".*".join(map(re.escape, parts)) if len(parts) > 1 else ""


def could_be(written: str, name: str) -> bool:
    """Whether a name with parts to be filled in (`${APP}-pull`) can become `name`."""
    found = pattern(written)
    return bool(found) and re.fullmatch(found, name) is not None
