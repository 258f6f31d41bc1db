"""The service account that a pod finds its cluster by: its token, its certificate, its address."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import kubeapi as api
from kubeapi import TOKEN, Api, Handler
from told import SECRETS, Check, enter, problems, unread

from linter.inventory.asked import ASKED
from linter.sources import gather
from linter.sources.live import Kind, Live


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
