"""What is read of a cluster from inside a pod: every group and page, and nothing but what is asked for."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import kubeapi as api
from kubeapi import TOKEN, Api
from told import Check, found, problems, unread


def test_a_cluster_is_read_with_the_token_of_the_account(server: Api, check: Check) -> None:
    code, result = check()
    assert code == 1
    assert result["scan"]["scope"] == "cluster"
    assert result["scan"]["objects"]["Secret"] == 5  # Helm's releases are not asked for
    assert not unread(result)
    assert not problems(result)
    assert ("RC301", "shop", "Secret", "alone") in found(result)
    assert {one["Authorization"] for one in server.headers} == {f"Bearer {TOKEN}"}
    assert not [one for one in server.paths() if "configmaps" in one or "events" in one]  # not served, not asked


def test_every_group_that_is_served_is_discovered_and_every_list_is_paged(server: Api, check: Check) -> None:
    server.objects += [api.thing("v1", "ServiceAccount", f"more-{number}", "shop") for number in range(1100)]
    _, result = check()
    assert result["scan"]["objects"]["ServiceAccount"] == 1104
    assert result["scan"]["objects"]["TaskRun"] == 2
    assert result["scan"]["objects"]["Task"] == 2  # of a version that is not the preferred one
    pages = [one for one in server.asked if one.startswith("/api/v1/serviceaccounts?")]
    assert pages == [
        "/api/v1/serviceaccounts?limit=500",
        "/api/v1/serviceaccounts?limit=500&continue=500",
        "/api/v1/serviceaccounts?limit=500&continue=1000",
    ]
    lists = [one for one in server.asked if "limit=" not in one]
    assert all(urlsplit(one).path in ("/apis", "/api/v1") or one.count("/") == 3 for one in lists)


@pytest.mark.parametrize("spaces", [["shop"], ["shop", "team"]])
def test_only_the_namespaces_that_are_named_are_read(spaces: list[str], server: Api, check: Check) -> None:
    _, result = check(*[word for space in spaces for word in ("-n", space)])
    assert {space for _, space, _, _ in found(result, "RC301")} == set(spaces)
    read = {part.split("/")[0] for one in server.paths() for part in one.split("/namespaces/")[1:]}
    assert read == {*spaces, "openshift-config"}
    single = "/api/v1/namespaces/openshift-config/secrets/pull-secret"
    assert [one for one in server.paths() if "openshift-config" in one] == [single]
    assert result["scan"]["objects"]["Secret"] == 2 * len(spaces) + 1
