"""An entry brings only a token that no pull uses.

## What it does

Reports an entry whose only credential is an `identitytoken` or a `registrytoken`. A Secret that only Flux,
Tekton and other controllers with the same keychain read stays silent: they use these tokens.

## Why it matters

`docker login` with an identity provider (`az acr login` above all) stores a token instead of a password, and
often an `auth` with a placeholder user and no password beside it. The kubelet's decoder has no field for either
token (Kubernetes 1.25 to 1.36): what is left is an empty credential that matches its images.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com": {"identitytoken": "abcdef"}}}
```

## Fix

None is offered: a password or an access key must be made at the registry (for Azure a repository-scoped token
or a service principal).
"""

from collections.abc import Iterator

from linter.rule import Context, Entry, Finding, Payload, PullSecret, Rule, Severity, Use, shown, spot
from rules.payload._defects import entries
from rules.payload._remake import remake
from rules.payload._shared import advice, matched, member, of_entry, readers


def check(context: Context) -> Iterator[Finding]:
    """Report every entry that is left without a credential once its tokens are dropped."""
    for secret, payload, entry in entries(context, "RC114"):
        if _for_controllers(context, secret):
            continue
        name = "identitytoken" if entry.identity_token else "registrytoken"
        yield context.finding(
            f"The {of_entry(secret, entry)} has only an {name} where pulls need user name and password."
            if entry.identity_token
            else f"The {of_entry(secret, entry)} has only a {name} where pulls need user name and password.",
            of=secret.object,
            at=spot(secret, *_place(payload, entry, name), entry.key),
            key=shown(entry.key),
            detail="The kubelet and the importer drop both kinds of token when they decode (Kubernetes 1.25 to 1.36).",
            remedy=advice(context, secret, "Use a password or access key that the registry issues for machines."),
            commands=remake(context, secret, entry),
            impact=readers(context, secret, None if payload.error is not None else matched([entry.key])),
        )


def _for_controllers(context: Context, secret: PullSecret) -> bool:
    uses = {reference.use for reference in context.inventory.references_to(secret)}
    return uses == {Use.CONTROLLER}


def _place(payload: Payload, entry: Entry, name: str) -> tuple[int, int]:
    node = member(payload, entry, name)
    return (node.start, node.end) if node is not None else entry.value_span


RULE = Rule(code="RC114", severity=Severity.WARNING, check=check, needs=("Secret",))
