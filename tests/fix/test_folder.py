"""The README of a folder of repairs, followed step by step on a cluster that holds the old objects."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.cli import run

TYPE = "kubernetes.io/dockerconfigjson"
AUTH = base64.b64encode(b"user:Zk7pass").decode()
POD = {"containers": [{"name": "c", "image": "quay.io/shop/web:1"}], "serviceAccountName": "default"}
TWICE = [{"name": "zz"}, {"name": "zz"}]
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
UIDS = {"controller-uid": "7", "batch.kubernetes.io/controller-uid": "7"}
LABELS = {**UIDS, "job-name": "mig", "batch.kubernetes.io/job-name": "mig"}


def thing(kind: str, name: str, version: str = "v1", *, live: bool = True, **body: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", **body.pop("metadata", {})}
    metadata |= {"uid": f"u-{kind}-{name}", "resourceVersion": "41"} if live else {}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def secret(name: str, *keys: str, kind: str = TYPE, **more: Any) -> dict[str, Any]:
    text = json.dumps({"auths": {key: {"auth": AUTH} for key in keys}})
    return thing(
        "Secret", name, type=kind, data={".dockerconfigjson": base64.b64encode(text.encode()).decode()}, **more
    )


class Folder:
    """What was written, and the sections of its README."""

    def __init__(self, path: Path, told: str) -> None:
        self.path, self.told = path, told
        self.readme = (path / "README.md").read_text(encoding="utf-8")

    def section(self, heading: str) -> str:
        _, found, rest = self.readme.partition(f"\n## {heading}\n")
        return rest.partition("\n## ")[0] if found else ""

    def manifest(self, ending: str) -> Any:
        (path,) = self.path.rglob(f"*{ending}")
        return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def made(
        *listed: dict[str, Any], more: tuple[str, ...] = ("--select", "RC307"), beside: tuple[str, ...] = ()
    ) -> Folder:
        items = [thing("ServiceAccount", "default"), secret("zz", "ghcr.io"), *listed]
        for name, held in {"prod": items, **dict.fromkeys(beside, items[:1])}.items():
            Path(f"{name}.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": held}))
        words = ["check", "prod.json", *(f"{name}.json" for name in beside), "--scope", "cluster", "--fail-on", "never"]
        assert run([*words, "--unsafe-fixes", "--fix-dir", "fixes", *more]) == 0
        return Folder(tmp_path / ("again" if "again" in more else "fixes"), capsys.readouterr().err)

    return made


def job(name: str = "mig", **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {**LABELS, "app": "x"}}, "spec": {**POD, "imagePullSecrets": TWICE}}
    metadata = {"labels": {**UIDS, "app": "x"}, "annotations": {"batch.kubernetes.io/job-tracking": ""}}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": "7"}}
    return thing("Job", name, "batch/v1", metadata=metadata, spec={"selector": selector, "template": template, **spec})


def test_a_job_is_created_under_an_identity_of_its_own(folder: Any) -> None:
    body = folder(job()).manifest("job-mig.yaml")
    assert "selector" not in body["spec"]
    assert body["spec"]["template"]["metadata"]["labels"] == {"app": "x"}
    assert body["metadata"] == {"name": "mig", "namespace": "shop", "labels": {"app": "x"}}


def test_a_selector_that_was_chosen_stays(folder: Any) -> None:
    body = folder(job(manualSelector=True)).manifest("job-mig.yaml")
    assert body["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": "7"}
    assert body["spec"]["template"]["metadata"]["labels"] == {**LABELS, "app": "x"}


def test_a_pod_is_created_without_what_the_cluster_wrote_into_it(folder: Any) -> None:
    volumes = [{"name": "kube-api-access-ab1cd", "projected": {"sources": []}}, {"name": "own", "emptyDir": {}}]
    mounts = [{"name": "kube-api-access-ab1cd", "mountPath": TOKEN}, {"name": "own", "mountPath": "/own"}]
    written = {"nodeName": "n1", "priority": 0, "preemptionPolicy": "Never", "overhead": {"cpu": "1"}}
    container = {"name": "c", "image": "quay.io/shop/web:1"}
    spec = {"containers": [{**container, "volumeMounts": mounts}], "volumes": volumes, **written}
    spec |= {
        "ephemeralContainers": [{"name": "e", "image": "quay.io/shop/x:1"}],
        "imagePullSecrets": TWICE[:1],
        "priorityClassName": "high",
    }
    metadata = {"annotations": {"k8s.ovn.org/pod-networks": "{}", "own": "x"}}
    bare = thing("Pod", "bare", metadata=metadata, spec=spec)
    body = folder(bare, secret("a", "quay.io"), more=("--select", "RC301")).manifest("pod-bare.yaml")
    assert body["metadata"]["annotations"] == {"own": "x"}
    assert body["spec"].pop("containers") == [{**container, "volumeMounts": mounts[1:]}]
    assert body["spec"] == {
        "volumes": volumes[1:],
        "imagePullSecrets": [{"name": "zz"}, {"name": "a"}],
        "priorityClassName": "high",
    }


def test_a_token_volume_of_ones_own_and_a_pod_of_a_file_stay(folder: Any) -> None:
    volumes = [{"name": "kube-api-access-ab1cd", "projected": {"sources": []}}]
    mounts = [{"name": "kube-api-access-ab1cd", "mountPath": "/own"}]
    container = {"name": "c", "image": "quay.io/shop/web:1", "volumeMounts": mounts}
    spec = {"containers": [container], "volumes": volumes, "nodeName": "n1", "imagePullSecrets": TWICE[:1]}
    pods = thing("Pod", "one", spec=spec), thing("Pod", "two", live=False, spec=spec)
    made = folder(*pods, secret("a", "quay.io"), more=("--select", "RC301"))
    assert made.manifest("pod-one.yaml")["spec"]["volumes"] == volumes
    assert made.manifest("pod-two.yaml")["spec"]["nodeName"] == "n1"
    assert "NotFound" in made.section("Make anew")


def test_nothing_is_deleted_before_there_is_a_copy(folder: Any) -> None:
    made = folder(job(), secret("m", "quay.io ", immutable=True), more=("--select", "RC307,RC204"))
    for heading, name in (("Delete and create", "secret/m"), ("Make anew", "job/mig")):
        (line,) = [line for line in made.section(heading).splitlines() if "kubectl delete" in line]
        get, delete, create = line.split(" && ")
        assert get.startswith(f"kubectl get {name} -n shop -o yaml > shop/delete-and-create/")
        assert delete == f"kubectl delete {name} -n shop"
        assert (made.path / create.split()[3]).is_file()
    assert made.readme.index("## Delete and create") < made.readme.index("## Make anew")


def test_what_is_made_anew_is_not_restarted(folder: Any) -> None:
    """Nor is a bare pod, which would be gone, or the pod of a job, whose end would count as a failure."""
    bare = thing("Pod", "bare", spec=POD)
    owner = {"kind": "Job", "name": "old", "controller": True}
    of_job = thing("Pod", "old-1", metadata={"ownerReferences": [owner]}, spec=POD)
    of_set = thing("Pod", "web-1", metadata={"ownerReferences": [{**owner, "kind": "ReplicaSet"}]}, spec=POD)
    made = folder(bare, of_job, of_set, secret("a", "quay.io"), more=("--select", "RC301"))
    restarts = made.section("Then restart")
    assert "kubectl delete pod/web-1 -n shop" in restarts
    assert "kubectl delete pod/bare" not in made.readme
    assert "kubectl delete pod/old-1" not in made.readme
    assert "Pod bare in namespace shop: nothing makes it again" in restarts
    assert "Pod old-1 in namespace shop: to delete it counts as a failure of its Job" in restarts
    listed = thing("Pod", "bare", spec={**POD, "imagePullSecrets": TWICE[:1]})
    again = folder(listed, secret("a", "quay.io"), more=("--select", "RC301", "--fix-dir", "again"))
    assert "pod/bare" in again.section("Make anew")
    assert not again.section("Then restart")


def test_commands_of_what_the_folder_repairs_are_not_repeated(folder: Any) -> None:
    made = folder(secret("m", "quay.io", kind="Opaque"), more=("--select", "RC111"))
    assert "Commands that the findings name" not in made.readme
    assert "--force -f" not in made.readme


def test_a_secret_of_the_cluster_is_replaced_as_it_was_read(folder: Any) -> None:
    made = folder(secret("m", "quay.io "), more=("--select", "RC204"))
    assert "kubectl replace -f shop/01-secret-m.yaml -n shop" in made.section("Replace")
    assert made.manifest("secret-m.yaml")["metadata"]["resourceVersion"] == "41"
    assert not (made.path / "shop" / "kustomization.yaml").exists()
    assert "kubectl apply" not in made.section("Apply")


def test_a_key_that_is_renamed_without_a_file_is_never_only_removed(folder: Any) -> None:
    wrong = secret("m", "quay.io", live=False)
    wrong["data"] = {"dockerconfigjson": wrong["data"][".dockerconfigjson"]}
    made = folder(wrong, more=("--select", "RC112", "--no-credentials"))
    assert "kubectl patch" not in made.readme
    assert '.data[".dockerconfigjson"] = .data.dockerconfigjson | del(.data.dockerconfigjson)' in made.readme


def test_every_secret_has_local_files_of_its_own(folder: Any) -> None:
    one, two = secret("m", "quay.io ", immutable=True), secret("n", "quay.io ")
    made = folder(one, two, more=("--select", "RC204", "--no-credentials"))
    text = made.section("Without a file")
    assert text.count('> "$folder"/1-m.secret.json') == text.count('> "$folder"/2-n.secret.json') == 1
    assert 'rm -r "$folder"' not in text
    assert text.rstrip().endswith('rmdir "$folder"\n```')
    assert "EDITOR" not in text
    assert not list(made.path.rglob("*.yaml"))


def test_what_has_no_name_has_no_command(folder: Any) -> None:
    nameless = thing("Pod", "", live=False, spec={**POD, "imagePullSecrets": TWICE})
    nameless["metadata"] = {"generateName": "run-", "namespace": "shop"}
    made = folder(nameless)
    assert "```" not in made.readme
    assert "it has no name yet" in made.section("Not repaired here")


def test_a_kind_of_another_group_is_named_with_it(folder: Any) -> None:
    template = {"spec": {**POD, "imagePullSecrets": TWICE}}
    made = folder(thing("Service", "web", "serving.knative.dev/v1", spec={"template": template}))
    assert "kubectl patch service.serving.knative.dev/web -n shop " in made.section("Take away")


def test_the_cluster_is_named_where_another_was_judged(folder: Any) -> None:
    account = thing("ServiceAccount", "web", imagePullSecrets=TWICE)
    made = folder(account, beside=("test",))
    assert made.readme.startswith("# Repairs of prod.json\n")
    assert "point `kubectl` at that cluster" in made.readme
