"""Every place that names a secret: the table's paths, field names in unknown kinds, and links hidden in patches."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.inventory.paths import FALLBACK_FIELDS, NAMED, PRUNED, dig, group, text, walk
from linter.inventory.records import Reference, Use
from linter.inventory.workloads import Once
from linter.model import Location, Route
from linter.patterns import lazy

_DEEPEST = 60
_CONTAINERS: Final = frozenset({dict, list})
_FALLBACK_NAMES: Final = frozenset(FALLBACK_FIELDS)
_REMEMBERED: Final = 50_000
"""So many parts of objects are known by what they hold."""
_Named = tuple[str, Route, Use]
_UPDATER_TOOL: Final = "argocd-image-updater.argoproj.io"
_OWN: Final = ("metadata", "annotations")
_OF_TEMPLATE: Final = ("spec", "template", "metadata", "annotations")
_UPDATER = lazy(r"^(?:pullsecret|secret):(?:([^/#\s]+)/)?([^#\s]+)")
_LINK_POINTER = lazy(r"/(?:imagePullSecrets|pullSecrets|secrets)(?:/(?:-|\d+))?(?:/name)?$")
_PATCH_TEXT = lazy(r"imagePullSecrets|pullSecret")
_NAME = lazy(r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")


def references(item: KubeObject, named: "FieldSearch", once: Once) -> Iterator[Reference]:
    """Yield every reference to a secret that `item` makes, tabled paths first, each place once."""
    seen: set[Route] = set()
    where = group(item.api_version)
    body = item.body
    for path, use in NAMED.get((where, item.kind), ()):
        for route, value in walk(body, path):
            if isinstance(value, str) and value:
                seen.add(route)
                yield _reference(item, value, once(route), use)
    pruned = PRUNED.get((where, item.kind), ())
    for name, route, use in named.of(item):
        if route not in seen and route[:2] not in pruned:
            seen.add(route)
            yield _reference(item, name, once(route), use)
    yield from _annotated(item, body)


def _reference(item: KubeObject, name: str, route: Route, use: Use) -> Reference:
    updater = _UPDATER.match(name) if ":" in name else None
    if updater:
        return Reference(updater.group(2), updater.group(1) or "", use, item, route)
    namespace, slash, rest = name.partition("/")
    if slash and rest:
        return Reference(rest, namespace, use, item, route)
    stated = dig(item.body, *route[:-1], "namespace") if use is Use.CONTROLLER else None
    # Kyverno looks for a bare name in its own namespace, whichever that is.
    own = "" if "imageRegistryCredentials" in route else item.namespace
    return Reference(name, text(stated) or own, use, item, route)


def loose_references(document: Document) -> Iterator[Reference]:
    """Yield references of a document that is no object: Helm values, JSON6902 patches, fragments."""
    for name, route, use in FieldSearch().fields(document.data):
        yield Reference(name, "", use, None, place=Location(document.path, document.number, route))
    yield from _json_patch(document, document.data, ())


def patch_references(document: Document, data: Any, route: Route = ()) -> Iterator[Reference]:
    """Yield the links in patches that a kustomization or another object carries, as data or as text."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from patch_references(document, value, (*route, key))
    elif isinstance(data, list):
        yield from _json_patch(document, data, route)
        for index, value in enumerate(data):
            yield from patch_references(document, value, (*route, index))
    elif isinstance(data, str) and "\n" in data and _PATCH_TEXT.search(data):
        at = Location(document.path, document.number, route)
        for name in _names_in_text(data):
            yield Reference(name, "", Use.PATCH, None, place=at)


def _json_patch(document: Document, data: Any, route: Route) -> Iterator[Reference]:
    for index, operation in enumerate(data if isinstance(data, list) else []):
        pointer = text(dig(operation, "path"))
        if dig(operation, "op") not in ("add", "replace") or not _LINK_POINTER.search(pointer):
            continue
        value = dig(operation, "value")
        use = Use.MOUNT if "/secrets" in pointer else Use.PATCH
        for name, at in _values(value, (*route, index, "value")):
            yield Reference(name, "", use, None, place=Location(document.path, document.number, at))


