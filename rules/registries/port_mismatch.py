"""A key and an image agree on the host and differ on the port, and nothing else covers the image.

## What it does
Reports an entry that would answer for an image if its port were written as the image has it:
`registry.example.com:5000` for an image `registry.example.com/app`, `registry.example.com` for
`registry.example.com:8443/app`, `…:443` for none.

It is silent where something else covers the image or the list of secrets is not known in full. A key with port 80 for
an image without a port is RC402, the reverse in an import is RC401.

## Why it matters
The kubelet and OpenShift's image importer compare ports as text and know no default: `host`, `host:80` and `host:443`
are three registries (Kubernetes 1.25 to 1.36). CRI-O and podman do so too. The pull goes out without a credential.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"https://registry.example.com": {"username": "robot", "password": "hunter2"}}}
```
with a pod that runs `registry.example.com:5000/app`.

## Fix
Adds the key as the image writes it, with the same credential, and keeps the one that is there.

*Fix safety*: safe. Nothing is removed. That both ports are the same registry is a guess from the common host. Unsafe
where entries with several other ports hold different credentials: which of them is meant is not known.
"""

from collections.abc import Iterator

from linter.rule import (
    ANONYMOUS_HOSTS,
    Applicability,
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
from rules.registries._needs import Need, imported, unserved
from rules.registries._shared import OPENSHIFT, add_beside, affected, at_key, named, same_credential


def check(context: Context) -> Iterator[Finding]:
    """Report every entry and registry once."""
    found: dict[tuple[int, str, str], tuple[_Near, list[Need]]] = {}
    wanted = [need for need in unserved(context) if need.host not in ANONYMOUS_HOSTS]
    imported_with_80 = {need.host for need in imported(context) if need.port == "80"} if wanted else set()
    for need in wanted:
        near = _near(need, imported_with_80)
        if near is not None:
            found.setdefault((id(near.secret.object), near.entry.key, need.registry), (near, []))[1].append(need)
    for near, hit in found.values():
        yield _finding(context, near, hit)


class _Near(NamedTuple):
    """An entry that would answer for an image with its own port; `sole`: no other has another credential."""

    secret: PullSecret
    entry: Entry
    sole: bool


def _near(need: Need, imported_with_80: set[str]) -> _Near | None:
    """Return the first entry that would answer for the image with its own port."""
    near = [(secret, entry) for secret, entry in need.held.at_other_ports(need) if secret.generated != OPENSHIFT]
    ports = {entry.registry.port for _, entry in near}
    # These two have rules of their own; only a pod that writes :80 is left to this one.
    if need.port == "" and "80" in ports:
        return None
    if need.port == "80" and "" in ports and (need.imported or need.host in imported_with_80):
        return None
    if not near:
        return None
    secret, entry = near[0]
    return _Near(secret, entry, all(same_credential(entry, other) for _, other in near))


def _finding(context: Context, near: _Near, hit: list[Need]) -> Finding:
    secret, entry, need = near.secret, near.entry, hit[0]
    more = len({one.affected for one in hit}) - 1
    images = f"image {need.image}" + (f" and {more} more" if more else "")
    wanted = need.registry + entry.registry.path
    return context.finding(
        f"{shown(entry.key)} in {named(secret)} does not answer for {images}: the ports differ, and nothing else does",
        of=secret.object,
        at=at_key(secret, entry),
        key=f"{shown(entry.registry.text)} {shown(need.registry)}",
        detail="Ports are compared as text and there is no default: host, host:80 and host:443 are three "
        "registries to the "
        "kubelet, OpenShift's image importer and CRI-O (Kubernetes 1.25 to 1.36). That both ports lead to the "
        "same registry "
        "is a guess from the common host.",
        remedy=origin(secret) or f"Add {shown(wanted)} with the same credential, if that is the same registry.",
        impact=affected((one.imported, one.affected) for one in hit),
        fix=_fix(near, wanted),
    )


def _fix(near: _Near, wanted: str) -> Fix | None:
    """Add the key: unsafe where entries with other ports have different credentials, and one is as near as another."""
    fix = add_beside(near.secret, near.entry, wanted)
    if fix is None or near.sole:
        return fix
    summary = f"{fix.summary}, though another port of the host has another credential"
    return fix._replace(applicability=Applicability.UNSAFE, summary=summary)


RULE = Rule(code="RC208", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
