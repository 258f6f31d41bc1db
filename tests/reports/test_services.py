"""The formats of build services: GitHub's commands, GitLab's Code Quality, JUnit XML."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import report_runs as runs

from linter.model import Impact, Location, Severity
from reports import github, gitlab, html, junit, markdown, sarif, text
from reports import json as json_report
from reports.contract import Options

COMMAND = re.compile(r"::(error|warning|notice) ([^\n]*?)::([^\n]*)")
GOLDEN = Path(__file__).parent / "golden"


def undo(value):
    for escape, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        value = value.replace(escape, char)
    return value


def commands(run):
    *lines, _summary = github.render(run, Options()).splitlines()
    lines = [line for line in lines if not line.startswith("suppressed by ")]
    assert all("judged as " in line and not line.startswith("::") for line in lines[: len(run.scans)])
    lines = lines[len(run.scans) :]
    found = [COMMAND.fullmatch(line) for line in lines]
    assert all(found)
    return [(m[1], dict(pair.split("=", 1) for pair in m[2].split(",")) if m[2] else {}, undo(m[3])) for m in found]


def test_github_reads_as_accepted():
    assert github.render(runs.FULL, Options()) == (GOLDEN / "full.github").read_text("utf-8")


@pytest.mark.parametrize("report", [github, gitlab, junit, markdown, sarif, html])
@pytest.mark.parametrize("severity", list(Severity))
def test_only_an_error_breaks_what_it_hits(report, severity):
    found = runs.UNLINKED._replace(severity=severity, impact=Impact((runs.WEB,)))
    run = runs.EMPTY._replace(findings=(found,))
    said = "".join(report.render(run, Options())).lower()
    assert ("hits 1 pull" in said, "breaks 1 pull" in said) == (severity < Severity.ERROR, severity is Severity.ERROR)


def test_github_escapes_as_its_toolkit_does():
    found = runs.UNLINKED._replace(message="100%: a, b", location=Location("a:b,c%\n.yaml", line=3, column=2))
    name, properties, message = commands(runs.EMPTY._replace(findings=(found,)))[0]
    assert name == "warning"
    assert properties["file"] == "a%3Ab%2Cc%25\\n.yaml"
    assert (properties["line"], properties["col"]) == ("3", "2")
    assert message.splitlines()[0] == "100%: a, b"


def test_github_gives_columns_on_one_line_only():
    many = runs.UNLINKED._replace(location=Location("a", line=3, column=5, end_line=6, end_column=9))
    assert commands(runs.EMPTY._replace(findings=(many,)))[0][1] == {
        "file": "a",
        "line": "3",
        "endLine": "6",
        "title": "RC301 unlinked-pull-secret",
    }


@pytest.mark.parametrize("hostile", runs.HOSTILE)
def test_github_writes_one_command_a_finding_whatever_was_scanned(hostile):
    assert [name for name, _, _ in commands(runs.hostile(hostile))] == ["error"] * 3


@pytest.mark.parametrize("module", [text, json_report, sarif, markdown, gitlab, junit])
@pytest.mark.parametrize(
    "hostile", [*runs.HOSTILE, "::add-mask::x", "a ::stop-commands::x", "word " * 19 + "::error::x"]
)
def test_no_other_format_writes_a_command_into_a_log(module, hostile):
    written = module.render(runs.hostile(hostile), Options(verbose=True))
    assert not any(line.strip().startswith("::") for line in written.splitlines())
    assert "##[" not in written
    assert "##vso[" not in written


def test_gitlab_has_what_the_service_asks_for():
    found = json.loads(gitlab.render(runs.FULL, Options()))
    assert [issue["severity"] for issue in found] == ["critical", "major", "info", "info"]
    assert found[3]["description"].startswith("Suppressed by comment (rotated by hand until the vault is there): ")
    assert found[0]["location"] == {"path": "deploy/shop/pull.yaml", "lines": {"begin": 14}}
    assert found[0]["fingerprint"] == runs.UNDECODABLE.fingerprint
    assert found[2]["location"]["path"]
    assert found[2]["description"].startswith("ServiceAccount builder")


def test_gitlab_leaves_to_the_call_what_it_has_no_room_for():
    told = "\n".join(gitlab.beside(runs.FULL))
    assert "judged as manifests" in told
    assert "dumps/gone: no such file or directory: name an existing file or directory" in told
    assert "passed over: not a manifest (41), binary (3)" in told
    assert "11 not evaluated" in told
    assert gitlab.beside(runs.EMPTY._replace(scans=(runs.SCAN._replace(skipped=()),))) == []
    for hostile in runs.HOSTILE:
        for line in gitlab.beside(runs.hostile(hostile)):
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line)


def test_gitlab_fingerprints_are_there_once():
    found = json.loads(gitlab.render(runs.EMPTY._replace(findings=(runs.UNLINKED,) * 3), Options()))
    assert len({issue["fingerprint"] for issue in found}) == 3


def suites(run, **options):
    return ElementTree.fromstring(junit.render(run, Options(**options)))


def test_junit_counts_what_it_holds():
    root = suites(runs.FULL)
    for node in (root, *root):
        assert int(node.get("tests")) == len(list(node.iter("testcase")))
        assert int(node.get("failures")) == len(list(node.iter("failure")))
        assert int(node.get("errors")) == len(list(node.iter("error")))
        assert int(node.get("skipped", len(list(node.iter("skipped"))))) == len(list(node.iter("skipped")))


@pytest.mark.parametrize(
    ("threshold", "failures"), [(Severity.INFO, 3), (Severity.WARNING, 2), (Severity.ERROR, 1), (None, 0)]
)
def test_junit_fails_what_fails_the_call(threshold, failures):
    root = suites(runs.FULL, fail_on=threshold)
    assert len(list(root.iter("failure"))) == failures
    assert len(list(root.iter("system-out"))) == 3 - failures


def test_junit_shows_rules_that_found_nothing():
    names = {suite.get("name"): [case.get("name") for case in suite] for suite in suites(runs.SMALL)}
    assert names["RC401 missing-port-80"] == ["no findings"]


@pytest.mark.parametrize("hostile", [*runs.HOSTILE, "\ufffe\uffff\x00\x0b"])
def test_junit_is_well_formed_whatever_was_scanned(hostile):
    root = suites(runs.hostile(hostile))
    assert len(list(root.iter("testcase"))) == 5
    if hostile.isascii() and hostile.isprintable() and "##" not in hostile and not hostile.strip().startswith("::"):
        assert next(root.iter("failure")).get("message") == hostile
