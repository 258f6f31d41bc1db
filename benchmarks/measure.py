"""Runs whole commands and takes their time and peak memory from the operating system."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

REGCRED: Final = (sys.executable, "-m", "linter")
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
    """What one run took.

    `seconds` of processor time (user and system, of all processes), `wall` on the clock, `peak` bytes of memory (of the
    largest process).
    """

    seconds: float
    wall: float
    peak: int


class Row(NamedTuple):
    """One measurement: a title, the command, and the title of the row that it is put beside ("" for none).

    The command changes a copy of `copied`, made anew for each run, whose place stands for `{copy}` in it. A row that is
    measured `once` has no median: it takes long. `codes` are the exit statuses of work that was done: any, if empty.
    """

    title: str
    command: tuple[str, ...]
    beside: str = ""
    copied: Path | None = None
    once: bool = False
    codes: tuple[int, ...] = (0,)


class FailedError(Exception):
    """A command that was to be measured has not done its work: its time says nothing."""


def run(command: Sequence[str], told: Path | None = None, codes: Sequence[int] = (0,)) -> Cost:
    """Run a command, its output thrown away, its errors written to `told`.

    Python may keep its compiled modules, as it does for users. Raises `FailedError` for another exit status than
    `codes`, where there are any.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launcher = str(Path(__file__).with_name("launch.py"))
    with tempfile.TemporaryDirectory() as folder, Path(told or os.devnull).open("w", encoding="utf-8") as errors:
        result = Path(folder, "result.json")
        words = (sys.executable, "-I", "-S", launcher, str(result), *command)
        subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, stderr=errors, check=True)
        found = json.loads(result.read_text(encoding="ascii"))
    if codes and found["status"] not in codes:
        raise FailedError(f"exit status {found['status']}: {' '.join(command)}")
    return Cost(found["seconds"], found["wall"], found["peak"])


def medians(rows: Sequence[Row], rounds: int) -> dict[str, Cost]:
    """Run all rows in turn, several rounds, so that a busy machine is busy for all of them; return the medians."""
    costs: dict[str, list[Cost]] = {row.title: [] for row in rows}
    for number in range(rounds):
        for row in rows:
            if number and row.once:
                continue
            print(f"\r\033[Kround {number + 1} of {rounds}: {row.title}", end="", file=sys.stderr, flush=True)
            costs[row.title].append(_measured(row))
    print("\r\033[K", end="", file=sys.stderr)
    return {
        title: Cost(
            statistics.median(one.seconds for one in found),
            statistics.median(one.wall for one in found),
            max(one.peak for one in found),
        )
        for title, found in costs.items()
    }


def _measured(row: Row) -> Cost:
    if row.copied is None:
        return run(row.command, codes=row.codes)
    with tempfile.TemporaryDirectory(dir=row.copied.parent) as folder:
        copy = Path(folder, row.copied.name)
        (shutil.copytree if row.copied.is_dir() else shutil.copyfile)(row.copied, copy)
        return run([word.replace("{copy}", str(copy)) for word in row.command], codes=row.codes)


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
