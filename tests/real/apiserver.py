"""A small API server of our own: what fix folders rely on, as Kubernetes documents it, and no more.

It keeps Secrets, ServiceAccounts, Pods, Deployments and ImageStreams; merges as server-side apply and strategic merge
patch do (lists by key, `imagePullSecrets` of a service account as one); refuses to change a Secret's type, immutable
data and a pod's list; writes `stringData` into `data`; gives pods the list of their account on creation.
"""

import base64
import copy
import http.server
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

KINDS = {
    ("v1", "secrets"): "Secret",
    ("v1", "serviceaccounts"): "ServiceAccount",
    ("v1", "pods"): "Pod",
    ("v1", "namespaces"): "Namespace",
    ("apps/v1", "deployments"): "Deployment",
    ("image.openshift.io/v1", "imagestreams"): "ImageStream",
}
KEYS = {"containers": "name", "initContainers": "name", "imagePullSecrets": "name", "volumes": "name", "env": "name"}
KEY_OF_TYPE = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
Body = dict[str, Any]


class Refused(Exception):  # noqa: N818
    """An answer that is an error."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


def merge(live: Any, new: Any, path: tuple[str, ...], *, kind: str, patch: bool) -> Any:
    """Merge as the API does. `patch`: null and `$patch` delete; else (server-side apply) nothing is deleted."""
    if isinstance(live, dict) and isinstance(new, dict):
        result = dict(live)
        for key, value in new.items():
            if key.startswith("$"):
                continue
            if value is None and patch:
                result.pop(key, None)
            else:
                result[key] = merge(live.get(key), value, (*path, key), kind=kind, patch=patch)
        return result
    if isinstance(live, list) and isinstance(new, list) and _keyed(path, kind):
        key = KEYS.get(path[-1], "name")
        result = list(live)
        for item in new:
            at = next((n for n, old in enumerate(result) if old.get(key) == item.get(key)), None)
            if patch and item.get("$patch") == "delete":
                result = [old for old in result if old.get(key) != item.get(key)]
            elif at is None:
                result.append(merge({}, item, (*path, "*"), kind=kind, patch=patch))
            else:
                result[at] = merge(result[at], item, (*path, "*"), kind=kind, patch=patch)
        return result
    return copy.deepcopy(new)


def _keyed(path: tuple[str, ...], kind: str) -> bool:
    if kind == "ServiceAccount":
        return path == ("secrets",)  # imagePullSecrets has no key: the list is atomic
    return kind != "ImageStream" and path[-1] in KEYS


def dropped(live: Any, before: Any, now: Any) -> Any:
    """Take out what a manager applied before and applies no more (server-side apply), maps only."""
    if isinstance(live, dict) and isinstance(before, dict) and isinstance(now, dict):
        gone = before.keys() - now.keys()
        return {k: dropped(v, before.get(k), now.get(k)) for k, v in live.items() if k not in gone}
    return live


def json_patch(body: Body, operations: list[Body]) -> Body:
    body = copy.deepcopy(body)
    for one in operations:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in one["path"].split("/")[1:]]
        place: Any = body
        for step in steps[:-1]:
            place = place[int(step)] if isinstance(place, list) else place.get(step)
            if place is None:
                raise Refused(422, "Invalid", f"no such place: {one['path']}")
        last: Any = steps[-1]
        if isinstance(place, list):
            if one["op"] == "add":
                place.insert(len(place) if last == "-" else int(last), one["value"])
            elif one["op"] == "remove":
                del place[int(last)]
            else:
                place[int(last)] = one["value"]
        elif one["op"] == "add":
            place[last] = one["value"]
        elif last not in place:
            raise Refused(422, "Invalid", f"no such place: {one['path']}")
        elif one["op"] == "remove":
            del place[last]
        else:
            place[last] = one["value"]
    return body


class Store:
    """The objects, by (resource, namespace, name)."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Body] = {}
        self.applied: dict[tuple[tuple[str, str, str], str], Body] = {}
        self.version = 0
        self.lock = threading.Lock()

    def put(self, key: tuple[str, str, str], body: Body, *, old: Body | None) -> Body:
        body = copy.deepcopy(body)
        kind = body["kind"]
        meta = body.setdefault("metadata", {})
        meta.update(name=key[2], **({"namespace": key[1]} if key[1] else {}))
        if kind == "Secret":
            self._secret(body, old)
        if kind == "Pod":
            self._pod(body, old, key[1])
        self.version += 1
        meta["uid"] = old["metadata"]["uid"] if old else str(uuid.uuid4())
        meta["creationTimestamp"] = "2026-01-01T00:00:00Z"
        meta["resourceVersion"] = str(self.version)
        self.objects[key] = body
        return body

    @staticmethod
    def _secret(body: Body, old: Body | None) -> None:
        body["type"] = body.get("type") or "Opaque"
        for name, value in body.pop("stringData", {}).items():
            body.setdefault("data", {})[name] = base64.b64encode(value.encode()).decode()
        if old and old["type"] != body["type"]:
            raise Refused(422, "Invalid", "type: Invalid value: field is immutable")
        if old and old.get("immutable") and (old.get("data") != body.get("data") or not body.get("immutable")):
            raise Refused(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set")
        wanted = KEY_OF_TYPE.get(body["type"])
        if wanted:
            try:
                content = json.loads(base64.b64decode(body.get("data", {})[wanted], validate=True))
            except (KeyError, ValueError):
                raise Refused(422, "Invalid", f"data[{wanted}]: Required value") from None
            if not isinstance(content, dict):
                raise Refused(422, "Invalid", f"data[{wanted}]: Invalid value")

    def _pod(self, body: Body, old: Body | None, namespace: str) -> None:
        if old and old["spec"] != body["spec"]:
            raise Refused(422, "Invalid", "spec: Forbidden: pod updates may not change fields other than image")
        if not old and not body["spec"].get("imagePullSecrets"):
            account = body["spec"].setdefault("serviceAccountName", "default")
            found = self.objects.get(("serviceaccounts", namespace, account), {})
            if found.get("imagePullSecrets"):
                body["spec"]["imagePullSecrets"] = copy.deepcopy(found["imagePullSecrets"])


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._change)

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

    def _answer(self, act: Any) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        try:
            with self.store.lock:
                code, body = act(sent)
        except Refused as error:
            code = error.code
            body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": str(error)}
            body |= {"reason": error.reason, "code": code}
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _place(self) -> tuple[str, str, str, str]:
        parts = [part for part in urlsplit(self.path).path.split("/") if part]
        version = parts[1] if parts[0] == "api" else "/".join(parts[1:3])
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        if not rest or (version, rest[0]) not in KINDS:
            raise Refused(404, "NotFound", "no such resource")
        return version, rest[0], namespace, rest[1] if len(rest) > 1 else ""

    def _get(self, _: bytes) -> tuple[int, Body]:
        path = urlsplit(self.path).path.rstrip("/")
        discovery = self._discovery(path)
        if discovery is not None:
            return 200, discovery
        version, resource, namespace, name = self._place()
        if name:
            return 200, self._found((resource, namespace, name))
        wanted = parse_qs(urlsplit(self.path).query).get("fieldSelector", [""])[0].partition("metadata.name=")[2]
        items = [
            body
            for (kind, space, own), body in sorted(self.store.objects.items())
            if kind == resource and namespace in ("", space) and wanted in ("", own)
        ]
        kind = KINDS[version, resource]
        meta = {"resourceVersion": str(self.store.version)}
        return 200, {"kind": f"{kind}List", "apiVersion": version, "metadata": meta, "items": items}

    @staticmethod
    def _discovery(path: str) -> Body | None:
        groups = sorted({version for version, _ in KINDS if "/" in version})
        if path == "/version":
            return {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            listed = []
            for one in groups:
                version = {"groupVersion": one, "version": one.partition("/")[2]}
                listed.append({"name": one.partition("/")[0], "versions": [version], "preferredVersion": version})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        for version in ("v1", *groups):
            if path == (f"/api/{version}" if version == "v1" else f"/apis/{version}"):
                verbs = ["create", "delete", "get", "list", "patch", "update"]
                resources = [
                    {"name": name, "singularName": kind.lower(), "namespaced": kind != "Namespace", "kind": kind}
                    | {"verbs": verbs}
                    for (where, name), kind in KINDS.items()
                    if where == version
                ]
                return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
        return None

    def _found(self, key: tuple[str, str, str]) -> Body:
        if key not in self.store.objects:
            raise Refused(404, "NotFound", f'{key[0]} "{key[2]}" not found')
        return self.store.objects[key]

    def _change(self, sent: bytes) -> tuple[int, Body]:
        _, resource, namespace, name = self._place()
        if self.command == "DELETE":
            body = self._found((resource, namespace, name))
            del self.store.objects[resource, namespace, name]
            return 200, body
        given = yaml.safe_load(sent)
        if self.command == "POST":
            key = (resource, namespace, given["metadata"]["name"])
            if key in self.store.objects:
                raise Refused(409, "AlreadyExists", f'{resource} "{key[2]}" already exists')
            return 201, self.store.put(key, given, old=None)
        key = (resource, namespace, name)
        if self.command == "PUT":
            old = self._found(key)
            held = given["metadata"].get("resourceVersion")
            if held and held != old["metadata"]["resourceVersion"]:
                raise Refused(409, "Conflict", "the object has been modified")
            return 200, self.store.put(key, given, old=old)
        return 200, self._patched(key, given)

    def _patched(self, key: tuple[str, str, str], given: Any) -> Body:
        form = self.headers["Content-Type"].partition(";")[0]
        live = self.store.objects.get(key)
        if form == "application/apply-patch+yaml":
            manager = parse_qs(urlsplit(self.path).query)["fieldManager"][0]
            before = self.store.applied.get((key, manager), {})
            self.store.applied[key, manager] = given
            if live is None:
                return self.store.put(key, given, old=None)
            base = dropped(live, before, given)
            return self.store.put(key, merge(base, given, (), kind=given["kind"], patch=False), old=live)
        if live is None:
            raise Refused(404, "NotFound", f'{key[0]} "{key[2]}" not found')
        if form == "application/json-patch+json":
            return self.store.put(key, json_patch(live, given), old=live)
        return self.store.put(key, merge(live, given, (), kind=live["kind"], patch=True), old=live)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def api_server() -> Iterator[str]:
    """Run the server on loopback; yield its address."""
    handler = type("Handler", (_Handler,), {"store": Store()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
