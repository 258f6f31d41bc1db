"""The cluster's global pull secret cannot serve the platform.

## What it does

Looks at `openshift-config/pull-secret`. Reports

- an empty `{}` or `null`, which wrong-shape leaves to this rule;
- a type other than `kubernetes.io/dockerconfigjson` that is a docker type all the same, and `credHelpers` or
  `credsStore` beside inline credentials: the machine-config operator refuses both;
- that it lacks an entry for a registry which the platform pulls from: `quay.io` (the release images) and
  `registry.redhat.io` (operators, samples, base images).

What makes any pull secret unreadable (no base64, no JSON, no `auths`, an `auth` that cannot be decoded, a placeholder,
the type `Opaque`) is told by the rule for that defect, with its place; this rule tells it only when that one does not
run, as with `--select pulls`.

A registry counts as needed when the secret has another entry of the pull secret that Red Hat hands out, or when a
workload of a platform namespace pulls from it. Nothing is missed where mirrors are configured
(ImageContentSourcePolicy, ImageDigestMirrorSet, ImageTagMirrorSet), because a disconnected cluster has its mirror's
entry instead, nor on OKD, whose images are public. `cloud.openshift.com` is telemetry and no registry.

In manifests a lacking registry is a warning: the mirrors may be configured elsewhere.

## Why it matters

The secret is written to `/var/lib/kubelet/config.json` of every node and read by the kubelet, CRI-O, image imports and
builds. `oc set data secret/pull-secret --from-file=.dockerconfigjson=…` replaces it whole: whoever adds a registry that
way without the old entries takes the platform's registries from every node, without a reboot (since OpenShift 4.7.4).
What the machine-config operator refuses makes it degraded, and upgrades stop.

## Example

```yaml
apiVersion: v1
kind: Secret
metadata: {name: pull-secret, namespace: openshift-config}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"cloud.openshift.com": {"auth": "dXNlcjpwYXNz"}, "quay.io": {"auth": "dXNlcjpwYXNz"}}}
```

## Fix

An empty secret becomes `{"auths":{}}`, the form in which every release takes it.

*Fix safety*: safe, there is nothing in it to lose.

For what is missing there is no automatic fix, because the credential is not there. Fetch the pull secret from the Red
Hat console, merge it with the one that is there, and set both:

    oc extract secret/pull-secret --keys=.dockerconfigjson --to=. --confirm -n openshift-config &&
      jq -s '{auths: (.[0].auths * .[1].auths)}' .dockerconfigjson from-console.json > merged.json &&
      oc set data secret/pull-secret --from-file=.dockerconfigjson=merged.json -n openshift-config &&
      rm .dockerconfigjson merged.json

Where the control plane is hosted (`controlPlaneTopology: External`), this Secret is a copy, and what is written there
is undone: change the secret that the HostedCluster names in `spec.pullSecret`, in the management cluster.
"""

from collections.abc import Iterator

from linter.rule import (
    DOCKERCFG,
    Context,
    Entry,
    Finding,
    Location,
    Payload,
    PullSecret,
    Rule,
    Severity,
    command,
    credentials,
    spot,
)
from rules.imports._shared import HOSTED, hosted
from rules.payload._defects import entry_defect, is_empty, whole_defect
from rules.payload._shared import NODE_WIDE, repair
from rules.pulls._causes import Causes

_NEEDED = {
    "quay.io": "the release images of the platform come from it",
    "registry.redhat.io": "operators, samples and base images come from it",
}
_HANDED_OUT = frozenset({"cloud.openshift.com", "quay.io", "registry.redhat.io", "registry.connect.redhat.com"})
_MERGE = "Merge the pull secret of the Red Hat console, saved as from-console.json, into this one."
_MERGE_HOSTED = f"Merge the pull secret of the Red Hat console into that of the cluster. {HOSTED}"
_RELEASE = {"quay.io": "quay.io/openshift-release-dev/", "registry.redhat.io": "registry.redhat.io/"}
_PLATFORM = ("openshift-", "kube-")
_MALFORMED = {
    "RC101": "its value is not base64",
    "RC102": "it is not JSON",
    "RC103": "it is base64 of JSON once more",
    "RC104": "it has no auths object with one entry a registry",
    "RC105": "a field has a type that no reader takes",
    "RC106": "an auth in it cannot be decoded",
    "RC110": "it names a credential helper and holds no credential",
    "RC111": "its type goes with no pull secret",
    "RC115": "a placeholder stands where a credential belongs",
    "RC118": "a shell variable stands where a credential belongs",
}


def check(context: Context) -> Iterator[Finding]:
    """Report what the platform's readers refuse, and each registry that is not there."""
    for secret in context.inventory.secrets:
        if context.inventory.is_global(secret):
            defect = _defect(secret)
            if defect in _MALFORMED and defect not in context.chosen:
                yield _malformed(context, secret, _MALFORMED[defect])
            if secret.payload is not None:
                yield from _judge(context, secret, secret.payload)


def _judge(context: Context, secret: PullSecret, payload: Payload) -> Iterator[Finding]:
    if is_empty(payload) and secret.typed:
        yield _empty(context, secret, payload)
    if whole_defect(secret) or not secret.typed:
        return
    if secret.type == DOCKERCFG:
        yield _refused(context, secret, f"is of type {DOCKERCFG}", secret.object.at("type"))
        return
    if payload.helpers:
        yield _refused(context, secret, f"holds {' and '.join(payload.helpers)}", _helper(secret))
    if payload.error is None:
        yield from _lacking(context, secret, list(payload.entries))


