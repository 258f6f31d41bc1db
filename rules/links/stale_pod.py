"""A pod was admitted before its service account got the link.

## What it does

In a cluster scan, reports pods that lack a secret which their service account lists by now, when an image of the pod is
covered by that secret and by nothing else known. Where the secret's content is not known, the pod must show a refused
pull; that it is the missing link is a guess then, and the finding says so. One finding for all pods of one owner.

That a pod was admitted shows in its uid, or where the dump is without those, in its status.

Pods whose template has a list of its own, mirror pods, pods that have ended or are being deleted, containers with
`imagePullPolicy: Never`, and OpenShift's generated secrets, which change by themselves, are not reported.

## Why it matters

The account's list is copied into a pod when the pod is created, and a pod's list cannot be changed afterwards (every
version of Kubernetes). A link that is made later does not help pods that wait in `ImagePullBackOff`: they go on
without the secret until somebody recreates them.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
imagePullSecrets: [{name: quay-robot}]     # linked today
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, uid: 1c6d…}
spec:                                      # created yesterday: no imagePullSecrets
  containers: [{name: web, image: quay.io/team/web:1}]
```

## Fix

Recreate the pods:

    kubectl rollout restart deployment/web -n shop

Where a rollout leaves pods as they are (`updateStrategy: {type: OnDelete}`, a `partition`, a paused deployment), delete
the pods one after the other: their owner makes new ones. A pod of a Job that is deleted counts as one that failed, so
the Job is made anew instead; one that a CronJob made can be deleted, since the next run makes another. A pod that
nothing owns has to be created again from its manifest.
"""

from collections.abc import Iterable, Iterator

from linter.rule import (
    Affected,
    Context,
    Finding,
    Impact,
    PullSecret,
    Related,
    Rule,
    ServiceAccount,
    Severity,
    Workload,
    WorkloadPull,
    dig,
    owner,
    text,
)
from rules.links._census import in_namespace
from rules.links._naming import Owners, listing
from rules.links._repair import recreate
from rules.links._serving import Serving

_MIRROR = "kubernetes.io/config.mirror"
_REFUSED = frozenset({"ErrImagePull", "ImagePullBackOff"})

Stale = tuple[Workload, str, bool]
"""A pod, the image it cannot pull, and whether that is certain."""


class _Added:
    """The secrets that an account lists and a pod does not; of the `hidden` ones the payload is not known."""

    def __init__(self, secrets: Iterable[PullSecret]) -> None:
        self.secrets = list(secrets)
        self.serving = Serving(enumerate(self.secrets))
        self.hidden = [place for place, secret in enumerate(self.secrets) if secret.payload is None]


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every account, secret and owner whose pods are older than the link."""
    if not context.in_cluster:
        return
    owners = context.once(Owners)
    pulls: dict[int, list[WorkloadPull]] | None = None
    table: dict[tuple[object, ...], tuple[ServiceAccount, PullSecret, Workload, list[Stale]]] = {}
    added: dict[tuple[int, int], _Added] = {}
    for workload, reached in context.joins.reaches:
        account = reached.account
        if account is None or not workload.is_pod or not workload.object.identified:
            continue
        lists = id(account), id(workload.pull_secrets)  # which the inventory holds
        if lists not in added:
            added[lists] = _Added(_added(context, account, workload))
        if not added[lists].secrets or _fixed(workload):
            continue
        top = owners.top(workload)
        if top is not workload and top.explicit:
            continue
        made = (top.object.kind, top.object.name) if top is not workload else owner(workload)
        pulls = _by_pod(context) if pulls is None else pulls
        for secret, stale in _stale(context, pulls.get(id(workload), []), added[lists]):
            group = made if made[1] else (workload.object.kind, workload.object.name)
            key = (id(account.object), secret.name, *group)
            table.setdefault(key, (account, secret, top, []))[3].append(stale)
    for account, secret, top, found in table.values():
        yield _finding(context, account, secret, top, found)


def _by_pod(context: Context) -> dict[int, list[WorkloadPull]]:
    """Return the pulls of each pod that it may still make."""
    pulls: dict[int, list[WorkloadPull]] = {}
    for pull in context.joins.workload_pulls:
        if pull.workload.is_pod:
            pulls.setdefault(id(pull.workload), []).append(pull)
    return pulls


def _fixed(workload: Workload) -> bool:
    """Whether admission never adds to this pod: a mirror of a static pod."""
    return bool(text(dig(workload.object.metadata, "annotations", _MIRROR)))


def _added(context: Context, account: ServiceAccount, workload: Workload) -> Iterator[PullSecret]:
    """The secrets that the account lists and the pod does not, if the pod's list was the account's at all."""
    if any(
        listing(account.pull_secrets, link.name) is None and not _generated(link.name) for link in workload.pull_secrets
    ):
        return
    for link in account.pull_secrets:
        if listing(workload.pull_secrets, link.name) is None:
            found = context.inventory.secrets_named(account.namespace, link.name)
            if len(found) == 1 and found[0].typed and found[0].generated != "OpenShift":
                yield found[0]


def _generated(name: str) -> bool:
    return "-dockercfg-" in name


def _stale(context: Context, pulls: list[WorkloadPull], added: "_Added") -> list[tuple[PullSecret, Stale]]:
    """For want of which secrets a pod cannot pull one of its images, `pulls`, and for each the first such image."""
    found: dict[int, Stale] = {}
    for pull in pulls:
        verdict = context.joins.pull_outcome(pull).verdict
        if verdict == "anonymous":
            for place, _ in added.serving.of(pull.image):
                found.setdefault(place, (pull.workload, pull.image, True))
        if added.hidden and verdict in ("anonymous", "unknown") and _refused(pull.workload, pull.image):
            for place in added.hidden:
                found.setdefault(place, (pull.workload, pull.image, False))
    return [(added.secrets[place], found[place]) for place in sorted(found)]


def _refused(workload: Workload, image: str) -> bool:
    for field in ("initContainerStatuses", "containerStatuses"):
        statuses = dig(workload.object.body, "status", field)
        for status in statuses if isinstance(statuses, list) else []:
            if dig(status, "image") == image and text(dig(status, "state", "waiting", "reason")) in _REFUSED:
                return True
    return False


def _finding(
    context: Context, account: ServiceAccount, secret: PullSecret, top: Workload, found: list[Stale]
) -> Finding:
    pod, image, certain = found[0]
    item = pod.object
    more = f" and {len(found) - 1} more of its kind" if len(found) > 1 else ""
    verb = "were" if more else "was"
    guess = "" if certain else "; that it needs the secret is a guess, whose content is not known here"
    link = listing(account.pull_secrets, secret.name)
    related = [Related("the link", account.object.at(*link.route), account.object.ref)] if link is not None else []
    anew = recreate(top, [one for one, _, _ in found])
    return context.finding(
        f"Pod {item.name}{more}{in_namespace(item.namespace)} {verb} admitted before service account "
        f"{account.name} got {secret.name}, and {'need' if more else 'needs'} it for {image}{guess}",
        of=item,
        at=item.at("metadata", "name"),
        key=f"{account.name}/{secret.name}",
        detail="Admission copies the account's list into a pod when it is created; the list of a pod never changes "
        "(every version of Kubernetes).",
        remedy=anew.remedy,
        commands=anew.commands,
        related=related,
        impact=Impact(workloads=tuple(Affected(one.object.ref, wanted) for one, wanted, _ in found)),
    )


RULE = Rule(code="RC309", severity=Severity.WARNING, check=check, needs=("Pod", "ServiceAccount"))
