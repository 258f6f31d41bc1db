"""One credential serves three namespaces or more.

## What it does

Reports a credential, the same registry, user name and password, that stands in the pull secrets of at least three
namespaces, once. Secrets that OpenShift generates, that a controller makes or that are replicated are not counted:
there the sharing is deliberate and has one source. Neither is the cluster's node-wide secret, nor a Secret for which a
file names no namespace.

Option `namespaces` (3): from how many namespaces on it is reported.

## Why it matters

Whoever can read the Secrets of one of these namespaces can pull, and often push, for all of them. The credential cannot
be revoked for one team alone, and a rotation that misses one copy breaks that namespace only.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}'
```

and the same in the namespaces `billing` and `search`.

## Fix

There is no automatic fix. Give every team a robot account of its own, with the rights that it needs. Where the sharing
is meant, keep one source and let a replicating controller or an ExternalSecret copy it.
"""

from collections.abc import Iterator

from linter.rule import Context, Entry, Finding, PullSecret, Related, Rule, Severity, shown, spot
from rules.exposure._shared import in_clear_of

_NAMED = 3

Place = tuple[PullSecret, Entry]


def check(context: Context) -> Iterator[Finding]:
    """Report every credential that stands in three namespaces, once."""
    found: dict[tuple[str, str, str], list[Place]] = {}
    for secret in context.inventory.secrets:
        if secret.generated or not secret.namespace or not secret.typed or context.inventory.is_global(secret):
            continue
        if secret.payload is None or secret.payload.root is None:
            continue
        for _, entry in in_clear_of(secret):
            sent = entry.username and entry.password and not entry.auth_error
            if entry.live and sent and not entry.registry.error:
                found.setdefault((entry.registry.text, entry.username, entry.password), []).append((secret, entry))
    for places in found.values():
        places.sort(key=lambda place: (place[0].namespace, place[0].name))
        spaces = list(dict.fromkeys(secret.namespace for secret, _ in places))
        if len(spaces) >= int(context.option("namespaces")):
            yield _finding(context, places, spaces)


def _finding(context: Context, places: list[Place], spaces: list[str]) -> Finding:
    secret, entry = places[0]
    more = f" and {len(spaces) - _NAMED} more" if len(spaces) > _NAMED else ""
    others = places[1:10]
    return context.finding(
        f"One credential for {shown(entry.registry.text)} serves {len(spaces)} namespaces: "
        f"{', '.join(spaces[:_NAMED])}{more}",
        of=secret.object,
        at=spot(secret, *entry.key_span, entry.key),
        key=shown(entry.registry.text),
        detail="Whoever reads the Secrets of one of them can use it for all, it cannot be revoked for one alone, and a "
        "rotation has to reach every copy.",
        remedy="Give each team a robot account of its own, or keep one source that a controller copies.",
        related=[
            Related("the same credential", spot(other, *one.key_span, one.key), other.object.ref)
            for other, one in others
        ],
    )


RULE = Rule(code="RC703", severity=Severity.INFO, check=check, needs=("Secret",), options={"namespaces": 3})
