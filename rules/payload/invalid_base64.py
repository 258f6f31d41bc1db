"""A value under `data` is not base64.

## What it does

Reports a `.dockerconfigjson` or `.dockercfg` under `data` that is not standard base64. Line breaks inside the
value are legal and stay silent; spaces, tabs, the URL-safe alphabet and missing padding are not. Where the text
before the damage already shows that the content is no JSON, that is what is told: `invalid-json`. A config that
stands there without quotes is a mapping to YAML, and is reported here as well. A value that SOPS or Ansible Vault has
encrypted is not evaluated. One that `stringData` overrides is reported too: the API server decodes `data` first.

## Why it matters

Values under `data` are bytes written as base64. The API server refuses the whole object with `illegal base64
data at input byte …` (Kubernetes 1.25 to 1.36), so the Secret is not created or not updated, and pods go on
with the old one or with none. The usual causes: the JSON text itself was pasted where `stringData` was meant,
or the output of `base64` was wrapped and YAML joined its lines with spaces.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}'
```

## Fix

When the value is the JSON text, with quotes or without, it is encoded. When only white space, padding or the alphabet
is wrong and the rest is a readable config, it is written as base64 that the API server accepts. Both are safe: nothing
but the encoding changes. A value that `stringData` overrides is removed (safe). By hand: `base64 -w0 < config.json`, or
put the plain text under `stringData`.
"""

import re
from collections.abc import Iterator

from linter.rule import (
    Applicability,
    Context,
    Finding,
    Fix,
    Op,
    PullSecret,
    Related,
    Rule,
    Sensitive,
    Severity,
    command,
    dig,
    edit,
)
from rules.payload._defects import exempt, whole
from rules.payload._meant import as_json, plain_config
from rules.payload._overridden import overridden, refused, without_overridden
from rules.payload._shared import REFUSED, advice, named, readers, repair


def check(context: Context) -> Iterator[Finding]:
    """Report every value that the API server cannot decode."""
    for secret in whole(context, "RC101"):
        if secret.written is None:
            yield _mapping(context, secret)
            continue
        written = secret.written.reveal()
        why, plain = _reading(secret, written)
        yield context.finding(
            f"{named(secret)}: {secret.data_key} is not base64 ({secret.error}): {why}.",
            of=secret.object,
            at=secret.at(),
            key=secret.data_key or "",
            detail=REFUSED,
            remedy=advice(
                context, secret, "Encode the config once, without line wrapping, or put it in clear under stringData."
            ),
            commands=() if secret.generated else (command("base64", "-w0", "config.json"),),
            impact=readers(context, secret),
            fix=repair(secret, plain, f"Write {secret.data_key} of {secret.name} as base64"),
        )
    for secret in context.inventory.secrets:
        if secret.superseded and not exempt(secret):
            yield from _overridden(context, secret)


def _overridden(context: Context, secret: PullSecret) -> Iterator[Finding]:
    """Report a value that `stringData` overrides: it is decoded before that, and fails with the object around it."""
    loser = overridden(secret)
    if loser is None or secret.superseded is None or not refused(loser):
        return
    yield context.finding(
        f"{named(secret)}: {secret.data_key} under data is not base64, so what stringData sets does not count either.",
        of=secret.object,
        at=secret.object.at(*secret.superseded),
        key=secret.data_key or "",
        detail=f"The API server decodes data first, and writes stringData over it then. {REFUSED}",
        remedy=advice(context, secret, "Remove the value under data."),
        related=(Related("the value that was to be used", secret.at()),),
        impact=readers(context, secret),
        fix=without_overridden(secret),
    )


def _mapping(context: Context, secret: PullSecret) -> Finding:
    return context.finding(
        f"{named(secret)}: {secret.data_key} is not text: the config stands there as a YAML mapping.",
        of=secret.object,
        at=secret.at(),
        key=secret.data_key or "",
        detail=REFUSED,
        remedy=advice(context, secret, "Put the config under stringData, between single quotes or behind a bar (|)."),
        impact=readers(context, secret),
        fix=_quoted(secret),
    )


def _quoted(secret: PullSecret) -> Fix | None:
    """Write the mapping as the JSON that was meant, encoded under `data`; None where that would be no sound config."""
    import base64  # noqa: PLC0415 - only a repair needs it

    config = as_json(dig(secret.object.body, *secret.route), secret.data_key or "")
    if config is None or secret.generated:
        return None
    field = secret.route[0]
    new = base64.b64encode(config.encode()).decode("ascii") if field == "data" else config
    summary = f"Write {secret.data_key} of {secret.name} as {'base64' if field == 'data' else 'text'}"
    return Fix(Applicability.SAFE, summary, (edit(Op.SET, secret.object, secret.route, Sensitive(new)),))


def _reading(secret: PullSecret, written: str) -> tuple[str, str | None]:
    """Why the value is not base64, and the config it holds all the same (None when it holds none)."""
    plain = plain_config(written, secret.data_key or "")
    if plain == written:
        return "it is the JSON text itself", written
    if written.lstrip().startswith(("{", '"')):
        return "it is plain text, and not sound JSON either", None
    compact = "".join(written.split())
    spaced = re.search(r"[ \t]", written.strip()) is not None
    begun = re.fullmatch(r"e[w-z][A-Za-z0-9+/_-]*=*", compact) is not None  # as that of a brace does
    if begun and spaced:
        return "it has spaces or tabs, as wrapped base64 has once YAML has joined its lines", plain
    if begun and re.search(r"[-_]", compact):
        return "it uses the URL-safe alphabet", plain
    if not spaced and re.fullmatch(r"[A-Za-z0-9+/]+=*", compact):
        return "its length or padding is wrong, as when it was cut off", plain
    return "it has characters that base64 does not have", None


RULE = Rule(code="RC101", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
