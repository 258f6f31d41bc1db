"""Two secrets that are read together hold different credentials for the same registry.

## What it does
Reports two pull secrets that one reader takes together (the list of a workload, the list of a service account, all
secrets of a namespace for an image import) and that hold different credentials under keys that mean the same
registry. Each pair and registry is reported once, however many workloads read it.

Credentials that OpenShift makes for its internal registry differ by design and are exempt; so are entries for
different paths of one registry, and entries without a usable credential.

## Why it matters
The kubelet tries the credentials in the order of the list and goes on after a failure (Kubernetes 1.25 to 1.36): the
second costs nothing but hides that the first is stale, until the list is written in another order. OpenShift's image
importer reads all secrets of the namespace in name order and sends only the first credential that matches: when that
is the wrong one the import fails, whatever the other secret holds.

## Example
```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
imagePullSecrets:
- name: quay-old
- name: quay-new
```
where both secrets hold the key `quay.io`, each with its own credential.

## Fix
There is no automatic fix: only the owner knows which credential is right. Remove the stale one, give each the path
that it is for (`quay.io/team-a`), or keep one of them from imports:

    oc annotate secret quay-old openshift.io/image.excludeSecret=true -n shop
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from linter.rule import (
    Affected,
    Context,
    Entry,
    Finding,
    PullSecret,
    Related,
    Rule,
    Severity,
    command,
    origin,
    shown,
)
from rules.registries._shared import OPENSHIFT, affected, at_key, named, same_credential, serves, usable

Pair = tuple[int, int, str]


class _Conflict(NamedTuple):
    """Two entries for one registry in the order in which the first reader found takes them."""

    first: PullSecret
    first_entry: Entry
    second: PullSecret
    second_entry: Entry
    reader: str
    hit: list[tuple[bool, Affected]]


def check(context: Context) -> Iterator[Finding]:
    """Report every pair of secrets and registry once."""
    conflicts: dict[Pair, _Conflict] = {}
    known: dict[tuple[int, int], list[tuple[Entry, Entry]]] = {}
    for secrets, reader, image, hit in _readings(context):
        for first, second in combinations(secrets, 2):
            pair = (id(first.object), id(second.object))
            if pair not in known:
                known[pair] = list(_clashes(first, second))
            for one, other in known[pair]:
                if hit is not None and not serves(one)(image) and hit[0]:
                    continue
                low, high = sorted((id(first.object), id(second.object)))
                found = conflicts.setdefault(
                    (low, high, one.registry.text), _Conflict(first, one, second, other, reader, [])
                )
                if hit is not None and serves(one)(image):
                    found.hit.append(hit)
    for conflict in conflicts.values():
        yield _finding(context, conflict)


def _readings(
    context: Context,
) -> Iterator[tuple[list[PullSecret], str, str, tuple[bool, Affected] | None]]:
    """Every list of secrets that somebody reads together, who does, for which image, and what that affects."""
    for workload, reached in context.joins.reaches:
        if len(reached.secrets) > 1:
            reader = f"the pods of {workload.object.kind} {workload.object.name}"
            secrets = _own(reached.secrets)
            yield secrets, reader, "", None
            for use in workload.images:
                yield secrets, reader, use.image, (False, Affected(workload.object.ref, use.image))
    for account in context.inventory.accounts:
        found = [context.inventory.secrets_named(account.namespace, link.name) for link in account.pull_secrets]
        secrets = _own(tuple(one[0] for one in found if len(one) == 1))
        yield secrets, f"service account {account.name}", "", None
    for brought in context.joins.import_pulls:
        what = (True, Affected(brought.stream.object.ref, brought.tag.image))
        yield _own(brought.secrets), f"the import of image stream {brought.stream.object.name}", brought.tag.image, what


def _own(secrets: tuple[PullSecret, ...]) -> list[PullSecret]:
    return [secret for secret in dict.fromkeys(secrets) if secret.generated != OPENSHIFT]


def _clashes(first: PullSecret, second: PullSecret) -> Iterator[tuple[Entry, Entry]]:
    """Pairs of entries that mean the same registry with different credentials, each registry once."""
    if not _together(first, second):
        return
    known = {entry.registry.text: entry for entry in reversed(usable(first)) if entry.registry.text}
    seen: set[str] = set()
    for entry in usable(second):
        registry = entry.registry.text
        one = known.get(registry)
        if one is not None and registry not in seen and not same_credential(one, entry):
            seen.add(registry)
            yield one, entry


def _together(first: PullSecret, second: PullSecret) -> bool:
    """Whether both can be in one namespace at once.

    Two of one name are variants of one Secret (overlays of a repository). Where no namespace is written, only what
    lies in
    one folder is surely applied together.
    """
    if first.name == second.name:
        return False
    if first.namespace and first.namespace == second.namespace:
        return True
    same_folder = first.object.path.rpartition("/")[0] == second.object.path.rpartition("/")[0]
    return same_folder and first.namespace == second.namespace


def _finding(context: Context, conflict: _Conflict) -> Finding:
    first, second = conflict.first, conflict.second
    registry = shown(conflict.second_entry.registry.text)
    return context.finding(
        f"{named(first)} and {named(second)} hold different credentials for {registry}, and both are read by "
        f"{conflict.reader}",
        of=second.object,
        at=at_key(second, conflict.second_entry),
        key=f"{registry} {first.name}",
        detail=f"The kubelet tries the credential of {first.name} first and that of {second.name} after a "
        f"failure; OpenShift's "
        "image importer goes through the secrets of a namespace by name and sends only the first that matches.",
        remedy=origin(second)
        or f"Remove the credential that {registry} no longer accepts, or give each secret the path it is for.",
        commands=[
            command(
                "oc",
                "annotate",
                "secret",
                second.name,
                "openshift.io/image.excludeSecret=true",
                namespace=second.namespace,
            )
        ]
        if any(imported for imported, _ in conflict.hit)
        else [],
        related=[
            Related(
                f"{first.name} has another credential for it", at_key(first, conflict.first_entry), first.object.ref
            )
        ],
        impact=affected(conflict.hit),
    )


RULE = Rule(code="RC203", severity=Severity.WARNING, check=check, needs=("Secret",))
