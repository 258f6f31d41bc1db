"""What the rights of an account do not let it read: that is named, and nothing is concluded from it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import kubeapi as api
from kubeapi import TOKEN, Api
from told import Check, found, problems, unread

from linter.__main__ import main


def test_what_is_refused_everywhere_is_named_and_nothing_is_concluded_from_it(server: Api, check: Check) -> None:
    server.forbidden = lambda resource, namespace: resource in ("pods", "namespaces")
    _, result = check()
    assert "RC301" not in {code for code, *_ in found(result)}
    told = unread(result)
    assert any(one.startswith("Pod in all namespaces may not be listed: pods is forbidden") for one in told)
    assert len(told) == 2
    assert "2 kinds could not be read everywhere" in result["scan"]["proves"]


def test_what_is_refused_for_all_is_asked_for_in_each_namespace(server: Api, check: Check) -> None:
    server.forbidden = lambda resource, namespace: (
        namespace not in ("shop", "openshift-config")
        and resource
        not in (
            "namespaces",
            "images",
        )
    )
    _, result = check()
    assert {space for _, space, _, _ in found(result, "RC301")} == {"shop"}
    assert any(one.startswith("Secret in namespaces default, team may not be listed") for one in unread(result))
    assert ("RC301", "shop", "Secret", "alone") in found(result)


def test_projects_stand_in_for_namespaces_that_may_not_be_listed(server: Api, check: Check) -> None:
    projects = "project.openshift.io/v1"
    server.kinds.append(api.Served(projects, "projects", "Project", namespaced=False))
    server.objects.append(api.thing(projects, "Project", "team"))
    server.forbidden = lambda resource, namespace: namespace != "team" and resource != "projects"
    _, result = check()
    assert {space for _, space, _, _ in found(result, "RC301")} == {"team"}
    assert any(one.startswith("Namespace may not be listed") for one in unread(result))


def test_the_global_secret_is_read_by_name_where_no_list_may_hold_it(server: Api, check: Check) -> None:
    server.forbidden = lambda resource, namespace: (
        (resource, namespace)
        not in (
            ("secrets", "shop"),
            ("secrets/pull-secret", "openshift-config"),
        )
        and resource in ("secrets", "namespaces", "secrets/pull-secret")
    )
    _, result = check("-n", "shop")
    assert result["scan"]["objects"]["Secret"] == 3
    server.asked.clear()
    _, result = check()
    assert result["scan"]["objects"]["Secret"] == 1
    assert "/api/v1/namespaces/openshift-config/secrets/pull-secret" in server.paths()
    server.forbidden = lambda resource, namespace: resource == "secrets/pull-secret"
    _, result = check("-n", "shop")
    assert any(one.startswith("Secret in namespace openshift-config may not be listed") for one in unread(result))


def test_nothing_may_be_read_at_all(server: Api, check: Check) -> None:
    server.forbidden = lambda resource, namespace: True
    code, result = check()
    assert code == 3
    assert "nothing that pulls depend on may be listed" in problems(result)[0]
    assert "system:serviceaccount:regcred:regcred" in problems(result)[0]


def test_discovery_that_is_refused_leaves_the_core(server: Api, check: Check) -> None:
    server.fault("/apis", lambda handler: handler.path == "/apis" and handler.status(403, "Forbidden", "no"))
    _, result = check()
    assert result["scan"]["objects"]["Secret"] == 5
    assert "Deployment (apps) in all namespaces could not be listed: no" in unread(result)


def test_resolve_says_what_it_was_not_shown(server: Api, capsys: pytest.CaptureFixture[str]) -> None:
    server.forbidden = lambda resource, namespace: resource == "deployments"
    main(["resolve", "cluster:", "-n", "shop"])
    said = capsys.readouterr()
    assert "regcred: not read: Deployment (apps) in namespace shop may not be listed: " in said.err
    assert "Pod app in namespace shop" in said.out
    assert TOKEN not in said.out + said.err


def test_a_role_leaves_kinds_without_a_namespace_refused(
    server: Api, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-n` limits kinds that live in namespaces; the others are asked for all the same, and told of in few words."""
    server.kinds.append(api.Served("config.openshift.io/v1", "imagedigestmirrorsets", "ImageDigestMirrorSet", False))
    server.forbidden = lambda resource, namespace: namespace != "shop"
    code, result = check("-n", "shop")
    assert code == 1
    lists = {one for one in server.paths() if one.count("/") == 4}
    asked = ("images", "imagedigestmirrorsets")
    assert lists == {f"/apis/config.openshift.io/v1/{kind}" for kind in asked}
    told = [one.partition(":")[0] for one in unread(result)]
    assert told == [
        "Image (config.openshift.io) may not be listed",
        "ImageDigestMirrorSet (config.openshift.io) may not be listed",
        "Secret in namespace openshift-config may not be listed",
    ]
    assert check("-n", "shop", "--strict")[0] == 3
    main(["resolve", "cluster:", "-n", "shop"])
    said = [line.partition("forbidden:")[0] for line in capsys.readouterr().err.splitlines()]
    assert said == [
        "regcred: not read: Secret in namespace openshift-config may not be listed: secrets is ",
        "regcred: not read: 2 kinds that live in no namespace may not be listed: Image, ImageDigestMirrorSet",
    ]
