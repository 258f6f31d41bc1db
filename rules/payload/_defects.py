"""Which defect a payload, or an entry of it, has: one defect gives one finding.

`whole_defect` names the rule that a payload as a whole falls to, `entry_defect` the rule that one entry falls to; a
rule reports only what falls to it.
"""

from collections.abc import Iterator
from typing import Final

from linter.rule import Context, Entry, Inventory, JsonNode, Payload, PullSecret, Seen, State, credentials, lazy

GUESS: Final = "(a guess)"
"""The end of what `eaten` says where nothing proves it; what can be proved of the entry goes before."""
_SHELL_VARIABLE: Final = lazy(r"\$(?:env:)?[A-Z_][A-Z0-9_]*|\$\([^()\n]*\)|`[^`\n]+`")
_KEPT_BACKSLASH: Final = lazy(r"(?:robot)?\\\$\w")
_KEPT_QUOTES: Final = lazy(r"""(['"]).+\1""")
_ELSEWHERE: Final = lazy(
    r"(?:^|\.)(?:quay\.io|docker\.(?:io|com)|ghcr\.io|gcr\.io|pkg\.dev|redhat\.(?:io|com)|gitlab\.com|azurecr\.(?:io|cn|us)|"
    r"amazonaws\.com(?:\.cn)?|ecr\.aws|jfrog\.io|icr\.io|nvcr\.io|microsoft\.com|ocir\.io|aliyuncs\.com|digitalocean\.com)"
    r"(?::\d+)?$"
)
"""Registries whose user names are no Harbor robots: there `robot` is a name like any other."""
_HARBOR_PASSWORD: Final = lazy(r"[A-Za-z0-9]{32}|eyJ[\w-]+\.[\w-]+\.[\w-]+")
_BASE64: Final = lazy(r"illegal base64 data at input byte (\d+)")
_JSON_KEY_USERS: Final = frozenset({"_json_key", "_json_key_base64"})


def exempt(secret: PullSecret) -> bool:
    """Whether nothing may be said: OpenShift owns it, or a replication controller is still to fill it in."""
    if secret.generated == "OpenShift":
        return True
    return bool(secret.generated) and secret.state in (State.EMPTY, State.ABSENT)


def inner_json(content: str) -> str | None:
    """The JSON object inside one to four further layers of base64, None when there is none."""
    for _ in range(4):
        if content.lstrip()[:1] in ("{", "["):
            return None
        compact = "".join(content.split()).strip("\"'")
        decoded = credentials.decode_base64(compact, padded=compact.endswith("="))
        if not isinstance(decoded, bytes) or not compact:
            return None
        try:
            content = decoded.decode("utf-8")
        except UnicodeDecodeError:
            return None
        node = credentials.parse_json(content)
        if isinstance(node, JsonNode) and node.kind == "object":
            return content
    return None


def whole_defect(secret: PullSecret) -> str:
    """The code of the rule to which the payload as a whole falls, "" when its parts are to be judged.

    Order: what cannot be decoded, what stands in for a value, what is no JSON, what asks a helper, what is misshapen.
    """
    if secret.state is State.INVALID_BASE64:
        return "RC101"
    if secret.state is State.PLACEHOLDER:
        return "RC115"
    if secret.state is State.EMPTY:
        # A key without a value is a gap left for somebody to fill; an empty string is a value, and no JSON.
        return "RC115" if secret.written is None else "RC102"
    payload = secret.payload
    if payload is None:
        return ""
    if payload.root is None:
        return "RC103" if inner_json(payload.text) else "RC102"
    if payload.root.kind != "object":
        return "RC104"
    if payload.helpers and payload.error is None and not any(_inline(entry) for entry in payload.entries):
        return "RC110"
    return "RC104" if payload.shape != "ok" and not _mistyped_auths(payload) else ""


def is_empty(payload: Payload) -> bool:
    """Whether the payload is `{}` or `null`: in the global pull secret global-pull-secret tells of it."""
    return payload.root is not None and payload.root.kind in ("object", "null") and not payload.root.members


def _inline(entry: Entry) -> bool:
    return bool(entry.has_auth or entry.username or entry.password or entry.identity_token or entry.registry_token)


def _mistyped_auths(payload: Payload) -> bool:
    """Whether the shape is wrong only because `auths` has a type that the decoder refuses."""
    return any(error.kind == "type" and error.entry is None and error.member == "auths" for error in payload.errors)


def seen_defect(secret: PullSecret) -> str:
    """The code of the rule to which a payload falls that only the collector of a support bundle has seen; "" for none.

    Troubleshoot decodes as Go does, with the fields that the kubelet knows, and an `auth` as padded base64. The kubelet
    wants no padding: a place that could be the end of an unpadded value proves nothing.
    """
    seen = secret.seen
    if seen is None or not seen.error:
        return ""
    at = _BASE64.fullmatch(seen.error)
    if at is not None:
        return "RC106" if seen.entry and int(at.group(1)) % 4 else ""
    return "" if seen.entry else "RC105" if seen.error.startswith("json: cannot unmarshal") else "RC102"


def seen_only(context: Context, code: str) -> Iterator[tuple[PullSecret, Seen]]:
    """Every secret that falls to the rule `code` by what a collector has seen of it, and that."""
    for secret in context.inventory.secrets:
        if secret.seen is not None and seen_defect(secret) == code:
            yield secret, secret.seen


