"""The files of `deploy/`: valid, least privileged, and clean by our own rules."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from linter.__main__ import main
from linter.inventory.asked import ASKED

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted(
    path for path in DEPLOY.rglob("*.yaml") if path.name not in ("kustomization.yaml", "gitlab-ci.yml")
)
UNKNOWN = {"Task"}
"""Kinds of others, which Kubernetes' own schemas do not describe."""
OBJECTS = [
    pytest.param(item, id=f"{path.stem}-{item['kind']}")
    for path in MANIFESTS
    for item in yaml.safe_load_all(path.read_text())
    if item["kind"] not in UNKNOWN
]


def found(name: str, kind: str) -> dict[str, Any]:
    items = yaml.safe_load_all((DEPLOY / name).read_text())
    return next(item for item in items if item["kind"] == kind)


@pytest.mark.parametrize("item", OBJECTS)
@pytest.mark.parametrize("version", ["1.28", "1.36"])
def test_an_object_is_valid(item: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(item, version, strict=True)


def test_the_role_reads_the_kinds_that_a_scan_asks_for_and_no_other() -> None:
    rules = found("rbac.yaml", "ClusterRole")["rules"]
    assert all(rule["verbs"] == ["get", "list"] for rule in rules)
    granted = {(group, resource) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"]}
    projects = ("project.openshift.io", "projects")  # which namespaces there are, for who may not list them all
    assert granted == {(asked.group, asked.resource) for asked in ASKED} | {projects}


def test_pods_meet_the_restricted_standard() -> None:
    pods = [
        found("cronjob.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        found("pipelines/argocd-presync.yaml", "Job")["spec"]["template"]["spec"],
    ]
    for pod in pods:
        for container in pod["containers"]:
            context = {**pod.get("securityContext", {}), **container["securityContext"]}
            assert context["runAsNonRoot"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(
    ("name", "kind"), [("cronjob.yaml", "CronJob"), ("pipelines/argocd-presync.yaml", "Job")]
)
def test_arguments_are_options_that_exist(name: str, kind: str, tmp_path: Path) -> None:
    """Run without kubectl and outside of a pod: all that can be wrong is that there is no cluster."""
    spec = found(name, kind)["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
    words = [
        word.replace("$(NAMESPACE)", "team").replace("/data", str(tmp_path))
        for word in template["spec"]["containers"][0]["args"]
    ]
    assert main(words) == 3


def test_our_own_rules_find_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(DEPLOY), "--fail-on", "info"]) == 0, capsys.readouterr().out


def test_the_image_runs_as_nobody_and_starts_regcred() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["regcred"]' in last
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for word in line.split()[:-1]}
    assert {"pyproject.toml", "README.md", "linter", "rules", "reports"} == copied
    assert all((ROOT / name).exists() for name in copied)
