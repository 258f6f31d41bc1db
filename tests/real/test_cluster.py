"""Fix folders against an API server: defective objects go in, `kubectl` applies the folder, and nothing is found.

A small server of our own always runs. A real one runs where KUBEBUILDER_ASSETS names kube-apiserver and etcd (the
envtest convention), or where REGCRED_TEST_KUBECONFIG gives the address of one that may be written to: every test works
in a namespace of its own and removes it.
"""

import base64
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from apiserver import api_server

from linter.__main__ import main

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="not installed: kubectl")

CONFIG = "kubernetes.io/dockerconfigjson"
ASSETS = os.environ.get("KUBEBUILDER_ASSETS", "")
GIVEN = os.environ.get("REGCRED_TEST_KUBECONFIG", "")


class Cluster:
    """A server and how kubectl reaches it. `real` tells that validation and schemas are the server's own."""

    def __init__(self, options: list[str], home: Path, *, real: bool) -> None:
        self.options = options
        self.home = home
        self.real = real

    def kubectl(self, *words: str, sent: str = "") -> str:
        return self.shell(shlex.join(["kubectl", *words]), sent=sent)

    def shell(self, script: str, *, sent: str = "", folder: Path | None = None) -> str:
        """Run lines as an administrator would, who has this cluster as the current one."""
        programs = self.home / "programs"
        programs.mkdir(exist_ok=True)
        loose = "" if self.real else 'case $1 in create|apply|replace) set -- "$@" --validate=false;; esac\n'
        program = programs / "kubectl"
        program.write_text(f'#!/bin/bash\n{loose}exec {shutil.which("kubectl")} "$@" {shlex.join(self.options)}\n')
        program.chmod(0o700)
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            input=sent.encode(),
            capture_output=True,
            cwd=folder,
            timeout=60,
            check=False,
            env={"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.home)},
        )
        assert done.returncode == 0, f"{script}: {done.stderr.decode()}"
        return done.stdout.decode()


@contextmanager
def _envtest(folder: Path) -> Iterator[list[str]]:
    """etcd and kube-apiserver of KUBEBUILDER_ASSETS, for this test process alone."""
    ports = []
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    etcd, peer, secure = ports
    (folder / "tokens.csv").write_text("invented,admin,1,system:masters\n")
    key = folder / "account.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    store = f"http://127.0.0.1:{etcd}"
    commands = [
        [
            f"{ASSETS}/etcd",
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
        ],
        [
            f"{ASSETS}/kube-apiserver",
            f"--etcd-servers={store}",
            f"--secure-port={secure}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={folder / 'certs'}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://localhost",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/24",
        ],
    ]
    with ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        options = [f"--server=https://127.0.0.1:{secure}", "--token=invented", "--insecure-skip-tls-verify"]
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if (
                subprocess.run(
                    ["kubectl", "get", "--raw=/readyz", *options], capture_output=True, check=False
                ).returncode
                == 0
            ):
                break
            time.sleep(0.2)
        yield options


def _servers() -> list[Any]:
    real = [pytest.mark.cluster]
    no_assets = pytest.mark.skipif(not ASSETS, reason="KUBEBUILDER_ASSETS names no kube-apiserver and etcd")
    no_config = pytest.mark.skipif(not GIVEN, reason="REGCRED_TEST_KUBECONFIG names no cluster")
    return [
        "ours",
        pytest.param("envtest", marks=[*real, no_assets]),
        pytest.param("given", marks=[*real, no_config]),
    ]