def _defect(secret: PullSecret) -> str:
    """The code of the rule that tells what keeps everybody from reading the secret, "" when nothing does."""
    payload = secret.payload
    if payload is not None and is_empty(payload):
        return ""
    if not secret.typed:
        return "RC111" if payload is not None else whole_defect(secret)
    whole = whole_defect(secret)
    if whole or payload is None or payload.error is None:
        return whole
    found = (entry_defect(entry) for entry in payload.entries if entry.type_errors or entry.auth_error)
    return next(found, "RC105")


def _malformed(context: Context, secret: PullSecret, what: str) -> Finding:
    return context.finding(
        f"The global pull secret cannot be read: {what}",
        of=secret.object,
        at=secret.at(),
        key="malformed",
        detail=f"{NODE_WIDE} The machine-config operator becomes degraded: nodes keep the old file, and upgrades stop.",
        remedy="Run all rules: the one for this defect tells its place and, where there is one, its repair.",
    )


def _helper(secret: PullSecret) -> Location:
    for key, start, end, _ in secret.payload.root.members if secret.payload and secret.payload.root else ():
        if secret.payload and key in secret.payload.helpers:
            return spot(secret, start, end)
    return secret.at()


def _refused(context: Context, secret: PullSecret, what: str, at: Location) -> Finding:
    return context.finding(
        f"The global pull secret {what}, which the machine-config operator refuses",
        of=secret.object,
        at=at,
        key=what,
        detail="The machine-config operator writes this Secret to every node. It takes the type "
        "kubernetes.io/dockerconfigjson with inline credentials only, and becomes degraded otherwise: nodes keep the "
        "old file, and upgrades stop.",
        remedy="Write it as kubernetes.io/dockerconfigjson with the credentials themselves."
        + (f" {HOSTED}" if hosted(context) else ""),
    )


def _empty(context: Context, secret: PullSecret, payload: Payload) -> Finding:
    root = payload.root
    at = spot(secret, root.start, root.end) if root is not None else secret.at()
    elsewhere = hosted(context)
    words = "write the empty global pull secret in the form that every release takes"
    fix = repair(secret, '{"auths":{}}', words) if not elsewhere else None
    return context.finding(
        "The global pull secret is empty and has no auths object, by which the machine-config operator was degraded",
        of=secret.object,
        at=at,
        key="empty",
        detail="Releases without the repair of OCPBUGS-62828 do not take {} or null as a config: nodes keep the old "
        "file, and upgrades stop. Kubelet and CRI-O find no credential in it.",
        remedy='Write {"auths":{}} where it is empty on purpose, else set that of the Red Hat console.'
        + (f" {HOSTED}" if elsewhere else ""),
        fix=fix,
    )


def _lacking(context: Context, secret: PullSecret, entries: list[Entry]) -> Iterator[Finding]:
    """Report the registries that the platform needs and the secret has no entry for."""
    # A colon without a port changes nothing; a wildcard counts for what it matches.
    keys = {entry.registry.host.removesuffix(":") for entry in entries if entry.live}
    if Causes(context).mirror_sources:
        return
    official = bool(keys & _HANDED_OUT)
    for registry, why in _NEEDED.items():
        image = f"{_RELEASE[registry]}image"
        wild = (entry.registry for entry in entries if entry.live and entry.registry.glob)
        if registry in keys or any(credentials.key_matches(key, image) for key in wild):
            continue
        if official or _pulled(context, registry):
            yield _lacks(context, secret, registry, why)


def _pulled(context: Context, registry: str) -> bool:
    """Whether a workload of the platform pulls from the registry."""
    return any(
        pull.image.startswith(_RELEASE[registry]) and pull.workload.object.namespace.startswith(_PLATFORM)
        for pull in context.joins.workload_pulls
    )


def _lacks(context: Context, secret: PullSecret, registry: str, why: str) -> Finding:
    part = "" if context.in_cluster else " The mirrors of a disconnected cluster may be configured elsewhere."
    elsewhere = hosted(context)
    return context.finding(
        f"The global pull secret has no entry for {registry}",
        of=secret.object,
        at=secret.at(),
        severity=context.absence(Severity.ERROR),
        key=registry,
        detail=f"{why[0].upper()}{why[1:]}, and every node, import and build reads this Secret. No mirror is "
        f"configured that would replace it.{part}",
        remedy=_MERGE_HOSTED if elsewhere else _MERGE,
        commands=() if elsewhere else (_merge(secret.namespace),),
    )


def _merge(namespace: str) -> str:
    """Return the command that merges a file into the secret: a step only begins where the one before went well."""
    take = ("oc", "extract", "secret/pull-secret", "--keys=.dockerconfigjson", "--to=.", "--confirm")
    merge = "jq -s '{auths: (.[0].auths * .[1].auths)}' .dockerconfigjson from-console.json > merged.json"
    put = ("oc", "set", "data", "secret/pull-secret", "--from-file=.dockerconfigjson=merged.json")
    steps = (command(*take, namespace=namespace), merge, command(*put, namespace=namespace))
    return " && ".join((*steps, "rm .dockerconfigjson merged.json"))


RULE = Rule(code="RC504", severity=Severity.ERROR, check=check, fixable=True, needs=("Secret",))
