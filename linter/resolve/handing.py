"""Handing a secret to a pull: by the account's list or by the template's, at the object that has to change.

A pod's list never changes, and what a controller made is made again: the change belongs to the outermost object that
the scan holds.
"""

from typing import Final, NamedTuple

from linter.inventory.inventory import Inventory
from linter.inventory.pulls import Reach, reach
from linter.inventory.records import Link, Workload
from linter.inventory.workloads import owner
from linter.resolve.commands import Shell, pointer
from linter.resolve.records import Change
from linter.resolve.subjects import Case
from linter.shell import rollout

_HIGHEST: Final = 4


class Place(NamedTuple):
    """The object whose template decides the list; `owner` names one above it that the scan does not hold ("": none)."""

    workload: Workload
    reach: Reach
    owner: str = ""

    @property
    def title(self) -> str:
        """The object as sentences name it."""
        return f"{self.workload.object.kind} {self.workload.object.name}"

    @property
    def live(self) -> bool:
        """Whether it is a pod that admission has let in, so that nothing about its list can change."""
        return self.workload.is_pod and self.workload.object.identified


def place(inventory: Inventory, workload: Workload, reached: Reach) -> Place:
    """Follow the controllers of a workload upwards as far as the scan holds them."""
    found = Place(workload, reached)
    for _ in range(_HIGHEST):
        kind, name = owner(found.workload)
        if not kind:
            return found
        above = _named(inventory, found.workload.object.namespace, kind, name)
        if above is None:
            return found._replace(owner=f"{kind} {name}")
        found = Place(above, reach(inventory, above))
    return found


def _named(inventory: Inventory, namespace: str, kind: str, name: str) -> Workload | None:
    for one in inventory.workloads:
        if (one.object.namespace, one.object.kind, one.object.name) == (namespace, kind, name):
            return one
    return None


def hand_over(case: Case, secret: str, shell: Shell) -> Change:
    """Give `secret` to the pods of a case, and make running ones anew where they need it."""
    if case.workload is None or case.reach is None:
        return Change(f"list {secret}")
    at = place(case.inventory, case.workload, case.reach)
    if at.owner:
        return Change(f"add {secret} to the imagePullSecrets of {at.owner}, which made {at.title}, or to its account")
    if at.workload.explicit and not at.live:
        return _into_template(at, secret, shell)
    account = at.workload.account
    lists = at.reach.account.pull_secrets if at.reach.account is not None else ()
    linked = any(link.name == secret for link in lists)
    commands = () if linked else (shell.link(account, secret),)
    summary = "" if linked else f"add {secret} to service account {account}"
    if not case.workload.object.identified or not case.workload.is_pod:
        return Change(summary or f"make the pods of {at.title} anew: the account lists {secret} by now", commands)
    pod = case.workload.object.name
    again = f"make pod {pod} anew: the list of a running pod never changes"
    return Change(", and ".join(filter(None, (summary, again))), (*commands, _anew(at, pod, shell)))


def _into_template(at: Place, secret: str, shell: Shell) -> Change:
    if at.workload.object.kind == "Job" and at.workload.object.identified:
        return Change(f"make {at.title} anew with {secret} in its imagePullSecrets: the template of a job stays")
    path = pointer(at.workload.template, ("imagePullSecrets", "-"))
    operation = {"op": "add", "path": path, "value": {"name": secret}}
    command = shell.patch(at.workload.object.kind, at.workload.object.name, operation)
    return Change(f"add {secret} to the imagePullSecrets of {at.title}", (command,))


def _anew(at: Place, pod: str, shell: Shell) -> str:
    """Never by deleting what makes pods: the pod goes, where nothing rolls all of them out again."""
    item = at.workload.object
    words = rollout(item.kind, item.name, item.body)[1:] or ("delete", "pod", pod)
    return shell.run(*words, about=(item.name, pod))


def rename(case: Case, name: str, nearest: str, shell: Shell) -> Change:
    """Name the nearest secret instead of a missing one, where the missing one is named."""
    summary = f"name {nearest} instead of {name}, which is not there (did you mean {nearest}?)"
    if case.workload is None or case.reach is None:
        return Change(summary)
    at = place(case.inventory, case.workload, case.reach)
    account = at.reach.account
    own = _listed(at.workload.pull_secrets, name) if not at.live else None
    theirs = _listed(account.pull_secrets, name) if account is not None else None
    link = own or theirs
    if link is None or at.owner:
        return Change(summary)
    operation = {"op": "replace", "path": pointer(link.route), "value": nearest}
    if own is not None:
        return Change(summary, (shell.patch(at.workload.object.kind, at.workload.object.name, operation),))
    return Change(summary, (shell.patch("serviceaccount", at.workload.account, operation),))


def _listed(links: tuple[Link, ...], name: str) -> Link | None:
    return next((link for link in links if link.name == name), None)
