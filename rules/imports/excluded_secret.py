"""The only secret that matches an import is excluded from imports by its annotation.

## What it does
Reports a pull secret with the annotation `openshift.io/image.excludeSecret: "true"` when an image stream of its
namespace imports from a registry that it has a credential for, and nothing else that reaches the import matches.

## Why it matters
OpenShift's image importer leaves such secrets out (exactly the text `true` counts), so the import goes out without a
credential. The kubelet does not know the annotation: pods pull with the same secret, which makes the failing import
hard to understand.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata:
  name: regcred
  namespace: shop
  annotations:
    openshift.io/image.excludeSecret: "true"
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com": {"username": "robot", "password": "hunter2"}}}
```
with an image stream that imports from `registry.example.com`.

## Fix
Removes the annotation. On a live cluster:

    oc annotate secret regcred openshift.io/image.excludeSecret- -n shop

Where the secret has an entry for another import too, which another secret serves, give the import a secret of its own
instead.

*Fix safety*: unsafe. Somebody excluded the secret on purpose, perhaps for another import that works better without
it.
"""

from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    Op,
    PullSecret,
    Rule,
    Severity,
    command,
    credentials,
    dig,
    edit,
    origin,
    shown,
)
from rules.imports._shared import in_namespace
from rules.registries._needs import Need, unserved
from rules.registries._shared import affected, named, usable

ANNOTATION = "openshift.io/image.excludeSecret"
_OWN = "Give the import a secret of its own."
_OTHERS = "Without the annotation this one has an entry for other imports too, which another secret serves now."


def check(context: Context) -> Iterator[Finding]:
    """Report every excluded secret that an import misses once."""
    found: dict[int, tuple[PullSecret, Entry, list[Need]]] = {}
    for need in unserved(context):
        if not need.imported:
            continue
        for secret in in_namespace(context, need.item.namespace, need.target):
            entry = _match(secret, need)
            if entry is not None:
                found.setdefault(id(secret.object), (secret, entry, []))[2].append(need)
    served = _served(context) if found else {}
    for secret, entry, hit in found.values():
        yield _finding(context, secret, entry, hit, served.get(hit[0].item.namespace, []))


def _served(context: Context) -> dict[str, list[str]]:
    """Return what is looked up for the imports of each namespace that have a credential, which is another secret's."""
    served: dict[str, list[str]] = {}
    for pull in context.joins.import_pulls:
        outcome = context.joins.import_outcome(pull)
        if outcome.verdict == "credential" and outcome.lookup is not None and outcome.lookup.reference:
            served.setdefault(pull.stream.object.namespace, []).append(outcome.lookup.reference)
    return served


def _takes_over(secret: PullSecret, served: list[str]) -> bool:
    """Whether the secret has an entry for one of the imports that another one serves."""
    keys = [entry.registry for entry in secret.payload.entries if entry.live] if secret.payload is not None else []
    return any(credentials.key_matches(key, target) for key in keys if key.error is None for target in served)


def _match(secret: PullSecret, need: Need) -> Entry | None:
    if not secret.excluded:
        return None
    return next((entry for entry in usable(secret) if credentials.key_matches(entry.registry, need.target)), None)


def _finding(context: Context, secret: PullSecret, entry: Entry, hit: list[Need], served: list[str]) -> Finding:
    remove = command(
        "oc", "annotate", "secret", secret.name, f"{ANNOTATION}-", namespace=secret.namespace, about=(secret.name,)
    )
    remedy = "Remove the annotation, or give the import a secret of its own."
    if _takes_over(secret, served):
        remedy = f"{_OWN} {_OTHERS}"
        remove = ""
    what = hit[0].affected
    more = len({need.affected for need in hit}) - 1
    return context.finding(
        f"{named(secret)} is excluded from imports, and {what.object.kind} {what.object.name}"
        + (f" and {more} more" if more else "")
        + f" has no other credential for {shown(hit[0].registry)}",
        of=secret.object,
        at=secret.object.at("metadata", "annotations", ANNOTATION),
        key=shown(entry.registry.text),
        detail="OpenShift's image importer leaves secrets with this annotation out; the kubelet does not know "
        "it, so pods "
        "pull with the same secret.",
        remedy=origin(secret) or remedy,
        commands=[remove],
        impact=affected((True, need.affected) for need in hit),
        fix=_fix(secret),
    )


def _fix(secret: PullSecret) -> Fix | None:
    if secret.generated:
        return None
    others = dig(secret.object.metadata, "annotations") or {}
    route = ("metadata", "annotations", ANNOTATION) if len(others) > 1 else ("metadata", "annotations")
    return Fix(
        Applicability.UNSAFE, "remove the annotation that excludes the secret", (edit(Op.REMOVE, secret.object, route),)
    )


RULE = Rule(code="RC404", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret", "ImageStream"))
