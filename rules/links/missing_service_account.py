"""A workload runs as a service account that does not exist.

## What it does

Reports a workload whose `serviceAccountName` names an account that its namespace does not hold. `default` exists
everywhere, `builder` and `deployer` in every OpenShift project, `pipeline` where OpenShift Pipelines runs, and names
that a template fills in are not judged. What a controller made of a template is reported at the template.

## Why it matters

The API server refuses the pod (every version of Kubernetes), so nothing is pulled at all; the Deployment shows
`FailedCreate` and no pod. In particular the pull secrets that were linked to the account reach nobody.

In a cluster scan absence is proof. Among manifests it is a hint, because an account may be made by an operator, a chart
or by hand: the finding is a warning, and where the files hold no account of that namespace at all nothing is said but a
line under coverage. So it is for an account that a configuration of eksctl among the files makes, that a template may
make, or that something beside the manifests creates: `kubectl create serviceaccount`, `oc create sa`, `eksctl create
iamserviceaccount`, a manifest within a script, or `kubernetes_service_account` of Terraform (missing-pull-secret tells
which files are searched). So it is too where a kustomization that builds the workload, or stands beside it or above,
fetches a part from another host (whether the account is in that part is not known), or where a patch may name another.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      serviceAccountName: fronted      # the account is called frontend
```

## Fix

Create the account or correct the name.

    kubectl create serviceaccount NAME
"""

import posixpath
from collections.abc import Iterator

from linter.rule import (
    Affected,
    Context,
    Finding,
    Impact,
    KubeObject,
    Rule,
    ServiceAccount,
    Severity,
    Workload,
    command,
    could_be,
    dig,
    owner,
    text,
)
from rules.links._census import in_namespace, together
from rules.links._names import NearNames, is_name
from rules.links._naming import Owners
from rules.links._remote import Remote

_ALWAYS = frozenset({"default", "builder", "deployer", "pipeline"})
_MIRROR = "kubernetes.io/config.mirror"


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every workload without its account; withhold those that nothing can be said of."""
    owners = context.once(Owners)
    accounts = _Accounts(context)
    unjudged: dict[tuple[str, str], tuple[Workload, str, str]] = {}
    replicas: set[tuple[str, str, str]] = set()
    for workload in context.inventory.workloads:
        if not _judged(context, accounts, workload) or owners.top(workload) is not workload:
            continue
        made = (workload.object.namespace, *owner(workload))
        if made[1] and made in replicas:
            continue
        replicas.add(made)
        reason, why = _doubt(context, workload)
        if reason:
            unjudged.setdefault((workload.object.namespace, workload.account), (workload, reason, why))
        else:
            yield _finding(context, accounts, workload)
    for workload, reason, why in unjudged.values():
        message = f"whether service account {workload.account} exists could not be judged: {why}"
        context.not_evaluated(reason, message, of=workload.object, at=workload.object.at(*_route(workload)))


def _doubt(context: Context, workload: Workload) -> tuple[str, str]:
    """Return why the absence of this account proves nothing, in a word and in words; "" twice where it does."""
    if not _known(context, workload):
        if context.in_cluster:
            return "absent", f"the scan may lack accounts{in_namespace(workload.object.namespace)}"
        return "absent", "no account beside it is in the scan"
    if context.in_cluster:
        return "", ""
    kustomized = context.inventory.kustomized
    patching = kustomized.changing(workload.object, _route(workload)) if kustomized is not None else ""
    if patching:
        return "templated", f"a patch of {patching} may name another"
    unread = context.inventory.may_define("ServiceAccount", workload.account)
    if unread:
        return "templated", f"{unread} may make it"
    making = context.inventory.may_be_made("ServiceAccount", workload.account)
    if making:
        return "generated", making
    fetching = context.once(Remote).beside(workload.object)
    return ("absent", f"{fetching} fetches a part that may hold it") if fetching else ("", "")


class _Accounts:
    """The accounts of the scan, for questions that every workload asks."""

    def __init__(self, context: Context) -> None:
        self._all = context.inventory.accounts
        self._near: dict[tuple[str, str], NearNames] = {}
        self.templated = [
            one for one in self._all if not is_name(one.name) or (one.namespace and not is_name(one.namespace))
        ]
        """The accounts whose name or namespace a template fills in."""

    def near(self, item: KubeObject) -> NearNames:
        """Return the names of the accounts that can be in the namespace of an object."""
        place = (item.namespace, posixpath.dirname(item.path))
        if place not in self._near:
            self._near[place] = NearNames(one.name for one in self._all if together(one.object, item))
        return self._near[place]


def _judged(context: Context, accounts: "_Accounts", workload: Workload) -> bool:
    """Whether the account is named, is no account that always exists, and is not in the scan."""
    item, name = workload.object, workload.account
    if name in _ALWAYS or context.inventory.accounts_named(item.namespace, name):
        return False
    if not is_name(name) or (item.namespace and not is_name(item.namespace)):
        return False
    if text(dig(item.metadata, "annotations", _MIRROR)):
        return False
    return not any(_may_become(account, workload) for account in accounts.templated)


def _may_become(account: ServiceAccount, workload: Workload) -> bool:
    """Whether a template may yet give this account the name, or the namespace, that is asked for."""
    item = account.object
    if item.namespace and not is_name(item.namespace):
        return item.name == workload.account or could_be(item.name, workload.account)
    return could_be(item.name, workload.account) and together(item, workload.object)


def _known(context: Context, workload: Workload) -> bool:
    if context.in_cluster:
        return context.inventory.covers("ServiceAccount", workload.object.namespace)
    return any(together(account.object, workload.object) for account in context.inventory.accounts)


def _route(workload: Workload) -> tuple[str | int, ...]:
    """Where the account is named: the older field `serviceAccount` counts only without the newer one."""
    newer = workload.account_route
    return newer if text(dig(workload.object.body, *newer)) else (*workload.template, "serviceAccount")


def _finding(context: Context, accounts: "_Accounts", workload: Workload) -> Finding:
    item, name = workload.object, workload.account
    meant = accounts.near(item).to(name)
    guess = f": did you mean {' or '.join(meant[:3])}?" if meant else ""
    scan = "does not exist" if context.in_cluster else "is not in these files"
    elsewhere = {account.namespace for _, _, account in context.inventory.accounts_by_name.rows(name)}
    detail = "The API server refuses a pod whose service account does not exist (every version of Kubernetes)."
    if elsewhere - {""}:
        detail += f" An account of that name is in namespace {', '.join(sorted(elsewhere - {''})[:3])}."
    if not context.in_cluster:
        detail += " Only part of the cluster is in these files, so this is a warning."
    create = command("kubectl", "create", "serviceaccount", name, namespace=item.namespace, about=(name,))
    return context.finding(
        f"{item.called} runs as service account {name}, which {scan}{in_namespace(item.namespace)}{guess}",
        of=item,
        at=item.at(*_route(workload)),
        severity=context.absence(Severity.ERROR),
        key="/".join((*(str(step) for step in workload.template), name)),
        detail=detail,
        remedy=f"Create service account {name}{in_namespace(item.namespace)}, or correct the name.",
        commands=(create,) if not meant else (),
        impact=Impact(
            workloads=tuple(dict.fromkeys(Affected(item.ref, use.image) for use in workload.pulled)),
            may=workload.is_pod and item.identified,  # it was admitted when its account was there
        ),
    )


RULE = Rule(code="RC308", severity=Severity.ERROR, check=check)
