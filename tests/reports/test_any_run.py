"""Every report writes every run, and what it writes is what it says it is."""

import importlib
import json
import pkgutil
from xml.etree import ElementTree

import pytest
import report_runs as runs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_html import IMPLIED, Page
from test_json import VALIDATOR as JSON
from test_sarif import VALIDATOR as SARIF

import reports
from linter import model
from reports.contract import Options, Report

NAMES = sorted(
    m.name for m in pkgutil.iter_modules(reports.__path__) if not m.name.startswith("_") and m.name != "contract"
)
MODULES = {name: importlib.import_module(f"reports.{name}") for name in NAMES}

TEXT = st.one_of(
    st.sampled_from(["", "quay.io", *runs.HOSTILE]),
    st.text(st.characters(exclude_categories=()), max_size=12),  # lone surrogates and controls too
)
COUNT = st.integers(0, 300)
SEVERITY = st.sampled_from(model.Severity)


def tuples(strategy, size=2):
    return st.lists(strategy, max_size=size).map(tuple)


REF = st.builds(model.ObjectRef, TEXT, TEXT, TEXT, TEXT)
LINES = tuples(st.builds(model.ExcerptLine, COUNT, TEXT, COUNT, COUNT))
SPOT = st.builds(model.PayloadSpot, TEXT, COUNT, COUNT, COUNT, COUNT, st.none() | TEXT)
ROUTE = tuples(TEXT | COUNT)
PLACE = st.builds(
    model.Location, TEXT, COUNT, ROUTE, st.none() | SPOT, st.just("value"), COUNT, COUNT, COUNT, COUNT, LINES, LINES
)
AFFECTED = tuples(st.builds(model.Affected, REF, TEXT), 7)
PROOF = st.builds(model.Proof, tuples(TEXT), tuples(TEXT), tuples(TEXT), COUNT)
LINE = st.integers(1, 300)
REPLACED = tuples(st.builds(model.Replacement, TEXT, LINE, LINE, LINE, LINE, TEXT))
FIX = st.builds(
    model.Fix, st.sampled_from(model.Applicability), TEXT, st.just(()), st.none() | PROOF, TEXT, TEXT, REPLACED
)
SEEN = st.builds(model.Seen, COUNT, COUNT, COUNT, st.booleans())
FINDING = st.builds(
    model.Finding,
    code=TEXT,
    name=TEXT,
    severity=SEVERITY,
    message=TEXT,
    object=REF,
    location=PLACE,
    key=TEXT,
    detail=TEXT,
    remedy=TEXT,
    commands=tuples(TEXT),
    related=tuples(st.builds(model.Related, TEXT, st.none() | PLACE, st.none() | REF)),
    impact=st.builds(model.Impact, AFFECTED, AFFECTED),
    fix=st.none() | FIX,
    cluster=TEXT,
    seen=st.none() | SEEN,
)
POINT = st.builds(model.TrendPoint, *[COUNT] * len(model.TrendPoint._fields))
RESOLVED = st.builds(model.Resolved, TEXT, TEXT, SEVERITY, REF, COUNT, COUNT, COUNT, COUNT)
TREND = st.builds(
    model.Trend, tuples(st.builds(model.ClusterTrend, TEXT, tuples(POINT), tuples(RESOLVED), st.none() | COUNT))
)
SCAN = st.builds(
    model.Scan,
    TEXT,
    tuples(TEXT),
    st.sampled_from(model.Scope),
    TEXT,
    TEXT,
    st.dictionaries(TEXT, COUNT, max_size=2),
    COUNT,
    tuples(st.tuples(TEXT, COUNT)),
    tuples(TEXT),
)
RULE = st.builds(model.RuleInfo, TEXT, TEXT, TEXT, SEVERITY, TEXT, tuples(st.tuples(TEXT, TEXT)), st.booleans())
USE = st.builds(
    model.SecretUse, TEXT, st.sampled_from(["read", "skipped", "missing", "fatal", "unknown"]), TEXT, TEXT
)
PULL = st.builds(
    model.Pull,
    st.lists(REF, min_size=1, max_size=3).map(tuple),
    COUNT,
    TEXT,
    st.sampled_from(["account", "own", "namespace", "unknown"]),
    tuples(USE, 3),
    TEXT,
    TEXT,
    TEXT,
    st.booleans(),
    st.booleans(),
    TEXT,
    TEXT,
    tuples(TEXT),
    TEXT,
)
RUN = st.builds(
    model.Run,
    st.just("0.1.0"),
    tuples(SCAN),
    tuples(FINDING),
    tuples(RULE),
    tuples(st.builds(model.Suppressed, FINDING, TEXT, TEXT), 1),
    tuples(st.builds(model.NotEvaluated, TEXT, TEXT, st.none() | REF, st.none() | PLACE, tuples(TEXT), TEXT), 1),
    tuples(st.builds(model.Problem, TEXT, TEXT, TEXT, COUNT, COUNT, st.booleans()), 1),
    COUNT,
    baseline=st.none() | st.builds(model.Baseline, TEXT, COUNT),
    pulls=st.none() | st.builds(model.Pulls, tuples(PULL, 3), COUNT),
    time=COUNT,
    trend=st.none() | TREND,
    untouched=COUNT,
)

CHECKS = {}


def check(name):
    def keep(function):
        CHECKS[name] = function
        return function

    return keep


@check("json")
def check_json(written):
    JSON.validate(json.loads(written))


@check("sarif")
def check_sarif(written):
    SARIF.validate(json.loads(written))


@check("gitlab")
def check_gitlab(written):
    assert isinstance(json.loads(written), list)


@check("junit")
def check_junit(written):
    assert ElementTree.fromstring(written).tag == "testsuites"


@check("html")
def check_html(written):
    assert set(Page(written).open) <= IMPLIED


@check("markdown")
def check_markdown(written):
    assert len(written.encode()) <= 60_000


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(run=RUN)
def test_every_report_writes_any_run(name, run):
    written = MODULES[name].render(run, Options())
    written.encode("utf-8")
    assert written.endswith("\n")
    assert all(char == "\n" or not (char < " " or "\x7f" <= char <= "\x9f") for char in written)
    CHECKS.get(name, bool)(written)


@pytest.mark.parametrize("name", NAMES)
def test_every_report_describes_itself(name):
    found = MODULES[name].REPORT
    assert isinstance(found, Report)
    assert found.name == name
    assert 10 < len(found.title) < 90


@pytest.mark.parametrize("name", NAMES)
def test_no_report_shows_what_an_edit_carries(name):
    assert runs.SECRET_TEXT not in MODULES[name].render(runs.FULL, Options(verbose=True))


def test_every_format_was_thought_of():
    services = {"github", "gitlab", "junit", "prometheus", "policyreport", "openreports"}
    assert set(NAMES) == {"text", "json", "sarif", "html", "markdown", "csv", *services}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", runs.HOSTILE)
def test_even_the_name_of_a_rule_is_only_text(name, text):
    found = runs.UNDECODABLE._replace(code=text, name=text)
    written = MODULES[name].render(runs.EMPTY._replace(findings=(found,)), Options())
    written.encode("utf-8")
    CHECKS.get(name, bool)(written)
