r"""A shell has eaten into a credential, or was never asked to fill it in.

## What it does

Reports the traces of quoting gone wrong: `$AUTH`, `$(cat token)` or `$env:TOKEN` as it stands in the script, a user
name with `$$` or `\$` or with its quotes around it, and the user name `robot` alone, which is what is left of a Harbor
robot account such as `robot$ci` between double quotes. The last one is a guess, and the message says so: it is made
where the registry or the password looks like Harbor, or where the entry has the three members that
`kubectl create secret docker-registry` writes, and never for public registries and cloud registries, which have no such
accounts.

## Why it matters

Robot and service accounts carry a `$` in their names (Harbor `robot$name`, `$oauthtoken`, `$app`). Between
double quotes a shell replaces `$ci` by an empty text; Compose files, Jenkins and Make want it doubled and undo
that once. The credential is sent as it stands, and the registry refuses it. `$AUTH` as the `auth` cannot even
be decoded, which fails all pods that read the Secret (Kubernetes 1.25 to 1.36).

## Example

```yaml
kind: Secret
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"registry.example.com": {"auth": "$AUTH"}}}
```

## Fix

None is offered: what was eaten is gone. The commands of the finding ask for the name, where no shell reads it. In a
script, put it between single quotes and write it with one `$`: `--username='robot$ci'`.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, Severity, shown, spot
from rules.payload._defects import GUESS, eaten, entries
from rules.payload._remake import remake
from rules.payload._shared import advice, matched, member, of_entry, readers, reasons

_GUESS = (
    "This is a guess: a user may be called robot. It is made because Harbor calls its robot accounts robot$name, a "
    "shell leaves robot of that between double quotes, and the registry or the entry looks like it. If it is right, "
    "the registry refuses the login; if the user is called robot, accept the finding."
)


def check(context: Context) -> Iterator[Finding]:
    """Report every credential that a shell has changed or left undone."""
    for secret, payload, entry in entries(context, "RC118"):
        where, what = eaten(entry) or ("auth", "a shell variable")
        node = member(payload, entry, where)
        start, end = (node.start, node.end) if node is not None else entry.value_span
        undecodable = bool(entry.auth_error)
        also = ", and cannot be decoded" if undecodable else ""
        guess = what.endswith(GUESS)
        sent = _GUESS if guess else "The registry gets it as it stands and refuses it."
        yield context.finding(
            f"The {where} of {of_entry(secret, entry)} holds {what}{also}.",
            of=secret.object,
            at=spot(secret, start, end, entry.key),
            key=shown(entry.key),
            detail=reasons(context, secret) if undecodable else sent,
            remedy=advice(
                context, secret, "Put the credential between single quotes where a shell reads it, with one $."
            ),
            commands=remake(context, secret, entry),
            impact=readers(context, secret, None if payload.error is not None else matched([entry.key])),
        )


RULE = Rule(code="RC118", severity=Severity.WARNING, check=check, needs=("Secret",))
