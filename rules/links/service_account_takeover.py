"""A manifest takes over the pull secrets of an account that OpenShift manages.

## What it does

On OpenShift, reports a manifest that sets `imagePullSecrets` on the service account `default`, `builder` or `deployer`.
OpenShift is recognised by one of its kinds in the scan, or by `platform: openshift` or `openshift-version` in the
configuration; `platform: kubernetes` there overrules both. A cluster scan shows the merged list and gives no such
finding.

## Why it matters

`imagePullSecrets` of a service account is an atomic list: whoever applies it owns all of it. Applying the manifest
removes what the cluster put there, above all the generated secret for the internal registry. The controllers add it
again, the next sync removes it again; up to OpenShift 4.15, a manifest that also sets `secrets` makes them mint a new
secret each time, without bound.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
imagePullSecrets:
  - name: quay-robot
```

## Fix

Leave the list of these accounts to the cluster and add to it:

    oc secrets link default quay-robot --for=pull -n shop

or run the workloads as a service account of your own.
"""

from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, ServiceAccount, Severity, dig
from rules.links._census import in_namespace
from rules.links._names import is_name
from rules.links._repair import OPENSHIFT_ACCOUNTS, link_commands, on_openshift


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every managed account whose list a manifest sets."""
    if context.in_cluster or not on_openshift(context):
        return
    for account in context.inventory.accounts:
        if account.name in OPENSHIFT_ACCOUNTS and isinstance(dig(account.object.body, "imagePullSecrets"), list):
            yield _finding(context, account)


def _finding(context: Context, account: ServiceAccount) -> Finding:
    names = [link.name for link in account.pull_secrets if is_name(link.name) and "-dockercfg-" not in link.name]
    commands = [link_commands(account.name, name, account.namespace)[0] for name in dict.fromkeys(names)]
    return context.finding(
        f"This manifest sets imagePullSecrets of service account {account.name}{in_namespace(account.namespace)}: "
        "applying it removes what OpenShift put there",
        of=account.object,
        at=account.object.at("imagePullSecrets", part="key"),
        detail="The list is atomic: client-side apply, server-side apply and patches replace it, the generated secret "
        "for the internal registry included. The controllers add theirs again, so two owners undo each other's work; "
        "up to OpenShift 4.15 secrets can be minted without bound that way.",
        remedy="Remove the list from the manifest and add to the account's list in the cluster, or run the workloads "
        "as a service account of your own.",
        commands=commands,
    )


RULE = Rule(code="RC310", severity=Severity.INFO, check=check, needs=("ServiceAccount",))
