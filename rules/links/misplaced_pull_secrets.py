"""`imagePullSecrets` stands where the API drops it.

## What it does

Reports a list of pull secrets inside a container, or anywhere above the pod template's `spec` (directly under a
Deployment's `spec`, beside the template's `spec`, at the top of the object). Reports list items of a pod template or
service account that carry a `namespace`, too.

In files, and of built-in kinds, it reports a list that is written otherwise: under a name that the API does not have
(`imagePullSecret`, `ImagePullSecrets`), as names without items (`- quay-robot`), as a text or as one item without its
dash.

## Why it matters

None of these places exists in the API. The API server drops unknown fields with no more than a warning (Kubernetes 1.25
to 1.36; earlier releases without), the pod has no pull secret, and the manifest looks right.

A list that is no list of items is refused with the whole object: nothing is created or updated.

Secrets do not cross namespaces: an item that names another namespace is read as if it said nothing of it.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: quay.io/team/web:1
          imagePullSecrets:
            - name: quay-robot
```

## Fix

The fix moves the names to the pod template's `spec`, and removes a `namespace` that says no more than the object's own.
A secret of another namespace has to be copied first. The fix is unsafe where a comment stands in or behind the list,
because it would go with it, and where an item names a namespace and its object none.
"""

from collections.abc import Iterator
from typing import Any

