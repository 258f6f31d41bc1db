"""Measure the whole command, rules and report included, and print one table.

    python -m benchmarks [--rounds N] [--scale X] [--keep DIR] [--no-peers] [--growth]

Figures are processor seconds (user and system), medians of interleaved runs, and ratios to the yardstick of the same
run: PyYAML's events of 5 MB. A scale below 1 makes all inputs smaller.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import growth, inputs
from benchmarks.measure import BARE, REGCRED, Cost, Row, medians, peers, reference

_YARDSTICK = "yardstick: events of 5 MB YAML"
_BARE = "a bare interpreter"


def _make(folder: Path, scale: float) -> dict[str, Path]:
    def size(megabytes: float) -> int:
        return int(megabytes * inputs.MB * scale)

    makers: dict[str, Callable[[Path], None]] = {
        "tree of 2,000 files, 20 MB": partial(inputs.tree, files=int(2000 * scale)),
        "List, 50 MB YAML": partial(inputs.yaml_list, size=size(50)),
        "List, 200 MB JSON": partial(inputs.json_list, size=size(200)),
        "must-gather, 1 GB": partial(inputs.dump, size=size(1000)),
        "must-gather, 1 GB in a tar.gz": partial(inputs.archive, size=size(1000)),
        "repository of 10 files": partial(inputs.tree, files=10),
        "growth: 1x (3 MB YAML)": partial(inputs.yaml_list, size=size(3)),
        "growth: 16x (48 MB YAML)": partial(inputs.yaml_list, size=size(48)),
        "5,000 pods in 10 namespaces": partial(inputs.namespaces, count=10, total=int(5000 * scale)),
        "5,000 pods in 5,000 namespaces": partial(inputs.namespaces, count=int(5000 * scale), total=int(5000 * scale)),
        "100,000 findings": partial(inputs.findings, count=int(100_000 * scale)),
    }
    suffixes = {"YAML": ".yaml", "List, 200": ".json", "5,000": ".json", "findings": ".json", "tar.gz": ".tar.gz"}
    found = {}
    for title, make in makers.items():
        name = "".join(sign if sign.isalnum() else "-" for sign in title)
        suffix = next((suffix for part, suffix in suffixes.items() if part in title), "")
        found[title] = inputs.cached(folder, f"{name}-{scale}{suffix}", make)
    return found


def _table(costs: dict[str, Cost], rows: list[Row], places: dict[str, Path]) -> str:
    base = costs[_YARDSTICK].seconds
    lines = ["| work | size | seconds | ratio | peak |", "|---|---:|---:|---:|---:|"]
    for row in rows:
        cost = costs[row.title]
        place = places.get(row.title)
        size = f"{sum(inputs.sizes(place)) / inputs.MB:,.1f} MB" if place else ""
        title = f"&nbsp;&nbsp;{row.title}" if row.beside else row.title
        peak = f"{cost.peak / inputs.MB:,.0f} MB"
        lines.append(f"| {title} | {size} | {cost.seconds:.2f} | {cost.seconds / base:.2f} | {peak} |")
    return "\n".join(lines)


def main() -> None:
    """Make the inputs, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command; medians are shown (default: 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the inputs (default: 1)")
    parser.add_argument("--keep", type=Path, help="folder for the inputs, kept for the next call")
    parser.add_argument("--only", default="", help="only the work whose title holds this text")
    parser.add_argument("--no-peers", action="store_true", help="measure regcred alone")
    parser.add_argument("--growth", action="store_true", help="measure only how crowded inputs grow, N to 16 N")
    arguments = parser.parse_args()
    if arguments.growth:
        print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
        print(growth.table(arguments.only, arguments.scale))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        places = _make(folder, arguments.scale)
        rows = [Row(_YARDSTICK, reference(places["List, 50 MB YAML"])), Row(_BARE, BARE)]
        for title, place in places.items():
            if arguments.only in title:
                rows.append(Row(title, (*REGCRED, str(place))))
                peered = () if arguments.no_peers or not title.startswith(("tree", "List")) else peers(place)
                rows.extend(Row(f"{name}, {title}", command, title) for name, command in peered)
        costs = medians(rows, arguments.rounds)
        print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
        print(_table(costs, rows, places))
        print(f"\n{growth.table(arguments.only, arguments.scale)}")


if __name__ == "__main__":
    main()
