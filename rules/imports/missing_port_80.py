"""An image stream imports from a registry whose key lacks the form with port 80.

## What it does
Looks at every registry that an image stream really imports from, and at the credentials of the stream's namespace
that reach the import. Reports an entry for `host` when no entry for `host:80` stands beside it in any of them.

* *error* when the image stream itself writes `host:80`, and when the configured `openshift-version` is 4.4 or older
  and the import is insecure: in both cases the credential is not found;
* *warning* when the import is insecure (`importPolicy.insecure`, the annotation
  `openshift.io/image.insecureRepository`, or `registrySources.insecureRegistries` of the cluster's image
  configuration);
* *info* when it is secure.

Other explicit ports do not count, nor does Docker Hub, which no release looks up with a port. An entry for one path
only counts when the import is insecure or writes the port.

## Why it matters
OpenShift's documentation asks for the suffix `:80` beside the registry's plain name, at first for insecure
registries, since 2020 for secure ones too. Which releases really need it is narrower:

* OpenShift 3.x to 4.4 look the credential up by the address that asks for it, the token server's. Over plain HTTP
  that is `host:80`, unless its path begins with `/v1/` or `/v2/`. Over HTTPS the suffix was never needed.
* OpenShift 4.5 and later compare the key with the image reference as it is written: `host:80/app` needs `host:80`,
  and `host/app` needs `host`. The scheme plays no role. The kubelet has always done so.

So the two belong side by side: a key without any image costs nothing, and either alone breaks one release or the
other.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com": {"username": "robot", "password": "hunter2"}}}
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: app, namespace: shop}
spec:
  tags:
  - name: latest
    from: {kind: DockerImage, name: registry.example.com/shop/app:latest}
    importPolicy: {insecure: true}
```

## Fix
Adds `host:80` with the same credential beside `host`, and keeps `host`. By hand, the credential comes from the one
who has it:

    oc extract secret/regcred --to=- -n shop
    oc set data secret/regcred --from-file=.dockerconfigjson=with-port-80.json -n shop

*Fix safety*: safe. Nothing is removed, and the new key answers for nothing but `host:80`.
"""

from collections.abc import Iterator

from linter.rule import (
    Affected,
    Context,
    Entry,
    Finding,
    Fix,
    NamedTuple,
    PullSecret,
    Rule,
    Severity,
    origin,
    shown,
)
from rules.registries._needs import Need, imported, registry_with_port, split_port
from rules.registries._shared import HUB, OPENSHIFT, add_beside, affected, at_key, named, same_credential

LAST_THAT_ASKS_BY_ADDRESS = (4, 4)


class _Case(NamedTuple):
    """Imports from one host that one secret serves without `host:80`, the worst of them first in `severity`."""

    secret: PullSecret
    entry: Entry
    host: str
    severity: Severity
    explicit: bool
    insecure: bool
    mixed: bool
    imports: tuple[Affected, ...]


def check(context: Context) -> Iterator[Finding]:
    """Report every host of every secret once."""
    cases: dict[tuple[int, str], list[_Case]] = {}
    for need in imported(context):
        host, port = split_port(need.registry)
        if port in ("", "80") and host != HUB:
            for case in _cases(context, need, host, explicit=port == "80"):
                cases.setdefault((id(case.secret.object), case.host), []).append(case)
    for found in cases.values():
        yield _finding(context, _joined(found))


def legacy(context: Context) -> bool:
    """Whether the configured OpenShift is one that looks credentials up by the address that asks for them."""
    version = context.settings.openshift
    return version is not None and version <= LAST_THAT_ASKS_BY_ADDRESS


def _cases(context: Context, need: Need, host: str, *, explicit: bool) -> Iterator[_Case]:
    node = context.inventory.node_wide
    # The node-wide credentials reach imports since OpenShift 4.5, and there only a reference with :80 asks for the
    # suffix.
    unread = node if legacy(context) else None
    if any(secret is not unread for secret in need.held.unknown):
        return
    below = need.target[len(need.registry) :]
    if any(secret is not unread for secret in need.held.having(registry_with_port(host, "80") + below)):
        return
    reading: dict[int, tuple[PullSecret, list[Entry]]] = {}
    for secret, entry in need.held.matching(host + below):
        if secret is not unread and (explicit or secret is not node):
            reading.setdefault(id(secret), (secret, []))[1].append(entry)
    holders = [
        (secret, entry)
        for secret, found in reading.values()
        for entry in _best(secret, found, explicit=explicit, strict=not (explicit or need.insecure))
    ]
    severity = Severity.INFO
    if explicit or (need.insecure and legacy(context)):
        severity = Severity.ERROR
    elif need.insecure:
        severity = Severity.WARNING
    # One finding tells of all imports from the host, and not each of them needs the suffix.
    may = severity is not Severity.ERROR or need.outcome.verdict == "unknown"
    hit = (need.affected._replace(may=may),) if holders else ()
    for secret, entry in holders:
        # The first secret by name is the one that is sent; overlays of one Secret are repaired each for itself.
        if secret.name == holders[0][0].name:
            yield _Case(secret, entry, host, severity, explicit, need.insecure, False, hit)


