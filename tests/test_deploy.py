"""The files of `deploy/`: valid, least privileged, clean by our own rules, and as its page says."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml

from linter import __version__
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
    ("config.openshift.io", "Infrastructure"),
    ("operator.openshift.io", "ImageContentSourcePolicy"),
    ("samples.operator.openshift.io", "Config"),
    ("machineconfiguration.openshift.io", "MachineOSConfig"),
    ("hive.openshift.io", "HiveConfig"),
    ("config.open-cluster-management.io", "KlusterletConfig"),
    ("multicluster.openshift.io", "MultiClusterEngine"),
    ("observability.open-cluster-management.io", "MultiClusterObservability"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("tekton.dev", "ClusterTask"),
    ("kpack.io", "ClusterBuilder"),
    ("cert-manager.io", "ClusterIssuer"),
    ("pkg.crossplane.io", "Provider"),
    ("pkg.crossplane.io", "Configuration"),
    ("pkg.crossplane.io", "Function"),
    ("pkg.crossplane.io", "ImageConfig"),
    ("kyverno.io", "ClusterPolicy"),
    ("policies.kyverno.io", "ImageValidatingPolicy"),
    ("apps.kruise.io", "SidecarSet"),
    ("trainer.kubeflow.org", "ClusterTrainingRuntime"),
    ("serving.kserve.io", "ClusterServingRuntime"),
    ("operator.tigera.io", "Installation"),
    ("nvidia.com", "ClusterPolicy"),
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


def build(folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, check=True, timeout=60)
    return list(yaml.safe_load_all(done.stdout))


NEEDS_KUBECTL = pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl on the PATH")


@NEEDS_KUBECTL
@pytest.mark.parametrize(
    ("folder", "role", "argument", "group"),
    [
        ("", "ClusterRole", "cluster:", None),
        ("kubernetes", "ClusterRole", "cluster:", 65532),
        ("namespaced", "Role", "--namespace=team-a", None),
    ],
)
def test_each_variant_builds(folder: str, role: str, argument: str, group: int | None) -> None:
    built = {one["kind"]: one for one in build(DEPLOY / folder)}
    roles = {kind for kind in built if kind.startswith(("Role", "ClusterRole"))}
    assert roles == {role, f"{role}Binding"}
    pod = built["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert argument in pod["containers"][0]["args"]
    assert pod["securityContext"].get("fsGroup") == group
    assert built[f"{role}Binding"]["subjects"] == [
        {"kind": "ServiceAccount", "name": pod["serviceAccountName"], "namespace": "regcred"}
    ]
    for item in built.values():
        kubernetes_validate.validate(item, "1.36", strict=True)


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint on the PATH")
def test_the_containerfile_is_clean() -> None:
    done = subprocess.run(["hadolint", str(DEPLOY / "Containerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


PODS = [
    found("base/cronjob.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"],
    found("pipelines/argocd-sync.yaml", "Job")["spec"]["template"]["spec"],
    found("fetch/pod.yaml", "Pod")["spec"],
]


def test_pods_meet_the_restricted_standard() -> None:
    for pod in PODS:
        for container in pod["containers"]:
            context = {**pod.get("securityContext", {}), **container["securityContext"]}
            assert context["runAsNonRoot"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_no_pod_asks_for_a_user_or_a_group() -> None:
    """OpenShift gives a pod those of its namespace's range, and restricted-v2 refuses a pod that wants others."""
    fixed = ("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups")
    written = [path for path in DEPLOY.rglob("*.yaml") if any(word in path.read_text() for word in fixed)]
    assert written == [DEPLOY / "group" / "kustomization.yaml"]
    using = [path for path in DEPLOY.rglob("kustomization.yaml") if "- ../group" in path.read_text()]
    assert {path.parent.name for path in using if yaml.safe_load(path.read_text()).get("components")} == {"kubernetes"}


@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(
    ("name", "kind"), [("base/cronjob.yaml", "CronJob"), ("pipelines/argocd-sync.yaml", "Job")]
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
    assert re.search(r"^USER [1-9][0-9]*:0$", last, re.MULTILINE)  # group 0, as OpenShift's own user has it
    assert re.search(r"mkdir -m 0775 /work$", last, re.MULTILINE)
    assert "WORKDIR /work" in last
    assert 'ENTRYPOINT ["regcred"]' in last
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for word in line.split()[:-1]}
    assert {"pyproject.toml", "README.md", "LICENSE", "linter", "rules", "reports"} == copied
    assert all((ROOT / name).exists() for name in copied)


