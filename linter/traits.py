"""What an object must have so that a suppression of the settings can speak of it: found by it, not by trying them all.

A pattern says more than it seems: `team-*` wants a beginning, `*-pull` an end, `apps/**/pull.yaml` a folder and a file
of that name. Of what one entry wants, the trait counts that fewest other entries want.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from linter.settings import Ignore

Trait = tuple[str, str]
"""A field with the side that is meant, and the text that stands there."""

_ANY: Final[Trait] = ("", "")
_GLOB: Final = re.compile(r"[*?\[]")
_SIGNS: Final = re.compile(r"[*?\[\]\\!#\s]")
_FIELDS: Final = ("name", "namespace", "kind")


class Traits:
    """The traits by which `entries` of the settings file `source` are found."""

    def __init__(self, entries: Sequence[Ignore], source: str) -> None:
        self._base = os.path.dirname(os.path.abspath(source)) if source else os.getcwd()
        self._steps: dict[str, frozenset[str]] = {}
        wanted = [list(_wanted(entry)) for entry in entries]
        counts = Counter(trait for traits in wanted for trait in traits)
        self._chosen = [min(traits, key=lambda trait: counts[trait], default=_ANY) for traits in wanted]
        self._used = frozenset(self._chosen)
        lengths = {(how, len(text)) for how, text in self._used if how[-1:] in ("<", ">")}
        self._lengths = sorted(lengths)

    def chosen(self, number: int) -> Trait:
        """The trait by which an entry is found, by its number: what lacks it is not meant."""
        return self._chosen[number]

    def of(self, path: str, kind: str, namespace: str, name: str) -> Iterator[Trait]:
        """Yield each trait that an object of that name in that path has, of those that entries are found by."""
        fields = {"name": name, "namespace": namespace, "kind": kind}
        found: list[Trait] = [_ANY, *fields.items()]
        for how, length in self._lengths:
            text = fields[how[:-1]]
            if len(text) >= length:
                found.append((how, text[:length] if how[-1] == "<" else text[len(text) - length :]))
        yield from (trait for trait in found if trait in self._used)
        for step in self._steps_of(path):
            if ("path", step) in self._used:
                yield "path", step

    def _steps_of(self, path: str) -> frozenset[str]:
        """The folders and the file of a path, as displayed and as seen from the settings file."""
        if path not in self._steps:
            inside = os.path.relpath(os.path.abspath(path), self._base).replace(os.sep, "/")
            self._steps[path] = frozenset((*path.replace(os.sep, "/").split("/"), *inside.split("/")))
        return self._steps[path]


def _wanted(entry: Ignore) -> Iterator[Trait]:
    """Yield every trait without which `entry` means nothing."""
    for field in _FIELDS:
        text: str = getattr(entry, field)
        first = _GLOB.search(text)
        if first is None:
            if text:
                yield field, text
            continue
        if first.start():
            yield f"{field}<", text[: first.start()]
        end = _SIGNS.split(text)[-1]
        if end:
            yield f"{field}>", end
    if not entry.path.startswith(("!", "#")):
        for step in entry.path.split("/"):
            if step not in ("", ".", "..") and not _SIGNS.search(step):
                yield "path", step
