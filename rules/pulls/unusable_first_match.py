"""An import stops at an entry that is of no use, although a later one would do.

## What it does

Reports imports of image streams whose first match is an entry without a credential, a placeholder or an expired token,
while a later match, in the same secret or in another that the import reads, has a usable one. The defect of the entry
itself is told where it stands; this finding tells which import it costs, and points there. A tag that was imported
since is not reported.

## Why it matters

The kubelet tries every match in turn; the importer tries the first and no other (OpenShift 4.5 and later). The first is
the one with the longest path, and for equal keys the one in the secret whose name comes first. So pods pull an image
that their image stream cannot import.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io/shop": {}, "quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

with an image stream that imports `quay.io/shop/web:1`.

## Fix

There is no automatic fix here. Repair or remove the entry (see the finding about it), or keep its Secret from imports:

    oc annotate secret regcred openshift.io/image.excludeSecret=true -n shop
"""

from collections.abc import Iterator
from typing import NamedTuple

from linter.rule import (
    Affected,
    Context,
    Entry,
    Finding,
    Impact,
    ImportPull,
    PullSecret,
    Related,
    Rule,
    Severity,
    command,
    dig,
    shown,
    spot,
)
from rules.lifetime._shared import expired_entry
from rules.payload._shared import entry_defect

_USELESS = {"RC109": "has no credential", "RC114": "has no credential but a token", "RC115": "is a placeholder"}


class _Match(NamedTuple):
    """An entry that answers for an import, and why it is of no use ("" when it is)."""

    secret: PullSecret
    entry: Entry
    useless: str


def check(context: Context) -> Iterator[Finding]:
    """Report every stream and useless entry once."""
    found: dict[tuple[int, int, str], tuple[_Match, _Match, list[ImportPull]]] = {}
    for pull in context.joins.import_pulls:
        matches = _matches(context, pull)
        if len(matches) < 2 or not matches[0].useless or _imported(pull):
            continue
        good = next((one for one in matches[1:] if not one.useless), None)
        if good is not None:
            key = (id(pull.stream.object), id(matches[0].secret.object), matches[0].entry.key)
            found.setdefault(key, (matches[0], good, []))[2].append(pull)
    for first, good, pulls in found.values():
        yield _finding(context, first, good, pulls)


def _matches(context: Context, pull: ImportPull) -> list[_Match]:
    """Return the entries that match, in the order in which the importer would meet them."""
    outcome = context.joins.import_outcome(pull)
    if outcome.verdict != "credential" or outcome.lookup is None or outcome.lookup.ambiguous:
        return []
    node = context.inventory.global_secret
    matches = []
    for candidate in outcome.lookup.candidates:
        named = [one for one in pull.secrets if one.name == candidate.secret]
        secret = named[0] if named else node if candidate.secret is None else None
        entries = secret.payload.entries if secret is not None and secret.payload is not None else ()
        entry = next((one for one in entries if one.live and one.key == candidate.key), None)
        if secret is None or entry is None:
            return []
        matches.append(_Match(secret, entry, _useless(context, entry)))
    return matches


def _useless(context: Context, entry: Entry) -> str:
    if expired_entry(context, entry):
        return "has expired"
    return _USELESS.get(entry_defect(entry), "")


def _imported(pull: ImportPull) -> bool:
    """Whether the status shows the tag with an image, and no failure."""
    tags = dig(pull.stream.object.body, "status", "tags")
    for tag in tags if isinstance(tags, list) else []:
        if dig(tag, "tag") == pull.tag.tag and dig(tag, "items"):
            conditions = dig(tag, "conditions")
            states = [dig(one, "status") for one in (conditions if isinstance(conditions, list) else [])]
            return "False" not in states
    return False


def _finding(context: Context, first: _Match, good: _Match, pulls: list[ImportPull]) -> Finding:
    item, tag = pulls[0].stream.object, pulls[0].tag
    more = f" and {len(pulls) - 1} more" if len(pulls) > 1 else ""
    exclude = command(
        "oc", "annotate", "secret", first.secret.name, "openshift.io/image.excludeSecret=true", namespace=item.namespace
    )
    apart = first.secret.object is not good.secret.object and not context.inventory.is_global(first.secret)
    return context.finding(
        f"the import of {tag.image}{more} stops at entry {shown(first.entry.key)} of Secret {first.secret.name}, which "
        f"{first.useless}, although {shown(good.entry.key)} of Secret {good.secret.name} would do",
        of=item,
        at=item.at(*tag.route),
        key=shown(first.entry.key),
        detail="The importer tries the first match only (OpenShift 4.5 and later); the kubelet tries all, so pods are "
        "not affected in this way.",
        remedy="Repair or remove that entry" + (", or exclude its Secret from imports." if apart else "."),
        commands=(exclude,) if apart else (),
        related=[
            Related(
                "it stops here",
                spot(first.secret, *first.entry.key_span, first.entry.key),
                first.secret.object.ref,
            ),
            Related("this would do", spot(good.secret, *good.entry.key_span, good.entry.key), good.secret.object.ref),
        ],
        impact=Impact(imports=tuple(dict.fromkeys(Affected(one.stream.object.ref, one.tag.image) for one in pulls))),
    )


RULE = Rule(code="RC503", severity=Severity.WARNING, check=check, needs=("ImageStream",))
