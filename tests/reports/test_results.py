"""A run that was saved as JSON comes back: rendering it again gives the same document."""

import pytest
import report_runs as runs

from linter import results
from linter.model import Run
from reports.contract import Options
from reports.json import render


@pytest.mark.parametrize("run", [*runs.RUNS.values(), runs.large(300)])
def test_a_run_comes_back(run: Run) -> None:
    text = render(run, Options())
    back = results.parse(text.encode(), "saved")
    assert render(back, Options()) == text
    assert [one.fingerprint for one in back.findings] == [one.fingerprint for one in run.findings]


@pytest.mark.parametrize("text", runs.HOSTILE)
def test_hostile_text_comes_back_as_it_was_written(text: str) -> None:
    once = render(results.parse(render(runs.hostile(text), Options()).encode(), "saved"), Options())
    assert render(results.parse(once.encode(), "saved"), Options()) == once