def _runs(python: str, environment: dict[str, str], somebody: dict[str, Any]) -> bool:
    """Whether an interpreter of this version is there for somebody, with all that is installed."""
    needed = f"import sys, linter, msgspec, sqlalchemy; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        done = subprocess.run([python, "-c", needed], env=environment, capture_output=True, check=False, **somebody)
    except OSError:
        return False
    return not done.returncode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_any_user_of_group_0_can_scan_and_write_where_the_group_may() -> None:
    """As OpenShift starts it: a user that no file knows, without a home, in group 0."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o775)
        shutil.copy(ROOT / "examples" / "cluster.yaml", folder)
        (folder / "cluster.yaml").chmod(0o444)
        formats = ["text", "html=report.html", "json=result.json", "prometheus=regcred.prom"]
        words = ["cluster.yaml", "--history=scans.db", "--fail-on=never", *(f"--format={one}" for one in formats)]
        somebody: dict[str, Any] = {"user": 1000680000, "group": 0, "extra_groups": []}
        sought = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
        environment = {"HOME": "/", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": sought}
        python = next((one for one in (sys.executable, "/usr/bin/python3") if _runs(one, environment, somebody)), None)
        if python is None:
            pytest.skip("the interpreter or what is installed is for root alone")
        somebody |= {"capture_output": True, "text": True}
        done = subprocess.run(
            [python, "-m", "linter", "check", *words], cwd=folder, env=environment, check=False, **somebody
        )
        assert (done.returncode, done.stderr) == (0, "")
        made = {"report.html", "result.json", "regcred.prom", "scans.db"}
        assert {path.name for path in folder.iterdir() if path.stat().st_uid == 1000680000} == made


PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```(console|yaml)\n(.*?)```", PAGE, re.DOTALL)
PUSHED = "registry.example.com/tools/regcred:0.1.0"


def test_every_image_is_the_one_that_the_page_pushes() -> None:
    """None is called by a tag that nobody has pushed."""
    assert f"podman push --digestfile digest {PUSHED}\n" in PAGE
    files = [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml"), ROOT / "docs" / "pipelines.md"]
    named = {image for path in files for image in re.findall(r"\S+/regcred:[\w.]+", path.read_text(encoding="utf-8"))}
    assert named == {PUSHED}
    assert PUSHED.endswith(f":{__version__}")


STUB = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
case "$(basename "$0") $1 $2" in
  "kubectl apply -k" | "kubectl delete -k") exec "$KUBECTL" kustomize "$3" > "$BUILT/$2$(echo "$3" | tr / .)yaml" ;;
  "kubectl apply -f") [ -f "$3" ] && [ -f "$5" ] ;;
  "kubectl create secret") exec "$KUBECTL" "$@" --dry-run=client -o yaml > "$BUILT/secret.yaml" ;;
  "kubectl exec "*) echo "of the volume" ;;
  "podman login --authfile") echo '{"auths":{"registry.example.com":{"auth":"dTpw"}}}' > "$3" ;;
  "podman push "*) echo sha256:0000000000000000000000000000000000000000000000000000000000000000 > "$3" ;;
esac
"""
"""What stands for podman and for the cluster: it notes each call, and kubectl itself does what needs no cluster."""


@NEEDS_KUBECTL
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_commands_of_the_page_run_from_the_first_to_the_last(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(DEPLOY, checkout / "deploy")
    for folder in ("stubs", "built"):
        (tmp_path / folder).mkdir()
    for name in ("podman", "kubectl", "oc"):
        (tmp_path / "stubs" / name).write_text(STUB)
        (tmp_path / "stubs" / name).chmod(0o755)
    script = "".join(text for language, text in SHOWN if language == "console")
    path = f"{tmp_path / 'stubs'}{os.pathsep}{os.environ['PATH']}"
    places = {"LOG": str(tmp_path / "log"), "BUILT": str(tmp_path / "built"), "KUBECTL": shutil.which("kubectl") or ""}
    environment = {**os.environ, "PATH": path, **places}
    done = subprocess.run(
        ["bash", "-euc", script], cwd=checkout, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (checkout / "pull.json").exists()
    for name in ("digest", "report.html", "result.json", "regcred.prom"):
        assert (checkout / name).stat().st_size
    _names_exist((tmp_path / "log").read_text())
    linked = yaml.safe_load((tmp_path / "built" / "secret.yaml").read_text())
    assert f'"value":[{{"name":"{linked["metadata"]["name"]}"}}]' in PAGE
    assert f"oc secrets link regcred {linked['metadata']['name']} --for=pull -n regcred\n" in PAGE
    _edited(checkout / "deploy")


def _names_exist(log: str) -> None:
    """What the commands name is what the manifests make, and the files are those that the scan writes."""
    job = found("base/cronjob.yaml", "CronJob")
    account, pod = found("base/account.yaml", "ServiceAccount"), found("fetch/pod.yaml", "Pod")
    space = found("base/namespace.yaml", "Namespace")["metadata"]["name"]
    assert f"create job --from=cronjob/{job['metadata']['name']} regcred-now -n {space}" in log
    assert f"patch serviceaccount {account['metadata']['name']} " in log
    assert f"pod/{pod['metadata']['name']} --timeout=5m -n {space}" in log
    arguments = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
    written = {one.rpartition("=")[2] for one in arguments if one.startswith("--format=") and "/" in one}
    assert set(re.findall(r" exec \S+ -n \S+ -- cat (\S+)", log)) == written
    claim = next(one for one in PODS[0]["volumes"] if one["name"] == "data")
    assert pod["spec"]["volumes"] == [claim]


def _edited(deploy: Path) -> None:
    """What the page says to write into the files, written there, is what is built."""
    image, namespaced = (yaml.safe_load(text) for language, text in SHOWN if language == "yaml")
    for folder, shown in (("image", image), ("namespaced", namespaced)):
        file = deploy / folder / "kustomization.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **shown}))
    built = build(deploy / "namespaced")
    assert sorted(one["metadata"]["namespace"] for one in built if one["kind"] == "Role") == ["payments", "shop"]
    assert sorted(one["metadata"]["namespace"] for one in built if one["kind"] == "RoleBinding") == ["payments", "shop"]
    (pod,) = (one["spec"]["jobTemplate"]["spec"]["template"]["spec"] for one in built if one["kind"] == "CronJob")
    words = [one for one in pod["containers"][0]["args"] if "namespace" in one]
    assert words == ["--namespace=shop", "--namespace=payments"]
    wanted = f"{image['images'][0]['newName']}@{image['images'][0]['digest']}"
    (fetch,) = build(deploy / "fetch")
    assert pod["containers"][0]["image"] == fetch["spec"]["containers"][0]["image"] == wanted
