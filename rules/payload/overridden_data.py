"""The key is set under `data` and under `stringData`, with different content.

## What it does

Reports a Secret whose `.dockerconfigjson` or `.dockercfg` stands in both places and does not say the same. A value
under `data` that is not base64 is more than overridden: that is `invalid-base64`.

## Why it matters

The API server writes `stringData` over `data`, key by key, when it takes the object in (Kubernetes 1.25 to
1.36). The value under `data` is never stored: whoever edits it changes nothing, and it keeps an old credential
in the file.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: eyJhdXRocyI6e319
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

## Fix

The value under `data` is removed. Safe: the API server drops it anyway. None is offered while the value that
wins has a defect of its own, since the other one may be the good one.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, PullSecret, Related, Rule, Severity, State, credentials, dig
from rules.payload._defects import exempt
from rules.payload._overridden import overridden, refused, without_overridden
from rules.payload._shared import advice, named

_JUDGED = frozenset({State.READABLE, State.PLACEHOLDER, State.EMPTY})


def check(context: Context) -> Iterator[Finding]:
    """Report every payload that overrides another one."""
    for secret in context.inventory.secrets:
        if secret.superseded and secret.state in _JUDGED and not exempt(secret) and _differs(secret):
            yield context.finding(
                f"{named(secret)} sets {secret.data_key} under data and under stringData, and the two differ: "
                "stringData wins.",
                of=secret.object,
                at=secret.object.at(*secret.superseded),
                key=secret.data_key or "",
                detail="The value under data is dropped when the object is stored (Kubernetes 1.25 to 1.36).",
                remedy=advice(context, secret, "Keep one of the two."),
                related=(Related("the value that is used", secret.at()),),
                fix=without_overridden(secret),
            )


def _differs(secret: PullSecret) -> bool:
    """Whether the value under `data` can be read (else it is RC101's) and says something else."""
    loser = overridden(secret)
    if loser is None or refused(loser):
        return False
    decoded = credentials.decode_base64_field(loser)
    winner = dig(secret.object.body, *secret.route)
    if decoded is None or not isinstance(winner, str):
        return True
    return not _same(decoded.decode("utf-8", "replace"), winner)


def _same(one: str, other: str) -> bool:
    if one.strip() == other.strip():
        return True
    import json  # noqa: PLC0415 - few Secrets have both

    try:
        return bool(json.loads(one) == json.loads(other))
    except (ValueError, RecursionError):
        return False


RULE = Rule(code="RC116", severity=Severity.INFO, check=check, fixable=True, needs=("Secret",))
