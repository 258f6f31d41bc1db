"""A small API server for readings: discovery, lists in pages, rights, and faults on demand; over HTTP or TLS.

It answers GET as Kubernetes documents it and logs what it was asked. What a test wants to go wrong it says by path.
"""

import base64
import http.server
import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import trustme

Body = dict[str, Any]
Fault = Callable[["Handler"], bool]
"""Answers a request in its own way and returns True, or returns False to let it be answered."""
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZWdjcmVkIn0.not-a-signature"


class Served(NamedTuple):
    """A kind that the server knows."""

    version: str
    resource: str
    kind: str
    namespaced: bool = True


KINDS = (
    Served("v1", "secrets", "Secret"),
    Served("v1", "serviceaccounts", "ServiceAccount"),
    Served("v1", "pods", "Pod"),
    Served("v1", "namespaces", "Namespace", namespaced=False),
    Served("apps/v1", "deployments", "Deployment"),
    Served("batch/v1", "cronjobs", "CronJob"),
    Served("image.openshift.io/v1", "imagestreams", "ImageStream"),
    Served("config.openshift.io/v1", "images", "Image", namespaced=False),
    Served("tekton.dev/v1", "taskruns", "TaskRun"),
    Served("tekton.dev/v1beta1", "tasks", "Task"),
)


