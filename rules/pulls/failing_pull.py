"""A pull was refused for its credential, as a pod's status or events show.

## What it does

Reads the waiting containers of pods and the events about them in a cluster's dump, and reports images whose pull failed
for the credential: the registry refused it (`unauthorized`, `pull access denied`, `no basic auth credentials` and the
like, in the words of CRI-O, containerd and the kubelet), or the kubelet could not decode the pod's secrets (`illegal
base64 data`, which stands as the waiting reason itself from Kubernetes 1.33 on). An image that is not there, a name
that does not resolve, a timeout or a rate limit is no such failure.

One finding for all pods of one owner and image. It names the cause that the scan shows, and points at the object that
another rule reports for it; only where no rule does is the credential itself the suspect. An event counts while its
pod is still waiting. Messages are never quoted, because they can hold credentials. In a support bundle of
Troubleshoot, which holds no payload, a secret that its collector could not decode either explains the failure.

## Why it matters

This is no prediction: the pull has failed, and goes on failing until the cause is removed.

## Example

```yaml
kind: Pod
metadata: {name: web-0, namespace: shop, uid: 1c6d…}
spec:
  containers: [{name: web, image: registry.example.com/shop/web:1}]
status:
  containerStatuses:
  - name: web
    state:
      waiting:
        reason: ErrImagePull
        message: 'reading manifest 1 in registry.example.com/shop/web: unauthorized'
```

## Fix

That of the cause. Where no credential reaches the pod and exactly one secret of the namespace covers the image, it is
linked, as uncovered-image does.

*Fix safety*: safe, because a list of pull secrets is only ever appended to.
"""

from collections.abc import Iterator

from linter.rule import (
    UNDECODABLE,
    Affected,
    Context,
    Finding,
    Impact,
    KubeObject,
    Location,
    NamedTuple,
    Outcome,
    PullFailure,
    PullSecret,
    Related,
    Rule,
    Severity,
    Workload,
    WorkloadPull,
    command,
    owner,
    shown,
    spot,
)
from rules.lifetime._shared import expired_entry
from rules.links._census import in_namespace
from rules.payload._defects import entry_defect, seen_defect
from rules.pulls._causes import Cause, Causes
from rules.pulls._repair import Repair, link

_DEFECTS = {
    "RC107": "has white space at an end of it",
    "RC109": "is empty",
    "RC114": "is a token that the kubelet does not read",
    "RC115": "is a placeholder",
    "RC118": "was damaged by a shell",
}


class _Case(NamedTuple):
    """One failure with the pull that it is of, where the scan holds the pod."""

    failure: PullFailure
    pull: WorkloadPull | None
    top: Workload | None


def check(context: Context) -> Iterator[Finding]:
    """Report every owner and image once."""
    if not context.inventory.observed or not context.joins.evidence.failures:
        return
    causes = Causes(context)
    pulls = {
        (id(workload.object), use.image): WorkloadPull(workload, use.image, use.route, reached)
        for workload, reached in context.joins.reaches
        for use in workload.images
    }
    cases: dict[tuple[str, ...], list[_Case]] = {}
    for failure in context.joins.evidence.failures:
        pull = pulls.get((id(failure.object), failure.image))
        item = failure.object
        top = causes.owners.top(pull.workload) if pull is not None else None
        made = owner(pull.workload) if pull is not None else ("", "")
        if top is not None and (top.object is not item or not made[0]):
            made = (top.object.kind, top.object.name)
        cases.setdefault((item.namespace, *(made if made[0] else (item.kind, item.name)), failure.image), []).append(
            _Case(failure, pull, top)
        )
    for found in cases.values():
        yield _finding(context, causes, found)


def _finding(context: Context, causes: Causes, found: list[_Case]) -> Finding:
    case = found[0]
    failure, item = case.failure, case.failure.object
    cause, repair = _resolve(context, causes, found)
    of, at = _place(case)
    image = failure.image or f"the image of container {failure.container}"
    who = f"{of.kind} {of.name}" if of.kind != "Event" else f"a pod that event {of.name} tells of"
    if failure.kind == UNDECODABLE:
        told = f"the kubelet could not decode the pull secrets ({failure.said})"
    else:
        told = f"the pull was refused ({failure.said})"
    users = dict.fromkeys(Affected(one.failure.object.ref, one.failure.image) for one in found)
    proof = Related(f"{item.called} shows it", failure.proof.at(*failure.route), failure.proof.ref)
    pointers = (cause.related,) if cause.related is not None else repair.related if repair is not None else ()
    left = "tells" if cause.told(context) else "does not run here, and would tell"
    explained = f" The rule {cause.rule} {left} of it." if cause.rule else ""
    return context.finding(
        f"{who}{in_namespace(of.namespace)} cannot pull {image}: {told}; {cause.text}",
        of=of,
        at=at,
        key="/".join((failure.container, failure.image)),
        detail=f"This is what the kubelet or the runtime said, no prediction.{explained} Many registries answer the "
        "same for a repository that does not exist as for one that the credential may not read.",
        remedy=repair.remedy if repair is not None else _remedy(cause),
        commands=repair.commands if repair is not None else _look(failure),
        related=(*pointers, proof),
        impact=Impact(workloads=tuple(users)),
        fix=repair.fix if repair is not None else None,
    )


