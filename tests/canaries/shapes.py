"""Secrets of every shape that a payload has, whole and damaged, with a credential in each."""

import base64
import json
import urllib.parse
from typing import Any

from planting import Credential, Planter, b64

NAMESPACE = "team"


def entry(one: Credential, **more: Any) -> dict[str, Any]:
    return {"auth": one.auth, **more}


def config(one: Credential, host: str = "quay.io", **more: Any) -> str:
    return json.dumps({"auths": {host: entry(one, **more)}})


def secret(
    name: str, payload: str | bytes, *, kind: str = "kubernetes.io/dockerconfigjson", **more: Any
) -> dict[str, Any]:
    key = ".dockercfg" if kind.endswith("dockercfg") else ".dockerconfigjson"
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "type": kind,
        "data": {key: b64(payload)},
        **more,
    }


class Shapes:
    """Secrets of every shape, whole and damaged, by name."""

    def __init__(self, plant: Planter) -> None:
        self._plant = plant
        self.made: dict[str, dict[str, Any]] = {}
        self.whole()
        self.damaged()
        self.fields()
        self.keys()
        self.auths()
        self.values()

    def add(self, name: str, payload: str | bytes, **more: Any) -> None:
        self.made[name] = secret(name, payload, **more)

    def new(self, name: str) -> Credential:
        return self._plant.at(f"payload {name}")

    def whole(self) -> None:
        self.add("good", config(self.new("good")))
        self.made["clear"] = {**secret("clear", ""), "stringData": {".dockerconfigjson": config(self.new("clear"))}}
        self.made["clear"].pop("data")
        self.made["both"] = {
            **secret("both", config(self.new("both"))),
            "stringData": {".dockerconfigjson": config(self.new("both2"))},
        }
        self.add("opaque", config(self.new("opaque")), kind="Opaque")
        self.add("legacy", json.dumps({"quay.io": entry(self.new("legacy"))}), kind="kubernetes.io/dockercfg")
        self.add("legacy-wrapped", config(self.new("legacy-wrapped")), kind="kubernetes.io/dockercfg")
        self.add("no-auths", json.dumps({"quay.io": entry(self.new("no-auths"))}))
        self.add("twice", b64(config(self.new("twice"))))
        self.add("thrice", b64(b64(config(self.new("thrice")))))
        self.add("json-text", json.dumps(config(self.new("json-text"))))

    def damaged(self) -> None:
        one = self.new("cut")
        self.add("cut", config(one)[: config(one).index(one.auth) + len(one.auth) - 2])
        self.add("cut-later", config(self.new("cut-later"))[:-2])
        self.add("single-quotes", config(self.new("single-quotes")).replace('"', "'"))
        self.add("comma", config(self.new("comma")).replace("}}}", ",}}}"))
        self.add("comment", f"// {self.new('comment').password}\n" + config(self.new("comment2")))
        self.add("bom", "\ufeff" + config(self.new("bom")))
        one = self.new("yaml")
        self.add("yaml", f"auths:\n  quay.io:\n    username: {one.user}\n    password: {one.password}\n")
        one = self.new("shell")
        self.add("shell", f"docker login -u {one.user} -p {one.password} quay.io\n")
        self.add("utf-16", config(self.new("utf-16")).encode("utf-16"))
        self.add("binary", b"\x00\xff\xfe" + config(self.new("binary")).encode() + b"\x80\x81")
        self.add(
            "duplicate",
            config(self.new("duplicate"))[:-2] + ',"quay.io":' + json.dumps(entry(self.new("duplicate2"))) + "}}",
        )
        one, other = self.new("spellings"), self.new("spellings2")
        self.add("spellings", json.dumps({"auths": {"quay.io": entry(one), "https://quay.io/v1/": entry(other)}}))
        one = self.new("unquoted")
        self.add("unquoted", config(one).replace(f'"{one.auth}"', one.auth))

    def fields(self) -> None:
        for name in ("auth", "username", "password", "identitytoken", "registrytoken", "email", "serveraddress", "odd"):
            one = self.new(f"field {name}")
            self.add(f"field-{name}", json.dumps({"auths": {"quay.io": {name: one.password}}}))
            self.add(f"typed-{name}", json.dumps({"auths": {"quay.io": {name: [one.password]}}}))
        one = self.new("fields")
        self.add("fields", json.dumps({"auths": {"quay.io": {"username": one.user, "password": f" {one.password}\n"}}}))
        one = self.new("disagree")
        self.add("disagree", config(self.new("disagree2"), username=one.user, password=one.password))
        self.add("entry-text", json.dumps({"auths": {"quay.io": self.new("entry-text").password}}))
        self.add("auths-text", json.dumps({"auths": self.new("auths-text").password}))
        self.add("auths-list", json.dumps({"auths": [self.new("auths-list").password]}))
        self.add(
            "headers", json.dumps({"auths": {}, "HttpHeaders": {"Authorization": f"Basic {self.new('headers').auth}"}})
        )
        self.add(
            "headers-typed",
            json.dumps({"auths": {}, "HttpHeaders": {"Authorization": [self.new("headers-typed").auth]}}),
        )
        self.add("helper", json.dumps({"auths": {"quay.io": {}}, "credsStore": self.new("helper").password}))
        self.add(
            "proxy",
            json.dumps({"auths": {}, "proxies": {"default": {"httpProxy": f"http://{self.new('proxy').url}@proxy:1"}}}),
        )

    def keys(self) -> None:
        for name, form in {
            "key": "https://{}@quay.io", "key-bare": "{}@quay.io", "key-port": "{}@quay.io:443/x",
            "key-query": "quay.io/x?t={}", "key-space": "quay .io {}", "key-only": "{}", "key-glob": "*{}*.io",
            "key-bad": "https://{}@[quay",
        }.items():  # fmt: skip
            self.add(name, json.dumps({"auths": {form.format(self.new(name).url): {"auth": "dXNlcjpwYXNz"}}}))

    def auths(self) -> None:
        for name, change in {
            "auth-clear": lambda c: c.url,
            "auth-halves": lambda c: b64(c.user) + ":" + b64(c.password),
            "auth-reversed": lambda c: b64(f"{c.password}:{c.user}"),
            "auth-reversed-text": lambda c: c.auth[::-1],
            "auth-no-colon": lambda c: b64(c.password),
            "auth-unpadded": lambda c: c.auth.rstrip("="),
            "auth-url-safe": lambda c: base64.urlsafe_b64encode(f"{c.user}:{c.password}~~??".encode()).decode(),
            "auth-twice": lambda c: b64(c.auth),
            "auth-quoted": lambda c: urllib.parse.quote(c.url, safe=""),
            "auth-basic": lambda c: f"Basic {c.auth}",
            "auth-break": lambda c: b64(f"{c.url}\n"),
            "auth-space": lambda c: c.auth[:8] + " " + c.auth[8:],
            "auth-cut": lambda c: c.auth[:-3],
            "auth-token": lambda c: b64(f"<token>:{c.password}"),
            "auth-dollar": lambda c: b64(f"robot$${c.user}:{c.password}"),
            "auth-placeholder": lambda c: b64(f"<username>:{c.password}"),
            "auth-user-only": lambda c: b64(f"{c.password}:"),
        }.items():
            self.add(name, json.dumps({"auths": {"quay.io": {"auth": change(self.new(name))}}}))
        one = self.new("jwt")
        jwt = ".".join(
            base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (
                b'{"alg":"none"}',
                json.dumps({"sub": one.password, "exp": 1500000000}).encode(),
                one.password.encode(),
            )
        )
        self.add("jwt", json.dumps({"auths": {"quay.io": {"auth": b64(f"<token>:{jwt}")}}}))

    def values(self) -> None:
        self.made["wrong-key"] = secret("wrong-key", "", data={"config.json": b64(config(self.new("wrong-key")))})
        self.made["value-clear"] = secret(
            "value-clear", "", data={".dockerconfigjson": config(self.new("value-clear"))}
        )
        self.made["value-word"] = secret("value-word", "", data={".dockerconfigjson": self.new("value-word").password})
        self.made["value-map"] = secret(
            "value-map", "", data={".dockerconfigjson": {"auths": {"quay.io": entry(self.new("value-map"))}}}
        )
        self.made["value-list"] = secret("value-list", "", data=[self.new("value-list").password])
        self.made["value-cut"] = secret(
            "value-cut", "", data={".dockerconfigjson": b64(config(self.new("value-cut")))[:-5] + "*"}
        )
        self.made["value-template"] = secret(
            "value-template",
            "",
            stringData={".dockerconfigjson": '{"auths": {"${HOST}": ' + json.dumps(entry(self.new("template"))) + "}}"},
        )
        self.made["basic"] = {
            **secret("basic", "", kind="kubernetes.io/basic-auth"),
            "data": {"username": b64(self.new("basic").user), "password": b64(self.new("basic2").password)},
            "stringData": {"token": self.new("basic3").password},
        }
        self.made["type"] = secret("type", config(self.new("type")), kind=f"https://{self.new('type2').url}@quay.io")
