import json
from importlib import resources

import pytest
import report_runs as runs
from jsonschema import Draft202012Validator

from reports.contract import Options
from reports.json import render

SCHEMA = json.loads(resources.files("reports").joinpath("json.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
HOSTILE = [runs.hostile(text) for text in runs.HOSTILE]


def tree(run):
    return json.loads(render(run, Options()))


OPTIONAL = {
    "scans", "baseline", "pulls", "may", "diff", "excerpt", "time", "trend", "rules", "live", "seen", "replacements",
}


def test_the_schema_is_one_and_is_strict():
    Draft202012Validator.check_schema(SCHEMA)

    def walk(node):
        if isinstance(node, dict):
            if "properties" in node:
                assert node["additionalProperties"] is False
                assert set(node["required"]) <= set(node["properties"])
                assert set(node["properties"]) - set(node["required"]) <= OPTIONAL
                for name, member in node["properties"].items():
                    assert "description" in member or "$ref" in member, name
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(SCHEMA)


@pytest.mark.parametrize("run", [*runs.RUNS.values(), *HOSTILE])
def test_every_document_follows_the_schema(run):
    VALIDATOR.validate(tree(run))


@pytest.mark.parametrize("run", [runs.FULL, *HOSTILE])
def test_the_bytes_are_ascii_and_the_same_every_time(run):
    text = render(run, Options())
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)
    assert text == render(run, Options(color=True, width=40))


def test_members_stand_in_the_order_of_the_contract():
    found = tree(runs.FULL)
    assert list(found) == ["schema", "tool", "scan", "scans", "findings", "suppressed", "coverage", "summary"]
    assert list(found["findings"][0])[:10] == [
        "code",
        "name",
        "severity",
        "message",
        "object",
        "location",
        "related",
        "impact",
        "fix",
        "fingerprint",
    ]


def test_text_survives_the_way_there_and_back():
    text = 'ünï 路 \U0001f600 \x1b \u202e \u2028 "q" \\'
    found = tree(runs.hostile(text))
    assert found["findings"][0]["message"] == text
    assert found["scan"]["objects"] == {text: 2}


def test_lone_surrogates_become_the_text_of_their_escape():
    assert tree(runs.hostile("a\ud83d\ude00b"))["findings"][0]["message"] == "a\\ud83d\\ude00b"


def test_several_scans_are_summed_and_the_weakest_scope_wins():
    found = tree(runs.FULL)
    assert [scan["name"] for scan in found["scans"]] == ["deploy", "prod-east"]
    assert found["scan"]["scope"] == "manifests"
    assert found["scan"]["objects"]["Secret"] == 821
    assert found["scan"]["artifacts"] == 1942
    assert "scans" not in tree(runs.SMALL)


def test_the_summary_counts():
    assert tree(runs.FULL)["summary"] == {
        "error": 1,
        "warning": 1,
        "info": 1,
        "suppressed": 1,
        "baselined": 4,
        "untouched": 6,
        "not_evaluated": 11,
        "problems": 2,
    }
