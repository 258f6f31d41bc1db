from pathlib import Path

import pytest
import report_runs as runs

from linter.model import Impact
from reports._markdown import block, code, inline, prose
from reports.contract import Options
from reports.markdown import render

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["empty", "full"])
def test_it_reads_as_accepted(name):
    assert render(runs.RUNS[name], Options()) == (GOLDEN / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("number", [100, 5_000])
def test_it_fits_into_a_comment_and_says_what_it_left_out(number):
    written = render(runs.large(number), Options())
    assert len(written.encode()) <= 60_000
    shown = written.count("</b><br><code>")
    assert shown > 30
    assert f"**{number - shown:,} findings left out" in written


def test_one_endless_finding_is_left_out_rather_than_cut():
    found = runs.UNLINKED._replace(detail="x" * 100_000)
    written = render(runs.EMPTY._replace(findings=(found,)), Options())
    assert len(written) < 2_000
    assert "1 finding left out" in written


def test_an_endless_tail_is_bounded_too():
    item = runs.NOT_EVALUATED[0]._replace(message="x" * 20_000)
    written = render(runs.SMALL._replace(not_evaluated=(item,) * 9), Options())
    assert len(written) < 20_000
    assert "More is left out" in written


def test_the_worst_comes_first():
    light = runs.UNDECODABLE._replace(message="light", impact=Impact())
    written = render(
        runs.EMPTY._replace(findings=(runs.WHOLE_OBJECT, runs.UNLINKED, light, runs.UNDECODABLE)), Options()
    )
    order = [written.index(text) for text in ("the auth of entry", "light", "nothing in this scan", "twice")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*a* _b_ [c](d) <e> `f` ~~g~~ |h|", "\\*a\\* \\_b\\_ \\[c\\](d) \\<e\\> \\`f\\` \\~\\~g\\~\\~ \\|h\\|"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("@team and a@b.c", "@&#8288;team and a@&#8288;b.c"),
        ("see #12 and !3", "see #&#8288;12 and !&#8288;3"),
        ("http://x www.y.z", "http:&#8288;//x www&#8288;.y.z"),
        ("&lt; &#60;", "&amp;lt; &amp;#&#8288;60;"),
        ("a\nb\x1b", "a\\\\nb\\\\x1b"),
        ("\ue000", "\ufffd"),
    ],
)
def test_prose_is_never_markup(text, expected):
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``a", "``` ``a ```"),
        ("a\nb", "`a\\nb`"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_code_spans_hold_what_they_are_given(text, expected):
    assert code(text) == expected


def test_blocks_cannot_be_closed_from_inside():
    assert block("a\n```\n</details>\n````b") == "`````\na\n```\n</details>\n````b\n`````"


def test_summaries_are_escaped_html():
    assert inline('</summary>"@x') == "&lt;/summary&gt;&quot;@&#8288;x"


@pytest.mark.parametrize("text", runs.HOSTILE)
def test_scanned_text_opens_and_closes_nothing(text):
    written = render(runs.hostile(text), Options())
    outside, fenced = [], ""
    for line in written.splitlines():
        mark = line[: len(line) - len(line.lstrip("`"))] if line.startswith("```") else ""
        if fenced:
            fenced = "" if line == fenced else fenced
        elif mark:
            fenced = mark
        else:
            outside.append(line)
    assert not fenced
    assert sum(line == "</details>" for line in outside) == sum(line.startswith("<details>") for line in outside)
    assert not any(line.lstrip().startswith(("#", "::")) for line in outside if not line.startswith("### regcred"))
    written.encode("utf-8")
