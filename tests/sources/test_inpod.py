"""A live cluster from inside a pod: a real server on loopback with TLS, a service account folder, rights and faults."""

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import kubeapi as api
from kubeapi import CREDENTIAL, TOKEN, Api, Handler

from linter.__main__ import main
from linter.inventory.asked import ASKED
from linter.sources import gather
from linter.sources.live import Kind, Live

Check = Any
SECRETS = "/api/v1/secrets"
LISTS = ("/api/v1/secrets", "/api/v1/serviceaccounts", "/api/v1/pods")


@pytest.fixture(scope="module")
def trusted() -> api.Authority:
    return api.authority()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("linter.sources.live.asking.wait", lambda _, seconds: waited.append(seconds))
    return waited


@pytest.fixture
def mount(trusted: api.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pod without a kubeconfig: home and PATH are empty."""
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "ca.crt").write_bytes(trusted.pem)
    monkeypatch.setenv("REGCRED_SERVICE_ACCOUNT_DIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return folder


def enter(server: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    split = urlsplit(server.address)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", split.hostname or "")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(split.port))


@pytest.fixture
def server(mount: Path, trusted: api.Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with api.serving(Api(api.cluster()), trusted.server) as running:
        enter(running, monkeypatch)
        yield running


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def run(*words: str) -> tuple[int, Any]:
        code = main(["check", "cluster:", *words, "--format", "json"])
        said = capsys.readouterr()
        assert CREDENTIAL not in said.out + said.err
        assert TOKEN not in said.out + said.err
        return code, json.loads(said.out)

    return run


def found(result: Any, code: str = "") -> list[tuple[str, str, str, str]]:
    return sorted(
        (one["code"], one["object"]["namespace"], one["object"]["kind"], one["object"]["name"])
        for one in result["findings"]
        if code in ("", one["code"])
    )


def unread(result: Any) -> list[str]:
    """What the cluster did not show; what rules say that they could not judge for that is another matter."""
    told = (one["message"] for one in result["coverage"]["not_evaluated"] if one["reason"] == "refused")
    return sorted(one for one in told if "be listed" in one)


def problems(result: Any) -> list[str]:
    return [f"{one['message']}: {one['remedy']}" for one in result["coverage"]["problems"]]


# What is read


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


# What RBAC refuses


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


# Faults


def test_a_list_that_changes_too_fast_is_read_again_and_at_last_whole(
    server: Api, check: Check, pauses: list[float]
) -> None:
    server.objects += [api.thing("v1", "ServiceAccount", f"more-{number}", "shop") for number in range(600)]
    server.fault(
        "/api/v1/serviceaccounts",
        lambda handler: "continue=" in handler.path and handler.status(410, "Expired", "too old"),
    )
    _, result = check()
    assert result["scan"]["objects"]["ServiceAccount"] == 604
    assert server.asked.count("/api/v1/serviceaccounts?limit=500") == 3
    assert server.asked.count("/api/v1/serviceaccounts") == 1
    assert not unread(result)


def test_a_busy_server_is_left_alone_as_long_as_it_says(server: Api, check: Check, pauses: list[float]) -> None:
    server.fault(SECRETS, lambda handler: handler.status(429, "TooManyRequests", "slow down", Retry_After="7"), times=1)
    server.fault("/api/v1/pods", lambda handler: handler.status(503, "ServiceUnavailable", "away"), times=2)
    server.fault("/apis/apps/v1/", lambda handler: handler.status(429, "TooManyRequests", "no", Retry_After="86400"))
    _, result = check()
    assert {7.0, 1, 2, 30.0} <= set(pauses)
    assert unread(result) == ["Deployment (apps) in all namespaces could not be listed: no"]
    assert ("RC303", "shop", "ServiceAccount", "default") in found(result)


def garbled(handler: Handler) -> bool:
    return handler.answer(200, b'{"kind": "SecretList", "items": [{"metadata": {"na')


def other(handler: Handler) -> bool:
    return handler.answer(200, b"<html>login</html>")


def shapeless(handler: Handler) -> bool:
    return handler.answer(200, {"kind": "SecretList", "metadata": 3, "items": {}})


def again(handler: Handler) -> bool:
    return handler.answer(200, {"kind": "SecretList", "metadata": {"continue": "1"}, "items": []})


def cut(handler: Handler) -> bool:
    return handler.answer(200, {"kind": "SecretList", "items": []}, cut=5)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (garbled, "the answer is not what the API gives"),
        (other, "the answer is not what the API gives"),
        (shapeless, "the answer is not what the API gives"),
        (again, "the server gives the same page over and over"),
        (cut, "the cluster cannot be reached (the answer was cut off)"),
        (Handler.reset, "the cluster cannot be reached ("),
        (lambda handler: handler.status(500, "InternalError", "etcd is away"), "etcd is away"),
        (lambda handler: handler.answer(302, b"", Location="https://192.0.2.1/"), "Found"),
    ],
    ids=["garbled", "html", "shapeless", "endless", "cut", "reset", "500", "redirect"],
)
@pytest.mark.parametrize("page", [1, 2])
def test_a_list_that_fails_is_named_and_the_others_are_judged(
    act: api.Fault, told: str, page: int, server: Api, check: Check, pauses: list[float]
) -> None:
    if page == 2:
        server.objects += [api.secret(f"more-{number}", "team", "quay.io") for number in range(500)]
    server.fault(SECRETS, lambda handler: ("continue=" in handler.path or page == 1) and act(handler))
    _, result = check()
    (said,) = unread(result)
    assert said.startswith(f"Secret in all namespaces could not be listed: {told}")
    assert result["scan"]["objects"]["Pod"] == 2
    assert "RC301" not in {code for code, *_ in found(result)}


def test_what_is_cut_off_once_is_asked_for_again(server: Api, check: Check, pauses: list[float]) -> None:
    server.fault(SECRETS, Handler.reset, times=1)
    server.fault("/api/v1/pods", cut, times=2)
    _, result = check()
    assert not unread(result)
    assert result["scan"]["objects"]["Secret"] == 5
    assert sorted(pauses) == [1, 1, 2]


def test_an_answer_that_never_comes_is_named(server: Api, check: Check, pauses: list[float]) -> None:
    over = threading.Event()
    server.fault(SECRETS, lambda handler: bool(over.wait(120)) or True)
    try:
        _, result = check("--timeout", "2")
    finally:
        over.set()
    assert unread(result) == ["Secret in all namespaces could not be listed: no answer within 2 seconds"]
    assert result["scan"]["objects"]["Pod"] == 2


def test_a_cluster_that_goes_away_is_judged_as_far_as_it_was_read(
    server: Api, check: Check, pauses: list[float], tmp_path: Path
) -> None:
    # One answer among nine that never come: however they mix, four of those follow each other.
    server.fault("/", lambda handler: "limit=" in handler.path and "secrets" not in handler.path and handler.reset())
    code, result = check()
    assert code == 3
    assert any("it was lost while it was read" in one for one in problems(result))
    assert result["scan"]["objects"]["Secret"] == 5
    assert any(one.startswith("Pod in all namespaces could not be listed") for one in unread(result))
    assert main(["collect", "-o", str(tmp_path / "dump.tar.gz")]) == 3
    assert not (tmp_path / "dump.tar.gz").exists()


# The account


def test_a_token_that_is_renewed_on_the_way_is_used(server: Api, mount: Path, check: Check) -> None:
    def renew(handler: Handler) -> bool:
        server.tokens = {"renewed"}
        (mount / "token").write_text("renewed")
        return False

    server.fault(SECRETS, renew, times=1)
    _, result = check()
    assert not unread(result)
    assert {one["Authorization"] for one in server.headers} == {f"Bearer {TOKEN}", "Bearer renewed"}


def test_a_token_that_is_renewed_while_it_is_asked_with_is_tried_once_more(
    server: Api, mount: Path, check: Check
) -> None:
    """The request is under way with the old one when the kubelet writes the new one."""

    def renew(handler: Handler) -> bool:
        server.tokens = {"renewed"}
        (mount / "token").write_text("renewed")
        return handler.status(401, "Unauthorized", "Unauthorized")

    server.fault("/apis", renew, times=1)
    _, result = check()
    assert not unread(result)
    assert result["scan"]["objects"]["Secret"] == 5


def test_a_token_that_is_not_accepted(server: Api, check: Check) -> None:
    server.tokens = set()
    code, result = check()
    assert code == 3
    assert problems(result)[0].startswith("the service account's token is not accepted: mount a current token (")


def test_a_token_that_runs_out_on_the_way_ends_the_reading(server: Api, check: Check) -> None:
    def revoke(handler: Handler) -> bool:
        server.tokens = set()
        return False

    server.fault("/apis/apps/v1", revoke, times=1)
    code, result = check()
    assert code == 3
    assert "token is not accepted" in problems(result)[0]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda mount: (mount / "ca.crt").unlink(), "ca.crt: No such file or directory)"),
        (lambda mount: (mount / "ca.crt").write_text("no certificate"), "ca.crt: it holds no certificate)"),
        (lambda mount: (mount / "token").write_bytes(b""), "the service account's token cannot be read ("),
        (lambda mount: (mount / "token").write_bytes(b"\xff\xfe"), "token: it is no text)"),
        (lambda mount: (mount / "token").write_text("one\ntwo"), "the service account's token cannot be read ("),
        (lambda mount: [(mount / "token").unlink(), (mount / "token").mkdir()], "token: Is a directory)"),
        (lambda mount: (mount / "token").unlink(), "this pod has no service account token ("),
        (lambda mount: (mount / "ca.crt").write_bytes(api.authority().pem), "the server's certificate is not that of"),
    ],
)
def test_an_account_that_is_mounted_wrongly(spoil: Any, told: str, server: Api, mount: Path, check: Check) -> None:
    spoil(mount)
    code, result = check()
    assert code == 3
    assert told in problems(result)[0]
    assert ": " in problems(result)[0]


@pytest.mark.parametrize("port", ["https", "0", "65536", "-1", "\uff14\uff14\uff13", "443\x1b[31m"])
def test_a_port_that_is_none(port: str, server: Api, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    code, result = check()
    assert code == 3
    assert problems(result)[0].startswith("KUBERNETES_SERVICE_PORT is no port number: ")
    assert problems(result)[0].isprintable()


def test_a_server_without_tls(mount: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    with api.serving(Api(api.cluster())) as plain:
        enter(plain, monkeypatch)
        code, result = check()
    assert code == 3
    assert "the cluster cannot be reached (TLS: " in problems(result)[0]
    assert not plain.asked


def test_a_certificate_for_another_name(mount: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = api.authority("192.0.2.1")
    (mount / "ca.crt").write_bytes(elsewhere.pem)
    with api.serving(Api(api.cluster()), elsewhere.server) as running:
        enter(running, monkeypatch)
        code, result = check()
    assert code == 3
    assert "the server's certificate is not that of this cluster" in problems(result)[0]
    assert not running.asked


def test_nobody_listens(mount: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    with api.serving(Api([])) as gone:
        enter(gone, monkeypatch)
    code, result = check()
    assert code == 3
    assert "the cluster cannot be reached (Connection refused): check the pod's network policy" in problems(result)[0]


@pytest.mark.parametrize("brackets", [False, True])
def test_an_address_of_ipv6(
    brackets: bool, mount: Path, trusted: api.Authority, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        with api.serving(Api(api.cluster()), trusted.server, "::1") as running:
            enter(running, monkeypatch)
            if brackets:
                monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "[::1]")
            _, result = check()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert result["scan"]["objects"]["Secret"] == 5
    assert {one["Host"].rpartition(":")[0] for one in running.headers} == {"[::1]"}


def test_a_kubeconfig_comes_before_the_pod(server: Api, check: Check, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("{}")
    code, result = check()
    assert code == 3
    assert "neither kubectl nor oc is on the PATH" in problems(result)[0]
    assert not server.asked


def test_progress_is_told_while_it_is_read(server: Api) -> None:
    told: list[tuple[float, str]] = []
    live = Live([Kind(*one) for one in ASKED])
    list(gather(["cluster:", "cluster:"], live=live, progress=lambda share, path: told.append((share, path))))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] > 0.9
    assert any(path == "cluster:in-pod /api/v1/secrets" for _, path in told)
