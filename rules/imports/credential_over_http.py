r"""A credential is used with an insecure registry and can cross the network in clear.

## What it does
Reports an image stream that imports over an insecure connection from a registry for which a credential reaches the
import, and an entry of `registrySources.insecureRegistries` when a pod's image comes from that registry with a
credential. Insecure are imports with `importPolicy.insecure`, the annotation `openshift.io/image.insecureRepository`
(which speaks for `spec.dockerImageRepository` alone), and registries in that list. For the nodes an entry of the list
can also be a path (`registry.example.com/team`) or all hosts of a domain (`*.example.com`); imports know only entries
that are the registry itself.

## Why it matters
"Insecure" switches two protections off at once: the certificate is not checked, and when TLS cannot be had the client
goes on over plain HTTP (OpenShift 4.x importer, CRI-O). Whoever stands on the way can answer in the registry's place,
and is then sent user name and password, base64 and no more.

## Example
```yaml
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: app, namespace: shop}
spec:
  tags:
  - name: latest
    from: {kind: DockerImage, name: registry.example.com/shop/app:latest}
    importPolicy: {insecure: true}
```
in a namespace with a pull secret for `registry.example.com`.

## Fix
There is no automatic fix: without the flag the import fails until the registry's certificate is trusted. Give the
cluster the certificate authority, then remove the flag. Look first whether it has a ConfigMap of such authorities:

    oc get image.config.openshift.io/cluster -o jsonpath='{.spec.additionalTrustedCA.name}'

The one that is named there speaks for all registries and must not be replaced: add a key to it.

    oc set data configmap/NAME --from-file=registry.example.com=ca.crt -n openshift-config

Where none is named, create one and name it:

    oc create configmap registry-ca --from-file=registry.example.com=ca.crt -n openshift-config &&
      oc patch image.config.openshift.io/cluster --type=merge \
        -p '{"spec":{"additionalTrustedCA":{"name":"registry-ca"}}}'

Where the control plane is hosted (`controlPlaneTopology: External`), the HostedCluster of the management cluster holds
these settings, in `spec.configuration.image`.
"""

from collections.abc import Iterator
from itertools import chain

from linter.rule import (
    Affected,
    Context,
    Finding,
    ImportPull,
    KubeObject,
    Location,
    Outcome,
    Related,
    Route,
    Rule,
    Severity,
    command,
    dig,
    group,
    shown,
    text,
)
from rules.imports._shared import hosted
from rules.registries._needs import above, split_port
from rules.registries._shared import OPENSHIFT, affected, named

INSECURE_ANNOTATION = "openshift.io/image.insecureRepository"
_CONFIG = "image.config.openshift.io/cluster"
_NAMED = '{"spec":{"additionalTrustedCA":{"name":"registry-ca"}}}'
_LISTED: Route = ("spec", "registrySources", "insecureRegistries")
_DETAIL = (
    "An insecure registry is one whose certificate is not checked, and with which the client goes on over plain HTTP "
    "when TLS cannot be had: user name and password are then readable on the way."
)


def check(context: Context) -> Iterator[Finding]:
    """Report every stream and registry once, and every listed registry once."""
    yield from _imports(context)
    yield from _listed(context)


def _imports(context: Context) -> Iterator[Finding]:
    cases: dict[tuple[int, str], list[ImportPull]] = {}
    for pull in context.joins.import_pulls:
        if pull.tag.insecure:
            registry = _used(context.joins.import_outcome(pull))
            if registry:
                cases.setdefault((id(pull.stream.object), registry), []).append(pull)
    for (_, registry), pulls in cases.items():
        item = pulls[0].stream.object
        hit = [(True, Affected(item.ref, pull.tag.image)) for pull in pulls]
        yield _finding(
            context,
            f"{item.called} imports from {shown(registry)} over an insecure connection with a credential",
            item,
            _flag(pulls[0]),
            registry,
            context.joins.import_outcome(pulls[0]),
            hit,
        )


