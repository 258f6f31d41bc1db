"""How pods are made anew, with the lists that their account or their template has by now.

Never by deleting what makes pods, and a pod that nothing makes again is written down first.
"""

from typing import Any, Final

from linter import shell
from linter.documents.objects import KubeObject
from linter.inventory.paths import dig
from linter.inventory.records import Workload
from linter.resolve.commands import Shell
from linter.resolve.owners import Place
from linter.resolve.records import Change

_STAYS: Final = "the list of a running pod never changes"
_BARE: Final = "del(.status, .spec.nodeName, .spec.ephemeralContainers)"
"""What a pod is not created with: where it runs and what was put into it there."""
_REPLACED: Final = frozenset({"Deployment", "DaemonSet", "StatefulSet", "DeploymentConfig", "Rollout"})
_KEPT: Final = frozenset({"ReplicaSet", "ReplicationController"})
_NEXT: Final = frozenset({"CronJob", "ScaledJob", "AdvancedCronJob", "CronWorkflow", "WorkflowTemplate"})


def then(first: Change, second: Change) -> Change:
    """One change after the other; a change without a sentence is none."""
    summary = ", and ".join(filter(None, (first.summary, second.summary)))
    return Change(summary, (*first.commands, *second.commands))


def alone(pod: str, how: str, sh: Shell, program: str = "", **values: str) -> Change:
    """Make a pod anew that nothing owns; `how` says with what, as `program` of jq does it with `values`."""
    program = f"{_BARE} | {program}" if program else _BARE
    summary = f"make pod {pod} anew{how}: {_STAYS} (nothing owns the pod: keep pod.json until it is created)"
    return Change(summary, (sh.remade("pod", pod, program, **values),))


def again(at: Place, pod: Workload, sh: Shell) -> Change:
    """Make a running pod anew, once the account lists what it needs."""
    name, item = pod.object.name, at.workload.object
    if at.live:
        return alone(name, "", sh)
    said = f"make pod {name} anew: {_STAYS}"
    job = at.maker.object if at.maker is not None and at.maker.object.kind == "Job" else None
    if job is not None and _gives_up(job):
        return Change(f"make Job {job.name} anew: {_STAYS}, and a deleted pod counts as failed, which ends the Job")
    if job is not None:
        said += f" (deleted, it counts as failed for the backoffLimit of Job {job.name})"
        return Change(said, _deleted(name, sh))
    return Change(said, _rollout(item, sh) or _deleted(name, sh))


def all_of(at: Place, sh: Shell) -> Change:
    """Make all pods of a controller of the cluster anew, once the account lists what they need."""
    item = at.workload.object
    if not item.identified or item.kind not in _REPLACED | _KEPT:
        return Change("")
    return Change(f"make the pods of {at.title} anew: {_STAYS}", _rollout(item, sh))


def after(at: Place, pod: Workload | None, sh: Shell) -> Change:
    """What has to follow a change of a template; nothing where it is rolled out by itself. `pod` is one that runs."""
    item = at.workload.object
    spec = dig(item.body, "spec")
    if not item.identified and pod is None:
        return Change("")
    if dig(spec, "paused") is True:
        return Change(f"resume {at.title}: while it is paused, its pods stay as they are")
    if item.kind in _NEXT:
        return Change("wait for its next job: those that run stay as they are")
    if item.kind == "DeploymentConfig":
        return Change("") if _by_itself(spec) else Change("roll it out: it has no trigger for that", _rollout(item, sh))
    if item.kind == "StatefulSet" and shell.partitioned(dig(spec, "updateStrategy")):
        return Change("lower its partition: the pods below it stay as they are")
    kept = item.kind in _KEPT or item.kind == "RayCluster"
    waits = dig(spec, "updateStrategy", "type") == "OnDelete" or kept or _in_order(item)
    if not waits:
        return Change("")
    if pod is not None:
        return Change(f"delete pod {pod.object.name}: it is made anew from the template", _deleted(pod.object.name, sh))
    return Change("") if _in_order(item) else Change("delete its pods: they are made anew from the template")


def _deleted(pod: str, sh: Shell) -> tuple[str, ...]:
    return (sh.run("delete", "pod", pod, about=(pod,)),)


def _rollout(item: KubeObject, sh: Shell) -> tuple[str, ...]:
    words = shell.rollout(item.kind, item.name, item.body)
    if not words or _in_order(item):
        return ()
    tool = words[0] if words[0] == "oc" else sh.tool
    return (shell.command(tool, *words[1:], namespace=sh.namespace, about=(item.name,)),)


def _in_order(item: KubeObject) -> bool:
    """Whether a rollout waits for every pod to get ready first: it never comes to one that cannot pull."""
    return item.kind == "StatefulSet" and dig(item.body, "spec", "podManagementPolicy") != "Parallel"


def _by_itself(spec: Any) -> bool:
    """Whether a DeploymentConfig is rolled out when its template changes, as where it says nothing of triggers."""
    triggers = dig(spec, "triggers")
    return not isinstance(triggers, list) or any(dig(one, "type") == "ConfigChange" for one in triggers)


def _gives_up(job: KubeObject) -> bool:
    """Whether a job fails with its first failed pod, or the index of that pod does."""
    return 0 in (dig(job.body, "spec", "backoffLimit"), dig(job.body, "spec", "backoffLimitPerIndex"))
