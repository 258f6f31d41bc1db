"""`--changed-since` and `--context`: what a call is about, and what was found before the change."""

import os
from collections.abc import Callable, Iterator, Sequence

from linter import engine, git
from linter.cli._urls import shown_paths
from linter.errors import UsageError
from linter.inventory.kept import Keeper
from linter.model import Problem
from linter.past import Former, Past
from linter.since import Since
from linter.sources import Artifact, Skipped, addresses
from linter.taking import Taken, take_artifact

_Read = engine.Entry | tuple[Artifact, Taken]
_UNREAD = (Artifact, Problem, Skipped)


def narrowed(request: engine.Request, revision: str | None, context: Sequence[str]) -> engine.Request:
    """The request that reports only what concerns its paths (beside `context`) or the change since `revision`.

    Raises `UsageError` when the change cannot be known.
    """
    if context:
        more, urls = shown_paths(context, request.timeout)
        if urls is not None and request.urls is not None:
            urls = urls._replace(addresses={**request.urls.addresses, **urls.addresses})
        return request._replace(paths=(*request.paths, *more), context=len(more), urls=urls or request.urls)
    if revision is None:
        return request
    if request.render is not None:
        raise UsageError("--changed-since: the state before the change is not in files to build: leave --render out")
    for path in request.paths:
        _refuse(path)
    repositories = [git.since(top, revision) for top in dict.fromkeys(_tops(request.paths))]
    past = Past(repositories)
    shared = _Shared(request.spread)
    try:
        before = engine.run(
            request._replace(
                gather=lambda paths, **more: request.gather(paths, **{**more, "disk": past}),
                baseline=frozenset(),
                wants=frozenset(),
                progress=_part(request.progress, 0.0),
                lap=lambda _: None,
                spread=shared.take,
            )
        )
        former = {path: one for path, one in before.artifacts.items() if isinstance(one, Former)}
        remarks = [Problem(one.top, one.remark, git.DEEPEN) for one in repositories if one.remark]
        remarks += past.unknown
        change = Since(before.run, former, _unchanged(past, request.paths), tuple(remarks), known=not past.unknown)
    finally:
        past.close()
    request.lap("judge what was there before")
    return request._replace(change=change, progress=_part(request.progress, 0.5), spread=shared.give)


class _Shared:
    """What was read of files that have not changed: it is read once, and judged on both sides.

    `spread` is what reads several files at a time, where something does.
    """

    def __init__(self, spread: engine.Spread | None) -> None:
        self._spread = spread
        self._held: dict[str, tuple[str, Taken]] = {}

    def take(
        self, entries: Iterator[engine.Entry], keeper: Keeper | None, had: engine.Had, meanwhile: engine.Meanwhile
    ) -> engine.Entered:
        """Read the files of before that stand on the disk as they did; see `Request.spread`."""
        for entry in entries if self._spread is None else self._spread(entries, keeper, had, meanwhile):
            if isinstance(entry, Artifact) and entry.file:
                read = entry, take_artifact(entry, keeper)
            elif isinstance(entry, _UNREAD):
                yield entry
                continue
            else:
                read = entry
            self._held[read[0].path] = read[0].file, read[1]
            yield read

    def give(
        self, entries: Iterator[engine.Entry], keeper: Keeper | None, had: engine.Had, meanwhile: engine.Meanwhile
    ) -> engine.Entered:
        """Give what was read of the same files, once, and read the others."""
        if self._spread is None:
            yield from map(self._given, entries)
            return
        found = [self._given(entry) for entry in entries]
        others = self._spread((entry for entry in found if isinstance(entry, _UNREAD)), keeper, had, meanwhile)
        for entry in found:
            yield next(others) if isinstance(entry, _UNREAD) else entry

    def _given(self, entry: engine.Entry) -> _Read:
        held = self._held.pop(entry.path, None) if isinstance(entry, Artifact) and entry.file else None
        if isinstance(entry, Artifact) and held is not None and held[0] == entry.file:
            return entry, held[1]
        return entry


def _refuse(path: str) -> None:
    if path == "-":
        raise UsageError("--changed-since: standard input has no history; name the files of a git work tree")
    if path.startswith("cluster:"):
        raise UsageError(f"--changed-since: {path} has no history in git; --history compares scans of clusters")
    if addresses.is_url(path) and not os.path.lexists(path):
        raise UsageError(f"--changed-since: {addresses.shown(path)} has no history; name the files of a git work tree")


def _tops(paths: Sequence[str]) -> Iterator[str]:
    """The roots of the work trees in which the paths stand, and the links that lead to them."""
    known: dict[str, str] = {}
    for path in paths:
        folder = _folder(path)
        marked = _marked(folder)
        if marked not in known:
            known[marked] = git.top_of(marked)
        yield known[marked]
        for link in _links(path):
            home = _marked(os.path.dirname(link))
            if os.path.lexists(os.path.join(home, ".git")):
                yield git.top_of(home)


def _folder(path: str) -> str:
    """The real folder that a path stands in, or the nearest above it that is there."""
    real = os.path.realpath(path)
    while not os.path.isdir(real):
        real = os.path.dirname(real)
    return real


def _marked(folder: str) -> str:
    """The nearest folder from `folder` upwards that git has marked; `folder` itself where none is."""
    here = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(here, ".git")):
        if here == os.path.dirname(here):
            return folder
        here = os.path.dirname(here)
    return here


def _links(path: str) -> Iterator[str]:
    """The links on the way to a path."""
    here = os.path.abspath(path)
    while here != os.path.dirname(here):
        if os.path.islink(here):
            yield here
        here = os.path.dirname(here)


def _unchanged(past: Past, paths: Sequence[str]) -> Callable[[Artifact], bool]:
    """What tells whether an artifact of now was there before, as it is."""
    moved = {number for number, path in enumerate(paths) if not past.same_way(path)}

    def unchanged(artifact: Artifact) -> bool:
        if artifact.input in moved:
            return False
        file = artifact.file or os.path.realpath(paths[artifact.input])  # a member stands in the archive named
        return past.unchanged(artifact.link or file, file)

    return unchanged


def _part(progress: Callable[[float, str], None] | None, start: float) -> Callable[[float, str], None] | None:
    """What tells of one of two halves of the work."""
    if progress is None:
        return None
    return lambda share, path: progress(start + share / 2, path)
