"""What kustomizations among the manifests change in the objects that they build.

Nothing is built here: it is told what a patch may change, so that nobody judges what it takes away. Kustomize puts the
patches of a build file into all that it builds, from the files and folders that it names and the components that it
uses (kustomize 5); Flux puts those of its own Kustomization into what stands at a path of some repository, which may be
anything here.
"""

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Final

from linter.documents.objects import KubeObject
from linter.inventory.paths import POD_SPECS, dig, group, text
from linter.model import Route
from linter.patterns import lazy
from linter.record import NamedTuple

_KUSTOMIZE: Final = "kustomize.config.k8s.io"
_FLUX: Final = "kustomize.toolkit.fluxcd.io"
_BUILDS: Final = frozenset({"Kustomization", "Component"})
_PARTS: Final = ("resources", "bases", "components")
_MERGED_GROUPS: Final = frozenset({"", "apps", "batch", "extensions"})
"""API groups of whose pod specs kustomize knows that the items of a list are merged by name."""
_LITERAL: Final = lazy(r"[\w.-]*")
_INSERTED: Final = lazy(r"-|[0-9]+")
_STEPS: Final = lazy(r"\[[^\][]*\]|(?:[^.\\]|\\.)+")
_ANY: Final = "*"
_NAME_OF_OBJECT: Final = "/metadata/name"
_UNREAD: Final = ("pullsecret", "dockerc")
"""A file with such a word is read: a patch in one that was not read changes no field of such a name."""


class Patch(NamedTuple):
    """One patch: the build file that has it, what it is for (None: what it names itself), and what it does.

    `held` is a list of operations (RFC 6902), a mapping that is merged, the object that is one, the text of any of
    these, or None where it is not known.
    """

    path: str
    target: Any
    held: Any


