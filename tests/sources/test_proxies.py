"""A pod whose cluster is reached through a proxy: which way is taken, and what the proxy gets to see."""

import base64
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import kubeapi as api
from kubeapi import TOKEN, Api

from linter.__main__ import main
from linter.sources.live import ClusterError
from linter.sources.live.proxies import Proxy, proxy_for

HOST = "10.255.0.1"
"""An address that nothing here has: only a proxy leads to it."""
PASSWORD = "proxy-pass-7391"


class Proxies:
    """A proxy on loopback that leads everything to one server, or refuses; it keeps what it was asked and passed on."""

    def __init__(self, server: Api, answer: bytes) -> None:
        self.heads: list[bytes] = []
        self.passed = bytearray()
        self._answer = answer
        split = urlsplit(server.address)
        self._server = (split.hostname or "", split.port or 0)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(connection,), daemon=True).start()

    def _lead(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        self.heads.append(head)
        connection.sendall(self._answer)
        if b" 200 " not in self._answer:
            connection.close()
            return
        server = socket.create_connection(self._server)
        threading.Thread(target=self._pipe, args=(server, connection, False), daemon=True).start()
        self._pipe(connection, server, True)

    def _pipe(self, source: socket.socket, target: socket.socket, kept: bool) -> None:
        try:
            while data := source.recv(65536):
                if kept:
                    self.passed += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()


@contextmanager
def proxied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
) -> Iterator[tuple[Api, Proxies]]:
    """A pod, its cluster at an address that only the proxy leads to, and the proxy."""
    trusted = api.authority(HOST)
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text(TOKEN)
    (folder / "ca.crt").write_bytes(trusted.pem)
    for name, value in (
        ("REGCRED_SERVICE_ACCOUNT_DIR", str(folder)),
        ("HOME", str(tmp_path)),
        ("PATH", str(tmp_path)),
        ("KUBERNETES_SERVICE_HOST", HOST),
        ("KUBERNETES_SERVICE_PORT", "443"),
    ):
        monkeypatch.setenv(name, value)
    for name in ("KUBECONFIG", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with api.serving(Api(api.cluster()), trusted.server) as server:
        proxy = Proxies(server, answer)
        try:
            yield server, proxy
        finally:
            proxy.close()


@pytest.mark.parametrize("written", ["http://robot:{}@{}", "robot:{}@{}"])
def test_the_token_goes_through_a_tunnel(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with proxied(tmp_path, monkeypatch) as (server, proxy):
        monkeypatch.setenv("HTTPS_PROXY", written.format(PASSWORD, proxy.address))
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/16,.svc,10.255.0.2")
        main(["check", "cluster:", "--format", "json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["scan"]["objects"]["Secret"] == 5
    assert {one["Authorization"] for one in server.headers} == {f"Bearer {TOKEN}"}
    login = base64.b64encode(f"robot:{PASSWORD}".encode())
    assert {head.split(b"\r\n")[0] for head in proxy.heads} == {f"CONNECT {HOST}:443 HTTP/1.1".encode()}
    assert all(b"Proxy-Authorization: Basic " + login in head for head in proxy.heads)
    assert TOKEN.encode() not in bytes(proxy.passed)
    assert PASSWORD not in said.out + said.err


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "it answers with status 407"),
        (b"SSH-2.0-x\r\n\r\n", "it answers with something else than HTTP"),
        (b"", "it hung up without an answer"),
    ],
)
def test_a_proxy_that_leads_nowhere(
    answer: bytes, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.sources.live.asking.wait", lambda *_: None)
    with proxied(tmp_path, monkeypatch, answer) as (server, proxy):
        monkeypatch.setenv("https_proxy", f"http://robot:{PASSWORD}@{proxy.address}")
        assert main(["check", "cluster:", "--format", "json"]) == 3
    said = capsys.readouterr()
    (problem,) = json.loads(said.out)["coverage"]["problems"]
    assert problem["message"] == f"the proxy of HTTPS_PROXY does not lead to the cluster ({told})"
    assert problem["remedy"] == f"correct HTTPS_PROXY, or put {HOST} into NO_PROXY"
    assert not server.asked
    assert PASSWORD not in said.out + said.err


@pytest.mark.parametrize(
    ("host", "excepted", "straight"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("localhost", "", True),
        ("10.0.0.1", "", False),
        ("10.0.0.1", "*", True),
        ("10.0.0.1", " 10.0.0.1 ", True),
        ("10.0.0.1", "10.0.0.1:443", True),
        ("10.0.0.1", "10.0.0.1:6443", False),
        ("10.0.0.1", "example.com,10.0.0.0/8", True),
        ("10.0.0.1", "10.0.0.1/8", True),
        ("10.0.0.1", "10.0.0.0/99", False),
        ("11.0.0.1", "10.0.0.0/8", False),
        ("fd00::1", "fd00::/8", True),
        ("fd00::1", "fd00::1", True),
        ("fd00::1", "[fd00::1]:443", True),
        ("fd00::1", "[fd00::1]:80", False),
        ("fd00::1", "[fd00::1]", True),
        ("api.Example.com", "example.com", True),
        ("example.com", "example.com", True),
        ("example.com", ".example.com", False),
        ("api.example.com", ".example.com", True),
        ("api.example.com", "*.example.com:443", True),
        ("badexample.com", "example.com", False),
        ("api.example.com", "example.com:80", False),
    ],
)
def test_what_needs_no_proxy_is_what_go_says(host: str, excepted: str, *, straight: bool) -> None:
    """The cases of `golang.org/x/net/http/httpproxy`."""
    found = proxy_for(host, 443, {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": excepted})
    assert found == (None if straight else Proxy("p", 3128))


def test_the_address_of_a_proxy() -> None:
    assert proxy_for("h", 443, {"https_proxy": "p"}) == Proxy("p", 80)
    assert proxy_for("h", 443, {"HTTPS_PROXY": "http://[fd00::1]:8080/"}) == Proxy("fd00::1", 8080)
    assert proxy_for("h", 443, {"HTTP_PROXY": "p", "ALL_PROXY": "p"}) is None
    for wrong in ("socks5://p:1", "https://p:1", "http://", "http://p:x", "http://p:99999"):
        with pytest.raises(ClusterError):
            proxy_for("h", 443, {"HTTPS_PROXY": wrong})
