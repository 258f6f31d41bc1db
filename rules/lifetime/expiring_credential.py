"""The token in a credential expires soon.

## What it does

Reports a credential whose token states an end within `expiry-warning-days` of the settings (30 days when nothing is
configured). Tokens that live a day at most by design are left to short-lived-credential, ended ones to
expired-credential. Secrets that a controller makes or replicates are exempt, because it renews them. The clock is that
of the machine, or of `SOURCE_DATE_EPOCH`.

## Why it matters

Nothing warns before a token ends: the pull that fails is the next one on a node without the image, often a restart at
night. Every pod and import that uses the credential is listed.

## Example

```yaml
# .regcred.yaml
expiry-warning-days: 60
```

## Fix

There is no automatic fix: only the registry can give a new token. The finding prints the renewal command, as
expired-credential does.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, Severity, shown, spot
from rules.lifetime._renewal import advised, renewal
from rules.lifetime._shared import DAY, dated, day, impact
from rules.payload._shared import advice


def check(context: Context) -> Iterator[Finding]:
    """Report every credential that ends within the configured days."""
    now, days = context.now, context.settings.expiry_warning_days
    for one in dated(context):
        if one.expires is None or one.expired(now) or one.short_lived or one.secret.generated:
            continue
        if one.expires - now > days * DAY:
            continue
        secret, commands = one.secret, renewal(context, one)
        yield context.finding(
            f"The {one.what} for {one.registries} in {secret.called} expires on {day(one.expires)}, within "
            f"{days} days",
            of=secret.object,
            at=spot(secret, *one.entry.key_span, one.entry.key),
            key=shown(one.entry.key),
            detail="The token states its end itself. After it the registry refuses every pull that is not served by an "
            "image on the node.",
            remedy=advice(context, secret, advised(one, "Renew it before then.", commands)),
            commands=commands,
            impact=impact(context, one),
        )


RULE = Rule(code="RC602", severity=Severity.WARNING, check=check, needs=("Secret",))
