"""A Secret in a cluster, what findings say to do about it, and a shell that does it with `programs`."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import programs
import pytest

from linter.__main__ import main

needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="the commands call jq")
PROGRAMS = ("kubectl", "oc", "podman", "aws", "vi")
DOCKERCONFIGJSON = "kubernetes.io/dockerconfigjson"
INTERNAL = "image-registry.openshift-image-registry.svc:5000"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
NOW = int(time.time())
ENDED = {"iat": NOW - 90_000, "exp": NOW - 3_600}
GOOD = {"auth": base64.b64encode(b"a:b").decode()}


class Told(NamedTuple):
    """What a finding says to do."""

    remedy: str
    commands: list[str]

    @property
    def steps(self) -> list[str]:
        """The commands between taking the payload out and putting it back."""
        assert self.commands[0].endswith("| base64 -d > auth.json")
        assert self.commands[-1].endswith("&& rm auth.json")
        return self.commands[1:-1]


class World:
    """A Secret in a cluster, the findings about it, and a shell in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.item: dict[str, Any] = {}

    def secret(self, payload: Any, name: str = "pull", namespace: str = "shop", **more: Any) -> "World":
        text = payload if isinstance(payload, str) else json.dumps(payload)
        metadata = {"name": name, "namespace": namespace, "uid": "1", "resourceVersion": "5", "labels": {"team": "x"}}
        data = {".dockerconfigjson": base64.b64encode(text.encode()).decode(), "ca.crt": "Q0VSVA=="}
        self.item = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        self.item.update({"type": DOCKERCONFIGJSON, **more})
        return self

    def told(self, code: str, *beside: dict[str, Any]) -> Told:
        """What the only finding of a rule says, in a cluster with the objects `beside`."""
        items = {"apiVersion": "v1", "kind": "List", "items": [self.item, *beside]}
        (self.folder / "scan.json").write_text(json.dumps(items))
        words = ("--scope", "cluster", "--select", code, "--format", "json", "--fail-on", "never")
        main(["check", str(self.folder / "scan.json"), *words])
        (found,) = json.loads(self.capsys.readouterr().out)["findings"]
        return Told(found["remedy"], found["commands"])

    def run(self, *lines: str) -> dict[str, Any]:
        """Run the lines in a shell, and return the Secret as it is then."""
        name = self.item["metadata"]["name"]
        (self.folder / "cluster.json").write_text(json.dumps({name: self.item}))
        for program in PROGRAMS:
            (self.folder / program).write_text(f"#!{sys.executable}\n" + Path(programs.__file__).read_text())
            (self.folder / program).chmod(0o700)
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", "EDITOR": ""}
        for line in lines:
            subprocess.run(["bash", "-c", line], cwd=self.folder, env=env, check=True, capture_output=True)
        found: dict[str, Any] = json.loads((self.folder / "cluster.json").read_text())[name]
        return found

    def payload_after(self, *lines: str) -> Any:
        """Run the lines, and return the payload; all else of the Secret has to be what it was, and no file to stay."""
        (self.folder / "auth.json").write_text('{"auths": {"other.example.com": {}}}')
        found = self.run(*lines)
        payload = json.loads(base64.b64decode(found["data"].pop(".dockerconfigjson")))
        wanted = {**self.item, "data": {"ca.crt": "Q0VSVA=="}}
        assert found == wanted
        assert not list(self.folder.glob("auth.json*"))
        return payload


def entry(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def jwt(**claims: Any) -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, claims)
    )
    return f"{head}.{body}.c2ln"


def token_of(namespace: str, name: str) -> dict[str, str]:
    return entry("sa", jwt(**ENDED, **{"kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name}}}))


def ecr() -> dict[str, str]:
    return entry("AWS", base64.b64encode(json.dumps({"expiration": NOW - 3_600}).encode()).decode())
