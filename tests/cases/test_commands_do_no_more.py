"""The commands of a change leave alone what its sentence does not name, in a cluster that holds more than the scan."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from desk import DOCKERCFG, DOCKERCONFIGJSON, Desk, account, auth, auths, deployment, meta, secret, stream
from stand_in import Cluster

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the commands call jq")

IMAGE = "quay.io/acme/app:1"


def refilled(payload: dict[str, Any], _summary: str) -> dict[str, Any]:
    payload["auths"]["quay.io"] = auth()
    return payload


def run(told: dict[str, Any], *objects: Any, times: int = 2) -> Cluster:
    """Make the first change, twice: a person does not know whether the first time came through."""
    cluster = Cluster(objects, refilled, "")
    for _ in range(times):
        for line in told["changes"][0]["commands"]:
            cluster.run(line)
    cluster.space = "shop"
    return cluster


@pytest.mark.parametrize("listed", [[], ["first", "another"], ["pull", "another"]])
def test_a_link_keeps_what_the_account_lists_in_the_cluster(desk: Desk, listed: list[str]) -> None:
    """The scan is of manifests, where the account has no list; its controllers have given it one."""
    told = desk.ask(IMAGE, secret(auths("quay.io")), account(), deployment(IMAGE))
    cluster = run(told.answer, account(*listed))
    names = [one["name"] for one in cluster.find("serviceaccount", "default")["imagePullSecrets"]]
    assert names == [*listed, *({"pull"} - set(listed))]


def test_an_edit_of_a_payload_keeps_all_else_of_the_secret(desk: Desk) -> None:
    scanned = secret({"auths": {"quay.io": {}}})
    told = desk.pull(IMAGE, scanned)
    there = json.loads(json.dumps(scanned))
    there["data"]["ca.crt"] = "Q0VSVA=="
    there["metadata"] = meta("pull", labels={"team": "x"}, annotations={"note": "y"}, uid="1", resourceVersion="5")
    cluster = run(told.answer, there)
    found = cluster.find("secret", "pull")
    assert json.loads(base64.b64decode(found["data"].pop(".dockerconfigjson"))) == auths("quay.io")
    assert found["data"] == {"ca.crt": "Q0VSVA=="}
    assert found["metadata"].pop("resourceVersion") != "5"
    assert found["metadata"] == meta("pull", labels={"team": "x"}, annotations={"note": "y"}, uid="1")
    assert not cluster.files


@pytest.mark.parametrize(
    ("content", "kind", "old", "new"),
    [
        (auths("quay.io"), "Opaque", ".dockerconfigjson", DOCKERCONFIGJSON),
        (auths("quay.io"), DOCKERCFG, ".dockercfg", DOCKERCONFIGJSON),
        ({"quay.io": auth()}, DOCKERCONFIGJSON, ".dockerconfigjson", DOCKERCFG),
    ],
)
def test_another_type_keeps_all_else_of_the_secret(desk: Desk, content: Any, kind: str, old: str, new: str) -> None:
    there = secret(content, kind=kind, key=old)
    there["data"]["db-password"] = "aGVsbG8="
    there["metadata"] = meta("pull", labels={"team": "x"}, annotations={"note": "y"}, uid="1", resourceVersion="5")
    told = desk.pull(IMAGE, there)
    assert f"anew with type {new}" in told.answer["changes"][0]["summary"]
    assert "keep secret.json until it is created" in told.answer["changes"][0]["summary"]
    cluster = run(told.answer, there, times=1)
    found = cluster.find("secret", "pull")
    assert found["type"] == new
    assert found["metadata"] == meta("pull", labels={"team": "x"}, annotations={"note": "y"})
    right = {DOCKERCFG: ".dockercfg", DOCKERCONFIGJSON: ".dockerconfigjson"}[new]
    assert found["data"] == {right: there["data"][old], "db-password": "aGVsbG8="}
    assert not cluster.files


def test_nothing_is_deleted_that_could_not_be_read_before(desk: Desk, tmp_path: Path) -> None:
    """The API server cannot be reached for a moment, and `jq` gets nothing."""
    told = desk.pull(IMAGE, secret(auths("quay.io"), kind="Opaque"))
    (line,) = told.answer["changes"][0]["commands"]
    stub = tmp_path / "kubectl"
    stub.write_text('#!/bin/sh\necho "$1" >> calls\n[ "$1" != get ]\n')
    stub.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env={**os.environ, "PATH": path}, check=False)
    assert done.returncode
    assert (tmp_path / "calls").read_text() == "get\n"


def test_the_other_key_of_a_secret_is_not_written_over(desk: Desk) -> None:
    there = secret({"quay.io": auth()})
    there["data"][".dockercfg"] = "e30="
    change = desk.pull(IMAGE, there).answer["changes"][0]
    assert "with the content of its key .dockerconfigjson under .dockercfg" in change["summary"]
    assert not change["commands"]


@pytest.mark.parametrize("content", [auths("quay.io"), {"auths": {"quay.io": {}}}])
def test_a_secret_that_something_makes_is_repaired_at_its_source(desk: Desk, content: Any) -> None:
    made = secret(content, kind="Opaque" if content == auths("quay.io") else DOCKERCONFIGJSON)
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "e"}
    ]
    change = desk.pull(IMAGE, made).answer["changes"][0]
    assert change["summary"].endswith("it is made by ExternalSecret: repair its source")
    assert not change["commands"]


def test_an_immutable_secret_is_not_edited(desk: Desk) -> None:
    change = desk.pull(IMAGE, {**secret({"auths": {"quay.io": {}}}), "immutable": True}).answer["changes"][0]
    assert change["summary"].endswith("it is immutable: delete it, and create it anew with the repaired payload")
    assert not change["commands"]


@pytest.mark.parametrize("key", [".dockercfg", ".dockerconfigjson"])
@pytest.mark.parametrize("words", [(), ("--consumer", "importer")])
def test_the_node_wide_secret_is_not_made_anew(desk: Desk, key: str, words: tuple[str, ...]) -> None:
    """Nor is a Secret of its name in the namespace of the pull."""
    content = auths("quay.io") if key == ".dockerconfigjson" else {"quay.io": auth()}
    node = secret(content, "pull-secret", "Opaque", key, "openshift-config")
    other = secret(auths("ghcr.io"), "pull-secret")
    scan = (node, other, account(), stream(IMAGE) if words else deployment(IMAGE))
    told = desk.ask(IMAGE, *scan, words=words, config="private-registries: [quay.io]")
    for change in told.answer["changes"]:
        assert not any("delete" in line or "pull-secret" in line for line in change["commands"]), change
        assert "anew with type" not in change["summary"]
    if not told.answer["works"]:
        (change,) = (one for one in told.answer["changes"] if "node-wide Secret pull-secret" in one["summary"])
        assert "the machine-config operator refuses every other form" in change["summary"]


def test_the_node_wide_secret_of_a_hosted_cluster_is_changed_where_it_is_kept(desk: Desk) -> None:
    infrastructure = {"apiVersion": "config.openshift.io/v1", "kind": "Infrastructure", "metadata": {"name": "cluster"}}
    node = secret({"auths": {"quay.io": auth("user", "")}}, "pull-secret", namespace="openshift-config")
    for topology in ("External", "HighlyAvailable"):
        scan = ({**infrastructure, "status": {"controlPlaneTopology": topology}}, node, account(), deployment(IMAGE))
        whole = {"apiVersion": "v1", "kind": "List", "items": list(scan)}
        change = desk.ask(IMAGE, whole).answer["changes"][0]
        assert bool(change["commands"]) is (topology != "External")
        assert ("HostedCluster names in spec.pullSecret" in change["summary"]) is (topology == "External")


def test_a_new_secret_gets_a_name_that_is_free(desk: Desk) -> None:
    taken = secret(auths("ghcr.io"), "quay-io-pull")
    other = {**secret("{}", "quay-io-pull-2"), "type": "Opaque", "data": {"password": "eA=="}}
    scan = (taken, other, account(), deployment(IMAGE))
    told = desk.ask(IMAGE, *scan, config="private-registries: [quay.io]")
    (change,) = (one for one in told.answer["changes"] if "create a pull secret" in one["summary"])
    assert " quay-io-pull-3 " in change["commands"][0]
    assert " quay-io-pull-3 " in change["commands"][1]


def test_a_new_secret_gets_a_name_that_the_api_server_takes(desk: Desk) -> None:
    image = "reg_x.Example.com:5000/acme/app:1"
    told = desk.ask(image, account(), deployment(image), config="private-registries: ['reg_x.Example.com:5000']")
    for change in told.answer["changes"]:
        for line in change["commands"]:
            assert " reg-x-example-com-pull " in line


def test_a_copy_leaves_no_credential_in_the_folder(desk: Desk) -> None:
    there = secret(auths("quay.io"), namespace="infra")
    told = desk.ask(IMAGE, there, account("pull"), deployment(IMAGE))
    cluster = run(told.answer, there, account("pull"), times=1)
    assert cluster.find("secret", "pull")["data"] == there["data"]
    assert not cluster.files
