"""`--changed-since` and `--context`: what a call is about, and what was found before the change."""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from linter import engine, git
from linter.changes import Change, rewritten
from linter.errors import UsageError
from linter.model import Problem
from linter.sources import Artifact, InputProblem, Limits, Skipped, gather

_MANIFESTS: Final = (".yaml", ".yml", ".json")


def narrowed(request: engine.Request, revision: str | None, context: Sequence[str]) -> engine.Request:
    """The request that reports only what concerns its paths (beside `context`) or the change since `revision`.

    Raises `UsageError` when the change cannot be known.
    """
    if context:
        return request._replace(paths=(*request.paths, *context), context=len(context))
    if revision is None:
        return request
    if request.render is not None:
        raise UsageError("--changed-since: the state before the change is not in files to build: leave --render out")
    if "-" in request.paths:
        raise UsageError("--changed-since: standard input has no history; name the files of a git work tree")
    changed = git.changed_since(revision, _folder(request.paths[0]))
    written = {one.file: rewritten(now, one.data) if one.data is not None else None for one, now in _present(changed)}
    before = engine.run(request._replace(gather=_Before(changed).gather, baseline=frozenset())).run
    found = (*before.findings, *(one.finding for one in before.suppressed))
    return request._replace(change=Change(written, frozenset(one.fingerprint for one in found)))


def _folder(path: str) -> str:
    return path if os.path.isdir(path) else os.path.dirname(path) or "."


def _present(changed: Sequence[git.Before]) -> Iterator[tuple[git.Before, bytes]]:
    """The changed files that are there now and can be manifests, with their bytes."""
    limits = Limits()
    for one in changed:
        try:
            yield one, Artifact(one.file, 0, limits=limits, file=os.path.realpath(one.file)).read()
        except InputProblem:
            continue  # gone, or no file: what it has broken is found by what was not found before


class _Before:
    """The inputs as they were: changed files with their old bytes, new ones left out, removed ones put back."""

    def __init__(self, changed: Sequence[git.Before]) -> None:
        self._changed = {one.file: one.data for one in changed}

    def gather(self, paths: Sequence[str], *, exclude: Sequence[str] = (), **_: object) -> Iterator[
        Artifact | Problem | Skipped
    ]:
        """As `linter.sources.gather`, of the time before."""
        limits = Limits()
        met: set[str] = set()
        for entry in gather(paths, exclude=exclude):
            real = os.path.realpath(entry.file) if isinstance(entry, Artifact) and entry.file else ""
            if not isinstance(entry, Artifact) or real not in self._changed:
                yield entry
                continue
            met.add(real)
            data = self._changed[real]
            if data is not None:
                yield Artifact(entry.path, entry.input, limits=limits, data=data, named=entry.named)
        for real, data in self._changed.items():
            if data is not None and real not in met and not os.path.exists(real):
                yield from _removed(paths, real, data, limits)


def _removed(paths: Sequence[str], real: str, data: bytes, limits: Limits) -> Iterator[Artifact]:
    """A file that is no more, below the first input that held it."""
    for number, path in enumerate(paths):
        root = os.path.realpath(path)
        if real.lower().endswith(_MANIFESTS) and real.startswith(root.rstrip(os.sep) + os.sep):
            inside = os.path.relpath(real, root).replace(os.sep, "/")
            yield Artifact(f"{path.rstrip('/')}/{inside}".removeprefix("./"), number, limits=limits, data=data)
            return
