"""What the exposure rules share: which credentials stand readable in a text, whether or not anything can pull with it.

That a payload is misshapen, of the wrong type or encoded twice, not encoded at all or under another key, keeps the
kubelet from reading it, and nobody else.
"""

from collections.abc import Iterable
from typing import Final

from linter.rule import (
    KEY_OF_TYPE,
    Entry,
    JsonNode,
    KubeObject,
    Location,
    Payload,
    PullSecret,
    State,
    credentials,
    dig,
    lazy,
    shown,
)
from rules.payload._defects import eaten, inner_json, stand_in
from rules.payload._meant import plain_config, values
from rules.payload._shared import encode_auth, member

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
OPENSHIFT: Final = "OpenShift"

_LOOPBACK: Final = lazy(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")
_BLANK: Final = lazy(r"\s")
_ENCODED: Final = lazy(r"\s*(?:ey|ew|Cn|IH)")
"""How base64 begins of what begins as JSON does, with white space before it or not."""
_FILLED: Final = lazy(r"\{\{|\{%|<%|<path:")
_FORMS: Final = {"dockerconfigjson": "dockercfg", "dockercfg": "dockerconfigjson"}


def in_clear(payload: Payload) -> list[Entry]:
    """Return the entries of a payload whose credential a reader of the text could use, with that as their credential.

    A payload that is encoded once more, has the other form than its key says, or is no JSON is read as a person would
    read it, and so is an `auth` that cannot be decoded.
    """
    if payload.root is None:
        inner = inner_json(payload.text)
        payload = _torn(payload.text) if inner is None else credentials.examine(inner, payload.form)
    if payload.shape in ("no-auths", "wrapped"):
        payload = credentials.examine(payload.text, _FORMS[payload.form])
    return [read for entry in payload.entries if _usable(payload, read := _read(entry))]


def _torn(content: str) -> Payload:
    from rules.exposure._torn import torn  # noqa: PLC0415 - few calls meet such a payload

    return torn(content)


def _read(entry: Entry) -> Entry:
    """Return an entry with the credential that a person reads beside an `auth` that no decoder does, or in it.

    One that is damaged base64 counts as no more than its repair: what it holds shows only when it is mended.
    """
    if not entry.auth_error:
        return entry
    if entry.inline_username and entry.inline_password:
        return entry._replace(username=entry.inline_username, password=entry.inline_password)
    user, _, password = (entry.auth or "").strip().partition(":")
    plain = user and password and not _BLANK.search(user + password) and not stand_in(entry)
    return entry._replace(username=user, password=password) if plain else entry


def in_clear_of(secret: PullSecret) -> list[tuple[Location, Entry]]:
    """Return the entries of a Secret whose credential a reader of its object could use, with where they stand."""
    secret = secret.written_as or secret
    held = [(secret.at(), secret.payload)]
    if secret.state is State.INVALID_BASE64 and secret.written is not None:
        written, key = secret.written.reveal(), secret.data_key or ""
        # The JSON text itself, or what was meant to be some.
        if written.lstrip().startswith("{") or plain_config(written, key) == written:
            held = [(secret.at(), credentials.examine(written, key.removeprefix(".")))]
    elif secret.state is State.ABSENT and secret.type in KEY_OF_TYPE:
        held = [(secret.object.at(one.field, one.key), one.payload) for one in values(secret)]
    return [(at, entry) for at, payload in held if payload is not None for entry in in_clear(payload)]


def in_clear_beside(item: KubeObject) -> list[tuple[Location, Entry]]:
    """Return the entries for hosts of the configs that a Secret holds under other keys than those of pull secrets.

    Only what has the `auths` of such a config is one, whatever its key: any program may have a config.json.
    """
    found = []
    for field in ("stringData", "data") if "sops" not in item.body else ():
        held = dig(item.body, field)
        for key, value in held.items() if isinstance(held, dict) else ():
            content = _content(value, encoded=field == "data") if isinstance(value, str) else ""
            if '"auths"' in content or "'auths'" in content:
                payload = credentials.examine(content, "dockerconfigjson")
                entries = in_clear(payload) if payload.root is None or payload.shape == "ok" else []
                found += [(item.at(field, key), entry) for entry in entries if is_host(entry)]
    return found


def _content(value: str, *, encoded: bool) -> str:
    """The text of a value that begins as JSON does, "" for any other."""
    if encoded and _ENCODED.match(value):
        decoded = credentials.decode_base64_field(value)
        value = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
    text = value.lstrip()
    return text if text.startswith("{") and not _FILLED.search(text) else ""


def is_host(entry: Entry) -> bool:
    """Whether the key of an entry is that of a host with a domain or a port: a single word stands in for one."""
    return any(sign in entry.registry.host for sign in ".:")


def _usable(payload: Payload, entry: Entry) -> bool:
    """Whether somebody who reads the entry could log in; the loopback registry of a workstation does not count."""
    if _LOOPBACK.fullmatch(entry.registry.host.removesuffix(f":{entry.registry.port}")):
        return False
    read = entry
    if entry.auth_error and entry.username:
        read = entry._replace(auth=encode_auth(entry.username, entry.password), auth_error=None)
    if stand_in(read) or eaten(read) or _blanked(entry):
        return False
    if entry.username and entry.password:
        return True
    return any(_token(payload, entry, name) for name in ("identitytoken", "registrytoken"))


def _blanked(entry: Entry) -> bool:
    """Whether a dump tool, or an author, has put a run of one character or a word like REDACTED for the credential."""
    held = (entry.auth, entry.username, entry.password, entry.inline_password)
    return any(value and credentials.redacted(value) for value in held)


def _token(payload: Payload, entry: Entry, name: str) -> bool:
    node: JsonNode | None = member(payload, entry, name)
    value = str(node.value) if node is not None and node.kind == "string" else ""
    return bool(value) and not credentials.placeholder(value) and not credentials.redacted(value)


def hosts(entries: Iterable[Entry]) -> str:
    """Return the registries of `entries` for a sentence: up to three by name, the rest as a number."""
    names = list(dict.fromkeys(shown(entry.key) for entry in entries))
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more registries"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
