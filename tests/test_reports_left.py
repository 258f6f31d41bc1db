"""A report that is left among the manifests changes nothing of the next one."""

import json
from pathlib import Path

import pytest

from linter import registry
from tests.commons import quiet

_MANIFESTS = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
imagePullSecrets:
- name: absent
---
apiVersion: v1
kind: Secret
metadata: {name: unused, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}'
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      serviceAccountName: web-sa
      containers: [{name: web, image: "quay.io/shop/web:1"}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: other, namespace: shop}
"""
_ENDINGS = {"json": "json", "sarif": "json", "markdown": "md", "html": "html", "csv": "csv"}
"""Under which names reports are kept, where it is not as YAML (`policyreport`, `openreports`) or as text."""


def _found(folder: Path) -> tuple[set[str], int]:
    _, out, _ = quiet("check", str(folder), "--fail-on", "never", "--format", "json")
    report = json.loads(out)
    return {one["fingerprint"] for one in report["findings"]}, len(report["coverage"]["not_evaluated"])


@pytest.mark.parametrize("name", sorted({*registry.report_names()} - {"gitlab"}))  # which is like any list of texts
def test_a_report_that_is_left_in_the_folder_hides_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "all.yaml").write_text(_MANIFESTS)
    before = _found(tmp_path)
    assert len(before[0]) >= 4
    ending = _ENDINGS.get(name, "yaml" if "report" in name else "txt")
    code, _, _ = quiet("check", str(tmp_path), "--fail-on", "never", "--format", f"{name}={tmp_path}/report.{ending}")
    assert code == 0
    assert _found(tmp_path) == before
