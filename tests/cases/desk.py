"""Builders of small scans, and the desk that asks `regcred resolve` and `regcred check` about them."""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from linter import registry
from linter.__main__ import main

DOCKERCONFIGJSON = "kubernetes.io/dockerconfigjson"
DOCKERCFG = "kubernetes.io/dockercfg"
HUB = "https://index.docker.io/v1/"
NAMES = {loaded.rule.code for loaded in registry.rules()}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def auth(user: str = "user", password: str = "pass") -> dict[str, str]:
    return {"auth": encoded(f"{user}:{password}")}


def auths(*keys: str, user: str = "user", password: str = "pass") -> dict[str, Any]:
    return {"auths": {key: auth(user, password) for key in keys}}


def meta(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, **more}


def secret(
    payload: Any,
    name: str = "pull",
    kind: str = DOCKERCONFIGJSON,
    key: str = "",
    namespace: str = "shop",
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A Secret; a payload that is no text is written as JSON."""
    content = payload if isinstance(payload, str) else json.dumps(payload)
    key = key or (".dockercfg" if kind == DOCKERCFG else ".dockerconfigjson")
    more = {"annotations": annotations} if annotations else {}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": meta(name, namespace, **more), "type": kind}
    return {**body, "data": {key: encoded(content)}}


def account(
    *names: str, name: str = "default", mounts: tuple[str, ...] = (), namespace: str = "shop"
) -> dict[str, Any]:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(name, namespace)}
    if mounts:
        body["secrets"] = [{"name": one} for one in mounts]
    if names:
        body["imagePullSecrets"] = [{"name": one} for one in names]
    return body


def deployment(image: str, *names: str, account: str = "", namespace: str = "shop") -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "app", "image": image}]}
    if names:
        spec["imagePullSecrets"] = [{"name": one} for one in names]
    if account:
        spec["serviceAccountName"] = account
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta("web", namespace),
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def stream(image: str, *, insecure: bool = False) -> dict[str, Any]:
    tag: dict[str, Any] = {"name": "latest", "from": {"kind": "DockerImage", "name": image}}
    if insecure:
        tag["importPolicy"] = {"insecure": True}
    body = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": meta("app")}
    return {**body, "spec": {"tags": [tag]}}


class Told(NamedTuple):
    """One answer of `regcred resolve`, and the codes that `regcred check` found."""

    answer: dict[str, Any]
    exit_code: int
    codes: frozenset[str]
    text: str

    @property
    def verdict(self) -> str:
        return str(self.answer["verdict"])

    @property
    def why(self) -> str:
        """All that is told about the cause."""
        steps = [step["reason"] for step in self.answer["secrets"]] + [key["why"] for key in self.answer["keyring"]]
        remarks = [offer["remark"] for offer in self.answer["offered"]]
        return "\n".join([self.answer["summary"], *self.answer["causes"], *self.answer["notes"], *steps, *remarks])

    @property
    def change(self) -> str:
        """Every change with its commands."""
        changes = self.answer["changes"]
        return "\n".join(line for change in changes for line in (change["summary"], *change["commands"]))

    def near(self, key: str) -> dict[str, Any]:
        """The step of one registry key."""
        found: dict[str, Any] = next(step for step in self.answer["keyring"] if step["written"] == key)
        return found

    def finds(self, *codes: str) -> bool:
        """Whether `check` reports every one of the codes that the catalogue has."""
        return set(codes) & NAMES <= self.codes


class Desk:
    """Writes a scan, asks `resolve` about an image of it, and lets `check` judge the same file."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def ask(
        self, image: str, *objects: Any, words: tuple[str, ...] = (), config: str = "{}", scope: str = "cluster"
    ) -> Told:
        """Ask about `image` in a scan of `objects`: exactly one answer, the same exit code in both formats."""
        scan, settings = self.folder / "scan.yaml", self.folder / "settings.yaml"
        scan.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
        settings.write_text(config, encoding="utf-8")
        common = ["--scope", scope, "--config", str(settings), str(scan)]
        code = main(["resolve", image, *words, "--format", "json", *common])
        output = self.capsys.readouterr()
        assert not output.err, output.err
        answers = json.loads(output.out)["answers"]
        assert len(answers) == 1, answers
        assert main(["resolve", image, *words, *common]) == code
        text = self.capsys.readouterr().out
        main(["check", "--format", "json", *common])
        found = json.loads(self.capsys.readouterr().out)["findings"]
        return Told(answers[0], code, frozenset(one["code"] for one in found), text)

    def pull(self, image: str, *secrets: dict[str, Any], words: tuple[str, ...] = ()) -> Told:
        """A Deployment of `image` under the default account, which lists all of `secrets`."""
        names = [secret["metadata"]["name"] for secret in secrets]
        return self.ask(image, *secrets, account(*names), deployment(image), words=words)
