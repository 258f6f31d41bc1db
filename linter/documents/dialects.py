"""Objects that do not say what they are: kind from the file's name, fields as Go names them, reduced secrets."""

import re
from collections.abc import Iterator
from typing import Any, Final

from linter.documents.layouts import Place
from linter.model import Route
from linter.patterns import lazy

SEEN: Final = "seenByCollector"
LOGS: Final = "==== START logs for container "
_GO_ERROR: Final = lazy(
    r"illegal base64 data at input byte \d+|unexpected end of JSON input"
    r"|invalid character .{1,12}? (?:looking for beginning of [a-z ]+|after [a-z :]+|in [a-z \\]+)"
    r"|json: cannot unmarshal \w+ into Go (?:value|struct field [\w.]+) of type [\w.\[\]]+"
)
_TYPE: Final = "kubernetes.io/dockerconfigjson"

Loose = tuple[Route, dict[str, Any], str, str, str]
"""An object: its route in the document, body, kind, apiVersion, and why its content is not known ("" when it is)."""


def loose(data: Any, place: Place | None) -> Iterator[Loose]:
    """Yield the objects of a document that has no kind; `place` is what its path says, if anything."""
    if place is not None and place.reduced:
        yield from _reduced(data, place)
    elif isinstance(data, dict) and isinstance(data.get("Items"), list):
        for number, item in enumerate(data["Items"]):
            body = _from_go(item) if isinstance(item, dict) else {}
            kind, version = (place.kind, place.api_version) if place else _shape(body)
            if kind and body:
                yield ("Items", number), body, kind, version, ""
    elif place is not None:
        for route, item in _items(data):
            yield route, item, place.kind, place.api_version, ""


def _items(data: Any) -> Iterator[tuple[Route, dict[str, Any]]]:
    """Yield the objects of a list with or without a frame, or the one object that there is."""
    if isinstance(data, dict) and "items" not in data:
        if isinstance(data.get("metadata"), dict):
            yield (), data
        return
    steps: Route = ("items",) if isinstance(data, dict) else ()
    listed = data["items"] if isinstance(data, dict) else data
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict):
            yield (*steps, number), item


def _from_go(item: dict[str, Any]) -> dict[str, Any]:
    """Return an object with the names of the API, where its fields are named as Go names them (kubectl 1.13).

    The fields of metadata stand directly in the object there; with their own names, as in the API.
    """
    body = {_lower(key): _renamed(value) for key, value in item.items()}
    metadata = {key: value for key, value in item.items() if key[:1].islower() and key not in ("spec", "status")}
    body["metadata"] = metadata
    return body


def _lower(key: str) -> str:
    return key[:1].lower() + key[1:]


def _renamed(value: Any) -> Any:
    """Rename fields at every depth; the user's own keys (labels, say) begin in lower case and stay."""
    if isinstance(value, dict):
        return {_lower(key): _renamed(inner) for key, inner in value.items()}
    return [_renamed(inner) for inner in value] if isinstance(value, list) else value


def _shape(body: dict[str, Any]) -> tuple[str, str]:
    """Tell the kind of an object from its fields: on standard output there is no file name."""
    spec = body.get("spec")
    if "involvedObject" in body:
        return "Event", "v1"
    if not isinstance(spec, dict):
        return "", ""
    if isinstance(spec.get("containers"), list):
        return "Pod", "v1"
    if not isinstance(spec.get("template"), dict):
        return "", ""
    if "updateStrategy" in spec:
        return "DaemonSet", "apps/v1"
    if "strategy" in spec:
        return "Deployment", "apps/v1"
    selector = spec.get("selector")
    if isinstance(selector, dict) and "matchLabels" in selector:
        return "ReplicaSet", "apps/v1"
    return "ReplicationController", "v1"


def _reduced(data: Any, place: Place) -> Iterator[Loose]:
    if not isinstance(data, dict):
        return
    if place.reduced == "errors":
        for key, error in data.items():
            namespace, slash, rest = str(key).partition("/")
            name, _, entry = rest.partition("/")
            if slash and name:
                told = _GO_ERROR.search(error) if isinstance(error, str) else None
                what = f"its entry {entry[:120]}" if entry else "it"
                why = f"the support bundle's collector could not decode {what}" + (f": {told[0]}" if told else "")
                seen: dict[str, Any] = {"entry": entry, "error": told[0]} if told else {}
                yield (key,), _secret(namespace, name, seen), "Secret", "v1", why
    elif place.reduced == "one registry":
        registries = ", ".join(str(key)[:120].rpartition("@")[2] for key in data)
        why = f"the support bundle keeps one registry and user name of it at most ({registries})"
        seen = {"registries": [str(key) for key, user in data.items() if isinstance(user, str) and user]}
        yield (), _secret(place.namespace, place.name, seen), "Secret", "v1", why
    else:
        pull = any(key in (".dockerconfigjson", ".dockercfg") for key in data)
        body = _secret(place.namespace, place.name) if pull else {"metadata": _names(place.namespace, place.name)}
        yield (), body, "Secret", "v1", "the Insights operator blanks the values of secrets"


def _names(namespace: str, name: str) -> dict[str, str]:
    return {"name": name, "namespace": namespace}


def _secret(namespace: str, name: str, seen: dict[str, Any] | None = None) -> dict[str, Any]:
    """The Secret that is not there, with what its collector has seen of it under a name that no Secret has."""
    return {"metadata": _names(namespace, name), "type": _TYPE, SEEN: seen or {}}


def without_logs(text: str) -> str:
    """Return a text in which container logs are blanks: `kubectl cluster-info dump` writes them between documents.

    A text that holds none is returned itself. Offsets and line numbers stay. A log ends with the mark of its own
    container, which need not begin a line.
    """
    if text.rfind(LOGS) < 0:  # from the end this is found faster
        return text
    parts, at = [], 0
    while (start := text.find(LOGS, at)) >= 0:
        line = text.find("\n", start)
        line = len(text) if line < 0 else line
        mark = text[start:line].rstrip("\r").replace("START", "END", 1)
        end = text.find(mark, line)
        # A log without its end was cut off: nothing else can follow.
        end = len(text) if end < 0 else end + len(mark)
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
        at = end
    return "".join((*parts, text[at:]))
