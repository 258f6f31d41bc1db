"""Every report counts the same pulls: the parts of a run add up, and no format tells of another number."""

import random
import re
from pathlib import Path

import pytest

from linter import engine
from linter.model import Run
from reports import html, markdown, prometheus, text
from reports._verdict import verdict
from reports.contract import Options
from reports.html.story import FAILS, MAY, shares, tell

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parent.parent / "rules").rglob("*")
    if path.name.startswith(("fires-", "silent-")) and path.suffix in (".yaml", ".yml", ".json")
)


def judged(*paths: Path, scope: str = "cluster") -> Run:
    wants = frozenset({"pulls"})
    return engine.run(engine.Request(paths=tuple(map(str, paths)), scope=scope, wants=wants)).run


def same(run: Run) -> dict[str, int]:
    """What the parts of a run number, after every other number that is told was found to be the same."""
    told = tell(run, run.findings)
    parts = {part.status: part.number for part in shares(run, told)}
    assert run.pulls is not None
    assert sum(parts.values()) == run.pulls.total
    beside = parts.get(FAILS, 0) - sum(one.pull.amount for one in told if one.status == FAILS)
    assert beside >= 0, "the page tells of more that fails than the headline"
    answer = verdict(run)
    will = sum(map(int, re.findall(r"\d+", answer["head"]))) if "will fail" in answer["head"] else 0
    assert will == parts.get(FAILS, 0)
    beyond = re.search(r"Beyond these, (.*?) may fail", answer["more"])
    said = beyond[1] if beyond else answer["head"] if "may fail" in answer["head"] else ""
    assert sum(map(int, re.findall(r"\d+", said))) == parts.get(MAY, 0)
    metrics = prometheus.render(run, Options())
    counted = re.findall(r"^regcred_failing_(?:pulls|imports)\{.*\} (\d+)$", metrics, re.MULTILINE)
    assert sum(map(int, counted)) == parts.get(FAILS, 0)
    assert answer["head"] in markdown.render(run, Options())
    assert answer["head"] in html.render(run, Options())
    assert text.render(run, Options())
    return parts


@pytest.mark.parametrize("seed", range(12))
def test_the_parts_of_a_run_add_up(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        for place, path in enumerate(draw.sample(EXAMPLES, draw.choice((1, 2, 4)))):
            (folder / f"{place}-{path.name}").write_bytes(path.read_bytes())
        try:
            same(judged(folder, scope=draw.choice(("cluster", "manifests"))))
        except AssertionError:
            print(sorted(one.name for one in folder.iterdir()))  # noqa: T201 - pytest shows it with the failure
            raise
