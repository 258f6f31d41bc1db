"""A pull secret is named that does not exist.

## What it does

Reports every object that names a Secret for image pulls when its namespace holds no Secret of that name: service
accounts, pod templates of every workload kind, builds, and the custom resources whose secrets are known to stand in
their own namespace. One finding per object and name: a name that pods inherit from their service account is reported at
the account, with every pod that inherits it, and the copies that controllers make of a template are reported at the
template.

A Secret that something else will make counts as existing: SealedSecret, ExternalSecret, Vault operators, a kustomize
generator with its hash, prefixes and suffixes, OpenShift's generated `…-dockercfg-…` secrets, imagepullsecret-patcher,
registry-creds, policies that clone Secrets, Templates of the multi-tenant operator, what a SyncSet copies, and Secrets
with the annotations of Reflector, kubed or replicator. Among manifests an object of a kind that no rule reads counts
too, where it names the Secret and speaks of a registry config. A name in a list that a patch of kustomize or Flux takes
away or replaces is listed under coverage, and so is any name where SOPS has encrypted that of a pull secret.
Where a container of the manifests creates Secrets (the job that calls `kubectl create secret` to renew the token of a
cloud registry), a name that it may give is listed under coverage. So is, among manifests, a name that something beside
them may give: a command `kubectl create secret`, `oc create secret` (whatever the client is called there) or `oc
secrets new-dockercfg`, those of `tanzu`, `kp` and `doctl`, a copy (`kubectl get secret … | kubectl apply -f -`), a
manifest of a Secret within a script or page, `kubernetes_secret` and `kubernetes_manifest` of Terraform, a task of
Ansible, and the steps of Azure Pipelines, GitHub's `azure/k8s-create-secret`, Jenkins (`kubernetesDeploy`) and Cloud
Build. It is looked for in scripts, Makefiles, Justfiles, Jenkinsfiles, Tiltfiles, `.tf`, Python, Go, Markdown, AsciiDoc
and reStructuredText of a folder that was named, in files there of which manifests are made (`.j2`, `.tpl`, `.template`,
`.example` and the like), in YAML there that holds no objects, and right in the hidden folders of a CI
(`.github/workflows`, `.circleci`, `.gitlab`, `.cirrus`, `.azuredevops`, `.azure-pipelines`, `.buildkite`,
`.woodpecker`): at most 1,000 scripts and pages in Markdown of at most 1 MiB, as many programs and as many of the
others, no links, no other hidden folders, no excluded files. So is a name that a comment in a manifest says such a
command creates. In a cluster OpenShift replaces the secrets that it generates: a name of that form that is left in a
pod, or in a service account without need for it, is listed under coverage. It is needed where a pod of the account
pulls from the cluster's own registry and no other generated secret stands in the list.

## Why it matters

The kubelet skips a secret that is not there and pulls without it: no admission error, no failed apply. From Kubernetes
1.28 on an event `FailedToRetrieveImagePullSecret` names it; 1.25 says nothing. The pull then fails with an
authentication error that looks like a wrong password. A build waits in phase `New` for ever.

The commonest cause is a name that is almost right, so the finding says which existing secret may have been meant. That
is a guess. A name with capitals or underscores is accepted too, though no Secret can have it. Among manifests it is
reported where a Secret has that name but for these, else it is listed under coverage: most likely something else is put
in its place before it is applied.

In a cluster scan absence is proof. Among manifests it is a hint, since secrets are often made by hand or by a pipeline:
the finding is a warning there, and where the files hold no Secret of that namespace at all nothing is said but a line
under coverage.

## Example

```yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: app
  namespace: shop
imagePullSecrets:
  - name: my-registry-key-2   # the namespace has my-registry-key-1
```

## Fix

Correct the name, or create the Secret. When exactly one pull secret of the namespace has a similar name, the fix puts
that name in place; where the list names that Secret already, it takes the other entry away. The spec of a Build in a
cluster never changes: create the Secret, or start another build.

*Fix safety*: unsafe, because the similar name is a guess.
"""

from collections.abc import Iterator

