"""Handing a secret to a pull: by the account's list or by the template's, at the object that has to change.

A pod's list never changes, and what a controller made is made again: the change belongs to the outermost object that
the scan holds.
"""

from typing import Final

from linter.inventory.paths import RUN_ONCE
from linter.inventory.records import Link
from linter.resolve.anew import after, again, all_of, alone, then
from linter.resolve.commands import Shell, pointer, resource
from linter.resolve.owners import Place, live, place
from linter.resolve.records import Change
from linter.resolve.subjects import Case
from linter.shell import added

_FIXED: Final = frozenset({"Job", "Pod", "Revision", *(kind for _, kind in RUN_ONCE)})
"""Kinds of which nobody can change the spec of the pod, or of which nothing looks at it twice."""
_ADDED: Final = added(".spec.imagePullSecrets")
_RENAMED: Final = "(.spec.imagePullSecrets[] | select(.name == $old) | .name) = $new"


def hand_over(case: Case, secret: str, shell: Shell) -> Change:
    """Give `secret` to the pods of a case, and make running ones anew where they need it."""
    if case.workload is None or case.reach is None:
        return Change(f"list {secret}")
    at = place(case.inventory, case.workload, case.reach)
    pod = case.workload if live(case.workload) else None
    if at.owner:
        return Change(_above(at, secret))
    if at.workload.explicit and pod is not None and at.live:
        return alone(pod.object.name, f" with {secret} in its imagePullSecrets", shell, _ADDED, name=secret)
    if at.workload.explicit:
        return _into_template(at, secret, case, shell)
    account = at.workload.account
    lists = at.reach.account.pull_secrets if at.reach.account is not None else ()
    linked = any(link.name == secret for link in lists)
    link = Change(f"add {secret} to service account {account}", (shell.link(account, secret),))
    change = then(Change("") if linked else link, again(at, pod, shell) if pod is not None else all_of(at, shell))
    return change if change.summary else Change(f"make the pods of {at.title} anew: the account lists {secret} by now")


def _above(at: Place, secret: str) -> str:
    """What to do about an object that the scan does not hold."""
    kind = at.owner.partition(" ")[0]
    if kind == "Node":
        return f"add {secret} to the imagePullSecrets of {at.title} in its manifest on {at.owner}, of which it is made"
    if kind == "Job":
        return f"make {at.owner}, which made {at.title}, anew with {secret} in its imagePullSecrets or its account's"
    return f"add {secret} to the imagePullSecrets of {at.owner}, which made {at.title}, or to its account"


def _into_template(at: Place, secret: str, case: Case, shell: Shell) -> Change:
    item = at.workload.object
    pod = case.workload if case.workload is not None and live(case.workload) else None
    if any(link.name == secret for link in at.workload.pull_secrets):
        stale = Change(f"make the pods of {at.title} anew: it lists {secret} by now")
        return stale if pod is None else again(at, pod, shell)
    if item.kind == "Job" and item.identified:
        return Change(f"make {at.title} anew with {secret} in its imagePullSecrets: the template of a job stays")
    summary = f"add {secret} to the imagePullSecrets of {at.title}"
    if item.kind in _FIXED:
        return Change(summary)
    path = pointer(at.workload.template, ("imagePullSecrets", "-"))
    patch = shell.patch(resource(item), item.name, {"op": "add", "path": path, "value": {"name": secret}})
    return then(Change(summary, (patch,)), after(at, pod, shell))


def rename(case: Case, name: str, nearest: str, shell: Shell) -> Change:
    """Name the nearest secret instead of a missing one, where the missing one is named."""
    summary = f"name {nearest} instead of {name}, which is not there (did you mean {nearest}?)"
    if case.workload is None or case.reach is None:
        return Change(summary)
    at = place(case.inventory, case.workload, case.reach)
    pod = case.workload if live(case.workload) else None
    item, account = at.workload.object, at.reach.account
    own = _listed(at.workload.pull_secrets, name)
    theirs = _listed(account.pull_secrets, name) if account is not None else None
    if at.owner or (own is None and theirs is None):
        # A template that names it no more has pods from before.
        return again(at, pod, shell) if pod is not None and not at.owner else Change(summary)
    if own is not None and not at.live:
        if item.kind in _FIXED:
            return Change(f"{summary} in {at.title}, made anew: the list in a {item.kind} never changes")
        patch = shell.patch(resource(item), item.name, *_replaced(own, nearest))
        return then(Change(summary, (patch,)), after(at, pod, shell))
    patched = Change(summary)
    if theirs is not None:
        patched = Change(summary, (shell.patch("serviceaccount", at.workload.account, *_replaced(theirs, nearest)),))
    if own is not None:
        return then(patched, alone(item.name, "", shell, _RENAMED, old=name, new=nearest))
    return then(patched, again(at, pod, shell) if pod is not None else all_of(at, shell))


def _replaced(link: Link, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The operations that write another name; the first refuses where a list has changed since the scan."""
    path = pointer(link.route)
    return {"op": "test", "path": path, "value": link.name}, {"op": "replace", "path": path, "value": name}


def _listed(links: tuple[Link, ...], name: str) -> Link | None:
    return next((link for link in links if link.name == name), None)
