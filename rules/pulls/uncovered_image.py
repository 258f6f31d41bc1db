"""An image comes from a registry that needs a credential, and none reaches the pod.

## What it does

Reports images of workloads for which no secret of the pod (or of its service account) and no entry of the node-wide
pull secret has a match, when the registry is known to need a credential. Known means: a secret of the scan has an entry
for this very registry, the settings list it under `private-registries`, or it serves nobody without one
(`registry.redhat.io`, `registry.connect.redhat.com`).

It keeps silent where it cannot be sure. An entry for the whole of a registry with public images (`quay.io`,
`docker.io`, `ghcr.io`, `gcr.io`) proves nothing of one image; only a key with a path (`quay.io/team`) does. Nodes may
bring the credential for Amazon ECR, Azure and Google registries by a plugin, and OpenShift ships those plugins, so an
image from there is reported only when a secret of its own namespace covers it or the settings list it. A container that
already ran the image, a mirror configuration for it, `imagePullPolicy: Never`, and links in patches or Helm values
count as doubt.

Where another rule that runs tells the cause (a secret that is unlinked, mount-only, masked, of the wrong type, broken,
or with another port), this one says nothing, be it that what the other tells is accepted. Where the status of a pod
proves the failure, failing-pull tells it, if it runs.

Where what makes the pods may add pull secrets of its own settings (Argo Workflows, Tekton, a serving runtime of
KServe), it says in these cases that it could not judge, once per object.

In manifests a link may come from elsewhere, and so may the node-wide pull secret, unless it is among them. There the
rule speaks only when a secret of the same namespace covers the image and is linked elsewhere, or when the settings list
the registry, and as information. In an OpenShift cluster whose node-wide secret is not in the scan, or is redacted, it
says once per registry that it could not judge. Other clusters have no such secret, and what is on their nodes no scan
shows: there the rule speaks in the same two cases, and says of the other registries that it could not judge.

## Why it matters

The kubelet asks the registry without a credential when nothing matches (Kubernetes 1.25 to 1.36). The pod waits in
ImagePullBackOff, on the next node at the latest: an image that another pod left on a node hides the gap until then,
and from Kubernetes 1.35 on not even that.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: build, namespace: shop}
imagePullSecrets: [{name: regcred}]       # has registry.example.com
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}    # runs as default
spec:
  containers: [{name: web, image: registry.example.com/shop/web:1}]
```

## Fix

Link the secret that covers the image to the service account of the workload, or add it to the pod template where that
has a list of its own; then recreate the pods.

    oc secrets link default regcred --for=pull -n shop

*Fix safety*: safe when exactly one secret of the namespace covers the images. With several the choice is yours, with
none the secret has to be created. Where the list of the pods' owner names it by now, all that is missing is new pods.
Where the list names it as plain text (`- regcred`), which the API server refuses, that text becomes the link; a list
with any other text in it is not added to. Nor is the list of a template whose service account lets its pods name only
its own secrets (annotation `kubernetes.io/enforce-mountable-secrets`): link it to that account first.
"""

from collections.abc import Iterator
from functools import cached_property

from linter.rule import (
    ANONYMOUS_HOSTS,
    LOCAL_ENDS,
    Affected,
    Context,
    Finding,
    Impact,
    NamedTuple,
    Outcome,
    PullSecret,
    Rule,
    Severity,
    WorkloadPull,
    dig,
    shown,
)
from rules.imports._shared import Known, node_entries
from rules.links._census import in_namespace
from rules.links._repair import on_openshift
from rules.pulls._causes import Causes
from rules.pulls._repair import link, outdated
from rules.registries._needs import Held, Need

_PLUGINS = (".amazonaws.com", ".amazonaws.com.cn", ".azurecr.io", ".azurecr.cn", ".azurecr.de", ".azurecr.us")
_GOOGLE = (".gcr.io", ".pkg.dev")
_NODE_WIDE = ("openshift-config", "pull-secret")
_FAILING = "RC502"


