"""The type of the Secret does not go with its pull-secret key.

## What it does

Reports a Secret with the key `.dockerconfigjson` whose type is not `kubernetes.io/dockerconfigjson`, or with
`.dockercfg` and a type other than `kubernetes.io/dockercfg`. No type means `Opaque`. A type that a template fills in
is not evaluated.

Silent are Secrets that serve something else and that nothing pulls with: those mounted as a file (kaniko,
buildah, Tekton and Argo Workflows mount such a Secret as their config), those read by key (Hive, HyperShift,
the assisted installer and the site configurations for it, the import of clusters by Advanced Cluster
Management, the Argo CD image updater), and types of other tools such as `helm.sh/release.v1`. A Secret that is a
patch of a kustomization, or that one changes, is listed under coverage: only what is built has its type.

## Why it matters

The kubelet takes a Secret only when type and key agree; any other one it passes over without an event, a
warning or a log line (Kubernetes 1.25 to 1.36). The OpenShift importer and the Flux, Tekton and Knative
controllers do the same. The pull goes out anonymously, although the link, the name and the content are right.
Where the type is one of the two and the key belongs to the other, the API server refuses the Secret.

## Example

```yaml
kind: Secret
type: Opaque
stringData:
  .dockerconfigjson: |
    {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

## Fix

The type is set. In manifests that is safe for whoever creates the Secret; where it already exists, the API
server refuses the change, because `type` is immutable: save it, delete it and create it anew from the file, which
is to be kept until then. (`kubectl replace --force` deletes it too, and keeps nothing if the new one is refused.)
No fix is offered while the payload has a defect of its own, because the right type would make it fail for
everybody, nor for OpenShift's global pull secret with `.dockercfg`, of which the legacy type is refused too.
"""

from collections.abc import Iterator

from linter.rule import (
    DOCKERCONFIGJSON,
    KEY_OF_TYPE,
    TYPE_OF_KEY,
    UNJUDGED,
    Affected,
    Applicability,
    Context,
    Finding,
    Fix,
    Impact,
    Location,
    Op,
    PullSecret,
    Rule,
    Severity,
    State,
    command,
    credentials,
    edit,
    lazy,
    origin,
    piped,
    text,
)
from rules.imports._shared import HOSTED
from rules.payload._defects import exempt, whole_defect
from rules.payload._remake import kept_elsewhere
from rules.payload._shared import everywhere, named
from rules.payload._uses import foreign_type, labelled, pulled_with, used_otherwise
from rules.registries._needs import maker_of_more

_PLAIN = lazy(r"[\w./-]+")
_TO_NODES = (
    "Write it as kubernetes.io/dockerconfigjson, under the key .dockerconfigjson with the entries in auths: the "
    "machine-config operator refuses the global pull secret in the legacy form."
)
_IMMUTABLE = "The type of a Secret cannot be changed once it exists: delete it and create it anew."
_SAVED = "The commands save it to a file first, which is to be kept until the Secret has been created."
_OWN = frozenset(
    f"{group}/{kind}"
    for group, kinds in (
        ("kubernetes.io", ("service-account-token", "basic-auth", "ssh-auth", "tls")),
        ("bootstrap.kubernetes.io", ("token",)),
    )
    for kind in kinds
)
"""Types that others than pulls read the Secret by."""
_NAME = lazy(r"[a-z0-9.-]+")


def check(context: Context) -> Iterator[Finding]:
    """Report every pull secret that its type hides from whoever pulls."""
    for secret in context.inventory.secrets:
        if secret.data_key is None or secret.typed or exempt(secret):
            continue
        if not _PLAIN.fullmatch(secret.type):
            if secret.state is State.ENCRYPTED:
                continue  # which is said of its value
            why = f"its type is not in its final form, so whether it goes with {secret.data_key} is not known"
            context.not_evaluated(str(State.TEMPLATED), why, of=secret.object, at=secret.object.at("type"))
        elif _final(secret) and not _elsewhere(context, secret):
            yield _finding(context, secret)


def _final(secret: PullSecret) -> bool:
    """Whether the type is what it will be."""
    # Of redacted content nothing is known, but the type stands there in clear; a template may still set both. OpenShift
    # fills in the parameters of its Templates and nothing else: a type without one is final.
    final = secret.state is State.TEMPLATED and "objects" in secret.object.route
    return final or secret.state not in UNJUDGED or secret.state is State.REDACTED


def _elsewhere(context: Context, secret: PullSecret) -> bool:
    """Whether something else accounts for it: another use, another tool's type, or the object that makes it (RC117)."""
    where = (context, secret.name, secret.namespace)
    made = context.inventory.generated_named(secret.namespace, secret.name)
    if any(secret.data_key in one.keys and KEY_OF_TYPE.get(one.type) != secret.data_key for one in made):
        return True
    return (foreign_type(secret.type) or labelled(secret) or used_otherwise(*where)) and not pulled_with(*where)


