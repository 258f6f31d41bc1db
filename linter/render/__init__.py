"""Kustomizations and charts built with the user's own tools, judged in the place of the fragments they are made of.

Nothing is written into the user's tree, no plugin is run, and nothing is fetched unless the user allows it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from linter.model import Problem
from linter.sources import Artifact, Limits, Skipped


class Render(NamedTuple):
    """What `--render` asks for: `values` are files for every chart, `timeout` is in seconds, for each build.

    `remote` allows kustomize and helm to fetch what a kustomization or a chart names elsewhere. `limits` bound what is
    built, as they bound a file.
    """

    values: tuple[str, ...] = ()
    remote: bool = False
    timeout: float = 60.0
    limits: Limits = Limits()


class Built(NamedTuple):
    """One root that was built: its `text`, the artifact of its build file, the real paths of the `parts` it replaces.

    `how` names the build for people, as in `kustomize build`; `base` is the folder that origins are relative to;
    `moved` are folders as Helm names them, and as they are called in the scan.
    """

    artifact: Artifact
    folder: str
    how: str
    text: bytes
    parts: frozenset[str]
    base: str
    moved: tuple[tuple[str, str], ...] = ()


class Replaced(NamedTuple):
    """A file that is not judged as a fragment, because what it is a part of was built; it can still be pointed at."""

    artifact: Artifact


class Rendered(Artifact):
    """What was built: bytes that stand in no file. `moved` are folders as Helm names them, and as the scan does."""

    __slots__ = ("moved",)
    moved: tuple[tuple[str, str], ...]


Entry = Artifact | Problem | Skipped


def rendered(entries: Iterable[Entry], render: Render) -> Iterator[Entry | Replaced]:
    """Build every root among `entries`; yield what is left of them, the files replaced, and what was built."""
    from linter.render.build import build_all  # noqa: PLC0415 - loaded when something is built

    return build_all(list(entries), render)


__all__ = ["Built", "Entry", "Render", "Rendered", "Replaced", "rendered"]
