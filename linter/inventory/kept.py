"""What is kept of an object once it is read: all that a rule, a search for mentions or a fix can ask for, and no more.

A dump of a cluster says most things many times: replicas of one template, every old revision of it, and all of that
again in a second file. Equal parts are therefore held once, and all is packed until somebody asks for it. What changes
with every object and is read by nobody (most of a status, the copy of what kubectl applied last, the values of a secret
that is no pull secret) is not held at all.
"""

import marshal
from collections.abc import Iterator
from itertools import count
from sys import intern
from typing import Any, Final

from linter.documents.objects import KubeObject
from linter.documents.shelf import Shelf
from linter.inventory.applied import Applied
from linter.inventory.lately import Identical, Lately
from linter.inventory.secrets import holds_config, is_pull_secret

try:
    from _blake2 import blake2b  # `hashlib` loads OpenSSL first, which takes longer than a small call hashes
except ImportError:  # an implementation of Python that has no such module
    from hashlib import blake2b

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_STATUSES: Final = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_STATUS_FIELDS: Final = ("name", "image", "state")
_STATELESS: Final = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob", "Namespace"}
)
"""Kinds of whose status nobody reads anything."""
_WORKLOADS: Final = frozenset({"", "apps", "batch", "extensions"})
_EVENT_FIELDS: Final = ("apiVersion", "kind", "reason", "message", "note", "involvedObject", "regarding")
_PULL_EVENTS: Final = frozenset({"Failed", "BackOff", "FailedToRetrieveImagePullSecret"})
_IDENTITY: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "labels", "annotations")
_OWN: Final = frozenset({"metadata", "involvedObject", "regarding"})
"""Fields of names and identities: they are an object's own, and no other has an equal one."""
_SMALLEST: Final = 64
"""Bytes from which on it pays to look for an equal part."""
_PLAIN: Final = 2
"""The version of `marshal` that knows no references: equal data gives equal bytes."""
_DIGEST: Final = 16
_REMEMBERED: Final = 50_000
"""So many parts are remembered: equal ones stand near each other, in one namespace."""
_NEAR: Final = 6 * 2**20
"""Bytes of heads up to which objects have their bodies at hand: a call of common size puts none together anew."""
_SAME: Final = 256
"""So many objects are remembered of those that readers give more than once, for parts of equal text."""
_LARGEST_SAME: Final = 2**15
"""Bytes of plain data up to which they are."""