def entry_defect(entry: Entry) -> str:
    """The code of the rule to which an entry falls, "" when none does."""
    if entry.type_errors:
        return "RC105"
    if not entry.live and not entry.auth_error:
        return ""
    found = eaten(entry)
    if found and not found[1].endswith(GUESS):
        return "RC118"
    if stand_in(entry):
        return "RC115"
    if entry.auth_error:
        return "RC106"
    if not (entry.username and entry.password):
        return "RC114" if entry.identity_token or entry.registry_token else "RC109"
    if padded(entry):
        return "RC107"
    if disagrees(entry):
        return "RC108"
    return "RC118" if found else ""


def fields(entry: Entry) -> Iterator[tuple[str, str]]:
    """The credential-bearing texts of an entry, with the member in which each stands."""
    if entry.auth:
        yield "auth", entry.auth
    if entry.has_auth and not entry.auth_error:
        yield "auth", entry.username
        yield "auth", entry.password
    for name, value in (("username", entry.inline_username), ("password", entry.inline_password)):
        if value:
            yield name, value


def eaten(entry: Entry) -> tuple[str, str] | None:
    """The member into which a shell has eaten, or that it was to fill, and how that shows; None when none has."""
    for name, value in fields(entry):
        if _SHELL_VARIABLE.fullmatch(value.strip()):
            return name, "a shell variable or command that was never expanded"
    where = "auth" if entry.has_auth and not entry.auth_error else "username"
    if "$$" in entry.username:
        return where, "a user name with $$, which one more tool was to turn into $"
    if _KEPT_BACKSLASH.match(entry.username):
        return where, "a user name with \\$, whose backslash a shell was to take away"
    if _KEPT_QUOTES.fullmatch(entry.username):
        return where, "a user name between quotes, which a shell was to take away"
    if entry.username == "robot" and _typed_in_a_shell(entry):
        return where, f"the user name robot alone: perhaps a shell took what followed the $ of robot$name {GUESS}"
    return None


def _typed_in_a_shell(entry: Entry) -> bool:
    """Whether what is left of `robot$name` may be what stands here; a user who is called robot is no defect.

    It shows by the registry's name, by a password as Harbor makes them, or by the three members, in agreement, that
    `kubectl create secret docker-registry` and `oc` write: that is the command in which the name gets lost.
    """
    host = entry.registry.host
    if not entry.password or _ELSEWHERE.search(host):
        return False
    if "harbor" in host or _HARBOR_PASSWORD.fullmatch(entry.password):
        return True
    return entry.has_auth and (entry.inline_username, entry.inline_password) == (entry.username, entry.password)


def stand_in(entry: Entry) -> tuple[str, str] | None:
    """The member whose value stands in for a credential, and what it is; None when none does."""
    decodable = entry.has_auth and not entry.auth_error
    if entry.auth and not decodable:
        found = credentials.placeholder(entry.auth)
        if found:
            return "auth", found
    user, password = entry.username or entry.inline_username, entry.password or entry.inline_password
    where = ("auth", "auth") if decodable else ("username", "password")
    # Each of the two words may be somebody's; the pair is the form of a credential.
    pair = f"{user}:{password}" if (user, password) == ("username", "password") else ""
    found = credentials.placeholder(pair or password) if password else None
    if found:
        return where[1], found
    found = credentials.placeholder(user, username=True) if user else None
    return (where[0], found) if found else None


def padded(entry: Entry) -> str:
    """Which half of the credential starts or ends with white space: "user name", "password" or ""."""
    if entry.username != entry.username.strip():
        return "user name"
    if entry.username in _JSON_KEY_USERS:
        # A service-account key is read as JSON by its registry, which minds no line break behind it.
        return ""
    return "password" if entry.password != entry.password.strip() else ""


def disagrees(entry: Entry) -> tuple[str, ...]:
    """The members beside `auth` that hold something else than it does."""
    if not entry.has_auth or entry.auth_error:
        return ()
    pairs = (("username", entry.inline_username, entry.username), ("password", entry.inline_password, entry.password))
    return tuple(name for name, written, sent in pairs if written and written != sent)


def whole(context: Context, code: str) -> Iterator[PullSecret]:
    """Every secret whose payload falls to the rule `code` as a whole."""
    for secret in context.inventory.payloads:
        if not exempt(secret) and whole_defect(secret) == code:
            yield secret


def sound(context: Context) -> Iterator[tuple[PullSecret, Payload]]:
    """Every secret whose payload can be judged part by part."""
    for secret, payload in context.readable_secrets():
        if not exempt(secret) and not whole_defect(secret):
            yield secret, payload


def entries(context: Context, code: str) -> Iterator[tuple[PullSecret, Payload, Entry]]:
    """Every entry that falls to the rule `code`."""
    yield from context.inventory.once(_defective).get(code, ())


def _defective(inventory: Inventory) -> dict[str, list[tuple[PullSecret, Payload, Entry]]]:
    """The entries with a defect by its code: judged once for all rules of a scan."""
    table: dict[str, list[tuple[PullSecret, Payload, Entry]]] = {}
    for secret in inventory.payloads:
        if secret.payload is None or exempt(secret) or whole_defect(secret):
            continue
        for entry in secret.payload.entries:
            code = entry_defect(entry)
            if code:
                table.setdefault(code, []).append((secret, secret.payload, entry))
    return table