class Kustomized:
    """The kustomizations of one scan. `operations` are the documents with operations, by the path of their file."""

    def __init__(self, objects: Sequence[KubeObject], operations: Mapping[str, list[Any]]) -> None:
        builds = [item for item in objects if item.kind in _BUILDS]
        self._builds = [item for item in builds if group(item.api_version) in ("", _KUSTOMIZE)]
        self._flux = [item for item in builds if group(item.api_version) == _FLUX]
        self._operations = operations
        self._objects = objects if self._builds else ()
        self._own: dict[int, list[Patch]] = {}
        self._above: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._meant: dict[tuple[tuple[int, ...], str], list[tuple[str, Patch]]] = {}
        self._parsed: dict[str, list[Any]] = {}

    def fragment(self, item: KubeObject) -> str:
        """Return the build file for which an object is a patch and no object of its own, "" when there is none."""
        place = posixpath.normpath(item.path)
        return self._patch_files.get(place, "") if self._patch_files and place not in self._namers else ""

    def changing(self, item: KubeObject, *routes: Route) -> str:
        """Return a build file of which a patch may change what stands at a route, or below, "" when none does."""
        return self._first(item, lambda body: any(_changes(body, route) for route in routes))

    def taking(self, item: KubeObject, route: Route) -> str:
        """Return a build file of which a patch may take away the name at `route` in a list, "" when none does."""
        return self._first(item, lambda body: _takes(body, item, route))

    def together(self, one: KubeObject, other: KubeObject) -> bool:
        """Whether a build file that sets the namespace of what it builds has both objects in it."""
        both = set(self._builders(one)).intersection(self._builders(other))
        return any(text(self._builds[number].body.get("namespace")) for number in both)

    def body(self, number: int) -> Mapping[str, Any]:
        """Return what a build file says."""
        return self._builds[number].body

    def direct(self, item: KubeObject) -> tuple[int, ...]:
        """Return the build files that name the file of an object, by their numbers."""
        return self._namers.get(posixpath.normpath(item.path), ()) if self._builds else ()

    def includers(self, number: int) -> tuple[int, ...]:
        """Return the build files that include another."""
        return self._namers.get(posixpath.normpath(posixpath.dirname(self._builds[number].path)), ())

    @cached_property
    def flux_images(self) -> list[Any]:
        """The images that Flux gives another name, wherever they are."""
        return [entry for item in self._flux for entry in _list(dig(item.body, "spec", "images"))]

    @cached_property
    def changes_images(self) -> bool:
        """Whether anything gives an image another name."""
        return bool(self.flux_images) or any(_list(item.body.get("images")) for item in self._builds)

    @cached_property
    def renamed(self) -> frozenset[str]:
        """The names that operations give to objects."""
        found = set()
        for patch in (*self._global, *(one for number in range(len(self._builds)) for one in self._patches(number))):
            if isinstance(patch.held, str) and _NAME_OF_OBJECT not in patch.held:
                continue
            for operation in (one for body in self._bodies(patch) if isinstance(body, list) for one in body):
                if dig(operation, "path") == _NAME_OF_OBJECT:
                    found.add(text(dig(operation, "value")))
        return frozenset(found)

    def _first(self, item: KubeObject, does: Callable[[Any], bool]) -> str:
        for name, patch in chain(self._globally(item.kind), self._concerning(item)):
            if name and item.name not in name:
                continue
            named = patch.target is not None or not isinstance(patch.held, str) or item.kind in patch.held
            if named and _meets(patch.target, None, item):  # most are for other objects, and need not be parsed
                for body in self._bodies(patch):
                    if _meets(patch.target, body, item) and does(body):
                        return patch.path
        return ""

    def _globally(self, kind: str) -> list[tuple[str, Patch]]:
        """The patches of Flux for objects of a kind."""
        if ((), kind) not in self._meant:
            self._meant[(), kind] = [*_for(kind, self._global)]
        return self._meant[(), kind]

    def _concerning(self, item: KubeObject) -> list[tuple[str, Patch]]:
        """The patches for objects of its kind of the build files in whose result an object is: others have the same."""
        place = self.direct(item), item.kind
        if place[0] and place not in self._meant:
            builders = self._builders(item)
            numbers = dict.fromkeys(one for number in builders for one in (number, *self.components(number)))
            self._meant[place] = [*_for(item.kind, chain.from_iterable(map(self._patches, numbers)))]
        return self._meant[place] if place[0] else []

    def _bodies(self, patch: Patch) -> list[Any]:
        """What a patch does, as data: each of its documents."""
        held = patch.held
        if isinstance(held, str):
            if held not in self._parsed:
                self._parsed[held] = _parsed(held)
            return self._parsed[held]
        return [held.body if isinstance(held, KubeObject) else held]

    @cached_property
    def _namers(self) -> Mapping[str, tuple[int, ...]]:
        """The build files that name a file or folder, by its path."""
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for number, item in enumerate(self._builds):
            for field in _PARTS:
                for place in self._places(item, item.body.get(field)):
                    found[place][number] = None
        return {place: tuple(numbers) for place, numbers in found.items()}

    @cached_property
    def _folders(self) -> Mapping[str, int]:
        return {posixpath.normpath(posixpath.dirname(item.path)): number for number, item in enumerate(self._builds)}

    def _builders(self, item: KubeObject) -> tuple[int, ...]:
        """The build files in whose result an object is."""
        direct = self.direct(item)
        if direct not in self._above:
            found, pending = dict.fromkeys(direct), list(direct)
            while pending:
                more = [number for number in self.includers(pending.pop()) if number not in found]
                found.update(dict.fromkeys(more))
                pending += more
            self._above[direct] = tuple(found)
        return self._above[direct]

    def components(self, number: int) -> Iterator[int]:
        """Yield the components that a build file uses, each once."""
        found, pending = {number}, [number]
        while pending:
            item = self._builds[pending.pop()]
            for field in ("components", "resources"):
                for place in self._places(item, item.body.get(field)):
                    below = self._folders.get(place)
                    if below is not None and below not in found and self._builds[below].kind == "Component":
                        found.add(below)
                        pending.append(below)
                        yield below

    @staticmethod
    def _places(item: KubeObject, named: Any) -> Iterator[str]:
        folder = posixpath.dirname(item.path)
        for one in _list(named):
            if isinstance(one, str) and "\n" not in one:
                yield posixpath.normpath(posixpath.join(folder, one))

    # Patches

    @cached_property
    def _patch_files(self) -> Mapping[str, str]:
        """The files that are patches, each with the path of a build file that says so."""
        found: dict[str, str] = {}
        for item in self._builds:
            for place in self._places(item, [*_named_files(item.body)]):
                found.setdefault(place, item.path)
        return found

    @cached_property
    def _in_files(self) -> Mapping[str, list[KubeObject]]:
        """The objects of patch files."""
        found: dict[str, list[KubeObject]] = defaultdict(list)
        for item in self._objects if self._patch_files else ():
            place = posixpath.normpath(item.path)
            if place in self._patch_files:
                found[place].append(item)
        return found

    def _patches(self, number: int) -> list[Patch]:
        """The patches of one build file."""
        if number not in self._own:
            self._own[number] = [*self._read(self._builds[number])]
        return self._own[number]

    def _read(self, item: KubeObject) -> Iterator[Patch]:
        body = item.body
        for entry in _list(body.get("patchesStrategicMerge")):
            inline = entry if isinstance(entry, dict) or "\n" in text(entry) else None
            yield from self._entry(item, {"patch": inline} if inline else {"path": entry})
        for field in ("patches", "patchesJson6902"):
            for entry in _list(body.get(field)):
                yield from self._entry(item, entry)
        yield from _replacements(item.path, body)

    def _entry(self, item: KubeObject, entry: Any) -> Iterator[Patch]:
        target, inline = dig(entry, "target"), dig(entry, "patch")
        held = [inline]
        if inline is None:
            place = next(self._places(item, [dig(entry, "path")]), "")
            held = [*self._in_files.get(place, ()), *self._operations.get(place, ())] or [None]
        for one in held:
            yield Patch(item.path, target if isinstance(target, dict) else None, one)

    @cached_property
    def _global(self) -> list[Patch]:
        """The patches of Flux."""
        found: list[Patch] = []
        for item in self._flux:
            for field in ("patches", "patchesJson6902", "patchesStrategicMerge"):
                for entry in _list(dig(item.body, "spec", field)):
                    held = {"patch": entry} if field == "patchesStrategicMerge" else entry
                    found += self._entry(item, held) if dig(held, "patch") is not None else ()
        return found


