"""One decoded payload, judged as the kubelet's decoder judges it, with positions.

Source of the rules: ``DockerConfigJSON``, ``DockerConfig`` and ``DockerConfigEntry.UnmarshalJSON`` of Kubernetes 1.34
(``pkg/credentialprovider/config.go``) on top of ``encoding/json``.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, Literal

from linter.credentials.base64go import Credential, CredentialError, decode_auth
from linter.credentials.jsontext import JsonNode, JsonSyntaxError, decode_text, fold_name, parse_json, position, scrub
from linter.credentials.keys import RegistryKey, normalise_key
from linter.credentials.recent import Recent
from linter.patterns import lazy
from linter.record import NamedTuple

__all__ = ["Entry", "Form", "Payload", "PayloadError", "Span", "examine", "read_entry"]

Form = Literal["dockerconfigjson", "dockercfg"]
Shape = Literal["ok", "not-object", "no-auths", "wrapped"]
Span = tuple[int, int]

_FIELDS: Final = {"username": "username", "password": "password", "email": "email", "auth": "auth"}
_TOKENS: Final = ("identitytoken", "registrytoken")
_ENTRY_TYPE: Final = "credentialprovider.dockerConfigEntryWithAuth"
_LINE_FEED: Final = lazy("\n")
_CACHED_BYTES: Final = 32 * 1024


class PayloadError(NamedTuple):
    """One reason for which the kubelet's decoder refuses the whole payload.

    ``kind``: ``json`` (no JSON by Go's grammar), ``type`` (a JSON type the decoder refuses), ``auth`` (an ``auth``
    that is not base64 of ``user:password``).  ``offset`` counts characters of ``Payload.text``; ``line`` and
    ``column`` count from 1; ``entry`` is the registry key as written and ``member`` the field of it, or None.  The
    message is Go's and holds no credential.
    """

    kind: Literal["json", "type", "auth"]
    message: str
    offset: int
    line: int
    column: int
    entry: str | None = None
    member: str | None = None

    def __repr__(self) -> str:
        """Leave the entry's key out: a key may hold user information."""
        return f"PayloadError({self.kind}, {self.message!r}, {self.line}:{self.column})"


class Entry(NamedTuple):
    """One member of the host map, in written order.

    ``live`` is False when a later member with the same key replaced it, or a later ``auths: null`` cleared it.
    ``username`` and ``password`` are what the kubelet would send (both empty for an entry without credential or with
    an undecodable ``auth``); ``inline_username`` and ``inline_password`` are the fields as written, None when absent
    or null.  Spans are character offsets in ``Payload.text``; ``auth_span`` covers the string with its quotes.
    ``type_errors`` are Go's messages for this entry.
    """

    key: str
    key_span: Span
    value_span: Span
    registry: RegistryKey
    live: bool
    username: str
    password: str
    has_auth: bool
    auth: str | None
    auth_error: str | None
    auth_span: Span | None
    inline_username: str | None
    inline_password: str | None
    email: str | None
    identity_token: bool
    registry_token: bool
    fields: tuple[str, ...]
    type_errors: tuple[str, ...]

    def __repr__(self) -> str:
        """Show the registry only."""
        return f"Entry({self.registry.text!r}, live={self.live}, credential=***)"


