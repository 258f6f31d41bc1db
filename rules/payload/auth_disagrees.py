"""An `auth` and the fields beside it hold different credentials.

## What it does

Reports an entry whose `username` or `password` differs from what its `auth` decodes to. An empty field says
nothing and stays silent.

## Why it matters

The kubelet and the importer use `auth` whenever it is not empty and never look at the fields (Kubernetes 1.25
to 1.36). Other readers, and people, look at the fields. It happens on rotation, when only one of the two places
is changed: usually the fields are the new credential and `auth` is the old one.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"username": "user", "password": "new", "auth": "dXNlcjpvbGQ="}}}
```

## Fix

The fields are made to follow `auth`. Safe: what the kubelet sends does not change. If the fields hold the
credential that is meant, write the entry anew instead. There is no fix where `auth` holds bytes that are no text:
no field can follow it.
"""

from collections.abc import Iterator

from linter.rule import Context, Entry, Finding, Fix, Payload, PullSecret, Rule, Severity, payload_edit, shown, spot
from rules.payload._defects import disagrees, entries
from rules.payload._remake import remake
from rules.payload._shared import advice, member, of_entry, repair, rewritten


def check(context: Context) -> Iterator[Finding]:
    """Report every entry that holds two credentials."""
    for secret, payload, entry in entries(context, "RC108"):
        names = disagrees(entry)
        node = member(payload, entry, names[0])
        start, end = (node.start, node.end) if node is not None else entry.value_span
        verb = "differs" if len(names) == 1 else "differ"
        remedy = "Make both say the same: the fields like auth, or the entry anew with the right one."
        if not _text(entry):
            remedy = "Write the entry anew: its auth holds bytes that are no text, so the fields are what was meant."
        yield context.finding(
            f"The {' and '.join(names)} of {of_entry(secret, entry)} {verb} from its auth, which is what is used.",
            of=secret.object,
            at=spot(secret, start, end, entry.key),
            key=shown(entry.key),
            detail="The kubelet and the importer ignore the fields where auth is not empty (Kubernetes 1.25 to 1.36).",
            remedy=advice(context, secret, remedy),
            commands=remake(context, secret, entry, works=True),
            fix=_fix(secret, payload, entry, names) if _text(entry) else None,
        )


def _text(entry: Entry) -> bool:
    """Whether what `auth` decodes to is text as a whole: it stands for other bytes where a sign could not be read."""
    return "\ufffd" not in entry.username + entry.password


def _fix(secret: PullSecret, payload: Payload, entry: Entry, names: tuple[str, ...]) -> Fix | None:
    sent = {"username": entry.username, "password": entry.password}
    nodes = [(member(payload, entry, name), sent[name]) for name in names]
    changes = [(node.start, node.end, payload_edit.quote(value)) for node, value in nodes if node is not None]
    summary = f'Make {" and ".join(names)} of "{shown(entry.key)}" in {secret.name} follow auth'
    return repair(secret, rewritten(payload.text, changes), summary)


RULE = Rule(code="RC108", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
