"""What the rules about payloads have in common: how they name things, whom a defect hits, what to do."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from linter.rule import (
    Applicability,
    Consumer,
    Context,
    Entry,
    Finding,
    Fix,
    Impact,
    JsonNode,
    Payload,
    PullSecret,
    credentials,
    lazy,
    origin,
    payload_edit,
    payload_fix,
    shown,
)
from rules.imports._shared import HOSTED
from rules.payload._remake import immutable, kept_elsewhere, remake

POISON: Final = (
    "The kubelet decodes all pull secrets of a pod before it pulls anything: one that cannot be decoded fails every "
    "container of the pod, public images and images of other secrets included (Kubernetes 1.25 to 1.36). The OpenShift "
    "importer fails every import of the namespace for the same reason (OpenShift 4.5 and later)."
)
REFUSED: Final = "The API server refuses such a Secret, so applying this manifest fails (Kubernetes 1.25 to 1.36)."
IGNORED: Final = (
    "Nothing pulls with this Secret while its type does not go with its key, so the defect is hidden for now."
)
IN_FILE: Final = (
    "A Secret made of this file has the defect too. The kubelet decodes all pull secrets of a pod before it pulls "
    "anything: one that cannot be decoded fails every container of the pod (Kubernetes 1.25 to 1.36). Where the file "
    "is the config.json of a node, the kubelet passes over it, and over every credential in it."
)
_IMMUTABLE: Final = (
    "The Secret is immutable: it changes only by being deleted and created anew, so keep what else it holds."
)
LEFTOVERS: Final = lazy(r"^(/v[12])?/(access|refresh)-token$")
"""Paths under which `docker login` keeps tokens of its own beside the entry of Docker Hub: no image is looked up so."""
NODE_WIDE: Final = (
    "It is the cluster's node-wide secret: the kubelet skips a config.json that it cannot decode, so every node loses "
    "all credentials of this file at once."
)


def seen_finding(context: Context, secret: PullSecret, message: str, key: str, remedy: str, *more: str) -> Finding:
    """The finding about a payload that is not in the scan: what decodes as its readers do has refused it."""
    said = secret.seen.error if secret.seen is not None else ""
    proof = f"The payload is not in this support bundle: its collector tried to decode it, and Go said: {said}."
    return context.finding(
        message,
        of=secret.object,
        at=secret.object.at(),
        key=key,
        detail=" ".join((proof, *more, reasons(context, secret))),
        remedy=advice(context, secret, remedy),
        commands=remake(context, secret),
        impact=readers(context, secret),
    )


def named(secret: PullSecret) -> str:
    """The secret as sentences name it."""
    return secret.called


def of_entry(secret: PullSecret, entry: Entry) -> str:
    """An entry as sentences name it."""
    return f'entry "{shown(entry.key)}" of {named(secret)}'


def member(payload: Payload, entry: Entry, name: str) -> JsonNode | None:
    """The value of the member `name` of an entry that counts: the last one, names compared as the decoder does."""
    node = _entry_node(payload, entry)
    found = [value for key, _, _, value in node.members if key.casefold() == name] if node is not None else []
    return found[-1] if found else None


def _entry_node(payload: Payload, entry: Entry) -> JsonNode | None:
    start, end = entry.value_span
    for holder in entry_maps(payload):
        # Members stand in the order in which they are written, and there may be thousands.
        at = bisect_left(holder.members, start, key=_value_start)
        value = holder.members[at][3] if at < len(holder.members) else None
        if value is not None and (value.start, value.end) == (start, end):
            return value
    return None


def _value_start(one: tuple[str, int, int, JsonNode]) -> int:
    return one[3].start


def entry_maps(payload: Payload) -> list[JsonNode]:
    """The objects that hold the entries: `auths`, or the payload itself in the legacy form."""
    root = payload.root
    if root is None:
        return []
    if payload.form == "dockercfg":
        return [root]
    return [value for key, _, _, value in root.members if key.casefold() == "auths"]


def rewritten(content: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """`content` with several spans replaced, each by its new text."""
    for start, end, new in sorted(changes, reverse=True):
        content = payload_edit.replace(content, start, end, new)
    return content


def encode_auth(username: str, password: str) -> str:
    """The `auth` of a user name and password."""
    import base64  # noqa: PLC0415 - only a repair needs it

    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def reasons(context: Context, secret: PullSecret, *, refused: bool = False) -> str:
    """What an unreadable payload does to its readers; `refused`: the API server does not even store it."""
    if secret.in_file:
        return IN_FILE
    if not secret.typed:
        return IGNORED
    if refused:
        return REFUSED
    return f"{POISON} {NODE_WIDE}" if context.inventory.is_global(secret) else POISON


def everywhere(context: Context, secret: PullSecret) -> str:
    """What more follows from a defect of OpenShift's node-wide secret, as a further sentence; "" for any other one."""
    if not context.inventory.is_global(secret):
        return ""
    return (
        " It is the cluster's node-wide secret: the machine-config operator, which writes it to every node, can become "
        "degraded by it, and then nodes keep the old file and upgrades stop; what does reach the nodes serves no pull."
    )


def readers(context: Context, secret: PullSecret, wanted: Callable[[str], bool] | None = None) -> Impact:
    """The workloads and imports that read the secret: none while its type keeps everybody from reading it."""
    return context.joins.impact(secret, wanted) if secret.typed else Impact()


def matched(keys: Iterable[str]) -> Callable[[str], bool]:
    """Whether an image is served by an entry with one of `keys`, as the kubelet matches (Kubernetes 1.25 to 1.36)."""
    import json  # noqa: PLC0415 - only a finding needs it

    config = json.dumps({"auths": {key: {"username": "user", "password": "pass"} for key in keys}})
    probe = credentials.PullSecret("probe", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": config.encode()})

    def wanted(image: str) -> bool:
        return credentials.lookup(image, [probe], consumer=Consumer.KUBELET).found

    return wanted


def repair(
    secret: PullSecret, new: str | None, summary: str, applicability: Applicability = Applicability.SAFE
) -> Fix | None:
    """A fix of the payload, None when there is nothing to write or the Secret is made by something else."""
    if new is None or secret.generated:
        return None
    return payload_fix(secret, new, summary, applicability)


def advice(context: Context, secret: PullSecret, otherwise: str) -> str:
    """What to do: at the secret's origin when it has one, and elsewhere where this one cannot be changed for good."""
    kept = HOSTED if kept_elsewhere(context, secret) else _IMMUTABLE if immutable(secret) else ""
    return origin(secret) or f"{otherwise} {kept}".rstrip()
