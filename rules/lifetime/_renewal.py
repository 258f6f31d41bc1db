"""How each kind of credential is renewed. A new one is for the registry that the old one is for, and for its account.

A token of whoever runs the command is made for registries of its maker only: another host would get that token.
"""

from typing import Final

from linter.rule import Context, Entry, NamedTuple, PullSecret, command, credentials, lazy, recorded, shown
from rules.lifetime._shared import Dated
from rules.payload._remake import login, remade, remake

_ECR: Final = lazy(
    r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9][a-z0-9-]*)\."
    r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn))"
)
_ECR_PUBLIC: Final = "public.ecr.aws"
_INTERNAL: Final = lazy(r"image-registry\.openshift-image-registry\.svc(?:\.cluster\.local)?(?::[0-9]+)?")
_NAME: Final = lazy(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SHORTEST: Final = 600
"""Seconds that a token of a service account lives at least (every version of Kubernetes)."""
_MOST: Final = 4
_OWN: Final = (
    "The commands make a token of whoever runs them, and the Secret hands it on: let that be an account that may only "
    "pull."
)
_ACCOUNT: Final = (
    "Make the token for the same service account with oc create token. oc registry login records the token of whoever "
    "runs it, which is not for a Secret."
)


class _Maker(NamedTuple):
    """The command that prints a new token, and the user name that goes with it."""

    command: str
    user: str


def renewal(context: Context, one: Dated) -> tuple[str, ...]:
    """Return the commands that put a fresh credential in the place of this one and keep all other entries."""
    makers = [_maker(one, entry) for entry in one.entries]
    if one.kind in ("ecr", "acr-refresh", "serviceaccount-bound"):
        if not all(makers) or len(makers) > _MOST:
            return ()
        steps = [_step(one.secret, entry, maker) for entry, maker in zip(one.entries, makers, strict=True) if maker]
        return remade(context, one.secret, *steps)
    return remake(context, one.secret, *one.entries, works=not one.expired(context.now))


def advised(one: Dated, otherwise: str, commands: tuple[str, ...]) -> str:
    """Return `otherwise`, and what is to be known of the tokens that `commands` make, or why there are none."""
    more = ""
    if one.kind == "serviceaccount-bound":
        more = "" if commands else _ACCOUNT
    elif commands and one.kind in ("ecr", "acr-refresh"):
        more = _OWN
    return f"{otherwise} {more}".rstrip()


def _maker(one: Dated, entry: Entry) -> _Maker | None:
    host = entry.registry.host
    if one.kind == "ecr":
        return _aws(host)
    if one.kind == "acr-refresh":
        name = host.partition(".")[0]
        words = ("az", "acr", "login", "--name", name, "--expose-token", "--query", "accessToken", "--output", "tsv")
        return _Maker(command(*words, about=(name,)), "00000000-0000-0000-0000-000000000000")
    return _account(one, host) if one.kind == "serviceaccount-bound" else None


def _aws(host: str) -> _Maker | None:
    if host == _ECR_PUBLIC:
        return _Maker(command("aws", "ecr-public", "get-login-password", "--region", "us-east-1"), "AWS")
    found = _ECR.fullmatch(host)
    return _Maker(command("aws", "ecr", "get-login-password", "--region", found[1]), "AWS") if found else None


def _account(one: Dated, host: str) -> _Maker | None:
    """Return what makes a token of the service account that the old one names.

    Nobody has verified what the old one says: an account of another namespace might be one that who wrote the Secret
    has no right to.
    """
    namespace, name = credentials.token_account(one.entry.password)
    ours = bool(namespace) and namespace == one.secret.namespace and _NAME.fullmatch(name) is not None
    if not ours or one.lifetime is None or _INTERNAL.fullmatch(host) is None:
        return None
    duration = f"--duration={max(one.lifetime, _SHORTEST)}s"
    made = command("oc", "create", "token", name, duration, namespace=namespace, about=(name,))
    return _Maker(made, "serviceaccount")


def _step(secret: PullSecret, entry: Entry, maker: _Maker) -> str:
    """Return the command that puts the new token in the place of the old one.

    The cluster's own registry is out of reach for a login from elsewhere, and a key that podman does not write is
    written as it is spelt.
    """
    root = secret.payload.root if secret.payload is not None else None
    if root is None or "auths" not in {name for name, _, _, _ in root.members} or shown(entry.key) != entry.key:
        return ""
    inside = login(secret.payload, entry, f"--username={maker.user}", "--password-stdin")
    if inside and _INTERNAL.fullmatch(entry.registry.host) is None:
        return maker.command and f"{maker.command} | {inside}"
    return recorded(maker.command, maker.user, entry.key)
