"""What resolve advises for pods that run: each is made anew as its owner does it, and none is lost."""

import shutil
from typing import Any

import pytest
from desk import Desk, account, auths, deployment, meta, secret
from stand_in import Cluster

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the commands call jq")

IMAGE = "quay.io/acme/app:1"
PULL = secret(auths("quay.io"))
OTHER = secret(auths("ghcr.io"), "other")
HASH = "5d9f6b7c8d"


def pod(*names: str, owner: tuple[str, str] | None = None, name: str = "web-1", **more: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"serviceAccountName": "default", "containers": [{"name": "app", "image": IMAGE}]}
    if names:
        spec["imagePullSecrets"] = [{"name": one} for one in names]
    if owner:
        more["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    metadata = meta(name, uid="u", resourceVersion="7", **more)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, "nodeName": "n1"}, "status": {}}


def made(kind: str, *names: str, api: str = "apps/v1", name: str = "web", **spec: Any) -> dict[str, Any]:
    body = deployment(IMAGE, *names)
    metadata = meta(name, uid=f"{kind}-{name}", resourceVersion="3")
    return {**body, "apiVersion": api, "kind": kind, "metadata": metadata, "spec": {**body["spec"], **spec}}


def asked(desk: Desk, *objects: Any, words: tuple[str, ...] = ("--pod", "web-1")) -> dict[str, Any]:
    """The first change for a pod."""
    told = desk.ask(IMAGE, PULL, OTHER, *objects, words=(*words, "-n", "shop"))
    assert not told.answer["works"], told.text
    change: dict[str, Any] = told.answer["changes"][0]
    return change


@pytest.mark.parametrize("names", [(), ("other",), ("pul",)])
def test_a_pod_that_nothing_owns_is_written_down_before_it_is_deleted(desk: Desk, names: tuple[str, ...]) -> None:
    objects = (PULL, OTHER, account(), pod(*names, labels={"app": "x"}))
    change = asked(desk, *objects[2:])
    assert "nothing owns the pod: keep pod.json until it is created" in change["summary"]
    line = change["commands"][-1]
    assert (
        line.index("> pod.json") < line.index("test -s pod.json") < line.index("delete pod") < line.index("create -f")
    )
    cluster = Cluster(objects, lambda payload, _: payload, "")
    for one in change["commands"]:
        cluster.run(one)
    found = cluster.find("pod", "web-1")
    assert found["metadata"] == meta("web-1", labels={"app": "x"})
    assert not {"status"} & found.keys()
    assert "nodeName" not in found["spec"]
    assert not cluster.files
    assert desk.ask(IMAGE, *cluster.objects, words=("--pod", "web-1", "-n", "shop")).answer["works"]


@pytest.mark.parametrize(
    ("spec", "deleted"),
    [({}, True), ({"backoffLimit": 3}, True), ({"backoffLimit": 0}, False), ({"backoffLimitPerIndex": 0}, False)],
)
def test_a_pod_of_a_job_counts_as_failed_once_it_is_deleted(desk: Desk, spec: dict[str, Any], *, deleted: bool) -> None:
    job = made("Job", api="batch/v1", **spec)
    change = asked(desk, account(), job, pod(owner=("Job", "web")))
    assert "failed" in change["summary"]
    assert ("make Job web anew" in change["summary"]) is not deleted
    assert any("delete pod web-1" in line for line in change["commands"]) is deleted
    assert not any("delete job" in line for line in change["commands"])


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("identified", "name"), [(True, "robot"), (False, "pul")])
def test_no_list_of_a_job_or_of_a_pod_is_patched(desk: Desk, name: str, *, there: bool, identified: bool) -> None:
    """The API server lets nobody change the spec of their pods."""
    for kind, api in (("Job", "batch/v1"), ("Pod", "v1")):
        body = made("Job", name, api=api)
        if not identified:
            body["metadata"] = meta("web")
        if kind == "Pod":
            body = {**body, "kind": "Pod", "spec": body["spec"]["template"]["spec"]}
        scan = (account(name), body) if there else (account(), body)
        words = ("--workload", f"{kind.lower()}/web", "-n", "shop")
        for change in desk.ask(IMAGE, PULL, OTHER, *scan, words=words).answer["changes"]:
            assert not any(f"patch {kind.lower()}" in line for line in change["commands"]), change


def test_a_rename_for_a_pod_that_runs_makes_it_anew(desk: Desk) -> None:
    copied = pod("pul", owner=("ReplicaSet", f"web-{HASH}"), labels={"pod-template-hash": HASH})
    change = asked(desk, account("pul"), made("Deployment"), copied)
    assert change["summary"].endswith("and make pod web-1 anew: the list of a running pod never changes")
    assert change["commands"][0].startswith("kubectl patch serviceaccount default --type=json")
    assert change["commands"][1] == "kubectl rollout restart deployment/web -n shop"


def test_a_rename_is_refused_where_the_list_has_changed_since(desk: Desk) -> None:
    change = asked(desk, account("pul"), made("Deployment"), words=("--workload", "deployment/web"))
    cluster = Cluster((PULL, account("other", "pul")), lambda payload, _: payload, "")
    with pytest.raises(AssertionError, match="its test failed"):
        cluster.run(change["commands"][0])
    cluster.space = "shop"
    assert [one["name"] for one in cluster.find("serviceaccount", "default")["imagePullSecrets"]] == ["other", "pul"]


