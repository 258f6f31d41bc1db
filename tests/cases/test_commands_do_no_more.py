"""The commands of a change leave alone what its sentence does not name, in a cluster that holds more than the scan."""

import base64
import json
import shutil
from typing import Any

import pytest
from cluster import Cluster
from desk import Desk, account, auth, auths, deployment, meta, secret

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the commands call jq")

IMAGE = "quay.io/acme/app:1"


def refilled(payload: dict[str, Any], _summary: str) -> dict[str, Any]:
    payload["auths"]["quay.io"] = auth()
    return payload


def run(told: dict[str, Any], *objects: Any) -> Cluster:
    """Make the first change twice: a person does not know whether the first time came through."""
    cluster = Cluster(objects, refilled, "")
    for _ in range(2):
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
