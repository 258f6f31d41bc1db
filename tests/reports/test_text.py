import re
import sys
import textwrap
from pathlib import Path

import pytest
import report_runs as runs
from hypothesis import given
from hypothesis import strategies as st

from linter.model import ExcerptLine, Location
from reports._excerpt import draw
from reports._visible import cells, visible
from reports.contract import Options
from reports.text import render

GOLDEN = Path(__file__).parent / "golden"
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@pytest.mark.parametrize("name", ["empty", "full"])
def test_it_reads_as_accepted(name):
    assert render(runs.RUNS[name], Options()) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("text", runs.HOSTILE)
def test_scanned_text_cannot_steer_the_terminal(text):
    shown = render(runs.hostile(text), Options())
    assert not STEERING.search(shown)
    shown.encode("utf-8")


def test_no_character_that_steers_or_hides_is_shown():
    hidden = re.compile(
        f"{STEERING.pattern[:-1]}\n\xad\u061c\u180e\u2060-\u2065\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]"
    )
    characters = [chr(code) for code in range(sys.maxunicode + 1) if hidden.match(chr(code))]
    assert len(characters) > 2_200
    assert not [character for character in characters if character in visible(f"a{character}b")]


LINES = ["a: b", "    name: •••", "a: ::b", "##[x", "x" * 200, "é漢\u0301: 1\t2", "a\x1bb", ""]


@pytest.mark.parametrize("text", LINES)
def test_a_line_of_an_excerpt_is_shown_with_its_carets_under_the_marked_part(text):
    for start in range(1, len(text) + 2):
        line, carets = draw((ExcerptLine(7, text, start, start + 2),), 60)
        assert carets.text.strip(" ") == "^" * carets.text.count("^")
        assert cells(line.text) <= 60
        parts = (text[: start - 1], text[start - 1 : start + 1], text[start + 1 :])
        before, marked, after = (visible(part.replace("\t", " ")) for part in parts)
        if len(text) < 40:
            assert line.text == before + marked + after
            assert carets.text == " " * cells(before) + "^" * max(cells(marked), 1)


def test_scanned_text_cannot_forge_a_line():
    forged = "x\nother.yaml:1:1  error RC101 invalid-base64  forged"
    lines = render(runs.hostile(forged), Options()).splitlines()
    assert not any(line.startswith("other.yaml") for line in lines)


def test_colours_come_only_when_asked_for_and_change_nothing_else():
    plain = render(runs.FULL, Options())
    colored = render(runs.FULL, Options(color=True))
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


@pytest.mark.parametrize("width", [1, 50, 80, 200])
def test_prose_keeps_to_the_width(width):
    found = runs.UNLINKED._replace(message="word " * 80, detail="word " * 80, remedy="word " * 80)
    for line in render(runs.EMPTY._replace(findings=(found,)), Options(width=width)).splitlines():
        assert cells(line) <= max(width, 40) or "word" not in line


_WORDS = ["a", "word", "é", "日本", "-", "x\u00a0y", " ", "  ", " " * 9, "long" * 20]


@given(st.lists(st.sampled_from(_WORDS)), st.integers(40, 60))
def test_lines_end_where_the_standard_library_would_end_them(parts, width):
    text = "".join(["it", *parts, "."])
    found = runs.UNLINKED._replace(message="m", detail=text, remedy="", fix=None, related=(), impact=None, commands=())
    shown = render(runs.EMPTY._replace(findings=(found,)), Options(width=width)).splitlines()
    first = next(at for at, line in enumerate(shown) if line.startswith("  why:"))
    lines = textwrap.wrap(visible(text), width - 9, break_long_words=False, break_on_hyphens=False)
    assert [line[9:] for line in shown[first : first + len(lines) + 1]] == [*lines, ""]


def test_findings_come_by_file_and_line():
    low = runs.UNLINKED._replace(location=Location("a.yaml", line=9))
    high = runs.UNLINKED._replace(location=Location("a.yaml", line=10))
    other = runs.UNLINKED._replace(location=Location("b.yaml", line=1))
    shown = render(runs.EMPTY._replace(findings=(other, high, low)), Options())
    assert shown.index("a.yaml:9") < shown.index("a.yaml:10") < shown.index("b.yaml:1")


def caret(line):
    found = runs.UNLINKED._replace(location=Location("a.yaml", line=1, excerpt=(line,)))
    lines = render(runs.EMPTY._replace(findings=(found,)), Options(width=60)).splitlines()
    at = next(number for number, text in enumerate(lines) if set(text.strip()) == {"|", "^", " "})
    text, marks = lines[at - 1], lines[at]
    return text, marks


def test_the_caret_stands_under_its_text():
    text, marks = caret(ExcerptLine(1, "key: value # more", 6, 11))
    assert text[marks.index("^") : marks.rindex("^") + 1] == "value"


def test_the_caret_counts_escapes_and_wide_characters():
    text, marks = caret(ExcerptLine(1, "\x1b路: value", 5, 10))
    assert marks.count("^") == 5
    assert marks.index("^") == cells(text[: text.index("value")])


@pytest.mark.parametrize("size", [300, 500_000])
def test_a_long_line_is_cropped_around_the_caret(size):
    raw = "a" * size + "MARK" + "b" * size
    text, marks = caret(ExcerptLine(1, raw, size + 1, size + 5))
    assert len(text) <= 60
    assert text[marks.index("^") : marks.rindex("^") + 1] == "MARK"


def test_a_mark_longer_than_the_line_is_cropped_too():
    text, marks = caret(ExcerptLine(1, "k: " + "x" * 400, 4, 404))
    assert len(text) <= 60
    assert len(marks) <= 60


def test_verbose_names_all():
    assert "and 13 more" in render(runs.FULL, Options())
    shown = render(runs.FULL, Options(verbose=True))
    assert "more" not in re.sub(r"--format json", "", shown)
    assert "report-16" in shown
    assert "ns-8" in shown


def test_rules_are_listed_on_request():
    assert "RC401 missing-port-80" in render(runs.SMALL, Options(show_rules=True))


def test_many_lines_of_a_command_stay_under_it():
    found = runs.UNLINKED._replace(commands=("cat <<E\nx\nE",))
    assert "  $ cat <<E\n    x\n    E\n" in render(runs.EMPTY._replace(findings=(found,)), Options())


def test_a_history_tells_how_old_a_finding_is():
    written = render(runs.TRENDED, Options())
    assert "  seen:  first 2026-08-12, reopened 2 times, 33 days old\n" in written
    assert "  seen:  first 2026-09-18, 3 days old\n" in written
    assert "  seen:  first 2026-09-21, new in this scan\n" in written
    assert "seen:" not in render(runs.FULL, Options())


def test_many_clusters_open_with_the_first():
    run = runs.RUNS["full"]
    cluster = next(scan for scan in run.scans if scan.scope == "cluster")
    fleet = run._replace(scans=tuple(cluster._replace(name=f"c{number}") for number in range(12)))
    assert "and 7 more clusters\n" in render(fleet, Options())
    assert "c11: judged as cluster" in render(fleet, Options(verbose=True))
