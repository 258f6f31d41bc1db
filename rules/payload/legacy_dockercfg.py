"""The Secret has the legacy form `.dockercfg`.

## What it does

Reports a Secret of type `kubernetes.io/dockercfg` that OpenShift has not generated.

## Why it matters

The form was Docker's until version 1.7 (2015). The kubelet and the OpenShift importer still read it (Kubernetes
1.25 to 1.36), but most other tools do not: CRIOCredentialProviderConfig passes over it, and helpers that merge
or check configs expect `auths`. The next person to edit it is likely to mix the two forms up.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockercfg
stringData:
  .dockercfg: |
    {"quay.io": {"auth": "dXNlcjpwYXNz"}}
```

## Fix

Type, key and content are converted to `kubernetes.io/dockerconfigjson`.

*Fix safety*: unsafe, because the type of a Secret that exists cannot be changed: it must be deleted and created
anew, and pods that start in between find no credential.
"""

from collections.abc import Iterator

from linter.rule import (
    DOCKERCFG,
    DOCKERCONFIGJSON,
    KEY_OF_TYPE,
    Applicability,
    Context,
    Finding,
    Fix,
    Op,
    Payload,
    PullSecret,
    Rule,
    Severity,
    edit,
    payload_edit,
    payload_fix,
)
from rules.payload._defects import sound
from rules.payload._shared import advice, named


def check(context: Context) -> Iterator[Finding]:
    """Report every readable Secret of the legacy form."""
    for secret, payload in sound(context):
        if secret.type == DOCKERCFG and secret.typed and payload.error is None:
            yield context.finding(
                f"{named(secret)} has the legacy type {DOCKERCFG}.",
                of=secret.object,
                at=secret.object.at("type"),
                key=secret.data_key or "",
                detail="The kubelet still reads it (Kubernetes 1.25 to 1.36); newer readers know the other form only.",
                remedy=advice(
                    context, secret, f"Make a Secret of type {DOCKERCONFIGJSON}, with the entries under auths."
                ),
                fix=_fix(secret, payload),
            )


def _fix(secret: PullSecret, payload: Payload) -> Fix | None:
    root = payload.root
    if secret.generated or root is None:
        return None
    content = payload.text
    new = payload_edit.wrap(content, root, "auths")
    converted = payload_fix(secret, new, "").edits
    edits = (
        edit(Op.SET, secret.object, ("type",), DOCKERCONFIGJSON),
        *converted,
        edit(Op.RENAME, secret.object, secret.route, KEY_OF_TYPE[DOCKERCONFIGJSON]),
    )
    return Fix(Applicability.UNSAFE, f"Convert {secret.name} to {DOCKERCONFIGJSON}", edits)


RULE = Rule(code="RC113", severity=Severity.INFO, check=check, fixable=True, needs=("Secret",))
