"""A placeholder stands where a credential should.

## What it does

Reports values that documentation and templates leave to be filled in: `b3Blb=` of the OpenShift documentation,
`<password>`, `changeme`, `${TOKEN}`, `REPLACE_ME`, `set-by-ci`, `eyJhdXXXXX…`, marks that a pipeline was to replace
(`__TOKEN__`, `#{TOKEN}#`, `((token))`), and references into a vault that nobody followed (`op://…`, `ref+vault://…`).
A placeholder for the whole value gives one finding, inside a readable payload every entry gives one. Values that a tool
of the same scan fills in (Helm templates, Flux substitutions, OpenShift Templates) are not evaluated, nor what the
webhook of Bank-Vaults or a replication controller is yet to write.

Nor is a value that a command fills in before it is applied: one of a script, a Makefile, a CI or a page beside the
manifests, or of a comment in the file itself. It must name the very file, its folder by a pattern or as what kustomize
builds, or reach it by a variable: `envsubst`, where the value holds a variable that it replaces; `sed`, `perl` or
`-replace` of PowerShell, for what stands there; `yq` or `jq`, for the key; `op inject` and `vals eval`, for their
references; steps that replace tokens; and whatever writes the file (`> secret.yaml`). A placeholder of several words,
such as `REGISTRY_AUTH_JSON`, is enough for `sed` where the command names no other file. Scripts in archives are not
searched.

## Why it matters

At best the registry refuses the pull. A value such as `b3Blb=` or `<auth>` also cannot be decoded, and one
`auth` that cannot be decoded fails every container of every pod that reads the Secret, and every import of its
namespace (Kubernetes 1.25 to 1.36, OpenShift 4.5 and later): a placeholder for one registry takes the others
down with it.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "b3Blb=", "email": "you@example.com"}}}
```

## Fix

None is offered: the credential is not in the file. Put it there outside of version control, or let a
SealedSecret, an ExternalSecret or SOPS bring it.
"""

from collections.abc import Iterator

from linter.rule import (
    Context,
    Entry,
    Finding,
    Payload,
    PullSecret,
    Rule,
    Severity,
    State,
    credentials,
    shown,
    spot,
)
from rules.payload._defects import entries, exempt, stand_in, whole
from rules.payload._remake import anew, remake
from rules.payload._shared import IGNORED, REFUSED, advice, matched, member, named, of_entry, readers, reasons

_REMEDY = "Replace it by a real credential, kept outside of version control."


def check(context: Context) -> Iterator[Finding]:
    """Report every placeholder, for the whole value or for one entry."""
    for secret in whole(context, "RC115"):
        yield from _whole(context, secret)
    for secret in context.inventory.secrets:
        if _overwritten(context, secret):
            yield from _whole(context, secret)
    for secret, payload, entry in entries(context, "RC115"):
        yield _entry(context, secret, payload, entry)


def _overwritten(context: Context, secret: PullSecret) -> bool:
    """Whether X stand inside the base64: the work of a dump tool, and in manifests of an example's author.

    In a manifest that an API server has written somebody has blanked what was there.
    """
    if context.in_cluster or secret.object.identified or exempt(secret):
        return False
    if secret.state is not State.REDACTED or secret.written is None:
        return False
    return credentials.placeholder(secret.written.reveal()) is not None


def _whole(context: Context, secret: PullSecret) -> Iterator[Finding]:
    if secret.state is State.EMPTY:
        if context.in_cluster and secret.typed:
            context.not_evaluated(
                str(State.REDACTED), "the dump holds no value for it", of=secret.object, at=secret.at()
            )
            return
        what = "null, to be filled in"
    else:
        what = f"a placeholder ({secret.reason})"
    yield context.finding(
        f"{named(secret)}: the value of {secret.content} is {what}.",
        of=secret.object,
        at=secret.at("key" if secret.written is None else "value"),
        key=secret.data_key or "",
        detail=f"As it stands it is no config. {REFUSED if secret.typed else IGNORED}",
        remedy=advice(context, secret, _REMEDY),
        commands=anew(context, secret),
        # What it was to serve is not known, and the images may want nothing.
        impact=readers(context, secret)._replace(may=True),
    )


def _entry(context: Context, secret: PullSecret, payload: Payload, entry: Entry) -> Finding:
    where, what = stand_in(entry) or ("auth", "a placeholder")
    node = member(payload, entry, where)
    start, end = (node.start, node.end) if node is not None else entry.value_span
    poison = bool(entry.auth_error)
    also = (" and cannot be decoded" if where == "auth" else ", and its auth cannot be decoded") if poison else ""
    return context.finding(
        f"The {where} of {of_entry(secret, entry)} is a placeholder ({what}){also}.",
        of=secret.object,
        at=spot(secret, start, end, entry.key),
        key=shown(entry.key),
        detail=_detail(context, secret, poison=poison),
        remedy=advice(context, secret, _REMEDY),
        commands=remake(context, secret, entry),
        impact=readers(context, secret, None if payload.error is not None else matched([entry.key])),
    )


def _detail(context: Context, secret: PullSecret, *, poison: bool) -> str:
    if poison or not secret.typed:
        return reasons(context, secret)
    return (
        "For every image that the key matches, the placeholder is sent to the registry, which refuses it; nobody then "
        "tries without a credential (Kubernetes 1.25 to 1.36)."
    )


RULE = Rule(code="RC115", severity=Severity.ERROR, check=check, needs=("Secret",))
