"""The proxy on the way to a server, chosen and used as Go's programs do it: `HTTPS_PROXY` and `NO_PROXY`.

client-go in a pod, kubectl and oc all ask `golang.org/x/net/http/httpproxy`; its rules are these.
"""

import base64
import http.client
import ipaddress
import re
import socket
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from linter.record import NamedTuple
from linter.sources.live import ClusterError

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}://", re.IGNORECASE)
_LONGEST: Final = 64 * 2**10


class Proxy(NamedTuple):
    """An HTTP proxy that tunnels. `login` is the value of a `Proxy-Authorization`, "" for none: it is never shown."""

    host: str
    port: int
    login: str = ""


class ProxyError(OSError):
    """The proxy was reached and has refused; the text is fit to be shown."""


def proxy_for(host: str, port: int, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy by which `https://host:port` is reached, None for the straight way.

    Raises `ClusterError` for a proxy of a kind that is not spoken here.
    """
    written = environment.get("HTTPS_PROXY") or environment.get("https_proxy") or ""
    excepted = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    if not written or _straight(host.lower().rstrip("."), port, excepted):
        return None
    return _parsed(written)


def _parsed(written: str) -> Proxy:
    split = urlsplit(written if _SCHEME.match(written) else f"http://{written}")
    try:
        port = split.port or 80
    except ValueError:
        port = 0
    if split.scheme.lower() != "http":
        raise ClusterError(
            "HTTPS_PROXY names a proxy that is spoken to by TLS or SOCKS, which is not done from inside a pod",
            "name an http:// proxy, except the server with NO_PROXY, or give the pod a kubeconfig and kubectl",
        )
    if not split.hostname or not port:
        raise ClusterError("HTTPS_PROXY is no address of a proxy", "write http://HOST:PORT, or unset it")
    login = ""
    if split.username is not None:
        pair = f"{unquote(split.username)}:{unquote(split.password or '')}"
        login = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(split.hostname, port, login)


def _straight(host: str, port: int, excepted: str) -> bool:
    """Whether the server is one that is reached without a proxy: this machine, or what `NO_PROXY` names."""
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_names(one.strip().lower(), host, address, port) for one in excepted.split(","))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _names(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int) -> bool:
    """Whether an entry of `NO_PROXY` names the server: `*`, a network, an address or a domain, with a port or not."""
    if not entry:
        return False
    if entry == "*":
        return True
    try:
        network = ipaddress.ip_network(entry, strict=False) if "/" in entry else None
    except ValueError:
        return False
    if network is not None:
        return address is not None and address in network
    name, only = entry, ""
    if entry.startswith("[") or entry.count(":") == 1:
        name, _, only = entry.rpartition(":") if not entry.endswith("]") else (entry, "", "")
        name = name.removeprefix("[").removesuffix("]")
    if only and only != str(port):
        return False
    if _address(name) is not None:
        return _address(name) == address
    domain = name.removeprefix("*")
    return host.endswith(domain) if domain.startswith(".") else host == domain or host.endswith(f".{domain}")


def tunnel(proxy: Proxy, host: str, port: int, timeout: float) -> socket.socket:
    """Return a connection to the server that leads through the proxy, before any TLS. Raises `OSError`."""
    connection = socket.create_connection((proxy.host, proxy.port), timeout)
    try:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        lines += [f"Proxy-Authorization: {proxy.login}"] if proxy.login else []
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        status = _status(_head(connection))
    except BaseException:
        connection.close()
        raise
    if status != 200:
        connection.close()
        raise ProxyError(f"it answers with status {status}" if status else "it answers with something else than HTTP")
    return connection


def _head(connection: socket.socket) -> bytes:
    """Read the proxy's answer up to its empty line, and nothing of what follows."""
    head = bytearray()
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        sign = connection.recv(1)
        if not sign:
            raise http.client.RemoteDisconnected("")
        head += sign
        if len(head) > _LONGEST:
            raise ProxyError("its answer has no end")
    return bytes(head)


def _status(head: bytes) -> int:
    found = re.match(rb"HTTP/1\.[01] (\d{3})\b", head)
    return int(found.group(1)) if found else 0
