"""Kustomizations read before they are built: which are roots, which files they are made of, what they would fetch."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from linter.documents import read
from linter.sources import InputProblem, Limits
from linter.sources.files import read_file

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_TREES: Final = ("resources", "bases", "components", "generators", "transformers", "validators")
_FILES: Final = ("patchesStrategicMerge", "configurations", "crds")
_WITH_PATH: Final = ("patches", "patchesJson6902", "replacements")
_GENERATORS: Final = ("secretGenerator", "configMapGenerator")
_REMOTE: Final = re.compile(
    r"(?i)^[a-z][a-z0-9+.-]*::|://|^[\w.-]+@[\w.-]+:|^git@|^(?:[a-z0-9-]+\.)+[a-z]{2,}[/:]|\?(?:ref|version|timeout)="
)
_MOST: Final = 2000


class Kustomization(NamedTuple):
    """One build file. `files` and `folders` are the real paths it names; `remote` and `absent` are as written."""

    file: str
    component: bool
    files: tuple[str, ...]
    folders: tuple[str, ...]
    remote: tuple[str, ...]
    absent: tuple[str, ...]


def parse(file: str, data: bytes, limits: Limits) -> Kustomization | None:
    """Read a build file within `limits`; None when kustomize would not build it (Flux has a kind of the same name)."""
    documents = read(file, data, limits=limits).documents
    content = documents[0].data if documents else None
    if not isinstance(content, dict):
        return None
    version = content.get("apiVersion", "")
    if version and not str(version).startswith("kustomize.config.k8s.io/"):
        return None
    folder = os.path.dirname(file)
    files: list[str] = []
    folders: list[str] = []
    remote: list[str] = []
    absent: list[str] = []
    for name, required in _named(content):
        path = os.path.realpath(os.path.join(folder, name))
        local = os.path.exists(path)
        if _REMOTE.search(name) and not (local and name.startswith("./")):
            remote.append(name)
        elif not local:
            absent += [name] if required else []
        else:
            (folders if os.path.isdir(path) else files).append(path)
    kind = content.get("kind")
    return Kustomization(file, kind == "Component", tuple(files), tuple(folders), tuple(remote), tuple(absent))


def _named(content: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Every path that a build file names, and whether kustomize would look for it elsewhere when it is not there."""
    for field in (*_TREES, *_FILES):
        for entry in _list(content.get(field)):
            if isinstance(entry, str) and "\n" not in entry:
                yield entry, field in _TREES
    with_path = [entry for field in _WITH_PATH for entry in _list(content.get(field))]
    for entry in (*with_path, content.get("openapi")):
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            yield entry["path"], False
    for generator in (entry for field in _GENERATORS for entry in _list(content.get(field))):
        if isinstance(generator, dict):
            yield from ((name, False) for name in _sources(generator))


def _sources(generator: Mapping[str, Any]) -> Iterator[str]:
    for source in _list(generator.get("files")):
        if isinstance(source, str):
            yield source.rpartition("=")[2]
    for source in (*_list(generator.get("envs")), generator.get("env")):
        if isinstance(source, str):
            yield source


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class Graph:
    """The kustomizations of a scan by real folder, and those that they lead to outside of it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[str, Kustomization | None] = {}

    def add(self, file: str, data: bytes) -> Kustomization | None:
        """Take a build file of the scan."""
        folder = os.path.dirname(file)
        self._known[folder] = parse(file, data, self._limits)
        return self._known[folder]

    def at(self, folder: str) -> Kustomization | None:
        """The kustomization of a real folder, read from disk when the scan has not met it."""
        if folder not in self._known:
            self._known[folder] = None
            file = next(filter(os.path.isfile, (os.path.join(folder, name) for name in NAMES)), None)
            if file is not None:
                try:
                    data = read_file(os.path.realpath(file), file, self._limits, named=False)
                except InputProblem:
                    return None
                self._known[folder] = parse(file, data, self._limits)
        return self._known[folder]

    def closure(self, root: Kustomization) -> list[Kustomization]:
        """A root and all that it includes, each once."""
        found = {os.path.dirname(root.file): root}
        pending = [root]
        while pending and len(found) < _MOST:
            for folder in pending.pop().folders:
                below = self.at(folder)
                if below is not None and folder not in found:
                    found[folder] = below
                    pending.append(below)
        return list(found.values())

    def included(self) -> set[str]:
        """The real folders that some kustomization names."""
        return {folder for one in self._known.values() if one is not None for folder in one.folders}
