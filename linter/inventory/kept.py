"""What is kept of an object once it is read: all that a rule, a search for mentions or a fix can ask for, and no more.

A dump of a cluster says most things many times: replicas of one template, every old revision of it, and all of that
again in a second file. Equal parts are therefore held once. What changes with every object and is read by nobody (most
of a status, the copy of what kubectl applied last) is not held at all.
"""

import marshal
from hashlib import blake2b
from typing import Any, Final

from linter.documents.objects import KubeObject
from linter.patterns import lazy

WORD: Final = lazy(r"[a-z0-9][-a-z0-9.]*[a-z0-9]|[a-z0-9]")
"""What a name of an object can be in a text, cut at its widest."""

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
_SMALLEST: Final = 48
"""Bytes from which on it pays to look for an equal part."""
_DEEPEST: Final = 8
_SEARCHED: Final = 20
"""So deep a body is looked through for words that need not be kept twice."""


class Keeper:
    """Keeps the objects of one call. Their bodies become shared data: nobody may change them."""

    __slots__ = ("_bodies", "_parts", "_texts")

    def __init__(self) -> None:
        self._parts: dict[bytes, Any] = {}
        self._texts: dict[str, str] = {}
        self._bodies: dict[str, dict[str, Any]] = {}

    def keep(self, item: KubeObject) -> None:
        """Leave of the body of `item` what somebody can ask for, and share what others have too."""
        body = item.body
        if item.kind == "Event" and item.group in ("", "events.k8s.io"):
            body = _event(body)
        elif "status" in body:
            body = _with_status(item, body)
        metadata = body.get("metadata")
        if isinstance(metadata, dict):
            body = {**body, "metadata": self._metadata(item, metadata)}
        item.body = self._copy(item, {self._text(key): self._kept(key, value) for key, value in body.items()})
        item.kind, item.api_version = self._text(item.kind), self._text(item.api_version)
        item.namespace, item.path = self._text(item.namespace), self._text(item.path)

    def _copy(self, item: KubeObject, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body of the same object as it stood elsewhere, where that is equal; a must-gather holds two."""
        if not item.uid:
            return body
        known = self._bodies.setdefault(item.uid, body)
        return known if known is body or _same(known, body) else body

    def _kept(self, key: str, value: Any) -> Any:
        if key == "metadata" and isinstance(value, dict):
            # Names and identities are an object's own: nothing to find.
            return {self._text(name): self._part(inner, _DEEPEST) for name, inner in value.items()}
        return self._part(value, 0)

    def _metadata(self, item: KubeObject, metadata: dict[str, Any]) -> dict[str, Any]:
        annotations = metadata.get("annotations")
        if item.kind == "Secret" or not isinstance(annotations, dict):
            return metadata
        applied = annotations.get(_LAST_APPLIED)
        if not isinstance(applied, str):
            return metadata
        # Most of what was applied still stands in the object, where a search finds it too.
        item.left_out = self._text(" ".join(sorted(set(WORD.findall(applied)) - _searched(item.body))))
        return {**metadata, "annotations": {key: annotations[key] for key in annotations if key != _LAST_APPLIED}}

    def _text(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def _part(self, value: Any, depth: int) -> Any:
        """Return data equal to `value`, to the type of every scalar and the order of every key: the first such."""
        if isinstance(value, str):
            return self._text(value)
        if not isinstance(value, dict | list) or not value:
            return value
        try:
            # Version 2 knows no references: equal data gives equal bytes.
            data = marshal.dumps(value, 2)
        except ValueError:
            return value
        digest = data if len(data) < _SMALLEST else blake2b(data, digest_size=_SMALLEST).digest()
        known = self._parts.get(digest)
        if known is not None:
            return known
        if depth < _DEEPEST and len(data) >= _SMALLEST:
            value = self._copied(value, depth + 1)
        self._parts[digest] = value
        return value

    def _copied(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return {self._text(key): self._part(inner, depth) for key, inner in value.items()}
        return [self._part(inner, depth) for inner in value]


def _same(one: Any, other: Any) -> bool:
    """Whether data is equal to the type of every scalar and the order of every key."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _searched(body: dict[str, Any]) -> set[str]:
    """Return words of which a search for mentions finds each in the body: no keys, and nothing that it leaves out."""
    metadata = body.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    level: list[Any] = [labels, *(value for key, value in body.items() if key not in ("metadata", "status"))]
    texts: list[str] = []
    for _ in range(_SEARCHED):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if len(value) > 2:
                    texts.append(value)
            elif isinstance(value, dict):
                inner.extend(value[key] for key in value if key not in ("secretGenerator", "managedFields"))
            elif isinstance(value, list):
                inner.extend(value)
        level = inner
    return set(WORD.findall("\n".join(texts)))


def _event(body: dict[str, Any]) -> dict[str, Any]:
    """Return an event with what tells of a pull: which pod, what happened, and the message if it is about pulling."""
    kept: dict[str, Any] = {key: body[key] for key in _EVENT_FIELDS if key in body}
    if kept.get("reason") not in _PULL_EVENTS:
        kept = {key: value for key, value in kept.items() if key not in ("message", "note")}
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = {key: metadata[key] for key in _IDENTITY if key in metadata}
    return kept


def _with_status(item: KubeObject, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with what is read of its status: how containers wait or run."""
    status = body["status"]
    if item.kind in _STATELESS and item.group in _WORKLOADS:
        return {key: value for key, value in body.items() if key != "status"}
    if item.kind != "Pod" or item.group != "" or not isinstance(status, dict):
        return body
    kept: dict[str, Any] = {field: _containers(status[field]) for field in _STATUSES if field in status}
    return {**body, "status": kept}


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
