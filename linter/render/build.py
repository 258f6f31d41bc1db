"""The roots of a scan, built one after the other: what was built takes the place of its parts, what was not is told."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import yaml

from linter.documents import DecodeProblem, decode
from linter.documents.build import build
from linter.model import Problem
from linter.render import Built, Entry, Render, Rendered, Replaced
from linter.render.dependencies import Dependency, Needs, needs_of
from linter.render.kustomizations import NAMES, Graph, Kustomization
from linter.render.origins import settled
from linter.render.tools import BuildError, MissingToolError, helm, kustomize
from linter.sources import Artifact, InputProblem

_CHART: Final = "Chart.yaml"
_RELEASE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?")


def build_all(entries: Sequence[Entry], render: Render) -> Iterator[Entry | Replaced]:
    """Yield the entries, those that were built into something as `Replaced`, then what was built and the failures."""
    builder = _Builder([entry for entry in entries if isinstance(entry, Artifact) and entry.file], render)
    builder.kustomizations()
    builder.charts()
    parts = frozenset[str]().union(*(one.parts for one in builder.built))
    folders = tuple(part for part in parts if part.endswith(os.sep))
    for entry in entries:
        own = isinstance(entry, Artifact) and entry.file and (entry.file in parts or entry.file.startswith(folders))
        yield Replaced(entry) if own and isinstance(entry, Artifact) else entry
    yield from (*_packed(entries), *builder.problems)
    names = {entry.file: entry.path for entry in entries if isinstance(entry, Artifact) and entry.file}
    for one in builder.built:
        where = f"{one.folder or '.'} ({one.how})"
        made = Rendered(where, one.artifact.input, limits=render.limits, data=settled(one, names))
        made.moved = one.moved
        yield made


def _packed(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Say what is not built, because it stands in no folder: an archive is never unpacked."""
    others = (one for one in entries if isinstance(one, Artifact) and not one.file)
    named = (one for one in others if one.path.rpartition("/")[2] in (*NAMES, _CHART))
    counts = Counter(one.path.partition("!/")[0] for one in named)
    for path, count in sorted(counts.items()):
        what = "a kustomization or chart in it was" if count == 1 else f"{count} kustomizations and charts in it were"
        yield Problem(path, f"{what} not built: only folders are", "unpack it, and name the folder")


