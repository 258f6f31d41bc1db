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
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    NamedTuple,
    Payload,
    PullSecret,
    Rule,
    Severity,
    credentials,
    payload_edit,
    shown,
    spot,
)
from rules.payload._defects import entries, seen_only
from rules.payload._remake import remake
from rules.payload._shared import advice, encode_auth, named, of_entry, readers, reasons, repair, seen_finding

_REMEDY = "Write base64 of user name, colon and password, without a line break at its end."
_PLACE = (
    "A place inside of four signs is no missing padding, which the kubelet would not mind; only a line break in a "
    "value without padding would look the same."
)


class _Repair(NamedTuple):
    auth: str
    how: str
    applicability: Applicability = Applicability.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Report every entry whose `auth` the kubelet cannot decode."""
    for secret, payload, entry in entries(context, "RC106"):
        found = _repaired(entry)
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


def _fix(secret: PullSecret, payload: Payload, entry: Entry, found: _Repair | None) -> Fix | None:
    if found is None or entry.auth_span is None:
        return None
    new = payload_edit.replace(payload.text, *entry.auth_span, payload_edit.quote(found.auth))
    return repair(secret, new, f'{found.how} of "{shown(entry.key)}" in {secret.name}', found.applicability)


def _repaired(entry: Entry) -> _Repair | None:
    """The `auth` as it was meant, from the surest source down; None when nothing says what was meant."""
    user, password, raw = entry.inline_username, entry.inline_password, entry.auth or ""
    if user and password and ":" not in user:
        return _Repair(encode_auth(user, password), "Rebuild auth from username and password")
    body = "".join(raw.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    padded = body + "=" * (-len(body) % 4)
    if _credential(padded):
        return _Repair(padded, "Repair the base64 of auth")
    user, colon, password = raw.strip().partition(":")
    if colon and user and password and not re.search(r"\s", raw.strip()):
        return _Repair(encode_auth(user, password), "Encode auth", Applicability.UNSAFE)
    decoded = credentials.decode_base64(padded, padded=True)
    once = decoded.decode("ascii", "ignore").strip() if isinstance(decoded, bytes) else ""
    return _Repair(once, "Remove the surplus base64 from auth", Applicability.UNSAFE) if _credential(once) else None


def _credential(auth: str) -> bool:
    """Whether this decodes to a user name and password of printable text."""
    found = credentials.decode_auth(auth)
    if not isinstance(found, credentials.Credential) or not (found.username and found.password):
        return False
    return "\ufffd" not in found.username + found.password and (found.username + found.password).isprintable()


RULE = Rule(code="RC106", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
