"""How pods that have to be made anew are: by a rollout of what owns them, or by deleting them where none does it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

_GROUPS = {"Secret": "v1", "ServiceAccount": "v1", "Pod": "v1", "DeploymentConfig": "apps.openshift.io/v1"}
_GROUPS |= dict.fromkeys(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"], "apps/v1")
_GROUPS |= dict.fromkeys(["Job", "CronJob"], "batch/v1")
_DELETED = "delete pod web-1 -n shop"


def made(kind: str, name: str, owner: tuple[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"{kind}-{name}"}
    if owner is not None:
        metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return {"apiVersion": _GROUPS[kind], "kind": kind, "metadata": metadata, **rest}


def dump(folder: Path, *owners: dict[str, Any], links: bool = True) -> str:
    """An account that got its link after the pod was admitted, which the last of `owners` made."""
    payload = base64.b64encode(b'{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}').decode()
    last = owners[-1]
    items = [
        made("Secret", "robot", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": payload}),
        made("ServiceAccount", "default", imagePullSecrets=[{"name": "robot"}] if links else []),
        *owners,
        made("Pod", "web-1", (last["kind"], last["metadata"]["name"]), spec=template()["template"]["spec"]),
    ]
    path = folder / "dump.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)


def template(**spec: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "web", "image": "quay.io/team/web:1"}], **spec}}}


def change(capsys: pytest.CaptureFixture[str], path: str) -> dict[str, Any]:
    """The change that handing the secret over takes."""
    main(["resolve", "--pod", "web-1", "-n", "shop", path, "--scope", "cluster", "--format", "json"])
    changes = json.loads(capsys.readouterr().out)["answers"][0]["changes"]
    (one,) = (one for one in changes if "anew" in one["summary"] or "imagePullSecrets" in one["summary"])
    found: dict[str, Any] = one
    return found


@pytest.mark.parametrize(
    ("kind", "spec", "command"),
    [
        ("Deployment", {}, "kubectl rollout restart deployment/web -n shop"),
        ("Deployment", {"paused": False}, "kubectl rollout restart deployment/web -n shop"),
        ("Deployment", {"paused": True}, f"kubectl {_DELETED}"),
        ("DeploymentConfig", {}, "oc rollout latest dc/web -n shop"),
        ("DeploymentConfig", {"paused": True}, f"kubectl {_DELETED}"),
        ("DaemonSet", {"updateStrategy": {"type": "RollingUpdate"}}, "kubectl rollout restart daemonset/web -n shop"),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, f"kubectl {_DELETED}"),
        (
            "StatefulSet",
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
            "kubectl rollout restart statefulset/web -n shop",
        ),
        ("StatefulSet", {"updateStrategy": {"rollingUpdate": {"partition": 2}}}, f"kubectl {_DELETED}"),
        ("ReplicaSet", {}, f"kubectl {_DELETED}"),
        ("Job", {}, f"kubectl {_DELETED}"),
    ],
)
def test_pods_are_deleted_where_no_rollout_makes_them_anew(
    kind: str, spec: dict[str, Any], command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What owns them never is: it would not come back."""
    path = dump(tmp_path, made(kind, "web", spec={**spec, **template()}))
    # A StatefulSet waits for its pods to get ready before it replaces one, and the pod that is asked about cannot pull.
    wanted = f"kubectl {_DELETED}" if kind == "StatefulSet" else command
    advised = change(capsys, path)["commands"]
    assert [line.partition(" ")[2] for line in advised] == [wanted.partition(" ")[2]]


def test_a_pod_of_a_cron_job_is_deleted_and_not_the_cron_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cron = made("CronJob", "nightly", spec={"jobTemplate": {"spec": template()}})
    path = dump(tmp_path, cron, made("Job", "nightly-1", ("CronJob", "nightly"), spec=template()))
    assert change(capsys, path)["commands"] == [f"kubectl {_DELETED}"]


def test_no_patch_of_a_job_is_offered_which_the_api_server_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = dump(tmp_path, made("Job", "web", spec=template(imagePullSecrets=[{"name": "other"}])), links=False)
    found = change(capsys, path)
    assert found["summary"] == "make Job web anew with robot in its imagePullSecrets: the template of a job stays"
    assert not found["commands"]
