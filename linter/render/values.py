"""Where the values of a chart are written: in a file of `--values`, in the values of a chart above, or in its own."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml

from linter.documents import DecodeProblem, Positions, decode
from linter.documents.build import build
from linter.model import Location, Route
from linter.render import Render

_PATH: Final = re.compile(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)")
_MOST: Final = 10_000


class Values:
    """Finds where a chart's value stands, as `render` has built it. `read_path` gives a path's bytes.

    `named` gives what the scan calls a path of a chart.
    """

    def __init__(
        self, render: Render, read_path: Callable[[str], bytes | None], named: Callable[[str], str]
    ) -> None:
        self._given = render.values
        self._limits = render.limits
        self._read = read_path
        self._named = named
        self._known: dict[str, tuple[Any, Positions | None]] = {}

    def of(self, template: str, actions: str, made: str) -> list[tuple[str, Location]]:
        """Return the names and places of the values in `actions` of a template that give the built scalar `made`.

        A value counts where it is all or a part of what was built. A list or mapping counts where it holds that scalar.
        """
        found: dict[str, Location] = {}
        for path in dict.fromkeys(_PATH.findall(actions)):
            steps = tuple(path.removeprefix(".").split("."))
            for file, route in self._files(template, steps):
                value = _at(self._content(file), route)
                if value is not None:
                    inside = _inside(value, made)
                    if inside is not None:
                        place = self._place(file, (*route, *inside))
                        found.update({f".Values{path}": place} if place else {})
                    break
        return list(found.items())

    def _files(self, template: str, steps: tuple[str, ...]) -> Iterator[tuple[str, Route]]:
        """Where a value is looked for, the strongest first: Helm lets what is given go before the outer charts."""
        folder = template.partition("/templates/")[0] if "/templates/" in template else ""
        if template.startswith("templates/"):
            folder = "."
        charts = [folder]
        names: list[str] = []
        while "/charts/" in f"/{charts[0]}":
            above, _, name = f"/{charts[0]}".rpartition("/charts/")
            names.insert(0, name)
            charts.insert(0, above.removeprefix("/") or ".")
        shared = steps[0] == "global"
        for file in reversed(self._given):
            yield file, steps if shared else (*names, *steps)
        for depth, chart in enumerate(charts):
            file = "values.yaml" if chart == "." else f"{chart}/values.yaml"
            yield self._named(file), steps if shared else (*names[depth:], *steps)

    def _content(self, file: str) -> Any:
        if file not in self._known:
            data = self._read(file)
            self._known[file] = (None, None)
            if data:
                try:
                    content = next(iter(build(decode(data).text, self._limits)), None)
                    self._known[file] = (content, Positions(file, data))
                except (DecodeProblem, yaml.YAMLError):
                    pass  # Helm has read it: what only it can read is not pointed at
        return self._known[file][0]

    def _place(self, file: str, route: Route) -> Location | None:
        positions = self._known[file][1]
        span = positions.span(0, route, "value") if positions is not None else None
        if span is None:
            return None
        there = Location(file, 0, route, line=span.line, column=span.column)
        return there._replace(end_line=span.end_line, end_column=span.end_column)


def _at(value: Any, route: Route) -> Any:
    for step in route:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _inside(value: Any, made: str) -> Route | None:
    """The route inside of a value to what gave the scalar: to itself where there are several; None for nowhere."""
    if not isinstance(value, dict | list):
        return () if str(value) and str(value) in made else None
    places = [route for route, leaf in _leaves(value) if str(leaf) == made]
    return places[0] if len(places) == 1 else () if places else None


def _leaves(value: Any) -> Iterator[tuple[Route, Any]]:
    pending: list[tuple[Route, Any]] = [((), value)]
    for _ in range(_MOST):
        if not pending:
            return
        route, one = pending.pop()
        if isinstance(one, dict | list):
            pairs = one.items() if isinstance(one, dict) else enumerate(one)
            pending.extend(((*route, step), below) for step, below in pairs)
        else:
            yield route, one