def _names_in_text(patch: str) -> Iterator[str]:
    """Names in a patch that is itself text: read line by line, so that a template or fragment does no harm."""
    listening = False
    for line in patch.splitlines():
        if _PATCH_TEXT.search(line):
            listening = True
        found = re.search(r"(?:name|value|imagePullSecrets?|pullSecret)\"?\s*:\s*\"?([a-z0-9][-a-z0-9.]*)\"?", line)
        if listening and found:
            yield found.group(1)


class FieldSearch:
    """Finds the fields that name a secret whatever the kind.

    Objects share their equal parts (see `Keeper`): what was found in one is known by its number, so that most of a dump
    is looked through once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[_Named, ...]] = {}

    def of(self, item: KubeObject) -> list[_Named]:
        """Return the name, place and use of every such field of an object."""
        all_found: list[_Named] = []
        for key, number, value in item.fields():
            if number < 0:
                if key in FALLBACK_FIELDS or (type(value) in _CONTAINERS and _named_in(value)):
                    all_found += _search({key: value}, 0)
                continue
            found = self._known.get((key, number))
            if found is None:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                part = item.part(number) if value is None else value
                found = self._known[key, number] = tuple(self.fields({key: part}))
            all_found += found
        return all_found

    def fields(self, value: Any) -> list[_Named]:
        """Return the name, place and use of every such field in `value`."""
        return _search(value, 0) if isinstance(value, dict | list) and _named_in(value) else []


def _named_in(value: dict[str, Any] | list[Any]) -> bool:
    """Whether such a field stands anywhere in a container: in most none does, and that is quicker to see than where."""
    containers: list[Any] = [value]
    for one in containers:
        children: Iterable[Any] = one
        if type(one) is dict:
            if not _FALLBACK_NAMES.isdisjoint(one):
                return True
            children = one.values()
        # Most hold one or two: a loop is quicker than to begin a comprehension.
        for child in children:
            if type(child) in _CONTAINERS:
                containers.append(child)
    return False


def _search(value: Any, depth: int) -> list[_Named]:
    """Return what a container holds."""
    found: list[_Named] = []
    if depth > _DEEPEST:
        return found
    keyed = type(value) is dict
    names_some = keyed and not _FALLBACK_NAMES.isdisjoint(value)
    for key, child in value.items() if keyed else enumerate(value):
        if names_some and key in FALLBACK_FIELDS:
            found += [(name, place, FALLBACK_FIELDS[key]) for name, place in _values(child, (key,))]
        if type(child) in _CONTAINERS and (inner := _search(child, depth + 1)):
            found += [(name, (key, *place), use) for name, place, use in inner]
    return found


def _values(value: Any, route: Route) -> Iterator[tuple[str, Route]]:
    """A string, `{name}`, `{secrets}` or a list; what does not look like a secret's name is no reference."""
    if isinstance(value, str):
        if _NAME.match(value.rpartition("/")[2]) or _UPDATER.match(value):
            yield value, route
    elif isinstance(value, dict):
        if isinstance(value.get("secrets"), list):
            yield from _values(value["secrets"], (*route, "secrets"))
        name = value.get("name")
        if isinstance(name, str) and _NAME.match(name):
            yield name, (*route, "name")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, list):
                yield from _values(item, (*route, index))


def _annotated(item: KubeObject, body: dict[str, Any]) -> Iterator[Reference]:
    """Annotations of Argo CD's image updater, on an Application or on the template of an ApplicationSet."""
    spec = body.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    for base, holder in ((_OWN, body), (_OF_TEMPLATE, template)):
        metadata = holder.get("metadata") if isinstance(holder, dict) else None
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if not isinstance(annotations, dict) or not any(map(_updating, annotations)):
            continue
        for key, value in annotations.items():
            found = _UPDATER.match(value) if isinstance(value, str) and _updating(key) else None
            if found:
                route: Route = (*base, key)
                yield Reference(found.group(2), found.group(1) or "", Use.CONTROLLER, item, route)


@lru_cache(maxsize=1024)
def _updating(annotation: object) -> bool:
    """Whether an annotation names the pull secret of Argo CD's image updater, of all images or of one (`….`)."""
    tool, slash, name = str(annotation).partition("/")
    return bool(slash) and tool == _UPDATER_TOOL and (name == "pull-secret" or name.endswith(".pull-secret"))
