"""The type of the Secret promises a key that is not there.

## What it does

Reports a Secret of type `kubernetes.io/dockerconfigjson` without the key `.dockerconfigjson`, or of type
`kubernetes.io/dockercfg` without `.dockercfg`: named `config.json`, `dockerconfigjson` or the like, or missing
altogether. Where the key of the *other* type stands, the type is what is wrong: that is `wrong-secret-type`.

## Why it matters

The two types require their key. The API server refuses a Secret without it: `data[.dockerconfigjson]: Required
value` (Kubernetes 1.25 to 1.36). `kubectl create secret generic … --from-file=config.json` is the usual way
there: it names the key after the file.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  config.json: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

## Fix

The key is renamed when exactly one value is a config of the right form (safe). On the command line the key
stands before the file's name:

```console
$ kubectl create secret generic regcred --type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=config.json
```
"""

import re
from collections.abc import Iterator
from typing import Any

from linter.rule import (
    KEY_OF_TYPE,
    Applicability,
    Context,
    Finding,
    Fix,
    NamedTuple,
    Op,
    PullSecret,
    Rule,
    Severity,
    State,
    command,
    credentials,
    dig,
    edit,
    lazy,
    shown,
)
from rules.payload._defects import exempt
from rules.payload._shared import REFUSED, advice, named

_TEMPLATED = lazy(r"\{\{|\{%|<%|<path:|\$\{|\$\(")
_NEAR = lazy(r"docker|config\.json|auth\.json", re.IGNORECASE)


class _Value(NamedTuple):
    """One value of the Secret: where it stands and whether it is a config of the form that the type promises."""

    field: str
    key: str
    config: bool


def check(context: Context) -> Iterator[Finding]:
    """Report every pull secret by type that lacks the key of its type."""
    for secret in context.inventory.secrets:
        if secret.state is State.ABSENT and secret.type in KEY_OF_TYPE and not exempt(secret):
            if context.in_cluster and not any(value for _, _, value in _pairs(secret)):
                # The API server stores no such Secret: whoever made the dump took the content out.
                context.not_evaluated("absent", "the dump holds no value for it", of=secret.object)
            elif not _templated(secret):
                yield _finding(context, secret)


def _templated(secret: PullSecret) -> bool:
    return any(_TEMPLATED.search(f"{key}\n{value}") for _, key, value in _pairs(secret))


def _pairs(secret: PullSecret) -> Iterator[tuple[str, str, Any]]:
    for field in ("stringData", "data"):
        values = dig(secret.object.body, field)
        for key, value in values.items() if isinstance(values, dict) else ():
            yield field, str(key), value


def _finding(context: Context, secret: PullSecret) -> Finding:
    right = KEY_OF_TYPE[secret.type]
    values = list(_values(secret))
    meant = _meant(values)
    if meant is not None:
        held = f"the key {shown(meant.key)} instead of {right}"
        at = secret.object.at(meant.field, meant.key, part="key")
    else:
        held = f"no key {right}" if values else f"no data, and so no key {right}"
        at = secret.object.at("type")
    return context.finding(
        f"{named(secret)} of type {secret.type} has {held}.",
        of=secret.object,
        at=at,
        key=right,
        detail=f"{REFUSED} If another file adds the key, check what is built from both.",
        remedy=advice(context, secret, f"Call the key {right}."),
        commands=() if context.inventory.is_global(secret) else _commands(secret, right, len(values)),
        impact=context.joins.impact(secret),
        fix=_fix(secret, meant, right, sole=sum(value.config for value in values) == 1),
    )


def _values(secret: PullSecret) -> Iterator[_Value]:
    form = "dockercfg" if secret.type.endswith("dockercfg") else "dockerconfigjson"
    for field, key, value in _pairs(secret):
        content = credentials.decode_base64_field(value) if field == "data" and isinstance(value, str) else value
        found = credentials.examine(content, form) if isinstance(content, str | bytes) else None
        good = found is not None and found.error is None and found.shape == "ok" and bool(found.entries)
        yield _Value(field, key, good)


def _meant(values: list[_Value]) -> _Value | None:
    """The value that was meant: the config among them, else the one with a telling name."""
    configs = [value for value in values if value.config]
    near = [value for value in values if _NEAR.search(value.key)]
    for found in (configs, near):
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _commands(secret: PullSecret, right: str, held: int) -> tuple[str, ...]:
    """Return the command that creates the Secret; what it holds beside the config would not be in it."""
    words = (
        "kubectl",
        "create",
        "secret",
        "generic",
        secret.name,
        f"--type={secret.type}",
        f"--from-file={right}=config.json",
    )
    return () if secret.generated or held > 1 else (command(*words, namespace=secret.namespace, about=(secret.name,)),)


def _fix(secret: PullSecret, meant: _Value | None, right: str, *, sole: bool) -> Fix | None:
    if meant is None or not meant.config or not sole or secret.generated:
        return None
    summary = f"Rename the key of {secret.name} to {right}"
    return Fix(Applicability.SAFE, summary, (edit(Op.RENAME, secret.object, (meant.field, meant.key), right),))


RULE = Rule(code="RC112", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
