"""Secrets to pull secrets: which payload counts, and whether it may be judged at all."""

import re
from typing import TYPE_CHECKING, Any, Final

from linter.credentials import Entry, Payload, decode_data, examine, placeholder, redacted
from linter.documents.dialects import SEEN
from linter.documents.objects import KubeObject
from linter.inventory.lately import Identical
from linter.inventory.paths import dig, text
from linter.inventory.records import DOCKERCFG, KEY_OF_TYPE, TYPE_OF_KEY, UNJUDGED, PullSecret, Seen, State
from linter.model import Route
from linter.patterns import lazy
from linter.record import NamedTuple
from linter.secret import Sensitive, without_login

if TYPE_CHECKING:
    from linter.inventory.kustomized import Kustomized

EXCLUDE_ANNOTATION = "openshift.io/image.excludeSecret"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_TEMPLATE_MARKS = lazy(r"\{\{|\{%|<%|<path:")
_VARIABLE = lazy(r"^\s*(?:\$\{\{?[A-Za-z_][\w.:=-]*\}?\}|\$\([A-Za-z_]\w*\))\s*$")
_SUBSTITUTED = lazy(r"\$\{\{?[A-Za-z_]\w*\}?\}")
_SOPS = "ENC[AES256_GCM,"
_ANSIBLE = "$ANSIBLE_VAULT;"
"""What `ansible-vault encrypt_string` begins its output with; the tag `!vault` goes before it."""
_ENCODED: Final = lazy(r"\s*(?:ey|ew|Cn|IH)")
"""How base64 begins of what begins as JSON does, with white space before it or not."""
_TELLING: Final[tuple[Route, ...]] = (
    ("type",),
    *((field, key) for field in ("data", "stringData") for key in TYPE_OF_KEY),
)
"""What decides about a pull secret: a patch of anything else changes nothing of what is said of it."""
_VAULT_PLUGIN = "avp.kubernetes.io/path"
"""The annotation by which the Vault plugin of Argo CD fills in what stands in angle brackets."""
_BRACKETS = lazy(r"<[A-Za-z][\w .:|/#-]*>")
_PATHS = lazy(r"(?:<|\\u003[cC])path:")
_VAULT_PATH = lazy(r"(?:vault:)?[\w.-]+(?:/[\w.-]+)+#[\w.${}:-]+(?:#\d+)?")
"""What the webhook of Bank-Vaults takes for a reference, after `vault:`: a path, a key, a version."""
_AWAITS = "secretgen.carvel.dev/image-pull-secret"
"""The annotation by which secretgen-controller fills in a Secret."""

_MAVEN = tuple(f"{group}/dockerServerId" for group in ("maven.fabric8.io", "maven.jkube.io", "jkube.eclipse.org"))
"""The annotations by which the plugins of fabric8 and Eclipse JKube take a credential from Maven's settings."""

_GENERATED_ANNOTATIONS = (
    "openshift.io/internal-registry-auth-token.service-account",
    "openshift.io/token-secret.name",
)
_CREATED: Final = "reconcile.external-secrets.io/created-by"
_MANAGED: Final = "reconcile.external-secrets.io/managed"
"""The labels of a Secret whose data the External Secrets operator keeps: under the policy Owner, under any."""
_REPLICA_ANNOTATIONS = (
    "reflector.v1.k8s.emberstack.com/reflects",
    "replicator.v1.mittwald.de/replicate-from",
    "kubed.appscode.com/origin",
)
_LONG: Final = 2**14
"""Signs of a value up to which it is remembered what came of an edit."""
_FILLABLE: Final = frozenset({State.PLACEHOLDER, State.EMPTY, State.INVALID_BASE64})
_REPLICATED_PREFIXES = ("reflector.v1.k8s.emberstack.com/", "replicator.v1.mittwald.de/", "kubed.appscode.com/")

Edits = Identical[tuple[str, str, str], PullSecret]
"""What edits made of payloads, by field, key and value: one stands in many namespaces, and is edited in each."""


