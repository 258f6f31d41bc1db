"""The page on paper, and the page where no script runs: all that a reader would see is there."""

import re
import shutil
import subprocess

import pytest
import report_runs as runs

from reports.contract import Options
from reports.html import render


def test_it_is_read_without_a_script(visit, sample):
    page = visit(sample, java_script_enabled=False)
    assert page.locator("#static .f:visible").count() == 7
    assert page.locator("#map .n").first.is_visible()
    assert not page.locator("#q").is_visible()
    page.locator("#static .f summary").first.click()
    assert page.locator("#static .f[open] .b").first.is_visible()


def test_it_prints_with_everything_unfolded(visit, sample, tmp_path):
    page = visit(sample)
    printed = page.pdf()
    assert printed.startswith(b"%PDF")
    assert page.locator("#list .f[open]").count() == 0
    text = words_of(printed)
    for piece in ("4 pulls will fail", "repairs 1, breaks 0", "What may fail", "unlinked-pull-secret", "Can prove"):
        assert piece in text
    assert "Theme:" not in text


def test_all_that_the_filters_keep_is_printed(visit, large):
    page = visit(large, "#severity=error&q=pull-1")
    before = page.locator("#list .f").count()
    said = page.locator("#shown").inner_text()
    kept = int(said.split()[0].replace(",", ""))
    text = words_of(page.pdf())
    assert page.locator("#list .f").count() == kept > before
    assert page.locator("#list .f[open], #list .g h3 button[aria-expanded=true]").count() == 0
    assert f"{said}." in text
    assert text.count("Identity") == kept
    assert "Filter the findings" not in text


def test_too_many_to_print_in_full_are_printed_a_line_for_each(visit, large):
    page = visit(large)
    text = words_of(page.pdf())
    assert page.locator("#list .f").count() == 2000
    assert "2,000 findings, a line for each." in text
    assert "Identity" not in text
    assert len(set(re.findall(r"\bpull-(\d+)", text))) == 2000


def words_of(printed):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here: what is printed is not read")
    done = subprocess.run(["pdftotext", "-", "-"], input=printed, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def test_every_finding_is_there_without_a_script(visit, large):
    page = visit(large, java_script_enabled=False)
    assert page.locator("#static .f:visible").count() == 300
    assert page.locator("noscript .brief").count() == 1700
    every = set(re.findall(r'"(f-[0-9a-f]{16})"', large[large.index('id="data"') :]))
    there = page.locator("#static .f, noscript .brief").evaluate_all("all => all.map((one) => one.id)")
    assert sorted(there) == sorted(every)
    told = page.locator("noscript .brief").all_text_contents()
    assert all(re.search(r"\bpull-\d+", one) for one in told)
    assert any("secrets link default spare --for=pull" in one for one in told)


def test_without_a_script_too_it_says_what_it_leaves_out(visit, monkeypatch):
    monkeypatch.setattr("reports.html.view.BRIEF", 50)
    page = visit(render(runs.large(400), Options()), java_script_enabled=False)
    assert page.locator("noscript .brief").count() == 50
    assert "50 more findings are too many" in page.locator("noscript").inner_text()
    assert "regcred check --verbose" in page.locator("noscript .none").inner_text()
