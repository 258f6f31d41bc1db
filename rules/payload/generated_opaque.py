"""A generated Secret carries a pull-secret key without the type that goes with it.

## What it does

Reports a SealedSecret, an ExternalSecret, a Vault secret, a SecretProviderClass or a `secretGenerator` that
yields the key `.dockerconfigjson` or `.dockercfg` and does not ask for the type that goes with it. Silent are
those that add to a Secret of somebody else, and those that are only mounted as a file.

## Why it matters

A generator that is not told makes the Secret `Opaque`, and the kubelet and the importer pass over
`.dockerconfigjson` under any other type than its own, without a word (Kubernetes 1.25 to 1.36). All looks
right: the Secret exists, its content is right, the link is there, and pulls go out anonymously.

## Example

```yaml
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: regcred
spec:
  data:
    - secretKey: .dockerconfigjson
      remoteRef: {key: registry}
```

## Fix

The type is added where the generator takes it. Safe for whoever starts with it; a Secret that was already made
must be deleted once, because its type cannot be changed, and the generator makes it anew.
"""

from collections.abc import Iterator
from typing import Any

from linter.rule import (
    KEY_OF_TYPE,
    TYPE_OF_KEY,
    Affected,
    Applicability,
    Context,
    Finding,
    Fix,
    GeneratedSecret,
    Impact,
    Location,
    Op,
    Rule,
    Severity,
    command,
    compatible,
    dig,
    edit,
    lazy,
)
from rules.links._naming import struck
from rules.payload._made import adds, key_at
from rules.payload._uses import foreign_type, pulled_with, used_otherwise

_PLAIN = lazy(r"[\w./-]*")


def check(context: Context) -> Iterator[Finding]:
    """Report every generator whose Secret nobody will pull with."""
    for made in context.inventory.generated:
        key = next((key for key in TYPE_OF_KEY if key in made.keys), None)
        if key is not None and _wrong(made) and not adds(made) and not _elsewhere(context, made):
            yield _finding(context, made, key)


def _wrong(made: GeneratedSecret) -> bool:
    return KEY_OF_TYPE.get(made.type) not in made.keys and _PLAIN.fullmatch(made.type) is not None


def _elsewhere(context: Context, made: GeneratedSecret) -> bool:
    where = (context, made.name, made.namespace)
    return (foreign_type(made.type) or used_otherwise(*where)) and not pulled_with(*where)


def _finding(context: Context, made: GeneratedSecret, key: str) -> Finding:
    right = TYPE_OF_KEY[key]
    asked = f"asks for type {made.type}" if made.type else "asks for no type"
    return context.finding(
        f"The {made.how} {made.object.name or made.name} makes Secret {made.name} with the key {key} and {asked}, "
        "so nothing pulls with it.",
        of=made.object,
        at=_place(made, key),
        key=made.name,
        detail=(
            f"Without a type the Secret becomes Opaque; {key} is read under {right} only (Kubernetes 1.25 to 1.36)."
        ),
        remedy=f"Set {'.'.join(map(str, made.type_route))} to {right}; delete the Secret once if it exists already.",
        commands=(command("kubectl", "delete", "secret", made.name, namespace=made.namespace, about=(made.name,)),)
        if context.in_cluster
        else (),
        impact=_impact(context, made),
        fix=_fix(made, right),
    )


def _impact(context: Context, made: GeneratedSecret) -> Impact:
    """Return what those pull who name the Secret; for which of it that is meant is not known, as its content is not."""
    users = (
        Affected(workload.object.ref)
        for workload, reached in context.joins.reaches
        if any(link.name == made.name for link in reached.links)
        and compatible(workload.object.namespace, made.namespace)
    )
    return struck(context, tuple(dict.fromkeys(users)))


def _place(made: GeneratedSecret, key: str) -> Location:
    """The type that stands there, else the key that demands another."""
    if made.type:
        return made.object.at(*made.type_route)
    return key_at(made, key) or made.object.at(*made.type_route[:-1])


def _fix(made: GeneratedSecret, right: str) -> Fix:
    """Set the type at the deepest mapping that exists, with the levels between that are missing."""
    route = made.type_route
    depth = len(route) - 1
    while depth and not isinstance(dig(made.object.body, *route[:depth]), dict):
        depth -= 1
    value: Any = right
    for step in reversed(route[depth + 1 :]):
        value = {str(step): value}
    summary = f"Ask for type {right} in {made.how} {made.object.name or made.name}"
    return Fix(Applicability.SAFE, summary, (edit(Op.SET, made.object, route[: depth + 1], value),))


RULE = Rule(
    code="RC117",
    severity=Severity.ERROR,
    check=check,
    fixable=True,
    needs=("SealedSecret", "ExternalSecret", "Kustomization"),
)
