"""`--render`: kustomizations and charts are built with the tools on the PATH, and judged in place of their parts."""

import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

AUTH = '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      imagePullSecrets:
      - name: reg
      - name: typo
      containers: [{name: web, image: quay.io/shop/web:1}]
"""
TREE = {
    "base/kustomization.yaml": "resources: [web.yaml, account.yaml]\nsecretGenerator:\n- name: reg\n"
    "  type: kubernetes.io/dockerconfigjson\n  files: [.dockerconfigjson=config.json]\n",
    "base/config.json": AUTH,
    "base/account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: early}\n",
    "base/web.yaml": DEPLOYMENT,
    "overlays/prod/kustomization.yaml": "namespace: prod\nnamePrefix: p-\nresources: [../../base]\n"
    "patches:\n- path: patch.yaml\n",
    "overlays/prod/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    "spec: {template: {spec: {serviceAccountName: late}}}\n",
    "plain.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: b}\nimagePullSecrets:\n"
    "- name: twice\n- name: twice\n",
}
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "chart/values.yaml": "pullSecret: typo\n",
    "chart/templates/web.yaml": "{{- if true }}\napiVersion: v1\nkind: Pod\nmetadata:\n"
    "  name: {{ .Release.Name }}-web\nspec:\n  imagePullSecrets:\n  - name: {{ .Values.pullSecret }}\n"
    "  - name: {{ .Values.pullSecret }}\n"
    "  containers: [{name: web, image: quay.io/shop/web:1}]\n{{- end }}\n",
    "chart/templates/more.yaml": "{{- range .Values.none }}\napiVersion: v1\nkind: Secret\n{{- end }}\n",
}
RENDERED = """\
---
# Source: shop/templates/web.yaml
apiVersion: v1
kind: Pod
metadata:
  name: shop-web
spec:
  imagePullSecrets:
  - name: typo
  - name: typo
  containers: [{name: web, image: quay.io/shop/web:1}]
"""
kustomize = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")), reason="needs kustomize or kubectl on the PATH"
)
real_helm = pytest.mark.skipif(not shutil.which("helm"), reason="needs helm on the PATH")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a test, which is the working directory."""
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    return tmp_path / "tree"


def _write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _state() -> dict[str, tuple[bytes, int]]:
    return {str(one): (one.read_bytes(), one.stat().st_mtime_ns) for one in Path().rglob("*") if one.is_file()}


def _check(capsys: pytest.CaptureFixture[str], *words: str, code: int | None = None) -> dict[str, Any]:
    ended = main(["check", *words, "--format", "json"])
    told = capsys.readouterr()
    assert code is None or ended == code, told.err
    result: dict[str, Any] = json.loads(told.out)
    return result


def _program(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, body: str) -> None:
    """Put a program of our own on the PATH, before or without any other of its name."""
    bin_ = folder.parent / "bin"
    bin_.mkdir(exist_ok=True)
    script = bin_ / name
    script.write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")


def _at(result: Mapping[str, Any], code: str) -> list[tuple[str, int]]:
    found = [one for one in result["findings"] if one["code"] == code]
    return [(one["location"]["path"], one["location"]["line"]) for one in found]


@kustomize
def test_a_root_is_judged_in_place_of_its_parts_and_findings_point_at_them(capsys: pytest.CaptureFixture[str]) -> None:
    _write(TREE)
    before = _state()
    result = _check(capsys, ".", "--render")
    assert _state() == before
    # Line 9 of the base names a secret that nobody makes; the patch brought an account that nobody has.
    assert ("base/web.yaml", 9) in _at(result, "RC303")
    assert _at(result, "RC308") == [("base/web.yaml", 3)]
    assert _at(result, "RC701") == [("base/kustomization.yaml", 3)]
    assert _at(result, "RC307") == [("plain.yaml", 6)]
    missing = next(one for one in result["findings"] if one["code"] == "RC303")
    assert missing["object"] == {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "prod", "name": "p-web"}
    assert "overlays/prod (kustomize build)" in [one["location"]["path"] for one in missing["related"]]
    assert not result["coverage"]["problems"]


@kustomize
def test_overlays_that_share_a_base_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  imagePullSecrets: [{name: a}, {name: a}]\n"
        "  containers: [{name: c, image: quay.io/a/b:1}]\n"
    )
    overlay = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base]\n"
    _write(
        {
            "base/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
            "resources: [pod.yaml]\n",
            "base/pod.yaml": pod,
            "overlays/one/kustomization.yaml": overlay,
            "overlays/two/kustomization.yaml": overlay,
        }
    )
    result = _check(capsys, ".", "--render")
    found = [one for one in result["findings"] if one["code"] == "RC307"]
    assert [one["location"]["path"] for one in found] == ["base/pod.yaml"] * 2
    assert len({one["fingerprint"] for one in found}) == 2
    main(["baseline", "overlays/one", "base", "--render", "--select", "RC307", "-o", "known"])
    capsys.readouterr()
    result = _check(capsys, ".", "--render", "--select", "RC307", "--baseline", "known")
    assert len(result["findings"]) == 1


@kustomize
def test_no_edit_is_made_in_what_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    _write(TREE | {"base/web.yaml": DEPLOYMENT.replace("name: typo", "name: reg")})
    _write({"overlays/prod/kustomization.yaml": "namespace: prod\nresources: [../../base]\n"})
    before = _state()
    result = _check(capsys, "base", "overlays", "--render", "--fix")
    assert _at(result, "RC307") == [("base/web.yaml", 9)]
    assert _state() == before


