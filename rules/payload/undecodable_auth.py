"""An `auth` is not base64 of a user name, a colon and a password.

## What it does

Reports every `auth` that is not base64 as the kubelet decodes it, or that has no colon once decoded. Base64
without its padding is accepted, as the kubelet accepts it; documentation values such as `b3Blb=` are
`placeholder-credential`.

A support bundle of Troubleshoot holds no payload. There the error that its collector met counts, where it is one
that the kubelet meets as well: an illegal sign, not a padding that may only be missing.

## Why it matters

The kubelet decodes all entries of all pull secrets of a pod before it pulls. One `auth` that it cannot decode
fails every container of the pod with `illegal base64 data at input byte …` or `unable to parse auth field, must
be formatted as base64(username:password)` (Kubernetes 1.25 to 1.36), whatever registry the entry is for. The
OpenShift importer fails every import of the namespace (OpenShift 4.5 and later).

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "user:pass"}}}
```

## Fix

Safe: `auth` is rebuilt from `username` and `password` when both stand beside it; wrong padding, the URL-safe
alphabet and white space are repaired when the value then decodes.
*Fix safety*: an `auth` written in clear, or encoded twice, is encoded once as an unsafe fix, because that is a
guess.
"""

import re
from collections.abc import Iterator

from linter.rule import (
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
from rules.payload._defects import entries, seen_only
from rules.payload._meant import Repair, repaired_auth
from rules.payload._remake import remake
from rules.payload._shared import advice, named, of_entry, readers, reasons, repair, seen_finding

_REMEDY = "Write base64 of user name, colon and password, without a line break at its end."
_PLACE = (
    "A place inside of four signs is no missing padding, which the kubelet would not mind; only a line break in a "
    "value without padding would look the same."
)


def check(context: Context) -> Iterator[Finding]:
    """Report every entry whose `auth` the kubelet cannot decode."""
    for secret, payload, entry in entries(context, "RC106"):
        found = repaired_auth(entry)
        yield context.finding(
            f"The auth of {of_entry(secret, entry)} cannot be decoded: {_reason(entry)}.",
            of=secret.object,
            at=spot(secret, *(entry.auth_span or entry.value_span), entry.key),
            key=shown(entry.key),
            detail=reasons(context, secret),
            remedy=advice(context, secret, _REMEDY),
            commands=remake(context, secret, entry),
            impact=readers(context, secret),
            fix=_fix(secret, payload, entry, found),
        )
    for secret, seen in seen_only(context, "RC106"):
        key = shown(seen.entry)
        message = f'The auth of entry "{key}" of {named(secret)} cannot be decoded: {seen.error}.'
        yield seen_finding(context, secret, message, key, _REMEDY, _PLACE)


def _reason(entry: Entry) -> str:
    """Go's reason, in words that say what is likely; none of the value is repeated."""
    error, auth = entry.auth_error or "", entry.auth or ""
    if "illegal base64" not in error:
        return "it holds no colon between user name and password"
    if ":" in auth.strip().rstrip(":"):
        return f"it is user name and password in clear, not base64 ({error})"
    if re.search(r"[ \t]", auth.strip()):
        return f"white space stands in it ({error})"
    if re.search(r"[-_]", auth) and re.fullmatch(r"[A-Za-z0-9_=-]+", auth.strip()):
        return f"it uses the URL-safe alphabet ({error})"
    if re.fullmatch(r"[A-Za-z0-9+/\r\n]+=*", auth.strip()):
        return f"its padding or length is wrong ({error})"
    return error


def _fix(secret: PullSecret, payload: Payload, entry: Entry, found: Repair | None) -> Fix | None:
    if found is None or entry.auth_span is None:
        return None
    new = payload_edit.replace(payload.text, *entry.auth_span, payload_edit.quote(found.auth))
    return repair(secret, new, f'{found.how} of "{shown(entry.key)}" in {secret.name}', found.applicability)


RULE = Rule(code="RC106", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
