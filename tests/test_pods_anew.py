"""How a check has pods made anew: by what brings them back, one after the other, and by words where no command does."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from linter.__main__ import main

_GROUPS = {"Pod": "v1", "ReplicationController": "v1", "DeploymentConfig": "apps.openshift.io/v1"}
_GROUPS |= dict.fromkeys(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"], "apps/v1")
_GROUPS |= dict.fromkeys(["Job", "CronJob"], "batch/v1") | {"TaskRun": "tekton.dev/v1", "ScaledJob": "keda.sh/v1alpha1"}
_ONE = "kubectl delete pod web-1 -n shop"
_TEMPLATE = {"spec": {"containers": [{"name": "web", "image": "quay.io/team/web:1"}]}}


class Owner(NamedTuple):
    """What makes the pods or what makes them; `seen` tells whether the scan holds it."""

    kind: str
    name: str
    spec: Mapping[str, Any] = MappingProxyType({})
    seen: bool = True


def item(owner: Owner, above: Owner | None) -> dict[str, Any]:
    template: dict[str, Any] = {"jobTemplate": {"spec": {"template": _TEMPLATE}}}
    if owner.kind != "CronJob":
        template = {"template": _TEMPLATE}
    return made(owner.kind, owner.name, above, spec={**template, **owner.spec})


def made(kind: str, name: str, above: Owner | None = None, **rest: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"{kind}-{name}"}
    if above is not None:
        metadata["ownerReferences"] = [{"kind": above.kind, "name": above.name, "controller": True}]
    return {"apiVersion": _GROUPS.get(kind, "v1"), "kind": kind, "metadata": metadata, **rest}


def told(capsys: pytest.CaptureFixture[str], folder: Path, *owners: Owner, pods: int = 1) -> tuple[str, list[str]]:
    """Return what is told of pods that are older than the link of their account, outermost owner first."""
    payload = base64.b64encode(b'{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}').decode()
    items = [
        made("Secret", "robot", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": payload}),
        made("ServiceAccount", "default", imagePullSecrets=[{"name": "robot"}]),
        *(item(one, owners[at - 1] if at else None) for at, one in enumerate(owners) if one.seen),
        *(made("Pod", f"web-{n + 1}", owners[-1] if owners else None, **_TEMPLATE) for n in range(pods)),
    ]
    path = folder / "dump.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    main(["check", str(path), "--scope", "cluster", "--select", "RC309", "--format", "json", "--fail-on", "never"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    return finding["remedy"], finding["commands"]


_ROLLED = [
    (Owner("Deployment", "web"), "kubectl rollout restart deployment/web -n shop"),
    (Owner("Deployment", "web", {"paused": False}), "kubectl rollout restart deployment/web -n shop"),
    (Owner("DeploymentConfig", "web"), "oc rollout latest dc/web -n shop"),
    (Owner("DaemonSet", "web", {"updateStrategy": {"type": "RollingUpdate"}}), "kubectl rollout restart daemonset/web"),
    (Owner("StatefulSet", "web", {"updateStrategy": {"rollingUpdate": {"partition": 0}}}), "kubectl rollout restart"),
]


@pytest.mark.parametrize(("owner", "command"), _ROLLED)
def test_a_rollout_makes_all_pods_anew(
    owner: Owner, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remedy, (line,) = told(capsys, tmp_path, owner, pods=3)
    assert line.startswith(command)
    assert remedy == "Recreate the pods; nothing else has to change."


_DELETED = [
    (Owner("StatefulSet", "web", {"updateStrategy": {"type": "OnDelete"}}),),
    (Owner("StatefulSet", "web", {"updateStrategy": {"rollingUpdate": {"partition": 2}}}),),
    (Owner("DaemonSet", "web", {"updateStrategy": {"type": "OnDelete"}}),),
    (Owner("ReplicaSet", "web-5d4f"),),
    (Owner("Deployment", "web", {"paused": True}), Owner("ReplicaSet", "web-5d4f")),
    (Owner("Deployment", "web", seen=False), Owner("ReplicaSet", "web-5d4f", seen=False)),
    (Owner("DeploymentConfig", "web", {"paused": True}), Owner("ReplicationController", "web-3")),
]


@pytest.mark.parametrize("owners", _DELETED)
def test_pods_that_no_rollout_makes_anew_go_one_after_the_other(
    owners: tuple[Owner, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All replicas at once would be an outage."""
    remedy, commands = told(capsys, tmp_path, *owners)
    assert (remedy, commands) == (f"Delete the pod; its {owners[-1].kind} makes a new one.", [_ONE])
    remedy, commands = told(capsys, tmp_path, *owners, pods=3)
    assert commands == [_ONE]
    assert remedy.startswith("Delete the pods one after the other, each when the last new one is ready; ")