class Keeper:
    """Keeps the objects of one call. Their bodies become shared data: nobody may change them."""

    __slots__ = ("_applied", "_near", "_parts", "_same", "_statuses", "bodies")

    def __init__(self) -> None:
        self.bodies = Bodies()
        self._near = 0
        self._parts: Lately[int | bytes, int] = Lately(_REMEMBERED)
        self._same: Identical[None, tuple[int, Any]] = Identical(_SAME)
        self._statuses: Identical[None, dict[str, Any]] = Identical(_SAME)
        self._applied = Applied()

    def keep(self, item: KubeObject) -> None:
        """Leave of the body of `item` what somebody can ask for, packed, and share what others have too."""
        body = self._wanted(item, item.body)
        item.kind, item.api_version = intern(item.kind), intern(item.api_version)
        item.namespace, item.path, item.name = intern(item.namespace), intern(item.path), intern(item.name)
        try:
            numbers, parts, own = self._parted(body)
            size = len(marshal.dumps(own))
        except ValueError:  # data of a kind or depth that cannot be packed
            item.body = body
            return
        if self._near < _NEAR and self.bodies.parts.loose:
            self._near += size
            item.share({**body, **parts}, self.bodies.told(numbers))
        else:
            head = {**body, **{key: (number,) for key, number in numbers.items()}}
            item.shelve(self.bodies, self.bodies.heads.put((head, item.left_out), size))

    def _wanted(self, item: KubeObject, body: dict[str, Any]) -> dict[str, Any]:
        """Return what somebody can ask for of the body of an object."""
        if item.kind == "Event" and item.group in ("", "events.k8s.io"):
            body = _event(body)
        elif item.kind == "Secret" and item.group == "" and not is_pull_secret(body):
            body = _without_values(body)
        elif "status" in body:
            body = self._with_status(item, body)
        metadata = body.get("metadata")
        kept = self._metadata(item, metadata) if isinstance(metadata, dict) else metadata
        return body if kept is metadata else {**body, "metadata": kept}

    def _metadata(self, item: KubeObject, metadata: dict[str, Any]) -> dict[str, Any]:
        annotations = metadata.get("annotations")
        if item.kind == "Secret" or not isinstance(annotations, dict):
            return metadata
        applied = annotations.get(_LAST_APPLIED)
        if not isinstance(applied, str):
            return metadata
        item.left_out = self._applied.left_out(applied, item.body)
        return {**metadata, "annotations": {key: annotations[key] for key in annotations if key != _LAST_APPLIED}}

    def _parted(self, body: dict[str, Any]) -> tuple[dict[str, int], dict[str, Any], list[Any]]:
        """Return the numbers of the parts of a body, and the parts, by field, and the values of the other fields.

        Raise ValueError for a body that has no parts.
        """
        numbers: dict[str, int] = {}
        parts: dict[str, Any] = {}
        own: list[Any] = []
        for key, value in body.items():
            form = type(value)
            held = self._held(value) if (form is dict or form is list) and value and key not in _OWN else None
            if held is not None:
                numbers[key], parts[key] = held
            elif form is tuple:
                raise ValueError("it stands for a part already")
            else:
                own.append(value)
        return numbers, parts, own

    def _held(self, value: dict[str, Any] | list[Any]) -> tuple[int, Any] | None:
        """Return the number of the part that the value of a field is, and an equal value; None for a small one."""
        held = self._same.get(value, None)
        if held is not None:
            return held
        data = marshal.dumps(value, _PLAIN)
        if len(data) < _SMALLEST:
            return None
        parts = self.bodies.parts
        # A part at hand is known by a hash that many may have: whether it is equal shows. To unpack one takes too long.
        key: int | bytes = hash(data)
        number = self._parts.get(key)
        if number is not None and marshal.dumps(parts.get(number), _PLAIN) != data:
            number = None
        if number is None and not parts.loose:
            key = blake2b(data, digest_size=_DIGEST).digest()
            number = self._parts.get(key)
        if number is None:
            return self._parts.put(key, parts.put(value, len(data))), value
        held = number, parts.get(number) if parts.loose else value
        # It has come again: the next time it may be the very same object.
        return self._same.put(value, None, held) if len(data) <= _LARGEST_SAME else held

    def _with_status(self, item: KubeObject, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body with what is read of its status: how containers wait or run, and that it has begun."""
        status = body["status"]
        if item.kind in _STATELESS and item.group in _WORKLOADS:
            return {key: value for key, value in body.items() if key != "status"}
        if item.kind != "Pod" or item.group != "" or not isinstance(status, dict):
            return body
        kept = self._statuses.get(status, None)
        if kept is None:
            kept = {field: _containers(status[field]) for field in _STATUSES if field in status}
            if "phase" in status:
                kept["phase"] = status["phase"]
            self._statuses.put(status, None, kept)
        return {**body, "status": kept}


_first_numbers: Final = count(step=2**64)
"""What several keepers of a process have kept may be judged together: objects know no two parts by one number."""


class Bodies:
    """The bodies of the objects of one call: of each a head, in which parts that others have too stand by number."""

    __slots__ = ("_first", "heads", "parts")

    def __init__(self) -> None:
        self.heads = Shelf(loose=0)
        self.parts = Shelf()
        self._first = next(_first_numbers)

    def told(self, numbers: dict[str, int]) -> dict[str, int]:
        """Return the numbers by which objects know parts."""
        first = self._first
        return {key: first + number for key, number in numbers.items()} if first else numbers

    def body(self, number: int) -> dict[str, Any]:
        """Return a body: equal to what was kept, to the type of every scalar and the order of every key."""
        return self.opened(self.heads.get(number)[0])[0]

    def opened(self, head: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the body that a head stands for, and the numbers of its parts."""
        part = self.parts.get
        return (
            {key: part(value[0]) if type(value) is tuple else value for key, value in head.items()},
            {key: value[0] for key, value in head.items() if type(value) is tuple},
        )

    def fields(self, number: int) -> Iterator[tuple[str, int, Any]]:
        """Yield the fields of a body as `KubeObject.fields` does."""
        for key, value in self.heads.get(number)[0].items():
            yield (key, self._first + value[0], None) if type(value) is tuple else (key, -1, value)

    def left_out(self, number: int) -> str:
        """Return the words that a body lacks; see `KubeObject`."""
        words: str = self.heads.get(number)[1]
        return words

    def part(self, number: int) -> Any:
        """Return a part by the number by which objects know it."""
        return self.parts.get(number - self._first)


def _event(body: dict[str, Any]) -> dict[str, Any]:
    """Return an event with what tells of a pull: which pod, what happened, and the message if it is about pulling."""
    kept: dict[str, Any] = {key: body[key] for key in _EVENT_FIELDS if key in body}
    if kept.get("reason") not in _PULL_EVENTS:
        kept = {key: value for key, value in kept.items() if key not in ("message", "note")}
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = {key: metadata[key] for key in _IDENTITY if key in metadata}
    return kept


def _without_values(body: dict[str, Any]) -> dict[str, Any]:
    """Return a secret that is no pull secret with its keys and nothing under them but configs of registries."""
    kept = dict(body)
    for field in ("data", "stringData"):
        values = body.get(field)
        if isinstance(values, dict):
            kept[field] = {key: value if holds_config(field, value) else "" for key, value in values.items()}
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(annotations, dict) and _LAST_APPLIED in annotations:
        kept["metadata"] = {**metadata, "annotations": {**annotations, _LAST_APPLIED: ""}}
    return kept


def _containers(listed: Any) -> Any:
    if not isinstance(listed, list):
        return listed
    return [
        {field: _state(one[field]) if field == "state" else one[field] for field in _STATUS_FIELDS if field in one}
        if isinstance(one, dict)
        else one
        for one in listed
    ]


def _state(state: Any) -> Any:
    """Return a container's state; of one that ran it is enough that it did."""
    if not isinstance(state, dict):
        return state
    return {key: value if key == "waiting" or not isinstance(value, dict) else {} for key, value in state.items()}
