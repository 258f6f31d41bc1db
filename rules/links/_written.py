"""How a list of pull secrets is written where it belongs: under another name, or as something else than a list.

Of built-in kinds alone, whose fields are known, and of files alone: no cluster holds what its API drops or refuses.
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
    Impact,
    KubeObject,
    Op,
    Route,
    dig,
    edit,
    text,
)
from rules.links._names import is_name
from rules.links._naming import struck
from rules.links._repair import append

FIELD = "imagePullSecrets"
_ITEMS = "it takes a list of items, each with a name"


def names(value: Any) -> list[str]:
    """The names that a list of pull secrets holds, or what stands for one."""
    items = value if isinstance(value, list) else [value]
    return [text(dig(item, "name")) or text(item) for item in items]


def written(context: Context, item: KubeObject, home: Route) -> Iterator[Finding]:
    """Yield a finding for each misspelt list in the mapping at `home`, and for a list there that the API refuses."""
    holder = dig(item.body, *home) if home else item.body
    if not isinstance(holder, dict):
        return
    for field, value in holder.items():
        listed = names(value)
        if not listed or not all(is_name(name) for name in listed):
            continue
        if field == FIELD:
            what = _refused(value)
            if what:
                yield _as(context, item, home, what, _as_items(item, (*home, FIELD), listed))
        elif isinstance(field, str) and field.replace("_", "").lower() in ("imagepullsecret", "imagepullsecrets"):
            yield _misspelt(context, item, home, field, listed)


def _refused(value: Any) -> str:
    """What is written instead of a list of items, "" where it is one or nothing plain."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "one item instead of a list" if list(value) == ["name"] else ""
    return "a list of names" if any(isinstance(one, str) for one in value) else ""


def _as(context: Context, item: KubeObject, home: Route, what: str, fix: Fix | None) -> Finding:
    return context.finding(
        f"{item.called} writes {FIELD} as {what}, which the API server refuses: {_ITEMS}",
        of=item,
        at=item.at(*home, FIELD, part="key"),
        key=_key(home, FIELD),
        detail="The object is not created or not updated at all, with a message about LocalObjectReference (every "
        "version of Kubernetes).",
        remedy="Write each name as an item of its own: `- name: …`.",
        impact=_impact(context, item),
        fix=fix,
    )


def _as_items(item: KubeObject, route: Route, listed: list[str]) -> Fix | None:
    """Make items of names; a mapping is left to its author, because what stands beside it moves with it."""
    value = dig(item.body, *route)
    edits: list[Edit] = []
    if isinstance(value, str):
        edits = [edit(Op.SET, item, route, [{"name": value}])]
    elif isinstance(value, list):
        texts = [number for number, one in enumerate(value) if isinstance(one, str)]
        edits = [edit(Op.SET, item, (*route, number), {"name": value[number]}) for number in texts]
    told = f"write {', '.join(listed)} as items with a name"
    return Fix(Applicability.SAFE, told, tuple(edits)) if edits else None


def _misspelt(context: Context, item: KubeObject, home: Route, field: str, listed: list[str]) -> Finding:
    held = dig(item.body, *home, FIELD)
    lost = [name for name in dict.fromkeys(listed) if name not in (names(held) if held else ())]
    effect = f"{', '.join(lost)} {'reaches' if len(lost) == 1 else 'reach'} no pod"
    if not lost:
        effect = f"pods get {', '.join(listed)} from {FIELD}"
    where = f" under {'.'.join(map(str, home))}" if home else ""
    return context.finding(
        f"{item.called} has {field}{where}, which the API does not know and drops: {effect}",
        of=item,
        at=item.at(*home, field, part="key"),
        key=_key(home, field),
        detail=f"The field is called {FIELD}; an unknown one is dropped with no more than a warning (Kubernetes 1.25 "
        "to 1.36), unless the client asks for strict validation, as kubectl does by itself.",
        remedy=f"Call it {FIELD}, and make it a list of items with a name." if lost else "Remove it.",
        impact=_impact(context, item) if lost else None,
        fix=_well_spelt(item, home, field, lost),
    )


def _well_spelt(item: KubeObject, home: Route, field: str, lost: list[str]) -> Fix | None:
    """Rename a list of items where none has the right name; else append what is not there yet to that one."""
    value, held = dig(item.body, *home, field), dig(item.body, *home, FIELD)
    told = f"move {', '.join(lost)} to {FIELD}" if lost else f"remove {field}"
    if held is None and isinstance(value, list) and not _refused(value):
        return Fix(Applicability.SAFE, told, (edit(Op.RENAME, item, (*home, field), FIELD),))
    added = [append(item, (*home, FIELD), name) for name in lost]
    if not all(added):
        return None
    edits = [*(one for some in added for one in some), edit(Op.REMOVE, item, (*home, field))]
    return Fix(Applicability.SAFE, told, tuple(edits))


def _key(home: Route, field: str) -> str:
    return "/".join(str(step) for step in (*home, field))


def _impact(context: Context, item: KubeObject) -> Impact | None:
    return struck(context, (Affected(item.ref),)) if item.kind != "ServiceAccount" else None
