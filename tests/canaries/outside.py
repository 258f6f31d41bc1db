"""Programs that stand in for `kubectl`, `helm` and `kustomize`, and say more than they should."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from planting import Planter

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
