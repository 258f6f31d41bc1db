"""A user name or password starts or ends with white space.

## What it does

Reports a credential that starts or ends with a space, a tab or a line break, once decoded. A line break behind
a Google service-account key (user `_json_key`) is harmless and stays silent.

## Why it matters

`echo user:pass | base64` encodes the line break too. Every reader decodes it and sends it along: the kubelet
cuts at the first colon and trims nothing (Kubernetes 1.25 to 1.36). The registry refuses a password that looks
right wherever it is printed.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com": {"auth": "dXNlcjpwYXNzCg=="}}}
```

## Fix

The white space is stripped, in `auth` and in the fields beside it. By hand: `printf %s 'user:pass' | base64
-w0`.

*Fix safety*: unsafe, because a password may really begin or end with a space.
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
from rules.payload._defects import entries, padded
from rules.payload._remake import remake
from rules.payload._shared import advice, encode_auth, matched, member, of_entry, readers, repair, rewritten


def check(context: Context) -> Iterator[Finding]:
    """Report every credential with white space at one of its ends."""
    for secret, payload, entry in entries(context, "RC107"):
        half = padded(entry)
        sent = entry.username if half == "user name" else entry.password
        where = "ends" if sent != sent.rstrip() else "starts"
        edge = sent[len(sent.rstrip()) :] if where == "ends" else sent[: -len(sent.lstrip()) or None]
        kind = "a line break" if "\n" in edge or "\r" in edge else "white space"
        yield context.finding(
            f"The {half} in {of_entry(secret, entry)} {where} with {kind}.",
            of=secret.object,
            at=spot(secret, *(_place(payload, entry, half)), entry.key),
            key=shown(entry.key),
            detail="It is sent as part of the credential, and the registry compares it (Kubernetes 1.25 to 1.36).",
            remedy=advice(context, secret, "Encode the credential without it: printf adds no line break, echo does."),
            commands=remake(context, secret, entry),
            impact=readers(context, secret, None if payload.error is not None else matched([entry.key])),
            fix=_fix(secret, payload, entry),
        )


def _place(payload: Payload, entry: Entry, half: str) -> tuple[int, int]:
    if entry.has_auth and entry.auth_span is not None:
        return entry.auth_span
    node = member(payload, entry, "username" if half == "user name" else "password")
    return (node.start, node.end) if node is not None else entry.value_span


def _fix(secret: PullSecret, payload: Payload, entry: Entry) -> Fix | None:
    user, password = entry.username.strip(), entry.password.strip()
    if not user or not password:
        return None
    changes = []
    if entry.has_auth and entry.auth_span is not None:
        changes.append((*entry.auth_span, payload_edit.quote(encode_auth(user, password))))
    for name, written in (("username", entry.inline_username), ("password", entry.inline_password)):
        node = member(payload, entry, name)
        if node is not None and node.kind == "string" and written and written != written.strip():
            changes.append((node.start, node.end, payload_edit.quote(written.strip())))
    summary = f'Strip the white space from the credential of "{shown(entry.key)}" in {secret.name}'
    return repair(secret, rewritten(payload.text, changes), summary, Applicability.UNSAFE)


RULE = Rule(code="RC107", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
