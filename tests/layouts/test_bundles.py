"""What a support bundle keeps of pull secrets, and what the errors of its collector prove."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cluster import Cluster
from judged import judge, put
from writers import LAYOUTS, Files

OBJECTS = Cluster(1).objects
BUNDLE = "support-bundle-2026-11-02/cluster-resources"


def bundle(errors: Mapping[str, str], pod: Mapping[str, Any] | None = None) -> Files:
    """A support bundle with another list of errors, and a pod in place of those of namespace shop."""
    files = LAYOUTS["support-bundle"].write(OBJECTS)
    files[f"{BUNDLE}/image-pull-secrets-errors.json"] = json.dumps(errors).encode()
    if pod is not None:
        listed = {"kind": "PodList", "apiVersion": "v1", "items": [pod]}
        files[f"{BUNDLE}/pods/shop.json"] = json.dumps(listed).encode()
    return files


def test_registries_of_a_bundle_are_no_more_than_named(tmp_path: Path) -> None:
    result = judge(put(tmp_path, bundle({"team/importer": "unexpected end of JSON input"})))
    told = {entry.object.name: entry.message for entry in result.run.not_evaluated if entry.object and not entry.rules}
    assert told["importer"] == "the support bundle's collector could not decode it: unexpected end of JSON input"
    assert told["forgotten"].endswith("(registry.team.example)")


@pytest.mark.parametrize(
    ("key", "error", "code"),
    [
        ("shop/twice/ghcr.io", "illegal base64 data at input byte 5", "RC106"),
        ("shop/twice/ghcr.io", "illegal base64 data at input byte 8", ""),  # perhaps padding alone is missing
        ("shop/twice", "unexpected end of JSON input", "RC102"),
        ("shop/twice", "invalid character '}' looking for beginning of object key string", "RC102"),
        (
            "shop/twice",
            "json: cannot unmarshal number into Go struct field DockerConfigEntry.auths.auth of type string",
            "RC105",
        ),
        ("shop", 'secrets is forbidden: User "x" cannot list resource "secrets"', ""),
        ("shop/twice", "something new", ""),
    ],
)
def test_what_a_collector_could_not_decode_nobody_can(tmp_path: Path, key: str, error: str, code: str) -> None:
    result = judge(put(tmp_path, bundle({key: error})))
    codes = ("RC102", "RC105", "RC106")
    told = [one for one in result.run.findings if one.code in codes and one.object.name == "twice"]
    assert [one.code for one in told] == ([code] if code else [])
    for one in told:
        assert one.object.namespace == "shop"
        assert one.location.path.endswith("image-pull-secrets-errors.json")
        assert one.location.line
        assert error in one.detail
        assert one.fix is None


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("registry.team.example:*", "RC204", "is no host with a path"),
        ("${REGISTRY}", "", ""),
        ("registry.team.example/app:1", "RC205", "it ends in a tag"),
        ("hub.docker.com", "RC205", "Docker Hub's images are looked up as docker.io"),
        ("https://index.docker.io/v1/", "", ""),
        ("registry.team.example/team", "", ""),
    ],
)
def test_the_key_that_is_left_of_a_secret_is_judged(tmp_path: Path, key: str, code: str, said: str) -> None:
    files = bundle({})
    files[f"{BUNDLE}/image-pull-secrets/shop/odd.json"] = json.dumps({key: "robot"}).encode()
    result = judge(put(tmp_path, files))
    told = [one for one in result.run.findings if one.code in ("RC204", "RC205") and one.object.name == "odd"]
    assert [one.code for one in told] == ([code] if code else [])
    for one in told:
        assert said in one.message
        assert "its collector has kept the key" in one.detail
        assert one.location.path.endswith("image-pull-secrets/shop/odd.json")
        assert one.fix is None


def test_a_collectors_error_explains_a_pull_that_failed(tmp_path: Path) -> None:
    said = "illegal base64 data at input byte 8"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "shop", "uid": "u", "resourceVersion": "1", "creationTimestamp": "x"},
        "spec": {
            "imagePullSecrets": [{"name": "shop-pull"}, {"name": "twice"}],
            "containers": [{"name": "c", "image": "ghcr.io/a/b:1"}],
        },
        "status": {"containerStatuses": [{"name": "c", "image": "x", "state": {"waiting": {"reason": said}}}]},
    }
    result = judge(put(tmp_path, bundle({"shop/twice/ghcr.io": said}, pod)))
    (finding,) = [one for one in result.run.findings if one.code == "RC502" and one.object.name == "p"]
    assert "Secret twice cannot be decoded: the collector of the support bundle met the same" in finding.message
    assert any("errors.json" in one.location.path for one in finding.related if one.location)


def test_the_registry_that_is_left_of_a_secret_shows_that_it_needs_a_credential(tmp_path: Path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "shop", "uid": "u", "resourceVersion": "1", "creationTimestamp": "x"},
        "spec": {"containers": [{"name": "c", "image": "registry.team.example/a/b:1"}]},
        "status": {},
    }
    result = judge(put(tmp_path, bundle({}, pod)))
    told = [one.message for one in result.run.not_evaluated if "uncovered-image" in one.rules]
    assert "whether the nodes have a credential for registry.team.example is not known here" in told


def test_an_error_of_a_collector_is_not_quoted_when_it_could_be_anything(tmp_path: Path) -> None:
    files = LAYOUTS["support-bundle"].write(OBJECTS)
    path = next(name for name in files if name.endswith("errors.json"))
    files[path] = json.dumps({"team/importer": "password hunter2 is bad", "team": "forbidden", "x": 3}).encode()
    result = judge(put(tmp_path, files))
    told = [entry.message for entry in result.run.not_evaluated if "collector" in entry.message]
    assert told == ["the support bundle's collector could not decode it"]
    assert not [one for one in result.run.findings if one.code in ("RC102", "RC105", "RC106")]
