r"""The Secret that is named for pulls is of a type that cannot serve them.

## What it does

Reports an object that names a Secret for image pulls when the Secret exists, its type is none of the two that serve
pulls, and it carries neither `.dockerconfigjson` nor `.dockercfg`: a TLS certificate, a basic-auth or SSH secret, an
`Opaque` one with other keys. A SealedSecret is judged by the type and the keys that it shows.

A Secret that carries the right key under the wrong type is reported once, by wrong-secret-type, and here only when that
rule does not run, as with `--select links`. Replicated and
templated Secrets, and fragments of Secrets among patches, are not judged.

## Why it matters

The kubelet takes a secret into account only if its type and its key agree (`kubernetes.io/dockerconfigjson` with
`.dockerconfigjson`, `kubernetes.io/dockercfg` with `.dockercfg`); any other is ignored without an event (Kubernetes
1.25 to 1.36). A `kubernetes.io/basic-auth` secret with the registry's user name and password is never used for a pull.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: registry-login}
type: kubernetes.io/basic-auth
stringData: {username: robot, password: hunter2}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app}
imagePullSecrets:
  - name: registry-login
```

## Fix

Create a Secret of type `kubernetes.io/dockerconfigjson` under another name and name that one. The type of an existing
Secret cannot be changed.

    rm -f auth.json && podman login --authfile=auth.json registry.example.com
    kubectl create secret generic registry-login-pull --type=kubernetes.io/dockerconfigjson \
      --from-file=.dockerconfigjson=auth.json && rm auth.json
"""

from collections.abc import Iterator

from linter.rule import (
    KEY_OF_TYPE,
    TYPE_OF_KEY,
    UNJUDGED,
    Context,
    Finding,
    GeneratedSecret,
    KubeObject,
    Reference,
    Related,
    Route,
    Rule,
    Severity,
    Use,
    dig,
    text,
)
from rules.links._census import Census, Fate, in_namespace, together
from rules.links._making import free_name, making
from rules.links._naming import Naming, Owners, impact, namings

_TEMPLATE_MARKS = ("{{", "${", "$(", "ENC[", "<")
_JUDGED = (Use.POD, Use.ACCOUNT, Use.BUILD, Use.PUSH)


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every object and name whose Secret cannot serve pulls."""
    census = context.once(Census)
    for naming in namings(context):
        if naming.use not in _JUDGED:
            continue  # What else a controller may read (user name and password, for one) is its own affair.
        found = census.whereabouts(naming)
        if found.fate is Fate.OTHER:
            beside = [item for item in found.objects if together(item, naming.object)]
            if len(beside) == 1:
                yield from _other(context, naming, beside[0])
        elif found.fate is Fate.MADE:
            for made in context.inventory.generated_named(naming.namespace, naming.name):
                if made.how == "SealedSecret" and together(made.object, naming.object) and _shown_useless(made):
                    yield _finding(context, naming, made.object, made.type or "Opaque", made.type_route)
    if "RC111" not in context.chosen:
        yield from _mistyped(context)


def _mistyped(context: Context) -> Iterator[Finding]:
    """Judge what names a pull secret of a type that serves none, where no rule runs that tells of the type itself."""
    owners = context.once(Owners)
    for secret in context.inventory.secrets:
        if secret.type in KEY_OF_TYPE or secret.state in UNJUDGED or secret.generated:
            continue
        named: dict[int, list[Reference]] = {}
        for reference in context.inventory.references_to(secret):
            item = reference.object
            if item is None or reference.use not in _JUDGED or not together(item, secret.object):
                continue
            if dig(item.metadata, "ownerReferences") is None:  # a copy changes with what made it
                named.setdefault(id(item), []).append(reference)
        pulls = context.joins.pulls_with(secret) if named else ()
        users = tuple(dict.fromkeys(owners.user(pull.workload) for pull in pulls))
        for first, *more in named.values():
            if first.object is not None:
                routes = tuple(one.route for one in (first, *more))
                naming = Naming(first.object, secret.name, first.use, routes, users)
                yield _finding(context, naming, secret.object, secret.type or "Opaque", ("type",))


def _other(context: Context, naming: Naming, item: KubeObject) -> Iterator[Finding]:
    """Judge a Secret that is no pull secret."""
    kind, data = item.body.get("type"), item.body.get("data") or item.body.get("stringData")
    unknown = _unfinished(kind, data)
    if not unknown and not context.in_cluster and not kind and not data:
        unknown = "absent"
    if unknown:
        message = (
            f"whether Secret {item.name} can serve pulls could not be judged: its type or keys are not in the file"
        )
        context.not_evaluated(unknown, message, of=item)
        return
    yield _finding(context, naming, item, text(kind) or "Opaque", ("type",))


def _unfinished(kind: object, data: object) -> str:
    """Return why type and keys are not final, as one word: "" when they are."""
    if (kind is not None and not isinstance(kind, str)) or (data is not None and not isinstance(data, dict)):
        return "templated"
    keys = [text(kind), *(str(key) for key in (data if isinstance(data, dict) else ()))]
    if any("ENC[" in key for key in keys):
        return "encrypted"
    return "templated" if any(mark in key for key in keys for mark in _TEMPLATE_MARKS) else ""


def _shown_useless(made: GeneratedSecret) -> bool:
    """Whether a SealedSecret shows that its result cannot serve: all its keys are in the clear."""
    return made.type not in KEY_OF_TYPE and bool(made.keys) and not any(key in TYPE_OF_KEY for key in made.keys)


def _finding(context: Context, naming: Naming, item: KubeObject, kind: str, route: Route) -> Finding:
    stated = isinstance(dig(item.body, *route), str)
    type_at = item.at(*route) if stated else item.at("metadata", "name")
    new = free_name(context, naming.namespace, f"{naming.name}-pull")
    return context.finding(
        f"{naming.says} Secret {naming.name}{in_namespace(naming.namespace)}, whose type {kind} cannot serve pulls",
        of=naming.object,
        at=naming.object.at(*naming.routes[0]),
        key=naming.name,
        detail="The kubelet reads only kubernetes.io/dockerconfigjson with the key .dockerconfigjson and "
        "kubernetes.io/dockercfg with .dockercfg; it ignores every other secret without an event (Kubernetes 1.25 to "
        "1.36).",
        remedy=f"Create a Secret of type kubernetes.io/dockerconfigjson under another name, {new} for example, and "
        "name that one: the type of an existing Secret cannot be changed.",
        commands=making(new, naming.namespace),
        related=[Related(f"its type is {kind}", type_at, item.ref), *naming.elsewhere()],
        impact=impact(context, naming),
    )


RULE = Rule(code="RC306", severity=Severity.ERROR, check=check)
