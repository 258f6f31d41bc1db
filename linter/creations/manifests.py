"""The manifests within a text, as a script hands them to kubectl."""

from collections.abc import Iterator

from linter.creations.words import LONGEST
from linter.patterns import lazy

_MANIFEST = lazy(r"(?m)^((?:[ \t]*- )?[ \t]*)kind:[ \t]*[\"']?(\w*Secret|ServiceAccount)[\"']?[ \t]*\r?$")
_MANIFEST_NAME = lazy(
    r"(?<![\w./-])name:[ \t]*[\"']?((?:\{\{[^}\n]{0,99}\}\}|\$\{[^}\n]{0,99}\}|[^\s\"'#,}])+)"
)
_TARGET = lazy(r"(?m)^[ \t]*target:[ \t]*\n(?:[ \t]*\w+Policy:.*\n)*[ \t]*name:[ \t]*[\"']?([^\s\"'#]+)")
"""The name that an ExternalSecret gives its Secret."""


def objects(text: str) -> Iterator[tuple[str, str]]:
    """Yield kinds and names of the manifests within a text; the name stands below their metadata."""
    for found in _MANIFEST.finditer(text):
        kind = "ServiceAccount" if found[2] == "ServiceAccount" else "Secret"
        rest = text[found.end() + 1 : found.end() + LONGEST]
        name = _name_below(rest.splitlines(), len(found[1]))
        if name is not None:
            yield kind, name
        if found[2].endswith("ExternalSecret"):
            target = _TARGET.search(_MANIFEST.split(rest, 1)[0])
            if target is not None:
                yield kind, target[1]


def _name_below(lines: list[str], outer: int) -> str | None:
    """The name under the `metadata` of a manifest that is indented by so many signs."""
    within, inner = False, -1
    for line in filter(str.strip, lines):
        depth = len(line) - len(line.lstrip())
        if depth < outer or (depth == outer and line.lstrip().startswith(("kind:", "---"))):
            return None
        if depth == outer:
            within = line.lstrip().startswith("metadata:")
        elif inner < 0:
            inner = depth if within else inner
        name = _MANIFEST_NAME.search(line) if within and depth in (outer, inner) else None
        if name is not None:
            return name[1]
    return None