def is_pull_secret(body: dict[str, Any]) -> bool:
    """Whether a Secret is one by type, or carries one of the two keys whatever its type."""
    if text(body.get("type")) in KEY_OF_TYPE:
        return True
    return any(key in TYPE_OF_KEY for field in ("data", "stringData") for key in _mapping(body.get(field)))


def holds_config(field: str, value: Any) -> bool:
    """Whether a value of a Secret, under whatever key, is a config of registries, as kaniko or skopeo mount one."""
    if not isinstance(value, str):
        return False
    decoded = decode_data(value) if field == "data" and _ENCODED.match(value) else value.encode("utf-8", "replace")
    content = decoded.lstrip() if isinstance(decoded, bytes) else b""
    return content.startswith(b"{") and (b'"auths"' in content or b"'auths'" in content)


def pull_secret(
    item: KubeObject, *, substituted: bool = False, was: PullSecret | None = None, edits: Edits | None = None
) -> PullSecret:
    """Classify the Secret `item`. `substituted`: a tool of this scan fills in `${VARIABLES}` (Flux, Template).

    With `was`, what it was before it was edited, only what has changed is looked at, and where the entries of its
    payload stand is not told: as the readers of a secret know it. What came of such `edits` is remembered in them.
    """
    body = item.body
    kind = without_login(text(body.get("type"))) or "Opaque"
    if item.withheld:
        return PullSecret(item, kind, KEY_OF_TYPE.get(kind), (), State.REDACTED, item.withheld, seen=_seen(body))
    key, field = _payload_key(body, kind)
    value = body[field][key] if key else None
    made = was.generated if was is not None and _named_alike(was.object.body, body) else _generated(item.name, body)
    secret = PullSecret(
        object=item,
        type=kind,
        data_key=key,
        route=(field, key) if key else (),
        state=State.ABSENT,
        written=Sensitive(value) if isinstance(value, str) else None,
        generated=made,
        excluded=text(_annotations(body).get(EXCLUDE_ANNOTATION)) == "true",
        superseded=("data", key) if key and field == "stringData" and key in _mapping(body.get("data")) else None,
    )
    if key is None:
        return secret._replace(**_absent(body)._asdict())
    if isinstance(value, dict) and isinstance(value.get("auths"), dict):
        # The config itself, without the quotes that would make it text: no template leaves that behind.
        return secret._replace(state=State.INVALID_BASE64, error="the value is a mapping, not text")
    if was is None or was.payload is None or edits is None or "sops" in body:
        return _judged(secret, body, value, was, substituted=substituted)
    written = text(value)
    place = field, key, written
    known = edits.get(was.payload, place)
    if known is not None:
        return secret._replace(state=known.state, decoded=known.decoded, payload=known.payload)
    judged = _judged(secret, body, value, was, substituted=substituted)
    if judged.payload is not None and judged.payload.entries and not judged.error and len(written) <= _LONG:
        edits.put(was.payload, place, judged)  # with entries its state hangs on nothing else in the object
    return judged


def patched(secret: PullSecret, kustomized: "Kustomized") -> PullSecret:
    """Return a Secret as templated where kustomize may make another of it, or it is no more than a part of one."""
    build = kustomized.fragment(secret.object)
    if build:
        why = f"{build} puts it into another Secret as a patch"
    else:
        build = kustomized.changing(secret.object, *_TELLING)
        why = f"a patch of {build} changes it"
    if not build or secret.state in UNJUDGED:
        return secret
    unknown = secret._replace(state=State.TEMPLATED, decoded=None, payload=None, error="", superseded=None)
    return unknown._replace(reason=f"{why}: what is built tells (`--render`)", written_as=secret)


