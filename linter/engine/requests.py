"""What a call asks for, and what it gets."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from linter.documents.objects import Opened
from linter.inventory import Inventory
from linter.inventory.kept import Keeper
from linter.model import Finding, NotEvaluated, Problem, Run
from linter.record import NamedTuple
from linter.settings import Settings
from linter.sources import Artifact, Skipped, gather
from linter.taking import Taken
from linter.timing import unheard
from linter.universes import Among

if TYPE_CHECKING:
    from linter.changes import Change
    from linter.render import Render
    from linter.sources.addresses import Urls
    from linter.suppress import Standing

Entry = Artifact | Problem | Skipped
Had = Callable[[Sequence[Opened]], None]
"""Hears of a stretch of documents as soon as they are read."""
Entered = Generator[Entry | tuple[Artifact, Taken], None, None]
Meanwhile = Callable[[], object]
"""Does what this process has to do anyway: to be called, where it is called, once others may read for it."""
Spread = Callable[[Iterator[Entry], Keeper | None, Had, Meanwhile], Entered]


class Request(NamedTuple):
    """What a call asks for. `scope` is `auto`, `cluster` or `manifests`.

    `overlay` holds contents that stand in for what is on disk, by display path: files as a fix would leave them.
    `baseline` holds the fingerprints of findings that do not count, `baseline_path` says where they are from.
    `wants` are the parts of a run that are made only for reports that show them: "pulls" and "diffs". `progress` is
    told the share that has been read, from 0 to 1, and what comes next. The last `context` paths are read and
    judged with the others, and only what concerns the others is reported; with `change` only what that change touches.
    `gather` stands in for the one of `linter.sources`; `lap` is told the name of each phase when it ends.
    `namespaces` limit what is read from a live cluster, `timeout` is in seconds, for each of its answers. `render` asks
    for kustomizations and charts to be built.

    `among` is the call that the paths are a part of, when they are not all of it: how the suppressions of the settings
    fared is then left to whoever puts the parts together. `spread` is given what is found and may give artifacts back
    with what was `Taken` of them, in the same order: read elsewhere, or earlier; it may tell of stretches of documents
    before, in any order, so that something can be made of them, and may have what does not depend on them done
    meanwhile. `base` is the folder that relative paths start from, where that is not the working directory. `urls`
    tells which paths stand for one. In so many `processes` rules are run and positions found, where that is worth it.
    """

    paths: tuple[str, ...]
    scope: str = "auto"
    settings: Settings = Settings()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    stdin: BinaryIO | None = None
    overlay: Mapping[str, bytes] = {}
    baseline: frozenset[str] = frozenset()
    baseline_path: str = ""
    wants: frozenset[str] = frozenset()
    progress: Callable[[float, str], None] | None = None
    context: int = 0
    change: "Change | None" = None
    gather: Callable[..., Iterator[Artifact | Problem | Skipped]] = gather
    lap: Callable[[str], None] = unheard
    namespaces: tuple[str, ...] = ()
    timeout: float = 60.0
    render: "Render | None" = None
    among: Among | None = None
    spread: "Spread | None" = None
    base: str = ""
    urls: "Urls | None" = None
    processes: int = 1


class Result(NamedTuple):
    """A finished run, with what a fix needs beyond it: the inventories, and the artifacts to read again.

    A history needs more: the findings that the baseline leaves out, and the paths of which a part could not be read.
    Whoever puts results together needs how the suppressions of the settings fared in each.
    """

    run: Run
    inventories: tuple[Inventory, ...]
    artifacts: Mapping[str, Artifact]
    baselined: tuple[Finding, ...] = ()
    unread: frozenset[str] = frozenset()
    standings: "tuple[Standing, ...]" = ()


class Handed(NamedTuple):
    """Inputs that were read and are not judged here: `taken` by path, of what stands in files; `problems` met.

    `found` tells whether there was anything to judge in them.
    """

    taken: Mapping[str, Taken]
    problems: tuple[Problem, ...]
    found: bool


class Material(NamedTuple):
    """Inputs read and joined, not judged yet. `problems` could not be read, `templated` could not be parsed."""

    inventories: tuple[Inventory, ...]
    problems: tuple[Problem, ...]
    templated: tuple[NotEvaluated, ...] = ()
