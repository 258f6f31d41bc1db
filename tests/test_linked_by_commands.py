"""A pull secret that a command beside the manifests links is not called unused, nor linked for mounting only."""

import json
import time
from pathlib import Path

import pytest

from tests.commons import quiet

_MANIFESTS = """\
apiVersion: v1
kind: Secret
metadata: {name: quay-robot, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"quay.io/shop": {"auth": "dXNlcjpwYXNz"}}}'
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: shop}
%s---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      serviceAccountName: app
      containers: [{name: web, image: "quay.io/shop/web:1"}]
"""
_PATCH = """kubectl patch serviceaccount %s -n shop -p '{"imagePullSecrets": [{"name": "%s"}]}'\n"""
_TERRAFORM = 'resource "kubernetes_default_service_account" "a" {\n  image_pull_secret {\n    name = "%s"\n  }\n}\n'


def _said(folder: Path, files: dict[str, str], listed: str = "") -> tuple[set[str], str]:
    """The codes of what was found, and what could not be judged."""
    for name, text in {"k8s/all.yaml": _MANIFESTS % listed, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    _, out, _ = quiet("check", str(folder), "--fail-on", "never", "--format", "json", "--ignore", "RC701")
    report = json.loads(out)
    withheld = [one["message"] for one in report["coverage"]["not_evaluated"]]
    return {one["code"] for one in report["findings"]}, " ".join(withheld)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.sh", _PATCH % ("app", "quay-robot")),
        ("setup.sh", "SECRET=quay-robot\n" + _PATCH % ("app", "'$SECRET'")),
        ("Makefile", "link:\n\t$(KUBECTL) patch sa app -p '{\"imagePullSecrets\":[{\"name\":\"quay-robot\"}]}'\n"),
        ("README.md", "    # oc secrets link app quay-robot --for=pull\n"),
        ("setup.sh", "oc secrets link app \\\n  quay-robot --for pull,mount\n"),
        ("setup.sh", "oc secrets add serviceaccount/app secrets/quay-robot --for=pull\n"),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: oc secrets link app quay-robot --for=pull}]}}\n"),
        ("site.yml", "- hosts: all\n  tasks:\n  - command: oc secrets link app quay-robot --for=pull\n"),
    ],
)
def test_a_link_by_a_command_is_listed_under_coverage(tmp_path: Path, name: str, text: str) -> None:
    codes, withheld = _said(tmp_path, {name: text})
    assert not codes
    assert name == "site.yml" or f"whether Secret quay-robot is linked is not known: {tmp_path}/{name}" in withheld
    codes, withheld = _said(tmp_path, {}, "secrets: [{name: quay-robot}]\n")
    assert not codes
    assert f"whether quay-robot is used for pulls is not known: {tmp_path}/{name} may link it" in withheld


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deploy.sh", "helm upgrade --install web chart --set 'imagePullSecrets[0].name=quay-robot'\n"),
        ("main.tf", _TERRAFORM % "quay-robot"),
        ("setup.sh", "kubectl apply -f - <<END\nkind: Pod\nspec:\n  imagePullSecrets:\n  - name: quay-robot\nEND\n"),
        ("setup.sh", "oc secrets link another quay-robot --for=pull\n"),
    ],
)
def test_a_link_of_another_account_is_use_and_leaves_this_one_as_it_is(tmp_path: Path, name: str, text: str) -> None:
    assert not _said(tmp_path, {name: text})[0]
    assert _said(tmp_path, {}, "secrets: [{name: quay-robot}]\n")[0] == {"RC302"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.sh", _PATCH % ("app", "another")),
        ("setup.sh", "# " + _PATCH % ("app", "quay-robot")),
        ("setup.sh", "oc secrets link app quay-robot\n"),
        ("setup.sh", "oc secrets link app quay-robot --for=mount\n"),
        ("setup.sh", "oc secrets unlink app quay-robot\n"),
        ("setup.sh", "kubectl get secret quay-robot # which pulls\n"),
        ("main.tf", _TERRAFORM % "another" + 'a = "quay-robot"\n'),
        ("deploy.sh", "helm upgrade web chart --set imagePullSecrets[0].name=another\nhelm list quay-robot\n"),
    ],
)
def test_what_links_no_such_secret_changes_nothing(tmp_path: Path, name: str, text: str) -> None:
    assert _said(tmp_path, {name: text})[0] == {"RC301"}
    assert _said(tmp_path, {}, "secrets: [{name: quay-robot}]\n")[0] == {"RC302"}


def test_so_many_links_are_remembered_and_no_more(tmp_path: Path) -> None:
    other, last = "oc secrets link app other --for=pull\n", "oc secrets link app quay-robot --for=pull\n"
    assert not _said(tmp_path, {"setup.sh": other * 4000 + last})[0]
    assert _said(tmp_path, {"setup.sh": other * 10000 + last})[0] == {"RC301"}
    assert _said(tmp_path, {"setup.sh": f"oc secrets link app {'a ' * 1000}quay-robot --for=pull\n"})[0] == {"RC301"}


def test_lines_that_link_what_variables_hold_cost_no_more_than_their_length(tmp_path: Path) -> None:
    text = "NAME=quay-robot\n" + "imagePullSecrets: $NAME\n" * 20_000
    started = time.process_time()
    assert not _said(tmp_path, {"setup.sh": text})[0]
    assert time.process_time() - started < 20  # it is 1, and would be minutes if each line were a search of its own