def test_a_pod_that_nothing_owns_is_not_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "Create the pod again from its manifest; nothing else makes it anew."
    assert told(capsys, tmp_path) == (said, [])


@pytest.mark.parametrize("kind", ["TaskRun", "CloneSet"])
def test_what_another_controller_does_with_a_deleted_pod_is_not_guessed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = f"Have {kind} web make its pods anew; nothing else has to change."
    assert told(capsys, tmp_path, Owner(kind, "web", seen=False)) == (said, [])


_FAILED = "a pod of it that is deleted counts as one that failed"
_NIGHTLY = "Delete the jobs that were made before; the next ones get the list as it is now."
_GONE = ["kubectl delete job nightly-1 -n shop"]
_JOBS = [
    ((Owner("Job", "web"),), f"Make Job web anew: {_FAILED}.", []),
    ((Owner("ScaledJob", "scaled", seen=False), Owner("Job", "web")), f"Make Job web anew: {_FAILED}.", []),
    (
        (Owner("Job", "web", seen=False),),
        f"Make Job web anew: {_FAILED}. One that a CronJob made can be deleted: the next run makes another.",
        [],
    ),
    ((Owner("CronJob", "nightly"), Owner("Job", "nightly-1")), _NIGHTLY, _GONE),
    ((Owner("CronJob", "nightly", seen=False), Owner("Job", "nightly-1")), _NIGHTLY, _GONE),
    (
        (Owner("CronJob", "nightly", {"suspend": True}), Owner("Job", "nightly-1")),
        "Start the job anew: CronJob nightly, which is suspended, makes no other by itself.",
        [],
    ),
]


@pytest.mark.parametrize(("owners", "remedy", "commands"), _JOBS)
def test_a_pod_of_a_job_is_not_deleted(
    owners: tuple[Owner, ...], remedy: str, commands: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, tmp_path, *owners) == (remedy, commands)


_RED_HAT = {"containers": [{"name": "web", "image": "registry.redhat.io/team/web:1"}]}
_PARTITION = {"updateStrategy": {"rollingUpdate": {"partition": 2}}}
_HELD = [
    (
        Owner("Deployment", "web", {"paused": True}),
        "Resume Deployment web: while it is paused, its pods are made of the template of before.",
    ),
    (
        Owner("StatefulSet", "web", _PARTITION),
        "Lower the partition of StatefulSet web: pods below it are made of the template of before.",
    ),
]


@pytest.mark.parametrize(("owner", "remedy"), _HELD)
def test_a_new_list_in_a_template_that_is_held_back_reaches_no_pod(
    owner: Owner, remedy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pod that is deleted comes back with the list of before."""
    payload = base64.b64encode(b'{"auths":{"registry.redhat.io":{"auth":"dXNlcjpwYXNz"}}}').decode()
    before = {**_RED_HAT, "imagePullSecrets": [{"name": "empty"}]}
    after = {**_RED_HAT, "imagePullSecrets": [{"name": "robot"}]}
    state = {"waiting": {"reason": "ErrImagePull", "message": "reading manifest: unauthorized"}}
    status = {"containerStatuses": [{**_RED_HAT["containers"][0], "state": state}]}
    between = Owner("ReplicaSet", "web-5d4f")
    paused = owner.kind == "Deployment"
    items = [
        made("Secret", "robot", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": payload}),
        made("Secret", "empty", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": "eyJhdXRocyI6e319"}),
        made("ServiceAccount", "default"),
        made(owner.kind, owner.name, spec={**owner.spec, "template": {"spec": after}}),
        *([made("ReplicaSet", between.name, owner, spec={"template": {"spec": before}})] if paused else []),
        made("Pod", "web-1", between if paused else owner, spec=before, status=status),
    ]
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    main(["check", str(path), "--scope", "cluster", "--select", "RC502", "--format", "json", "--fail-on", "never"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["remedy"], finding["commands"]) == (remedy, [])
