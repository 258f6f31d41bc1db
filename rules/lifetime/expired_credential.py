"""The token in a credential is past its expiry.

## What it does

Reads the end that a token states of itself (`exp` of a JWT, `expiration` of an Amazon ECR password) and reports a
credential whose end is past. Nothing is verified and nobody is asked. Tokens that state no end are not judged, and
neither are the secrets that OpenShift renews by itself, nor the leftovers of `docker login` under
`https://index.docker.io/v1/access-token`, which no pull sends. The clock is that of the machine, or of
`SOURCE_DATE_EPOCH`.

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
registry, which leaves the other entries of the Secret as they are. `aws` and `az` make a token of whoever runs them:
let that be an account that may only pull. A token of a service account is made for the account that the old one names,
where it is of the Secret's namespace and for the cluster's own registry; never with `oc registry login`, which records
the token of whoever runs it. For tokens that live hours the next one ends as soon; there, use what
short-lived-credential names.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, Severity, shown, spot
from rules.lifetime._renewal import advised, renewal
from rules.lifetime._shared import dated, day, impact
from rules.payload._shared import advice

_RENEW = "Renew it; for a token that lives hours, let the node or an operator bring it."


def check(context: Context) -> Iterator[Finding]:
    """Report every credential that has ended."""
    for one in dated(context):
        if one.expires is None or not one.expired(context.now):
            continue
        secret, commands = one.secret, renewal(context, one)
        yield context.finding(
            f"The {one.what} for {one.registries} in {secret.called} expired on {day(one.expires)}",
            of=secret.object,
            at=spot(secret, *one.entry.key_span, one.entry.key),
            key=shown(one.entry.key),
            detail="The registry refuses it, and the entry still matches: the kubelet makes no separate attempt "
            "without a credential (Kubernetes 1.25 to 1.36), and the OpenShift importer tries only the first match "
            "(OpenShift 4.5 and later).",
            remedy=advice(context, secret, advised(one, _RENEW, commands)),
            commands=commands,
            impact=impact(context, one),
        )


RULE = Rule(code="RC601", severity=Severity.ERROR, check=check, needs=("Secret",))
