"""The Kubernetes objects of a document: lists and templates opened, each object knowing where it stands."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from linter.documents import Document
from linter.documents.dialects import loose
from linter.documents.layouts import implied
from linter.documents.templates import filled
from linter.model import Location, ObjectRef, Route
from linter.record import NamedTuple

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class _More(NamedTuple):
    """What few objects differ in."""

    listed: bool
    withheld: str = ""
    left_out: str = ""


_LISTED: Final = _More(listed=True)
_ALONE: Final = _More(listed=False)


class Shelves(Protocol):
    """What holds bodies of objects by number, and parts that several bodies have in common."""

    def body(self, number: int) -> dict[str, Any]:
        """Return a body."""
        raise NotImplementedError

    def fields(self, number: int) -> Iterator[tuple[str, int, Any]]:
        """Yield the fields of a body as `KubeObject.fields` does."""
        raise NotImplementedError

    def left_out(self, number: int) -> str:
        """Return the words that a body lacks."""
        raise NotImplementedError

    def part(self, number: int) -> Any:
        """Return a part."""
        raise NotImplementedError


class KubeObject:
    """One object: its identity as text ("" where the document holds none), its body, and its place.

    `route` leads from the document's root to the body. `listed` tells that it came as an item of a List. `withheld`
    says why the source holds less of it than there is; "" where it is whole. `left_out` holds the words, parted by
    blanks, of texts that stood in the source and are not kept in the body. `body` may be made anew each time it is
    asked for: its parts are shared, and nobody may change them.
    """

    __slots__ = (
        "_body",
        "_more",
        "_route",
        "_shelves",
        "_uid",
        "api_version",
        "document",
        "kind",
        "name",
        "namespace",
        "path",
    )

    def __init__(self, document: Document, route: Route, body: dict[str, Any], kind: str, api_version: str) -> None:
        metadata = body.get("metadata")
        if not isinstance(metadata, dict):
            metadata = {}
        self.path = document.path
        self.document = document.number
        self.route = route
        self._body: dict[str, Any] | int = body
        self._shelves: Shelves | dict[str, int] | None = None  # where the body is, or the numbers of its parts
        self.kind = kind
        self.api_version = api_version
        self.namespace = _text(metadata, "namespace")
        self.name = _text(metadata, "name")
        self._uid: str | bool = _text(metadata, "uid")
        self._more = _LISTED if "items" in route or "Items" in route else _ALONE

    @property
    def body(self) -> dict[str, Any]:
        """All that is known of the object, from `apiVersion` on."""
        body, shelves = self._body, self._shelves
        if isinstance(body, dict):
            return body
        return {} if shelves is None or isinstance(shelves, dict) else shelves.body(body)

    @body.setter
    def body(self, body: dict[str, Any]) -> None:
        self._body, self._shelves = body, None

    def fields(self) -> Iterator[tuple[str, int, Any]]:
        """Yield the fields of the body, in order: key, number, value.

        Equal values of several objects may have one number, and may stand for None here until `part` is asked for it;
        the number of any other value is -1.
        """
        body, shelves = self._body, self._shelves
        if isinstance(body, dict):
            numbers = shelves if isinstance(shelves, dict) else {}
            for key, value in body.items():
                yield key, numbers.get(key, -1), value
        elif shelves is not None and not isinstance(shelves, dict):
            yield from shelves.fields(body)

    def part(self, number: int) -> Any:
        """Return a value that `fields` knows by a number only."""
        shelves = self._shelves
        return None if shelves is None or isinstance(shelves, dict) else shelves.part(number)

    def shelve(self, shelves: "Shelves", number: int) -> None:
        """Hold the body, and what is left out of it, where `shelves` has it under a number."""
        if isinstance(self._uid, str) and self._uid == _text(self.metadata, "uid"):
            self._uid = bool(self._uid)
        self._body, self._shelves = number, shelves
        if self._more.left_out:
            self.left_out = ""

    def share(self, body: dict[str, Any], numbers: dict[str, int]) -> None:
        """Hold a body of which several objects have parts; `numbers` are those of such parts, by field."""
        self._body, self._shelves = body, numbers

    def leaving(self, first: int) -> tuple[Any, ...]:
        """Return all but the place of the document as plain values, for another process; see `arrive`.

        Parts of the body are counted from `first` on: there nothing else may be known by such numbers.
        """
        body, shelves, uid, more = self._body, self._shelves, self._uid, self._more
        numbers = None
        if isinstance(shelves, dict):
            numbers = {key: first + number for key, number in shelves.items()}
        elif shelves is not None:
            body, uid, more = self.body, self.uid, _More(more.listed, more.withheld, self.left_out)
        return (body, numbers, uid, tuple(more), self._route, self.kind, self.api_version, self.namespace, self.name)

    @property
    def shared(self) -> bool:
        """Whether the body, or parts of it, are known by numbers."""
        return self._shelves is not None

    @property
    def route(self) -> Route:
        """The way from the document's root to the body."""
        route = self._route
        return ("items", route) if isinstance(route, int) else route

    @route.setter
    def route(self, route: Route) -> None:
        # Nearly all objects of a dump stand in one list: the place in it is enough to know of each.
        plain = len(route) == 2 and route[0] == "items" and type(route[1]) is int
        self._route: Route | int = route[1] if plain else route  # type: ignore[assignment] # told by `plain`

    def arrive(self, document: Document, values: tuple[Any, ...]) -> None:
        """Become, nothing yet, the object of a document that another process has told of."""
        self.path, self.document = document.path, document.number
        self._body, self._shelves, self._uid, more, self._route, *words = values
        self.kind, self.api_version, self.namespace, self.name = words
        self._more = _More(*more) if more[1] or more[2] else _LISTED if more[0] else _ALONE

    def count_from(self, first: int) -> None:
        """Count the items of the list that the object stands in from `first` on, no more from 0."""
        if isinstance(self._route, int):
            self._route += first
        else:
            key, number, *rest = self._route
            self.route = (key, int(number) + first, *rest)

    @property
    def uid(self) -> str:
        """The identity that an API server gave it."""
        if isinstance(self._uid, str):
            return self._uid
        return _text(self.metadata, "uid") if self._uid else ""

    @uid.setter
    def uid(self, uid: str) -> None:
        self._uid = uid

    @property
    def identified(self) -> bool:
        """Whether an API server has given it an identity; quicker to tell than which."""
        return bool(self._uid)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What `metadata` of the body holds: at hand where the rest is not."""
        body = self._body
        if isinstance(body, dict):
            metadata = body.get("metadata")
        else:
            metadata = next((value for key, _, value in self.fields() if key == "metadata"), None)
        return metadata if isinstance(metadata, dict) else {}

    @property
    def listed(self) -> bool:
        """Whether it came as an item of a List."""
        return self._more.listed

    @listed.setter
    def listed(self, listed: bool) -> None:
        if listed is not self._more.listed:
            self._more = self._more._replace(listed=listed)

    @property
    def withheld(self) -> str:
        """Why the source holds less of it than there is."""
        return self._more.withheld

    @withheld.setter
    def withheld(self, why: str) -> None:
        if why != self._more.withheld:
            self._more = self._more._replace(withheld=why)

    @property
    def left_out(self) -> str:
        """The words of texts that are not kept in the body."""
        body, shelves = self._body, self._shelves
        if isinstance(body, dict) or shelves is None or isinstance(shelves, dict):
            return self._more.left_out
        return shelves.left_out(body)

    @left_out.setter
    def left_out(self, words: str) -> None:
        listed, withheld, before = self._more
        if words != before:
            plain = not words and not withheld
            self._more = (_LISTED if listed else _ALONE) if plain else _More(listed, withheld, words)

    @property
    def ref(self) -> ObjectRef:
        """Which object this is."""
        return ObjectRef(self.api_version, self.kind, self.namespace, self.name)

    @property
    def called(self) -> str:
        """What sentences call it: its kind with its name, or with how the name begins that it is created under."""
        name = self.name
        if not name and (begin := _text(self.metadata, "generateName")):
            name = f"{begin}…"
        return f"{self.kind} {name}" if name else f"{self.kind} without a name"

    @property
    def group(self) -> str:
        """The API group; "" is the core group."""
        return self.api_version.rpartition("/")[0]

    def at(self, *steps: str | int, part: str = "value") -> Location:
        """Return the location of a place inside this object."""
        return Location(self.path, self.document, (*self.route, *steps), part=part)

    def __repr__(self) -> str:
        """Say what and where, and nothing of the body: it may hold a credential."""
        return f"<{self.ref} at {self.path}#{self.document}{self.at().pointer}>"


Opened = tuple[Document, list[KubeObject]]
"""A document and the objects in it."""


class Seen:
    """Tells repeats apart in a dump, which may hold every object twice; in manifests two overlays are two objects."""

    __slots__ = ("_first", "_uids")

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], KubeObject] = {}
        self._uids: dict[tuple[str, ...], set[str]] = {}

    def repeated(self, item: KubeObject) -> bool:
        """Tell whether an object of this group, kind, namespace, name and uid came before; note it if not."""
        if not item.name:
            return False
        key = (item.group, item.kind, item.namespace, item.name)
        first = self._first.setdefault(key, item)
        if first is item:  # nearly all: of these nobody asks for the uid, which may have to be unpacked
            return False
        uids = self._uids.setdefault(key, {first.uid})
        if item.uid in uids:
            return True
        uids.add(item.uid)
        return False


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else ""


def objects(document: Document) -> Iterator[KubeObject]:
    """Yield the objects of a document; lists give their items, templates themselves and what they hold."""
    data = document.data
    if isinstance(data, list):
        if not any(isinstance(item, dict) and "kind" in item for item in data):
            yield from _loose(document)
            return
        for number, item in enumerate(data):
            if isinstance(item, dict) and _text(item, "kind"):
                yield from _open(document, (number,), item, "", "")
    elif isinstance(data, dict):
        if "kind" not in data and ("Items" in data or implied(document.path)):
            yield from _loose(document)
            return
        by_name = document.path.rpartition("/")[2] in _KUSTOMIZATIONS and "kind" not in data
        inherited = ("Kustomization", "kustomize.config.k8s.io/v1beta1") if by_name else ("", "")
        yield from _open(document, (), data, *inherited)


def _loose(document: Document) -> Iterator[KubeObject]:
    """Yield the objects of a document whose kind its file or its dialect tells."""
    for route, body, kind, api_version, why in loose(document.data, implied(document.path)):
        item = KubeObject(document, route, body, kind, api_version)
        item.withheld = why
        item.listed = item.listed or (bool(route) and isinstance(route[0], int))
        yield item


def _open(document: Document, route: Route, body: dict[str, Any], kind: str, api_version: str) -> Iterator[KubeObject]:
    """Yield the objects of one mapping; kind and version are inherited from a typed list where it has none."""
    kind, api_version = _inheriting(body, kind, api_version)
    if not kind:
        return
    items = body.get("items")
    if kind.endswith("List") and (isinstance(items, list) or "items" in body):
        typed = (kind[:-4], api_version) if kind != "List" else ("", "")
        yield from _each(document, (*route, "items"), items, *typed)
        return
    yield KubeObject(document, route, body, kind, api_version)
    if kind == "Template":
        yield from _each(document, (*route, "objects"), filled(body), "", "")


def _each(document: Document, route: Route, items: Any, kind: str, api_version: str) -> Iterator[KubeObject]:
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            own, version = _inheriting(item, kind, api_version)
            if own == "Template" or own.endswith("List"):
                yield from _open(document, (*route, number), item, own, version)
            elif own:  # nearly all are objects and no more
                yield KubeObject(document, (*route, number), item, own, version)


def _inheriting(body: dict[str, Any], kind: str, api_version: str) -> tuple[str, str]:
    """Return the kind and the version of a mapping: those of the list that it stands in where it tells of none."""
    return _text(body, "kind") or kind, _text(body, "apiVersion") or api_version