class Api:
    """What the server holds and does. `forbidden` takes (resource, namespace) and may be replaced by a test."""

    def __init__(self, objects: list[Body]) -> None:
        self.objects = objects
        self.kinds = list(KINDS)
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.tokens = {TOKEN}
        self.forbidden: Callable[[str, str], bool] = lambda resource, namespace: False
        self.faults: list[tuple[str, Fault]] = []
        self.address = ""

    def fault(self, start: str, act: Fault, times: int = 10**6) -> None:
        """Let `act` answer the next `times` requests whose path starts so."""
        left = [times]

        def counted(handler: "Handler") -> bool:
            if left[0] <= 0:
                return False
            left[0] -= 1
            return act(handler)

        self.faults.append((start, counted))

    def paths(self) -> list[str]:
        """What was asked, without queries."""
        return [urlsplit(one).path for one in self.asked]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def do_GET(self) -> None:
        api = self.api
        api.asked.append(self.path)
        api.headers.append(dict(self.headers))
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in api.tokens:
            self.status(401, "Unauthorized", "Unauthorized")
            return
        for start, act in api.faults:
            if self.path.startswith(start) and act(self):
                return
        split = urlsplit(self.path)
        found = self.discovery(split.path)
        if found is not None:
            self.answer(200, found)
            return
        self.listed(split.path, parse_qs(split.query))

    def listed(self, path: str, query: dict[str, list[str]]) -> None:
        parts = [part for part in path.split("/") if part]
        version, rest = (parts[1], parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        wanted = (version, rest[0] if rest else "")
        served = next((one for one in self.api.kinds if (one.version, one.resource) == wanted), None)
        if served is None:
            self.status(404, "NotFound", "the server could not find the requested resource")
            return
        if self.api.forbidden("/".join(rest), namespace):
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            said = f'{served.resource} is forbidden: User "system:serviceaccount:regcred:regcred" cannot list it{where}'
            self.status(403, "Forbidden", said)
            return
        items = [
            item
            for item in self.api.objects
            if (item["apiVersion"], item["kind"]) == (version, served.kind)
            and namespace in ("", item["metadata"].get("namespace"))
        ]
        if len(rest) > 1:
            one = next((item for item in items if item["metadata"]["name"] == rest[1]), None)
            self.answer(200, one) if one else self.status(404, "NotFound", f'{rest[0]} "{rest[1]}" not found')
            return
        if query.get("fieldSelector") == ["type!=helm.sh/release.v1"]:
            items = [item for item in items if item.get("type") != "helm.sh/release.v1"]
        start = int(query.get("continue", ["0"])[0])
        size = int(query.get("limit", ["1000000"])[0])
        stripped = [{k: v for k, v in one.items() if k not in ("kind", "apiVersion")} for one in items]
        meta = {"resourceVersion": "7"} | ({"continue": str(start + size)} if start + size < len(items) else {})
        page = {"kind": f"{served.kind}List", "apiVersion": version, "metadata": meta}
        self.answer(200, page | {"items": stripped[start : start + size]})

    def discovery(self, path: str) -> Body | None:
        versions = list(dict.fromkeys(one.version for one in self.api.kinds))
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups: dict[str, list[Body]] = {}
            for one in versions:
                group, _, version = one.rpartition("/")
                if group:
                    groups.setdefault(group, []).append({"groupVersion": one, "version": version})
            listed = [{"name": name, "versions": of, "preferredVersion": of[0]} for name, of in groups.items()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        for one in versions:
            if path == (f"/apis/{one}" if "/" in one else f"/api/{one}"):
                resources: list[Body] = [
                    {"name": kind.resource, "singularName": "", "namespaced": kind.namespaced, "kind": kind.kind}
                    | {"verbs": ["get", "list", "watch"]}
                    for kind in self.api.kinds
                    if kind.version == one
                ]
                resources.append({**resources[0], "name": f"{resources[0]['name']}/status", "verbs": ["get", "patch"]})
                return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": one, "resources": resources}
        return None

    def status(self, code: int, reason: str, message: str, **headers: str) -> bool:
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
        return self.answer(code, body | {"reason": reason, "code": code}, **headers)

    def answer(self, code: int, body: Any, *, cut: int = 0, **headers: str) -> bool:
        """Send a body (bytes as they are); the last `cut` bytes of it never come."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data[: len(data) - cut])
        if cut:
            self.close_connection = True
        return True

    def reset(self) -> bool:
        """Break the connection off in the middle of an answer."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(self.connection.detach())
        return True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes is no error of ours."""


class _Server6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def serving(api: Api, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Api]:
    """Run the server on loopback; its address is then known."""
    kind = _Server6 if ":" in host else _Server
    server = kind((host, 0), type("Bound", (Handler,), {"api": api}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    shown = f"[{host}]" if ":" in host else host
    api.address = f"{'https' if tls else 'http'}://{shown}:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


class Authority(NamedTuple):
    """A CA of our own, and what a server shows that it signed."""

    pem: bytes
    server: ssl.SSLContext


def authority(*names: str) -> Authority:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or ("127.0.0.1", "::1"))).configure_cert(context)
    return Authority(ca.cert_pem.bytes(), context)


def kubeconfig(path: Path, pem: bytes, *contexts: tuple[str, str]) -> None:
    """Write a kubeconfig of contexts, each with the address of its server; the first is the current one."""
    trusted = {"certificate-authority-data": base64.b64encode(pem).decode()}
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": contexts[0][0],
        "clusters": [{"name": name, "cluster": {"server": address, **trusted}} for name, address in contexts],
        "users": [{"name": "me", "user": {"token": TOKEN}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name, _ in contexts],
    }
    path.write_text(json.dumps(body))
    path.chmod(0o600)


# A cluster to read

CREDENTIAL = "dXNlcjpwYXNz"


def config(*hosts: str) -> str:
    payload = json.dumps({"auths": {host: {"auth": CREDENTIAL} for host in hosts}}).encode()
    return base64.b64encode(payload).decode()


def thing(version: str, kind: str, name: str, namespace: str = "", **more: Any) -> Body:
    meta = {"name": name, "uid": f"{kind}-{namespace}-{name}", "resourceVersion": "1"}
    meta |= {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": meta, **more}


def secret(name: str, namespace: str, *hosts: str) -> Body:
    data = {".dockerconfigjson": config(*hosts)}
    return thing("v1", "Secret", name, namespace, type="kubernetes.io/dockerconfigjson", data=data)


def cluster(accounts: int = 1) -> list[Body]:
    """An OpenShift cluster with two namespaces: secrets nobody names, names no secret has, pulls, an import."""
    found = [thing("v1", "Namespace", name) for name in ("default", "openshift-config", "shop", "team")]
    found.append(secret("pull-secret", "openshift-config", "quay.io"))
    for space in ("shop", "team"):
        found += [
            secret("used", space, "quay.io"),
            secret("alone", space, "ghcr.io"),
            thing("v1", "Secret", "release", space, type="helm.sh/release.v1", data={"release": "eA=="}),
            thing("v1", "ServiceAccount", "default", space, imagePullSecrets=[{"name": "used"}, {"name": "gone"}]),
        ]
        found += [thing("v1", "ServiceAccount", f"robot-{number}", space) for number in range(accounts)]
        missing = {"name": "none"}
        pod = {
            "containers": [{"name": "app", "image": "registry.example.com/shop/app:1"}],
            "imagePullSecrets": [{"name": "used"}],
        }
        found += [
            thing("v1", "Pod", "app", space, spec=pod),
            thing("apps/v1", "Deployment", "web", space, spec={"template": {"spec": pod}}),
            thing("tekton.dev/v1", "TaskRun", "run", space, spec={"podTemplate": {"imagePullSecrets": [missing]}}),
            thing("tekton.dev/v1beta1", "Task", "task", space, spec={"steps": []}),
        ]
    tag = {"name": "1", "from": {"kind": "DockerImage", "name": "docker.io/library/alpine:3"}}
    found.append(thing("image.openshift.io/v1", "ImageStream", "alpine", "shop", spec={"tags": [tag]}))
    return found
