"""A fleet for tests: dumps of small clusters in several layouts, and a repository beside them."""

import base64
import importlib
import io
import json
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any


def _load(name: str) -> ModuleType:
    """A helper of the tests of layouts, under a name that no other test takes."""
    folder = Path(__file__).parent.parent / "layouts"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(name)


Cluster = _load("cluster").Cluster
LAYOUTS = _load("writers").LAYOUTS


def put(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root


def tar_gz(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def listed(objects: list[Any]) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()


def dump(seed: int, marker: str = "") -> bytes:
    """A cluster as `kubectl get -o json` writes it. `marker` is the name of a namespace more."""
    objects = Cluster(seed).objects
    if marker:
        metadata = {"name": marker, "uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-11-02T08:00:00Z"}
        objects.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**metadata, "namespace": marker}})
    return listed(objects)


def manifest(name: str, registry: str = "quay.io") -> str:
    auth = base64.b64encode(b"robot:hunter2").decode()
    payload = base64.b64encode(json.dumps({"auths": {registry: {"auth": auth}}}).encode()).decode()
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: web}}\n"
        f"type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: {payload}\n---\n"
        f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: web}}\n"
        f"imagePullSecrets: [{{name: {name}x}}]\n"
    )


def fleet(root: Path) -> list[str]:
    """Write a fleet below `root`, the working directory; return its arguments."""
    put(root / "alpha", LAYOUTS["must-gather"].write(Cluster(1).objects))
    (root / "beta.tar.gz").write_bytes(tar_gz(LAYOUTS["velero"].write(Cluster(2).objects)))
    (root / "gamma.json").write_bytes(dump(3))
    (root / "delta.json").write_bytes(dump(4))
    for number in range(4):
        put(root / "deploy", {f"{number}.yaml": manifest(f"app-{number}").encode()})
    (root / "deploy" / "broken.yaml").write_text("apiVersion: v1\nkind: Secret\n  bad: [\n")
    (root / "more.yaml").write_text(manifest("more") + "# regcred: ignore[RC999] a name of nothing\n")
    return ["gamma.json", "deploy", "beta.tar.gz", "alpha", "missing.tar.gz", "more.yaml", "delta.json"]