from linter.rule import Applicability, Context, Finding, Fix, Op, Rule, Severity, Use, command, dig, edit
from rules.links._census import Census, Fate, Whereabouts, in_namespace
from rules.links._making import making
from rules.links._names import is_name, quoted
from rules.links._naming import Naming, impact, namings


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every object and name without a Secret; withhold those that nothing can be said of."""
    census = context.once(Census)
    unjudged: dict[tuple[str, str], tuple[Naming, Whereabouts]] = {}
    for naming in namings(context):
        found = census.whereabouts(naming)
        if found.fate is Fate.ABSENT:
            yield _finding(context, naming, census.candidates(naming))
        elif found.fate is Fate.UNKNOWN:
            unjudged.setdefault((naming.namespace, naming.name), (naming, found))
    for naming, found in unjudged.values():
        message = f"whether Secret {quoted(naming.name)} exists could not be judged: {found.why}"
        context.not_evaluated(found.reason, message, of=naming.object, at=naming.object.at(*naming.routes[0]))


def _finding(context: Context, naming: Naming, meant: tuple[str, ...]) -> Finding:
    where = in_namespace(naming.namespace)
    scan = "there is no such Secret" if context.in_cluster else "no Secret of that name is in these files"
    guess = f": did you mean {' or '.join(meant[:3])}?" if meant else ""
    fix = _fix(naming, meant[0]) if len(meant) == 1 else None
    partial = "" if context.in_cluster else " Only part of the cluster is in these files, so this is a warning."
    return context.finding(
        f"{naming.says} Secret {quoted(naming.name)}, and {scan}{where}{guess}",
        of=naming.object,
        at=naming.object.at(*naming.routes[0]),
        severity=context.absence(Severity.ERROR),
        key=naming.name,
        detail=_consumer(naming) + partial,
        remedy=_remedy(naming, meant),
        commands=_commands(naming, meant),
        related=naming.elsewhere(),
        impact=impact(context, naming),
        fix=fix,
    )


def _fix(naming: Naming, meant: str) -> Fix | None:
    """Name the secret that is meant; a list that names it already needs no second entry."""
    item, named = naming.object, quoted(naming.name)
    if _unchangeable(naming):
        return None
    edits = []
    for route in naming.routes:
        entries = dig(item.body, *route[:-2])
        beside = route[-1] == "name" and isinstance(entries, list) and any(dig(one, "name") == meant for one in entries)
        edits.append(edit(Op.REMOVE, item, route[:-1]) if beside else edit(Op.SET, item, route, meant))
    if all(one.op is Op.REMOVE for one in edits):
        return Fix(Applicability.UNSAFE, f"take {named} away, which stands beside Secret {meant}", tuple(edits))
    return Fix(Applicability.UNSAFE, f"name Secret {meant} instead of {named}", tuple(edits))


def _unchangeable(naming: Naming) -> bool:
    """Whether a build in a cluster names it, whose spec never changes, but for the secret of its push."""
    return naming.object.kind == "Build" and naming.object.identified and naming.use is not Use.PUSH


def _consumer(naming: Naming) -> str:
    if naming.use in (Use.BUILD, Use.PUSH):
        return "OpenShift leaves a build in phase New while a secret that it names does not exist."
    if naming.use is Use.CONTROLLER:
        return f"The controller of {naming.object.kind} reads the secret from the object's own namespace."
    return (
        "The kubelet skips a secret that does not exist and pulls without it (Kubernetes 1.25 to 1.36); "
        "since 1.28 an event FailedToRetrieveImagePullSecret says so."
    )


def _remedy(naming: Naming, meant: tuple[str, ...]) -> str:
    where = in_namespace(naming.namespace)
    if not is_name(naming.name):
        other = f"{meant[0]} if that is the one (a guess by its name)" if meant else "the Secret that is meant"
        return f"Name {other}: no object can be called {quoted(naming.name)}."
    if meant and _unchangeable(naming):
        return f"Create Secret {naming.name}{where}, or start a build with {meant[0]} if that is the one (a guess)."
    if meant:
        return f"Name {meant[0]} if that is the one (a guess by its name), or create Secret {naming.name}{where}."
    return f"Create Secret {naming.name}{where}, or correct the name."


def _commands(naming: Naming, meant: tuple[str, ...]) -> tuple[str, ...]:
    words = ("kubectl", "get", "secrets", "--field-selector", "type=kubernetes.io/dockerconfigjson")
    listing = command(*words, namespace=naming.namespace)
    if meant or not is_name(naming.name):
        return (listing,)
    return (listing, *making(naming.name, naming.namespace))


RULE = Rule(code="RC303", severity=Severity.ERROR, check=check, fixable=True)
