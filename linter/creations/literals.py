"""The manifests in braces: `kubernetes_manifest` of Terraform, JSON, the literals of a program."""

import re
from collections.abc import Iterator

from linter.creations.words import LONGEST
from linter.patterns import lazy

_LITERAL = lazy(r"(?<![\w-])kind[\"']?[ \t]*[:=][ \t]*[\"'](\w*Secret|ServiceAccount)[\"']")
"""The kind of a manifest in the literals of Terraform, JSON and most languages."""
_LITERAL_METADATA = lazy(r"(?<![\w-])metadata[\"']?[ \t]*(?:[:=][ \t]*)?\{")
_LITERAL_NAME = lazy(r"(?<![\w./-])name[\"']?[ \t]*[:=][ \t]*[\"']?([^\s\"',}]+)")


def objects(text: str) -> Iterator[tuple[str, str]]:
    """Yield kinds and names of the manifests in braces."""
    for found in _LITERAL.finditer(text):
        if text.find("metadata", found.end(), found.end() + LONGEST) < 0:
            continue
        rest = text[found.end() : found.end() + LONGEST]
        metadata = _LITERAL_METADATA.search(rest)
        if metadata is None or _closed(rest[: metadata.start()]):
            continue  # it is another object's
        name = _LITERAL_NAME.search(rest, metadata.end())
        if name is not None:
            yield "ServiceAccount" if found[1] == "ServiceAccount" else "Secret", name[1]


def _closed(text: str) -> bool:
    """Whether the braces end in a text that stands within some."""
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return True
    return False
