"""A pull secret that nothing uses.

## What it does

Reports a pull secret that no service account lists, no pod template, build or custom resource names, no patch adds, no
image import of its namespace reads, and that nothing else in the scan so much as mentions.

Exempt are the secrets that OpenShift generates, those that a controller makes or replicates, those that a SecretExport
(secretgen-controller) hands to other namespaces, the cluster's global pull secret and its relatives in the platform's
own namespaces, secrets that a tool finds by a label (Tekton, Jenkins, Kargo, Argo CD), and every secret of a cluster
whose nodes read all pull secrets of a namespace (CRIOCredentialProviderConfig, OpenShift 4.22 and later). A secret that
is broken in itself, or of the wrong type, is left to the rules that say so: linking it would help nobody. So is one
that a reference nearly names, or names from another namespace.

Where image streams of the namespace import with the secret it *is* used, since the importer reads every pull secret of
its namespace; the finding is then about pods only, and an info, unless an image of a workload needs the secret.

## Why it matters

A pull secret does nothing by existing. The kubelet reads the names in the pod's own list, or in the list of its service
account when the pod has none (every version of Kubernetes). Whoever creates the Secret and forgets the link gets an
authentication error, and looks for it in the credential.

"Unlinked" is said only where it can be known: in a cluster for namespaces whose service accounts are in the scan, among
manifests where they are, or where a workload wants an image that this secret would serve. Among manifests the link may
have been made by hand, so the finding is an info there. Where a command, a page or Terraform beside them links it (`oc
secrets link … --for=pull`, `kubectl patch serviceaccount`, `helm --set imagePullSecrets…`, `image_pull_secret`; the
files are those of missing-pull-secret), that is listed under coverage.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: quay-robot}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{"quay.io/team":{"auth":"dXNlcjpwYXNz"}}}'
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app}
```

## Fix

Add it to the service account of the workloads whose images it covers (or to the pod template, where that has a list of
its own). Without such a workload the fix adds it to the account `default`. In a cluster:

    oc secrets link ACCOUNT SECRET --for=pull

Pods that exist keep the list with which they were created: recreate them.

*Fix safety*: safe where workloads show which account needs it; unsafe for `default`, which is a guess. The fix only
ever appends to a list. An account that is in no file, or whose list belongs to OpenShift's controllers, gets the
commands and no edit.
"""

from collections.abc import Iterator
from functools import cached_property

from linter.rule import (
    DOCKERCONFIGJSON,
    UNJUDGED,
    Affected,
    Applicability,
    Consumer,
    Context,
    Edit,
    Finding,
    Fix,
    Impact,
    KubeObject,
    NamedTuple,
    PullSecret,
    Rule,
    ServiceAccount,
    Severity,
    State,
    Workload,
    WorkloadPull,
    could_be,
    dig,
    group,
    keys_of,
    serves,
)
from rules.links._census import Census, Fate, in_namespace, together, unseen
from rules.links._names import is_name
from rules.links._naming import Owners, namings
from rules.links._repair import append, link_commands, takes_over
from rules.payload._defects import whole_defect

_BROKEN = frozenset({State.INVALID_BASE64, State.PLACEHOLDER, State.EMPTY, State.ABSENT, State.REPLICATED})
_PLATFORM = ("openshift-", "kube-")
_SELECTED_BY_LABEL = (
    "appstudio.redhat.com/",
    "argocd.argoproj.io/secret-type",
    "jenkins.io/",
    "kargo.akuity.io/",
    "tekton.dev/",
)
"""Prefixes of labels and annotations by which a tool finds a secret without naming it."""


