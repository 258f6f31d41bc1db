"""A service account lists a pull secret among its mountable secrets only.

## What it does

Reports a pull secret that a service account names under `secrets` and not under `imagePullSecrets`, when nothing else
makes anybody pull with it.

Exempt are the secrets that OpenShift generates, accounts and secrets that Tekton, Shipwright or kpack uses (they read
docker credentials from the account's `secrets`), accounts whose pods mount the secret, and the account `builder` unless
OpenShift 4.16 or later is configured: up to 4.14 builds take their pull secrets from `secrets`. So are, as long as no
workload runs as them, accounts that a Build or BuildConfig names in `spec.serviceAccount`, unless such a release is
configured, and accounts beside a build or task of those tools that does not say as whom it runs. Where a command beside
the manifests adds it to the account for pulls (see unlinked-pull-secret), that is listed under coverage.

## Why it matters

Only `imagePullSecrets` serves pulls; `secrets` says what pods may mount and never feeds a pull (every version of
Kubernetes). It is an easy mistake, because `oc secrets link ACCOUNT SECRET` without `--for=pull` links for mounting:
the command succeeds and changes nothing for pulls.

It is an error in a cluster scan, and among manifests where a workload that runs as the account needs the secret. Else
something outside the files may link it, so there it is a warning.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: app}
secrets:
  - name: quay-robot
```

## Fix

Add the name to `imagePullSecrets`; the entry under `secrets` does no harm and stays.

    oc secrets link ACCOUNT SECRET --for=pull

Pods that exist keep the list with which they were created: recreate them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from linter.rule import (
    TYPE_OF_KEY,
    Affected,
    Applicability,
    Context,
    Finding,
    Fix,
    Impact,
    KubeObject,
    Link,
    PullSecret,
    Related,
    Rule,
    ServiceAccount,
    Severity,
    Use,
    Wanted,
    Workload,
    WorkloadPull,
    dig,
    group,
    keys_of,
    owner,
    serves,
    text,
)
from rules.links._census import in_namespace, together, unseen
from rules.links._naming import Owners, foreign, handed, listing
from rules.links._repair import append, link_commands, takes_over

_BUILDERS = ("tekton.dev", "shipwright.io", "kpack.io")
_ACCOUNT_FIELDS = frozenset({"serviceAccountName", "serviceAccount", "serviceAccountRef"})
_OPENSHIFT_BUILDS = frozenset({"BuildConfig", "Build"})
_RUN_BY_OTHERS = frozenset({"Task", "Pipeline", "Build"})
"""Kinds of theirs of which something outside the files may make a run, under whichever account."""


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every account and pull secret that are linked for mounting only."""
    builders = _builders(context)
    named = _named_accounts(builders)
    open_ended = [item for item in builders if item.kind in _RUN_BY_OTHERS]
    building = _building(context)
    users = _Users(context)
    for account in context.inventory.accounts:
        if not account.mountable or not _judged(context, account) or _uses(named, account):
            continue
        around = (*open_ended, *building.get(account.name, ()))
        if any(together(item, account.object) for item in around) and not users.run(account):
            continue
        seen: set[str] = set()
        for link in account.mountable:
            if not link.name or link.name in seen or listing(account.pull_secrets, link.name) is not None:
                continue
            seen.add(link.name)
            hidden = unseen(context, account.namespace)
            for finding in _linked(context, users, account, link):
                linking = "" if context.in_cluster else context.inventory.linked_by(link.name, account.name)
                if hidden:
                    message = f"whether {link.name} is used for pulls is not known: the cluster did not show {hidden}"
                    context.not_evaluated("refused", message, of=account.object, at=finding.location)
                elif linking:
                    message = f"whether {link.name} is used for pulls is not known: {linking} may link it"
                    context.not_evaluated("generated", message, of=account.object, at=finding.location)
                else:
                    yield finding


def _judged(context: Context, account: ServiceAccount) -> bool:
    """Whether `secrets` is of no use to the pulls made for this account: of builds it was, up to OpenShift 4.14."""
    return account.name != "builder" or _past_builds(context)


