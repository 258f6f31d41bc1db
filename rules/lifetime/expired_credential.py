"""The token in a credential is past its expiry.

## What it does

Reads the end that a token states of itself (`exp` of a JWT, `expiration` of an Amazon ECR password) and reports a
credential whose end is past. Nothing is verified and nobody is asked. Tokens that state no end are not judged, and
neither are the secrets that OpenShift renews by itself. The clock is that of the machine, or of `SOURCE_DATE_EPOCH`.

## Why it matters

The registry refuses the token. An expired entry is not skipped: the kubelet sends it in its turn and makes no separate
attempt without a credential, so even public images of that registry fail (Kubernetes 1.25 to 1.36); the OpenShift
importer tries only the first match (OpenShift 4.5 and later). Nodes that hold the image hide it for a while.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: ecr}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"123456789012.dkr.ecr.eu-west-1.amazonaws.com": {"username": "AWS", "password": "eyJwYXlsb2FkIjoi…"}}}
```

## Fix

There is no automatic fix: only the registry can give a new token. The finding prints the renewal command of that
registry. For tokens that live hours the next one ends as soon; there, use what short-lived-credential names.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, Severity, origin, shown, spot
from rules.lifetime._shared import dated, day, impact, renewal


def check(context: Context) -> Iterator[Finding]:
    """Report every credential that has ended."""
    for one in dated(context):
        if one.expires is None or not one.expired(context.now):
            continue
        secret = one.secret
        yield context.finding(
            f"The {one.what} for {one.registries} in Secret {secret.name} expired on {day(one.expires)}",
            of=secret.object,
            at=spot(secret, *one.entry.key_span, one.entry.key),
            key=shown(one.entry.key),
            detail="The registry refuses it, and the entry still matches: the kubelet makes no separate attempt "
            "without a credential (Kubernetes 1.25 to 1.36), and the OpenShift importer tries only the first match "
            "(OpenShift 4.5 and later).",
            remedy=origin(secret) or "Renew it; for a token that lives hours, let the node or an operator bring it.",
            commands=renewal(one),
            impact=impact(context, one),
        )


RULE = Rule(code="RC601", severity=Severity.ERROR, check=check, needs=("Secret",))