class _Case(NamedTuple):
    """One image that goes out without a credential, the secrets beside it that would serve, and why it needs one."""

    pull: WorkloadPull
    need: Need
    beside: tuple[PullSecret, ...]
    why: str


def check(context: Context) -> Iterator[Finding]:
    """Report every service account (or own list) and registry once."""
    unsure = any(workload.unsure for workload in context.inventory.workloads)
    if not context.joins.unserved and not unsure:
        return
    judge = _Judge(context)
    if unsure:
        _withhold(context, judge)
    cases: dict[tuple[str, ...], list[_Case]] = {}
    withheld: set[str] = set()
    for pull, outcome in context.joins.unserved:
        case = judge.case(pull, outcome)
        if case is None:
            continue
        item = pull.workload.object
        doubt = judge.doubt(case)
        if doubt is None:
            source = judge.causes.owners.top(pull.workload)
            own = (source.object.kind, source.object.name) if source.explicit else ("", pull.workload.account)
            cases.setdefault((item.namespace, *own, case.need.registry), []).append(case)
        elif doubt and case.need.registry not in withheld:
            withheld.add(case.need.registry)
            context.not_evaluated("absent", doubt, of=item, at=item.at(*pull.route))
    for found in cases.values():
        yield _finding(context, judge.causes, found)


def _withhold(context: Context, judge: "_Judge") -> None:
    """Say of the pulls that nothing known serves, and whose list their controller may add to, that they are open."""
    told: set[int] = set()
    for pull, outcome in context.joins.pulls_where(lambda found: found.error is None and not found.candidates):
        workload = pull.workload
        if not workload.unsure or id(workload.object) in told or outcome.reason != workload.unsure:
            continue
        case = judge.case(pull, outcome)
        if case is not None and judge.doubt(case) is None:
            told.add(id(workload.object))
            item = workload.object
            pulled = f"whether {item.called} gets a credential for {pull.image}"
            message = f"{pulled} is not known: {workload.unsure}"
            context.not_evaluated("absent", message, of=item, at=item.at(*pull.route))


