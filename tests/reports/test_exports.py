"""The formats that other programs take in: CSV, Prometheus, policy reports, and the parsers of real consumers."""

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import pytest
import report_runs as runs
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from linter.model import ObjectRef, Severity
from reports import csv as csv_report
from reports import gitlab, junit, markdown, openreports, policyreport, prometheus
from reports._visible import visible
from reports.contract import Options

HERE = Path(__file__).parent
POLICY = {
    version: Draft202012Validator(schema)
    for version, schema in json.loads((HERE / "policyreport.schema.json").read_text("utf-8")).items()
    if version != "$comment"
}
GITLAB = Draft202012Validator(json.loads((HERE / "gitlab.schema.json").read_text("utf-8")))
FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "|x", "%x")  # noqa: RUF001
HOSTILE = [runs.hostile(text) for text in (*runs.HOSTILE, *FORMULAS)]
LARGE = runs.large(10_000)
EVERY = [*runs.RUNS.values(), *HOSTILE, LARGE]


def rows(run):
    return list(csv.DictReader(io.StringIO(csv_report.render(run, Options())), strict=True))


def families(run):
    return {family.name: family for family in text_string_to_metric_families(prometheus.render(run, Options()))}


def value(run, name, **labels):
    (found,) = [one.value for one in families(run)[name].samples if one.labels == labels]
    return found


@pytest.mark.parametrize("run", EVERY)
def test_csv_has_a_row_for_all_and_no_formula(run):
    found = [row for row in rows(run) if row["state"] not in ("scan", "passed over")]
    assert len(found) == len(run.findings) + len(run.suppressed) + len(run.not_evaluated) + len(run.problems)
    for row in rows(run):
        assert None not in row
        for cell in row.values():
            assert not re.match(r"[=+\-@|%\t\r＝＋－＠]", cell.lstrip(" ")), cell  # noqa: RUF001


def test_csv_says_what_a_finding_says():
    first, *_, problem = [row for row in rows(runs.TRENDED) if row["state"] not in ("scan", "passed over")]
    assert (first["state"], first["severity"], first["code"], first["pulls"]) == ("open", "error", "RC106", "18")
    assert (first["first_seen"], first["line"], first["fix"]) == ("2026-08-12T14:13:20Z", "14", "safe")
    assert (problem["state"], problem["path"]) == ("problem", "dumps/gone")
    assert Counter(row["state"] for row in rows(runs.FULL)) == {
        "scan": 2,
        "passed over": 2,
        "open": 3,
        "suppressed": 1,
        "not evaluated": 11,
        "problem": 2,
    }


def test_csv_says_what_was_read_and_passed_over():
    deploy, *passed, east = [row for row in rows(runs.FULL) if row["state"] in ("scan", "passed over")]
    assert (deploy["cluster"], deploy["path"], deploy["number"]) == ("deploy", "deploy/", "12")
    assert deploy["message"] == f"judged as manifests ({runs.SCAN.recognised}): {runs.SCAN.proves}"
    assert [(row["reason"], row["number"]) for row in passed] == [("binary", "3"), ("not a manifest", "41")]
    assert east["message"].startswith("judged as cluster (a must-gather")


@pytest.mark.parametrize("run", EVERY)
def test_prometheus_reads_every_metric_with_help_type_and_no_series_twice(run):
    written = prometheus.render(run, Options())
    series = Counter()
    for name, family in families(run).items():
        assert name.startswith("regcred_")
        assert family.type == "gauge"
        assert family.documentation
        series.update((one.name, tuple(sorted(one.labels.items()))) for one in family.samples)
    assert series
    assert max(series.values()) == 1
    lines = written.splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == sum(series.values())
    assert len({line.split(" ")[2] for line in lines if line.startswith("# TYPE")}) == len(
        [line for line in lines if line.startswith("# TYPE")]
    )


