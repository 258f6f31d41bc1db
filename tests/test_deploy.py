"""The files of `deploy/`: valid, least privileged, and clean by our own rules."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml

from linter.__main__ import main
from linter.inventory.asked import ASKED

sys.path.insert(0, str(Path(__file__).parent / "sources"))

import kubeapi as api

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


CLUSTER_SCOPED = {
    ("", "Namespace"),
    ("config.openshift.io", "Image"),
    ("config.openshift.io", "ImageContentPolicy"),
    ("config.openshift.io", "ImageDigestMirrorSet"),
    ("config.openshift.io", "ImageTagMirrorSet"),
    ("config.openshift.io", "CRIOCredentialProviderConfig"),
    ("operator.openshift.io", "ImageContentSourcePolicy"),
    ("samples.operator.openshift.io", "Config"),
    ("machineconfiguration.openshift.io", "MachineOSConfig"),
    ("hive.openshift.io", "HiveConfig"),
    ("multicluster.openshift.io", "MultiClusterEngine"),
    ("observability.open-cluster-management.io", "MultiClusterObservability"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("tekton.dev", "ClusterTask"),
    ("cert-manager.io", "ClusterIssuer"),
    ("pkg.crossplane.io", "Provider"),
    ("pkg.crossplane.io", "Configuration"),
    ("pkg.crossplane.io", "Function"),
    ("pkg.crossplane.io", "ImageConfig"),
    ("kyverno.io", "ClusterPolicy"),
    ("policies.kyverno.io", "ImageValidatingPolicy"),
}
"""The kinds asked for that live in no namespace: no Role can grant them."""
Right = tuple[str, str, str, str]
"""Group, resource, name ("" for any) and verb."""


@contextmanager
def whole_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[api.Api]:
    """A cluster that serves every kind that is asked for, seen from inside a pod of it."""
    trusted = api.authority()
    (folder / "token").write_text(api.TOKEN)
    (folder / "ca.crt").write_bytes(trusted.pem)
    monkeypatch.setenv("REGCRED_SERVICE_ACCOUNT_DIR", str(folder))
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    server = api.Api([one for one in api.cluster() if "tekton" not in one["apiVersion"]])
    server.kinds = [
        api.Served(
            f"{one.group}/v1" if one.group else "v1",
            one.resource,
            one.kind,
            namespaced=(one.group, one.kind) not in CLUSTER_SCOPED,
        )
        for one in ASKED
    ]
    with api.serving(server, trusted.server):
        split = urlsplit(server.address)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", split.hostname or "")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(split.port))
        yield server


def asked(server: api.Api, namespace: str = "") -> set[Right]:
    """What the requests needed a right for, everywhere or in one namespace; discovery is open to every account."""
    needed: set[Right] = set()
    for path in server.paths():
        parts = [part for part in path.split("/") if part]
        group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1] if len(parts) > 1 else "", parts[3:])
        where = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            where, rest = rest[1], rest[2:]
        if rest and where == namespace:
            needed.add((group, rest[0], rest[1] if len(rest) > 1 else "", "get" if len(rest) > 1 else "list"))
    return needed


def granted(name: str, kind: str) -> set[Right]:
    return {
        (group, resource, named, verb)
        for rule in found(name, kind)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for named in rule.get("resourceNames", [""])
        for verb in rule["verbs"]
    }


def check(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    main(["check", "cluster:", *words, "--format", "json"])
    return json.loads(capsys.readouterr().out)


def refused(result: Any) -> set[str]:
    told = [one["message"] for one in result["coverage"]["not_evaluated"] if one["reason"] == "refused"]
    return {one.split(" ")[0] for one in told if "be listed" in one}


def test_the_cluster_role_grants_what_a_scan_asks_for_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with whole_cluster(tmp_path, monkeypatch) as server:
        rights = granted("cluster/rbac.yaml", "ClusterRole")
        groups = {one.resource: one.group for one in ASKED if one.resource != "images"}
        server.forbidden = lambda resource, namespace: (
            (groups.get(resource, "config.openshift.io"), resource, "", "list") not in rights
        )
        result = check(capsys)
        assert not refused(result)
        assert not result["coverage"]["problems"]
        assert asked(server) == rights


def test_the_role_grants_what_a_scan_of_a_namespace_asks_for_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with whole_cluster(tmp_path, monkeypatch) as server:
        rights = granted("namespaced/rbac.yaml", "Role")
        resources = {resource for _, resource, _, _ in rights}
        single = granted("namespaced/global-pull-secret.yaml", "Role")
        server.forbidden = lambda resource, namespace: (
            not (namespace == "team-a" and resource in resources)
            and (namespace, resource) != ("openshift-config", "secrets/pull-secret")
        )
        result = check(capsys, "--namespace", "team-a")
        assert asked(server, "team-a") == rights
        assert asked(server, "openshift-config") == single == {("", "secrets", "pull-secret", "get")}
        assert refused(result) == {kind for _, kind in CLUSTER_SCOPED} - {"Namespace"}
        assert {path.split("/namespaces/")[1].split("/")[0] for path in server.paths() if "/namespaces/" in path} == {
            "team-a",
            "openshift-config",
        }


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl on the PATH")
@pytest.mark.parametrize(
    ("folder", "role", "argument"), [("", "ClusterRole", "cluster:"), ("namespaced", "Role", "--namespace=team-a")]
)
def test_each_variant_builds(folder: str, role: str, argument: str) -> None:
    done = subprocess.run(["kubectl", "kustomize", str(DEPLOY / folder)], capture_output=True, check=True, timeout=60)
    built = {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}
    roles = {kind for kind in built if kind.startswith(("Role", "ClusterRole"))}
    assert roles == {role, f"{role}Binding"}
    pod = built["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert argument in pod["containers"][0]["args"]
    assert built[f"{role}Binding"]["subjects"] == [
        {"kind": "ServiceAccount", "name": pod["serviceAccountName"], "namespace": "regcred"}
    ]
    for item in built.values():
        kubernetes_validate.validate(item, "1.36", strict=True)


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint on the PATH")
def test_the_containerfile_is_clean() -> None:
    done = subprocess.run(["hadolint", str(DEPLOY / "Containerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_pods_meet_the_restricted_standard() -> None:
    pods = [
        found("base/cronjob.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"],
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
    ("name", "kind"), [("base/cronjob.yaml", "CronJob"), ("pipelines/argocd-presync.yaml", "Job")]
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
