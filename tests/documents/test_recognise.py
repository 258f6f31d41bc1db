"""Dumps are told from manifests by their layout and by what an API server writes."""

from typing import Any

import pytest

from linter.documents import Document
from linter.documents.objects import objects
from linter.documents.recognise import Evidence, recognise
from linter.model import Scope

LIVE = {"uid": "u", "resourceVersion": "1"}


def add(evidence: Evidence, path: str, data: Any) -> None:
    evidence.add(path, objects(Document(path, 0, data)))


def thing(name: str = "a", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **more}}


def live_list(count: int = 3) -> dict[str, Any]:
    return {"kind": "List", "apiVersion": "v1", "items": [thing(str(number), **LIVE) for number in range(count)]}


@pytest.mark.parametrize(
    ("paths", "layout"),
    [
        (
            [
                "mg/x-sha256-1/namespaces/a/core/pods.yaml",
                "mg/x-sha256-1/namespaces/a/pods/p/p.yaml",
                "mg/x/cluster-scoped-resources/config.openshift.io/images.yaml",
                "mg/x/namespaces/a/core/secrets/s.yaml",
                "mg/x/namespaces/a/a.yaml",
            ],
            "must-gather",
        ),
        (
            ["b/resources/secrets/namespaces/a/s.json", "b/resources/secrets/v1-preferredversion/namespaces/a/s.json"],
            "velero",
        ),
        (["sb/cluster-resources/pods/a.json", "sb/cluster-resources/nodes.json"], "support-bundle"),
        (["d/nodes.json", "d/ns/pods.json", "d/ns/replication-controllers.json"], "cluster-info-dump"),
        (["all.yaml"], "kubectl-get"),
    ],
)
def test_known_layouts(paths: list[str], layout: str) -> None:
    evidence = Evidence()
    for path in paths:
        listed = live_list()
        for item in listed["items"] if layout == "cluster-info-dump" and "/ns/" in path else []:
            item["metadata"]["namespace"] = "ns"
        add(evidence, path, listed)
    found = evidence.recognise()
    assert (found.scope, found.layout) == (Scope.CLUSTER, layout)
    assert found.why
    assert found.proves


def test_what_a_must_gather_proves() -> None:
    evidence = Evidence()
    add(evidence, "mg/namespaces/a/core/pods.yaml", live_list())
    assert "service accounts are missing by design" in recognise(evidence).proves


def test_one_committed_dump_does_not_make_a_repository_a_cluster() -> None:
    evidence = Evidence()
    for number in range(5):
        add(evidence, f"deploy/{number}.yaml", thing())
    add(evidence, "backup/all.yaml", live_list(500))
    assert recognise(evidence).scope is Scope.MANIFESTS
    assert "500 of 505" in recognise(evidence).why


def test_a_repository_laid_out_like_a_dump_stays_manifests() -> None:
    evidence = Evidence()
    for number in range(5):
        add(evidence, f"namespaces/team-{number}/core/secret.yaml", thing())
    assert recognise(evidence).scope is Scope.MANIFESTS


def test_one_live_object_is_a_manifest_and_many_are_a_cluster() -> None:
    evidence = Evidence()
    add(evidence, "s.yaml", thing(**LIVE))
    assert recognise(evidence).scope is Scope.MANIFESTS
    for number in range(12):
        add(evidence, f"s{number}.yaml", thing(**LIVE))
    assert recognise(evidence).scope is Scope.CLUSTER


def test_nothing_is_no_cluster() -> None:
    assert recognise(Evidence()).scope is Scope.MANIFESTS
    evidence = Evidence()
    add(evidence, "a.yaml", {"kind": "Pod", "metadata": "x"})
    assert recognise(evidence).scope is Scope.MANIFESTS


def test_the_users_word_counts() -> None:
    evidence = Evidence()
    add(evidence, "all.yaml", live_list())
    assert evidence.recognise("manifests").scope is Scope.MANIFESTS
    assert evidence.recognise("cluster").layout == "kubectl-get"
    evidence = Evidence()
    add(evidence, "a.yaml", thing())
    forced = evidence.recognise("cluster")
    assert (forced.scope, forced.why) == (Scope.CLUSTER, "--scope cluster")
