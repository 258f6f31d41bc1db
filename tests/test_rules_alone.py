"""What one rule leaves to another is told by the one that runs, when only one of the two does."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

AUTHS = '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}'


def scan(folder: Path, kind: str, account: dict[str, Any], template: dict[str, Any]) -> str:
    def made(api: str, what: str, name: str, **rest: Any) -> dict[str, Any]:
        return {"apiVersion": api, "kind": what, "metadata": {"name": name, "namespace": "shop"}, **rest}

    containers = [{"name": "web", "image": "registry.example.com/shop/web:1"}]
    items = [
        made("v1", "Secret", "regcred", type=kind, stringData={".dockerconfigjson": AUTHS}),
        made("v1", "ServiceAccount", "default", **account),
        made("apps/v1", "Deployment", "web", spec={"template": {"spec": {"containers": containers, **template}}}),
    ]
    path = folder / "list.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)


def told(
    path: str, select: str, capsys: pytest.CaptureFixture[str], private: str = "", baseline: Path | None = None
) -> list[tuple[str, str]]:
    config = Path(path).with_name("settings.yaml")
    config.write_text(f"private-registries: [{private}]\n")
    more = ["--baseline", str(baseline)] if baseline is not None else []
    main(["check", path, "--scope", "cluster", "--config", str(config), "--select", select, "--format", "json", *more])
    return [(one["code"], one["object"]["kind"]) for one in json.loads(capsys.readouterr().out)["findings"]]


@pytest.mark.parametrize(
    ("account", "template", "code", "kind"),
    [
        ({}, {}, "RC301", "Secret"),
        ({"secrets": [{"name": "regcred"}]}, {}, "RC302", "ServiceAccount"),
        ({"imagePullSecrets": [{"name": "regcred"}]}, {"imagePullSecrets": [{}]}, "RC305", "Deployment"),
    ],
)
def test_an_image_without_a_link_is_told_of_by_either_rule(
    account: dict[str, Any],
    template: dict[str, Any],
    code: str,
    kind: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = scan(tmp_path, "kubernetes.io/dockerconfigjson", account, template)
    assert told(path, f"{code},RC501", capsys) == [(code, kind)]
    assert told(path, "RC501", capsys) == [("RC501", "Deployment")]


@pytest.mark.parametrize(
    ("account", "template", "kind"),
    [
        ({"imagePullSecrets": [{"name": "regcred"}]}, {}, "ServiceAccount"),
        ({}, {"imagePullSecrets": [{"name": "regcred"}]}, "Deployment"),
    ],
)
def test_a_secret_of_the_wrong_type_is_told_of_by_either_rule(
    account: dict[str, Any], template: dict[str, Any], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = scan(tmp_path, "Opaque", account, template)
    assert told(path, "RC111,RC306", capsys) == [("RC111", "Secret")]
    assert told(path, "links", capsys) == [("RC306", kind)]
    named = scan(tmp_path, "kubernetes.io/dockerconfigjson", account, template)
    assert told(named, "links", capsys) == []


def test_an_image_that_a_secret_of_the_wrong_type_would_serve_is_told_of_by_one_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = scan(tmp_path, "Opaque", {"imagePullSecrets": [{"name": "regcred"}]}, {})
    assert told(path, "RC111,RC501", capsys) == [("RC111", "Secret")]
    assert told(path, "RC306,RC501", capsys) == [("RC306", "ServiceAccount")]
    assert told(path, "RC501", capsys, "registry.example.com") == [("RC501", "Deployment")]


@pytest.mark.parametrize("code", ["RC111", "RC302"])
def test_what_is_accepted_of_one_rule_no_other_brings_back(
    code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, account = ("Opaque", {"imagePullSecrets": [{"name": "regcred"}]})
    if code == "RC302":
        kind, account = ("kubernetes.io/dockerconfigjson", {"secrets": [{"name": "regcred"}]})
    path = scan(tmp_path, kind, account, {})
    assert [one for one, _ in told(path, "links,pulls,RC111", capsys)] == [code]
    known = tmp_path / "baseline"
    main(["baseline", path, "--scope", "cluster", "--select", "links,pulls,RC111", "-o", str(known)])
    capsys.readouterr()
    assert told(path, "links,pulls,RC111", capsys, baseline=known) == []