class Needs(NamedTuple):
    """Who needs the secret: the pulls that it would serve, the accounts and templates to which it must be added."""

    pulls: tuple[tuple[Workload, WorkloadPull], ...]
    accounts: tuple[str, ...]
    templates: tuple[Workload, ...]


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every pull secret that nothing uses."""
    judge = _Judge(context)
    withheld: set[str] = set()
    for secret in context.inventory.secrets:
        if not judge.concerned(secret) or judge.used(secret):
            continue
        needs = judge.needs(secret)
        reason = judge.doubt(secret, needs)
        if reason is None:
            yield _finding(context, secret, needs, imports=judge.imports(secret))
        elif secret.namespace not in withheld and secret.state not in UNJUDGED:
            withheld.add(secret.namespace)
            context.not_evaluated(*reason, of=secret.object)


class _Judge:
    """The questions about one secret, in the order of their price."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inventory = context.inventory

    def concerned(self, secret: PullSecret) -> bool:
        """Whether this is a secret that its author means to link, and that would work when linked."""
        if secret.generated or self._inventory.is_global(secret) or secret.namespace.startswith(_PLATFORM):
            return False
        if not secret.typed or secret.poisonous or secret.state in _BROKEN or whole_defect(secret):
            return False
        if not is_name(secret.name):
            return False
        return not (secret.type == DOCKERCONFIGJSON and self._read_by_nodes)

    @cached_property
    def _read_by_nodes(self) -> bool:
        return any(item.kind == "CRIOCredentialProviderConfig" for item in self._inventory.objects)

    def used(self, secret: PullSecret) -> bool:
        """Whether anything uses the secret, seems to, or means to under another name."""
        if self._inventory.references_to(secret) or _selected(secret):
            return True
        if any(item.name == secret.name and together(item, secret.object) for item in self._exports):
            return True
        return id(secret.object) in self._meant or bool(self._inventory.mentions(secret))

    @cached_property
    def _exports(self) -> list[KubeObject]:
        """What hands the secret of its own name to other namespaces."""
        found = (item for item in self._inventory.objects if item.kind == "SecretExport")
        return [item for item in found if group(item.api_version) == "secretgen.carvel.dev"]

    @cached_property
    def _meant(self) -> frozenset[int]:
        """Secrets that missing-pull-secret and secret-in-other-namespace already tell of."""
        census = self._context.once(Census)
        meant: set[int] = set()
        for naming in namings(self._context):
            found = census.whereabouts(naming)
            if found.fate is Fate.ELSEWHERE:
                meant.update(id(item) for item in found.objects)
            elif found.fate is Fate.ABSENT:
                near = census.candidates(naming)
                secrets = self._inventory.secrets_by_name
                for _, _, secret in [row for name in near for row in secrets.rows(name)]:
                    if together(secret.object, naming.object):
                        meant.add(id(secret.object))
        return frozenset(meant)

    def needs(self, secret: PullSecret) -> Needs:
        """Find the workloads whose images the secret would serve and nothing else does."""
        pulls: list[tuple[Workload, WorkloadPull]] = []
        accounts: dict[str, None] = {}
        templates: dict[int, Workload] = {}
        served: dict[str, bool] = {}
        for pull in self._context.joins.bare_beside(secret):
            if pull.image not in served:
                served[pull.image] = serves(secret, pull.image)
            if not (served[pull.image] and together(pull.workload.object, secret.object)):
                continue
            source = self._owners.top(pull.workload)
            pulls.append((source, pull))
            if source.explicit:
                templates[id(source.object)] = source
            else:
                accounts[source.account] = None
        return Needs(tuple(pulls), tuple(accounts), tuple(templates.values()))

    @cached_property
    def _owners(self) -> Owners:
        return self._context.once(Owners)

    def imports(self, secret: PullSecret) -> bool:
        """Whether image streams of the namespace import with this secret, as far as its content is known."""
        if secret.payload is None:
            return bool(self._context.joins.imports_with(secret))
        found = self._context.joins.imports_with(secret, keys_of(secret))
        return any(serves(secret, pull.tag.image, Consumer.IMPORTER) for pull in found)

    def doubt(self, secret: PullSecret, needs: Needs) -> tuple[str, str] | None:
        """Say why "unlinked" may not be said of this secret: reason and sentence, None when it may."""
        namespace = secret.namespace
        if namespace and not is_name(namespace):
            return (
                "templated",
                f"whether Secret {secret.name} is linked depends on a namespace that a template fills in",
            )
        if self._templated(secret):
            return "templated", f"whether Secret {secret.name} is linked depends on a name that a template fills in"
        unread = "" if self._context.in_cluster else self._inventory.may_link(secret.name)
        if unread:
            return "templated", f"whether Secret {secret.name} is linked is not known: {unread}, not read, may list it"
        linking = "" if self._context.in_cluster else self._inventory.linked_by(secret.name)
        if linking:
            return "generated", f"whether Secret {secret.name} is linked is not known: {linking} may link it"
        if self._context.in_cluster:
            known = self._inventory.covers("ServiceAccount", namespace)
        else:
            known = bool(needs.pulls) or any(together(one.object, secret.object) for one in self._inventory.accounts)
        where = in_namespace(namespace) or " beside it"
        hidden = unseen(self._context, namespace)
        if hidden:
            return "refused", f"whether pull secrets{where} are linked is not known: the cluster did not show {hidden}"
        if known:
            return None
        lacking = "the scan may lack accounts of it" if self._context.in_cluster else "no account of it is in the files"
        return "absent", f"whether pull secrets{where} are linked could not be judged: {lacking}"

    def _templated(self, secret: PullSecret) -> bool:
        return any(could_be(name, secret.name) and together(item, secret.object) for item, name in self._unfinished)

    @cached_property
    def _unfinished(self) -> list[tuple[KubeObject, str]]:
        """The names in lists that a template has yet to fill in."""
        lists = [(one.object, one.pull_secrets) for one in self._inventory.accounts]
        lists += [(one.object, one.pull_secrets) for one in self._inventory.workloads]
        return [(item, link.name) for item, links in lists for link in links if link.name and not is_name(link.name)]


