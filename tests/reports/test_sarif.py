import json
from pathlib import Path

import pytest
import report_runs as runs
from jsonschema import Draft202012Validator, FormatChecker

from linter.__main__ import main
from linter.model import Baseline, Location
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


def test_a_history_or_a_baseline_tells_what_is_new():
    assert [one["baselineState"] for one in log(runs.TRENDED)["results"][:3]] == ["unchanged", "unchanged", "new"]
    compared = log(runs.SMALL._replace(baseline=Baseline("known")))["results"]
    assert {one["baselineState"] for one in compared} == {"new"}
    assert not any("baselineState" in one for one in log(runs.SMALL)["results"])


MANIFESTS = (
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: n}\nimagePullSecrets:\n"
    "- name: pull\n- name: other\n- name: pull  # twice",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: n}\nimagePullSecrets:\n"
    "- name: pull\n- name: pull\n# the end\n",
    "\ufeffapiVersion: v1\r\nkind: ServiceAccount\r\nmetadata: {name: a}\r\nimagePullSecrets:\r\n"
    "- name: pull\r\n- name: pull\r\n",
    '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"},\n'
    '"imagePullSecrets": [{"name": "pull"}, {"name": "pull"}]}',
)


def made(text, replacements):
    """The text after the replacements of a fix, as an editor makes them, from the last to the first."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    for one in reversed(replacements):
        region = one["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + one.get("insertedContent", {"text": ""})["text"] + text[end:]
    return text


@pytest.mark.parametrize("text", MANIFESTS)
def test_an_editor_that_makes_the_fix_does_what_the_command_does(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "a.yaml"
    target.write_bytes(text.encode())
    main(["check", "a.yaml", "--select", "RC307", "--format", "sarif=out.sarif"])
    tree = json.loads((tmp_path / "out.sarif").read_text())
    VALIDATOR.validate(tree)
    (result,) = tree["runs"][0]["results"]
    fixes = result.get("fixes", [])
    main(["check", "a.yaml", "--select", "RC307", "--fix", "--format", "json=out.json"])
    if fixes:
        (change,) = fixes[0]["artifactChanges"]
        assert change["artifactLocation"]["uri"] == "a.yaml"
        bare = text.removeprefix("\ufeff")
        assert made(bare, change["replacements"]).encode() == target.read_bytes().removeprefix(b"\xef\xbb\xbf")
    assert bool(fixes) or text == MANIFESTS[0]  # where the last line goes, only the command can do it


def test_no_fix_carries_a_credential(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    payload = '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNzd29yZA"}, "quay.io": {"auth": "dXNlcjpwYXNzd29yZA=="}}}'
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: p, namespace: n}\ntype: Opaque\n"
        f"stringData:\n  .dockerconfigjson: '{payload}'\n"
    )
    (tmp_path / "s.yaml").write_text(secret)
    main(["check", "s.yaml", "--format", "sarif=out.sarif", "--format", "json=out.json"])
    for name in ("out.sarif", "out.json"):
        assert "dXNlcjpwYXNzd29yZA" not in (tmp_path / name).read_text()
    results = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
    fixed = {one["ruleId"]: one["fixes"] for one in results if "fixes" in one}
    assert "RC111" in fixed
    assert not fixed.keys() & {"RC106", "RC201"}
