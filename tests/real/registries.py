"""Registries on loopback for one test process: Debian's docker-registry with htpasswd, and what a kubelet would read.

Every process has addresses of its own (127.x.y.z), so that tests can run side by side and port 80 is free for each.
"""

import base64
import gzip
import hashlib
import http.client
import http.server
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PROGRAMS = ("docker-registry", "skopeo", "htpasswd")
TYPES = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}


class Registries(NamedTuple):
    """Addresses with ports: `one` wants user:pass, `two` wants team:word, `eighty` is `one` on port 80 ("" for none).

    `split` is one host with two accounts: team:word under /team, user:pass for the rest.
    """

    one: str
    two: str
    split: str
    eighty: str


def missing() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


def _address(last: int) -> str:
    pid = os.getpid()
    return f"127.{pid // 62500 % 250 + 1}.{pid // 250 % 250 + 1}.{pid % 50 * 5 + last}"


def _free(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _registry(folder: Path, address: str, port: int, account: str) -> Iterator[str]:
    name, _, word = account.partition(":")
    home = folder / f"{name}-{port}"
    home.mkdir()
    hashed = subprocess.run(["htpasswd", "-Bbn", "-C", "4", name, word], check=True, capture_output=True).stdout
    (home / "htpasswd").write_bytes(hashed)
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": f"{address}:{port}", "secret": "invented"},
        "auth": {"htpasswd": {"realm": "test", "path": str(home / "htpasswd")}},
    }
    (home / "config.yml").write_text(yaml.safe_dump(settings))
    command = ["docker-registry", "serve", str(home / "config.yml")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(address, port, process)
            yield f"{address}:{port}"
        finally:
            process.terminate()


def _wait(address: str, port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 100
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection((address, port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry did not start on {address}:{port}")


class _Split(http.server.BaseHTTPRequestHandler):
    """Hands /v2/team/ to one registry and everything else to the other, credentials and all."""

    one = two = ""

    def do_GET(self) -> None:
        target = self.two if self.path.startswith("/v2/team/") else self.one
        asked = http.client.HTTPConnection(target, timeout=20)
        asked.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for key, value in self.headers.items():  # Accept comes several times
            asked.putheader(key, value)
        asked.endheaders()
        answer = asked.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("transfer-encoding", "connection", "date"):
                self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        asked.close()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _image(folder: Path) -> None:
    """Write the smallest image there is as an OCI layout: one empty layer."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(data: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    plain = io.BytesIO()
    tarfile.open(fileobj=plain, mode="w").close()
    layer = blob(gzip.compress(plain.getvalue(), mtime=0), "layer.v1.tar+gzip")
    diff = f"sha256:{hashlib.sha256(plain.getvalue()).hexdigest()}"
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [diff]}}
    manifest = {"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"), "layers": [layer]}
    (folder / "index.json").write_text(
        json.dumps({"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]})
    )
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


@contextmanager
def registries(folder: Path) -> Iterator[Registries]:
    """Start all of them, filled with `team/app:1` and `app:1`; stop all of them in the end."""
    with ExitStack() as stack:
        one = stack.enter_context(_registry(folder, _address(1), _free(_address(1)), "user:pass"))
        two = stack.enter_context(_registry(folder, _address(2), _free(_address(2)), "team:word"))
        eighty = ""
        with suppress(OSError, RuntimeError):
            with socket.socket() as probe:
                probe.bind((_address(3), 80))  # only root may, most often
            eighty = stack.enter_context(_registry(folder, _address(3), 80, "user:pass"))
        handler = type("Split", (_Split,), {"one": one, "two": two})
        server = http.server.ThreadingHTTPServer((_address(4), 0), handler)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        _image(folder / "image")
        for name in ("team/app:1", "app:1"):
            command = ["skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds=user:pass"]
            subprocess.run([*command, f"oci:{folder / 'image'}", f"docker://{one}/{name}"], check=True, timeout=60)
        yield Registries(one, two, f"{_address(4)}:{server.server_address[1]}", eighty)


def pulled(image: str, auth_file: Path) -> bool:
    """Whether skopeo gets the image's manifest with nothing but this file of credentials."""
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", "--authfile", str(auth_file), f"docker://{image}"]
    quiet = {"PATH": os.environ["PATH"], "HOME": str(auth_file.parent), "XDG_RUNTIME_DIR": str(auth_file.parent)}
    answer = subprocess.run(command, capture_output=True, env=quiet, timeout=60, check=False)
    return answer.returncode == 0


def served(text: str, image: str, folder: Path) -> bool:
    """Whether the reader of these manifests gets the image: with the content of any secret that reaches it."""
    files = list(_reaching([one for one in yaml.safe_load_all(text) if one]))
    for number, content in enumerate(files or [b"{}"]):
        auth_file = folder / f"auth-{number}.json"
        auth_file.write_bytes(content)
        if pulled(image, auth_file):
            return True
    return False


def _reaching(objects: list[dict[str, Any]]) -> Iterator[bytes]:
    """The payloads that reach the pod (admission's list), the import (the namespace's) or else the node."""
    pods = [one for one in objects if one["kind"] == "Pod"]
    secrets = [one for one in objects if one["kind"] == "Secret"]
    if pods:
        spec = pods[0]["spec"]
        account = spec.get("serviceAccountName", "default")
        accounts = [one for one in objects if one["kind"] == "ServiceAccount" and one["metadata"]["name"] == account]
        listed = spec.get("imagePullSecrets") or (accounts[0].get("imagePullSecrets") if accounts else None) or []
        # An item with a namespace is refused by strict clients and its secret looked for in the pod's own.
        names = [item.get("name") for item in listed if "namespace" not in item]
        secrets = [one for name in names for one in secrets if one["metadata"]["name"] == name]
    for one in secrets:
        if (one["metadata"].get("annotations") or {}).get("openshift.io/image.excludeSecret") == "true":
            continue
        key = TYPES.get(one.get("type", "Opaque"), "")
        with suppress(ValueError):
            if key in (one.get("stringData") or {}):
                content = one["stringData"][key].encode()
            elif key in (one.get("data") or {}):
                content = base64.b64decode(one["data"][key].replace("\n", ""), validate=True)
            else:
                continue
            yield b'{"auths":%s}' % content if key == ".dockercfg" else content