@pytest.fixture(scope="module", params=_servers())
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        if request.param == "ours":
            yield Cluster(["--server=" + stack.enter_context(api_server())], home, real=False)
        elif request.param == "envtest":
            yield Cluster(stack.enter_context(_envtest(home)), home, real=True)
        else:
            yield Cluster([f"--kubeconfig={GIVEN}"], home, real=True)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"regcred-{uuid.uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    cluster.kubectl("create", "-f", "-", sent=json.dumps(body))
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def code(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(*keys: str, account: str = "user:pass") -> str:
    return json.dumps({"auths": {key: {"auth": code(account)} for key in keys}})


def secret(name: str, payload: str, kind: str = CONFIG, **more: Any) -> dict[str, Any]:
    meta = {"name": name, **more.pop("metadata", {})}
    data = {".dockerconfigjson": code(payload)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": data, **more}


def account(name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, **fields}


def deployment(name: str, image: str, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    pod = {"containers": [{"name": "app", "image": image}], **spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def names(*listed: str) -> list[dict[str, str]]:
    return [{"name": name} for name in listed]


IMAGE = "quay.example.com/shop/app:1"
HOST = "quay.example.com"
CASES: dict[str, list[dict[str, Any]]] = {
    # One field of a Secret.
    "RC106": [
        secret("s", json.dumps({"auths": {HOST: {"auth": "?", "username": "user", "password": "pass"}}})),
        account("web", imagePullSecrets=names("s")),
        deployment("web", IMAGE, serviceAccountName="web"),
    ],
    "RC205": [
        secret("s", config(f"{HOST}/v2")),
        deployment("web", IMAGE, imagePullSecrets=names("s")),
    ],
    # An immutable field: delete and create.
    "RC111": [secret("s", config(HOST), "Opaque"), deployment("web", IMAGE, imagePullSecrets=names("s"))],
    "RC202": [
        secret("s", config(HOST, f"https://{HOST}"), immutable=True),
        deployment("web", IMAGE, imagePullSecrets=names("s")),
    ],
    # A list that the API replaces as one, with what OpenShift generated in it.
    "RC302": [
        secret("s", config(HOST)),
        account("web", secrets=names("s"), imagePullSecrets=names("web-dockercfg-abcde")),
        deployment("web", IMAGE, serviceAccountName="web"),
    ],
    "RC307": [
        secret("s", config(HOST)),
        account("web", imagePullSecrets=names("s", "web-dockercfg-abcde", "s")),
        deployment("web", IMAGE, serviceAccountName="web"),
    ],
    # Lists that the API merges by name, and keys that apply leaves alone.
    "RC303": [secret("robot", config(HOST)), deployment("web", IMAGE, imagePullSecrets=names("robot1"))],
    "RC305": [
        secret("s", config(HOST)),
        secret("other", config("other.example.com", account="a:b")),
        account("web", imagePullSecrets=names("s")),
        deployment("web", IMAGE, serviceAccountName="web", imagePullSecrets=names("other")),
    ],
    "RC702": [
        secret(
            "s",
            config(HOST),
            metadata={
                "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": json.dumps(secret("s", config(HOST)))
                }
            },
        ),
        deployment("web", IMAGE, imagePullSecrets=names("s")),
    ],
}
GENERATED = "web-dockercfg-abcde"


def dump(cluster: Cluster, namespace: str, file: Path) -> None:
    """Write the namespace as `kubectl get -o json` does."""
    kinds = "secrets,serviceaccounts,deployments,pods"
    file.write_text(cluster.kubectl("get", kinds, "-n", namespace, "-o", "json"))


def findings(file: Path, rule: str, tmp_path: Path, *more: str) -> list[dict[str, Any]]:
    out = tmp_path / "result.json"
    words = ["check", str(file), "--scope", "cluster", "--fail-on", "never", "--select", f"{rule},RC702", *more]
    main([*words, "--format", f"json={out}"])
    return json.loads(out.read_text())["findings"]


def commands(readme: str, heading: str) -> list[list[str]]:
    """The fenced commands below a heading, one list for each fence."""
    section = re.search(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", readme)
    fences = re.findall(r"(?ms)^```sh\n(.*?)^```", section[1]) if section else []
    return [[line for line in fence.splitlines() if line] for fence in fences]


def prepared(rule: str, cluster: Cluster, namespace: str, tmp_path: Path, *more: str) -> tuple[Path, str]:
    """Put the defective objects into the cluster; return the folder that repairs them, and its README."""
    made = CASES[rule] + ([] if cluster.real else [account("default")])
    cluster.kubectl(
        "create", "-n", namespace, "-f", "-", sent=json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    )
    before = tmp_path / "before.json"
    dump(cluster, namespace, before)
    folder = tmp_path / "fixes"
    found = findings(before, rule, tmp_path, "--fix-dir", str(folder), "--unsafe-fixes", *more)
    assert rule in {one["code"] for one in found}
    return folder, (folder / "README.md").read_text()


@pytest.mark.parametrize("rule", CASES)
def test_a_folder_repairs_the_cluster(
    rule: str, cluster: Cluster, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, readme = prepared(rule, cluster, namespace, tmp_path)
    after = tmp_path / "after.json"
    for heading in ("Delete and create", "Replace", "Take away", "Apply"):
        for fence in commands(readme, heading):
            cluster.shell("\n".join(fence), folder=folder)
    dump(cluster, namespace, after)
    assert findings(after, rule, tmp_path) == []
    accounts = [one for one in CASES[rule] if one["kind"] == "ServiceAccount"]
    if any({"name": GENERATED} in one["imagePullSecrets"] for one in accounts if "imagePullSecrets" in one):
        assert {"name": GENERATED} in json.loads(
            cluster.kubectl("get", "serviceaccount", "web", "-n", namespace, "-o", "json")
        )["imagePullSecrets"]
    capsys.readouterr()


@pytest.mark.skipif(shutil.which("jq") is None, reason="not installed: jq")
@pytest.mark.parametrize("rule", ["RC106", "RC111", "RC202", "RC205"])
def test_secrets_are_repaired_by_hand(
    rule: str, cluster: Cluster, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without credentials: what is taken out, changed and put back leaves nothing behind, here or there."""
    folder, readme = prepared(rule, cluster, namespace, tmp_path, "--no-credentials")
    kept = json.loads(cluster.kubectl("get", "secret", "s", "-n", namespace, "-o", "json"))
    kept["metadata"].setdefault("annotations", {})["kubectl.kubernetes.io/last-applied-configuration"] = "{}"
    cluster.kubectl("replace", "-n", namespace, "-f", "-", sent=json.dumps(kept))
    taken, put = commands(readme, "Without a file")
    changed = shlex.quote(config(HOST))
    edit = f'for file in "$folder"/*.payload.json; do [ ! -e "$file" ] || echo {changed} > "$file"; done'
    cluster.shell("\n".join([*taken, edit, *put, '[ ! -e "$folder" ]']), folder=folder)
    after = tmp_path / "after.json"
    dump(cluster, namespace, after)
    assert findings(after, rule, tmp_path) == []
    capsys.readouterr()


@pytest.mark.skipif(shutil.which("jq") is None, reason="not installed: jq")
def test_what_could_not_be_put_back_stays(
    cluster: Cluster, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The only copy of a deleted Secret is never removed."""
    folder, readme = prepared("RC202", cluster, namespace, tmp_path, "--no-credentials")
    taken, put = commands(readme, "Without a file")
    edit = 'echo "[" > "$folder"/1-s.payload.json'
    script = "\n".join([*taken, edit, "set +e", *put, 'ls "$folder"'])
    assert {"1-s.secret.json", "1-s.payload.json", "1-s.new.json"} <= {*cluster.shell(script, folder=folder).split()}
    capsys.readouterr()


def test_a_secret_that_has_changed_since_is_not_replaced(
    cluster: Cluster, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, readme = prepared("RC205", cluster, namespace, tmp_path)
    (lines,) = commands(readme, "Replace")
    cluster.kubectl("label", "secret/s", "-n", namespace, "rotated=yes")
    with pytest.raises(AssertionError, match="Conflict"):
        cluster.shell("\n".join(lines), folder=folder)
    capsys.readouterr()


@pytest.mark.parametrize("immutable", [True, False])
def test_what_the_folder_relies_on(immutable: bool, cluster: Cluster, namespace: str) -> None:
    """The server refuses in place what the folder deletes and creates."""
    made = secret("s", config(HOST), immutable=immutable)
    cluster.kubectl("create", "-n", namespace, "-f", "-", sent=json.dumps(made))
    changed = {**made, "type": "Opaque"} if not immutable else {**made, "data": {".dockerconfigjson": code("{}")}}
    with pytest.raises(AssertionError, match="immutable"):
        cluster.kubectl(
            "apply", "--server-side", "--force-conflicts", "-n", namespace, "-f", "-", sent=json.dumps(changed)
        )