class Payload(NamedTuple):
    """Everything about one payload that a rule may need.

    ``error`` is what the kubelet's decoder reports first (None: it accepts the payload); ``errors`` are all of them.
    ``shape`` says whether the top level is what ``form`` promises; ``root`` is None when the text is not JSON;
    ``helpers`` names the credential helper settings that are present and not empty.
    """

    text: str
    form: Form
    entries: tuple[Entry, ...]
    error: PayloadError | None
    errors: tuple[PayloadError, ...]
    shape: Shape
    root: JsonNode | None
    helpers: tuple[str, ...]

    def __repr__(self) -> str:
        """Show counts and verdict, never the text."""
        return f"Payload({self.form}, {len(self.entries)} entries, shape={self.shape}, error={self.error!r})"

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (from 1) of a character offset in ``text``."""
        return position(self.text, offset)


def examine(payload: bytes | str, form: str) -> Payload:
    """Judge one decoded payload; total: any bytes give an answer.

    ``form`` is ``dockerconfigjson`` (host map under ``auths``) or ``dockercfg`` (the host map itself).
    """
    data = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else bytes(payload)
    known: Form = "dockercfg" if form == "dockercfg" else "dockerconfigjson"
    return (_examine_cached if len(data) <= _CACHED_BYTES else _examine)((data, known))


def _examine(source: tuple[bytes, Form]) -> Payload:
    payload, form = source
    raw = decode_text(payload)
    root = parse_json(raw)
    text = scrub(raw)
    if isinstance(root, JsonSyntaxError):
        error = PayloadError("json", root.message, root.offset, root.line, root.column)
        return Payload(text, form, (), error, (error,), "not-object", None, ())
    reader = _Reader(text, form)
    reader.read(root)
    first = reader.fatal or (reader.saved[0] if reader.saved else None)
    return Payload(
        text, form, reader.live_entries(), first, tuple(reader.errors), reader.shape(root), root, _helpers(root)
    )


def read_entry(key: str, key_span: Span, node: JsonNode) -> Entry | None:
    """Decode one entry of a dockerconfigjson, and mark it as not `live`; None where its readers refuse it."""
    reader = _Reader("", "dockerconfigjson")
    entry = reader.entry(key, key_span, node)
    return None if reader.errors else entry


_examine_cached = Recent(_examine, lambda source, _: len(source[0]) + 64, limit=64 * _CACHED_BYTES)


def _helpers(root: JsonNode) -> tuple[str, ...]:
    """``credsStore`` and ``credHelpers`` at the top level, when they hold something."""
    names = {"credsstore": "credsStore", "credhelpers": "credHelpers"}
    found: list[str] = []
    for name, _, _, value in root.members:
        known = names.get(fold_name(name))
        if known and known not in found and (value.value or value.members):
            found.append(known)
    return tuple(found)


class _Fields:
    """The struct fields of one entry, filled member by member as ``encoding/json`` fills them."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.auth_span: Span | None = None
        self.tokens: set[str] = set()
        self.problems: list[tuple[str, str, int]] = []

    def take(self, name: str, node: JsonNode) -> None:
        """Store one member: strings overwrite, null does nothing, other types are refused, unknown names skipped."""
        folded = fold_name(name)
        if folded in _TOKENS and node.value:
            self.tokens.add(folded)
        field = _FIELDS.get(folded)
        if field is None or node.kind == "null":
            return
        if node.kind != "string":
            self.problems.append(
                (
                    name,
                    f"json: cannot unmarshal {node.kind} into Go struct field {{}}{field} of type string",
                    node.start,
                )
            )
            return
        self.values[field] = str(node.value)
        if field == "auth":
            self.auth_span = (node.start, node.end)


