"""A service account that something beside the manifests makes is not called absent."""

import json
from pathlib import Path

import pytest

from tests.commons import quiet

_WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod}
spec:
  template:
    spec:
      serviceAccountName: web-sa
      containers: [{name: web, image: ghcr.io/acme/web:1}]
"""
_OTHER = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: other, namespace: prod}\n"
_TERRAFORM = 'resource "kubernetes_service_account%s" "a" {\n  metadata {\n    name = "%s"\n  }\n}\n'
_HEREDOC = "oc apply -f - <<END\nkind: %s\napiVersion: v1\nmetadata:\n  name: %s\nEND\n"
_REMOTE = "https://github.com/acme/base//k8s?ref=v1"


def _said(folder: Path, files: dict[str, str]) -> tuple[bool, str]:
    """Whether the check said that the account is absent, and what it could not judge."""
    for name, text in {"k8s/web.yaml": _WEB, "k8s/other.yaml": _OTHER, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    _, out, _ = quiet("check", str(folder), "--fail-on", "never", "--format", "json")
    report = json.loads(out)
    withheld = [one["message"] for one in report["coverage"]["not_evaluated"]]
    return any(one["code"] == "RC308" for one in report["findings"]), " ".join(withheld)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.sh", "kubectl create serviceaccount web-sa -n prod\n"),
        ("setup.sh", "set -e; oc -n prod create sa 'web-sa' && oc whoami\n"),
        ("setup.sh", "kubectl create ns prod && kubectl create --namespace prod serviceaccount web-sa\n"),
        ("setup.sh", "NAME=web-sa\nkubectl create sa ${NAME}\n"),
        ("Taskfile.yml", "vars: {}\na:\n  SA: web-sa\n  cmds: ['kubectl create sa {{.SA}}']\n"),
        ("setup.sh", "kubectl --as admin --cluster c --user u --context k --kubeconfig f -s h create sa web-sa\n"),
        ("setup.sh", 'SA=web-sa\neksctl create iamserviceaccount "--name=$SA" --cluster c\n'),
        ("README.md", "```\neksctl create iamserviceaccount \\\n  --name web-sa \\\n  --namespace prod\n```\n"),
        ("Makefile", "sa:\n\teksctl create iamserviceaccount --cluster c --name=web-sa --approve\n"),
        ("setup.sh", _HEREDOC % ("ServiceAccount", "web-sa")),
        ("main.tf", _TERRAFORM % ("", "web-sa")),
        ("main.tf", _TERRAFORM % ("_v1", "web-sa")),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: kubectl create sa web-sa}]}}\n"),
        ("Makefile", "sa:\n\t$(KUBECTL) create serviceaccount web-sa\n"),
        ("deploy.py", 'run(["kubectl", "create", "sa", "web-sa"])\n'),
        ("main.tf", 'a = {\n  kind = "ServiceAccount"\n  metadata = { name = "web-sa" }\n}\n'),
        (".gitlab-ci.yml", "a:\n  script:\n    - kubectl create sa web-sa -n prod\n"),
    ],
)
def test_an_account_that_something_creates_is_listed_under_coverage(tmp_path: Path, name: str, text: str) -> None:
    absent, withheld = _said(tmp_path, {name: text})
    assert not absent
    assert "account web-sa exists could not be judged" in withheld
    assert f"{name} creates service accounts and may make it" in withheld


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.sh", "kubectl create serviceaccount another-sa -n prod\n"),
        ("setup.sh", "kubectl create sa another-sa -n web-sa\n"),
        ("Makefile", "sa:\n\t$(KUBECTL) delete serviceaccount web-sa\n"),
        ("main.tf", 'a = {\n  kind = "RoleBinding"\n  metadata = { name = "web-sa" }\n}\n'),
        ("setup.sh", "kubectl create -n sa sa2 web-sa\n"),
        ("setup.sh", "# kubectl create sa web-sa\n"),
        ("setup.sh", "if true; then\n  # kubectl create sa web-sa\nfi\n"),
        ("setup.sh", "kubectl create rolebinding a --role=b --serviceaccount=prod:web-sa\n"),
        ("setup.sh", "kubectl create role sa web-sa\n"),
        ("setup.sh", "kubectl delete sa web-sa && kubectl create ns a\n"),
        ("setup.sh", "eksctl create iamserviceaccount --name another-sa --cluster web-sa\n"),
        ("setup.sh", "eksctl create cluster --name web-sa # serviceaccount\n"),
        ("setup.sh", _HEREDOC % ("ServiceAccount", "another-sa")),
        ("setup.sh", _HEREDOC % ("Secret", "web-sa")),
        ("setup.sh", "kubectl create secret generic web-sa\n"),
        ("README.md", "To create an account:\n\n    kubectl create serviceaccount another-sa\n"),
        ("main.tf", _TERRAFORM % ("", "another-sa")),
        ("main.tf", 'resource "kubernetes_secret" "a" {\n  metadata { name = "web-sa" }\n}\n'),
    ],
)
def test_what_creates_no_such_account_changes_nothing(tmp_path: Path, name: str, text: str) -> None:
    assert _said(tmp_path, {name: text})[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k8s/kustomization.yaml", f"resources: [web.yaml, '{_REMOTE}']\n"),
        ("k8s/kustomization.yaml", "resources: [web.yaml, github.com/acme/base]\n"),
        ("k8s/kustomization.yaml", "resources: [web.yaml]\nhelmCharts: [{name: a, repo: 'https://a.example'}]\n"),
        (
            "k8s/kustomization.yaml",
            "resources: [web.yaml]\nhelmChartInflationGenerator: [{chartName: a, chartRepo: 'https://a.example'}]\n",
        ),
        ("kustomization.yaml", f"apiVersion: kustomize.config.k8s.io/v1\nkind: Component\nbases: ['{_REMOTE}']\n"),
        ("overlays/a/kustomization.yaml", f"resources: [../../k8s, '{_REMOTE}']\n"),
        ("overlays/a/kustomization.yaml", f"resources: [../../k8s/web.yaml]\ncomponents: ['{_REMOTE}']\n"),
    ],
)
def test_an_account_may_come_with_what_a_kustomization_fetches(tmp_path: Path, name: str, text: str) -> None:
    absent, withheld = _said(tmp_path, {name: text})
    assert not absent
    assert f"{name} fetches a part that may hold it" in withheld


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k8s/kustomization.yaml", "resources: [web.yaml, other.yaml]\n"),
        ("k8s/kustomization.yaml", "resources: [web.yaml]\nimages: [{name: a, newName: ghcr.io/acme/web}]\n"),
        ("k8s/kustomization.yaml", "resources: [web.yaml, apps.example.com/web.yaml]\nhelmCharts: []\n"),
        ("k8s/kustomization.yaml", "resources: [web.yaml]\nhelmCharts: [{name: local}, 1]\n"),
        ("other/kustomization.yaml", f"resources: ['{_REMOTE}']\n"),
        ("overlays/a/kustomization.yaml", f"resources: [../../k8, ../../k8s/other.yaml, '{_REMOTE}']\n"),
    ],
)
def test_a_kustomization_without_a_remote_part_or_elsewhere_changes_nothing(
    tmp_path: Path, name: str, text: str
) -> None:
    assert _said(tmp_path, {name: text})[0]


def test_what_the_folder_of_the_call_fetches_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _said(Path(), {"web.yaml": _WEB})[0]
    assert not _said(Path(), {"kustomization.yaml": f"resources: ['{_REMOTE}']\npatches: [{{path: web.yaml}}]\n"})[0]
