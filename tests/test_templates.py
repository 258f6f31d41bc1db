"""OpenShift Templates: what their parameters fill in is judged, what nobody has filled in is unknown."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from linter.documents import read
from linter.documents.objects import objects

TEMPLATE = """\
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: shop}
parameters:
- name: SECRET
  value: quay-robot
- {name: TAG, value: "1.2"}
- {name: REPLICAS, value: "3"}
- {name: CONFIG, value: "%s"}
- {name: TOKEN}
- {name: GENERATED, generate: expression, from: "[a-z]{8}", value: ""}
objects:
- apiVersion: v1
  kind: Secret
  metadata: {name: "${SECRET}"}
  type: kubernetes.io/dockerconfigjson
  data: {.dockerconfigjson: "${CONFIG}"}
- apiVersion: v1
  kind: Secret
  metadata: {name: other}
  type: kubernetes.io/dockerconfigjson
  data: {.dockerconfigjson: "${TOKEN}"}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec:
    replicas: ${{REPLICAS}}
    template:
      spec:
        imagePullSecrets:
        - name: ${SECRET}
        - name: other
        - name: ${SECRET}
        containers: [{name: web, image: "quay.io/shop/web:${TAG}-${GENERATED}-${UNKNOWN}"}]
"""


def _template(payload: str) -> str:
    return TEMPLATE.replace("%s", base64.b64encode(payload.encode()).decode())


def _check(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str) -> dict[str, Any]:
    (tmp_path / "t.yaml").write_text(text)
    main(["check", str(tmp_path / "t.yaml"), "--format", "json", *options])
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_parameters_with_a_value_are_filled_in_and_the_others_stay() -> None:
    document = read("t.yaml", _template("{}").encode()).documents[0]
    _, secret, _, web = objects(document)
    assert secret.name == "quay-robot"
    assert web.body["spec"]["replicas"] == 3
    pod = web.body["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "quay.io/shop/web:1.2-${GENERATED}-${UNKNOWN}"
    assert document.data["objects"][0]["metadata"]["name"] == "${SECRET}"


@pytest.mark.parametrize(
    ("written", "value", "meant"),
    [
        ("${{X}}", "true", True),
        ("${{X}}", '{"a": [1]}', {"a": [1]}),
        ("${{X}}", "plain text", "plain text"),
        ("a-${{X}}", "1", "a-${{X}}"),
        ("${X}${X}", "1", "11"),
        ("$${X}", "1", "$1"),
        ("${x}", "1", "${x}"),
        ("${X", "1", "${X"),
        ("${{X}}", "[" * 400 + "]" * 400, "[" * 400 + "]" * 400),
    ],
)
def test_both_spellings_of_a_parameter(written: str, value: str, meant: Any) -> None:
    body = {
        "kind": "Template",
        "parameters": [{"name": "X", "value": value}, {"value": "nameless"}, "odd"],
        "objects": [{"kind": "Pod", "spec": {"x": written}}],
    }
    document = read("t.json", json.dumps(body).encode()).documents[0]
    assert list(objects(document))[1].body["spec"]["x"] == meant


def test_parameters_that_would_fill_the_memory_are_left_as_written() -> None:
    body = {
        "kind": "Template",
        "parameters": [{"name": "X", "value": "x" * 2**20}],
        "objects": [{"kind": "Pod", "spec": {"x": "${X}" * 1000}}],
    }
    document = read("t.json", json.dumps(body).encode()).documents[0]
    assert list(objects(document))[1].body["spec"]["x"] == "${X}" * 1000


def test_what_a_parameter_fills_in_is_judged_where_the_template_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = _check(tmp_path, capsys, _template("{'auths': {}}"))
    broken = next(one for one in result["findings"] if one["code"] == "RC102")
    assert broken["object"]["name"] == "quay-robot"
    line = TEMPLATE.splitlines().index('  data: {.dockerconfigjson: "${CONFIG}"}') + 1
    assert broken["location"]["line"] == line
    lines = TEMPLATE.splitlines()
    last = len(lines) - lines[::-1].index("        - name: ${SECRET}")
    assert [one["location"]["line"] for one in result["findings"] if one["code"] == "RC307"] == [last]
    assert not [one for one in result["findings"] if one["object"]["name"] == "other"]
    assert "templated" in [one["reason"] for one in result["coverage"]["not_evaluated"]]


def test_a_parameter_is_neither_overwritten_nor_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    auth = base64.b64encode(b"user:pass").decode()
    text = _template(base64.b64encode(json.dumps({"auths": {"quay.io": {"auth": auth}}}).encode()).decode())
    result = _check(tmp_path, capsys, text, "--fix")
    assert [one["code"] for one in result["findings"] if one["code"] == "RC103"]
    left = (tmp_path / "t.yaml").read_text()
    assert '"${CONFIG}"' in left
    assert left.count("${SECRET}") >= 2
    main(["check", str(tmp_path / "t.yaml"), "-v"])
    encoded = base64.b64encode(b"user:pass").decode()
    assert encoded not in capsys.readouterr().out