class _Builder:
    """Builds what it finds among the files of a scan."""

    def __init__(self, artifacts: Sequence[Artifact], render: Render) -> None:
        self._artifacts = artifacts
        self._render = render
        self._missing: set[str] = set()
        self.built: list[Built] = []
        self.problems: list[Problem] = []

    def _of(self, *names: str) -> Iterator[Artifact]:
        return (one for one in self._artifacts if os.path.basename(one.file) in names)

    def kustomizations(self) -> None:
        """Build every kustomization that no other one includes."""
        graph = Graph(self._render.limits)
        found: list[tuple[Artifact, Kustomization]] = []
        for artifact in self._of(*NAMES):
            try:
                parsed = graph.add(artifact.file, artifact.read())
            except InputProblem:
                continue  # said when it is read as a fragment
            if parsed is not None and not parsed.component:
                found.append((artifact, parsed))
        closures = [graph.closure(one) for _, one in found]
        included = graph.included()
        for (artifact, root), closure in zip(found, closures, strict=True):
            folder = os.path.dirname(root.file)
            if folder not in included:
                self._kustomize(artifact, folder, closure)
            elif any(folder in one.folders for one in closure):
                self._failed(artifact, "was not built, because it includes itself by way of others", "break the circle")

    def _kustomize(self, artifact: Artifact, folder: str, closure: Sequence[Kustomization]) -> None:
        shown = os.path.dirname(artifact.path)
        remote = [name for one in closure for name in one.remote]
        absent = [name for one in closure for name in one.absent]
        if (remote or absent) and not self._render.remote:
            what = "fetches" if remote else "names what does not exist here:"
            remedy = "allow it with --render-remote, or keep a copy in the tree" if remote else "correct the path"
            self._failed(artifact, f"was not built, because it {what} {_listed(remote or absent)}", remedy)
            return
        try:
            text, base = kustomize(folder, self._render)
        except MissingToolError as error:
            self._without(artifact, str(error))
        except BuildError as error:
            remedy = f"try it alone: kubectl kustomize {shown or '.'}"
            self._failed(artifact, f"could not be built: {error}", remedy)
        else:
            parts = frozenset(path for one in closure for path in (one.file, *one.files))
            self.built.append(Built(artifact, shown, "kustomize build", text, parts, base))

    def charts(self) -> None:
        """Render every chart that is no part of another one, and that no other one names as a dependency beside it."""
        charts = [(one, os.path.dirname(one.file)) for one in self._of(_CHART)]
        folders = [folder for _, folder in charts]
        needs = {folder: needs_of(folder, self._render.limits) for folder in folders}
        beside = {one.folder for folder, need in needs.items() for one in need.local if one.folder != folder}
        for artifact, folder in charts:
            if folder in beside or any(folder.startswith(os.path.join(above, "charts") + os.sep) for above in folders):
                continue
            name, library = _about(artifact)
            if not library:
                self._chart(artifact, folder, name or os.path.basename(folder), needs[folder])

    def _chart(self, artifact: Artifact, folder: str, name: str, needs: Needs) -> None:
        shown = os.path.dirname(artifact.path)
        if needs.absent or (needs.remote and not self._render.remote):
            what = "names what does not exist here:" if needs.absent else "needs what is not in its charts:"
            names = [one.repository for one in needs.absent] or [one.name for one in needs.remote]
            remedy = "run helm dependency build, or allow it to be fetched with --render-remote"
            remedy = "correct the path" if needs.absent else remedy
            self._failed(artifact, f"was not rendered, because it {what} {_listed(names)}", remedy)
            return
        try:
            text = helm(folder, name, self._render, needs)
        except MissingToolError as error:
            self._without(artifact, str(error))
        except BuildError as error:
            remedy = f"try it alone: helm template {shown or '.'}"
            self._failed(artifact, f"could not be rendered: {error}", remedy)
        else:
            parts = {folder + os.sep, *(one.folder + os.sep for one in needs.local)}
            moved = tuple(self._moved(one, folder, shown) for one in (*needs.local, *needs.renamed))
            base = os.path.dirname(folder)
            self.built.append(Built(artifact, shown, "helm template", text, frozenset(parts), base, moved))

    def _moved(self, one: Dependency, folder: str, shown: str) -> tuple[str, str]:
        """The folder of a dependency as Helm names it, and as the scan does."""
        of, own = (os.path.relpath(real, folder).replace(os.sep, "/") for real in (one.of, one.folder))
        names = [os.path.normpath(os.path.join(shown, near)) for near in (f"{of}/charts/{one.called}", own)]
        return names[0], names[1]

    def _failed(self, artifact: Artifact, message: str, remedy: str) -> None:
        self.problems.append(Problem(artifact.path, message, remedy, fatal=artifact.named))

    def _without(self, artifact: Artifact, message: str) -> None:
        """Say once that a program is missing: what was asked for could not be done."""
        if message not in self._missing:
            self._missing.add(message)
            remedy = "install it, or leave --render out"
            self.problems.append(Problem(artifact.path, f"could not be built: {message}", remedy, fatal=True))


def _about(artifact: Artifact) -> tuple[str, bool]:
    """The name of a release of a chart, "" for none; and whether it is a library, which renders nothing."""
    try:
        content = next(iter(build(decode(artifact.read()).text, artifact.limits)), None)
    except (InputProblem, DecodeProblem, yaml.YAMLError):
        return "", False  # helm says what is wrong with it
    content = content if isinstance(content, dict) else {}
    name = str(content.get("name", "")).lower()
    return name if _RELEASE.fullmatch(name) else "release", content.get("type") == "library"


def _listed(names: Sequence[str]) -> str:
    from linter.sources.live.words import plain  # noqa: PLC0415 - only a refusal needs it

    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(plain(name) for name in names[:3]) + more
