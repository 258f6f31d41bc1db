"""The same registry key stands twice in one payload, and the last one silently wins.

## What it does
Reports a key that occurs more than once among the registries of a pull secret. It is an error when the entries hold
different credentials and a warning when they hold the same.

`quay.io` beside `quay.io/team` are two keys: each has its own credential, and nothing is reported.

## Why it matters
The kubelet, CRI-O and OpenShift's image importer decode the payload with Go's JSON decoder, which replaces the whole
entry when a key is repeated and says nothing (Kubernetes 1.25 to 1.36). The API server accepts it too. Whoever wrote
the earlier entry sees it in the file and never finds out why it is not used.

## Example
```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {
      "quay.io": {"username": "old", "password": "pass"},
      "quay.io": {"username": "new", "password": "pass"}
    }}
```

## Fix
Removes the entries that lose, so that the text says what its readers have been doing all along.

*Fix safety*: safe when all entries hold the same credential. With different ones the fix is unsafe: it removes a
credential, and only its owner knows whether the loser was the one that was meant.
"""

from collections import defaultdict
from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Entry,
    Finding,
    Fix,
    Impact,
    Payload,
    PullSecret,
    Related,
    Rule,
    Severity,
    origin,
    payload_fix,
    shown,
)
from rules.registries._shared import at_key, equal_entries, judged, line_of, named, serves, without


def check(context: Context) -> Iterator[Finding]:
    """Report every key that stands more than once."""
    for secret, payload in judged(context):
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in payload.entries:
            groups[entry.key].append(entry)
        for group in groups.values():
            # A later `auths: null` clears them all: then nobody wins, and the shape is the defect.
            if len(group) > 1 and group[-1].live:
                yield _finding(context, secret, payload, group)


def _finding(context: Context, secret: PullSecret, payload: Payload, group: list[Entry]) -> Finding:
    *losers, winner = group
    equal = all(equal_entries(payload, loser, winner) for loser in losers)
    key = shown(winner.key)
    times = "twice" if len(group) == 2 else f"{len(group)} times"
    which = "with the same credential each time" if equal else "with different credentials"
    return context.finding(
        f"The key {key} stands {times} in {secret.content} of {named(secret)} {which}: only the last one counts",
        of=secret.object,
        at=at_key(secret, losers[0]),
        severity=Severity.WARNING if equal else Severity.ERROR,
        key=key,
        detail="Go's JSON decoder replaces an entry when its key is repeated, without a word: so do the "
        "kubelet, CRI-O and "
        "OpenShift's image importer (Kubernetes 1.25 to 1.36).",
        remedy=origin(secret)
        or (
            "Remove the repetition."
            if equal
            else f"Decide which credential is the right one for {key} and remove the other."
        ),
        related=[
            *(
                Related(f"has no effect either: {line_of(secret, loser)}", at_key(secret, loser))
                for loser in losers[1:]
            ),
            Related(f"this one counts: {line_of(secret, winner)}", at_key(secret, winner)),
        ],
        # What counts may be what was meant: which of the pulls fail nobody can tell.
        impact=Impact() if equal else context.joins.impact(secret, serves(winner))._replace(may=True),
        fix=None if secret.generated else _fix(secret, payload, winner.key, equal=equal),
    )


def _fix(secret: PullSecret, payload: Payload, key: str, *, equal: bool) -> Fix | None:
    def loser(now: Payload) -> Entry | None:
        found = [entry for entry in now.entries if entry.key == key]
        return found[0] if len(found) > 1 else None

    summary = (
        f"remove the repetition of {shown(key)}"
        if equal
        else f"remove the entry for {shown(key)} that has no effect; its credential, which differs, is lost"
    )
    most = sum(entry.key == key for entry in payload.entries) - 1
    applicability = Applicability.SAFE if equal else Applicability.UNSAFE
    text = without(payload, loser, most)
    return payload_fix(secret, text, summary, applicability) if text is not None else None


RULE = Rule(code="RC201", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