from linter.rule import (
    Affected,
    Applicability,
    Context,
    Edit,
    Finding,
    Fix,
    KubeObject,
    Link,
    Op,
    Related,
    Route,
    Rule,
    Severity,
    Workload,
    dig,
    edit,
    group,
    text,
)
from rules.links._names import is_name
from rules.links._naming import Owners, listing, struck
from rules.links._repair import append, copied
from rules.links._written import FIELD as _FIELD
from rules.links._written import names as _names
from rules.links._written import written

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_STRICT_GROUPS = frozenset({"", "apps", "batch", "extensions", "apps.openshift.io"})
"""Groups whose kinds surely have no such field above the pod template."""
_STRICT_KINDS = frozenset(
    {
        ("argoproj.io", "Rollout"),
        ("serving.knative.dev", "Service"),
        *(("apps.kruise.io", kind) for kind in ("CloneSet", "StatefulSet", "DaemonSet", "BroadcastJob")),
    }
)
"""Such kinds of other groups, each with one template (OpenKruise 1.8)."""


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for every pod template with lists in the wrong place, and for every item with a namespace."""
    owners = context.once(Owners)
    seen: set[int] = set()
    for workload in context.inventory.workloads:
        if not context.in_cluster and group(workload.object.api_version) in _STRICT_GROUPS:
            yield from written(context, workload.object, workload.template)
        places = _places(workload, first=id(workload.object) not in seen)
        seen.add(id(workload.object))
        links = _elsewhere(workload.pull_secrets)
        if not (places or links) or owners.top(workload) is not workload:
            continue
        if places:
            yield _misplaced(context, workload, places)
        for same in links:
            yield _namespaced(context, workload.object, same)
    for account in context.inventory.accounts:
        if not context.in_cluster:
            yield from written(context, account.object, ())
        for same in _elsewhere(account.pull_secrets):
            yield _namespaced(context, account.object, same)


def _elsewhere(links: tuple[Link, ...]) -> list[list[Link]]:
    """Return the items of a list that name a namespace beside the secret; those of one secret together."""
    found: dict[str, list[Link]] = {}
    for link in links:
        if link.namespace and link.name:
            found.setdefault(link.name, []).append(link)
    return list(found.values())


def _places(workload: Workload, *, first: bool) -> list[Route]:
    """Return the lists in the containers of a pod spec, then those on the way to it from the root of the object.

    Those on the way are told once, for the first pod spec of an object with several.
    """
    where = group(workload.object.api_version)
    strict = first and (where in _STRICT_GROUPS or (where, workload.object.kind) in _STRICT_KINDS)
    above: list[Route] = []
    node: Any = workload.object.body
    for length, step in enumerate(workload.template):
        if strict and isinstance(node, dict) and node.get(_FIELD):
            above.append((*workload.template[:length], _FIELD))
        node = node.get(step) if isinstance(node, dict) else dig(node, step)
    found: list[Route] = []
    for field in _CONTAINERS if isinstance(node, dict) else ():
        containers = node.get(field)
        for index, container in enumerate(containers if isinstance(containers, list) else ()):
            if isinstance(container, dict) and container.get(_FIELD):
                found.append((*workload.template, field, index, _FIELD))
    return found + above


def _misplaced(context: Context, workload: Workload, places: list[Route]) -> Finding:
    item = workload.object
    names = list(dict.fromkeys(name for route in places for name in _names(dig(item.body, *route)) if name))
    where = _place(workload, places[0])
    home = ".".join(str(step) for step in workload.template)
    listed = ", ".join(names) or "nothing"
    twice = bool(names) and all(listing(workload.pull_secrets, name) is not None for name in names)
    effect = f"its pods get {listed} from the list of their template" if twice else f"{listed} reaches no pod"
    return context.finding(
        f"{item.called} has imagePullSecrets {where}, where the API drops it: {effect}",
        of=item,
        at=item.at(*places[0], part="key"),
        key="/".join(str(step) for step in workload.template),
        detail=f"The field exists only in the pod template's spec ({home}); anywhere else the API server drops it "
        "with no more than a warning (Kubernetes 1.25 to 1.36).",
        remedy="Remove it." if twice else f"Move it to {home}.",
        related=[Related("and here", item.at(*route, part="key"), item.ref) for route in places[1:]],
        impact=None if twice else struck(context, (Affected(item.ref),)),
        fix=_move(workload, places, names),
    )


def _place(workload: Workload, route: Route) -> str:
    if len(route) > len(workload.template) + 1:
        container = text(dig(workload.object.body, *route[:-1], "name"))
        return f"in container {container}" if container else "in a container"
    above = ".".join(str(step) for step in route[:-1])
    return f"directly under {above}" if above else "at the top of the object"


def _move(workload: Workload, places: list[Route], names: list[str]) -> Fix | None:
    """Move all lists at once: each name that the right list lacks is appended there, in the order found."""
    item = workload.object
    if not names or not all(is_name(name) for name in names):
        return None
    added = [
        append(item, (*workload.template, _FIELD), name)
        for name in names
        if listing(workload.pull_secrets, name) is None
    ]
    if not all(added):
        return None
    edits: list[Edit] = [one for some in added for one in some]
    edits += [edit(Op.REMOVE, item, route) for route in places]
    told = f"move {', '.join(names)} to" if len(edits) > len(places) else f"leave {', '.join(names)} to"
    return Fix(Applicability.SAFE, f"{told} the pod template's imagePullSecrets", tuple(edits))


def _namespaced(context: Context, item: KubeObject, same: list[Link]) -> Finding:
    # The items of one secret need not claim the same: one that claims another namespace is what to mend.
    link = next((one for one in same if one.namespace != item.namespace), same[0])
    claimed, others = link.namespace, [one for one in same if one is not link]
    foreign = bool(item.namespace) and claimed != item.namespace
    known = is_name(claimed) and is_name(link.name) and is_name(item.namespace or "x")
    fix = None
    if not foreign:
        edits = tuple(edit(Op.REMOVE, item, (*one.item, "namespace")) for one in same)
        # Where the object states no namespace, what the item means is not known.
        applicability = Applicability.SAFE if claimed == item.namespace else Applicability.UNSAFE
        fix = Fix(applicability, f"remove the namespace from {link.name}", edits)
    remedy = "Remove the namespace: it says no more than the object's own."
    if claimed != item.namespace:
        target = item.namespace or "the namespace of the pods"
        remedy = f"Copy Secret {link.name} from namespace {claimed} into {target}, and remove the namespace here."
    commands: tuple[str, ...] = ()
    if foreign and known:
        commands = (copied(link.name, claimed, item.namespace),)
    return context.finding(
        f"{item.called} names pull secret {link.name} with the namespace {claimed}, which the API drops",
        of=item,
        at=item.at(*link.item, "namespace", part="key"),
        key="/".join(str(step) for step in (*link.item[:-1], link.name)),
        detail="An item of imagePullSecrets has a name and nothing else: secrets do not cross namespaces, the kubelet "
        "looks for the name in the pod's own namespace (every version of Kubernetes).",
        remedy=remedy,
        commands=commands,
        related=[Related("and here", item.at(*one.item, "namespace", part="key"), item.ref) for one in others],
        impact=struck(context, (Affected(item.ref),)) if item.kind != "ServiceAccount" else None,
        fix=fix,
    )


RULE = Rule(code="RC312", severity=Severity.ERROR, check=check, fixable=True)