def _best(secret: PullSecret, found: list[Entry], *, explicit: bool, strict: bool) -> list[Entry]:
    """Return the entry of `secret`, of those that match, that stands for the image's host without a port, if any does.

    An import that writes :80 needs the entry that would answer for it, path and all; the other readings speak of the
    host.
    """
    if secret.generated == OPENSHIFT:
        return []
    found.sort(key=lambda entry: entry.registry.raw, reverse=True)
    whole = [entry for entry in found if not entry.registry.path and not entry.registry.glob]
    if strict:
        return whole[:1]
    return (found if explicit else whole or found)[:1]


def _joined(cases: list[_Case]) -> _Case:
    """Return the worst of the cases of one host and secret, with the imports of all."""
    worst, mixed = cases[0], False
    for case in cases[1:]:
        mixed |= not same_credential(worst.entry, case.entry)
        worst = case if case.severity > worst.severity else worst
    return worst._replace(mixed=mixed, imports=tuple(dict.fromkeys(one for case in cases for one in case.imports)))


def _finding(context: Context, case: _Case) -> Finding:
    secret, entry = case.secret, case.entry
    wanted, has = shown(_wanted(case)), shown(entry.key)
    message, detail = _told(context, case, has, wanted)
    return context.finding(
        message,
        of=secret.object,
        at=at_key(secret, entry),
        severity=case.severity,
        key=shown(case.host),
        detail=detail,
        remedy=origin(secret) or f"Add {wanted} with the same credential beside {has}, and keep {has}.",
        impact=affected((True, one._replace(may=one.may and case.severity is Severity.ERROR)) for one in case.imports),
        fix=_fix(case),
    )


def _wanted(case: _Case) -> str:
    """Return the key to add: for a reference with :80 the same path as now, else the whole host."""
    path = case.entry.registry.path if case.explicit else ""
    return registry_with_port(case.host, "80") + path


def _fix(case: _Case) -> Fix | None:
    # With several path entries of different credentials, which one the host's token server would accept is not known.
    return None if case.mixed else add_beside(case.secret, case.entry, _wanted(case))


_TODAY = (
    "OpenShift 4.5 and later compare the key with the image reference as written, whatever the scheme; "
    "so does the kubelet."
)
_BOTH = "Both keys side by side serve every release."


def _told(context: Context, case: _Case, has: str, wanted: str) -> tuple[str, str]:
    """Return the message and the reason, which say what the releases really do."""
    host, secret = shown(case.host), named(case.secret)
    streams = _streams(case)
    past = (
        "OpenShift 4.4 and older look the credential up by the address of the token server, which over plain HTTP is "
        f"{host}:80 (unless its path begins with /v1/ or /v2/); over HTTPS they never needed the suffix."
    )
    if case.explicit:
        return f"{streams} imports from {host}:80, and {secret} has {has} but not {wanted}", f"{_TODAY} {past}"
    if case.insecure and legacy(context):
        version = context.settings.openshift_version
        told = (
            f"OpenShift {version} looks up {wanted} for the insecure import of {streams}, and {secret} has only {has}"
        )
        return told, f"{past} {_TODAY}"
    kind = "insecure import" if case.insecure else "import"
    fact = f"{secret} has {has} without {wanted} beside it for the {kind} of {streams}: the documentation asks for it"
    if case.insecure:
        return f"{fact}, OpenShift 4.4 and older need it", f"{past} {_TODAY} {_BOTH}"
    return f"{fact}, no release needs it over HTTPS", f"{_TODAY} {past} {_BOTH}"


def _streams(case: _Case) -> str:
    names = list(dict.fromkeys(f"{one.object.kind} {one.object.name}" for one in case.imports))
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


RULE = Rule(code="RC401", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret", "ImageStream"))
