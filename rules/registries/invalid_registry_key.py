"""A registry key cannot be read as a host with a path, so its credential is never used.

## What it does
Reports a key that the kubelet's URL parser refuses: white space or a control character in it, a port that is no
number (`registry.example.com:*`), square brackets around something that is no IPv6 address.

A key with a variable or a placeholder in it (`${REGISTRY}`, `<registry>`) is not judged: what it becomes is not
known.

## Why it matters
The kubelet logs the key and goes on without it; the other entries of the secret survive, and no event tells of it
(Kubernetes 1.25 to 1.36). OpenShift's image importer shares that code. Some operators that go through all secrets of
a cluster have crashed on such keys.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {" registry.example.com": {"username": "robot", "password": "hunter2"}}}
```

## Fix
Cuts off white space and quotes around the key, when what is left can be read and is not there already.

*Fix safety*: unsafe. An entry that nobody used comes to life, and it may have been forgotten for good reason.
"""

from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    PullSecret,
    Rule,
    Severity,
    credentials,
    origin,
    shown,
)
from rules.registries._shared import Targets, at_key, judged, named, rename_key, unfinished


def check(context: Context) -> Iterator[Finding]:
    """Report every key that the kubelet cannot read."""
    wanted = context.once(Targets)
    for secret, payload in judged(context):
        for entry in payload.entries:
            if not entry.live or entry.registry.error is None:
                continue
            reason = unfinished(entry.key)
            if reason:
                context.not_evaluated(
                    reason,
                    f"a registry key of {named(secret)} is not in its final form",
                    of=secret.object,
                    at=secret.at(),
                )
            else:
                yield _finding(context, secret, entry, wanted)


def _finding(context: Context, secret: PullSecret, entry: Entry, wanted: Targets) -> Finding:
    better = entry.key.strip().strip("\"'`").strip()
    return context.finding(
        f"The key {shown(entry.key)!r} of {named(secret)} is no host with a path: its credential is never used",
        of=secret.object,
        at=at_key(secret, entry),
        key=shown(entry.key),
        detail=f"The kubelet's URL parser refuses it ({entry.registry.error}), logs it and goes on without this entry "
        "(Kubernetes 1.25 to 1.36); OpenShift's image importer does the same.",
        remedy=origin(secret) or "Write the registry as images name it: host, port if there is one, path if wanted.",
        impact=wanted.missed(secret, better),
        fix=_fix(secret, entry, better),
    )


def _fix(secret: PullSecret, entry: Entry, better: str) -> Fix | None:
    meant = credentials.normalise_key(better)
    if better == entry.key or meant.error is not None or "." not in meant.host:
        return None
    return rename_key(secret, entry, better, Applicability.UNSAFE)


RULE = Rule(code="RC204", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
