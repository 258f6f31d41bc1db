"""Programs that stand in for `kubectl`, `helm` and `kustomize`, and say more than they should."""

import http.server
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from planting import Planter, b64

_SERVER = """#!{python} -SE
import json, os, sys
words = sys.argv[1:]
if words[:2] == ["config", "current-context"]:
    print({context!r}); sys.exit(0)
answers = json.load(open({answers!r}))
answer = answers.get(words[2].split("?")[0])
if answer is None:
    sys.stderr.write("Error from server (NotFound): the server could not find the requested resource\\n"); sys.exit(1)
if isinstance(answer, str):
    sys.stderr.write(answer); sys.exit(1)
print(json.dumps(answer))
"""
_PLURAL = {"Secret": "secrets", "ImageDigestMirrorSet": "imagedigestmirrorsets", "OCIRepository": "ocirepositories"}


def program(folder: Path, patch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """Put a program on the PATH, before any other of its name."""
    place = folder / "bin" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    place.chmod(0o755)
    if str(place.parent) not in os.environ["PATH"].split(os.pathsep):
        patch.setenv("PATH", f"{place.parent}{os.pathsep}{os.environ['PATH']}")


def cluster(folder: Path, patch: pytest.MonkeyPatch, items: list[dict[str, Any]], plant: Planter) -> None:
    """Serve objects through a `kubectl` that refuses one kind, and quotes a credential where it does."""
    answers: dict[str, Any] = {}
    resources: dict[str, list[dict[str, Any]]] = {"v1": []}
    lists: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in items:
        lists.setdefault((item["apiVersion"], item["kind"]), []).append(
            {name: value for name, value in item.items() if name not in ("apiVersion", "kind")}
        )
    for (version, kind), found in lists.items():
        plural = _PLURAL.get(kind, f"{kind.lower()}s")
        resources.setdefault(version, []).append({"name": plural, "namespaced": True, "verbs": ["list", "get"]})
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        answers[f"{base}/{plural}"] = {"kind": f"{kind}List", "apiVersion": version, "metadata": {}, "items": found}
    one = plant.at("stderr of kubectl")
    answers["/api/v1/events"] = (
        f'Error from server (Forbidden): "https://{one.url}@api:6443" token={one.password} Bearer {one.auth}\n'
    )
    answers["/api/v1/configmaps"] = f"Unable to connect to the server: proxy http://{one.url}@proxy:3128: refused\n"
    for version, found in resources.items():
        answers[f"/apis/{version}" if "/" in version else f"/api/{version}"] = {"resources": found}
    groups = [version.split("/") for version in resources if "/" in version]
    answers["/apis"] = {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": name,
                "versions": [{"groupVersion": f"{name}/{version}", "version": version}],
                "preferredVersion": {"groupVersion": f"{name}/{version}", "version": version},
            }
            for name, version in groups
        ],
    }
    place = folder / "answers.json"
    place.write_text(json.dumps(answers))
    text = _SERVER.format(python=sys.executable, answers=str(place), context=f"https://{plant.at('context').url}@api")
    program(folder, patch, "kubectl", text)
    patch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def complaining(folder: Path, patch: pytest.MonkeyPatch, plant: Planter) -> None:
    """Put tools on the PATH that fail and quote credentials in every way that they are known to."""
    for name in ("helm", "kustomize", "kubectl"):
        one = plant.at(f"stderr of {name}")
        lines = [
            f"Error: values don't meet the schema: password: {one.password}",
            f'Error: failed to fetch https://{one.url}@charts.example.com/index.yaml: 401 "Basic {one.auth}"',
            f"Error: YAML parse error: map[password:{one.password} user:{one.user}]",
        ]
        program(folder, patch, name, "#!/bin/sh\ncat >&2 <<'EOF'\n" + "\n".join(lines) + "\nEOF\nexit 1\n")


def kubeconfig(plant: Planter) -> str:
    """A kubeconfig with a credential in every place that it has for one, and in one that it has not."""
    one = plant.at
    return f"""apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: prod
  cluster: {{server: 'https://{one("kubeconfig server").url}@api:6443', proxy-url: 'http://{one("proxy-url").url}@proxy:3128'}}
contexts:
- name: prod
  context: {{cluster: prod, user: admin}}
users:
- name: admin
  user:
    token: {one("kubeconfig token").password}
    username: {one("kubeconfig user").user}
    password: {one("kubeconfig password").password}
    client-key-data: {b64(one("client key").password)}
    auth-provider: {{name: oidc, config: {{client-secret: {one("oidc").password}, id-token: {one("id token").auth}}}}}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: login
      args: [--password={one("exec argument").password}, --token, {one("exec argument apart").password}]
      env: [{{name: TOKEN, value: {one("exec environment").password}}}]
"""


def refused_client(folder: Path, patch: pytest.MonkeyPatch, name: str, plant: Planter) -> None:
    """Put a client on the PATH that quotes its kubeconfig where it fails."""
    one = plant.at(f"stderr of {name} about its kubeconfig")
    lines = [
        f"error: error loading config file: yaml: line 9: token: {one.password}: mapping values are not allowed",
        f"Unable to connect to the server: getting credentials: exec: executable login --password={one.password}",
        f'error: proxyconnect tcp: http://{one.url}@proxy:3128: "Basic {one.auth}"',
    ]
    program(folder, patch, name, "#!/bin/sh\ncat >&2 <<'EOF'\n" + "\n".join(lines) + "\nEOF\nexit 1\n")


def refusing_git(folder: Path, patch: pytest.MonkeyPatch, plant: Planter) -> None:
    """Put a `git` on the PATH that cannot fetch, and quotes the remote's URL with its login."""
    one = plant.at("stderr of git")
    said = f"fatal: unable to access 'https://{one.url}@git.example.com/x.git/': The requested URL returned error: 401"
    program(folder, patch, "git", f"#!/bin/sh\necho \"{said}\" >&2\nexit 128\n")


class Refusing(http.server.BaseHTTPRequestHandler):
    """A server that quotes what it was sent, and refuses it."""

    def do_GET(self) -> None:
        """Answer with the request's own words, in status, headers and body."""
        said = f"{self.path} {self.headers.get('Authorization', '')}"
        body = said.encode()
        self.send_response(403 if "denied" in self.path else 500, said)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("WWW-Authenticate", f'Basic realm="{said}"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - as its base class calls it

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def refusing() -> Iterator[str]:
    """Run the server that refuses; the address is without a scheme."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
