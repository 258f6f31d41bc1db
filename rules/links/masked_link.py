"""A pod's own list of pull secrets keeps its service account's from being added.

## What it does

Reports a pod template with `imagePullSecrets` of its own when one of its images is covered by a secret of its service
account only. Template, account and secrets must all be in the scan, and nothing else known may cover the image, which
with `imagePullPolicy: Never` needs none. Where a patch of kustomize or Flux changes the list, or the account, that is
listed under coverage.

## Why it matters

Admission copies the account's list into a pod only when the pod's own list is empty (every version of Kubernetes):
nothing is merged, and a single entry masks the whole list of the account. A chart or a webhook that sets one secret so
takes away the others.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: app}
imagePullSecrets: [{name: quay-robot}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      serviceAccountName: app
      imagePullSecrets: [{name: mirror}]      # masks quay-robot
      containers: [{name: web, image: quay.io/team/web:1}]
```

## Fix

Add the missing name to the template's list. (Removing the list instead lets the account's be used.)
"""

from collections.abc import Iterator

from linter.rule import (
    Affected,
    Applicability,
    Context,
    Finding,
    Fix,
    Impact,
    Link,
    PullSecret,
    Related,
    Rule,
    ServiceAccount,
    Severity,
    Workload,
    WorkloadPull,
    changing,
)
from rules.links._census import in_namespace, together
from rules.links._naming import Owners, listing
from rules.links._repair import append
from rules.links._serving import Serving


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every template whose own list masks what its images need."""
    owners = context.once(Owners)
    table: dict[tuple[int, object], list[WorkloadPull]] = {}
    for pull in _unserved(context):
        if pull.reach.explicit and not pull.reach.missing and owners.top(pull.workload) is pull.workload:
            table.setdefault((id(pull.workload.object), pull.workload.template), []).append(pull)
    listed: dict[int, Serving[Link]] = {}
    for pulls in table.values():
        workload, account = pulls[0].workload, pulls[0].reach.account
        if account is None or not account.pull_secrets or not together(account.object, workload.object):
            continue
        if workload.is_pod and workload.object.identified and _subset(workload, account):
            continue  # Admission copied an earlier state of the account's list: stale-pod tells that.
        if id(account) not in listed:
            listed[id(account)] = Serving(_listed(context, account))
        yield from _masked(context, workload, account, pulls, listed[id(account)])


def _unserved(context: Context) -> Iterator[WorkloadPull]:
    """The pulls for which the files show no credential, whatever a patch may change of that."""
    if context.inventory.kustomized is None:
        yield from (pull for pull, _ in context.joins.unserved)
        return
    for pull, outcome in context.joins.pulls_where(lambda found: found.error is None and not found.candidates):
        if outcome.verdict == "anonymous" or changing(context.inventory, pull.workload):
            yield pull


def _subset(workload: Workload, account: ServiceAccount) -> bool:
    return all(listing(account.pull_secrets, link.name) is not None for link in workload.pull_secrets)


def _listed(context: Context, account: ServiceAccount) -> Iterator[tuple[Link, PullSecret]]:
    """The secrets that an account lists, where a name leads to one."""
    for link in account.pull_secrets:
        found = context.inventory.secrets_named(account.namespace, link.name)
        if len(found) == 1:
            yield link, found[0]


def _masked(
    context: Context, workload: Workload, account: ServiceAccount, pulls: list[WorkloadPull], listed: Serving[Link]
) -> Iterator[Finding]:
    needed: dict[str, list[str]] = {}
    for pull in pulls:
        for link, _ in listed.of(pull.image):
            needed.setdefault(link.name, []).append(pull.image)
    build = changing(context.inventory, workload) if needed else ""
    if build:
        item, names = workload.object, " and ".join(needed)
        why = f"a patch of {build} changes its list of pull secrets or its account"
        message = f"whether {names} reaches {item.called} is not known: {why}"
        context.not_evaluated("templated", message, of=item, at=item.at(*workload.template))
    elif needed:
        yield _finding(context, workload, account, needed)


def _finding(context: Context, workload: Workload, account: ServiceAccount, needed: dict[str, list[str]]) -> Finding:
    item = workload.object
    route = (*workload.template, "imagePullSecrets")
    names = " and ".join(needed)
    images = list(dict.fromkeys(image for found in needed.values() for image in found))
    related = []
    for name in needed:
        link = listing(account.pull_secrets, name)
        if link is not None:
            related.append(Related(f"{name} is linked here", account.object.at(*link.route), account.object.ref))
    fix = None
    added = [append(item, route, name) for name in needed]
    if all(added) and not (workload.is_pod and item.identified):  # The list of a living pod cannot be changed.
        edits = tuple(one for edits in added for one in edits)
        fix = Fix(Applicability.SAFE, f"add {names} to the list of {item.called}", edits)
    return context.finding(
        f"{item.called}{in_namespace(item.namespace)} has its own imagePullSecrets, so {names} of service "
        f"account {account.name} is not added, and nothing else covers {images[0]}",
        of=item,
        at=item.at(*route, part="key"),
        key="/".join((*(str(step) for step in workload.template), *needed)),
        detail="Admission copies the account's list only into pods whose own list is empty; nothing is merged "
        "(every version of Kubernetes).",
        remedy=f"Add {names} to the imagePullSecrets of {item.called}, or remove that list so that the "
        f"account's is used.",
        related=related,
        impact=Impact(workloads=tuple(Affected(item.ref, image) for image in images)),
        fix=fix,
    )


RULE = Rule(code="RC305", severity=Severity.WARNING, check=check, fixable=True, needs=("ServiceAccount",))
