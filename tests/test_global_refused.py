"""A global pull secret that the machine-config operator refuses: the nodes keep a file that nobody knows here."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

AUTHS = '{"auths":{"registry.redhat.io":{"auth":"dXNlcjpwYXNz"}}}'
TAKEN = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson", AUTHS)
REFUSED = {
    "legacy": ("kubernetes.io/dockercfg", ".dockercfg", '{"registry.redhat.io":{"auth":"dXNlcjpwYXNz"}}'),
    "no pull secret": ("Opaque", ".dockerconfigjson", AUTHS),
    "no JSON": ("kubernetes.io/dockerconfigjson", ".dockerconfigjson", AUTHS[:-2]),
}


def dump(folder: Path, kind: str, key: str, payload: str) -> str:
    def made(api: str, what: str, name: str, namespace: str, **rest: Any) -> dict[str, Any]:
        metadata = {"name": name, "namespace": namespace, "uid": f"{what}-{name}"}
        return {"apiVersion": api, "kind": what, "metadata": metadata, **rest}

    data = {key: base64.b64encode(payload.encode()).decode()}
    image = "registry.redhat.io/ubi9/ubi:1"
    items = [
        made("v1", "Secret", "pull-secret", "openshift-config", type=kind, data=data),
        made("v1", "ServiceAccount", "default", "shop"),
        made("v1", "Pod", "web", "shop", spec={"containers": [{"name": "web", "image": image}]}),
    ]
    path = folder / "dump.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)


@pytest.mark.parametrize("name", REFUSED)
def test_whether_the_nodes_have_a_credential_is_not_known(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = dump(tmp_path, *REFUSED[name])
    main(["check", path, "--scope", "cluster", "--select", "RC501", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert found["findings"] == []
    (unknown,) = (one for one in found["coverage"]["not_evaluated"] if one["reason"] == "absent")
    assert unknown["message"] == "whether the nodes have a credential for registry.redhat.io is not known here"
    main(["resolve", "--pod", "web", "-n", "shop", path, "--format", "json"])
    assert json.loads(capsys.readouterr().out)["answers"][0]["verdict"] == "unknown"
    main(["resolve", "--pod", "web", "-n", "shop", path])
    said = " ".join(capsys.readouterr().out.split())
    assert "the node-wide file is one of before, since the machine-config operator refuses the global pull" in said
    assert "[match]" not in said


def test_what_the_operator_takes_is_what_the_nodes_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = dump(tmp_path, *TAKEN)
    main(["resolve", "--pod", "web", "-n", "shop", path, "--format", "json"])
    assert json.loads(capsys.readouterr().out)["answers"][0]["verdict"] == "credential"
    path = dump(tmp_path, *TAKEN[:2], '{"auths":{}}')
    main(["check", path, "--scope", "cluster", "--select", "RC501", "--format", "json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert "nothing node-wide matches registry.redhat.io" in finding["message"]
