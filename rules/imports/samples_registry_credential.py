r"""The samples are imported from a registry for which no credential is known.

## What it does
Looks at the configuration of the samples operator. Reports a `samplesRegistry` other than `registry.redhat.io` when
neither a pull secret of namespace `openshift` nor the node-wide pull secret has an entry for it. A configuration that
is `Removed` imports nothing and is not reported.

It is an error in a cluster, and a warning in files that hold only part of one. Where those secrets could not be read,
the rule says that it could not judge.

## Why it matters
`samplesRegistry` rewrites the host of every image stream that the operator keeps in namespace `openshift`. Until
OpenShift 4.4 the operator copied a credential for it; since 4.5 it does not: what matches must be in that namespace
or node-wide.

## Example
```yaml
apiVersion: samples.operator.openshift.io/v1
kind: Config
metadata: {name: cluster}
spec:
  samplesRegistry: registry.example.com
  managementState: Managed
```

## Fix
There is no automatic fix, because the credential is not there. Create it where the streams are:

    rm -f auth.json && podman login --authfile=auth.json registry.example.com
    oc create secret generic registry-example-com-pull --type=kubernetes.io/dockerconfigjson \
      --from-file=.dockerconfigjson=auth.json -n openshift && rm auth.json
"""

from collections.abc import Iterator

from linter.rule import (
    ANONYMOUS_HOSTS,
    Context,
    Entry,
    Finding,
    KubeObject,
    Rule,
    Severity,
    credentials,
    dig,
    group,
    shown,
    text,
)
from rules.imports._shared import hidden, in_namespace, node_entries
from rules.links._making import making, name_for
from rules.registries._shared import OPENSHIFT, usable

NAMESPACE = "openshift"
DEFAULT = "registry.redhat.io"


def check(context: Context) -> Iterator[Finding]:
    """Report the samples operator's configuration."""
    for item in context.inventory.objects:
        if item.kind != "Config" or group(item.api_version) != "samples.operator.openshift.io":
            continue
        registry = text(dig(item.body, "spec", "samplesRegistry")).removeprefix("https://").rstrip("/")
        host = registry.partition("/")[0]
        removed = dig(item.body, "spec", "managementState") == "Removed"
        if not registry or removed or host == DEFAULT or host in ANONYMOUS_HOSTS or _covered(context, registry):
            continue
        unknown = _unknown(context)
        at = item.at("spec", "samplesRegistry")
        if unknown:
            message = f"whether a credential for the samples registry {shown(registry)} exists is not known: {unknown}"
            context.not_evaluated("absent", message, of=item, at=at)
        else:
            yield _finding(context, item, registry)


def _covered(context: Context, registry: str) -> bool:
    entries = list(node_entries(context) or ())
    for secret in in_namespace(context, NAMESPACE):
        if not secret.excluded and secret.generated != OPENSHIFT:
            entries.extend(usable(secret))
    return any(_answers(entry, registry) for entry in entries)


def _answers(entry: Entry, registry: str) -> bool:
    """Whether the entry is for the registry or for something in it."""
    inside = registry + (entry.registry.path if "/" not in registry else "/")
    return credentials.key_matches(entry.registry, inside) or entry.registry.text.startswith(registry + "/")


def _unknown(context: Context) -> str:
    """Return why the credentials are not known; "" when they are, or the files hold only part of a cluster."""
    found = hidden(context, NAMESPACE)
    if not found and context.in_cluster and node_entries(context) is None:
        return "the node-wide pull secret could not be read"
    if not found and context.in_cluster and not context.inventory.covers("Secret", NAMESPACE):
        return f"the secrets of namespace {NAMESPACE} are not in the scan"
    return found


def _finding(context: Context, item: KubeObject, registry: str) -> Finding:
    part = (
        "" if context.in_cluster else " Only part of the cluster is in these files: the secret may come from elsewhere."
    )
    host = registry.partition("/")[0]
    name = name_for(context, NAMESPACE, host)
    return context.finding(
        f"The samples come from {shown(registry)}, and no secret of namespace {NAMESPACE} and no node-wide "
        f"entry is for it",
        of=item,
        at=item.at("spec", "samplesRegistry"),
        severity=context.absence(Severity.ERROR),
        key=shown(registry),
        detail=f"samplesRegistry rewrites the host of every image stream in namespace {NAMESPACE}. Since "
        f"OpenShift 4.5 the operator "
        f"brings no credential of its own.{part}",
        remedy=f"Create a pull secret for {shown(registry)} in namespace {NAMESPACE}, or add it to the node-wide one.",
        commands=making(name, NAMESPACE, shown(host), "oc"),
    )


RULE = Rule(code="RC405", severity=Severity.ERROR, check=check, needs=("Config",))
