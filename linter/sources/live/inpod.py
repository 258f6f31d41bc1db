"""The API from inside a pod: its service account's token and CA, plain `http.client` over TLS."""

import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from linter.sources.live import ApiError, ClusterError, UnansweredError
from linter.sources.live.proxies import Proxy, ProxyError, proxy_for, tunnel
from linter.sources.live.words import plain

MOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where the kubelet mounts the token; REGCRED_SERVICE_ACCOUNT_DIR names another place, for projected volumes."""
_TOKEN_BYTES: Final = 64 * 2**10
_PIECE: Final = 2**18


def mount(environment: Mapping[str, str]) -> str:
    """Return the folder of token and CA."""
    return environment.get("REGCRED_SERVICE_ACCOUNT_DIR") or MOUNT


def in_cluster(environment: Mapping[str, str]) -> bool:
    """Tell whether this process runs in a pod, and no kubeconfig says otherwise."""
    if not environment.get("KUBERNETES_SERVICE_HOST") or environment.get("KUBECONFIG"):
        return False
    home = environment.get("HOME") or os.path.expanduser("~")
    return not os.path.exists(os.path.join(home, ".kube", "config"))


def inside_pod(environment: Mapping[str, str]) -> bool:
    """Tell whether this process runs in a pod with a service account, and no kubeconfig says otherwise."""
    return in_cluster(environment) and os.path.exists(os.path.join(mount(environment), "token"))


class InPod:
    """The client. Host and port are those that Kubernetes puts into the environment of every pod."""

    name = "in-pod"

    def __init__(self, environment: Mapping[str, str], timeout: float, limit: int) -> None:
        folder = mount(environment)
        # An IPv6 address stands bare in the variable; brackets are what people write.
        self._host = environment.get("KUBERNETES_SERVICE_HOST", "").removeprefix("[").removesuffix("]")
        self._port = _port(environment.get("KUBERNETES_SERVICE_PORT") or "443")
        self._token = os.path.join(folder, "token")
        self._timeout = timeout
        self._limit = limit
        self._tls = _tls(os.path.join(folder, "ca.crt"))
        self._proxy = proxy_for(self._host, self._port, environment)
        self._open: set[http.client.HTTPSConnection] = set()

    def get(self, path: str) -> bytes:
        """Return the answer to a GET of `path`.

        Raises `ApiError` for an answer that is an error, `UnansweredError` when there is none or a part of one, and
        `ClusterError` when the account is not known. No redirect is followed: the token goes to this server only.
        """
        token = self._bearer()
        answer = self._asked(path, token)
        if answer.status == 401:
            renewed = self._bearer()
            if renewed != token:  # the kubelet has just renewed it
                answer = self._asked(path, renewed)
        if answer.status == 401:
            raise ClusterError("the service account's token is not accepted", f"mount a current token ({self._token})")
        if answer.status != 200:
            raise ApiError(answer.status, _said(answer.body) or answer.reason, answer.retry_after)
        if len(answer.body) > self._limit:
            raise ApiError(413, f"an answer is larger than {self._limit // 2**20} MiB")
        return answer.body

    def hang_up(self) -> None:
        """Break off every connection: what waits for an answer sees that none comes."""
        for connection in tuple(self._open):
            sock: socket.socket | None = connection.sock
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _asked(self, path: str, token: str) -> "_Answer":
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        self._open.add(connection)
        try:
            if self._proxy is not None:
                # The token is inside the TLS that begins behind the proxy, with the cluster's own certificate.
                way = self._tunnel(self._proxy)
                connection.sock = self._tls.wrap_socket(way, server_hostname=self._host)
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return _Answer(answer, self._body(answer))
        except TimeoutError:
            raise UnansweredError(
                f"no answer within {self._timeout:g} seconds",
                "check the connection, or allow more with --timeout",
                again=False,
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise ClusterError(
                f"the server's certificate is not that of this cluster ({plain(error.verify_message)})",
                "check KUBERNETES_SERVICE_HOST and ca.crt",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = _reason(error)
            raise UnansweredError(
                f"the cluster cannot be reached ({reason})", "check the pod's network policy", again=True
            ) from None
        finally:
            self._open.discard(connection)
            connection.close()

    def _tunnel(self, proxy: Proxy) -> socket.socket:
        try:
            return tunnel(proxy, self._host, self._port, self._timeout)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            said = str(error) if isinstance(error, ProxyError) else _reason(error)
            raise UnansweredError(
                f"the proxy of HTTPS_PROXY does not lead to the cluster ({said})",
                f"correct HTTPS_PROXY, or put {plain(self._host)} into NO_PROXY",
                again=not isinstance(error, ProxyError),
            ) from None

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        """Read to the end, or one byte more than may be; the time counts for all of it, however it trickles."""
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        while len(body) <= self._limit:
            piece = answer.read1(min(_PIECE, self._limit + 1 - len(body)))
            if not piece:
                if answer.length:
                    raise http.client.IncompleteRead(b"", answer.length)
                break
            body += piece
            if time.monotonic() > deadline:
                raise TimeoutError
        return bytes(body)

    def _bearer(self) -> str:
        """Read the token for every request: the kubelet renews it."""
        reason = "it is no text"
        try:
            with open(self._token, encoding="ascii") as stream:
                token = stream.read(_TOKEN_BYTES).strip()
        except OSError as error:
            token, reason = "", error.strerror or "it cannot be opened"
        except ValueError:
            token = ""
        if not token or not token.isprintable():
            raise ClusterError(
                f"the service account's token cannot be read ({self._token}: {reason})", "mount a current token"
            )
        return token


class _Answer:
    """What came back: the status, the words beside it, the body, and the seconds that the server wants to wait."""

    def __init__(self, response: http.client.HTTPResponse, body: bytes) -> None:
        self.status = response.status
        self.reason = plain(response.reason)
        self.body = body
        wait = response.headers.get("Retry-After", "").strip()
        self.retry_after = float(wait) if wait.isdecimal() and len(wait) < 6 else 0.0


def _port(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and 0 < int(text[:6]) < 65536):
        raise ClusterError(
            f"KUBERNETES_SERVICE_PORT is no port number: {plain(text)}", "unset it, or set it as Kubernetes does"
        )
    return int(text)


def _tls(path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ClusterError(
            f"the cluster's CA cannot be read ({path}: {reason})",
            "mount the service account's folder as Kubernetes does",
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS: {plain(error.reason or 'handshake failed').replace('_', ' ').lower()}"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it hung up without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer was cut off"
    return getattr(error, "strerror", None) or type(error).__name__


def _said(body: bytes) -> str:
    """Return the message of a Status object."""
    try:
        status = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return plain(message) if isinstance(message, str) else ""
