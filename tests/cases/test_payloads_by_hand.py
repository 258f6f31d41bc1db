"""Commands about payloads change the entry that is meant: what else a Secret holds stays as it is."""

from typing import Any

import programs
import pytest
from hands import DOCKERCONFIGJSON, ENDED, GOOD, World, entry, jwt, needs_jq


@needs_jq
@pytest.mark.parametrize("key", ["quay.io", "quay.io/org", "registry.example.com:5000/a/b-c", "localhost:5000"])
def test_a_login_takes_the_place_of_the_entry_and_leaves_the_others(world: World, key: str) -> None:
    told = world.secret({"auths": {key: {}, "ghcr.io": GOOD}}).told("RC109")
    assert told.steps == [f"podman login --authfile=auth.json {key}"]
    assert world.payload_after(*told.commands) == {"auths": {key: {"auth": programs.CREDENTIAL}, "ghcr.io": GOOD}}


@needs_jq
@pytest.mark.parametrize(
    "key",
    [
        "https://index.docker.io/v1/",
        "https://quay.io",
        "quay.io/",
        "quay.io/Org",
        "*.example.com",
        "index.docker.io/team",
        "quay.io/org:1",
    ],
)
def test_a_key_that_podman_spells_otherwise_is_edited(world: World, key: str) -> None:
    payload = {"auths": {key: {}, "ghcr.io": GOOD}}
    told = world.secret(payload).told("RC109")
    assert told.steps == ['"${EDITOR:-vi}" auth.json']
    assert world.payload_after(*told.commands) == {**payload, "edited": True}


@pytest.mark.parametrize(
    "beside",
    [
        {"username": "a", "password": "b"},
        {**GOOD, "password": "other"},
        {**GOOD, "registrytoken": "abc"},
        {"auth": "????", "username": "a", "password": "b"},
    ],
)
def test_what_podman_would_lose_of_another_entry_keeps_it_away(world: World, beside: dict[str, str]) -> None:
    told = world.secret({"auths": {"quay.io": {}, "ghcr.io": beside}}).told("RC109")
    assert told.steps == ['"${EDITOR:-vi}" auth.json']


@pytest.mark.parametrize(
    ("code", "payload"),
    [
        ("RC104", {"quay.io": GOOD}),
        ("RC105", {"auths": {"quay.io": {**GOOD, "email": 3}}}),
        ("RC106", {"auths": {"quay.io": {"auth": "user:pass"}}}),
        ("RC108", {"auths": {"quay.io": {**GOOD, "username": "a", "password": "other"}}}),
        ("RC110", {"auths": {}, "credHelpers": {"quay.io": "gcloud"}}),
        ("RC114", {"auths": {"quay.io": {"identitytoken": "abc"}}}),
        ("RC109", {"auths": {"quay.io": {}}, "HttpHeaders": {"a": "b"}}),
    ],
)
def test_a_login_that_would_fail_or_change_nothing_is_not_printed(world: World, code: str, payload: Any) -> None:
    assert world.secret(payload).told(code).steps == ['"${EDITOR:-vi}" auth.json']


def test_what_is_no_json_is_edited(world: World) -> None:
    assert world.secret('{"auths": {"quay.io": {"auth": "a",}}}').told("RC102").steps == ['"${EDITOR:-vi}" auth.json']


def test_the_node_wide_secret_is_set_as_openshift_sets_it(world: World) -> None:
    told = world.secret({"auths": {"quay.io": {}, "ghcr.io": GOOD}}, "pull-secret", "openshift-config").told("RC109")
    assert told.commands[0].startswith("oc get secret pull-secret ")
    assert told.commands[-1].startswith("oc set data secret/pull-secret --from-file=.dockerconfigjson=auth.json ")
    assert world.payload_after(*told.commands)["auths"]["ghcr.io"] == GOOD


@pytest.mark.parametrize("code", ["RC109", "RC111"])
def test_the_copy_of_a_node_wide_secret_is_not_changed(world: World, code: str) -> None:
    """A cluster with a hosted control plane gets it from another cluster again and again."""
    kind = "Opaque" if code == "RC111" else DOCKERCONFIGJSON
    world.secret({"auths": {"quay.io": {}}}, "pull-secret", "openshift-config", type=kind)
    version, status = "config.openshift.io/v1", {"controlPlaneTopology": "External"}
    item = {"apiVersion": version, "kind": "Infrastructure", "metadata": {"name": "cluster"}, "status": status}
    told = world.told(code, item)
    assert not told.commands
    assert "change the secret that the HostedCluster names" in told.remedy


def test_a_robot_is_asked_for_its_name(world: World) -> None:
    """What is left of a name that a shell has eaten into is no name to log in with."""
    told = world.secret({"auths": {"harbor.example.com": entry("robot", "x1" * 16)}}).told("RC118")
    assert told.steps == ["podman login --authfile=auth.json harbor.example.com"]


@pytest.mark.parametrize("code", ["RC109", "RC601"])
def test_an_immutable_secret_is_not_changed(world: World, code: str) -> None:
    auths = {"quay.io": {}, "ghcr.io": entry("u", jwt(**ENDED))}
    told = world.secret({"auths": auths}, immutable=True).told(code)
    assert not told.commands
    assert "The Secret is immutable: it changes only by being deleted and created anew" in told.remedy