def _listed(context: Context) -> Iterator[Finding]:
    joins = context.joins
    insecure = context.inventory.insecure_registries
    if not insecure:
        return
    used: dict[str, list[tuple[bool, Affected]]] = {}
    outcomes: dict[str, tuple[str, Outcome]] = {}
    pulls = ((False, one.workload.object, one.image, joins.pull_outcome(one)) for one in joins.workload_pulls)
    imports = ((True, one.stream.object, one.tag.image, joins.import_outcome(one)) for one in joins.import_pulls)
    for imported, item, image, outcome in chain(pulls, imports):
        registry, repository = _used(outcome), outcome.lookup.reference if outcome.lookup is not None else None
        if not registry or not repository:
            continue
        entry = _exact(insecure, registry) if imported else _covering(insecure, repository)
        if entry:
            outcomes.setdefault(entry, (registry, outcome))
            used.setdefault(entry, []).append((imported, Affected(item.ref, image)))
    for item in context.inventory.objects:
        if item.kind != "Image" or group(item.api_version) != "config.openshift.io":
            continue
        listed = dig(item.body, *_LISTED)
        places: dict[str, list[Location]] = {}
        for index, entry in enumerate(map(text, listed) if isinstance(listed, list) else []):
            if entry in used:
                places.setdefault(entry, []).append(item.at(*_LISTED, index))
        for entry, (at, *again) in places.items():
            message = f"The insecure registry {shown(entry)} is used with a credential"
            found = _finding(context, message, item, at, *outcomes[entry], used[entry], key=entry)
            also = [Related("listed here too", place, item.ref) for place in again]
            yield found._replace(related=(*found.related, *also))


def _exact(insecure: frozenset[str], registry: str) -> str:
    """Return the entry that makes imports from a registry insecure: the importer knows neither paths nor wildcards."""
    return registry if registry in insecure else ""


def _covering(insecure: frozenset[str], repository: str) -> str:
    """Return the entry that makes the nodes' pulls of a repository insecure, the most specific one, "" for none.

    CRI-O compares as registries.conf does: an entry covers the registry or the path that it is, all below it, and as
    `*.domain` every host below that domain, whatever its port.
    """
    found = [scope for scope in above(repository) if scope in insecure]
    if found:
        return max(found, key=len)
    registry = repository.partition("/")[0]
    hosts = dict.fromkeys((registry, split_port(registry)[0]))
    domains = (f"*{host[at:]}" for host in hosts for at, sign in enumerate(host) if sign == ".")
    return next((domain for domain in domains if domain in insecure), "")


def _used(outcome: Outcome) -> str:
    """Return the registry to which a usable credential of the user's goes, "" when none does."""
    if outcome.verdict != "credential" or outcome.lookup is None or not outcome.lookup.reference:
        return ""
    first = outcome.lookup.candidates[0]
    internal = outcome.secret is not None and outcome.secret.generated == OPENSHIFT
    return outcome.lookup.reference.partition("/")[0] if (first.username or first.password) and not internal else ""


def _flag(pull: ImportPull) -> Location:
    """Return where the import is said to be insecure."""
    item, route = pull.stream.object, pull.tag.route
    if route[-1] == "dockerImageRepository":
        return item.at("metadata", "annotations", INSECURE_ANNOTATION)
    return item.at(*route[:-2], "importPolicy", "insecure")


def _finding(
    context: Context,
    message: str,
    item: KubeObject,
    at: Location,
    registry: str,
    outcome: Outcome,
    hit: list[tuple[bool, Affected]],
    *,
    key: str = "",
) -> Finding:
    secret = outcome.secret
    remedy, commands = _trust(context, registry)
    return context.finding(
        message,
        of=item,
        at=at,
        key=shown(key or registry),
        detail=_DETAIL,
        remedy=f"Let the cluster trust the registry's certificate authority, then remove the flag. {remedy}",
        commands=commands,
        related=[Related(f"{named(secret)} holds the credential", secret.at(), secret.object.ref)] if secret else [],
        impact=affected(hit),
    )


def _trust(context: Context, registry: str) -> tuple[str, tuple[str, ...]]:
    """Return how the cluster is given a registry's certificate authority and keeps those that it has."""
    if hosted(context):
        return "The HostedCluster of the management cluster holds its list, in spec.configuration.image.", ()
    space, ca = "openshift-config", f"--from-file={registry.replace(':', '..')}=ca.crt"
    found = context.inventory.of_kinds(frozenset({"Image"}))
    found = tuple(item for item in found if group(item.api_version) == "config.openshift.io")
    name = text(dig(found[0].body, "spec", "additionalTrustedCA", "name")) if len(found) == 1 else ""
    if name:
        add = command("oc", "set", "data", f"configmap/{name}", ca, namespace=space, about=(name,))
        return f"ConfigMap {name} of namespace {space} lists the authorities: add this one.", (add,)
    look = command("oc", "get", _CONFIG, "-o", "jsonpath={.spec.additionalTrustedCA.name}")
    if not (found and context.in_cluster):
        return f"Add it to the ConfigMap that {_CONFIG} names, or name a new one there where it names none.", (look,)
    create = command("oc", "create", "configmap", "registry-ca", ca, namespace=space)
    patch = command("oc", "patch", _CONFIG, "--type=merge", "-p", _NAMED)
    return f"No ConfigMap lists such authorities yet: create one, and name it in {_CONFIG}.", (f"{create} && {patch}",)


RULE = Rule(code="RC407", severity=Severity.WARNING, check=check, needs=("ImageStream",))