def stand_ins(secret: PullSecret) -> tuple[str, ...] | None:
    """What stands in for a value or for parts of it, as it is written; None where nothing may be filled in."""
    if secret.generated or not secret.route:
        return None
    written = secret.written.reveal().strip() if secret.written is not None else ""
    if secret.state in _FILLABLE:
        return (written,) if written else ()
    if secret.state is not State.READABLE or secret.payload is None:
        return None
    texts = ((one, one.auth, one.inline_username, one.inline_password) for one in secret.payload.entries)
    found = tuple(
        value
        for entry, *values in texts
        for value in values
        if value and value in written and (placeholder(value) or (value == entry.auth and entry.auth_error))
    )
    return found if found or (secret.route[0] == "stringData" and "$" in written) else None


def _judged(
    secret: PullSecret, body: dict[str, Any], value: Any, was: PullSecret | None, *, substituted: bool
) -> PullSecret:
    verdict = _unjudged(body, value, substituted=substituted)
    if verdict is not None:
        judged = secret._replace(state=verdict.state, reason=verdict.reason)
    else:
        judged = _decode(secret, body, text(value), was, encoded=secret.route[0] == "data")
    if _mirrors(body) and not _serves(judged) and not _refused(judged):
        why = "a replication controller writes over it, and until then it holds no credential"
        return secret._replace(state=State.REPLICATED, reason=why, decoded=judged.decoded)
    return judged


def _mirrors(body: dict[str, Any]) -> bool:
    """Whether a replication controller is yet to write this payload: what a cluster has given is what it wrote."""
    return not text(dig(body, "metadata", "uid")) and not _annotations(body).keys().isdisjoint(_REPLICA_ANNOTATIONS)


def _serves(secret: PullSecret) -> bool:
    """Whether the payload holds a credential that its readers can use, or cannot be judged anyway."""
    if secret.state is not State.READABLE or secret.payload is None:
        return secret.state in UNJUDGED
    usable = (one.username and one.password and not placeholder(one.password) for one in secret.payload.entries)
    return secret.payload.error is None and secret.payload.shape == "ok" and any(usable)


def _refused(secret: PullSecret) -> bool:
    """Whether the API server refuses the Secret, so that no controller ever finds it to write over it."""
    if secret.error:
        return True
    root = secret.payload.root if secret.payload is not None else None
    return secret.typed and secret.state is State.READABLE and (root is None or root.kind not in ("object", "null"))


def _seen(body: dict[str, Any]) -> Seen | None:
    seen = body.get(SEEN)
    if not isinstance(seen, dict) or not seen:
        return None
    return Seen(text(seen.get("error")), text(seen.get("entry")), tuple(seen.get("registries", ())))


class _Verdict(NamedTuple):
    state: State
    reason: str = ""


def _payload_key(body: dict[str, Any], kind: str) -> tuple[str | None, str]:
    """The payload key that counts and the field that holds it: the type's own key first, and stringData over data."""
    wanted = [KEY_OF_TYPE[kind]] if kind in KEY_OF_TYPE else []
    for key in [*wanted, *(other for other in TYPE_OF_KEY if other not in wanted)]:
        for field in ("stringData", "data"):
            if key in _mapping(body.get(field)):
                return key, field
    return None, ""


def _absent(body: dict[str, Any]) -> _Verdict:
    if "sops" in body:
        return _Verdict(State.ENCRYPTED, "the file is encrypted with SOPS")
    for field in ("data", "stringData"):
        value = body.get(field)
        if isinstance(value, str) and value:
            return _Verdict(State.TEMPLATED, f"`{field}` is filled in by a template")
        if any(_TEMPLATE_MARKS.search(str(key)) for key in _mapping(value)):
            return _Verdict(State.TEMPLATED, f"`{field}` is filled in by a template")
    if any(name in _annotations(body) for name in _MAVEN):
        return _Verdict(State.TEMPLATED, "a plugin of Maven fills it in from its settings")
    if any(name in _annotations(body) for name in _REPLICA_ANNOTATIONS):
        return _Verdict(State.REPLICATED, "a replication controller fills it in")
    return _Verdict(State.ABSENT)


