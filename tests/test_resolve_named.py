"""Who names the Secret that would serve a pull: asked for every pull, and looked up once."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commons import calls, quiet

AUTHS = '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}'


def scan(folder: Path, *specs: dict[str, Any]) -> str:
    """A Secret that serves no pull, and a Deployment with each of the pod specs."""

    def made(api: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
        return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **more}

    items = [
        made("v1", "Secret", "regcred", type="Opaque", stringData={".dockerconfigjson": AUTHS}),
        made("v1", "ServiceAccount", "default"),
    ]
    for number, spec in enumerate(specs):
        image = f"registry.example.com/team/app-{number}"
        template = {"spec": {"containers": [{"name": "web", "image": image}], **spec}}
        items.append(made("apps/v1", "Deployment", f"web-{number}", spec={"template": template}))
    path = folder / f"{len(specs)}.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)


def test_pulls_are_answered_in_time_that_grows_with_them(tmp_path: Path) -> None:
    half: tuple[dict[str, Any], ...] = ({}, {"imagePullSecrets": [{"name": "regcred"}]})
    one, four = (scan(tmp_path, *half * number) for number in (100, 400))
    assert calls("resolve", four) < 4.2 * calls("resolve", one)


@pytest.mark.parametrize("host", ["registry.example.com", "registry.redhat.io"])
def test_a_secret_beside_a_pull_tells_that_it_wants_one_of_whatever_registry(host: str, tmp_path: Path) -> None:
    path = Path(scan(tmp_path, {}))
    path.write_text(path.read_text().replace("registry.example.com", host))
    [answer] = json.loads(quiet("resolve", str(path), "--format", "json")[1])["answers"]
    assert answer["verdict"] == "uncovered"
    assert "Secret regcred in namespace shop holds a credential for it" in answer["summary"]


PAIRS = [("*.example.com", "registry.example.com"), ("index.docker.io", "docker.io")]


@pytest.mark.parametrize(("key", "image"), PAIRS)
def test_a_key_that_matches_does_not_nearly_match(key: str, image: str, tmp_path: Path) -> None:
    path = Path(scan(tmp_path, {}))
    text = path.read_text().replace("registry.example.com/", f"{image}/")
    text = text.replace("Opaque", "kubernetes.io/dockerconfigjson")
    path.write_text(text.replace('\\"registry.example.com', f'\\"{key}'))
    [answer] = json.loads(quiet("resolve", str(path), "--format", "json")[1])["answers"]
    assert "nearly" not in answer["summary"]
    assert not [one for one in answer["changes"] if "write the key" in one["summary"]]
