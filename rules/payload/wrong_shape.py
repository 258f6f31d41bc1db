"""The payload is valid JSON of the wrong shape.

## What it does

Reports a `.dockerconfigjson` without an `auths` object at its top level, a `.dockercfg` that has one, and a
payload of either kind that is no JSON object at all. An empty `{}` or `null` in the cluster's global pull secret is
left to global-pull-secret. The text of `pullSecret` in an install-config.yaml is judged, where a credential stands in
it.

## Why it matters

The two forms look alike and differ by one level: `.dockerconfigjson` holds its registries under `auths`, the
legacy `.dockercfg` at the top. The API server accepts either form under either type, because it looks no
further than the first brace (Kubernetes 1.25 to 1.36), and the kubelet then finds no credential: the pull goes
out anonymously and nothing says why. What is no object is refused by the API server.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"quay.io": {"auth": "dXNlcjpwYXNz"}}
```

## Fix

The entries are wrapped in `auths`, or taken out of it, when every value is an entry; a JSON string that holds
the config is replaced by what it holds. Safe: nobody finds a credential in the present form, and no entry is
lost.
"""

from collections.abc import Iterator

from linter.rule import (
    Context,
    Finding,
    JsonNode,
    Location,
    Payload,
    PullSecret,
    Rule,
    Severity,
    credentials,
    payload_edit,
    spot,
)
from rules.payload._defects import is_empty, whole
from rules.payload._installs import REFUSED, meant
from rules.payload._remake import remake
from rules.payload._shared import advice, everywhere, named, readers, reasons, repair

_ENTRY_FIELDS = frozenset({"auth", "username", "password", "email", "identitytoken", "registrytoken"})
_UNSEEN = (
    "The API server accepts it, and the kubelet and the importer find no registry in it: images are pulled without "
    "credentials (Kubernetes 1.25 to 1.36)."
)


def check(context: Context) -> Iterator[Finding]:
    """Report every payload in which its readers find no registries for want of the right shape."""
    for secret in whole(context, "RC104"):
        payload = secret.payload
        if payload is None or payload.root is None:
            continue
        if is_empty(payload) and secret.typed and context.inventory.is_global(secret):
            continue
        what, at, hint = _told(secret, payload, payload.root)
        refused = payload.root.kind not in ("object", "null")
        yield context.finding(
            f"{named(secret)}: {what}.",
            of=secret.object,
            at=at,
            key=secret.data_key or "",
            detail=reasons(context, secret, refused=True)
            if refused or not secret.typed
            else _UNSEEN + everywhere(context, secret),
            remedy=advice(context, secret, hint),
            commands=remake(context, secret),
            impact=readers(context, secret),
            fix=repair(
                secret, _reshaped(payload, payload.root), f"Give {secret.data_key} of {secret.name} the shape it needs"
            ),
        )
    yield from _installs(context)


def _installs(context: Context) -> Iterator[Finding]:
    """Report every pull secret that the installer refuses for its shape."""
    for config, payload in meant(context):
        root = payload.root
        if root is None or (root.kind == "object" and payload.shape != "no-auths"):
            continue
        what, at, hint = _told(config, payload, root)
        yield context.finding(
            f"{config.object.kind} {config.object.name}: {what}",
            of=config.object,
            at=at,
            key=config.data_key or "",
            detail=REFUSED,
            remedy=hint,
        )


def _told(secret: PullSecret, payload: Payload, root: JsonNode) -> tuple[str, Location, str]:
    """What is wrong with the shape, where, and what to do."""
    here = spot(secret, root.start, root.start + 1)
    key = secret.data_key
    if root.kind != "object":
        kind = "null" if root.kind == "null" else f"a JSON {root.kind}"
        hint = "Put the config there as a JSON object, not quoted and not in a list."
        return f"{key} is {kind}, not an object", here, hint
    if payload.shape == "wrapped":
        start, end = next((start, end) for name, start, end, _ in root.members if name == "auths")
        return (
            f"{key} has an auths object, which the legacy form does not have: it reads as a registry called auths",
            spot(secret, start, end),
            "Use type kubernetes.io/dockerconfigjson with the key .dockerconfigjson, or take the entries out of auths.",
        )
    near = _near(root)
    if near is not None:
        return (
            f"{key} has no auths object at its top level, but a member with a similar name",
            spot(secret, *near),
            "Call the member auths.",
        )
    holder = _holder(root)
    if holder is not None:
        return (
            f"{key} has no auths object at its top level: a whole config stands as text inside one of its members",
            spot(secret, *holder),
            "Map that member's value to the key, not the whole document.",
        )
    return f"{key} has no auths object at its top level", here, "Put the registries under auths."


def _near(root: JsonNode) -> tuple[int, int] | None:
    for name, start, end, value in root.members:
        import difflib  # noqa: PLC0415 - only a payload of a wrong shape needs it

        if value.kind == "object" and difflib.get_close_matches(name.lower(), ["auths"], cutoff=0.75):
            return start, end
    return None


def _holder(root: JsonNode) -> tuple[int, int] | None:
    for _, start, end, value in root.members:
        if value.kind == "string" and '"auths"' in str(value.value):
            return start, end
    return None


def _reshaped(payload: Payload, root: JsonNode) -> str | None:
    """The payload in the right shape, None when not every value is an entry or when the result would be refused."""
    new = None
    content = payload.text
    if root.kind == "string":
        new = str(root.value)
    elif payload.shape == "wrapped" and len(root.members) == 1:
        new = payload_edit.unwrap(content, root)[root.start :]
    elif payload.shape == "no-auths" and all(_is_entry(name, value) for name, _, _, value in root.members):
        new = payload_edit.wrap(content, root, "auths")
    if new is None:
        return None
    found = credentials.examine(new, payload.form)
    return new if found.error is None and found.shape == "ok" and found.entries else None


def _is_entry(name: str, value: JsonNode) -> bool:
    if value.kind != "object" or credentials.normalise_key(name).error is not None:
        return False
    host = credentials.registry_host(name)
    members = {key.lower() for key, _, _, _ in value.members}
    return bool(members & _ENTRY_FIELDS) and ("." in host or ":" in host or host == "localhost")


RULE = Rule(code="RC104", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
