"""Objects that a cluster has written, asked for one by one: what their status tells has happened there."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commons import quiet

DENIED = "pull access denied, repository does not exist or may require authorization"
DECODER = "illegal base64 data at input byte 4"
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: shop, uid: 7c6a0f64-9e0e-4b7e-8a43-02b1e6a7a111, resourceVersion: "7"}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {"reg.example.com": {"auth": "dXNlcjpwYXNz"}}}'}
"""
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n"


def pod(*, message: str = DENIED, reason: str = "ErrImagePull", secrets: str = "[]", live: bool = True) -> str:
    identity = 'uid: 0b9f1c1e-5d4c-4c1e-9a57-1f2e3d4c5b6a, resourceVersion: "5"' if live else "labels: {app: web}"
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop, {identity}}}\n"
        f"spec: {{imagePullSecrets: {secrets}, containers: [{{name: web, image: 'reg.example.com/shop/web:1'}}]}}\n"
        "status: {phase: Pending, containerStatuses: [{name: web, image: 'reg.example.com/shop/web:1', "
        f"state: {{waiting: {{reason: {reason}, message: '{message}'}}}}}}]}}\n"
    )


def write(folder: Path, *texts: str) -> list[str]:
    files = []
    for number, text in enumerate(texts):
        files.append(folder / f"{number}.yaml")
        files[-1].write_text(text, encoding="utf-8")
    return [str(file) for file in files]


def codes(*words: str) -> list[str]:
    return [one["code"] for one in json.loads(quiet("check", *words, "--format", "json")[1])["findings"]]


def answer(*words: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(quiet("resolve", *words, "--format", "json")[1])["answers"]
    assert len(found) == 1
    return found[0]


def test_a_pod_that_was_asked_for_alone_tells_that_its_pull_failed(tmp_path: Path) -> None:
    [file] = write(tmp_path, pod())
    result = json.loads(quiet("check", file, "--format", "json")[1])
    assert [one["code"] for one in result["findings"]] == ["RC502"]
    assert result["scan"]["scope"] == "manifests"
    assert result["scan"]["proves"] == "single objects of a cluster: what is not among them may be there all the same"


@pytest.mark.parametrize(
    "texts", [(pod(live=False),), (pod(), ACCOUNT), (f"{pod()}---\n{ACCOUNT}",)], ids=["no identity", "two", "beside"]
)
def test_a_pod_among_manifests_tells_nothing(texts: tuple[str, ...], tmp_path: Path) -> None:
    assert "RC502" not in codes(*write(tmp_path, *texts))


def test_single_objects_of_several_files_are_judged_together(tmp_path: Path) -> None:
    found = json.loads(quiet("check", *write(tmp_path, pod(secrets="[{name: pull}]"), SECRET), "--format", "json")[1])
    told = [one["message"] for one in found["findings"] if one["code"] == "RC502"]
    assert len(told) == 1
    assert "the credential of entry reg.example.com in Secret pull was refused" in told[0]


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        ((pod(),), "uncovered"),
        ((pod(secrets="[{name: gone}]"),), "uncovered"),
        ((pod(secrets="[{name: pull}]"), SECRET), "doubtful"),
        ((pod(message=DECODER, secrets="[{name: gone}]"),), "refused"),
        ((pod(message=DECODER, secrets="[{name: pull}]"), SECRET), "doubtful"),
        ((pod(message="no such host"),), "anonymous"),
        ((pod(live=False),), "unknown"),
        ((pod(), ACCOUNT), "anonymous"),
    ],
)
def test_what_was_seen_goes_before_what_is_known(texts: tuple[str, ...], verdict: str, tmp_path: Path) -> None:
    found = answer("--pod", "web", *write(tmp_path, *texts))
    assert found["verdict"] == verdict
    assert ("Pod web" in found["summary"]) == (verdict not in ("anonymous", "unknown"))


def test_a_pod_that_failed_tells_of_whoever_wants_the_same_image(tmp_path: Path) -> None:
    image = "reg.example.com/shop/web:1"
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, uid: b9, resourceVersion: '3'}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: web, image: '{image}'}}]}}}}}}\n"
    )
    asked = "--workload", "deploy/web"
    assert answer(*asked, *write(tmp_path, deployment))["verdict"] == "unknown"
    assert answer(*asked, *write(tmp_path, deployment, pod()))["verdict"] == "uncovered"
    assert answer(*asked, *write(tmp_path, deployment.replace("web:1", "web:2"), pod()))["verdict"] == "unknown"


@pytest.mark.parametrize("scope", ["manifests", "cluster"])
def test_a_pull_that_was_seen_to_fail_is_told_of_by_one_rule(scope: str, tmp_path: Path) -> None:
    other = ACCOUNT.replace("name: web, ", "name: jobs, uid: a1, resourceVersion: '4', ")
    write(tmp_path, pod(), SECRET, f"{other}imagePullSecrets: [{{name: pull}}]\n")
    asked = str(tmp_path), "--scope", scope
    assert [one for one in codes(*asked) if one in ("RC501", "RC502")] == ["RC502"]
    assert [one for one in codes(*asked, "--ignore", "RC502") if one in ("RC501", "RC502")] == ["RC501"]


@pytest.mark.parametrize("message", ["", DENIED])
def test_an_image_that_has_run_need_not_fail_for_a_name_that_is_missing(message: str, tmp_path: Path) -> None:
    lost = pod(message=DENIED, secrets="[{name: gone}]")
    state = f"{{waiting: {{reason: ErrImagePull, message: '{DENIED}'}}}}"
    assert state in lost
    ran = lost.replace(f"state: {state}", "imageID: 'reg.example.com/shop/web@sha256:1', state: {running: {}}")
    write(tmp_path, lost if message else ran, SECRET)
    found = json.loads(quiet("check", str(tmp_path), "--scope", "cluster", "--format", "json")[1])["findings"]
    hits = [one["impact"]["workloads"] for one in found if one["code"] == "RC303"]
    assert [[hit.get("may", False) for hit in one] for one in hits] == [[not message]]


def test_a_pod_that_was_admitted_need_not_fail_for_an_account_that_is_gone(tmp_path: Path) -> None:
    spec = "spec: {serviceAccountName: gone, containers: [{name: web, image: 'reg.example.com/shop/web:1'}]}"
    head = "metadata: {name: web, namespace: shop, uid: a2, resourceVersion: '6'}"
    template = f"apiVersion: apps/v1\nkind: Deployment\n{head}\nspec: {{template: {{{spec}}}}}\n"
    write(tmp_path, f"apiVersion: v1\nkind: Pod\n{head}\n{spec}\n", template, ACCOUNT)
    found = json.loads(quiet("check", str(tmp_path), "--scope", "cluster", "--format", "json")[1])["findings"]
    told = {one["object"]["kind"]: one["impact"].get("may", False) for one in found if one["code"] == "RC308"}
    assert told == {"Pod": True, "Deployment": False}
