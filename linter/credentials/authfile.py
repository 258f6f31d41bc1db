"""The node-wide file as CRI-O, podman and skopeo read it (containers/image 5.23, ``pkg/docker/config/config.go``)."""

from __future__ import annotations

from typing import Final

from linter.credentials.base64go import Base64Error, decode_base64, scrub_bytes
from linter.credentials.jsontext import JsonNode, JsonSyntaxError, decode_text, fold_name, parse_json
from linter.credentials.keys import containers_key, normalise_registry
from linter.credentials.payload import Form
from linter.credentials.recent import Recent
from linter.record import NamedTuple

__all__ = ["AuthFile", "Outcome", "read_auth_file", "search_auth_file"]

_MISSING_HELPER: Final = "the file names a credential helper for this registry, and no helper is there to ask"


class AuthFile(NamedTuple):
    """A decoded file.

    ``auths`` maps keys to ``(auth, identity token)``; ``registries`` lists the keys that stand for a registry once all
    are reduced to one; ``helpers`` are the registries with a credential helper.
    """

    auths: dict[str, tuple[str, str]]
    registries: dict[str, list[str]]
    helpers: frozenset[str]
    legacy: bool

    def __repr__(self) -> str:
        """Show sizes only."""
        return f"AuthFile({len(self.auths)} entries)"


class Outcome(NamedTuple):
    """What one entry gives: a credential, an error, or (both None) nothing, which means anonymous.

    ``token`` tells that an identity token goes along, which a client sends rather than the password.  ``ends`` tells
    that nothing is sent although no further file is asked.
    """

    key: str
    credential: tuple[str, str] | None
    error: str | None
    token: bool = False
    ends: bool = False

    def __repr__(self) -> str:
        """Mask the credential."""
        return f"Outcome({'***' if self.credential else self.credential}, error={self.error!r})"


class _WrongTypeError(Exception):
    """Internal: a JSON type the decoder refuses."""


def read_auth_file(payload: bytes, form: Form) -> AuthFile | str:
    """Decode a file, or say why it is refused: ``encoding/json`` refuses any wrong type in a known field."""
    return _read_recent((payload, form))


def _read(source: tuple[bytes, Form]) -> AuthFile | str:
    payload, form = source
    root = parse_json(decode_text(payload))
    if isinstance(root, JsonSyntaxError):
        return f"not JSON: {root.message} (line {root.line}, column {root.column})"
    auths: dict[str, tuple[str, str]] = {}
    helpers: set[str] = set()
    try:
        if form == "dockercfg":
            _merge_auths(root, auths)
        else:
            for name, _, _, node in _members(root):
                folded = fold_name(name)
                if folded == "auths":
                    _merge_auths(node, auths)
                elif folded == "credhelpers":
                    _merge_helpers(node, helpers)
    except _WrongTypeError as wrong:
        return str(wrong)
    legacy = form == "dockercfg"
    registries: dict[str, list[str]] = {}
    for key in auths:
        registries.setdefault(containers_key(key, legacy=legacy).registry, []).append(key)
    return AuthFile(auths, registries, frozenset(helpers), legacy)


_read_recent = Recent(_read, lambda source, _: 64 + len(source[0]), limit=4 * 1024 * 1024)


def _members(node: JsonNode) -> tuple[tuple[str, int, int, JsonNode], ...]:
    if node.kind not in ("object", "null"):
        raise _WrongTypeError(f"json: cannot unmarshal {node.kind} where an object is expected")
    return node.members


def _merge_auths(node: JsonNode, auths: dict[str, tuple[str, str]]) -> None:
    """Add a host map: null clears, a repeated key replaces the entry."""
    if node.kind == "null":
        auths.clear()
    for key, _, _, entry in _members(node):
        values = {"auth": "", "identitytoken": ""}
        for name, _, _, value in _members(entry):
            folded = fold_name(name)
            if folded in values and value.kind != "null":
                values[folded] = _string(value)
        auths[key] = (values["auth"], values["identitytoken"])


def _merge_helpers(node: JsonNode, helpers: set[str]) -> None:
    if node.kind == "null":
        helpers.clear()
    for registry, _, _, value in _members(node):
        if value.kind != "null":
            _string(value)
        helpers.add(registry)


def _string(node: JsonNode) -> str:
    if node.kind != "string":
        raise _WrongTypeError(f"json: cannot unmarshal {node.kind} where a string is expected")
    return str(node.value)


def search_auth_file(auth_file: AuthFile, repository: str) -> tuple[Outcome, ...]:
    """Say what the client does for ``host/path``.

    Several outcomes mean that a Go map's order decides, none that nothing matched.

    Exact keys from the whole repository up to the registry come first.  Failing these, every key is reduced to a
    registry; there is no wildcard, no prefix inside a path component, no default port.  A credential helper for the
    registry precedes all.
    """
    registry = repository.partition("/")[0]
    if registry in auth_file.helpers:
        return (Outcome(registry, None, _MISSING_HELPER),)
    key = registry if auth_file.legacy else repository
    while True:
        if key in auth_file.auths:
            return (_outcome(key, *auth_file.auths[key]),)
        key, slash, _ = key.rpartition("/")
        if not slash:
            break
    keys = auth_file.registries.get(normalise_registry(registry), ())
    return tuple(_outcome(key, *auth_file.auths[key]) for key in keys)


def _outcome(key: str, auth: str, identity_token: str) -> Outcome:
    """``decodeDockerAuth``: padded base64 only; without a colon there is no credential, whatever token stands by."""
    decoded = decode_base64(auth, padded=True)
    if isinstance(decoded, Base64Error):
        return Outcome(key, None, f"auth cannot be decoded: {decoded.message}")
    user, colon, password = decoded.partition(b":")
    password = password.strip(b"\x00")
    if not colon or not (user or password or identity_token):
        return Outcome(key, None, None)
    if not user and not identity_token:
        # What was found is no empty credential, so the search is over; without a user name nobody is logged in.
        return Outcome(key, None, None, ends=True)
    return Outcome(key, (scrub_bytes(user), scrub_bytes(password)), None, token=bool(identity_token))
