"""The answer of a report says of no pull that it will fail while a credential is offered for it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.commons import quiet

PAYLOAD = {"auths": {"quay.io/shop": {"auth": "dXNlcjpwYXNz"}}}
TWICE = {"auths": {"quay.io/shop": {"auth": "dXNlcjpwYXNz"}, "https://quay.io/shop": {"auth": "b3RoZXI6cGFzcw=="}}}
REPEATED = '{"auths": {"quay.io/shop": {"auth": "dXNlcjpwYXNz"}, "quay.io/shop": {"auth": "b3RoZXI6cGFzcw=="}}}'


def _object(kind: str, name: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": f"{kind}-{name}".lower()}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _secret(payload: object) -> dict[str, Any]:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return _object("Secret", "good", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": text})


def _bad(kind: str, payload: object) -> dict[str, Any]:
    return {**_secret(payload), **_object("Secret", "bad"), "type": kind}


def _account(*names: str) -> dict[str, Any]:
    return _object("ServiceAccount", "default", imagePullSecrets=[{"name": name} for name in names])


def _workload(image: str) -> dict[str, Any]:
    pod = {"spec": {"containers": [{"name": "one", "image": image}]}}
    return _object("Deployment", image.rpartition("/")[2], "apps/v1", spec={"template": pod})


def _answered(folder: Path, *objects: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    dump = folder / "dump.json"
    dump.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}), encoding="utf-8")
    words = ["check", str(dump), "--scope", "cluster", "--fail-on", "never"]
    _, markdown, _ = quiet(*words, "--format", "markdown")
    _, result, _ = quiet(*words, "--format", "json")
    return markdown.splitlines()[0].removeprefix("### regcred: "), json.loads(result)


OTHER = _bad("kubernetes.io/dockerconfigjson", {"auths": {"registry.example.com": {"auth": "dXNlcjpwYXNz"}}})
"""A Secret that nobody names: it shows that its registry wants a credential."""


@pytest.mark.parametrize(
    ("payload", "names", "code"),
    [(PAYLOAD, ("good", "gone"), "RC303"), (TWICE, ("good",), "RC202"), (REPEATED, ("good",), "RC201")],
)
def test_a_pull_for_which_a_credential_is_offered_may_fail(
    tmp_path: Path, payload: object, names: tuple[str, ...], code: str
) -> None:
    image = "quay.io/shop/web"
    answer, result = _answered(tmp_path, _secret(payload), _account(*names), _workload(image))
    found = [one for one in result["findings"] if one["code"] == code]
    assert [(one["severity"], one["impact"]["may"]) for one in found] == [("error", True)]
    assert answer == "1 pull may fail"
    saved = tmp_path / "result.json"
    saved.write_text(json.dumps(result), encoding="utf-8")
    _, metrics, _ = quiet("report", str(saved), "--format", "prometheus")
    assert re.search(r"^regcred_failing_pulls\{.*\} 0$", metrics, re.MULTILINE)


DOCKER = "kubernetes.io/dockerconfigjson"
BAD = {
    "RC104": _bad(DOCKER, {"quay.io/shop": {"auth": "dXNlcjpwYXNz"}}),
    "RC110": _bad(DOCKER, {"auths": {"quay.io/shop": {}}, "credsStore": "desktop"}),
    "RC111": _bad("Opaque", PAYLOAD),
    "RC115": _bad(DOCKER, {"auths": {"quay.io/shop": {"username": "user", "password": "changeme"}}}),
}


@pytest.mark.parametrize("code", BAD)
def test_what_is_wrong_with_one_secret_breaks_nothing_that_another_serves(tmp_path: Path, code: str) -> None:
    image = "quay.io/shop/web"
    answer, result = _answered(tmp_path, BAD[code], _secret(PAYLOAD), _account("bad", "good"), _workload(image))
    assert [one["impact"]["may"] for one in result["findings"] if one["code"] == code] == [True]
    assert answer == "1 pull may fail"
    assert _answered(tmp_path, BAD[code], _account("bad"), _workload(image))[0] == "1 pull will fail"


@pytest.mark.parametrize(
    "other",
    [
        {"username": "user", "password": "<password>"},
        {"username": "user", "password": ""},
        {"username": "user", "password": "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDB9.x"},
    ],
    ids=["a stand-in", "empty", "past its end"],
)
def test_what_another_secret_offers_serves_nothing_when_it_is_bad_as_well(
    tmp_path: Path, other: dict[str, str]
) -> None:
    second = _secret({"auths": {"quay.io/shop": other}})
    answer = _answered(tmp_path, BAD["RC115"], second, _account("bad", "good"), _workload("quay.io/shop/web"))[0]
    assert answer == "1 pull will fail"


def test_a_secret_that_cannot_be_decoded_breaks_what_another_serves(tmp_path: Path) -> None:
    bad = _bad(DOCKER, {"auths": {"quay.io/lab": {"auth": "!"}}})
    found = _answered(tmp_path, bad, _secret(PAYLOAD), _account("bad", "good"), _workload("quay.io/shop/web"))
    assert found[0] == "1 pull will fail"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_secrets_of_one_name_the_one_that_holds_the_key_is_told(tmp_path: Path, order: tuple[int, int]) -> None:
    """A pod that names no namespace may be in either of theirs: which of them comes first says nothing."""
    both = [_secret({"auths": {}}), _secret(PAYLOAD)]
    for secret, space in zip(both, ("lab", "shop"), strict=True):
        secret["metadata"] = {"name": "good", "namespace": space}
    spec = {"imagePullSecrets": [{"name": "good"}], "containers": [{"image": "quay.io/shopping"}]}
    pod = _object("Pod", "web", spec=spec)
    del pod["metadata"]["namespace"], pod["metadata"]["uid"]
    _, result = _answered(tmp_path, *(both[at] for at in order), pod)
    assert [one["object"]["namespace"] for one in result["findings"] if one["code"] == "RC207"] == ["shop"]


def test_of_those_that_a_missing_secret_hits_only_what_breaks_is_told(tmp_path: Path) -> None:
    served, unserved = _workload("quay.io/shop/web"), _workload("registry.example.com/lost")
    answer, result = _answered(tmp_path, OTHER, _secret(PAYLOAD), _account("good", "gone"), served, unserved)
    assert answer == "1 pull will fail"
    impact = next(one["impact"] for one in result["findings"] if one["code"] == "RC303")
    assert [one["name"] for one in impact["workloads"]] == ["lost"]
    assert "may" not in impact


def _live(kind: str, name: str, image: str, maker: tuple[str, str], version: str = "v1") -> dict[str, Any]:
    """A workload that another one made."""
    made = _object(kind, name, version)
    made["metadata"]["ownerReferences"] = [{"kind": maker[0], "name": maker[1], "controller": True}]
    pod = {"containers": [{"name": "one", "image": image}], "imagePullSecrets": [{"name": "bad"}]}
    made["spec"] = pod if kind == "Pod" else {"template": {"spec": pod}}
    return made


def test_copies_of_a_workload_are_no_pulls_of_their_own(tmp_path: Path) -> None:
    image = "quay.io/shop/web"
    pods = [_live("Pod", f"web-{number}", image, ("ReplicaSet", "web-1")) for number in range(3)]
    replicas = _live("ReplicaSet", "web-1", image, ("Deployment", "web"), "apps/v1")
    broken = _bad(DOCKER, '{"auths": {"quay.io/shop": {"auth": "dXNlcg=="}}}')
    answer, result = _answered(tmp_path, broken, _account("bad"), _workload(image), replicas, *pods)
    (found,) = (one for one in result["findings"] if one["code"] == "RC106")
    assert [one["kind"] for one in found["impact"]["workloads"]] == ["Deployment"]
    assert answer == "1 pull will fail"


def test_a_missing_secret_breaks_what_is_known_to_need_one_and_may_break_the_rest(tmp_path: Path) -> None:
    pod = {"imagePullSecrets": [{"name": "gone"}]}
    pod["containers"] = [
        {"name": "one", "image": "registry.example.com/shop/api:1"},
        {"name": "two", "image": "example.com/shop/web:1"},
    ]
    workload = _object("Deployment", "web", "apps/v1", spec={"template": {"spec": pod}})
    answer, result = _answered(tmp_path, OTHER, _account(), workload)
    (found,) = (one for one in result["findings"] if one["code"] == "RC303")
    assert [(one["image"], one.get("may", False)) for one in found["impact"]["workloads"]] == [
        ("registry.example.com/shop/api:1", False),
        ("example.com/shop/web:1", True),
    ]
    assert answer == "1 pull will fail"
    saved = tmp_path / "result.json"
    saved.write_text(json.dumps(result), encoding="utf-8")
    _, again, _ = quiet("report", str(saved), "--format", "text")
    assert "2 pulls, 1 of which needs not fail" in again
