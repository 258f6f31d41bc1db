"""How a missing link is made: edits that append to a list, and the commands that do the same in a cluster.

Never by replacing a service account's list: it is atomic, and OpenShift keeps a generated secret in it.
"""

from linter.rule import Context, Edit, KubeObject, Op, Route, ServiceAccount, command, dig, edit, rollout

OPENSHIFT_ACCOUNTS = frozenset({"default", "builder", "deployer"})


def on_openshift(context: Context) -> bool:
    """Whether the cluster is OpenShift: the configuration says so, or the scan holds one of its kinds."""
    return (
        context.settings.platform == "openshift" or bool(context.settings.openshift_version) or context.joins.openshift
    )


def append(item: KubeObject, route: Route, name: str) -> Edit:
    """The edit that adds `name` to the list of pull secrets at `route`."""
    return edit(Op.APPEND, item, route, {"name": name})


def takes_over(context: Context, account: ServiceAccount) -> bool:
    """Whether giving this account a list in a manifest would take the list away from OpenShift's controllers."""
    listed = isinstance(dig(account.object.body, "imagePullSecrets"), list)
    return not context.in_cluster and not listed and account.name in OPENSHIFT_ACCOUNTS and on_openshift(context)


def recreate(
    kind: str, name: str, pods: list[str], namespace: str, owner: KubeObject | None = None
) -> tuple[str, ...]:
    """Return the command that has the `pods` of an owner made anew, with what their lists are made of by now.

    `owner` is the owner's object, where the scan holds it.
    """
    words = rollout(kind, name, owner.body if owner is not None else None)
    # Whatever owns them makes new ones; a bare pod has to be created again by hand.
    words = words or (("kubectl", "delete", "pod", *pods) if pods else ())
    return (command(*words, namespace=namespace),) if words else ()


def link_commands(
    context: Context, account: str, secret: str, namespace: str, *, listed: bool | None
) -> tuple[str, ...]:
    """Return the commands that add `secret` to the pulls of `account`, each enough by itself.

    `listed` tells whether the account has a list. A JSON patch cannot say "append, or begin a list": where the live
    list is not known, the account is read, extended and written back.
    """
    import json  # noqa: PLC0415 - only a finding has commands
    import shlex  # noqa: PLC0415 - as above

    link = command("oc", "secrets", "link", account, secret, "--for=pull", namespace=namespace)
    entry = {"name": secret}
    if listed is None or not (listed or context.in_cluster):
        read = command("kubectl", "get", "serviceaccount", account, "-o", "json", namespace=namespace)
        change = shlex.quote(f".imagePullSecrets += [{json.dumps(entry, separators=(',', ':'))}]")
        return (link, f"{read} | jq {change} | kubectl replace -f -")
    path, value = ("/imagePullSecrets/-", entry) if listed else ("/imagePullSecrets", [entry])
    patch = json.dumps([{"op": "add", "path": path, "value": value}], separators=(",", ":"))
    return (
        link,
        command("kubectl", "patch", "serviceaccount", account, "--type=json", "-p", patch, namespace=namespace),
    )
