"""A key has port 80, the images are written without a port, and nothing else covers them.

## What it does
Reports an entry for `host:80` when a pod's image or an image stream's import is written `host/…`, no other credential
that reaches it answers for that, and the entry would if it had no port.

It is silent where another secret or the node-wide pull secret covers the image, where the list of secrets is not
known in full (a secret that is made elsewhere, or that could not be read), for registries that serve everything
without a credential (`registry.access.redhat.com`, `registry.k8s.io`, `mcr.microsoft.com`), and for imports of
OpenShift 4.4 and older, when that version is configured. Other registries are reported even where they hold public
images too: a key that answers for nothing is a defect whichever image is asked for first.

## Why it matters
Every kubelet (Kubernetes 1.25 to 1.36) and the image importer of OpenShift 4.5 and later compare host and port as
text: `host:80` answers for `host:80/app` and never for `host/app`. The pull goes out without a credential. Whoever
followed the documented advice to add the suffix `:80`, and wrote it *instead of* the plain name, is left with this.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com:80": {"username": "robot", "password": "hunter2"}}}
```
with the image `registry.example.com/shop/app:1.0`.

## Fix
Adds `host` with the same credential beside `host:80`, and keeps `host:80` for OpenShift 4.4 and older.

*Fix safety*: safe. Nothing is removed; the new key serves the images that found nothing.
"""

from collections.abc import Iterator

from linter.rule import ANONYMOUS_HOSTS, Context, Entry, Finding, PullSecret, Rule, Severity, origin, shown
from rules.registries._needs import Need, unserved
from rules.registries._shared import OPENSHIFT, add_beside, affected, at_key, named

LAST_THAT_ASKS_BY_ADDRESS = (4, 4)


def check(context: Context) -> Iterator[Finding]:
    """Report every entry with port 80 that an image without a port passes by."""
    version = context.settings.openshift
    old = version is not None and version <= LAST_THAT_ASKS_BY_ADDRESS
    found: dict[tuple[int, str], tuple[PullSecret, Entry, list[Need]]] = {}
    for need in unserved(context):
        if need.port or need.host in ANONYMOUS_HOSTS or (need.imported and old):
            continue
        for secret, entry in _passed_by(need):
            found.setdefault((id(secret.object), entry.key), (secret, entry, []))[2].append(need)
    for secret, entry, hit in found.values():
        yield _finding(context, secret, entry, hit)


def _passed_by(need: Need) -> Iterator[tuple[PullSecret, Entry]]:
    """Return the entry of the first secret that would answer if the image were written with :80."""
    target = need.with_port("80")
    first: PullSecret | None = None
    entries: list[Entry] = []
    for secret, entry in need.held.matching(target):
        if secret.generated != OPENSHIFT and (first is None or secret is first):
            first = secret
            entries.append(entry)
    if first is not None:
        yield first, max(entries, key=lambda entry: entry.registry.raw)


def _finding(context: Context, secret: PullSecret, entry: Entry, hit: list[Need]) -> Finding:
    wanted = _wanted(entry, hit[0])
    image = hit[0].image
    more = len({need.affected for need in hit}) - 1
    images = f"image {image}" if not more else f"image {image} and {more} more"
    return context.finding(
        f"{shown(entry.key)} in {named(secret)} does not answer for {images}, written without a port, and "
        f"nothing else does",
        of=secret.object,
        at=at_key(secret, entry),
        key=shown(entry.registry.text),
        detail="Every kubelet and the image importer of OpenShift 4.5 and later compare host and port as "
        "text: a key with :80 "
        "answers only for references that are written with :80, so this pull goes out without a credential.",
        remedy=origin(secret) or f"Add {shown(wanted)} with the same credential beside {shown(entry.key)}.",
        impact=affected((need.imported, need.affected) for need in hit),
        fix=add_beside(secret, entry, wanted),
    )


def _wanted(entry: Entry, need: Need) -> str:
    """Return the entry's key without its port; a wildcard's host is written out as the image has it."""
    host = need.host if entry.registry.glob else entry.registry.host.removesuffix(":80")
    return host + entry.registry.path


RULE = Rule(code="RC402", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
