"""Symbolic locations to lines, columns and masked excerpts: done for findings only, after the rules have run."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from linter.credentials import Payload
from linter.documents import Positions, Span
from linter.documents.objects import KubeObject
from linter.documents.text import DecodeProblem
from linter.inventory import Inventory
from linter.inventory.lately import Lately
from linter.inventory.records import PullSecret
from linter.inventory.secrets import LAST_APPLIED
from linter.model import ExcerptLine, Finding, Location, NotEvaluated, Related
from linter.sources import InputProblem

if TYPE_CHECKING:
    from linter.documents.places import Places
    from linter.documents.window_positions import WindowPositions
    from linter.excerpts import Range
    from linter.sources.raw import Raw

_KEPT: Final = 8
"""So many files are held ready, of whatever size."""
_SMALL: Final = 2_000_000
"""Signs of all files together up to which more are."""
_MOST: Final = 1_000
_PLACES: Final = 500
"""So many places of one file are remembered."""
_LISTS: Final = (("items",), ("Items",))
"""Below these stand the items of a list."""
_Route = tuple[str | int, ...]


class Locator:
    """Finds positions in the files of a call. `read` returns the bytes of a path, or None when it is gone.

    `windows` returns the bytes of what was read in windows, and where things stand in it, None for other paths.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        inventories: Iterable[Inventory],
        windows: "Callable[[str], tuple[Raw, Places] | None]" = lambda _: None,
    ) -> None:
        self._read = read
        self._windows = windows
        self._near: dict[tuple[str, int], _Hidden] = {}
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._signs = 0
        self._hidden: dict[tuple[str, int], list[KubeObject | _Route]] = defaultdict(list)
        self._secrets: dict[tuple[str, int], list[PullSecret]] = defaultdict(list)
        self._payloads_of: tuple[tuple[str, int], Mapping[_Route, Payload]] = (("", -1), {})
        self._ranges_of: tuple[tuple[str, int], list[Range]] = (("", -1), [])
        self._payloads: dict[str, str] = {}
        """The files that are payloads themselves, and their texts."""
        for inventory in inventories:
            self._learn(inventory)

    def _learn(self, inventory: Inventory) -> None:
        for secret in inventory.secrets:
            self._secrets[(secret.object.path, secret.object.document)].append(secret)
        for held in (*inventory.auth_files, *inventory.generator_files):
            told = held.written_as or held
            self._payloads[held.object.path] = told.payload.text if told.payload is not None else ""
        for config in inventory.configs:
            place = config.object.path, config.object.document
            self._secrets[place].append(config)
            self._hidden[place].append((*config.object.route, *config.route))
        for made in inventory.generated:
            if made.how == "secretGenerator":
                generator = (*made.object.route, *made.type_route[:-1])
                self._hidden[(made.object.path, made.object.document)].append((*generator, "literals"))
        for item in inventory.objects:
            if item.kind == "Template":
                self.learn(item)
        for item in (*(secret.object for secret in inventory.secrets), *inventory.other_secrets):
            self.learn(item)

    def learn(self, item: KubeObject) -> None:
        """Take note of an object of which no excerpt may show everything; it need not be one of an inventory."""
        place = item.path, item.document
        self._hidden[place].append(item)
        # What was found of this document before knows nothing of the object.
        self._near.pop(place, None)
        if self._ranges_of[0] == place:
            self._ranges_of = (("", -1), [])

    def finding(self, finding: Finding) -> Finding:
        """Fill in the positions of a finding. Ask for those of one file one after the other; see `place`."""
        related = tuple(self._related(one) for one in finding.related)
        return finding._replace(location=self.location(finding.location), related=related)

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
        """Return `location` with line and column, and excerpts when asked. Unknown routes fall back to a parent.

        A location in what has changed since, or is gone, stays as it is.
        """
        if location.line:
            return location
        if location.path in self._payloads:
            return _inside(location, self._payloads[location.path], excerpt=excerpt)
        file = self._file(location.path)
        if file.positions is None:
            return location
        try:
            return self._found(file, file.positions, location, excerpt=excerpt)
        except InputProblem:  # whoever gives the bytes says so
            self._signs -= file.signs
            self._files[location.path] = _File(None)
            return location

    def _found(
        self, file: "_File", positions: "Positions | WindowPositions", location: Location, *, excerpt: bool
    ) -> Location:
        place = location.document, location.route, location.part
        if place not in file.spans:
            if len(file.spans) >= _PLACES:
                file.spans.clear()
                file.excerpts.clear()
            file.spans[place] = _span(positions, *place)
        span = file.spans[place]
        if span is None:
            return location
        shown = self._excerpt(file, positions, location, span) if excerpt else location.excerpt
        spot = location.payload if excerpt else None
        payload = self._payload(location) if spot is not None else None
        inside = location.payload_excerpt
        if spot is not None and payload is not None:
            from linter.excerpts import payload_excerpt  # noqa: PLC0415 - a call without findings shows none

            inside = payload_excerpt(payload.text, spot.offset, spot.end)
        return location._replace(
            line=span.line,
            column=span.column,
            end_line=span.end_line,
            end_column=span.end_column,
            excerpt=shown,
            payload_excerpt=inside,
        )

    def _excerpt(
        self, file: "_File", positions: "Positions | WindowPositions", location: Location, span: Span
    ) -> tuple[ExcerptLine, ...]:
        """The lines at a place of a file, masked; several findings may stand at one place."""
        place = location.document, _item(location), span
        known = file.excerpts.get(place)
        if known is not None:
            return known
        if isinstance(positions, Positions):
            hidden = self._ranges(positions, location.path, location.document)
        else:
            hidden = self._ranges_near(positions, location, span)
        text, start, end, hidden = positions.shown(span, hidden)
        from linter.excerpts import file_excerpt  # noqa: PLC0415 - as above

        shown = file.excerpts[place] = file_excerpt(text, start, end, hidden, line=span.line)
        return shown

    def _payload(self, location: Location) -> Payload | None:
        """The decoded payload whose scalar stands at a location."""
        place = location.path, location.document
        if self._payloads_of[0] != place:
            held = ((one.object.route, one) for one in self._secrets.get(place, ()))
            table = {(*route, *one.route): one.payload for route, one in held if one.payload is not None}
            self._payloads_of = (place, table)
        return self._payloads_of[1].get(location.route)

    def _ranges(self, positions: Positions, path: str, document: int) -> "list[Range]":
        """The credential-bearing scalars of one document, in order; kept, because findings come file by file."""
        if self._ranges_of[0] != (path, document):
            held = self._hidden.get((path, document), ())
            found = [positions.range(document, route) for one in held for route in _routes(one)]
            ranges = sorted({one for one in found if one is not None})
            self._ranges_of = ((path, document), ranges)
        return self._ranges_of[1]

    def _ranges_near(self, positions: "WindowPositions", location: Location, span: Span) -> "list[Range]":
        """The credential-bearing scalars of the item that a location stands in, and of what is shown beside it."""
        place = location.path, location.document
        near = self._near.get(place)
        if near is None:
            near = self._near[place] = _Hidden(self._hidden.get(place, ()))
        here = _item(location)
        items = (here,) if _alone(positions, location, span) else (here - 1, here, here + 1)
        return sorted({one for item in items for one in near.ranges(item, positions, place[1])})

    def positions(self, path: str) -> "Positions | WindowPositions | None":
        """The positions of a file; None when it is gone."""
        return self._file(path).positions

    def _file(self, path: str) -> "_File":
        """What is known of the places in a file: of the last few files, and of more where they are small."""
        known = self._files.get(path)
        if known is not None:
            self._files.move_to_end(path)
            return known
        positions: Positions | WindowPositions | None = None
        windows = self._windows(path)
        if windows is not None:
            from linter.documents import window_positions  # noqa: PLC0415 - few files are large

            positions = window_positions.WindowPositions(path, *windows)
        elif (data := self._read(path)) is not None:
            with suppress(DecodeProblem):  # what is no text was refused, and says so itself
                positions = Positions(path, data)
        found = self._files[path] = _File(positions)
        self._signs += found.signs
        while len(self._files) > _KEPT and (self._signs > _SMALL or len(self._files) > _MOST):
            self._signs -= self._files.popitem(last=False)[1].signs
        return found


