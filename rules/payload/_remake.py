"""How the payload of a Secret is made anew by hand: taken out, changed and put back, with all else as it is.

`podman login` decodes the whole file and writes what it knows of it (containers/image 5, `pkg/docker/config`): where it
would lose something, or write beside the entry that is meant, the file is edited instead.
"""

from typing import Final

from linter.rule import (
    DOCKERCONFIGJSON,
    EDITED,
    TYPE_OF_KEY,
    Context,
    Entry,
    Payload,
    PullSecret,
    credentials,
    lazy,
    logged_in,
    put_back,
    shown,
    taken_out,
)
from rules.imports._shared import hosted
from rules.links._making import making
from rules.links._repair import on_openshift
from rules.payload._defects import disagrees

_HOST: Final = r"(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*(?::[0-9]+)?"
_PATH: Final = r"(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_SPELT: Final = lazy(_HOST + _PATH)
_REGISTRY: Final = lazy(r"(?!index\.docker\.io/)(?:[^/.:]*[.:][^/]*|localhost)/")
"""What goes before a path, for it to be the path of this registry and of no other."""
_LONGEST: Final = 255
_WRITTEN: Final = frozenset({"auths", "credsstore"})
_TELEMETRY: Final = "cloud.openshift.com"
"""No registry but the telemetry service: its token comes with the pull secret of the cluster."""
_MOST: Final = 4


def remade(context: Context, secret: PullSecret, *steps: str) -> tuple[str, ...]:
    """Return the commands that take the payload out, change it by `steps` and put it back.

    There are none where that cannot be or will not last: something else makes the Secret, it is immutable, or it is of
    the legacy form, which no tool but an editor writes.
    """
    key = secret.data_key or ""
    if secret.generated or immutable(secret) or kept_elsewhere(context, secret):
        return ()
    if TYPE_OF_KEY.get(key, DOCKERCONFIGJSON) != DOCKERCONFIGJSON:
        return ()
    key = key or ".dockerconfigjson"
    openshift = context.inventory.is_global(secret) or on_openshift(context)
    read = taken_out(secret.name, key, secret.namespace, "oc" if openshift else "kubectl")
    write = put_back(secret.name, key, secret.namespace, openshift=openshift)
    return (read, *steps, write) if read and write and all(steps) else ()


def remake(context: Context, secret: PullSecret, *entries: Entry, works: bool = False) -> tuple[str, ...]:
    """Return the commands that write the credential of `entries` anew, without it standing in the shell's history.

    `works`: the registry may still take what is there, which keeps `podman login` from asking for another one.
    """
    if any(entry.registry.host == _TELEMETRY for entry in entries):
        return ()
    logins = [login(secret.payload, entry) for entry in entries] if not works else []
    if not logins or not all(logins) or len(logins) > _MOST:
        logins = [EDITED]
    return remade(context, secret, *logins)


def anew(context: Context, secret: PullSecret) -> tuple[str, ...]:
    """Return the commands for a payload that the API server refuses: of manifests, those that make the Secret.

    It never came into a cluster, so there is nothing to take out of one.
    """
    if context.in_cluster or not secret.typed:
        return remake(context, secret)
    if secret.generated or secret.type != DOCKERCONFIGJSON:
        return ()
    return making(secret.name, secret.namespace, tool="oc" if on_openshift(context) else "kubectl")


def immutable(secret: PullSecret) -> bool:
    """Whether the API server refuses every change of its content (Kubernetes 1.21 and later)."""
    return secret.object.body.get("immutable") is True


def kept_elsewhere(context: Context, secret: PullSecret) -> bool:
    """Whether it is the node-wide secret of a cluster with a hosted control plane: a copy, which is written anew."""
    return context.inventory.is_global(secret) and hosted(context)


def login(payload: Payload | None, entry: Entry, *options: str) -> str:
    """Return the login that replaces this entry and leaves the others what they are, "" where there is none."""
    if payload is None or not _read(payload) or not _spelt(entry.key) or not _asks(entry):
        return ""
    if not all(not other.live or other.key == entry.key or _kept(other) for other in payload.entries):
        return ""
    return logged_in(entry.key, *options)


def _read(payload: Payload) -> bool:
    """Whether podman can read the payload, and writes it without loss."""
    if payload.form != "dockerconfigjson" or payload.shape != "ok" or payload.root is None:
        return False
    # With `credHelpers` the login goes to the helper and not into the file.
    members = {name.casefold() for name, _, _, _ in payload.root.members}
    return members <= _WRITTEN and all(error.kind == "auth" for error in payload.errors)


def _spelt(key: str) -> bool:
    """Whether podman writes the key as it is spelt here: with no scheme or pattern, and as a registry or repository."""
    if len(key) > _LONGEST or _SPELT.fullmatch(key) is None or key != shown(key):
        return False
    return "/" not in key or _REGISTRY.match(key) is not None


def _asks(entry: Entry) -> bool:
    """Whether podman gets as far as to ask: an identity token, and an `auth` that it cannot decode, end it before."""
    if entry.identity_token:
        return False
    return not entry.auth or isinstance(credentials.decode_base64(entry.auth, padded=True), bytes)


def _kept(entry: Entry) -> bool:
    """Whether `auth` is all that matters of an entry: podman keeps neither user name and password nor other tokens."""
    if entry.registry_token:
        return False
    if not entry.has_auth or entry.auth_error:
        return not (entry.inline_username or entry.inline_password)
    return not disagrees(entry)
