"""How an uncovered pull gets its credential: a link to a secret that is there, or the commands that make one."""

from collections.abc import Sequence

from linter.rule import (
    Applicability,
    Context,
    Fix,
    NamedTuple,
    PullSecret,
    Related,
    ServiceAccount,
    Workload,
    WorkloadPull,
    command,
    owner,
)
from rules.links._naming import listing
from rules.links._repair import append, link_commands, on_openshift, recreate, takes_over


class Repair(NamedTuple):
    """What to do, in words, as commands and as edits, and the secrets that it is about.

    `outdated` is a secret that the list of the pods' owner names by now, so that nothing but new pods is wanted.
    """

    remedy: str
    commands: tuple[str, ...]
    related: tuple[Related, ...]
    fix: Fix | None
    outdated: PullSecret | None = None


def outdated(source: Workload, pod: Workload, serving: list[PullSecret]) -> PullSecret | None:
    """Return the secret that covers the images of a pod and that the list of its owner `source` names by now."""
    if source is pod or not source.explicit:
        return None
    return next((one for one in serving if listing(source.pull_secrets, one.name) is not None), None)


def link(
    context: Context, source: Workload, pulls: Sequence[WorkloadPull], serving: list[PullSecret], registry: str
) -> Repair:
    """Return the repair of pulls that `source` stands for; `serving` are secrets beside it that cover the images."""
    if not serving:
        return _create(context, source, registry)
    account = pulls[0].reach.account
    listed = outdated(source, pulls[0].workload, serving)
    if listed is not None:
        return _anew(context, source, [pull.workload for pull in pulls], listed)
    related = tuple(Related(f"Secret {one.name} covers it", one.at(), one.object.ref) for one in serving[:5])
    name = serving[0].name
    place = f"the imagePullSecrets of {source.object.kind} {source.object.name}"
    if not source.explicit:
        place = f"the imagePullSecrets of service account {source.account}"
    choice = name if len(serving) == 1 else " or ".join(one.name for one in serving[:5])
    remedy = f"Add {choice} to {place}, then recreate the pods."
    return Repair(remedy, _commands(context, source, account, name), related, _fix(context, source, account, serving))


def _anew(context: Context, source: Workload, made: list[Workload], listed: PullSecret) -> Repair:
    """Return the repair of what was made before the list of `source` named a secret."""
    item = source.object
    at = Related(f"the list names {listed.name}", item.at(*source.template, "imagePullSecrets"), item.ref)
    if item.kind == "CronJob":  # a Job keeps its template, and makes its pods with that
        jobs = dict.fromkeys(owner(one)[1] if one.is_pod else one.object.name for one in made)
        remedy = "Delete the jobs that were made before; the next ones get the list as it is now."
        commands: tuple[str, ...] = (command("kubectl", "delete", "job", *jobs, namespace=item.namespace),)
    else:
        pods = [*dict.fromkeys(one.object.name for one in made if one.is_pod)]
        remedy = "Recreate the pods; nothing else has to change."
        commands = recreate(item.kind, item.name, pods, item.namespace, item)
    return Repair(remedy, commands if context.in_cluster else (), (at,), None, listed)


def _commands(context: Context, source: Workload, account: ServiceAccount | None, name: str) -> tuple[str, ...]:
    if source.explicit:
        return ()
    listed = bool(account.pull_secrets) if account is not None else on_openshift(context) or None
    return link_commands(context, source.account, name, source.object.namespace, listed=listed)


def _fix(context: Context, source: Workload, account: ServiceAccount | None, serving: list[PullSecret]) -> Fix | None:
    """Offer the one link that there is to make; among several secrets the choice is not ours."""
    if len(serving) != 1:
        return None
    name, item = serving[0].name, source.object
    if source.explicit:
        if source.is_pod and item.identified:  # The list of a living pod cannot be changed.
            return None
        edits = (append(item, (*source.template, "imagePullSecrets"), name),)
        return Fix(Applicability.SAFE, f"add {name} to the list of {item.kind} {item.name}", edits)
    if account is None or takes_over(context, account):
        return None
    edits = (append(account.object, ("imagePullSecrets",), name),)
    return Fix(Applicability.SAFE, f"add {name} to the pulls of service account {account.name}", edits)


def _create(context: Context, source: Workload, registry: str) -> Repair:
    namespace = source.object.namespace
    where = f"namespace {namespace}" if namespace else "its namespace"
    target = f"service account {source.account}"
    if source.explicit:
        target = f"the imagePullSecrets of {source.object.kind} {source.object.name}"
    kind, login = "--type=kubernetes.io/dockerconfigjson", "--from-file=.dockerconfigjson=auth.json"
    create = (
        command("podman", "login", "--authfile=auth.json", registry),
        command("kubectl", "create", "secret", "generic", "registry-pull", kind, login, namespace=namespace),
    )
    linked = () if source.explicit else link_commands(context, source.account, "registry-pull", namespace, listed=None)
    remedy = f"Create a pull secret for {registry} in {where} and link it to {target}, or add it to the node-wide one."
    return Repair(remedy, (*create, *linked[:1]), (), None)
