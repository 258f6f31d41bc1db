"""Credentials as people leave them: which rule an entry falls to, in each form of Secret and in both scopes."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

HOST, HARBOR, ACR, HUB = "registry.example.com", "harbor.example.com", "acme.azurecr.io", "https://index.docker.io/v1/"
GUID = "00000000-0000-0000-0000-000000000000"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def entry(user: str, password: str = "pw1x", **more: str) -> dict[str, str]:
    return {"username": user, "password": password, "auth": encoded(f"{user}:{password}"), **more}


ENTRIES: dict[str, tuple[str, str, dict[str, str]]] = {
    "login-of-azure": ("RC114", ACR, {"auth": encoded(f"{GUID}:"), "identitytoken": "a1b2c3"}),
    "login-of-azure-spelt-out": ("RC114", ACR, {"username": GUID, "password": "", "identitytoken": "a1b2c3"}),
    "token-in-another-case": ("RC114", HOST, {"identityToken": "a1b2c3"}),
    "token-beside-an-empty-auth": ("RC114", HOST, {"auth": "", "identitytoken": "a1b2c3"}),
    "both-tokens": ("RC114", HOST, {"identitytoken": "a1b2c3", "registrytoken": "d4e5f6"}),
    "empty-token": ("RC109", HOST, {"identitytoken": ""}),
    "token-beside-a-password": ("", ACR, entry(GUID, identitytoken="a1b2c3")),
    "empty-token-beside-a-password": ("", HOST, entry("user", identitytoken="")),
    "doubled-dollar": ("RC118", HARBOR, entry("robot$$ci")),
    "doubled-dollar-of-a-project": ("RC118", HOST, entry("robot$$team+ci")),
    "doubled-dollar-in-auth-alone": ("RC118", HARBOR, {"auth": encoded("robot$$ci:pw1x")}),
    "robot-alone": ("RC118", HARBOR, entry("robot")),
    "robot-alone-in-auth": ("RC118", HARBOR, {"auth": encoded("robot:pw1x")}),
    "robot-of-quay": ("", "quay.io", entry("acme+robot")),
    "robot-who-is-a-user": ("", "ghcr.io", entry("robot")),
    "robot-of-harbor": ("", HARBOR, entry("robot$ci")),
    "robot-of-another-prefix": ("", HARBOR, entry("robot_ci")),
    "oauth-token": ("", "nvcr.io", entry("$oauthtoken")),
    "app-of-cloud": ("", HOST, entry("$app")),
    "backslash-kept": ("RC118", HARBOR, entry("robot\\$ci")),
    "backslash-of-oauth-token": ("RC118", "nvcr.io", entry("\\$oauthtoken")),
    "backslash-of-a-domain": ("", HOST, entry("CORP\\svc$")),
    "quotes-kept": ("RC118", HARBOR, entry("'robot$ci'")),
    "quote-in-a-name": ("", HOST, entry("o'brien")),
    "variable-as-auth": ("RC118", HOST, {"auth": "$AUTH"}),
    "variable-as-user": ("RC118", HOST, entry("$REGISTRY_USER")),
    "variables-encoded": ("RC118", HOST, {"auth": encoded("$REGISTRY_USER:$REGISTRY_PASSWORD")}),
    "variable-as-password": ("RC118", HOST, entry("user", "$TOKEN")),
    "variable-of-powershell": ("RC118", HOST, entry("user", "$env:TOKEN")),
    "command-as-password": ("RC118", HOST, entry("user", "$(cat token)")),
    "command-in-backticks": ("RC118", HOST, entry("user", "`cat token`")),
    "variable-in-braces": ("RC115", HOST, entry("user", "${TOKEN}")),
    "dollar-in-a-password": ("", HOST, entry("user", "pa$WORD5")),
    "dollars-in-a-password": ("", HOST, entry("user", "pa$$w0rd")),
    "dollar-first-in-a-password": ("", HOST, entry("user", "$ecret1")),
    "backtick-in-a-password": ("", HOST, entry("user", "pa`w0rd")),
    "example-of-the-documentation": ("RC115", HOST, {"auth": "b3Blb="}),
    "angle-brackets": ("RC115", HOST, entry("<username>", "<password>")),
    "angle-brackets-encoded": ("RC115", HOST, {"auth": encoded("<user>:<token>")}),
    "change-me": ("RC115", HOST, entry("user", "changeme")),
    "insert-here": ("RC115", HOST, entry("user", "INSERT_TOKEN_HERE")),
    "windows-variable": ("RC115", HOST, entry("user", "%TOKEN%")),
    "plain": ("", HOST, entry("user", "s0mething")),
}
FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "store": ("RC110", {"auths": {HUB: {}}, "credsStore": "desktop"}),
    "store-misspelt": ("RC110", {"auths": {HUB: {}}, "credSstore": "osxkeychain"}),
    "helpers": ("RC110", {"credsStore": "desktop", "credHelpers": {"us.gcr.io": "gcloud"}}),
    "store-beside-a-credential": ("", {"auths": {HOST: entry("user")}, "credsStore": "desktop"}),
    "no-helpers": ("", {"auths": {HOST: entry("user")}, "credHelpers": {}}),
    "no-store": ("", {"auths": {HOST: entry("user")}, "credsStore": ""}),
}


def secret(name: str, payload: dict[str, Any], form: str) -> dict[str, Any]:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}}
    if form == "dockercfg":
        body["type"], body["data"] = "kubernetes.io/dockercfg", {".dockercfg": encoded(json.dumps(payload["auths"]))}
        return body
    body["type"] = "kubernetes.io/dockerconfigjson"
    text = json.dumps(payload, indent=2)
    if form == "data":
        body["data"] = {".dockerconfigjson": encoded(text)}
    else:
        body["stringData"] = {".dockerconfigjson": text}
    return body


@pytest.mark.parametrize("scope", ["manifests", "cluster"])
@pytest.mark.parametrize("form", ["data", "stringData", "dockercfg"])
def test_each_entry_falls_to_one_rule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scope: str, form: str
) -> None:
    wanted = {name: code for name, (code, _, _) in ENTRIES.items()}
    payloads: dict[str, dict[str, Any]] = {name: {"auths": {host: one}} for name, (_, host, one) in ENTRIES.items()}
    if form != "dockercfg":
        wanted |= {name: code for name, (code, _) in FILES.items()}
        payloads |= {name: payload for name, (_, payload) in FILES.items()}
    items = [secret(name, payload, form) for name, payload in payloads.items()]
    (tmp_path / "scan.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    words = ["--scope", scope, "--select", "payload", "--ignore", "RC113", "--format", "json"]
    main(["check", str(tmp_path / "scan.json"), *words])
    found: dict[str, list[str]] = {name: [] for name in payloads}
    for one in json.loads(capsys.readouterr().out)["findings"]:
        found[one["object"]["name"]].append(one["code"])
        if one["object"]["name"].startswith("robot-alone"):
            assert "a guess" in one["message"]
            assert one["severity"] == "warning"
    assert found == {name: [code] if code else [] for name, code in wanted.items()}
