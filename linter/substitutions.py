"""Lines of scripts that fill in a file: `envsubst` and `sed`, with the very file and what they put something in for."""

import posixpath
import re
from collections.abc import Iterator

from linter.patterns import lazy

_CONTINUED = lazy(r"\\\r?\n|(?<!: )\|[ \t]*\r?\n")
"""The end of a line that the next one goes on with; `run: |` of YAML is none."""
_TOOL = lazy(r"\b(?:envsubst|sed)\b")
_VARIABLE = lazy(r"""\$\{[A-Za-z_]\w*\}|(?:^|["'\s])\$[A-Za-z_]\w*(?=$|["'\s])""")
"""What `envsubst` replaces: elsewhere a `$` is a sign of a user name or of a password, as in `robot$ci`."""
_WORD = lazy(r"""[^\s"'`<>|;&()=,]+""")
_PATTERN = lazy(r"(?<![\w$])s([|/#,@:!~])((?:(?!\1).)+)\1")


def commands(text: str) -> Iterator[str]:
    """Yield the lines of a text that may fill in a file; comments are none."""
    if "envsubst" in text or "sed" in text:
        for line in _CONTINUED.sub(" ", text).splitlines():
            if not line.lstrip().startswith("#") and _TOOL.search(line):
                yield line


def comments(text: str) -> Iterator[str]:
    """Yield the comments of a manifest that tell how it is filled in."""
    for line in text.splitlines():
        said = line.strip()
        if said.startswith("#") and _TOOL.search(said):
            yield said.lstrip("# ")


def fills(line: str, written: str) -> bool:
    """Tell whether a line puts something in for a value, or for a part of it that is a variable."""
    if "envsubst" in line and _VARIABLE.search(written):
        return True
    patterns = (re.sub(r"\\(.)", r"\1", found[2]) for found in _PATTERN.finditer(line) if "sed" in line)
    return any(one == written.strip() or (_VARIABLE.fullmatch(one) and one in written) for one in patterns)


def names(line: str, script: str, path: str, *, alone: bool) -> bool:
    """Tell whether a line of a script names a file, as its folder or the root of the CI sees it, or by its path's end.

    A mere name says enough elsewhere where the file is `alone` in having it.
    """
    if posixpath.basename(path) not in line:
        return False
    roots = _roots(script)
    for word in (found.rstrip("}].:") for found in _WORD.findall(line)):
        given = word.partition("/")[2] if word.startswith(("$", "~")) else posixpath.normpath(word)
        if any(posixpath.normpath(posixpath.join(root, word)) == path for root in roots):
            return True
        end = given.lstrip("./")
        if (path == end or path.endswith(f"/{end}")) and ("/" in end or alone):
            return True
    return False


def _roots(script: str) -> tuple[str, str]:
    """The folder of a script, and the one that holds the hidden folder in which it stands."""
    folder = posixpath.dirname(script)
    parts = folder.split("/")
    hidden = [number for number, part in enumerate(parts) if part.startswith(".") and part.strip(".")]
    return folder, "/".join(parts[: hidden[-1]]) if hidden else folder
