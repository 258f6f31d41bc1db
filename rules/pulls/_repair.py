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
    linked,
)
from rules.links._making import making, name_for
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
    place = f"the imagePullSecrets of {source.object.called}"
    if not source.explicit:
        place = f"the imagePullSecrets of service account {source.account}"
    elif account is not None and account.refuses(name):
        place = f"{place} and of service account {account.name}, which lets its pods name no other"
    choice = name if len(serving) == 1 else " or ".join(one.name for one in serving[:5])
    remedy = f"Add {choice} to {place}, then recreate the pods."
    commands = () if source.explicit else link_commands(source.account, name, source.object.namespace)
    return Repair(remedy, commands, related, _fix(context, source, account, serving))


def _anew(context: Context, source: Workload, made: list[Workload], listed: PullSecret) -> Repair:
    """Return the repair of what was made before the list of `source` named a secret."""
    item = source.object
    at = Related(f"the list names {listed.name}", item.at(*source.template, "imagePullSecrets"), item.ref)
    anew = recreate(source, made, template=True)
    return Repair(anew.remedy, anew.commands if context.in_cluster else (), (at,), None, listed)


def _fix(context: Context, source: Workload, account: ServiceAccount | None, serving: list[PullSecret]) -> Fix | None:
    """Offer the one link that there is to make; among several secrets the choice is not ours."""
    if len(serving) != 1:
        return None
    name, item = serving[0].name, source.object
    if source.explicit:
        if source.is_pod and item.identified:  # The list of a living pod cannot be changed.
            return None
        if account is not None and account.refuses(name):  # Its pods would not be admitted any more.
            return None
        edits = append(item, (*source.template, "imagePullSecrets"), name)
        return Fix(Applicability.SAFE, f"add {name} to the list of {item.called}", edits) if edits else None
    if account is None or takes_over(context, account):
        return None
    edits = append(account.object, ("imagePullSecrets",), name)
    summary = f"add {name} to the pulls of service account {account.name}"
    return Fix(Applicability.SAFE, summary, edits) if edits else None


def _create(context: Context, source: Workload, registry: str) -> Repair:
    namespace = source.object.namespace
    where = f"namespace {namespace}" if namespace else "its namespace"
    target = f"service account {source.account}"
    if source.explicit:
        target = f"the imagePullSecrets of {source.object.called}"
    name = name_for(context, namespace, registry)
    commands = making(name, namespace, registry)
    if commands and not source.explicit:
        commands = (*commands, linked(source.account, name, namespace, openshift=on_openshift(context)))
    remedy = f"Create a pull secret for {registry} in {where} and link it to {target}, or add it to the node-wide one."
    return Repair(remedy, commands, (), None)