class _Hidden:
    """What no excerpt of a document may show, by the item of its list that it stands in."""

    def __init__(self, held: "Iterable[KubeObject | _Route]") -> None:
        self._held: dict[int, list[KubeObject | _Route]] = defaultdict(list)
        self._ranges: Lately[int, list[Range]] = Lately(_PLACES)
        for one in held:
            if isinstance(one, tuple) or len(one.route) < 2:
                for route in _routes(one):
                    self._held[_item_of(route)].append(route)
            else:
                self._held[_item_of(one.route)].append(one)

    def ranges(self, item: int, positions: "WindowPositions", document: int) -> "list[Range]":
        """Return where that stands in one item."""
        known = self._ranges.get(item)
        if known is None:
            found = [positions.range(document, route) for one in self._held.get(item, ()) for route in _routes(one)]
            known = self._ranges.put(item, [one for one in found if one is not None])
        return known


class _File:
    """The places of one file that have been asked for; no positions when it is gone."""

    def __init__(self, positions: "Positions | WindowPositions | None") -> None:
        self.positions = positions
        self.spans: dict[tuple[int, _Route, str], Span | None] = {}
        self.excerpts: dict[tuple[int, int, Span], tuple[ExcerptLine, ...]] = {}
        self.signs = len(positions.text) if isinstance(positions, Positions) else 0


