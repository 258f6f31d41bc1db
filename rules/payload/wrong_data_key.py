"""The type of the Secret promises a key that is not there.

## What it does

Reports a Secret of type `kubernetes.io/dockerconfigjson` without the key `.dockerconfigjson`, or of type
`kubernetes.io/dockercfg` without `.dockercfg`: named `config.json`, `dockerconfigjson` or the like, or missing
altogether. Where the key of the *other* type stands, the type is what is wrong: that is `wrong-secret-type`. What a
template is yet to fill in is not evaluated.
The same is said of a SealedSecret, an ExternalSecret, a SecretProviderClass and a `secretGenerator` whose keys are
all known.

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

from linter.rule import (
    KEY_OF_TYPE,
    TYPE_OF_KEY,
    Applicability,
    Context,
    Finding,
    Fix,
    GeneratedSecret,
    Inventory,
    Op,
    PullSecret,
    Rule,
    Severity,
    State,
    command,
    dig,
    edit,
    lazy,
    shown,
    text,
)
from rules.payload._defects import exempt
from rules.payload._made import key_at, whole
from rules.payload._meant import Value, pairs, values
from rules.payload._shared import REFUSED, advice, named

_TEMPLATED = lazy(r"\{\{|\{%|<%|<path:|\$\{|\$\(")
_NEAR = lazy(r"docker|config\.json|auth\.json", re.IGNORECASE)


_GIVING = tuple(
    ("spec", field)
    for field in ("data", "dataFrom", "target", "encryptedData", "template", "secretObjects", "externalSecretSpec")
)
"""The fields by which generators give a Secret its keys."""


def check(context: Context) -> Iterator[Finding]:
    """Report every pull secret by type that lacks the key of its type."""
    for secret in context.inventory.secrets:
        if secret.state is State.ABSENT and secret.type in KEY_OF_TYPE and not exempt(secret):
            if context.in_cluster and not any(value for _, _, value in pairs(secret)):
                # The API server stores no such Secret: whoever made the dump took the content out.
                context.not_evaluated("absent", "the dump holds no value for it", of=secret.object)
            elif _templated(secret):
                why = "a template fills in its content, and may fill in the key"
                context.not_evaluated(str(State.TEMPLATED), why, of=secret.object)
            else:
                yield _finding(context, secret)
    for made in context.inventory.generated:
        if made.type in KEY_OF_TYPE and not _keyed(made) and whole(made) and not _added(context, made):
            build = _patched(context, made)
            if build:
                why = f"a patch of {build} changes what it makes the Secret of: what is built tells (`--render`)"
                context.not_evaluated(str(State.TEMPLATED), why, of=made.object)
            else:
                yield _of_generated(context, made)


def _templated(secret: PullSecret) -> bool:
    return any(_TEMPLATED.search(f"{key}\n{value}") for _, key, value in pairs(secret))


def _finding(context: Context, secret: PullSecret) -> Finding:
    right = KEY_OF_TYPE[secret.type]
    astray = right in secret.object.body
    found = list(values(secret))
    meant = _meant(found)
    if meant is not None:
        held = f"the key {shown(meant.key)} instead of {right}"
        at = secret.object.at(meant.field, meant.key, part="key")
    else:
        held = f"no key {right}" if found else f"no data, and so no key {right}"
        at = secret.object.at("type")
        if astray:
            held, at = f"{right} beside data, where nobody looks, and not in it", secret.object.at(right, part="key")
    remedy = f"Indent {right} below data." if astray else f"Call the key {right}."
    return context.finding(
        f"{named(secret)} of type {secret.type} has {held}.",
        of=secret.object,
        at=at,
        key=right,
        detail=f"{REFUSED} If another file adds the key, check what is built from both.",
        remedy=advice(context, secret, remedy),
        commands=() if context.inventory.is_global(secret) else _commands(secret, right, len(found)),
        impact=context.joins.impact(secret),
        fix=_fix(secret, meant, right, sole=sum(value.payload is not None for value in found) == 1),
    )


def _patched(context: Context, made: GeneratedSecret) -> str:
    """Return the build file of which a patch may give the Secret other keys, "" when none does."""
    kustomized = context.inventory.kustomized
    return kustomized.changing(made.object, *_GIVING) if kustomized is not None else ""


def _keyed(made: GeneratedSecret) -> bool:
    return any(key in TYPE_OF_KEY for key in made.keys)


def _added(context: Context, made: GeneratedSecret) -> bool:
    """Whether another generator or manifest of that name brings the key, be it before its prefix or after."""
    return not context.inventory.once(_holders).isdisjoint(_names(made))


def _holders(inventory: Inventory) -> set[str]:
    return {
        *(secret.name for secret in inventory.secrets if secret.data_key is not None),
        *(name for made in inventory.generated if _keyed(made) for name in _names(made)),
    }


def _names(made: GeneratedSecret) -> tuple[str, ...]:
    plain = dig(made.object.body, *made.type_route[:-1], "name") if made.how == "secretGenerator" else None
    return (made.name, text(plain)) if plain else (made.name,)


def _of_generated(context: Context, made: GeneratedSecret) -> Finding:
    right = KEY_OF_TYPE[made.type]
    near = [key for key in made.keys if _NEAR.search(key)]
    meant = near[0] if len(near) == 1 else None
    held = f"the key {shown(meant)} instead of {right}" if meant else f"no key {right}"
    return context.finding(
        f"The {made.how} {made.object.name or made.name} makes Secret {made.name} of type {made.type} with {held}.",
        of=made.object,
        at=(key_at(made, meant) if meant else None) or made.object.at(*made.type_route),
        key=made.name,
        detail="The API server refuses such a Secret, so none is made (Kubernetes 1.25 to 1.36)."
        + (" If another kustomization adds the key, check what is built." if made.how == "secretGenerator" else ""),
        remedy=f"Call the key {right}." if meant else f"Give it the key {right} with the config for its value.",
    )


def _meant(found: list[Value]) -> Value | None:
    """The value that was meant: the config among them, else the one with a telling name."""
    configs = [value for value in found if value.payload is not None]
    near = [value for value in found if _NEAR.search(value.key)]
    for chosen in (configs, near):
        if chosen:
            return chosen[0] if len(chosen) == 1 else None
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


def _fix(secret: PullSecret, meant: Value | None, right: str, *, sole: bool) -> Fix | None:
    if meant is None or meant.payload is None or not sole or secret.generated:
        return None
    summary = f"Rename the key of {secret.name} to {right}"
    return Fix(Applicability.SAFE, summary, (edit(Op.RENAME, secret.object, (meant.field, meant.key), right),))


RULE = Rule(code="RC112", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