def test_prometheus_counts():
    assert value(runs.TRENDED, "regcred_scan_timestamp_seconds") == runs.NOW
    assert value(runs.TRENDED, "regcred_findings", cluster="deploy", severity="error") == 0
    assert value(runs.TRENDED, "regcred_findings", cluster="", severity="error") == 1
    assert value(runs.TRENDED, "regcred_oldest_finding_age_seconds", cluster="", severity="error") == 33 * runs.DAY
    assert value(runs.TRENDED, "regcred_new_findings", cluster="prod-east", severity="info") == 1
    assert value(runs.TRENDED, "regcred_resolved_findings", history="deploy") == 0
    assert value(runs.FULL, "regcred_not_evaluated_total") == 11
    assert value(runs.FULL, "regcred_not_evaluated", cluster="", reason="redacted") == 9
    assert value(runs.FULL, "regcred_problems", fatal="true") == 1
    assert value(runs.SMALL, "regcred_failing_pulls", cluster="") == 18
    total = sum(one.value for one in families(LARGE)["regcred_rule_findings"].samples)
    assert total == len(LARGE.findings)
    assert value(runs.FULL, "regcred_passed_over", cluster="deploy", reason="binary") == 3
    layout = "a must-gather of OpenShift 4.14.8"
    assert value(runs.FULL, "regcred_scan_info", cluster="prod-east", scope="cluster", layout=layout) == 1
    assert "regcred_scan_timestamp_seconds" not in families(runs.EMPTY)


@pytest.mark.parametrize("text", runs.HOSTILE)
def test_prometheus_keeps_labels_apart(text):
    names = {one.labels["cluster"] for one in families(runs.hostile(text))["regcred_findings"].samples}
    assert names == {visible(text)}