class _Reader:
    """Walks the parsed text in the order of Go's decoder and collects entries and errors.

    An error inside an entry comes from its ``UnmarshalJSON`` and ends decoding at once (``fatal``: the first of
    them); a wrong type outside is remembered and reported only when no entry failed (``saved``).
    """

    def __init__(self, text: str, form: Form) -> None:
        self.text = text
        self.form = form
        self.entries: list[Entry] = []
        self.live: dict[str, int] | None = None
        self.errors: list[PayloadError] = []
        self.saved: list[PayloadError] = []
        self.fatal: PayloadError | None = None
        self.line_starts: list[int] = []

    def error(
        self, kind: Literal["type", "auth"], message: str, offset: int, entry: str | None, member: str | None
    ) -> None:
        """Record an error at an offset; inside an entry it is fatal."""
        line, column = self.position(offset)
        error = PayloadError(kind, message, offset, line, column, entry, member)
        self.errors.append(error)
        if entry is None:
            self.saved.append(error)
        elif self.fatal is None:
            self.fatal = error

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset; line starts are found once, so that many errors stay cheap."""
        if not self.line_starts:
            self.line_starts = [0, *(match.end() for match in _LINE_FEED.finditer(self.text))]
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def read(self, root: JsonNode) -> None:
        """Read the top level."""
        if self.form == "dockercfg":
            self.host_map(root, "Go value")
            return
        if root.kind not in ("object", "null"):
            self.error(
                "type", _mismatch(root, "Go value", "credentialprovider.DockerConfigJSON"), root.start, None, None
            )
        for name, _, _, value in root.members:
            folded = fold_name(name)
            if folded == "auths":
                self.host_map(value, "Go struct field DockerConfigJSON.auths")
            elif folded == "httpheaders":
                self.headers(name, value)

    def headers(self, name: str, node: JsonNode) -> None:
        """``HttpHeaders`` must be an object of strings although nothing uses it."""
        where = "Go struct field DockerConfigJSON.HttpHeaders"
        if node.kind not in ("object", "null"):
            self.error("type", _mismatch(node, where, "map[string]string"), node.start, None, name)
        for _, _, _, value in node.members:
            if value.kind not in ("string", "null"):
                self.error("type", _mismatch(value, where, "string"), value.start, None, name)

    def host_map(self, node: JsonNode, where: str) -> None:
        """Merge one host map: null clears, an object adds and replaces."""
        if node.kind == "null":
            self.live = None
        elif node.kind != "object":
            member = None if self.form == "dockercfg" else "auths"
            self.error("type", _mismatch(node, where, "credentialprovider.DockerConfig"), node.start, None, member)
        else:
            live = {} if self.live is None else self.live
            for key, start, end, value in node.members:
                live[key] = len(self.entries)
                self.entries.append(self.entry(key, (start, end), value))
            self.live = live

    def entry(self, key: str, key_span: Span, node: JsonNode) -> Entry:
        """Decode one entry as ``DockerConfigEntry.UnmarshalJSON`` does."""
        fields, messages = _Fields(), []
        if node.kind not in ("object", "null"):
            where = "Go value" if self.form == "dockercfg" else "Go struct field DockerConfigJSON.auths"
            messages.append(_mismatch(node, where, _ENTRY_TYPE))
            self.error("type", messages[0], node.start, key, None)
        for name, _, _, value in node.members:
            fields.take(name, value)
        prefix = "dockerConfigEntryWithAuth." if self.form == "dockercfg" else "DockerConfigJSON.auths."
        for member, template, offset in fields.problems:
            messages.append(template.format(prefix))
            self.error("type", messages[-1], offset, key, member)
        values = fields.values
        username, password, auth_error = values.get("username", ""), values.get("password", ""), None
        auth = values.get("auth", "")
        if auth:
            decoded = decode_auth(auth)
            if isinstance(decoded, CredentialError):
                auth_error, decoded = decoded.message, Credential("", "")
                # A wrong type in the same entry is returned before its auth is looked at.
                self.error("auth", auth_error, fields.auth_span[0] if fields.auth_span else node.start, key, "auth")
            username, password = decoded
        return Entry(
            key=key,
            key_span=key_span,
            value_span=(node.start, node.end),
            registry=normalise_key(key),
            live=False,
            username=username,
            password=password,
            has_auth=bool(auth),
            auth=values.get("auth"),
            auth_error=auth_error,
            auth_span=fields.auth_span,
            inline_username=values.get("username"),
            inline_password=values.get("password"),
            email=values.get("email"),
            identity_token="identitytoken" in fields.tokens,
            registry_token="registrytoken" in fields.tokens,
            fields=tuple(name for name, _, _, _ in node.members),
            type_errors=tuple(messages),
        )

    def live_entries(self) -> tuple[Entry, ...]:
        """All entries, the surviving ones marked."""
        surviving = set((self.live or {}).values())
        return tuple(entry._replace(live=index in surviving) for index, entry in enumerate(self.entries))

    def shape(self, root: JsonNode) -> Shape:
        """Compare the top level with the form."""
        if root.kind != "object":
            return "not-object"
        if self.form == "dockercfg":
            wrapped = any(
                name == "auths" and value.kind == "object" and _holds_entries(value)
                for name, _, _, value in root.members
            )
            return "wrapped" if wrapped else "ok"
        return "no-auths" if self.live is None else "ok"


def _holds_entries(node: JsonNode) -> bool:
    """Whether an object could be a host map: every value of it is an object or null (a lone entry has strings)."""
    return all(value.kind in ("object", "null") for _, _, _, value in node.members)


def _mismatch(node: JsonNode, where: str, expected: str) -> str:
    """Go's ``UnmarshalTypeError`` text; it names the JSON type only."""
    return f"json: cannot unmarshal {node.kind} into {where} of type {expected}"
