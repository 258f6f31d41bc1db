"""What a generator's own text tells of the Secret that it makes."""

from collections.abc import Iterator

from linter.rule import GeneratedSecret, Location, Route, dig, lazy

_PLAIN = lazy(r"[\w./-]+")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "transformers")


def adds(made: GeneratedSecret) -> bool:
    """Whether the Secret, and so its type, comes from elsewhere and the generator only fills it."""
    parent = made.type_route[:-1]
    if made.how in ("ExternalSecret", "ClusterExternalSecret"):
        return dig(made.object.body, *parent[:-1], "creationPolicy") in ("Merge", "None")
    if made.how == "secretGenerator":
        return dig(made.object.body, *parent, "behavior") in ("merge", "replace")
    if made.how in ("SealedSecret", "SecretProviderClass"):
        return False
    return dig(made.object.body, *parent, "create") is not True


def whole(made: GeneratedSecret) -> bool:
    """Whether `keys` are all keys that the Secret will have: nothing is fetched, merged or filled in besides."""
    body, parent = made.object.body, made.type_route[:-1]
    if adds(made) or not made.keys or not all(_PLAIN.fullmatch(key) for key in made.keys):
        return False
    if made.how == "secretGenerator":
        more = any(dig(body, *parent, field) for field in ("env", "envs"))
        return not more and not any(body.get(field) for field in _PATCHES)
    if made.how == "SealedSecret":
        return not dig(body, "spec", "data") and "sealedsecrets.bitnami.com/" not in str(dig(body, *parent, "metadata"))
    if made.how in ("ExternalSecret", "ClusterExternalSecret"):
        template = (*parent, "templateFrom"), (*parent, "mergePolicy"), (*parent[:-2], "dataFrom")
        return not any(dig(body, *route) for route in template)
    return made.how == "SecretProviderClass"


def key_at(made: GeneratedSecret, key: str) -> Location | None:
    """Where the key stands."""
    for route in routes(made, key):
        if dig(made.object.body, *route) is not None:
            return made.object.at(*route, part="key" if isinstance(route[-1], str) and route[-1] == key else "value")
    return None


def routes(made: GeneratedSecret, key: str) -> Iterator[Route]:
    """Yield where the key may stand, by generator."""
    parent = made.type_route[:-1]
    yield ("spec", "encryptedData", key)
    yield (*parent, "data", key)
    yield (*parent, "transformation", "templates", key)
    for base, field in ((parent[:-2], "secretKey"), (parent, "key")):
        entries = dig(made.object.body, *base, "data")
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if dig(entry, field) == key:
                yield (*base, "data", index, field)
    for field in ("files", "literals"):
        sources = dig(made.object.body, *parent, field)
        for index, source in enumerate(sources if isinstance(sources, list) else []):
            if isinstance(source, str) and key in source:
                yield (*parent, field, index)
