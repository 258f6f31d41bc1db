"""The answers of the API, as far as a reading looks into them."""

import msgspec


class Meta(msgspec.Struct):
    """Of a list: where it goes on, "" at its end."""

    continue_: str = msgspec.field(default="", name="continue")


class Listed(msgspec.Struct):
    """A page of a list; its objects are left as they are."""

    metadata: Meta = msgspec.field(default_factory=Meta)
    items: list[msgspec.Raw] | None = None


class Version(msgspec.Struct):
    """A version of an API group."""

    version: str = ""


class Group(msgspec.Struct):
    """An API group."""

    name: str = ""
    versions: list[Version] = []
    preferred: Version = msgspec.field(default_factory=Version, name="preferredVersion")


class Groups(msgspec.Struct):
    """All API groups."""

    groups: list[Group] = []


class Resource(msgspec.Struct):
    """A kind of a group, by its name in paths, and what can be done with it."""

    name: str = ""
    namespaced: bool = False
    verbs: list[str] = []


class Resources(msgspec.Struct):
    """The kinds of a version of a group."""

    resources: list[Resource] = []


class Name(msgspec.Struct):
    """The part of an object's metadata that names it."""

    name: str = ""


class Named(msgspec.Struct):
    """Any object, by name."""

    metadata: Name = msgspec.field(default_factory=Name)


class Spaces(msgspec.Struct):
    """A list of namespaces."""

    items: list[Named] | None = None
