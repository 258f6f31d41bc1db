"""The API from inside a pod: its service account's token and CA, plain `http.client` over TLS."""

import http.client
import json
import os
import ssl
from collections.abc import Mapping
from typing import Final

from linter.sources.live import ApiError, ClusterError
from linter.sources.live.words import plain

MOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where the kubelet mounts the token; REGCRED_SERVICE_ACCOUNT_DIR names another place, for projected volumes."""
_TOKEN_BYTES: Final = 64 * 2**10


def mount(environment: Mapping[str, str]) -> str:
    """Return the folder of token and CA."""
    return environment.get("REGCRED_SERVICE_ACCOUNT_DIR") or MOUNT


def inside_pod(environment: Mapping[str, str]) -> bool:
    """Tell whether this process runs in a pod with a service account, and no kubeconfig says otherwise."""
    if not environment.get("KUBERNETES_SERVICE_HOST") or environment.get("KUBECONFIG"):
        return False
    if os.path.exists(os.path.expanduser("~/.kube/config")):
        return False
    return os.path.exists(os.path.join(mount(environment), "token"))


class InPod:
    """The client. Host and port are those that Kubernetes puts into the environment of every pod."""

    name = "in-pod"

    def __init__(self, environment: Mapping[str, str], timeout: float, limit: int) -> None:
        folder = mount(environment)
        self._host = environment.get("KUBERNETES_SERVICE_HOST", "")
        self._port = int(environment.get("KUBERNETES_SERVICE_PORT") or 443)
        self._token = os.path.join(folder, "token")
        self._timeout = timeout
        self._limit = limit
        try:
            self._tls = ssl.create_default_context(cafile=os.path.join(folder, "ca.crt"))
        except (OSError, ssl.SSLError):
            raise ClusterError(
                "the service account's ca.crt cannot be used", "mount the service account token as Kubernetes does"
            ) from None

    def get(self, path: str) -> bytes:
        """Return the answer to a GET of `path`. Raises `ApiError` for an answer that is an error, else `ClusterError`.

        No redirect is followed: the token goes to this server only.
        """
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)
        try:
            headers = {"Authorization": f"Bearer {self._bearer()}", "Accept": "application/json"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read(self._limit + 1)
        except TimeoutError:
            raise ClusterError(
                f"no answer within {self._timeout:g} seconds", "check the connection, or allow more with --timeout"
            ) from None
        except ssl.SSLError:
            raise ClusterError(
                "the server's certificate is not that of this cluster", "check KUBERNETES_SERVICE_HOST and ca.crt"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise ClusterError(f"the cluster cannot be reached ({reason})", "check the pod's network policy") from None
        finally:
            connection.close()
        if answer.status == 401:
            raise ClusterError("the service account's token is not accepted", "mount a current token")
        if answer.status != 200:
            raise ApiError(answer.status, _said(body) or answer.reason)
        if len(body) > self._limit:
            raise ApiError(413, f"an answer is larger than {self._limit // 2**20} MiB")
        return body

    def _bearer(self) -> str:
        """Read the token for every request: the kubelet renews it."""
        try:
            with open(self._token, encoding="ascii") as stream:
                token = stream.read(_TOKEN_BYTES).strip()
        except (OSError, ValueError):
            token = ""
        if not token or not token.isprintable():
            raise ClusterError("the service account's token cannot be read", "mount a current token")
        return token


def _said(body: bytes) -> str:
    """Return the message of a Status object."""
    try:
        status = json.loads(body)
    except ValueError:
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return plain(message) if isinstance(message, str) else ""
