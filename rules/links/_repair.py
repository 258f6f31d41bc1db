"""How a missing link is made: edits that append to a list, and the commands that do the same in a cluster.

Never by replacing a service account's list: it is atomic, and OpenShift keeps a generated secret in it.
"""

from collections.abc import Sequence

from linter.rule import (
    REPLACERS,
    Context,
    Edit,
    KubeObject,
    NamedTuple,
    Op,
    Route,
    ServiceAccount,
    Workload,
    command,
    dig,
    edit,
    linked,
    owner,
    piped,
    rollout,
)

OPENSHIFT_ACCOUNTS = frozenset({"default", "builder", "deployer"})
_COPY = "{apiVersion, kind, type, data, metadata: {name: .metadata.name}}"


class Anew(NamedTuple):
    """How pods are made anew: in words, and as commands where some do it and nothing but it."""

    remedy: str
    commands: tuple[str, ...] = ()


def on_openshift(context: Context) -> bool:
    """Whether the cluster is OpenShift: as the configuration says, else where the scan holds one of its kinds."""
    if context.settings.platform:
        return context.settings.platform == "openshift"
    return bool(context.settings.openshift_version) or context.joins.openshift


def append(item: KubeObject, route: Route, name: str) -> tuple[Edit, ...]:
    """The edit that adds `name` to the list of pull secrets at `route`; none where the API server refuses the list.

    A list of texts (`- regcred`) is refused: the text that is the name becomes the link that it was to be, and beside
    any other nothing is mended by one link more.
    """
    held = dig(item.body, *route)
    if held is not None and not isinstance(held, list):
        return ()
    texts = [number for number, one in enumerate(held or ()) if one is not None and not isinstance(one, dict)]
    if not texts:
        return (edit(Op.APPEND, item, route, {"name": name}),)
    mended = len(texts) == 1 and dig(held, texts[0]) == name
    return (edit(Op.SET, item, (*route, texts[0]), {"name": name}),) if mended else ()


def takes_over(context: Context, account: ServiceAccount) -> bool:
    """Whether giving this account a list in a manifest would take the list away from OpenShift's controllers."""
    listed = isinstance(dig(account.object.body, "imagePullSecrets"), list)
    return not context.in_cluster and not listed and account.name in OPENSHIFT_ACCOUNTS and on_openshift(context)


def recreate(top: Workload, made: Sequence[Workload], *, template: bool = False) -> Anew:
    """Return how what `top` has made is made anew, with what the lists of pods are made of by now.

    `top` is the outermost owner that the scan holds: the pod itself where it holds none. With `template` the new list
    stands in the template of `top`, so that a pod which is made of an older template does not get it.
    """
    first = made[0]
    item, single = top.object, top.object is first.object
    kind, name = owner(first) if single else (item.kind, item.name)
    words = rollout(kind, name, None if single else item.body)
    if words:
        again = command(*words, namespace=item.namespace, about=(name,))
        return Anew("Recreate the pods; nothing else has to change.", (again,))
    if kind in ("CronJob", "Job"):
        return _job(top, made, kind, name)
    if not kind:
        return Anew("Create the pod again from its manifest; nothing else makes it anew.")
    held = _held(item) if template and not single else ""
    if held:
        return Anew(held)
    pods = [*dict.fromkeys(one.object.name for one in made if one.is_pod)]
    maker = owner(first)[0] if first.is_pod else kind
    if not pods or maker not in REPLACERS:
        return Anew(f"Have {kind} {name} make its pods anew; nothing else has to change.")
    # Never all of them at once: what they serve would be gone until new ones are ready.
    remedy = f"Delete the pod; its {maker} makes a new one."
    if len(pods) > 1:
        remedy = (
            f"Delete the pods one after the other, each when the last new one is ready; their {maker} makes them."
        )
    return Anew(remedy, (command("kubectl", "delete", "pod", pods[0], namespace=item.namespace, about=(pods[0],)),))


def _held(item: KubeObject) -> str:
    """Return what keeps an owner from making pods of its template as it is by now, as a remedy, "" for nothing."""
    if dig(item.body, "spec", "paused") is True:
        return f"Resume {item.called}: while it is paused, its pods are made of the template of before."
    if item.kind == "StatefulSet" and dig(item.body, "spec", "updateStrategy", "type") != "OnDelete":
        return f"Lower the partition of StatefulSet {item.name}: pods below it are made of the template of before."
    return ""


def _job(top: Workload, made: Sequence[Workload], kind: str, name: str) -> Anew:
    """A job keeps its template, and counts a pod that is deleted as one that failed."""
    why = "a pod of it that is deleted counts as one that failed"
    if kind == "Job" and top.object.kind == "Job":
        kind = owner(top)[0]
    elif kind == "Job":
        return Anew(f"Make Job {name} anew: {why}. One that a CronJob made can be deleted: the next run makes another.")
    if kind != "CronJob":
        return Anew(f"Make Job {name} anew: {why}.")
    if top.object.kind == "CronJob" and dig(top.object.body, "spec", "suspend") is True:
        return Anew(f"Start the job anew: CronJob {name}, which is suspended, makes no other by itself.")
    jobs = [*dict.fromkeys(owner(one)[1] if one.is_pod else one.object.name for one in made)]
    delete = command("kubectl", "delete", "job", *jobs, namespace=top.object.namespace, about=(*jobs,))
    return Anew("Delete the jobs that were made before; the next ones get the list as it is now.", (delete,))


def link_commands(account: str, secret: str, namespace: str) -> tuple[str, ...]:
    """Return the commands that add `secret` to the pulls of `account`, each enough by itself: that of `oc` is first."""
    return tuple(linked(account, secret, namespace, openshift=openshift) for openshift in (True, False))


def copied(secret: str, source: str, target: str) -> str:
    """Return the command that creates a Secret of namespace `source` in `target` too.

    What says who keeps the other one stays behind (labels, owners, finalizers): it does not speak of the copy.
    """
    read = command("kubectl", "get", "secret", secret, "-o", "json", namespace=source, about=(secret,))
    return piped(read, command("jq", _COPY), command("kubectl", "create", "-f", "-", namespace=target))
