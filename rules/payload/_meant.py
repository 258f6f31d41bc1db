"""What a damaged payload was plainly meant to be: what a repair writes, and what a person who reads the file sees."""

import re
from collections.abc import Iterator
from typing import Any

from linter.rule import Applicability, Entry, NamedTuple, Payload, PullSecret, credentials, dig
from rules.payload._shared import encode_auth


class Repair(NamedTuple):
    """An `auth` as it was meant, how it comes about, and how sure that is."""

    auth: str
    how: str
    applicability: Applicability = Applicability.SAFE


def repaired_auth(entry: Entry) -> Repair | None:
    """The `auth` as it was meant, from the surest source down; None when nothing says what was meant."""
    user, password, raw = entry.inline_username, entry.inline_password, entry.auth or ""
    if user and password and ":" not in user:
        return Repair(encode_auth(user, password), "Rebuild auth from username and password")
    body = "".join(raw.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    padded = body + "=" * (-len(body) % 4)
    if _credential(padded):
        return Repair(padded, "Repair the base64 of auth")
    user, colon, password = raw.strip().partition(":")
    if colon and user and password and not re.search(r"\s", raw.strip()):
        return Repair(encode_auth(user, password), "Encode auth", Applicability.UNSAFE)
    decoded = credentials.decode_base64(padded, padded=True)
    once = decoded.decode("ascii", "ignore").strip() if isinstance(decoded, bytes) else ""
    return Repair(once, "Remove the surplus base64 from auth", Applicability.UNSAFE) if _credential(once) else None


def _credential(auth: str) -> bool:
    """Whether this decodes to a user name and password of printable text."""
    found = credentials.decode_auth(auth)
    if not isinstance(found, credentials.Credential) or not (found.username and found.password):
        return False
    return "\ufffd" not in found.username + found.password and (found.username + found.password).isprintable()


def plain_config(written: str, data_key: str) -> str | None:
    """The config that a value under `data` is instead of base64, or is misspelled base64 of; None for none."""
    form = data_key.removeprefix(".")
    if _config(written, form):
        return written
    body = "".join(written.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    decoded = credentials.decode_base64(body, padded=False)
    if not isinstance(decoded, bytes):
        return None
    try:
        plain = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return plain if _config(plain, form) else None


def as_json(value: object, data_key: str) -> str | None:
    """The JSON text that a mapping was meant to be, None when it is no config that its readers would take."""
    import json  # noqa: PLC0415 - only a repair needs it

    try:
        content = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):  # what YAML has and JSON has not
        return None
    payload = credentials.examine(content, data_key.removeprefix("."))
    return content if payload.error is None and payload.shape == "ok" else None


def _config(content: str, form: str) -> bool:
    payload = credentials.examine(content, form)
    return payload.root is not None and payload.root.kind == "object"


class Value(NamedTuple):
    """One value of a Secret that lacks the key of its type; `payload` where it is a config as the type promises it."""

    field: str
    key: str
    payload: Payload | None


def values(secret: PullSecret) -> Iterator[Value]:
    """Every value of the Secret, whatever its key."""
    form = "dockercfg" if secret.type.endswith("dockercfg") else "dockerconfigjson"
    for field, key, value in pairs(secret):
        content = credentials.decode_base64_field(value) if field == "data" and isinstance(value, str) else value
        found = credentials.examine(content, form) if isinstance(content, str | bytes) else None
        good = found is not None and found.error is None and found.shape == "ok" and bool(found.entries)
        yield Value(field, key, found if good else None)


def pairs(secret: PullSecret) -> Iterator[tuple[str, str, Any]]:
    """Every value of the Secret as it is written, with its field and key."""
    for field in ("stringData", "data"):
        held = dig(secret.object.body, field)
        for key, value in held.items() if isinstance(held, dict) else ():
            yield field, str(key), value
