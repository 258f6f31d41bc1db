"""What a chart depends on and does not hold: charts in folders beside it, and charts that would have to be fetched."""

import os
import re
from typing import Any, Final, NamedTuple

import yaml

from linter.documents import DecodeProblem, decode
from linter.documents.build import build
from linter.sources import InputProblem, Limits
from linter.sources.files import read_file

_FILES: Final = ("Chart.yaml", "requirements.yaml")
_PACKED: Final = re.compile(r"-v?\d[^/]*\.t(?:ar\.)?gz$")
_MOST: Final = 200


class Dependency(NamedTuple):
    """A chart that the one in the real folder `of` names. `folder` is its own, "" for one that must be fetched.

    `called` is its folder's name below `charts` in what Helm prints.
    """

    of: str
    name: str
    called: str
    repository: str
    folder: str = ""


class Needs(NamedTuple):
    """What a chart lacks: `local` charts in folders, with all that those lack; `remote` ones; `absent` folders.

    `renamed` are those that it holds and calls by another name.
    """

    local: tuple[Dependency, ...] = ()
    remote: tuple[Dependency, ...] = ()
    absent: tuple[Dependency, ...] = ()
    renamed: tuple[Dependency, ...] = ()


def needs_of(folder: str, limits: Limits) -> Needs:
    """Return what the chart in a real folder, and the charts beside it that it needs, do not hold in `charts`."""
    local: list[Dependency] = []
    remote: list[Dependency] = []
    absent: list[Dependency] = []
    renamed: list[Dependency] = []
    pending, seen = [folder], {folder}
    while pending and len(seen) < _MOST:
        at = pending.pop()
        held = _held(at)
        for one in _declared(at, limits):
            if one.name in held:
                renamed += [one._replace(folder=os.path.join(at, "charts", one.name))] if one.called != one.name else []
            elif not one.folder:
                remote.append(one)
            elif not os.path.isfile(os.path.join(one.folder, _FILES[0])):
                absent.append(one)
            else:
                local.append(one)
                pending += [one.folder] if one.folder not in seen else []
                seen.add(one.folder)
    return Needs(tuple(local), tuple(remote), tuple(absent), tuple(renamed))


def _declared(folder: str, limits: Limits) -> list[Dependency]:
    """What the chart in a real folder names as its dependencies (Helm 3, and requirements.yaml of Helm 2)."""
    found = []
    for file in _FILES:
        listed = _content(os.path.join(folder, file), limits).get("dependencies")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                repository = str(one.get("repository") or "")
                where = repository.removeprefix("file://") if repository.startswith("file://") else ""
                beside = os.path.realpath(os.path.join(folder, where)) if where else ""
                found.append(Dependency(folder, one["name"], str(one.get("alias") or one["name"]), repository, beside))
    return found


def repositories(file: str, limits: Limits) -> set[str]:
    """What a chart may call the repositories of Helm's `repositories.yaml`: addresses, `@name` and `alias:name`."""
    listed = _content(file, limits).get("repositories") if file else None
    found: set[str] = set()
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("url"), str):
            found |= {one["url"].rstrip("/"), f"@{one['name']}", f"alias:{one['name']}"}
    return found


def _held(folder: str) -> set[str]:
    """The names of the charts in the folder `charts` of a chart, unpacked or packed."""
    try:
        names = os.listdir(os.path.join(folder, "charts"))
    except OSError:
        return set()
    return {_PACKED.sub("", name) for name in names}


def _content(file: str, limits: Limits) -> dict[str, Any]:
    try:
        content = next(iter(build(decode(read_file(file, file, limits, named=False)).text, limits)), None)
    except (InputProblem, DecodeProblem, yaml.YAMLError):
        return {}  # helm says what is wrong with it
    return content if isinstance(content, dict) else {}
