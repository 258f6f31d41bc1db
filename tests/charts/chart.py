"""A chart of Helm, and what is asked of a check of it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

real_helm = pytest.mark.skipif(not shutil.which("helm"), reason="needs helm on the PATH")


WEB = """\
{{- /* Two replicas of the same,
       kind: Nothing */ -}}
{{- range $i := until 2 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $.Release.Name }}-{{ $i }}
  labels:
    {{- include "shop.labels" $ | nindent 4 }}
spec:
  template:
    spec:
      {{- with $.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: web
        image: "{{ $.Values.image.repository }}:{{ $.Values.image.tag }}"
      - name: other
        image: quay.io/shop/other:2
{{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: one
imagePullSecrets:
- name: {{ .Values.pullSecret }}
- name: "{{ .Values.pullSecret }}"
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: two
imagePullSecrets:
- name: literal
- name: literal
"""
VALUES = """\
image:
  repository: quay.io/shop/web
  tag: "1"
pullSecret: both
imagePullSecrets:
  - name: first
  - name: second
  - name: second
"""
BUILT = """\
---
# Source: shop/templates/web.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: one
imagePullSecrets:
- name: both
- name: "both"
---
# Source: shop/templates/web.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: two
imagePullSecrets:
- name: literal
- name: literal
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-0
  labels:
    app: web
spec:
  template:
    spec:
      imagePullSecrets:
        - name: first
        - name: second
        - name: second
      containers:
      - name: web
        image: "quay.io/shop/web:1"
      - name: other
        image: quay.io/shop/other:2
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-1
  labels:
    app: web
spec:
  template:
    spec:
      imagePullSecrets:
        - name: first
        - name: second
        - name: second
      containers:
      - name: web
        image: "quay.io/shop/web:1"
      - name: other
        image: quay.io/shop/other:2
"""
CHART = {
    "shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "shop/values.yaml": VALUES,
    "shop/templates/_helpers.tpl": '{{- define "shop.labels" -}}\napp: web\n{{- end -}}\n',
    "shop/templates/web.yaml": WEB,
}


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def check(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main(["check", *words, "--format", "json"])
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def places(result: Mapping[str, Any], code: str = "RC307") -> list[tuple[str, str, int]]:
    found = [one for one in result["findings"] if one["code"] == code]
    return sorted((one["object"]["name"], one["location"]["path"], one["location"]["line"]) for one in found)


def values(result: Mapping[str, Any], name: str) -> list[tuple[str, str, int]]:
    found = next(one for one in result["findings"] if one["code"] == "RC307" and one["object"]["name"] == name)
    related = [one for one in found["related"] if one["message"].startswith("the value of ")]
    return [(one["message"][13:], one["location"]["path"], one["location"]["line"]) for one in related]