def _unjudged(body: dict[str, Any], value: Any, *, substituted: bool) -> _Verdict | None:
    """The reason why the scalar itself must not be judged, or None."""
    if value is None:
        return _Verdict(State.EMPTY, "the value is null")
    if not isinstance(value, str):
        return _Verdict(State.TEMPLATED, "the value is not text: a template left unrendered, most likely")
    if _SOPS in value or "sops" in body:
        return _Verdict(State.ENCRYPTED, "the value is encrypted with SOPS")
    if value.lstrip().startswith(_ANSIBLE):
        return _Verdict(State.ENCRYPTED, "the value is encrypted with Ansible Vault")
    if _TEMPLATE_MARKS.search(value) or _plugged(body, value):
        return _Verdict(State.TEMPLATED, "the value is filled in by a template")
    if substituted and (_VARIABLE.match(value) or _SUBSTITUTED.search(value)):
        return _Verdict(State.TEMPLATED, "the value is or holds a variable that is substituted later")
    if not value.strip():
        return _Verdict(State.EMPTY, "the value is empty")
    hidden = redacted(value)
    if hidden:
        return _Verdict(State.REDACTED, hidden)
    example = placeholder(value)
    if example:
        return _Verdict(State.PLACEHOLDER, example)
    return None


def _decode(
    secret: PullSecret, body: dict[str, Any], value: str, was: PullSecret | None, *, encoded: bool
) -> PullSecret:
    if encoded:
        decoded = decode_data(value)
        if not isinstance(decoded, bytes):
            return _damaged(secret, value, decoded.message, decoded.offset)
    else:
        decoded = value.encode("utf-8", "surrogatepass")
    kept = Sensitive(decoded.decode("utf-8", "replace"))
    verdict = _unjudged_content(body, decoded, kept.reveal())
    if verdict is not None:
        return secret._replace(state=verdict.state, reason=verdict.reason, decoded=kept)
    payload, fresh = _examined(decoded, kept.reveal(), _form(secret), was)
    hidden = next(filter(None, map(_redacted_entry, fresh)), None)
    if hidden:
        return secret._replace(state=State.REDACTED, reason=f"a credential in it is {hidden}", decoded=kept)
    if any(map(_in_vault, fresh)):
        why = "a credential in it is a reference that Bank-Vaults fills in"
        return secret._replace(state=State.TEMPLATED, reason=why, decoded=kept)
    return secret._replace(state=State.READABLE, decoded=kept, payload=payload)


def _examined(decoded: bytes, content: str, form: str, was: PullSecret | None) -> tuple[Payload, tuple[Entry, ...]]:
    """The payload of a secret, and its entries, without those that are as they were."""
    known = was.payload if was is not None and was.state is State.READABLE else None
    if known is not None and known.form == form and "\ufffd" not in content:
        from linter.credentials.reexamined import reexamine  # noqa: PLC0415 - only a fix needs to be proved
        from linter.stretches import change  # noqa: PLC0415 - as above

        found = reexamine(known, *change(known.text, content))
        if found is not None:
            return found
    payload = examine(decoded, form)
    return payload, payload.entries


def _redacted_entry(entry: Entry) -> str | None:
    """How a dump tool blanked the credential of one entry, or None: what is left of such a payload proves nothing."""
    values = (entry.auth, entry.password, entry.inline_password)
    return next(filter(None, (redacted(value) for value in values if value)), None)


def _in_vault(entry: Entry) -> bool:
    """Whether an entry holds a reference of Bank-Vaults: `vault:PATH#KEY`, which an `auth` parts at its first colon.

    An `auth` may hold one reference, or two with a colon between them, for the user name and the password: the webhook
    reads those, and looks at the other members only to fill them in too (`mutateDockerCreds` of bank-vaults).
    """
    if entry.username == "vault" and all(map(_VAULT_PATH.fullmatch, entry.password.split(":vault:"))):
        return True
    inline = (value or "" for value in (entry.inline_username, entry.inline_password))
    return any(value.startswith("vault:") and _VAULT_PATH.fullmatch(value) is not None for value in inline)


