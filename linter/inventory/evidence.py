"""What the status of pods and their events prove: pulls that were refused for want of a credential, pulls that worked.

A message may hold a URL with a credential in it, so none is kept: a record says only which known words were in it.
Words are those of the kubelet (Kubernetes 1.25 to 1.36), CRI-O and containerd; other failures are no evidence here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from linter.documents.objects import KubeObject
from linter.inventory import paths
from linter.inventory.inventory import Inventory
from linter.inventory.paths import dig, text
from linter.model import Route
from linter.patterns import lazy
from linter.record import NamedTuple

REFUSED: Final = "refused"
UNDECODABLE: Final = "undecodable"

_STATUSES: Final = {
    "initContainerStatuses": "initContainers",
    "containerStatuses": "containers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}
_TELLING: Final = frozenset({"Failed", "BackOff"})
_PULLING: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})
_DECODER: Final = lazy(
    r"illegal base64 data|unexpected end of JSON input|unable to parse auth field|cannot unmarshal \w+ into Go"
    r"|invalid character(?= .{1,12}? (?:looking for beginning|after |in string|in literal))"
)
_DENIED: Final = lazy(
    r"(?i)unauthorized|(?<!proxy )authentication required|requested access to the resource is denied|pull access denied"
    r"|access denied|no basic auth credentials|invalid username/password|incorrect username or password"
    r"|invalid username or password|authorization token has expired|insufficient_scope|authorization failed"
    r"|403 \(?forbidden\)?|(?<!permission )\bdenied(?=:)"
)
"""A proxy that wants a password and a file system that says `permission denied:` are none of a registry's business."""
_LIMITED: Final = lazy(r"(?i)toomanyrequests|too many requests|rate limit")
_EVENT_IMAGE: Final = lazy(r'image "([^"\s]+)"')
_FIELD_PATH: Final = lazy(r"\{([^{}]+)\}$")


class PullFailure(NamedTuple):
    """A pull that failed for its credential: of which pod, container and image, and how that shows.

    `object` is the Pod, or the Event where the scan does not hold the pod. `kind` is REFUSED (the registry wants a
    credential, or another one) or UNDECODABLE (the kubelet could not decode the pod's secrets); `said` are the telling
    words of the message. `route` leads to what proves it, inside `proof`. `image` is "" where only an event tells of
    it and does not name it.
    """

    object: KubeObject
    container: str
    image: str
    kind: str
    said: str
    proof: KubeObject
    route: Route


class Evidence(NamedTuple):
    """All that pods and events prove. `pulled` holds identities of pod objects with images that a container ran."""

    failures: tuple[PullFailure, ...]
    pulled: frozenset[tuple[int, str]]
    missing: Mapping[tuple[str, str], KubeObject]


def judge(message: str) -> tuple[str, str]:
    """Return the kind of failure that `message` tells of and its telling words; ("", "") when it is another one."""
    decoder = _DECODER.search(message)
    if decoder:
        return UNDECODABLE, decoder.group()
    denied = _DENIED.search(message)
    if denied and not _LIMITED.search(message):
        return REFUSED, denied.group().lower()
    return "", ""


def evidence(inventory: Inventory) -> Evidence:
    """Read the pods and events of a scan."""
    objects = inventory.objects
    spaces = {item.namespace for item in objects if item.kind == "Event"}
    pods_known = {namespace: inventory.covers("Pod", namespace) for namespace in spaces}
    pods = {(item.namespace, item.name): item for item in objects if item.kind == "Pod" and item.group == ""}
    told: dict[tuple[str, str, str, str], tuple[str, str, KubeObject]] = {}
    missing: dict[tuple[str, str], KubeObject] = {}
    for item, body, namespace, name in _events(objects):
        reason = text(body.get("reason"))
        if reason == "FailedToRetrieveImagePullSecret":
            missing[(namespace, name)] = item
        elif reason in _TELLING:
            kind, said = judge(_message(body))
            if kind:
                told.setdefault((namespace, name, *_which(body)), (kind, said, item))
    failures: list[PullFailure] = []
    pulled: set[tuple[int, str]] = set()
    for pod in pods.values():
        for container, image, state, route in _containers(pod):
            if isinstance(_field(state, "running"), dict) or isinstance(_field(state, "terminated"), dict):
                pulled.add((id(pod), image))
            else:
                place = pod.namespace, pod.name
                event = told.get((*place, container, "")) or told.get((*place, "", image))
                failures.extend(_failure(pod, container, image, state, route, event))
    for (namespace, name, container, _), (kind, said, item) in told.items():
        if (namespace, name) not in pods and not pods_known.get(namespace, False):
            failures.append(PullFailure(item, container, _image(item.body), kind, said, item, _route(item)))
    return Evidence(tuple(failures), frozenset(pulled), missing)


