"""Measure the whole command, rules and report included, and print tables that can be pasted.

    python -m benchmarks [--rounds N] [--scale X] [--keep DIR] [--only TEXT] [--no-peers] [--part PART]…

Seconds are of the processor (user and system), medians of interleaved runs, and ratios to the yardstick of the same
run: PyYAML's events of 5 MB. What takes long is run in one round. A scale below 1 makes all inputs smaller.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import growth, inputs, works
from benchmarks.measure import BARE, Cost, Row, medians, reference
from linter import registry

PARTS: Final = ("works", "jobs", "reports", "growth")

_YARDSTICK: Final = "yardstick: events of 5 MB YAML"
_BARE: Final = "a bare interpreter"


def _works(rows: Sequence[Row], costs: Mapping[str, Cost], places: Mapping[str, Path]) -> str:
    base = costs[_YARDSTICK].seconds
    of = {work.title: places[work.input] for work in works.WORKS if work.input in places}
    lines = ["| work | size | seconds | ratio | peak |", "|---|---:|---:|---:|---:|"]
    for row in rows:
        cost = costs[row.title]
        size = f"{sum(inputs.sizes(of[row.title])) / inputs.MB:,.1f} MB" if row.title in of else ""
        title = f"&nbsp;&nbsp;{row.title}" if row.beside else row.title
        peak = f"{cost.peak / inputs.MB:,.0f} MB"
        lines.append(f"| {title} | {size} | {cost.seconds:.2f} | {cost.seconds / base:.2f} | {peak} |")
    return "\n".join(lines)


def _jobs(rows: Sequence[Row], costs: Mapping[str, Cost]) -> str:
    lines = [
        "| work | `--jobs 1`: on the clock | processor | `--jobs 2`: on the clock | processor | times as fast |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for alone, both in zip(rows[::2], rows[1::2], strict=True):
        one, two = costs[alone.title], costs[both.title]
        times = f"{one.wall:.2f} | {one.seconds:.2f} | {two.wall:.2f} | {two.seconds:.2f}"
        lines.append(f"| {alone.title.partition(', --jobs')[0]} | {times} | {one.wall / two.wall:.2f} |")
    return "\n".join(lines)


def _reports(place: Path) -> str:
    seconds = works.reports(place, [*registry.report_names()])
    lines = [f"| report on {works.REPORTED} | seconds on the clock |", "|---|---:|"]
    return "\n".join([*lines, *(f"| {name} | {taken:.2f} |" for name, taken in seconds.items())])


def _machine() -> str:
    """The day, and what it was measured on: with the load of other work before it began."""
    load = f"load {os.getloadavg()[0]:.1f} before the first run"
    return f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores, {load}"


class _Places(dict[str, Path]):
    """The inputs by name, each made when it is first asked for."""

    def __init__(self, folder: Path, scale: float) -> None:
        super().__init__()
        self._folder = folder
        self._scale = scale
        self._makers = works.catalogue(scale)

    def __missing__(self, name: str) -> Path:
        make, suffix = self._makers[name]
        file = "".join(sign if sign.isalnum() else "-" for sign in name)
        self[name] = inputs.cached(self._folder, f"{file}-{self._scale}{suffix}", make)
        return self[name]


def _measured(arguments: argparse.Namespace, folder: Path) -> list[Callable[[], Iterable[str]]]:
    """Make what the parts need before the first run, and return what measures each of them and tells its lines."""
    places, only, rounds = _Places(folder, arguments.scale), arguments.only, arguments.rounds
    found: list[Callable[[], Iterable[str]]] = []
    if "works" in arguments.part:
        rows = [Row(_YARDSTICK, reference(places[works.LIST])), Row(_BARE, BARE)]
        rows += works.rows(only, places, beside=not arguments.no_peers)
        found.append(lambda: [_works(rows, medians(rows, rounds), places)])
    if "jobs" in arguments.part:
        pairs = [*works.jobs(only, places)]
        found.append(lambda: [_jobs(pairs, medians(pairs, rounds))])
    if "reports" in arguments.part and only in works.REPORTED:
        place = places[works.REPORTED]
        found.append(lambda: [_reports(place)])
    if "growth" in arguments.part:
        found.append(lambda: growth.table(only, arguments.scale))
    return found


def main() -> None:
    """Make the inputs, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command; medians are shown (default: 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the inputs (default: 1)")
    parser.add_argument("--keep", type=Path, help="folder for the inputs, kept for the next call")
    parser.add_argument("--only", default="", help="only the work whose title holds this text")
    parser.add_argument("--no-peers", action="store_true", help="measure regcred alone")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; repeat for several")
    arguments = parser.parse_args()
    arguments.part = arguments.part or PARTS
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        parts = _measured(arguments, folder)
        print(_machine())
        for part in parts:
            print()
            for line in part():
                print(line, flush=True)


if __name__ == "__main__":
    main()
