"""A key for one path also serves a sibling whose name begins the same.

## What it does
Reports a key with a path and without a closing slash, such as `quay.io/team`, when an image of the scan under another
path that begins the same, such as `quay.io/team-b/app`, gets its credential.

## Why it matters
The kubelet and OpenShift's image importer compare the path as a plain prefix of the text, not folder by folder
(Kubernetes 1.25 to 1.36). The sibling's pull is sent a credential that was never meant for it, and because something
matched, there is no anonymous try afterwards: even a public image fails when the registry refuses that credential.
CRI-O and podman compare folder by folder, so the same image behaves differently there.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io/team": {"username": "robot", "password": "hunter2"}}}
```
with a pod that runs `quay.io/team-b/app`.

## Fix
There is no automatic fix: whether the sibling lives by this credential is not known. `quay.io/team/` with a closing
slash serves what is below `team` and nothing else; give the sibling its own entry when it needs one.
"""

from collections.abc import Iterator

from linter.rule import Context, Entry, Finding, PullSecret, Rule, Severity, credentials, origin, shown
from rules.registries._needs import Need, imported, needs_of
from rules.registries._shared import OPENSHIFT, affected, at_key, named, usable


def check(context: Context) -> Iterator[Finding]:
    """Report every entry that an image of a sibling is served by."""
    found: dict[tuple[int, str], tuple[PullSecret, Entry, list[Need]]] = {}
    known: dict[int, dict[str, Entry]] = {}
    bleeds = _Bleeding()
    pulls = context.joins.pulls_where(bleeds.at)
    imports = (one for one in imported(context) if one.outcome.lookup is not None and bleeds.at(one.outcome.lookup))
    for need in (*needs_of(context, pulls), *imports):
        served = _served_by(context, need, known)
        if served is not None:
            secret, entry = served
            found.setdefault((id(secret.object), entry.key), (secret, entry, []))[2].append(need)
    for secret, entry, hit in found.values():
        yield _finding(context, secret, entry, hit)


def _served_by(context: Context, need: Need, known: dict[int, dict[str, Entry]]) -> tuple[PullSecret, Entry] | None:
    """Return the entry whose credential goes out first, unless the next one holds the same.

    `known` takes the usable entries of each secret by key.
    """
    lookup = need.outcome.lookup
    if lookup is None:
        return None
    first, *more = lookup.candidates
    if more and (more[0].username, more[0].password) == (first.username, first.password):
        return None
    secret = need.outcome.secret if first.secret is not None else context.inventory.global_secret
    if secret is None or secret.generated == OPENSHIFT:
        return None
    if id(secret) not in known:
        known[id(secret)] = {entry.key: entry for entry in reversed(usable(secret))}
    entry = known[id(secret)].get(first.key)
    return (secret, entry) if entry is not None else None


class _Bleeding:
    """Which lookups are served by a key that is meant for a sibling: told by the first key and the image alone."""

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}

    def at(self, lookup: credentials.Lookup) -> bool:
        """Whether the path of the key whose credential goes out first ends within a name of the image's."""
        if lookup.error is not None or not lookup.candidates or not lookup.reference:
            return False
        key = lookup.candidates[0].key
        path = self._paths.get(key)
        if path is None:
            path = self._paths[key] = credentials.normalise_key(key).path
        return bool(path) and _bleeds(path, lookup.reference)


def _bleeds(path: str, target: str) -> bool:
    if path.endswith("/"):
        return False
    _, slash, name = target.partition("/")
    rest = slash + name
    return rest.startswith(path) and rest[len(path) : len(path) + 1] not in ("", "/", ":", "@")


def _finding(context: Context, secret: PullSecret, entry: Entry, hit: list[Need]) -> Finding:
    image = hit[0].image
    return context.finding(
        f"The key {shown(entry.key)} of {named(secret)} also serves {image}, whose path only begins the same",
        of=secret.object,
        at=at_key(secret, entry),
        key=shown(entry.registry.text),
        detail="The path of a key is a plain prefix of the text to the kubelet and OpenShift's image importer "
        "(Kubernetes 1.25 "
        "to 1.36); once a key matches there is no anonymous try. CRI-O and podman compare folder by folder.",
        remedy=origin(secret)
        or f"Write {shown(entry.key)}/ with a closing slash if only what is below it is meant, and give the "
        f"sibling its own entry.",
        impact=affected((need.imported, need.affected) for need in hit),
    )


RULE = Rule(code="RC207", severity=Severity.WARNING, check=check, needs=("Secret",))
