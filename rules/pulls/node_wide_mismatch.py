"""An entry of the node-wide pull secret means one thing to the kubelet and another to CRI-O.

## What it does

Reports entries of `openshift-config/pull-secret` which its two readers on every node understand differently:

- user name and password without `auth`: the kubelet uses them, CRI-O sees an entry without a credential;
- an `auth` without its padding: the kubelet decodes it, CRI-O fails the pull with an error;
- a key with a path behind `https://`: a path to the kubelet, the whole registry to CRI-O.

A wildcard, the fourth kind, is told by wildcard-key, and here only when that rule does not run.

## Why it matters

The file serves both: the kubelet hands its match to CRI-O, and CRI-O asks the file itself for mirrors, for images that
the kubelet found nothing for, and for what runs outside pods (OpenShift 4.x). Builds and the machine-config operator
read it as CRI-O does. A credential that works for a pod then fails for its mirror, its build or an upgrade.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: pull-secret, namespace: openshift-config}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"https://quay.io/team": {"username": "robot", "password": "hunter2"}}}
```

## Fix

The entry is written in the form that both read alike, with the meaning that the kubelet gives it: `auth` is added or
padded, `https://` is dropped.

*Fix safety*: safe. For CRI-O the key narrows from the registry to the path, which is what it says.
"""

from collections.abc import Iterator

from linter.rule import Context, Entry, Finding, Fix, Payload, PullSecret, Rule, Severity, payload_edit, shown, spot
from rules.payload._defects import entry_defect, sound
from rules.payload._shared import advice, encode_auth, matched, readers, repair
from rules.registries._shared import host_map

_HARMLESS = frozenset({"", "RC107", "RC108"})
_SCHEMES = ("https://", "http://")


def check(context: Context) -> Iterator[Finding]:
    """Report every such entry once, with all that is ambiguous in it."""
    for secret, payload in sound(context):
        if not context.inventory.is_global(secret) or payload.error is not None:
            continue
        for entry in payload.entries:
            if entry.live and entry.registry.error is None and entry_defect(entry) in _HARMLESS:
                told = list(_mismatches(entry))
                if entry.registry.glob and "RC206" not in context.chosen:
                    told.append("it is a wildcard, which the kubelet honours and CRI-O compares as text")
                if told:
                    yield _finding(context, secret, payload, entry, told)


def _mismatches(entry: Entry) -> Iterator[str]:
    """Say what the two readers make of the entry, one clause a difference."""
    if not entry.has_auth and entry.username and entry.password:
        yield "it has no auth, and CRI-O reads nothing else"
    if entry.auth and _padded(entry) != entry.auth.strip():
        yield "its auth lacks the padding that CRI-O insists on"
    if entry.key.startswith(_SCHEMES) and entry.registry.path:
        yield f"behind https:// CRI-O takes it for all of {shown(entry.registry.host)}, the kubelet for the path"


def _padded(entry: Entry) -> str:
    compact = "".join((entry.auth or "").split())
    return (entry.auth or "").strip() if len(compact) % 4 == 0 else compact + "=" * (-len(compact) % 4)


def _finding(context: Context, secret: PullSecret, payload: Payload, entry: Entry, told: list[str]) -> Finding:
    return context.finding(
        f"The kubelet and CRI-O read the entry {shown(entry.key)} of the node-wide pull secret differently: "
        f"{' and '.join(told)}",
        of=secret.object,
        at=spot(secret, *entry.key_span, entry.key),
        key=shown(entry.key),
        detail="Both read this Secret on every node: the kubelet for pods, CRI-O itself for mirrors and for images the "
        "kubelet found nothing for (OpenShift 4.x); builds read it as CRI-O does.",
        remedy=advice(secret, "Write the entry in the form that both read alike."),
        impact=readers(context, secret, matched([entry.key])),
        fix=_fix(secret, payload, entry),
    )


def _fix(secret: PullSecret, payload: Payload, entry: Entry) -> Fix | None:
    """Rewrite the entry from its end to its start, so that positions stay true."""
    place = host_map(payload, entry)
    if place is None:
        return None
    text, (holder, index) = payload.text, place
    node = holder.members[index][3]
    if entry.auth_span is not None and entry.auth and _padded(entry) != entry.auth.strip():
        text = payload_edit.replace(text, *entry.auth_span, payload_edit.quote(_padded(entry)))
    elif not entry.has_auth:
        if any(name.casefold() == "auth" for name in entry.fields):
            return None
        value = payload_edit.quote(encode_auth(entry.username, entry.password))
        text = payload_edit.insert_member(text, node, len(node.members) - 1, "auth", value)
    if entry.key.startswith(_SCHEMES) and entry.registry.path:
        bare = entry.registry.text
        if any(one.registry.text == bare for one in payload.entries if one is not entry):
            return None
        text = payload_edit.replace(text, *entry.key_span, payload_edit.quote(bare))
    if text == payload.text:
        return None
    return repair(secret, text, f"write the entry {shown(entry.key)} in the form that kubelet and CRI-O read alike")


RULE = Rule(code="RC505", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