@kustomize
def test_a_comment_in_the_source_accepts_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    accepted = "name: typo  # regcred: ignore[missing-pull-secret] made by hand"
    _write(TREE | {"base/web.yaml": DEPLOYMENT.replace("name: typo", accepted)})
    result = _check(capsys, ".", "--render")
    assert not _at(result, "RC303")
    assert [one["reason"] for one in result["suppressed"]] == ["made by hand"]


@kustomize
def test_a_failed_build_is_a_problem_and_the_rest_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    broken = {"broken/kustomization.yaml": "resources: [x.yaml]\n", "broken/x.yaml": "kind: Secret\nmetadata: {}\n"}
    _write(TREE | broken)
    result = _check(capsys, ".", "--render")
    (problem,) = result["coverage"]["problems"]
    assert problem["path"] == "broken/kustomization.yaml"
    assert problem["message"].startswith("could not be built: ")
    assert "regcred-" not in problem["message"]
    assert ("base/web.yaml", 9) in _at(result, "RC303")


@pytest.mark.parametrize(
    "name",
    [
        "https://example.com/base.yaml",
        "github.com/owner/repository//deploy?ref=v1",
        "git@example.com:owner/repository.git",
        "git::https://example.com/repository",
        "ssh://git@example.com/repository",
        "file:///etc",
        "../elsewhere",
    ],
)
@pytest.mark.parametrize("field", ["resources", "components", "transformers"])
def test_what_would_be_fetched_is_refused_before_any_program_runs(
    name: str, field: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _program(folder, monkeypatch, "kustomize", "touch ../ran; exit 1\n")
    _write({"over/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": f"{field}: ['{name}']\n"})
    _write({"plain.yaml": TREE["plain.yaml"]})
    result = _check(capsys, ".", "--render")
    (problem,) = result["coverage"]["problems"]
    assert problem["path"] == "over/kustomization.yaml"
    assert name.rpartition("@")[2] in problem["message"]
    assert not (folder / "ran").exists()


def test_a_build_that_says_a_credential_is_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "echo 'Error: \033[31mbad value `hunter2` in map[auth:hunter2]' >&2; echo 'password: hunter2' >&2; exit 1\n"
    _program(folder, monkeypatch, "kustomize", said)
    _write(TREE)
    main(["check", ".", "--render"])
    told = capsys.readouterr().out
    assert "could not be built: kustomize build overlays/prod: Error:" in told
    assert "hunter2" not in told
    assert "\033" not in told


def test_without_the_program_the_call_says_so_and_judges_fragments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(TREE | CHART)
    monkeypatch.setenv("PATH", "/nowhere")
    result = _check(capsys, ".", "--render", code=3)
    assert sorted(one["message"] for one in result["coverage"]["problems"]) == [
        "could not be built: helm is not on the PATH",
        "could not be built: neither kustomize nor kubectl is on the PATH",
    ]
    assert _at(result, "RC307") == [("plain.yaml", 6)]


def test_what_helm_prints_is_judged_at_its_templates(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _program(folder, monkeypatch, "helm", f'echo "$@" > {folder}/../words\ncat <<EOF\n{RENDERED}EOF\n')
    _write(CHART | {"prod.yaml": "pullSecret: other\n"})
    result = _check(capsys, "chart", "--render", "--values", "prod.yaml", "--fix")
    words = (folder.parent / "words").read_text().split()
    assert words == ["template", "shop", str(folder / "chart"), "--values", str(folder / "prod.yaml")]
    assert _at(result, "RC307") == [("chart/templates/web.yaml", 9)]
    (twice,) = (one for one in result["findings"] if one["code"] == "RC307")
    assert [one["location"]["path"] for one in twice["related"]][-1] == "chart (helm template)"
    assert "templated" not in [one["reason"] for one in result["coverage"]["not_evaluated"]]


@real_helm
def test_a_chart_is_rendered_with_the_values_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    sub = {
        "chart/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
        "chart/charts/sub/templates/sa.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sub}\n"
        "imagePullSecrets:\n- name: {{ .Values.x }}\n- name: {{ .Values.x }}\n",
        "prod.yaml": "sub: {x: both}\n",
    }
    _write(CHART | sub)
    before = _state()
    result = _check(capsys, "chart", "--render", "--values", "prod.yaml")
    assert _state() == before
    assert _at(result, "RC307") == [("chart/charts/sub/templates/sa.yaml", 6), ("chart/templates/web.yaml", 9)]


def test_values_without_render_are_a_mistake_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _write(CHART)
    assert main(["check", "chart", "--values", "chart/values.yaml"]) == 2
    assert "--render" in capsys.readouterr().err
    assert main(["check", "chart", "--render", "--values", "absent.yaml"]) == 2
    assert "absent.yaml" in capsys.readouterr().err


def test_a_chart_that_is_not_rendered_is_one_note(capsys: pytest.CaptureFixture[str]) -> None:
    sub = {
        "chart/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
        "chart/charts/sub/templates/web.yaml": CHART["chart/templates/web.yaml"],
        "loose/templates/web.yaml": CHART["chart/templates/web.yaml"],
    }
    _write(CHART | sub)
    result = _check(capsys, ".", code=0)
    notes = [(one["location"]["path"], one["message"]) for one in result["coverage"]["not_evaluated"]]
    assert [path for path, _ in notes] == ["loose/templates/web.yaml", "chart/Chart.yaml"]
    assert notes[1][1].startswith("3 templates of a Helm chart, skipped")
    assert "--render" in notes[1][1]


def test_a_circle_of_kustomizations_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _write({"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"})
    _write({"plain.yaml": TREE["plain.yaml"]})
    problems = _check(capsys, ".", "--render")["coverage"]["problems"]
    assert [one["path"] for one in problems] == ["a/kustomization.yaml", "b/kustomization.yaml"]
    assert all("includes itself" in one["message"] for one in problems)