def _plugged(body: dict[str, Any], text: str) -> bool:
    """Whether the Vault plugin of Argo CD fills in what stands here in angle brackets."""
    return _VAULT_PLUGIN in _annotations(body) and _BRACKETS.search(text) is not None


def _damaged(secret: PullSecret, value: str, message: str, offset: int) -> PullSecret:
    """Classify a value that is not base64.

    What stands before the damage may show that the content was broken before it was encoded (the example of OpenShift's
    own documentation is both): then the content is the defect to tell, and `error` keeps the damage beside it.
    """
    damaged = secret._replace(state=State.INVALID_BASE64, error=message, error_offset=offset)
    written = "".join(value[:offset].split("\n")).replace("\r", "").rstrip("=")
    start = decode_data(written[: len(written) // 4 * 4])
    if not isinstance(start, bytes) or not start.lstrip().startswith(b"{"):
        return damaged
    payload = examine(start, _form(secret))
    cut = payload.error is not None and payload.error.offset >= len(payload.text.rstrip())
    if payload.error is None or payload.error.kind != "json" or cut:
        return damaged
    return damaged._replace(state=State.READABLE, decoded=Sensitive(payload.text), payload=payload)


def _form(secret: PullSecret) -> str:
    return "dockercfg" if secret.data_key == KEY_OF_TYPE[DOCKERCFG] else "dockerconfigjson"


def _unjudged_content(body: dict[str, Any], decoded: bytes, content: str) -> _Verdict | None:
    if not decoded.strip():
        return _Verdict(State.EMPTY, "the decoded payload is empty")
    hidden = redacted(decoded)
    if hidden:
        return _Verdict(State.REDACTED, hidden)
    if '"sops"' in content and "ENC[" in content:
        return _Verdict(State.ENCRYPTED, "the payload is encrypted with SOPS")
    if content.strip() in ("{}", '{"auths":{}}', '{"auths": {}}', "null") and (
        _replicated(body) or _AWAITS in _annotations(body)
    ):
        return _Verdict(State.REPLICATED, "a deliberate empty payload that a replication controller fills in")
    if _PATHS.search(content) or _plugged(body, content):
        return _Verdict(State.TEMPLATED, "a value in it is filled in by the Vault plugin of Argo CD")
    example = placeholder(content)
    if example:
        return _Verdict(State.PLACEHOLDER, example)
    return None


def _named_alike(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether an edit has left type and metadata of a Secret, which tell who made it, as they were."""
    return old.get("metadata") is new.get("metadata") and old.get("type") == new.get("type")


def _generated(name: str, body: dict[str, Any]) -> str:
    """Who made this Secret, when it is not the user's own: "" otherwise."""
    annotations = _annotations(body)
    if any(name in annotations for name in _GENERATED_ANNOTATIONS):
        return "OpenShift"
    if text(body.get("type")) == DOCKERCFG and re.search(r"-dockercfg-[a-z0-9]{5}$", name):
        return "OpenShift"
    owners = dig(body, "metadata", "ownerReferences")
    for owner in owners if isinstance(owners, list) else []:
        kind = text(dig(owner, "kind"))
        if kind:
            return kind
    labels = _mapping(dig(body, "metadata", "labels"))
    if _CREATED in labels or labels.get(_MANAGED) == "true":
        return "ExternalSecret"  # which is its owner under one creation policy of several
    return "a replication controller" if _replicated(body) else ""


def _replicated(body: dict[str, Any]) -> bool:
    fields = (_mapping(dig(body, "metadata", field)) for field in ("annotations", "labels"))
    return any(str(name).startswith(_REPLICATED_PREFIXES) for names in fields for name in names)


def _annotations(body: dict[str, Any]) -> dict[str, Any]:
    return _mapping(dig(body, "metadata", "annotations"))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def scalar_route(secret: PullSecret) -> Route:
    """The route of the payload scalar from the root of its document."""
    return (*secret.object.route, *secret.route)