def _failure(
    pod: KubeObject,
    container: str,
    image: str,
    state: Any,
    route: Route,
    event: tuple[str, str, KubeObject] | None,
) -> Iterator[PullFailure]:
    """Yield the failure of one container that is not running, by its own status or else by an event about it."""
    reason, message = text(dig(state, "waiting", "reason")), text(dig(state, "waiting", "message"))
    if not reason:
        return
    # From Kubernetes 1.33 on the reason itself is the decoder's error.
    kind, said = judge(reason) if reason not in _PULLING else judge(message)
    if kind == UNDECODABLE or (kind and reason in _PULLING):
        field = "reason" if reason not in _PULLING else "message"
        yield PullFailure(pod, container, image, kind, said, pod, (*route, "waiting", field))
    elif reason in _PULLING and event is not None:
        yield PullFailure(pod, container, image, event[0], event[1], event[2], _route(event[2]))


def _containers(pod: KubeObject) -> Iterator[tuple[str, str, Any, Route]]:
    """Yield name, image as the spec writes it, state, and the route of the state of every container."""
    body = pod.body  # made anew each time it is asked for
    status, spec = body.get("status"), body.get("spec")
    if not isinstance(status, dict):
        return
    for field, written in _STATUSES.items():
        statuses = status.get(field)
        if not isinstance(statuses, list):
            continue
        listed = _field(spec, written)
        rows = listed if isinstance(listed, list) else []
        images = {text(_field(one, "name")): paths.image(_field(one, "image")) for one in rows}
        for index, one in enumerate(statuses):
            name = text(_field(one, "name"))
            image = images.get(name) or paths.image(_field(one, "image"))
            yield name, image, _field(one, "state"), ("status", field, index, "state")


def _field(value: Any, key: str) -> Any:
    """As `dig` of one step: there are thousands of containers."""
    return value.get(key) if isinstance(value, dict) else None


def _events(objects: tuple[KubeObject, ...]) -> Iterator[tuple[KubeObject, dict[str, Any], str, str]]:
    """Yield every event about a pod with its body, and namespace and name of that pod."""
    for item in objects:
        if item.kind == "Event":
            body = item.body  # made anew each time it is asked for
            about = _about(body)
            if dig(about, "kind") == "Pod":
                yield item, body, text(dig(about, "namespace")) or item.namespace, text(dig(about, "name"))


def _about(body: dict[str, Any]) -> Any:
    return body.get("involvedObject") or body.get("regarding")


def _container(body: dict[str, Any]) -> str:
    """Return the container that an event is about, "" when it is about the pod."""
    found = _FIELD_PATH.search(text(dig(_about(body), "fieldPath")))
    return found.group(1) if found else ""


def _message(body: dict[str, Any]) -> str:
    return text(body.get("message")) or text(body.get("note"))


def _which(body: dict[str, Any]) -> tuple[str, str]:
    """Return the container that an event is about, or where it leaves that out the image that its message names."""
    container = _container(body)
    return container, "" if container else _image(body)


def _image(body: dict[str, Any]) -> str:
    """Return the image that the message of an event names, "" when it names none, or one with a credential in it."""
    found = _EVENT_IMAGE.search(_message(body))
    image = found.group(1) if found else ""
    return "" if "//" in image or "@" in image.partition("/")[0] else image


def _route(item: KubeObject) -> Route:
    return ("message",) if "message" in item.body else ("note",)
