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
There is no automatic fix: only the owner knows which credential is right. Remove the stale one, or give each the path
that it is for (`quay.io/team-a`). The annotation `openshift.io/image.excludeSecret=true` keeps a whole secret from
imports. It helps where that secret comes first by name and holds the wrong credential, and it does harm where another
import needs an entry of it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property

from linter.rule import (
    Affected,
    Consumer,
    Context,
    Entry,
    Finding,
    KubeObject,
    NamedTuple,
    PullSecret,
    Related,
    Rule,
    Severity,
    credentials,
    origin,
    shown,
)
from rules.registries._shared import HUB, OPENSHIFT, Usable, affected, at_key, named, same_credential

Pair = tuple[int, int, str]
_IMPORTS = (
    "The annotation openshift.io/image.excludeSecret=true keeps a whole secret from imports: the wrong one, if it "
    "comes first by name and no import needs another entry of it."
)


class _Conflict(NamedTuple):
    """Two entries for one registry in the order in which the first reader found takes them."""

    first: PullSecret
    first_entry: Entry
    second: PullSecret
    second_entry: Entry
    reader: str
    hit: list[tuple[bool, Affected]]


class _Clash(NamedTuple):
    """Two entries of two secrets that mean the same registry with different credentials."""

    first: PullSecret
    one: Entry
    second: PullSecret
    other: Entry


class _Holder(NamedTuple):
    """A secret with entries for one registry, the place of each in the secret, and the secret's in its list."""

    number: int
    secret: PullSecret
    entries: list[tuple[int, Entry]]

    @property
    def credentials(self) -> frozenset[tuple[str, str]]:
        """Return what the entries hold."""
        return frozenset((entry.username, entry.password) for _, entry in self.entries)


class _Clashes:
    """All clashes in one list of secrets, in its order, found by the image that they are about."""

    def __init__(self, secrets: list[PullSecret], entries: Callable[[PullSecret], list[Entry]]) -> None:
        holders: dict[str, list[_Holder]] = defaultdict(list)
        for number, secret in enumerate(secrets):
            by_registry: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
            for place, entry in enumerate(entries(secret)):
                if entry.registry.text:
                    by_registry[entry.registry.text].append((place, entry))
            for registry, rows in by_registry.items():
                holders[registry].append(_Holder(number, secret, rows))
        found = [row for group in holders.values() if len(group) > 1 for row in _pairs(group)]
        found.sort(key=lambda row: row[0])
        self.all = [clash for _, clash in found]

    @cached_property
    def _index(self) -> "credentials.KeyIndex[int]":
        return credentials.KeyIndex((clash.one.registry, number) for number, clash in enumerate(self.all))

    def about(self, image: str) -> list[_Clash]:
        """Return the clashes whose entries answer for an image."""
        if not self.all:
            return []
        reference = credentials.parse_reference(image, consumer=Consumer.IMPORTER)
        if not isinstance(reference, credentials.Reference):
            return []
        found = self._index.matching(reference.lookup)
        if reference.registry == HUB and self._index.fallback:
            found = sorted({*found, *self._index.fallback})
        return [self.all[number] for number in found]


def _pairs(group: list[_Holder]) -> Iterator[tuple[tuple[int, int, int], _Clash]]:
    """Pairs of one registry, each once, with where they stand in the order of the list."""
    names = [holder.secret.name for holder in group]
    if len(set(names)) == 1:  # overlays of one Secret, which are never there together
        return
    held = [holder.credentials for holder in group]
    if len(held[0]) == 1 and all(one == held[0] for one in held):
        return
    for at, first in enumerate(group):
        one, alone = first.entries[0][1], held[at] if len(held[at]) == 1 else None
        for after in range(at + 1, len(group)):
            if held[after] == alone or names[after] == names[at]:
                continue
            second = group[after]
            place, other = next((row for row in second.entries if not same_credential(one, row[1])), (0, None))
            if other is not None and _together(first.secret, second.secret):
                yield (first.number, second.number, place), _Clash(first.secret, one, second.secret, other)


def check(context: Context) -> Iterator[Finding]:
    """Report every pair of secrets and registry once."""
    conflicts: dict[Pair, _Conflict] = {}
    for clash, reader, hit in _clashing(context):
        low, high = sorted((id(clash.first.object), id(clash.second.object)))
        found = conflicts.setdefault(
            (low, high, clash.one.registry.text),
            _Conflict(clash.first, clash.one, clash.second, clash.other, reader, []),
        )
        if hit is not None:
            found.hit.append(hit)
    for conflict in conflicts.values():
        yield _finding(context, conflict)


def _clashing(context: Context) -> Iterator[tuple[_Clash, str, tuple[bool, Affected] | None]]:
    """Every clash in every list of secrets that somebody reads, who does, and what it affects."""
    entries = context.once(Usable).of
    lists: dict[int, _Clashes] = {}
    for secrets, imported, item, image in _readings(context):
        # The tuples live as long as the joins, so that their identity is theirs alone.
        if id(secrets) not in lists:
            lists[id(secrets)] = _Clashes(_own(secrets), entries)
        clashes = lists[id(secrets)]
        found = clashes.all if image is None else clashes.about(image)
        if found:
            reader = _reader(item, imported=imported)
            hit = (imported, Affected(item.ref, image)) if image is not None else None
            yield from ((clash, reader, hit) for clash in found)


def _reader(item: KubeObject, *, imported: bool) -> str:
    """Who reads a list of secrets, as messages name it."""
    if imported:
        return f"the import of image stream {item.name}"
    return f"service account {item.name}" if item.kind == "ServiceAccount" else f"the pods of {item.called}"


def _readings(context: Context) -> Iterator[tuple[tuple[PullSecret, ...], bool, KubeObject, str | None]]:
    """Every list of secrets that somebody reads together, whether for an import, who does, and for which image.

    The image is None where the list itself is looked at, whatever is pulled with it.
    """
    for workload, reached in context.joins.reaches:
        if len(reached.secrets) > 1:
            yield reached.secrets, False, workload.object, None
            for use in workload.pulled:
                yield reached.secrets, False, workload.object, use.image
    kept = []
    for account in context.inventory.accounts:
        found = [context.inventory.secrets_named(account.namespace, link.name) for link in account.pull_secrets]
        listed = tuple(one[0] for one in found if len(one) == 1)
        if len(listed) > 1:
            kept.append(listed)
            yield listed, False, account.object, None
    for brought in context.joins.import_pulls:
        yield brought.secrets, True, brought.stream.object, brought.tag.image


def _own(secrets: tuple[PullSecret, ...]) -> list[PullSecret]:
    return [secret for secret in dict.fromkeys(secrets) if secret.generated != OPENSHIFT]


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
    # Which of them is wrong is not known here, nor what else a secret serves: no command may choose.
    imports = f" {_IMPORTS}" if any(imported for imported, _ in conflict.hit) else ""
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
        or f"Remove the credential that {registry} no longer accepts, or give each secret the path it is for.{imports}",
        related=[
            Related(
                f"{first.name} has another credential for it", at_key(first, conflict.first_entry), first.object.ref
            )
        ],
        impact=affected(conflict.hit),
    )


RULE = Rule(code="RC203", severity=Severity.WARNING, check=check, needs=("Secret",))
