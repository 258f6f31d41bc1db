"""The payload was encoded in base64 twice.

## What it does

Reports a payload that, once decoded, is base64 of the config instead of the config: under `data` two layers of
base64, under `stringData` one.

## Why it matters

Kubernetes removes one layer from `data` and none from `stringData`. What is left begins with `eyJ…` and is not
JSON: `invalid character 'e' looking for beginning of value`. The API server refuses such a pull secret
(Kubernetes 1.25 to 1.36). It happens when a value that is already encoded passes through a tool that encodes:
Terraform, a vault operator, `kubectl create secret --from-literal`, or `stringData` filled with the value of
`data`.

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19
```

## Fix

The surplus layers are removed. This is safe: the content stays, byte for byte.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, Severity
from rules.payload._defects import inner_json, whole
from rules.payload._shared import advice, named, readers, reasons, repair


def check(context: Context) -> Iterator[Finding]:
    """Report every payload that is base64 of JSON."""
    for secret in whole(context, "RC103"):
        clear = secret.route[:1] == ("stringData",)
        where = "stringData is taken as it stands, and" if clear else "once decoded,"
        yield context.finding(
            f"{named(secret)}: {where} {secret.data_key} is still base64 of the config.",
            of=secret.object,
            at=secret.at(),
            key=secret.data_key or "",
            detail=reasons(context, secret, refused=True),
            remedy=advice(context, secret, "Encode the config once under data, or not at all under stringData."),
            impact=readers(context, secret),
            fix=repair(
                secret,
                inner_json(secret.payload.text) if secret.payload is not None else None,
                f"Remove the surplus base64 from {secret.data_key} of {secret.name}",
            ),
        )


RULE = Rule(code="RC103", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
