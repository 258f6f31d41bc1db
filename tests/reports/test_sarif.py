import json
from pathlib import Path

import pytest
import report_runs as runs
from jsonschema import Draft202012Validator, FormatChecker

from linter.model import Location
from reports.contract import Options
from reports.sarif import render

SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
HOSTILE = [runs.hostile(text) for text in runs.HOSTILE]


def log(run):
    return json.loads(render(run, Options()))["runs"][0]


def uri(path):
    found = runs.UNLINKED._replace(location=Location(path, line=1))
    location = log(runs.EMPTY._replace(findings=(found,)))["results"][0]["locations"][0]
    return location["physicalLocation"]["artifactLocation"]


@pytest.mark.parametrize("run", [*runs.RUNS.values(), *HOSTILE])
def test_every_log_follows_the_standard(run):
    text = render(run, Options())
    assert text.isascii()
    VALIDATOR.validate(json.loads(text))


def test_the_validator_would_notice():
    tree = json.loads(render(runs.FULL, Options()))
    tree["runs"][0]["results"][0]["level"] = "fatal"
    assert not VALIDATOR.is_valid(tree)


def test_a_result_names_its_rule_place_object_and_identity():
    run = log(runs.SMALL)
    result = run["results"][0]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], rule["name"], result["level"]) == ("RC106", "undecodable-auth", "error")
    assert rule["fullDescription"]["text"].startswith("Finds entries")
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "deploy/shop/pull.yaml", "uriBaseId": "%SRCROOT%"}
    assert physical["region"] == {"startLine": 14, "startColumn": 22, "endLine": 14, "endColumn": 40}
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "shop/Secret/quay-pull"
    assert result["partialFingerprints"] == {"regcred/v1": runs.UNDECODABLE.fingerprint}
    assert len(result["relatedLocations"]) == 2


def test_info_is_a_note_and_an_object_without_a_file_has_no_physical_location():
    result = log(runs.SMALL)["results"][2]
    assert result["level"] == "note"
    assert "physicalLocation" not in result["locations"][0]


def test_suppressed_findings_are_there_and_say_why():
    results = log(runs.FULL)["results"]
    assert [len(result["suppressions"]) for result in results] == [0, 0, 0, 1]
    assert results[-1]["suppressions"] == [
        {"kind": "inSource", "status": "accepted", "justification": "rotated by hand until the vault is there"}
    ]
    assert all("suppressions" not in result for result in log(runs.SMALL)["results"])


def test_what_could_not_be_read_or_judged_is_a_notification():
    invocation = log(runs.FULL)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["warning", "error"] + ["note"] * 11


def test_a_rule_that_only_findings_know_is_described():
    run = log(runs.SMALL._replace(rules=()))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["RC106", "RC301", "RC307"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/ü#?%.yaml", "a%20b/%C3%BC%23%3F%25.yaml"),
        ("./deploy/x.yaml", "deploy/x.yaml"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("dump.tar!/x\n.yaml", "dump.tar%21/x%0A.yaml"),
        ("caf\udce9.yaml", "caf%E9.yaml"),
    ],
)
def test_relative_paths_are_encoded(path, expected):
    assert uri(path) == {"uri": expected, "uriBaseId": "%SRCROOT%"}


@pytest.mark.parametrize(
    ("path", "expected"), [("/srv/a b.yaml", "file:///srv/a%20b.yaml"), ("C:\\x\\y.yaml", "file:///C:/x/y.yaml")]
)
def test_absolute_paths_have_no_base(path, expected):
    assert uri(path) == {"uri": expected}


def test_scanned_text_makes_no_link_and_no_mention():
    found = runs.UNLINKED._replace(message="[see](http://x) @team #12")
    message = log(runs.EMPTY._replace(findings=(found,)))["results"][0]["message"]
    assert "](" not in message["text"]
    assert "\\[see\\](http:&#8288;//x) @&#8288;team #&#8288;12" in message["markdown"]
