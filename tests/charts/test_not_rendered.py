"""A template that is not rendered may make or list what nobody sees: that is not called missing."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chart import CHART, check, places, write

STATIC = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: here}
imagePullSecrets: [{name: reg}]
---
apiVersion: v1
kind: Secret
metadata: {name: other}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {serviceAccountName: runner, containers: [{name: a, image: quay.io/a/b:1}]}}}
"""
MAKERS = [
    "kind: Secret\nmetadata:\n  name: reg\n",
    "kind: Secret\nmetadata:\n  name: {{ .Release.Name }}eg\n",
    'kind: ExternalSecret\nmetadata:\n  name: {{ include "x.name" . }}\n',
]
TWINS = ["kind: Secret\nmetadata:\n  name: {{ .Release.Name }}-else\n", "kind: ConfigMap\nmetadata:\n  name: reg\n"]


@pytest.mark.parametrize("maker", MAKERS)
def test_what_a_template_may_make_is_not_missing(maker: str, capsys: pytest.CaptureFixture[str]) -> None:
    write({"a.yaml": STATIC, "b.yaml": f"{{{{- if .Values.x }}}}\napiVersion: v1\n{maker}{{{{- end }}}}\n"})
    result = check(capsys, ".")
    assert "RC303" not in [one["code"] for one in result["findings"]]
    assert "templated" in [one["reason"] for one in result["coverage"]["not_evaluated"] if one["object"]]


@pytest.mark.parametrize("maker", TWINS)
def test_what_no_template_can_make_is_missing_all_the_same(maker: str, capsys: pytest.CaptureFixture[str]) -> None:
    write({"a.yaml": STATIC, "b.yaml": f"{{{{- if .Values.x }}}}\napiVersion: v1\n{maker}{{{{- end }}}}\n"})
    assert "RC303" in [one["code"] for one in check(capsys, ".")["findings"]]


def test_what_a_broken_file_may_hold_is_not_missing(capsys: pytest.CaptureFixture[str]) -> None:
    broken = "apiVersion: v1\nkind: {}\nmetadata:\n  name: {}\n   more: x\n"
    write({"a.yaml": STATIC, "b.yaml": broken.format("Secret", "reg"), "c.yaml": broken.format("ServiceAccount", "x")})
    codes = [one["code"] for one in check(capsys, ".")["findings"]]
    assert "RC303" not in codes
    assert "RC308" in codes
    write({"c.yaml": broken.format("ServiceAccount", "runner")})
    assert "RC308" not in [one["code"] for one in check(capsys, ".")["findings"]]


SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: reg}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: here}
"""


@pytest.mark.parametrize(
    ("listed", "linked"),
    [
        ("imagePullSecrets:\n- name: {{ .Values.name }}\n", True),
        ("imagePullSecrets:\n- name: {{ .Release.Name }}g\n", True),
        ("imagePullSecrets:\n  {{- toYaml .Values.secrets | nindent 2 }}\n", True),
        ("imagePullSecrets: {{ .Values.secrets | toJson }}\n", True),
        ("imagePullSecrets: {{ pull_secrets | to_nice_yaml }}\n", True),
        ('imagePullSecrets: {{ include "x.secrets" . }}\n', True),
        ('{{- template "x.secrets" . }}\nimagePullSecrets: {{ template "x.secrets" . }}\n', True),
        ("imagePullSecrets:\n{% for one in secrets %}\n- name: {{ one }}\n{% endfor %}\n", True),
        ("imagePullSecrets:\n  {{- range .Values.secrets }}{{ . }}{{ end }}\n", True),
        ("pullSecretRef:\n  name: ${PULL_SECRET}\n", True),
        ("imagePullSecrets:\n${PULL_SECRETS}\n- name: a\n", False),
        ('"imagePullSecrets" : [{"name" : "{{ .Values.name }}"}]\n', True),
        ("imagePullSecrets:\n- name: {{ .Values.name }}-other\n", False),
        ("automount: {{ .Values.x }}\n", False),
    ],
)
def test_a_secret_that_a_template_may_list_is_not_called_unlinked(
    listed: str, linked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    account = f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a}}\n{listed}"
    write({"a.yaml": SECRET, "b.yaml": f"{{{{- if .Values.x }}}}\n{account}{{{{ end }}}}\n"})
    assert ("RC301" in [one["code"] for one in check(capsys, ".")["findings"]]) is not linked


def test_a_template_of_a_chart_is_skipped_even_where_it_is_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a}}\n"
    link = f"{account}imagePullSecrets: [{{{{name: {{0}}}}}}, {{{{name: {{0}}}}}}]\n"
    write(CHART | {"shop/templates/filled.yaml": link.format('"{{ .Values.x }}"')})
    write({"shop/templates/static.yaml": link.format("x"), "plain/filled.yaml": link.format('"{{ .Values.x }}"')})
    result = check(capsys, ".")
    assert sorted(path for _, path, _ in places(result)) == ["plain/filled.yaml", "shop/templates/static.yaml"]
    (note,) = (one for one in result["coverage"]["not_evaluated"] if one["location"]["path"] == "shop/Chart.yaml")
    assert note["message"].startswith("2 templates of a Helm chart, skipped")
