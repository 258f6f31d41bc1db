r"""An annotation of the Secret repeats its credential.

## What it does

Reports a pull secret whose annotation `kubectl.kubernetes.io/last-applied-configuration` holds a payload with a usable
credential, in clusters and in manifests, whether it is the credential of today or an older one. An annotation whose
payload is redacted, encrypted, empty or a placeholder is not reported.

## Why it matters

`kubectl apply` without `--server-side` writes the whole object that it applied into this annotation, `stringData`
included (every version of Kubernetes). Nothing treats annotations as secret: programs that blank `data` before they
show, log or export a Secret need not blank them (Argo CD showed cluster credentials that way: CVE-2023-40029), caches
of metadata hold them, and a copy of the Secret takes them along. A credential that was rotated since by another tool
than `kubectl apply` is still in it.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata:
  name: regcred
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"regcred"},"stringData":{".dockerconfigjson":
      "{\"auths\":{\"quay.io\":{\"auth\":\"dXNlcjpwYXNz\"}}}"},"type":"kubernetes.io/dockerconfigjson"}
type: kubernetes.io/dockerconfigjson
```

## Fix

Remove the annotation, and write the Secret with `kubectl apply --server-side` or `kubectl replace` from then on: a
plain `kubectl apply` brings it back.

    kubectl annotate secret regcred kubectl.kubernetes.io/last-applied-configuration-

*Fix safety*: unsafe. The next plain `kubectl apply` compares with this annotation to see what was removed from the
manifest; without it, a key that is no longer there stays in the Secret.
"""

from collections.abc import Iterator
from typing import Any

from linter.rule import (
    TYPE_OF_KEY,
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    Op,
    PullSecret,
    Rule,
    Severity,
    command,
    credentials,
    dig,
    edit,
    origin,
    text,
)
from rules.exposure._shared import LAST_APPLIED, hosts, in_clear

_ROUTE = ("metadata", "annotations", LAST_APPLIED)
_LONGEST = 4 * 1024 * 1024
"""Twice what the API server lets an object be; a longer annotation is no annotation."""


def check(context: Context) -> Iterator[Finding]:
    """Report every pull secret with a credential in the annotation, once."""
    for secret in context.inventory.secrets:
        applied = text(dig(secret.object.body, *_ROUTE))
        entries = _entries(applied) if applied and len(applied) <= _LONGEST else []
        if entries:
            yield _finding(context, secret, entries)


def _entries(applied: str) -> list[Entry]:
    """Return the entries with a usable credential in the object that was applied last."""
    import json  # noqa: PLC0415 - few Secrets have the annotation

    try:
        body: Any = json.loads(applied)
    except (ValueError, RecursionError):
        return []
    found: list[Entry] = []
    for field in ("data", "stringData"):
        for key in TYPE_OF_KEY:
            content = _content(text(dig(body, field, key)), encoded=field == "data")
            found.extend(in_clear(credentials.examine(content, key.removeprefix("."))) if content else ())
    return found


def _content(value: str, *, encoded: bool) -> bytes | None:
    """Return the payload behind a value of `data` or `stringData`, None when there is none to judge."""
    if not value or credentials.redacted(value) or credentials.placeholder(value):
        return None
    if not encoded:
        return value.encode("utf-8", "surrogatepass")
    decoded = credentials.decode_data(value)
    return decoded if isinstance(decoded, bytes) and not credentials.redacted(decoded) else None


def _finding(context: Context, secret: PullSecret, entries: list[Entry]) -> Finding:
    what = "a credential" if len(entries) == 1 else "credentials"
    words = ("kubectl", "annotate", "secret", secret.name, f"{LAST_APPLIED}-")
    remove = command(*words, namespace=secret.namespace, about=(secret.name,))
    fix = None
    if not secret.generated:
        summary = f"remove the annotation {LAST_APPLIED} of Secret {secret.name}"
        only = dig(secret.object.body, *_ROUTE[:-1]).keys() == {LAST_APPLIED}
        fix = Fix(Applicability.UNSAFE, summary, (edit(Op.REMOVE, secret.object, _ROUTE[:-1] if only else _ROUTE),))
    return context.finding(
        f"The annotation last-applied-configuration of Secret {secret.name} holds {what} for {hosts(entries)} in clear",
        of=secret.object,
        at=secret.object.at(*_ROUTE, part="key"),
        key=LAST_APPLIED,
        detail="A plain kubectl apply copies the whole object into this annotation (every version of Kubernetes). "
        "Programs that blank the data of a Secret need not blank it, and a copy of the Secret takes it along.",
        remedy=origin(secret)
        or "Remove the annotation, then write the Secret with kubectl apply --server-side: a plain kubectl apply "
        "brings the annotation back. Renew the credential where others could read the annotation.",
        commands=() if secret.generated else (remove,),
        fix=fix,
    )


RULE = Rule(code="RC702", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