class _Judge:
    """The questions about one pull, in the order of their price."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known = Known(context)
        self.causes = Causes(context)
        evidence = context.joins.evidence
        owners = self.causes.owners
        # Of these failing-pull tells.
        told = context.inventory.observed and _FAILING in context.chosen
        seen = {(id(failure.object), failure.image) for failure in evidence.failures} if told else set()
        pods = (one for one in context.inventory.workloads if one.is_pod) if seen else ()
        tops = {id(one.object): id(owners.top(one).object) for one in pods}
        self._told_of = {(tops[pod], image) for pod, image in seen if pod in tops}

    def case(self, pull: WorkloadPull, outcome: Outcome) -> _Case | None:
        """Return a pull without a credential as a case when it needs one and no other rule says why."""
        if outcome.lookup is None or not outcome.lookup.reference:
            return None
        item, target = pull.workload.object, outcome.lookup.reference
        need = Need(target, Held(pull.reach.secrets), outcome, item, pull.image, False)
        if need.host in ANONYMOUS_HOSTS or need.host.endswith(LOCAL_ENDS) or need.host == "localhost":
            return None
        why = self._known.why(need)
        told = not pull.workload.unsure and self._told(pull, target)  # else no rule tells of its links
        if not why or told or self._moot(pull, target):
            return None
        beside = self.causes.candidates(pull, target)
        top = self.causes.owners.top(pull.workload)
        if not pull.workload.is_pod and outdated(top, pull.workload, beside) is not None:
            return None  # a revision or job of before; of its pods, where there are any, is told
        return _Case(pull, need, tuple(beside), why)

    def _told(self, pull: WorkloadPull, target: str) -> bool:
        """Whether another rule that runs tells why there is no credential."""
        cause = self.causes.explain(pull, target)
        return cause is not None and cause.told(self._context)

    def _moot(self, pull: WorkloadPull, target: str) -> bool:
        """Whether nothing is to be pulled, or something that no rule can see brings the credential."""
        item = pull.workload.object
        mirror_pod = dig(item.metadata, "annotations", "kubernetes.io/config.mirror") is not None
        top = self.causes.owners.top(pull.workload)
        # Knative asks for the digest of a tag and writes it into the pods: a credential is found without either.
        ran = self._context.joins.ran.has(pull.workload, pull.image)
        settled = ran or (id(top.object), pull.image) in self._told_of
        brought = self.causes.read_by_nodes or self.causes.mirrored(target) or self.causes.patched(pull)
        return mirror_pod or settled or brought

    @cached_property
    def _no_node_wide(self) -> bool:
        """Whether this is a cluster of a kind that keeps no node-wide pull secret in its API: any but OpenShift."""
        there = self._context.inventory
        kept = there.secrets_named(*_NODE_WIDE) or there.others_named(*_NODE_WIDE)
        return not kept and not on_openshift(self._context)

    def doubt(self, case: _Case) -> str | None:
        """Return why the case may not be reported: a sentence for coverage, "" for silence; None when it may."""
        host, beside = case.need.host, bool(case.beside)
        listed = case.why.endswith("private-registries")
        if (host.endswith((*_PLUGINS, *_GOOGLE)) or host == "gcr.io") and not (beside or listed):
            return ""
        if not self._context.in_cluster:
            return None if beside or listed else ""
        if node_entries(self._context) is None and not ((beside or listed) and self._no_node_wide):
            return f"whether the nodes have a credential for {shown(case.need.registry)} is not known here"
        return None


def _finding(context: Context, causes: Causes, found: list[_Case]) -> Finding:
    case = found[0]
    pull, registry = case.pull, shown(case.need.registry)
    source = causes.owners.top(pull.workload)
    item = source.object
    route = next((use.route for use in source.images if use.image == pull.image), None)
    at = item.at(*route) if route is not None else pull.workload.object.at(*pull.route)
    images = dict.fromkeys(Affected(causes.owners.top(one.pull.workload).object.ref, one.pull.image) for one in found)
    more = f" and {len(images) - 1} more" if len(images) > 1 else ""
    who = "its own list of pull secrets" if source.explicit else f"service account {source.account}"
    node = " and nothing node-wide" if node_entries(context) is not None else ""
    common = set.intersection(*({id(secret) for secret in one.beside} for one in found))
    serving = [secret for secret in case.beside if id(secret) in common]
    repair = link(context, source, [one.pull for one in found], serving, registry)
    part = "" if node else " The node-wide pull secret is not in these files, and may cover the image."
    if context.in_cluster and not node:
        part = " What the nodes hold themselves (the kubelet's config.json, a credential provider) no scan shows."
    if node and not context.in_cluster:
        part = " Only part of the cluster is in these files: what covers the image may come from elsewhere."
    if repair.outdated is not None:
        who = "the lists that its pods were made with"
        part = f"{part} Its own list names Secret {repair.outdated.name} by now."
    return context.finding(
        f"{item.called}{in_namespace(item.namespace)} pulls {pull.image}{more} without a credential: nothing "
        f"in {who}{node} matches {registry}",
        of=item,
        at=at,
        severity=context.absence(Severity.WARNING),
        key="/".join((item.kind if source.explicit else source.account, registry)),
        detail=f"The registry is known to need one: {case.why}. When nothing matches, the kubelet asks without a "
        f"credential (Kubernetes 1.25 to 1.36).{part}",
        remedy=repair.remedy,
        commands=repair.commands,
        related=repair.related,
        impact=Impact(workloads=tuple(images)),
        fix=repair.fix,
    )


RULE = Rule(code="RC501", severity=Severity.WARNING, check=check, fixable=True, needs=("Pod",))
