"""Manifests that ytt fills in: what stands in them is not judged, and what they may make is not missed."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

PLAIN = """\
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: shop}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: other, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      serviceAccountName: web
      imagePullSecrets: [{name: more}]
      containers: [{name: app, image: quay.io/team/app:1}]
"""
FILLED = """\
#@ load("@ytt:data", "data")
apiVersion: v1
kind: ServiceAccount
metadata:
  name: #@ data.values.account
  namespace: shop
imagePullSecrets:
#@ for name in data.values.secrets:
- name: #@ name
#@ end
---
apiVersion: v1
kind: Secret
metadata:
  name: #@ data.values.secret
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: #@ data.values.config
"""


@pytest.fixture
def found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def check(**files: str) -> tuple[list[str], dict[str, set[str]]]:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        main(["check", str(tmp_path), "--ignore", "exposure", "--format", "json"])
        result = json.loads(capsys.readouterr().out)
        unjudged: dict[str, set[str]] = {}
        for entry in result["coverage"]["not_evaluated"]:
            unjudged.setdefault(entry["reason"], set()).update(entry["rules"] or [entry["message"].partition(" ")[0]])
        return sorted(one["code"] for one in result["findings"]), unjudged

    return check


def test_without_the_template_all_is_judged(found: Any) -> None:
    assert found(plain=PLAIN) == (["RC301", "RC303", "RC308"], {})


def test_what_a_template_may_make_or_link_is_not_missed(found: Any) -> None:
    rules = {"unlinked-pull-secret", "missing-pull-secret", "missing-service-account"}
    assert found(plain=PLAIN, filled=FILLED) == ([], {"templated": {"ytt", *rules}})


@pytest.mark.parametrize(
    "made",
    [
        "#@yaml/text-templated-strings\nkind: Secret\nmetadata:\n  name: (@= data.values.n @)-pull\n",
        "kind: Secret\nmetadata:\n  #@overlay/replace via=lambda a, b: b\n  name: x\n",
        "kind: #@ data.values.kind\nmetadata:\n  name: #@ data.values.secret\n",
        'kind: Secret\nmetadata: #@ meta("a")\n',
    ],
)
def test_names_are_filled_in_in_many_ways(found: Any, made: str) -> None:
    text = f"apiVersion: v1\n{made}type: kubernetes.io/dockerconfigjson\n"
    codes, unjudged = found(plain=PLAIN, filled=text)
    assert "RC303" not in codes
    assert "missing-pull-secret" in unjudged["templated"]


def test_a_template_with_names_of_its_own_makes_nothing_else(found: Any) -> None:
    named = FILLED.replace("#@ data.values.account", "account").replace("#@ data.values.secret\n", "secret\n")
    named = named.replace("#@ for name in data.values.secrets:\n- name: #@ name\n#@ end", "- name: secret")
    assert found(plain=PLAIN, filled=named) == (["RC301", "RC303", "RC308"], {"templated": {"ytt"}})
