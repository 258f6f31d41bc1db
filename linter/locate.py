"""Symbolic locations to lines, columns and masked excerpts: done for findings only, after the rules have run."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping

from linter.documents import Positions
from linter.documents.objects import KubeObject
from linter.excerpts import Range, file_excerpt, payload_excerpt
from linter.inventory import Inventory
from linter.inventory.secrets import LAST_APPLIED
from linter.model import Finding, Location, NotEvaluated, Related
from linter.secret import Sensitive

_KEPT = 8


class Locator:
    """Finds positions in the files of a call. `read` returns the bytes of a path, or None when it is gone."""

    def __init__(self, read: Callable[[str], bytes | None], inventories: Iterable[Inventory]) -> None:
        self._read = read
        self._positions: OrderedDict[str, Positions | None] = OrderedDict()
        self._hidden: dict[tuple[str, int], list[tuple[str | int, ...]]] = defaultdict(list)
        self._decoded: dict[tuple[str, int, tuple[str | int, ...]], Sensitive] = {}
        self._ranges_of: tuple[tuple[str, int], list[Range]] = (("", -1), [])
        for inventory in inventories:
            self._learn(inventory)

    def _learn(self, inventory: Inventory) -> None:
        for secret in inventory.secrets:
            at = secret.at()
            if secret.payload is not None:
                self._decoded[(at.path, at.document, at.route)] = Sensitive(secret.payload.text)
        for made in inventory.generated:
            if made.how == "secretGenerator":
                generator = (*made.object.route, *made.type_route[:-1])
                self._hidden[(made.object.path, made.object.document)].append((*generator, "literals"))
        for item in inventory.objects:
            if item.kind == "Template":
                self.learn(item)
        for item in [*(secret.object for secret in inventory.secrets), *inventory.other_secrets]:
            self.learn(item, secret=True)

    def learn(self, item: KubeObject, *, secret: bool = False) -> None:
        """Take note of what no excerpt may show of an object, which need not be one of an inventory."""
        hidden = self._hidden[(item.path, item.document)]
        if item.kind == "Template":  # the default of a parameter can be a credential
            hidden.append((*item.route, "parameters"))
        if item.kind in ("", "Kustomization", "Component"):  # the kind of a build file may be absent
            generators = item.body.get("secretGenerator")
            count = len(generators) if isinstance(generators, list) else 0
            hidden.extend((*item.route, "secretGenerator", number, "literals") for number in range(count))
        if secret or item.kind == "Secret":
            for field in ("data", "stringData"):
                values = item.body.get(field)
                hidden.extend((*item.route, field, key) for key in (values if isinstance(values, Mapping) else ()))
            # What kubectl applied last is kept there whole, the credential included.
            hidden.append((*item.route, "metadata", "annotations", LAST_APPLIED))

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """Fill in the positions of findings, file by file."""
        done = []
        for finding in sorted(findings, key=lambda one: (one.location.path, one.location.document)):
            related = tuple(self._related(one) for one in finding.related)
            done.append(finding._replace(location=self.location(finding.location), related=related))
        return done

    def _related(self, related: Related) -> Related:
        if related.location is None:
            return related
        return related._replace(location=self.location(related.location, excerpt=False))

    def not_evaluated(self, entries: Iterable[NotEvaluated]) -> list[NotEvaluated]:
        """Fill in the positions of what could not be judged."""
        return [
            entry._replace(location=self.location(entry.location, excerpt=False)) if entry.location else entry
            for entry in entries
        ]

    def location(self, location: Location, *, excerpt: bool = True) -> Location:
        """Return `location` with line and column, and excerpts when asked. Unknown routes fall back to a parent."""
        positions = self.positions(location.path)
        if positions is None or location.line:
            return location
        route = location.route
        span = positions.span(location.document, route, location.part)
        while span is None and route:
            route = route[:-1]
            span = positions.span(location.document, route, "value")
        if span is None:
            return location
        found = location._replace(
            line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column
        )
        if not excerpt:
            return found
        hidden = self._ranges(positions, location.path, location.document)
        shown = file_excerpt(positions.text, span.start, span.end, hidden, line=span.line)
        found = found._replace(excerpt=shown)
        decoded = self._decoded.get((location.path, location.document, location.route))
        if location.payload is None or decoded is None:
            return found
        spot = location.payload
        return found._replace(payload_excerpt=payload_excerpt(decoded.reveal(), spot.offset, spot.end))

    def _ranges(self, positions: Positions, path: str, document: int) -> list[Range]:
        """The credential-bearing scalars of one document, in order; kept, because findings come file by file."""
        if self._ranges_of[0] != (path, document):
            spans = [positions.span(document, route, "value") for route in self._hidden.get((path, document), ())]
            ranges = sorted({(span.start, span.end) for span in spans if span is not None})
            self._ranges_of = ((path, document), ranges)
        return self._ranges_of[1]

    def positions(self, path: str) -> Positions | None:
        """The positions of a file, the last few kept; None when it is gone."""
        if path in self._positions:
            self._positions.move_to_end(path)
            return self._positions[path]
        data = self._read(path)
        positions = Positions(path, data) if data is not None else None
        self._positions[path] = positions
        if len(self._positions) > _KEPT:
            self._positions.popitem(last=False)
        return positions
