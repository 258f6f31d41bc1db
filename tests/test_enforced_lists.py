"""Service accounts that enforce their own lists: admission refuses a pod that names another pull secret."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

AUTHS = '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}'
IMAGE = "registry.example.com/shop/web:1"


def dump(folder: Path, enforces: str | None, *names: str) -> str:
    def made(api: str, what: str, name: str, **rest: Any) -> dict[str, Any]:
        return {"apiVersion": api, "kind": what, "metadata": {"name": name, "namespace": "shop"}, **rest}

    def secret(name: str, payload: str) -> dict[str, Any]:
        kind = "kubernetes.io/dockerconfigjson"
        return made("v1", "Secret", name, type=kind, stringData={".dockerconfigjson": payload})

    account = made("v1", "ServiceAccount", "default", imagePullSecrets=[{"name": "other"}])
    if enforces is not None:
        account["metadata"]["annotations"] = {"kubernetes.io/enforce-mountable-secrets": enforces}
    template = {"imagePullSecrets": [{"name": name} for name in names], "containers": [{"name": "web", "image": IMAGE}]}
    items = [
        secret("regcred", AUTHS),
        secret("other", AUTHS.replace(".com", ".org")),
        account,
        made("v1", "ServiceAccount", "build", imagePullSecrets=[{"name": "regcred"}]),
        made("apps/v1", "Deployment", "web", spec={"template": {"spec": template}}),
    ]
    path = folder / "list.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)


@pytest.mark.parametrize(
    ("enforces", "verdict"), [("true", "unknown"), ("T", "unknown"), ("false", "credential"), (None, "credential")]
)
def test_no_pod_is_admitted_that_names_what_its_account_does_not(
    enforces: str | None, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = dump(tmp_path, enforces, "regcred")
    main(["resolve", "--workload", "deployment/web", "-n", "shop", path, "--scope", "cluster", "--format", "json"])
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert answer["verdict"] == verdict
    assert ("service account default enforces its own lists" in json.dumps(answer)) == (verdict == "unknown")


@pytest.mark.parametrize(("enforces", "fixed"), [("true", False), ("no", True), (None, True)])
def test_no_template_is_given_a_secret_for_which_its_pods_would_be_refused(
    enforces: str | None, fixed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = dump(tmp_path, enforces, "other")
    main(["check", path, "--scope", "cluster", "--select", "RC501", "--format", "json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["fix"] is not None) == fixed


def test_an_unlinked_secret_is_not_added_to_such_a_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {}
    for enforces in ("true", "false"):
        path = dump(tmp_path, enforces, "other")
        data = json.loads(Path(path).read_text())
        data["items"] = [item for item in data["items"] if item["metadata"]["name"] != "build"]
        Path(path).write_text(json.dumps(data))
        main(["check", path, "--scope", "cluster", "--select", "RC301", "--format", "json"])
        (found[enforces],) = json.loads(capsys.readouterr().out)["findings"]
    assert found["true"]["fix"] is None
    assert found["false"]["fix"] is not None
