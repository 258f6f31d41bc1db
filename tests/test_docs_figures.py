"""Figures that are quoted in several places are the same in each."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SPEED = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """The rows of the tables of a text, by their first cell."""
    lines = [re.split(r" ?\| ?", line.strip("|").strip()) for line in text.splitlines() if line.startswith("| ")]
    return {first: rest for first, *rest in lines}


WORKS = rows(SPEED.partition("| work | size |")[2].partition("\n\n")[0])
"""Size, seconds, ratio and peak of each work that was measured."""


def test_the_table_of_memory_quotes_what_was_measured_last() -> None:
    told = rows(SPEED.partition("| input | seconds | peak |")[2].partition("\n\n")[0])
    assert len(told) > 3
    for name, (seconds, peak, *_) in told.items():
        assert (seconds, peak) == (WORKS[name][1], WORKS[name][3]), name


NAMES = {
    "2,000 files, 24 MB YAML": "tree of 2,000 files",
    "one List, 50 MB YAML": "List, 50 MB YAML",
    "one List, 200 MB JSON": "List, 200 MB JSON",
    "10 files": "repository of 10 files",
}


@pytest.mark.parametrize("name", NAMES)
def test_readme_quotes_what_was_measured_last(name: str) -> None:
    readme = rows((ROOT / "README.md").read_text(encoding="utf-8").partition("| work | regcred |")[2])
    least, most = map(float, readme[name][0].split(" to "))
    digits = len(readme[name][0].split(" to ")[0].partition(".")[2])
    assert least <= round(float(WORKS[NAMES[name]][1]), digits) <= most
    assert readme[name][1] == WORKS[NAMES[name]][3]
