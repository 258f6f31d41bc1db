"""A member of the payload has a JSON type that its readers refuse.

## What it does

Reports `auths` that is no object, an entry that is no object, a `username`, `password`, `email` or `auth` that
is no string, and `HttpHeaders` that is no object of strings. `null` is accepted everywhere.

A support bundle of Troubleshoot holds no payload: there the error of its collector, which decodes as Go does, counts.

## Why it matters

The API server looks no further than the top-level braces and stores it. The kubelet decodes into typed fields,
and one wrong type fails the whole set of pull secrets of a pod: images that other entries or other secrets
serve, and public ones, fail as well (Kubernetes 1.25 to 1.36). Since 1.33 the waiting reason of the container
is the decoder's text, not `ErrImagePull`. The OpenShift importer fails every import of the namespace (OpenShift
4.5 and later).

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz", "email": 3}}}
```

## Fix

None is offered: what was meant cannot be told from the wrong type. A number or a word as a password needs
quotes; an entry that is a bare string usually was meant as its `auth`.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Payload, PullSecret, Rule, Severity, credentials, shown, spot
from rules.payload._defects import seen_only, sound
from rules.payload._remake import remake
from rules.payload._shared import advice, named, readers, reasons, seen_finding

_REMEDY = "Write the value as a JSON string; auths, its entries and HttpHeaders as objects."


def check(context: Context) -> Iterator[Finding]:
    """Report every entry, and every top-level member, that the decoder refuses for its type."""
    for secret, payload in sound(context):
        told: set[str] = set()
        for error in payload.errors:
            if error.kind == "type" and (error.entry is None or error.entry not in told):
                told.update(() if error.entry is None else (error.entry,))
                yield _finding(context, secret, payload, error)
    for secret, _ in seen_only(context, "RC105"):
        message = f"{named(secret)} has a type in it that the decoder refuses, as the collector of the bundle has seen."
        yield seen_finding(context, secret, message, "", _REMEDY)


def _finding(context: Context, secret: PullSecret, payload: Payload, error: credentials.PayloadError) -> Finding:
    end = _end(payload, error.offset)
    if error.entry is None:
        what = f"{error.member or secret.content} of {named(secret)}"
        at = spot(secret, error.offset, end)
    elif error.member is None:
        what = f'entry "{shown(error.entry)}" of {named(secret)}'
        at = spot(secret, error.offset, end, error.entry)
    else:
        what = f'{_member(error.member)} of entry "{shown(error.entry)}" of {named(secret)}'
        at = spot(secret, error.offset, end, error.entry)
    return context.finding(
        f"The {what} has a type that the decoder refuses ({error.message}).",
        of=secret.object,
        at=at,
        key=shown(error.entry) if error.entry is not None else error.member or "",
        detail=reasons(context, secret),
        remedy=advice(context, secret, _REMEDY),
        commands=remake(context, secret),
        impact=readers(context, secret),
    )


def _member(name: str) -> str:
    """The member as its readers call it: only names that they know get here, in whatever case."""
    return name if name.isascii() and len(name) <= 20 else "a member"


def _end(payload: Payload, start: int) -> int:
    """Where the value at `start` ends: found again in the tree, without recursion."""
    stack = [payload.root] if payload.root is not None else []
    while stack:
        node = stack.pop()
        if node.start == start and node is not payload.root:
            return node.end
        children = [*node.items, *(value for _, _, _, value in node.members)]
        stack.extend(child for child in children if child.start <= start < child.end)
    return start + 1


RULE = Rule(code="RC105", severity=Severity.ERROR, check=check, needs=("Secret",))