def _place(case: _Case) -> tuple[KubeObject, Location]:
    """Return the object that has to change and its image: the pod's maker where the scan holds it."""
    failure, pull, top = case
    item = failure.object
    if pull is None or top is None:
        return item, item.at()
    route = next((use.route for use in top.images if use.image == pull.image), None)
    if top is pull.workload or route is None:
        return item, item.at(*pull.route)
    return top.object, top.object.at(*route)


def _resolve(context: Context, causes: Causes, found: list[_Case]) -> tuple[Cause, Repair | None]:
    """Find out why: what the pod's list is made of, what answers for the image, and what is wrong with it."""
    failure, pull, top = found[0]
    missing = context.joins.evidence.missing.get((failure.object.namespace, failure.object.name))
    if pull is None:
        return Cause("the pod is not in the scan, so the cause is not known"), None
    outcome = context.joins.pull_outcome(pull)
    if outcome.verdict == "refused" and outcome.secret is not None:
        return _undecodable(outcome.secret), None
    if failure.kind == UNDECODABLE:
        seen = next((one for one in pull.reach.secrets if one.seen is not None and one.seen.error), None)
        if seen is not None:
            return _collected(seen), None
        names = " or ".join(link.name for link in pull.reach.links) or "one of its pull secrets"
        return Cause(f"the content of {names} is not known here, or was repaired since"), None
    target = outcome.lookup.reference if outcome.lookup is not None else None
    if outcome.verdict == "credential":
        return _refused(context, pull, outcome), None
    # Where the scan may lack Secrets none of them is known not to exist, and any of them may be the cause.
    lacking = bool(pull.reach.missing) and not context.inventory.covers("Secret", failure.object.namespace)
    explained = None if lacking else causes.explain(pull, target or "")
    if explained is not None:
        return explained, None
    if missing is not None:
        words = "an event says that a pull secret of the pod could not be retrieved"
        return Cause(words, "missing-pull-secret", Related("the event", missing.at("message"), missing.ref)), None
    if outcome.verdict != "anonymous" or target is None:
        return Cause(f"why cannot be told from this scan: {outcome.reason}"), None
    registry = shown(target.partition("/")[0])
    unknown = "" if context.inventory.node_wide is not None else " (what the nodes have is not known)"
    source = top or pull.workload
    serving = causes.candidates(pull, target)
    repair = link(context, source, [one.pull for one in found if one.pull is not None], serving, registry)
    if repair.outdated is not None:
        made = f"the pod was made before the list of {source.object.called}"
        return Cause(f"{made} named Secret {repair.outdated.name}"), repair
    return Cause(f"no credential for {registry} reaches it{unknown}"), repair


def _undecodable(secret: PullSecret) -> Cause:
    error = secret.payload.error if secret.payload is not None else None
    at = secret.at() if error is None else spot(secret, error.offset, error.offset + 1, error.entry)
    rules = {"json": "invalid-json", "type": "invalid-field-type", "auth": "undecodable-auth"}
    related = Related(f"Secret {secret.name} cannot be decoded here", at, secret.object.ref)
    return Cause(f"Secret {secret.name} cannot be decoded", rules.get(error.kind, "") if error else "", related)


def _collected(secret: PullSecret) -> Cause:
    """A secret that the collector of a support bundle could not decode either."""
    rules = {"RC102": "invalid-json", "RC105": "invalid-field-type", "RC106": "undecodable-auth"}
    related = Related("the collector's error", secret.object.at(), secret.object.ref)
    words = f"Secret {secret.name} cannot be decoded: the collector of the support bundle met the same"
    return Cause(words, rules.get(seen_defect(secret), ""), related)


def _refused(context: Context, pull: WorkloadPull, outcome: Outcome) -> Cause:
    """Say of which entry the credential is, and what is wrong with it as far as it shows."""
    first = outcome.lookup.candidates[0] if outcome.lookup is not None else None
    secrets = (*pull.reach.secrets, context.inventory.global_secret) if first is not None else ()
    for secret in secrets:
        if secret is None or first is None or secret.payload is None:
            continue
        if first.secret is not None and secret.name != first.secret:
            continue
        for entry in secret.payload.entries:
            if entry.live and entry.key == first.key:
                related = Related(f"Secret {secret.name}", spot(secret, *entry.key_span, entry.key), secret.object.ref)
                who = f"the credential of entry {shown(entry.key)} in Secret {secret.name}"
                if expired_entry(context, entry):
                    return Cause(f"{who} has expired", "expired-credential", related)
                defect = _DEFECTS.get(entry_defect(entry))
                if defect:
                    return Cause(f"{who} {defect}", "", related)
                return Cause(f"{who} was refused: it is wrong, revoked, or may not read this repository", "", related)
    return Cause("the credential that was sent is wrong, revoked, or may not read this repository")


def _remedy(cause: Cause) -> str:
    if cause.rule:
        return (
            f"Do what {cause.rule} says. A pod that waits tries again with what its secrets hold by then; it gets "
            "another list only when it is made anew."
        )
    return "Log in with the same credential to see what the registry says; renew it, or give its account the right."


def _look(failure: PullFailure) -> tuple[str, ...]:
    if failure.object.kind != "Pod":
        return ()
    item = failure.object
    return (command("kubectl", "describe", "pod", item.name, namespace=item.namespace, about=(item.name,)),)


RULE = Rule(code="RC502", severity=Severity.ERROR, check=check, fixable=True, needs=("Pod", "Event"))