def _for(kind: str, patches: Iterable[Patch]) -> Iterator[tuple[str, Patch]]:
    """The patches that may be for objects of a kind, each with the name in which theirs stands, "" for any."""
    for patch in patches:
        body = patch.held.body if isinstance(patch.held, KubeObject) else patch.held
        if patch.target is not None:
            wanted, name = patch.target.get("kind"), patch.target.get("name")
        elif isinstance(body, dict):
            wanted, name = body.get("kind"), dig(body, "metadata", "name")
        else:
            wanted = name = None
        if _may_be(wanted, kind):
            literal = isinstance(name, str) and all(map(_LITERAL.fullmatch, _choices(name)))
            yield text(name) if literal else "", patch


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _named_files(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (one for one in _list(body.get("patchesStrategicMerge")) if isinstance(one, str))
    for field in ("patches", "patchesJson6902"):
        yield from (text(dig(one, "path")) for one in _list(body.get(field)) if text(dig(one, "path")))


def _replacements(path: str, body: Mapping[str, Any]) -> Iterator[Patch]:
    """The replacements of a build file as operations; those in files of their own are not read."""
    for entry in _list(body.get("replacements")):
        for target in _list(dig(entry, "targets")):
            fields = [one for one in _list(dig(target, "fieldPaths")) if isinstance(one, str)]
            operations = [{"op": "replace", "tokens": _field_path(one)} for one in fields]
            yield Patch(path, dig(target, "select"), operations or None)


def _field_path(written: str) -> list[str]:
    """The steps of a field path of a replacement: `[name=x]` and `*` are any item of a list."""
    return [_ANY if step[0] == "[" else step.replace("\\", "") for step in _STEPS.findall(written)]


def _parsed(patch: str) -> list[Any]:
    """The documents of a patch that is text; one that is not known where it cannot be parsed."""
    from linter.documents.build import YAMLError, build  # noqa: PLC0415 - PyYAML is loaded where it is needed
    from linter.sources import Limits  # noqa: PLC0415 - as above

    try:
        return [one for one in build(patch, Limits()) if one is not None] or [None]
    except YAMLError:
        return [None]


def _meets(target: Any, body: Any, item: KubeObject) -> bool:
    """Whether a patch may be for an object: by its target, or by the kind and name that a merged one has itself."""
    if target is None:
        if not isinstance(body, dict):
            return True
        target = {"kind": body.get("kind"), "name": dig(body, "metadata", "name")}
    if not (_may_be(target.get("kind"), item.kind) and _may_be(target.get("group"), item.group)):
        return False
    # Affixes that an inner build file gives may be part of the name.
    name = target.get("name")
    return _may_be(name, item.name) or (bool(item.name) and item.name in text(name))


def _may_be(wanted: Any, value: str) -> bool:
    """Whether a value may be what a selector wants, which is a regular expression for the whole of it."""
    if not isinstance(wanted, str) or not wanted:
        return True
    return any(one == value or not _LITERAL.fullmatch(one) for one in _choices(wanted))


def _choices(wanted: str) -> list[str]:
    return wanted.removeprefix("^").removesuffix("$").removeprefix("(").removesuffix(")").split("|")


def _changes(body: Any, route: Route) -> bool:
    """Whether a patch may change what stands at `route` or below."""
    if body is None:
        return not any(word in str(step).lower() for step in route for word in _UNREAD)
    if isinstance(body, list):
        return any(_alike(tokens, route) for _, tokens in _operated(body))
    return _reached(body, route) is not _ABSENT


def _takes(body: Any, item: KubeObject, route: Route) -> bool:
    """Whether a patch may take away the name at `route`, which leads into an item of a list."""
    if isinstance(body, list):
        return any(_taken(op, tokens, route) for op, tokens in _operated(body))
    found = _reached(body, route[:-2]) if body is not None else _ABSENT
    if found is _ABSENT or not isinstance(found, list):
        return found is not _ABSENT
    merged = (item.group, item.kind) in POD_SPECS and item.group in _MERGED_GROUPS
    return not merged or any("$patch" in one for one in found if isinstance(one, dict))


_ABSENT: Final = object()


def _reached(body: Any, route: Route) -> Any:
    """What a patch that is merged has at `route`: `_ABSENT` where it leaves that alone, None where it takes it away."""
    node = body
    for step in route:
        if not isinstance(node, dict) or "$patch" in node:
            return None
        if step not in node:
            return _ABSENT
        node = node[step]
    return None if isinstance(node, dict) and "$patch" in node else node


def _operated(operations: list[Any]) -> Iterator[tuple[str, list[str]]]:
    """What operations do, and where: each place as the steps that lead there."""
    for one in operations:
        op = dig(one, "op")
        tokens = dig(one, "tokens")
        if isinstance(tokens, list):
            yield "replace", tokens
        elif op in ("add", "replace", "remove", "copy", "move"):
            yield "add" if op in ("copy", "move") else str(op), _pointer(text(dig(one, "path")))
            if op == "move":
                yield "remove", _pointer(text(dig(one, "from")))


def _pointer(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _alike(tokens: list[str], route: Route) -> bool:
    """Whether one of two places is the other, or above it."""
    return all(token in (_ANY, str(step)) for token, step in zip(tokens, route, strict=False))


def _taken(op: str, tokens: list[str], route: Route) -> bool:
    if len(tokens) > len(route) or not _alike(tokens, route):
        return False
    # What is added at a number pushes the others on.
    return op != "add" or len(tokens) != len(route) - 1 or not _INSERTED.fullmatch(tokens[-1])
