"""Proves one fix: what it can touch is resolved before and after.

Only the records of edited objects are made anew; everything else is shared with the inventory of the scan.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar

from linter.documents.objects import KubeObject
from linter.errors import FixError
from linter.inventory import Inventory
from linter.inventory.inventory import GLOBAL_SECRET
from linter.inventory.secrets import Edits
from linter.model import Applicability, Edit, Finding, Fix, Proof, Route
from linter.proof.tally import Alone
from linter.proof.view import Known, View

_Any = TypeVar("_Any")
_VIEWS: Final = 4
"""So many namespaces are held ready: each knows all that its secrets serve."""
_EDITS: Final = 256
"""So many edits of payloads are remembered: fixes come namespace by namespace, and the next holds the same payloads."""


class Prover:
    """Proves fixes over one inventory: each in the namespace it touches, where it touches only one."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._views: OrderedDict[str, View] = OrderedDict()
        self._known = Known(Edits(_EDITS), Alone(_EDITS))

    def attach(self, finding: Finding) -> Finding:
        """Return `finding` with its fix proved; a fix that would break a pull is no longer offered as safe."""
        fix = finding.fix
        if fix is None or not fix.edits or fix.applicability is Applicability.DISPLAY:
            return finding
        return finding._replace(fix=self._judged(fix, [fix]))

    def together(self, fixes: Iterable[Fix]) -> Proof:
        """The proof of several fixes made at once."""
        owned = [(item, edit) for fix in fixes for edit in fix.edits if (item := self._owner(edit)) is not None]
        namespaces = {item.namespace for item, _ in owned}
        single = namespaces.pop() if len(namespaces) == 1 else ""
        # What the nodes read reaches every namespace.
        return self._view("" if single == GLOBAL_SECRET[0] else single).prove(owned)

    def attach_all(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings in their order as `attach` does each: proved namespace by namespace."""
        done: dict[int, Finding] = {}
        for number in sorted(range(len(findings)), key=lambda number: findings[number].object.namespace):
            done[number] = self.attach(findings[number])
        return [done[number] for number in range(len(findings))]

    def _view(self, namespace: str) -> View:
        view = self._views.pop(namespace, None)
        if view is None:
            view = View(_part(self._inventory, self._tables, namespace), self._known)
        self._views[namespace] = view
        if len(self._views) > _VIEWS:
            self._views.popitem(last=False)
        return view

    @cached_property
    def _tables(self) -> "_Tables":
        return _Tables(self._inventory)

    @cached_property
    def _objects(self) -> Mapping[tuple[str, int], dict[Route, KubeObject]]:
        table: dict[tuple[str, int], dict[Route, KubeObject]] = defaultdict(dict)
        for item in self._inventory.objects:
            table[(item.path, item.document)][item.route] = item
        return table

    def _owner(self, edit: Edit) -> KubeObject | None:
        """The innermost object that holds the place of an edit."""
        routes = self._objects.get((edit.path, edit.document), {})
        for length in range(len(edit.route), -1, -1):
            if edit.route[:length] in routes:
                return routes[edit.route[:length]]
        return None

    def _judged(self, fix: Fix, together: list[Fix]) -> Fix:
        try:
            proof = self.together(together)
        except FixError as refused:
            return Fix(Applicability.DISPLAY, f"{fix.summary} (by hand: {refused})")
        applicability = fix.applicability
        if proof.broken and applicability is Applicability.SAFE:
            applicability = Applicability.UNSAFE
        return fix._replace(proof=proof, applicability=applicability)


class _Tables:
    """The records of an inventory by namespace; those without one belong to all."""

    def __init__(self, inventory: Inventory) -> None:
        self.secrets = _grouped((one.namespace, one) for one in inventory.secrets)
        self.accounts = _grouped((one.namespace, one) for one in inventory.accounts)
        self.workloads = _grouped((one.object.namespace, one) for one in inventory.workloads)
        self.streams = _grouped((one.object.namespace, one) for one in inventory.streams)
        self.builds = _grouped((one.namespace, one) for one in inventory.builds)
        self.generated = _grouped((one.namespace, one) for one in inventory.generated)
        self.others = _grouped((one.namespace, one) for one in inventory.other_secrets)


def _grouped(rows: Iterable[tuple[str, _Any]]) -> dict[str, list[_Any]]:
    table: dict[str, list[_Any]] = defaultdict(list)
    for namespace, record in rows:
        table[namespace].append(record)
    return table


def _part(inventory: Inventory, tables: _Tables, namespace: str) -> Inventory:
    """The part of an inventory that a change in `namespace` can touch: all of it when the namespace is not known."""
    if not namespace:
        return inventory
    secrets = [*tables.secrets.get(namespace, ()), *tables.secrets.get("", ())]
    if inventory.global_secret is not None:
        secrets.append(inventory.global_secret)

    def both(table: dict[str, list[_Any]]) -> tuple[_Any, ...]:
        return (*table.get(namespace, ()), *table.get("", ()))

    return Inventory(
        name=inventory.name,
        scope=inventory.scope,
        secrets=tuple(secrets),
        generated=both(tables.generated),
        accounts=both(tables.accounts),
        workloads=both(tables.workloads),
        streams=both(tables.streams),
        builds=both(tables.builds),
        other_secrets=both(tables.others),
    )