@pytest.mark.parametrize(
    ("kind", "name", "marks", "above", "api"),
    [
        ("ReplicaSet", f"web-{HASH}", {"labels": {"pod-template-hash": HASH}}, "Deployment", "apps/v1"),
        (
            "ReplicaSet",
            f"web-{HASH}",
            {"labels": {"rollouts-pod-template-hash": HASH}},
            "Rollout",
            "argoproj.io/v1alpha1",
        ),
        (
            "ReplicationController",
            "web-4",
            {"annotations": {"openshift.io/deployment-config.name": "web"}},
            "DeploymentConfig",
            "apps.openshift.io/v1",
        ),
    ],
)
def test_what_is_made_is_changed_at_what_made_it(
    desk: Desk, kind: str, name: str, marks: dict[str, Any], above: str, api: str
) -> None:
    """The set between them is not in the scan, or is there without its owner: a change of it would be undone."""
    owned = pod("other", owner=(kind, name), **marks)
    between = made(kind, "other", api="v1" if kind == "ReplicationController" else "apps/v1", name=name)
    between["metadata"] |= marks
    for scan in ((made(above, "other", api=api), owned), (made(above, "other", api=api), between, owned)):
        change = asked(desk, account(), *scan)
        assert f"add pull to the imagePullSecrets of {above} web" in change["summary"]
    change = asked(desk, account(), owned)
    assert f"add pull to the imagePullSecrets of {above} web, which made Pod web-1" in change["summary"]
    assert not change["commands"]


@pytest.mark.parametrize(
    ("api", "kind", "resource"),
    [
        ("serving.knative.dev/v1", "Service", "services.serving.knative.dev"),
        ("serving.knative.dev/v1", "Configuration", "configurations.serving.knative.dev"),
        ("argoproj.io/v1alpha1", "Rollout", "rollouts.argoproj.io"),
        ("apps/v1", "Deployment", "deployment"),
    ],
)
def test_a_kind_is_named_with_its_group_where_another_has_its_name(
    desk: Desk, api: str, kind: str, resource: str
) -> None:
    words = ("--workload", f"{kind.lower()}/web")
    for names in (("other",), ("pul",)):
        change = asked(desk, account(), made(kind, *names, api=api), words=words)
        assert change["commands"][0].startswith(f"kubectl patch {resource} web --type=json"), change


@pytest.mark.parametrize(
    ("kind", "spec", "said", "command"),
    [
        ("Deployment", {}, "", ""),
        ("Deployment", {"paused": True}, "resume Deployment web", ""),
        ("DaemonSet", {}, "", ""),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, "delete pod web-1", "kubectl delete pod web-1 -n shop"),
        ("StatefulSet", {"podManagementPolicy": "Parallel"}, "", ""),
        ("StatefulSet", {}, "delete pod web-1", "kubectl delete pod web-1 -n shop"),
        ("StatefulSet", {"updateStrategy": {"rollingUpdate": {"partition": 2}}}, "lower its partition", ""),
        ("ReplicaSet", {}, "delete pod web-1", "kubectl delete pod web-1 -n shop"),
        ("DeploymentConfig", {}, "", ""),
        ("DeploymentConfig", {"triggers": []}, "roll it out", "oc rollout latest dc/web -n shop"),
    ],
)
def test_after_a_template_pods_are_made_anew_where_nothing_else_does_it(
    desk: Desk, kind: str, spec: dict[str, Any], said: str, command: str
) -> None:
    api = "apps.openshift.io/v1" if kind == "DeploymentConfig" else "apps/v1"
    change = asked(desk, account(), made(kind, "other", api=api, **spec), pod("other", owner=(kind, "web")))
    assert change["summary"].startswith(f"add pull to the imagePullSecrets of {kind} web")
    assert said in change["summary"]
    assert (", and " in change["summary"]) is bool(said)
    assert change["commands"][1:] == ([command] if command else [])


def test_a_job_that_runs_keeps_the_template_of_its_cron_job_as_it_was(desk: Desk) -> None:
    cron = made("CronJob", api="batch/v1", name="night")
    cron["spec"] = {"jobTemplate": {"spec": {"template": deployment(IMAGE, "other")["spec"]["template"]}}}
    job = made("Job", "other", api="batch/v1", name="night-1")
    job["metadata"]["ownerReferences"] = [{"kind": "CronJob", "name": "night", "controller": True}]
    change = asked(desk, account(), cron, job, pod("other", owner=("Job", "night-1")))
    assert change["summary"].startswith("add pull to the imagePullSecrets of CronJob night, and wait for its next job")
    assert len(change["commands"]) == 1


def test_the_pods_of_a_controller_are_made_anew_after_a_link(desk: Desk) -> None:
    change = asked(desk, account(), made("Deployment"), words=("--workload", "deployment/web"))
    assert change["summary"].endswith(
        "and make the pods of Deployment web anew: the list of a running pod never changes"
    )
    assert change["commands"][1:] == ["kubectl rollout restart deployment/web -n shop"]


def test_a_pod_of_a_file_on_a_node_is_changed_there(desk: Desk) -> None:
    change = asked(desk, account(), pod("other", owner=("Node", "n1")))
    assert change["summary"].endswith("in its manifest on Node n1, of which it is made")
    assert not change["commands"]