def _finding(context: Context, secret: PullSecret) -> Finding:
    key = secret.data_key or ""
    right = TYPE_OF_KEY[key]
    refused = secret.type in KEY_OF_TYPE
    stated = bool(text(secret.object.body.get("type")))
    what = f"has type {secret.type}" if stated else "has no type, which means Opaque,"
    effect = "so the API server refuses it" if refused else "so nothing pulls with it"
    legacy = right != DOCKERCONFIGJSON and context.inventory.is_global(secret)
    commands = () if legacy else _commands(context, secret, right)
    remedy = _TO_NODES if legacy else " ".join((f"Set type: {right}.", _IMMUTABLE, *([_SAVED] if commands else ())))
    why = f"The kubelet and the importer pass over {key} under any type but {right}, without a word"
    if refused:
        why = f"The type {secret.type} promises the key {KEY_OF_TYPE[secret.type]}"
    return context.finding(
        f"{named(secret)} {what} and the key {key}, {effect}.",
        of=secret.object,
        at=_place(secret, stated=stated),
        key=key,
        detail=f"{why} (Kubernetes 1.25 to 1.36).{everywhere(context, secret)}",
        remedy=origin(secret) or (f"{remedy} {HOSTED}" if kept_elsewhere(context, secret) else remedy),
        commands=commands,
        impact=_impact(context, secret, right),
        fix=None if legacy else _fix(secret, right),
    )


def _place(secret: PullSecret, *, stated: bool) -> Location:
    return secret.object.at("type") if stated else secret.at("key")


def _commands(context: Context, secret: PullSecret, right: str) -> tuple[str, ...]:
    """Return the commands that save the Secret, delete it and create it with another type, and lose it at no step.

    The global pull secret is none to be deleted, and what the API server may refuse to create is none either.
    """
    if secret.type in KEY_OF_TYPE or secret.type in _OWN or context.inventory.is_global(secret) or not _sound(secret):
        return ()
    name, namespace = secret.name, secret.namespace
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(namespace or "default"):
        return ()
    file = f"secret-{namespace or 'default'}-{name}.json"
    read = command("kubectl", "get", "secret", name, "-o", "json", namespace=namespace, about=(name,))
    change = command("jq", "-n", f'input | .type = "{right}" | del(.metadata.uid, .metadata.resourceVersion)')
    delete = command("kubectl", "delete", "secret", name, namespace=namespace, about=(name,))
    if not (read and delete):
        return ()
    create = command("kubectl", "create", "-f", file, namespace=namespace)
    return (f"{piped(read, change)} > {file} && {delete}", f"{create} && rm {file}")


def _impact(context: Context, secret: PullSecret, right: str) -> Impact:
    """Return the pulls that name the secret, and the imports of its namespace that find nothing without it."""

    def wanted(image: str) -> bool:
        return _would_serve(secret, right, image)

    joins = context.joins
    unread = secret.payload is None or secret.payload.root is None
    imports = dict.fromkeys(
        Affected(pull.stream.object.ref, pull.tag.image, unread or bool(maker_of_more(context, pull.stream)))
        for pull in joins.import_pulls
        if pull.stream.object.namespace == secret.namespace
        and not secret.excluded
        and joins.import_outcome(pull).verdict == "anonymous"
        and wanted(pull.tag.image)
    )
    named = None if unread else wanted
    pulls = joins.impact(secret, named)._replace(imports=())
    if not imports:
        return pulls
    return Impact(() if pulls.may else pulls.workloads, tuple(imports))


def _would_serve(secret: PullSecret, right: str, image: str) -> bool:
    if secret.decoded is None or secret.payload is None:
        return True
    data = {secret.data_key or "": secret.decoded.reveal().encode("utf-8", "surrogatepass")}
    probe = credentials.PullSecret(secret.name, right, data)
    found = credentials.lookup(image, [probe], consumer=credentials.Consumer.KUBELET)
    return found.found or found.error == "keyring"


def _sound(secret: PullSecret) -> bool:
    """Whether it is the user's own, and would be taken and read under the right type."""
    payload = secret.payload
    return payload is not None and payload.error is None and not whole_defect(secret) and not secret.generated


def _fix(secret: PullSecret, right: str) -> Fix | None:
    if not _sound(secret):
        return None
    summary = f"Set the type of {secret.name} to {right}"
    return Fix(Applicability.SAFE, summary, (edit(Op.SET, secret.object, ("type",), right),))


RULE = Rule(code="RC111", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