@pytest.mark.parametrize("module", [policyreport, openreports])
@pytest.mark.parametrize("run", EVERY)
def test_policy_reports_follow_the_schema_of_their_resource(module, run):
    listed = json.loads(module.render(run, Options()))
    assert (listed["apiVersion"], listed["kind"]) == ("v1", "List")
    names, results = set(), 0
    for item in listed["items"]:
        some = {**item, "results": item["results"][:: len(item["results"]) // 100 + 1]}  # validating takes its time
        POLICY[item["apiVersion"]].validate(some)
        metadata = item["metadata"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", metadata["name"])
        assert len(metadata["name"]) < 64
        assert item["kind"].startswith("Cluster") != ("namespace" in metadata)
        assert sum(item["summary"].values()) == len(item["results"])
        assert len(json.dumps(item)) < 1_500_000
        names.add((item["kind"], metadata.get("namespace"), metadata["name"]))
        results += len(item["results"])
    assert len(names) == len(listed["items"])
    assert results == len(run.findings) + len(run.suppressed) + len(run.not_evaluated) + len(run.problems)


def test_policy_reports_say_what_a_finding_says():
    items = json.loads(policyreport.render(runs.TRENDED, Options()))["items"]
    (shop,) = [one for one in items if one["metadata"].get("namespace") == "shop" and len(one["results"]) > 1]
    assert shop["summary"] == {"pass": 0, "fail": 1, "warn": 1, "error": 0, "skip": 2}
    first = shop["results"][0]
    assert (first["policy"], first["rule"], first["severity"]) == ("undecodable-auth", "RC106", "high")
    assert first["resources"] == [{"apiVersion": "v1", "kind": "Secret", "namespace": "shop", "name": "quay-pull"}]
    assert first["timestamp"] == {"seconds": runs.NOW, "nanos": 0}
    assert first["category"] == "payload"
    (east,) = [one for one in items if one["metadata"].get("annotations") and "namespace" in one["metadata"]]
    assert east["metadata"]["annotations"] == {"regcred/cluster": "prod-east"}
    told = [one["metadata"].get("annotations", {}) for one in items if "namespace" not in one["metadata"]]
    (deploy,) = [one for one in told if one.get("regcred/cluster") == "deploy"]
    assert deploy["regcred/judged-as"] == f"manifests ({runs.SCAN.recognised}): {runs.SCAN.proves}"
    assert deploy["regcred/read"] == "83 objects (12 files)"
    assert deploy["regcred/passed-over"] == "3 binary, 41 not a manifest"


def test_policy_reports_take_only_namespaces_that_can_be():
    found = runs.UNLINKED._replace(object=ObjectRef("v1", "Secret", "../x", "s"))
    (item,) = json.loads(policyreport.render(runs.EMPTY._replace(findings=(found,)), Options()))["items"][:1]
    assert "namespace" not in item["metadata"]


def test_more_results_than_an_object_holds_are_spread():
    found = [runs.UNDECODABLE._replace(key=str(n)) for n in range(3_000)]
    run = runs.EMPTY._replace(scans=(runs.SCAN._replace(name=""),), findings=tuple(found))
    items = json.loads(openreports.render(run, Options()))["items"]
    names = [one["metadata"]["name"] for one in items if "namespace" in one["metadata"]]
    assert names[:2] == ["regcred", "regcred-2"]
    assert {one["source"] for one in items} == {"regcred"}


@pytest.mark.parametrize("run", EVERY)
def test_gitlab_follows_its_schema(run):
    found = json.loads(gitlab.render(run, Options()))
    GITLAB.validate(found[:: len(found) // 500 + 1])
    assert len({one["fingerprint"] for one in found}) == len(found) == len(run.findings) + len(run.suppressed)


@pytest.mark.parametrize("run", EVERY)
def test_junit_is_read_by_a_parser_of_junit(run, tmp_path):
    xml = junitparser.JUnitXml.fromstring(junit.render(run, Options()).encode())
    cases = [case for suite in xml for case in suite]
    kinds = Counter(type(result).__name__ for case in cases for result in case.result)
    assert xml.tests == len(cases)
    assert (xml.failures, xml.errors) == (kinds["Failure"], kinds["Error"])
    assert sum(suite.skipped for suite in xml) == kinds["Skipped"]
    assert kinds["Failure"] == sum(one.severity >= Severity.WARNING for one in run.findings)


JENKINS = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        *("name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname"),
        *("id", "package", "file", "log", "url"),
    },
    "testcase": {"name", "time", "classname", "group"},
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
"""What version 10 of the schema of Jenkins' xUnit plugin lets these elements carry."""


@pytest.mark.parametrize("run", EVERY)
def test_junit_has_nothing_that_jenkins_refuses(run):
    root = ElementTree.fromstring(junit.render(run, Options()))
    for node in root.iter():
        assert set(node.keys()) <= JENKINS[node.tag], node.tag
        assert {"name", "tests", "failures", "errors"} <= set(node.keys()) or node.tag != "testsuite"
        assert not len(node) or node.tag in ("testsuites", "testsuite", "testcase", "properties")
        assert not (node.text or "").strip() or node.tag in ("failure", "error", "skipped", "system-out")


def test_junit_says_what_was_read_and_passed_over():
    xml = junitparser.JUnitXml.fromstring(junit.render(runs.FULL, Options()).encode())
    (coverage,) = (suite for suite in xml if suite.name == "coverage")
    told = {one.name: one.value for one in coverage.properties()}
    assert told["files"] == "1942"
    assert (told["passed over: binary"], told["passed over: not a manifest"]) == ("3", "41")
    assert (told["baselined"], told["untouched"]) == ("4", "6")


def test_junit_fails_what_a_history_lets_fail():
    for options, failing in (
        (Options(fail_on=Severity.INFO, new_only=True), {"RC307 duplicate-link"}),
        (Options(fail_on=None, max_age=30 * runs.DAY), {"RC106 undecodable-auth"}),
    ):
        xml = junitparser.JUnitXml.fromstring(junit.render(runs.TRENDED, options).encode())
        assert {suite.name for suite in xml if suite.failures} == failing


OURS = re.compile(
    r"<details><summary>.*</summary>|</details>|<sub>|</sub>|</?b>|<br>|</?code>|</?summary>", re.DOTALL
)


@pytest.mark.parametrize("run", EVERY)
def test_markdown_is_what_it_seems_to_a_parser(run):
    """No HTML but ours, no link, no image, no heading but the first; every text stays inside its element."""
    written = markdown.render(run, Options())
    assert len(written) < 65_536
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(written)
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    for token in flat:
        assert token.type not in ("link_open", "image"), token
        if token.type == "html_inline":
            assert OURS.fullmatch(token.content), token.content
        elif token.type == "html_block":
            for line in token.content.strip().splitlines():
                assert re.fullmatch(r"<details><summary>.*</summary>|</details>|<sub>.*", line), line
                inside = re.sub(r"^<details><summary>|</summary>$|</details>|</?(?:b|br|code|sub)>", "", line)
                assert not re.search(r"<[a-zA-Z/!?]", inside), line
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == 1