def _selected(secret: PullSecret) -> bool:
    for field in ("labels", "annotations"):
        found = dig(secret.object.metadata, field)
        if isinstance(found, dict) and any(str(name).startswith(_SELECTED_BY_LABEL) for name in found):
            return True
    return False


def _finding(context: Context, secret: PullSecret, needs: Needs, *, imports: bool) -> Finding:
    severity = Severity.INFO if imports and not needs.pulls else context.absence(Severity.WARNING)
    affected = dict.fromkeys(Affected(source.object.ref, pull.image) for source, pull in needs.pulls)
    accounts = needs.accounts or (() if needs.templates else ("default",))
    fix, by_hand = _fix(context, secret, needs, accounts)
    return context.finding(
        _message(context, secret, needs, imports=imports),
        of=secret.object,
        at=secret.object.at("metadata", "name"),
        severity=severity,
        detail=_detail(context, secret, imports=imports),
        remedy=_remedy(secret, needs, accounts),
        commands=by_hand,
        impact=Impact(workloads=tuple(affected)),
        fix=fix,
    )


def _message(context: Context, secret: PullSecret, needs: Needs, *, imports: bool) -> str:
    where = in_namespace(secret.namespace)
    if imports:
        head = f"Secret {secret.name}{where} serves image imports only: no pod gets it"
    else:
        scan = "" if context.in_cluster else " in these files"
        head = f"Secret {secret.name}{where} is a pull secret that nothing uses{scan}"
    if not needs.pulls:
        return head
    source, pull = needs.pulls[0]
    others = len({(id(one.object), wanted.image) for one, wanted in needs.pulls}) - 1
    more = f" and {others} more" if others else ""
    return f"{head}, and {source.object.called} needs it for {pull.image}{more}"


def _detail(context: Context, secret: PullSecret, *, imports: bool) -> str:
    parts = [
        "The kubelet reads the secrets in a pod's own list, or in its service account's when the pod has none; "
        "a pull secret that is in neither does nothing (every version of Kubernetes)."
    ]
    if imports and secret.payload is None:
        parts.append("Its content is not known here: that imports of the namespace use it is a guess.")
    elif imports:
        parts.append("The OpenShift importer reads every pull secret of its namespace, so it is not useless.")
    if not context.in_cluster:
        parts.append("Only part of the cluster is in these files: the link may have been made by hand.")
    return " ".join(parts)


def _remedy(secret: PullSecret, needs: Needs, accounts: tuple[str, ...]) -> str:
    places = [f"service account {account}" for account in accounts]
    places += [f"the list of {one.object.called}" for one in needs.templates]
    guess = "" if needs.pulls else " if pods need it (which account is a guess: no workload shows it)"
    return (
        f"Add {secret.name} to {' and '.join(places)}{guess}; then recreate the pods, which keep the list they were "
        "created with. Delete the Secret if it is not needed."
    )


def _fix(
    context: Context, secret: PullSecret, needs: Needs, accounts: tuple[str, ...]
) -> tuple[Fix | None, tuple[str, ...]]:
    """Return the edits for what stands in files, and the commands for the accounts."""
    edits: list[Edit] = []
    commands: list[str] = []
    changed: list[str] = []
    for name in accounts:
        account = _account(context, secret, name)
        more = append(account.object, ("imagePullSecrets",), secret.name) if account is not None else ()
        if account is not None and more and not takes_over(context, account):
            edits.extend(more)
            changed.append(f"service account {name}")
        commands.extend(link_commands(name, secret.name, secret.namespace))
    for workload in needs.templates:
        account = _account(context, secret, workload.account)
        if account is not None and account.refuses(secret.name):
            continue  # Its pods would not be admitted any more.
        more = append(workload.object, (*workload.template, "imagePullSecrets"), secret.name)
        edits.extend(more)
        changed.extend([f"{workload.object.called}"] if more else ())
    if not edits:
        return None, tuple(commands)
    applicability = Applicability.SAFE if needs.pulls else Applicability.UNSAFE
    return Fix(applicability, f"add {secret.name} to the pulls of {' and '.join(changed)}", tuple(edits)), tuple(
        commands
    )


def _account(context: Context, secret: PullSecret, name: str) -> ServiceAccount | None:
    """Return the one account of that name that stands where the secret does."""
    named = context.inventory.accounts_named(secret.namespace, name)
    beside = [account for account in named if together(account.object, secret.object)]
    return beside[0] if len(beside) == 1 else None


RULE = Rule(code="RC301", severity=Severity.WARNING, check=check, fixable=True, needs=("Secret",))