def _past_builds(context: Context) -> bool:
    """Whether builds are known to leave an account's `secrets` alone."""
    return (context.settings.openshift or (0, 0)) >= (4, 16)


def _building(context: Context) -> Mapping[str, list[KubeObject]]:
    """The builds of OpenShift that may read the `secrets` of an account, by the account that they name."""
    found: dict[str, list[KubeObject]] = defaultdict(list)
    for item in () if _past_builds(context) else context.inventory.of_kinds(_OPENSHIFT_BUILDS):
        if group(item.api_version) in ("", "build.openshift.io"):
            found[text(dig(item.body, "spec", "serviceAccount"))].append(item)
    return found


def _builders(context: Context) -> list[KubeObject]:
    """The objects of tools whose steps read credentials from the `secrets` of the account that runs them."""
    found = (item for item in context.inventory.objects if group(item.api_version).endswith(_BUILDERS))
    return list(found)


def _named_accounts(builders: list[KubeObject]) -> set[tuple[str, str]]:
    """The accounts under which these tools run, OpenShift Pipelines' own among them."""
    found = {("", "pipeline")}
    for item in builders:
        found.update((item.namespace, name) for name in _account_names(item.body.get("spec"), 0))
    return found


def _account_names(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth < 40:
        for key, child in value.items():
            if key in _ACCOUNT_FIELDS:
                yield text(child) or text(dig(child, "name"))
            yield from _account_names(child, depth + 1)
    elif isinstance(value, list) and depth < 40:
        for child in value:
            yield from _account_names(child, depth + 1)


def _uses(named: set[tuple[str, str]], account: ServiceAccount) -> bool:
    return any(name == account.name and namespace in ("", account.namespace) for namespace, name in named)


def _linked(context: Context, users: "_Users", account: ServiceAccount, link: Link) -> Iterator[Finding]:
    """Judge one name of the mountable list."""
    if foreign(account.object, link):
        return
    inventory = context.inventory
    made = [
        one for one in inventory.generated_named(account.namespace, link.name) if together(one.object, account.object)
    ]
    secrets = [
        one for one in inventory.secrets_named(account.namespace, link.name) if together(one.object, account.object)
    ]
    if len(secrets) == 1:
        secret = secrets[0]
        exempt = secret.generated == "OpenShift" or not secret.typed or secret.poisonous or _for_tekton(secret)
        if not exempt and not _pulled_with(context, secret) and not users.mount(account, link.name):
            yield _finding(context, account, link, secret.object, users.needs(account, secret))
    elif not secrets and len(made) == 1 and made[0].type in TYPE_OF_KEY.values():
        pulled = any(
            one.name == link.name and one.pulls and one.namespace in ("", account.namespace)
            for one in inventory.references
        )
        if not pulled and not users.mount(account, link.name):
            yield _finding(context, account, link, made[0].object, ())


def _for_tekton(secret: PullSecret) -> bool:
    annotations = dig(secret.object.metadata, "annotations")
    return isinstance(annotations, dict) and any(str(name).startswith("tekton.dev/") for name in annotations)


def _pulled_with(context: Context, secret: PullSecret) -> bool:
    """Whether something makes somebody pull or push with the secret after all."""
    return any(reference.use is not Use.MOUNT for reference in context.inventory.references_to(secret))


class _Users:
    """Who runs as which account, looked up once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._mounted: dict[int, frozenset[str]] = {}
        self._wanted: dict[int, Wanted[WorkloadPull]] = {}

    @cached_property
    def _owners(self) -> Owners:
        return self._context.once(Owners)

    @cached_property
    def _workloads(self) -> Mapping[str, Mapping[str, list[Workload]]]:
        """The workloads by the account that they name, and by namespace: thousands have an account `default`."""
        table: dict[str, dict[str, list[Workload]]] = defaultdict(lambda: defaultdict(list))
        for workload in self._context.inventory.workloads:
            table[workload.account][workload.object.namespace].append(workload)
        return table

    def _of(self, account: ServiceAccount) -> Iterator[Workload]:
        """The workloads that run as the account."""
        spaces = self._workloads.get(account.name, {})
        for space in (account.namespace, "") if account.namespace else spaces:
            for workload in spaces.get(space, ()):
                if together(workload.object, account.object):
                    yield workload

    @cached_property
    def _pulls(self) -> Mapping[int, list[WorkloadPull]]:
        table: dict[int, list[WorkloadPull]] = defaultdict(list)
        for pull in self._context.joins.workload_pulls:
            table[id(pull.reach.account)].append(pull)
        return table

    def run(self, account: ServiceAccount) -> bool:
        """Whether a workload of the scan runs as the account; the pod of a build only does the build's work."""
        return any(owner(one)[0] != "Build" for one in self._of(account))

    def mount(self, account: ServiceAccount, name: str) -> bool:
        """Whether a pod that runs as the account really mounts the secret: then `secrets` is what was meant."""
        if id(account) not in self._mounted:
            self._mounted[id(account)] = frozenset(self._mounts(account))
        return name in self._mounted[id(account)]

    def _mounts(self, account: ServiceAccount) -> Iterator[str]:
        for workload in self._of(account):
            volumes = dig(workload.object.body, *workload.template, "volumes")
            for volume in volumes if isinstance(volumes, list) else []:
                yield text(dig(volume, "secret", "secretName"))
                sources = dig(volume, "projected", "sources")
                for one in sources if isinstance(sources, list) else []:
                    yield text(dig(one, "secret", "name"))

    def needs(self, account: ServiceAccount, secret: PullSecret) -> tuple[Affected, ...]:
        """The pulls of the account's pods that only this secret would serve."""
        if id(account) not in self._wanted:
            pulls = self._pulls.get(id(account), ())
            self._wanted[id(account)] = Wanted((pull.image, pull) for pull in pulls if not pull.reach.missing)
        found: dict[Affected, None] = {}
        for pull in self._wanted[id(account)].by(keys_of(secret)):
            if not serves(secret, pull.image):
                continue
            source = self._owners.top(pull.workload)
            gets = handed(self._owners, account, pull.workload)
            if gets and self._context.joins.pull_outcome(pull).verdict == "anonymous":
                found[Affected(source.object.ref, pull.image)] = None
        return tuple(found)


def _finding(
    context: Context, account: ServiceAccount, link: Link, holder: KubeObject, needs: tuple[Affected, ...]
) -> Finding:
    needed = f", and {needs[0].object.kind} {needs[0].object.name} needs it for {needs[0].image}" if needs else ""
    detail = (
        "The list `secrets` only says what pods may mount; pulls read imagePullSecrets (every version of Kubernetes). "
        "`oc secrets link` without --for=pull makes exactly this link."
    )
    if not needs and not context.in_cluster:
        detail += " Only part of the cluster is in these files, and none of it needs the secret: this is a warning."
    fix = None
    edits = append(account.object, ("imagePullSecrets",), link.name)
    if edits and not takes_over(context, account):
        fix = Fix(Applicability.SAFE, f"add {link.name} to imagePullSecrets of service account {account.name}", edits)
    return context.finding(
        f"ServiceAccount {account.name}{in_namespace(account.namespace)} lists pull secret {link.name} under secrets "
        f"only, which does nothing for pulls{needed}",
        of=account.object,
        at=account.object.at(*link.route),
        severity=Severity.ERROR if needs else context.absence(Severity.ERROR),
        key=link.name,
        detail=detail,
        remedy=f"Add {link.name} to imagePullSecrets of service account {account.name}, then recreate its pods.",
        commands=link_commands(account.name, link.name, account.namespace),
        related=[Related("the pull secret", holder.at("metadata", "name"), holder.ref)],
        impact=Impact(workloads=needs),
        fix=fix,
    )


RULE = Rule(code="RC302", severity=Severity.ERROR, check=check, fixable=True, needs=("ServiceAccount",))
