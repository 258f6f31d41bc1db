"""Runs whole commands and takes their processor time and peak memory from the operating system."""

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

REGCRED: Final = (sys.executable, "-m", "linter", "check", "--fail-on", "never")
BARE: Final = (sys.executable, "-c", "pass")

_READ_YAML: Final = (
    "import sys, yaml, pathlib as p\n"
    "for f in sorted(p.Path(sys.argv[1]).rglob('*.yaml')) or [p.Path(sys.argv[1])]:\n"
    "    list(yaml.load_all(f.read_text(), yaml.CSafeLoader))"
)
_READ_JSON: Final = "import sys, json; json.load(open(sys.argv[1]))"
_EVENTS: Final = (
    "import sys, yaml\n"
    "text = open(sys.argv[1]).read()\n"
    "for _ in yaml.parse(text[: text.find('\\n- ', 5_000_000)], yaml.CSafeLoader): pass"
)


class Cost(NamedTuple):
    """What one run took: seconds of processor time (user and system) and the peak of memory in bytes."""

    seconds: float
    peak: int


class Row(NamedTuple):
    """One measurement: a title, the command, and the title of the row that it is put beside ("" for none)."""

    title: str
    command: tuple[str, ...]
    beside: str = ""


def run(command: Sequence[str]) -> Cost:
    """Run a command, its output thrown away; Python may keep its compiled modules, as it does for users."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def medians(rows: Sequence[Row], rounds: int) -> dict[str, Cost]:
    """Run all rows in turn, several rounds, so that a busy machine is busy for all of them; return the medians."""
    costs: dict[str, list[Cost]] = {row.title: [] for row in rows}
    for number in range(rounds):
        for row in rows:
            print(f"\r\033[Kround {number + 1} of {rounds}: {row.title}", end="", file=sys.stderr, flush=True)
            costs[row.title].append(run(row.command))
    print("\r\033[K", end="", file=sys.stderr)
    return {
        title: Cost(statistics.median(one.seconds for one in found), max(one.peak for one in found))
        for title, found in costs.items()
    }


def reference(text: Path) -> tuple[str, ...]:
    """Return the yardstick: libyaml's events of the first 5 MB of a list."""
    return (sys.executable, "-c", _EVENTS, str(text))


def peers(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Return what else reads this input, where it is installed: names and commands."""
    found = [("PyYAML's C loader", (sys.executable, "-c", _READ_YAML, str(path)))]
    if path.suffix == ".json":
        found = [("json.load", (sys.executable, "-c", _READ_JSON, str(path)))]
    others = {
        "trivy": ("trivy", "fs", "--scanners", "secret", "--quiet", str(path)),
        "kube-linter": ("kube-linter", "lint", str(path)),
        "kubeconform": ("kubeconform", "-ignore-missing-schemas", str(path)),
    }
    return found + [(name, command) for name, command in others.items() if shutil.which(name)]
