"""An entry has no usable credential.

## What it does

Reports an entry without user name, without password, or without either, in whatever way: `{}`, `null`, empty
strings, an `auth` of `user:` or `:token`.

## Why it matters

An empty entry is not skipped: it matches the images of its key. The kubelet sends its empty credential in its turn, and
once anything has matched it makes no separate attempt without one (Kubernetes 1.25 to 1.36). CRI-O passes over
a credential without user name. The OpenShift importer tries only the first match: an empty entry for a longer
path hides a good one for the registry (OpenShift 4.5 and later).

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io/team": {}, "quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

## Fix

The entry is removed when another entry of the same payload covers all that it matches.

*Fix safety*: unsafe, because an empty entry may be there to make a path anonymous on purpose.
"""

from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    Payload,
    PullSecret,
    Rule,
    Severity,
    payload_edit,
    shown,
    spot,
)
from rules.payload._defects import entries
from rules.payload._remake import remake
from rules.payload._shared import advice, entry_maps, matched, of_entry, readers, repair


def check(context: Context) -> Iterator[Finding]:
    """Report every entry that matches images and brings nothing."""
    for secret, payload, entry in entries(context, "RC109"):
        lacks = "neither user name nor password"
        if entry.username or entry.password:
            lacks = "no password" if entry.username else "no user name"
        other = _cover(payload, entry)
        more = f' The entry "{shown(other.key)}" of the same Secret covers its images.' if other is not None else ""
        yield context.finding(
            f"The {of_entry(secret, entry)} has {lacks}.",
            of=secret.object,
            at=spot(secret, *entry.key_span, entry.key),
            key=shown(entry.key),
            detail=(
                "It counts for the images of its key all the same: the kubelet sends it in its turn (Kubernetes 1.25 "
                "to 1.36), the importer, which tries only the first match, goes on without a credential (OpenShift 4.5 "
                "and later)."
                f"{more}"
            ),
            remedy=advice(context, secret, "Give the entry a credential, or remove it."),
            commands=remake(context, secret, entry),
            impact=readers(context, secret, None if payload.error is not None else matched([entry.key])),
            fix=_fix(secret, payload, entry, other),
        )


def _cover(payload: Payload, entry: Entry) -> Entry | None:
    """Another entry with a credential that matches all that this one matches."""
    own = entry.registry
    for other in payload.entries:
        key = other.registry
        usable = other.live and other.username and other.password and not other.auth_error and not other.type_errors
        if (
            other is not entry
            and usable
            and key.error is None
            and key.host == own.host
            and own.path.startswith(key.path)
        ):
            return other
    return None


def _fix(secret: PullSecret, payload: Payload, entry: Entry, other: Entry | None) -> Fix | None:
    if other is None:
        return None
    for holder in entry_maps(payload):
        for index, (_, start, end, _) in enumerate(holder.members):
            if (start, end) == entry.key_span:
                new = payload_edit.remove_member(payload.text, holder, index)
                return repair(
                    secret, new, f'Remove the empty entry "{shown(entry.key)}" from {secret.name}', Applicability.UNSAFE
                )
    return None


RULE = Rule(code="RC109", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
