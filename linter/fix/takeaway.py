"""What a repair takes away from an object. Apply adds and replaces; it leaves what the manifest does not name.

Server-side apply keeps fields of other owners, a plain apply those that it did not write itself, and both merge lists
of a pod spec by name (Kubernetes 1.25 to 1.36). So a removal is a JSON patch, which also needs no credential.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from linter.model import Edit, Op, Route

_ATOMIC = {"ServiceAccount": ("imagePullSecrets",)}
"""Lists that the API replaces as one, so that the complete list in a manifest says all."""


def removals(kind: str, edits: Iterable[Edit], after: Any) -> list[dict[str, Any]]:
    """Return the JSON patch that takes away what `edits` remove from an object, which is `after` in the end."""
    operations: dict[str, dict[str, Any]] = {}
    for edit in edits:
        route = _place(kind, edit)
        if route is None:
            continue
        value = _look(after, route)
        path = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in route)
        whole = isinstance(value, list) and value
        operations[path] = {"op": "replace", "path": path, "value": value} if whole else {"op": "remove", "path": path}
    return list(operations.values())


def only_removes(kind: str, edits: Iterable[Edit]) -> bool:
    """Whether a patch says all that the edits do, so that no manifest is needed."""
    return all(edit.op in (Op.REMOVE, Op.SET) and _place(kind, edit) is not None for edit in edits)


def _place(kind: str, edit: Edit) -> Route | None:
    """What has to be removed or replaced by a patch for this edit: a key, or the list around an item."""
    route = edit.route
    numbers = [at for at, step in enumerate(route) if isinstance(step, int)]
    if edit.op in (Op.REMOVE, Op.RENAME) and not numbers:
        return route if route[:1] in (("metadata",), ("data",)) else None
    item = numbers and numbers[-1] == len(route) - 1 and edit.op is Op.REMOVE
    renamed = numbers and numbers[-1] == len(route) - 2 and edit.op is Op.SET and route[-1] == "name"
    if not (item or renamed):
        return None
    around = route[: numbers[-1]]
    return None if around == _ATOMIC.get(kind) else around


def _look(value: Any, route: Route) -> Any:
    for step in route:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
