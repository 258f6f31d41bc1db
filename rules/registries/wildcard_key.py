"""A registry key is a wildcard, which only some of its readers understand.

## What it does
Reports a key whose host holds `*` or another glob character. It is information in an ordinary pull secret and a
warning in the node-wide one (`openshift-config/pull-secret`), because that is read by CRI-O too.

## Why it matters
The kubelet and OpenShift's image importer match label by label: `*.example.com` serves `registry.example.com` and
neither `example.com` nor `a.b.example.com` (Kubernetes 1.25 to 1.36). CRI-O, podman, skopeo, builds and docker
compare keys as text: to them a wildcard is the name of a registry that nobody asks for. The same secret works for a
pod and fails for a build.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"*.example.com": {"username": "robot", "password": "hunter2"}}}
```

## Fix
There is no automatic fix: which hosts are meant is not in the key. Write one entry for every registry.
"""

from collections.abc import Iterator

from linter.rule import Context, Entry, Finding, PullSecret, Rule, Severity, origin, shown
from rules.registries._needs import Need, Targets
from rules.registries._shared import at_key, judged, named, unfinished


def check(context: Context) -> Iterator[Finding]:
    """Report every wildcard."""
    wanted = context.once(Targets)
    for secret, payload in judged(context):
        for entry in payload.entries:
            if entry.live and entry.registry.error is None and entry.registry.glob and not unfinished(entry.key):
                yield _finding(context, secret, entry, wanted.matching(secret, entry.registry))


def _finding(context: Context, secret: PullSecret, entry: Entry, needs: list[Need]) -> Finding:
    node_wide = context.inventory.is_global(secret)
    hosts = sorted({need.registry for need in needs if _matches(entry, need)})
    served = f" In this scan it stands for {', '.join(shown(host) for host in hosts[:5])}." if hosts else ""
    readers = (
        "CRI-O, which reads this secret on every node, does not" if node_wide else "CRI-O, podman and builds do not"
    )
    return context.finding(
        f"The key {shown(entry.key)} of {named(secret)} is a wildcard: the kubelet honours it, {readers}",
        of=secret.object,
        at=at_key(secret, entry),
        severity=Severity.WARNING if node_wide else Severity.INFO,
        key=shown(entry.registry.text),
        detail="Kubelet and OpenShift's image importer match the host label by label, and a wildcard never "
        "crosses a dot "
        f"(Kubernetes 1.25 to 1.36). CRI-O, podman, skopeo, builds and docker compare keys as text.{served}",
        remedy=origin(secret) or "Write one entry for every registry that is meant.",
    )


def _matches(entry: Entry, need: Need) -> bool:
    lookup = need.outcome.lookup
    return lookup is not None and any(candidate.key == entry.key for candidate in lookup.candidates)


RULE = Rule(code="RC206", severity=Severity.INFO, check=check, needs=("Secret",))
