"""What the author of a pull secret meant that nobody can use as it is: its type, and the entries in it."""

from linter import credentials
from linter.credentials import Entry, Payload, decode_base64_field
from linter.inventory.paths import dig
from linter.inventory.records import DOCKERCFG, DOCKERCONFIGJSON, KEY_OF_TYPE, TYPE_OF_KEY, PullSecret, State


def right_type(secret: PullSecret) -> str:
    """The type that goes with the content: the two formats are easily put under each other's key."""
    payload = secret.payload
    if payload is not None and payload.shape == "wrapped":
        return DOCKERCONFIGJSON
    if payload is not None and payload.shape == "no-auths" and looks_legacy(payload):
        return DOCKERCFG
    return TYPE_OF_KEY.get(secret.data_key or "", DOCKERCONFIGJSON)


def looks_legacy(payload: Payload) -> bool:
    """Whether the top level holds entries itself, as in a .dockercfg."""
    members = payload.root.members if payload.root is not None else ()
    return any(
        value.kind == "object" and {"auth", "username", "password"} & {name for name, _, _, _ in value.members}
        for _, _, _, value in members
    )


def entries_meant(secret: PullSecret) -> tuple[Entry, ...]:
    """The entries that the author of a payload meant, whatever key and type they stand under, be it no base64."""
    if secret.payload is None or secret.decoded is None:
        return _entries_written(secret) if secret.state in (State.INVALID_BASE64, State.ABSENT) else ()
    form = KEY_OF_TYPE[right_type(secret)].removeprefix(".")
    if form == secret.payload.form:
        return secret.payload.entries
    return credentials.examine(secret.decoded.reveal(), form).entries


def _entries_written(secret: PullSecret) -> tuple[Entry, ...]:
    """The entries of a config that the API server refuses with its Secret: one in clear, or under another key."""
    form = KEY_OF_TYPE.get(secret.type, ".dockerconfigjson").removeprefix(".")
    for field in ("data", "stringData"):
        held = dig(secret.object.body, field)
        for value in held.values() if isinstance(held, dict) else ():
            decoded = decode_base64_field(value) if field == "data" and isinstance(value, str) else None
            found = credentials.examine(decoded or value, form) if isinstance(value, str) else None
            if found is not None and found.error is None and found.shape == "ok" and found.entries:
                return found.entries
    return ()
