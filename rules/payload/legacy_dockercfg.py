"""The Secret has the legacy form `.dockercfg`.

## What it does

Reports a Secret of type `kubernetes.io/dockercfg` that OpenShift has not generated. One whose content is damaged, has
the wrong shape or stands under another key counts too: repaired, it would be of the legacy form still. One whose
content is a placeholder, redacted, encrypted or filled in later is not judged.

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

Type, key and content are converted to `kubernetes.io/dockerconfigjson`. What is wrong with the content is to be
repaired first: until then no fix is offered.

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
    PullSecret,
    Rule,
    Severity,
    State,
    edit,
    payload_edit,
    payload_fix,
)
from rules.payload._defects import exempt, whole_defect
from rules.payload._meant import values
from rules.payload._shared import advice, named


def check(context: Context) -> Iterator[Finding]:
    """Report every Secret of the legacy form whose content is known, sound or not."""
    for secret in context.inventory.secrets:
        if secret.type == DOCKERCFG and not exempt(secret) and _held(secret):
            yield context.finding(
                f"{named(secret)} has the legacy type {DOCKERCFG}.",
                of=secret.object,
                at=secret.object.at("type"),
                key=KEY_OF_TYPE[DOCKERCFG],
                detail="The kubelet still reads it (Kubernetes 1.25 to 1.36); newer readers know the other form only.",
                remedy=advice(
                    context, secret, f"Make a Secret of type {DOCKERCONFIGJSON}, with the entries under auths."
                ),
                fix=_fix(secret),
            )


def _held(secret: PullSecret) -> bool:
    """Whether the Secret holds a config, or something that was to be one; a stand-in may become anything."""
    if secret.state is State.ABSENT:
        return any(value.payload is not None for value in values(secret))
    return secret.typed and secret.state in (State.READABLE, State.INVALID_BASE64)


def _fix(secret: PullSecret) -> Fix | None:
    """Convert what its readers accept: anything else is to be repaired first, as the form that it has."""
    payload = secret.payload
    if secret.generated or payload is None or payload.root is None or payload.error is not None or whole_defect(secret):
        return None
    new = payload_edit.wrap(payload.text, payload.root, "auths")
    converted = payload_fix(secret, new, "").edits
    edits = (
        edit(Op.SET, secret.object, ("type",), DOCKERCONFIGJSON),
        *converted,
        edit(Op.RENAME, secret.object, secret.route, KEY_OF_TYPE[DOCKERCONFIGJSON]),
    )
    return Fix(Applicability.UNSAFE, f"Convert {secret.name} to {DOCKERCONFIGJSON}", edits)


RULE = Rule(code="RC113", severity=Severity.INFO, check=check, fixable=True, needs=("Secret",))