def _inside(location: Location, payload: str, *, excerpt: bool) -> Location:
    """A place in a file that is a payload itself: there the two places are one."""
    spot = location.payload
    if spot is None:
        return location._replace(line=1, column=1, end_line=1, end_column=1)
    from linter.excerpts import payload_excerpt  # noqa: PLC0415 - a call without findings shows none
    from linter.lines import place as spot_of  # noqa: PLC0415 - as above

    end_line, end_column = spot_of(payload, spot.end)
    return location._replace(
        payload=None,
        line=spot.line,
        column=spot.column,
        end_line=end_line,
        end_column=end_column,
        excerpt=payload_excerpt(payload, spot.offset, spot.end) if excerpt else (),
    )


def _span(positions: "Positions | WindowPositions", document: int, route: _Route, part: str) -> Span | None:
    """Where the end of a route stands, or else the nearest parent of it that there is."""
    span = positions.span(document, route, part)
    while span is None and route:
        route = route[:-1]
        span = positions.span(document, route, "value")
    return span


def _alone(positions: "WindowPositions", location: Location, span: Span) -> bool:
    """Whether an excerpt of a place in an item of a list, its line and the one above, shows that item alone."""
    return location.route[:1] in _LISTS and positions.inside(location.document, location.route[:2], span)


def _routes(held: "KubeObject | _Route") -> Iterator[_Route]:
    """What no excerpt may show: that place itself, or the places of an object that can hold a credential."""
    if isinstance(held, tuple):
        yield held
        return
    if held.kind == "Template":  # the default of a parameter can be a credential
        yield (*held.route, "parameters")
    if held.kind in ("", "Kustomization", "Component"):  # the kind of a build file may be absent
        generators = held.body.get("secretGenerator")
        count = len(generators) if isinstance(generators, list) else 0
        yield from ((*held.route, "secretGenerator", number, "literals") for number in range(count))
    if held.kind == "Secret":
        body = held.body
        for field in ("data", "stringData"):
            values = body.get(field)
            yield from ((*held.route, field, key) for key in (values if isinstance(values, Mapping) else ()))
        # What kubectl applied last is kept there whole, the credential included.
        yield (*held.route, "metadata", "annotations", LAST_APPLIED)


def place(location: Location) -> tuple[str, int, int]:
    """What findings are sorted by to be located, so that neighbours are looked for together."""
    return location.path, location.document, _item(location)


def _item(location: Location) -> int:
    return _item_of(location.route)


def _item_of(route: tuple[str | int, ...]) -> int:
    """The number of the list's item that a route leads into, -1 for none."""
    number = route[1] if len(route) > 1 else -1
    return number if isinstance(number, int) else -1
