"""A pull secret is named that exists in another namespace only.

## What it does

Reports an object that names a Secret for image pulls when its own namespace has none of that name and another namespace
has. It takes the place of missing-pull-secret there. Secrets that a controller replicates (Reflector, kubed,
replicator, imagepullsecret-patcher, policies that clone Secrets, ClusterExternalSecret) count as being everywhere.

## Why it matters

A pod reads pull secrets from its own namespace and from nowhere else, and neither does a service account's list cross
namespaces (every version of Kubernetes and OpenShift). The name is simply not found: the kubelet skips it and pulls
without a credential.

Among manifests the Secret may have been copied by hand, so the finding is a warning there. Where a script, a page,
Terraform or a CI beside them copies or creates a Secret of that name (see missing-pull-secret), nothing is said but a
line under coverage, for missing-pull-secret: whether it does so for this namespace is not judged.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: build}
type: kubernetes.io/dockerconfigjson
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: shop}
imagePullSecrets:
  - name: regcred
```

## Fix

Copy the Secret, once or by a replication controller. What says who keeps the first one (labels, owners, finalizers)
must stay behind:

    kubectl get secret regcred -o json -n build |
      jq '{apiVersion, kind, type, data, metadata: {name: .metadata.name}}' | kubectl create -f - -n shop

A SealedSecret has to be sealed again for its new namespace, unless its scope is cluster-wide.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, KubeObject, Related, Rule, Severity
from rules.links._census import Census, Fate
from rules.links._naming import Naming, impact, namings
from rules.links._repair import copied


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every object and name whose Secret is in another namespace only."""
    census = context.once(Census)
    for naming in namings(context):
        found = census.whereabouts(naming)
        if found.fate is Fate.ELSEWHERE:
            yield _finding(context, naming, found.objects, found.namespaces)


def _finding(context: Context, naming: Naming, holders: tuple[KubeObject, ...], spaces: tuple[str, ...]) -> Finding:
    where = f"namespace {spaces[0]}" if len(spaces) == 1 else f"namespaces {', '.join(spaces[:3])}"
    more = f" and {len(spaces) - 3} more" if len(spaces) > 3 else ""
    partial = "" if context.in_cluster else " Only part of the cluster is in these files, so this is a warning."
    return context.finding(
        f"{naming.says} Secret {naming.name}, which is in {where}{more} and not in namespace {naming.namespace}",
        of=naming.object,
        at=naming.object.at(*naming.routes[0]),
        severity=context.absence(Severity.ERROR),
        key=naming.name,
        detail="Secrets do not cross namespaces: the kubelet reads a pod's pull secrets from the pod's own namespace, "
        f"skips what is not there and pulls without it (Kubernetes 1.25 to 1.36).{partial}",
        remedy=_remedy(naming, holders[0]),
        commands=(copied(naming.name, spaces[0], naming.namespace),),
        related=[
            *(Related("the Secret of that name", item.at("metadata", "name"), item.ref) for item in holders[:3]),
            *naming.elsewhere(),
        ],
        impact=impact(context, naming),
    )


def _remedy(naming: Naming, holder: KubeObject) -> str:
    copy = f"Copy the Secret into namespace {naming.namespace}, or let a replication controller keep a copy there."
    if holder.kind == "SealedSecret":
        return f"{copy} A SealedSecret must be sealed again for its new namespace."
    return copy


RULE = Rule(code="RC304", severity=Severity.ERROR, check=check)
