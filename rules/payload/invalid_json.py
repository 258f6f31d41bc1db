"""The decoded payload is not JSON.

## What it does

Reports a payload that Go's JSON decoder refuses, with the line and column *inside* the payload and the likely
cause: a byte order mark, single quotes, a trailing comma, a comment, text that is cut off, YAML, templating
left over, a raw line break, an unescaped quote or backslash in a password, a credential alone.

A payload that is base64 once more is `double-encoded`, a value that stands in for one is
`placeholder-credential`.

A support bundle of Troubleshoot holds no payload: there the error of its collector, which decodes as Go does, counts.
In an install-config.yaml the text of `pullSecret` counts, where a credential stands in it: an example like
`'{"auths": ...}'` is left alone.

## Why it matters

For the two pull-secret types the API server parses the value and refuses the object (Kubernetes 1.25 to 1.36).
In a Secret of another type, `Opaque` above all, the text is stored unseen and fails in whatever reads it.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz",}}}
```

## Fix

A byte order mark is removed (safe). Comments, trailing commas, single and typographic quotes, UTF-16 and values that
`base64` has broken over several lines are repaired as an unsafe fix, and only when the result is a config that its
readers accept.
*Fix safety*: unsafe, because a repair guesses what the author meant: the diff shows it. All else must be
written anew: the finding prints how the payload is taken out, edited and put back.
"""

from collections.abc import Iterator

from linter.rule import Applicability, Context, Finding, Payload, PullSecret, Rule, Severity, State, spot
from rules.payload._defects import seen_only, whole
from rules.payload._installs import REFUSED, meant
from rules.payload._remake import anew, remake
from rules.payload._shared import advice, named, readers, reasons, repair, seen_finding

_REMEDY = "Write the payload as JSON, most easily with a tool that quotes for you."


def check(context: Context) -> Iterator[Finding]:
    """Report every payload that is not JSON."""
    for secret in whole(context, "RC102"):
        if secret.payload is None:
            yield from _empty(context, secret)
        else:
            yield _broken(context, secret, secret.payload)
    for config, payload in meant(context):
        if payload.errors and payload.errors[0].kind == "json":
            yield _refused(context, config, payload)
    for secret, _ in seen_only(context, "RC102"):
        message = f"{named(secret)}: {secret.data_key} is not JSON, as the collector of the support bundle has seen."
        yield seen_finding(context, secret, message, secret.data_key or "", _REMEDY)


def _broken(context: Context, secret: PullSecret, payload: Payload) -> Finding:
    from rules.payload._json_causes import cause  # noqa: PLC0415 - few calls meet such a payload

    found = cause(payload, payload.errors[0])
    if secret.error:
        # The base64 is damaged behind this place: what can be seen is not all there is, so nothing is repaired.
        found = found._replace(repaired=None)
    line, column = payload.position(found.offset)
    sure = Applicability.SAFE if found.safe else Applicability.UNSAFE
    return context.finding(
        f"{named(secret)}: {secret.content} is not JSON: {found.what} (line {line}, column {column} of the payload).",
        of=secret.object,
        at=spot(secret, found.offset, found.offset + 1),
        key=secret.data_key or "",
        detail=" ".join(filter(None, (_damage(secret), reasons(context, secret, refused=True)))),
        remedy=advice(context, secret, _REMEDY),
        commands=remake(context, secret),
        impact=readers(context, secret),
        fix=repair(secret, found.repaired, f"Make {secret.data_key} of {secret.name} valid JSON", sure),
    )


def _refused(context: Context, config: PullSecret, payload: Payload) -> Finding:
    from rules.payload._json_causes import cause  # noqa: PLC0415 - as above

    found = cause(payload, payload.errors[0])
    line, column = payload.position(found.offset)
    item, at = config.object, f"(line {line}, column {column} of the payload)"
    return context.finding(
        f"{config.data_key} of {item.called} is not JSON: {found.what} {at}",
        of=item,
        at=spot(config, found.offset, found.offset + 1),
        key=config.data_key or "",
        detail=REFUSED,
        remedy=f"{_REMEDY} In YAML it stands between single quotes, in one line.",
    )


def _damage(secret: PullSecret) -> str:
    if not secret.error:
        return ""
    return (
        f"Its base64 is damaged as well ({secret.error}), so the API server refuses the object whatever its type; a "
        "character that was lost or added on the way would explain both."
    )


def _empty(context: Context, secret: PullSecret) -> Iterator[Finding]:
    if context.in_cluster and secret.typed:
        # The API server stores no empty value of these types: whoever made the dump took the content out.
        context.not_evaluated(str(State.REDACTED), "the dump holds no value for it", of=secret.object, at=secret.at())
        return
    yield context.finding(
        f"{named(secret)}: {secret.content} is empty, which is not JSON.",
        of=secret.object,
        at=secret.at(),
        key=secret.data_key or "",
        detail=reasons(context, secret, refused=True),
        remedy=advice(context, secret, 'Put the credentials there. A config without any is written {"auths":{}}.'),
        commands=anew(context, secret),
        impact=readers(context, secret),
    )


RULE = Rule(code="RC102", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
