"""Flux, Argo CD, SOPS and SealedSecrets: what names a pull secret, what makes one, and what must not be judged."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: reg, namespace: shop}\ntype: kubernetes.io/dockerconfigjson\n"
USED = """\
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  imagePullSecrets: [{name: reg}]
  containers: [{name: web, image: quay.io/shop/web:1}]
"""
CIPHER = "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]"
SOPS_JSON = base64.b64encode(json.dumps({"data": CIPHER, "sops": {"version": "3.9.0"}}).encode()).decode()
FLUX = """\
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: shop}
spec:
  decryption: {provider: sops, secretRef: {name: age-key}}
  postBuild: {substituteFrom: [{kind: Secret, name: variables}]}
"""


def _check(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[list[str], list[str]]:
    """The codes of the findings, and the reasons for which something was not judged."""
    file = tmp_path / "all.yaml"
    file.write_text(text, encoding="utf-8")
    main(["check", str(file), "--format", "json"])
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert not result["coverage"]["problems"]
    return [one["code"] for one in result["findings"]], [one["reason"] for one in result["coverage"]["not_evaluated"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"data: {{.dockerconfigjson: '{CIPHER}'}}\nsops: {{version: 3.9.0}}\n", "encrypted"),
        (f"stringData: {{.dockerconfigjson: '{CIPHER}'}}\nsops: {{version: 3.9.0}}\n", "encrypted"),
        (f"data: {{.dockerconfigjson: {SOPS_JSON}}}\n", "encrypted"),
        ("stringData: {.dockerconfigjson: '<path:kv/data/reg#config>'}\n", "templated"),
        ("data: {.dockerconfigjson: '${REGISTRY_CONFIG}'}\n" + FLUX, "templated"),
    ],
)
def test_a_payload_that_is_not_in_its_final_form_is_no_finding(
    content: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes, reasons = _check(tmp_path, capsys, HEAD + content + USED)
    assert not codes
    assert reason in reasons


def test_a_sealed_secret_exists_under_its_own_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = (
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: reg, namespace: shop}\nspec:\n"
        "  encryptedData: {.dockerconfigjson: AgBy}\n"
        "  template: {type: kubernetes.io/dockerconfigjson, metadata: {name: other}}\n"
    )
    other = HEAD.replace("name: reg", "name: more") + "stringData: {.dockerconfigjson: '<path:kv/data/reg#config>'}\n"
    assert "RC303" not in _check(tmp_path, capsys, f"{sealed}---\n{other}{USED}")[0]
    wrong = USED.replace("name: reg", "name: other")
    assert "RC303" in _check(tmp_path, capsys, f"{sealed}---\n{other}{wrong}")[0]


@pytest.mark.parametrize(
    ("value", "used"),
    [
        ("pullsecret:shop/reg", True),
        ("secret:shop/reg#creds", True),
        ("env:REG", False),
        ("ext:/scripts/reg", False),
        ("pullsecret:elsewhere/reg", False),
    ],
)
@pytest.mark.parametrize("key", ["pull-secret", "web.pull-secret"])
def test_an_image_updater_uses_what_its_annotation_names(
    value: str, key: str, used: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = base64.b64encode(b'{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}').decode()
    application = (
        "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: web\n  namespace: argocd\n"
        f"  annotations: {{'argocd-image-updater.argoproj.io/{key}': '{value}'}}\n"
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: shop}\n"
    )
    codes, _ = _check(tmp_path, capsys, f"{HEAD}data: {{.dockerconfigjson: {payload}}}\n{application}")
    assert ("RC301" not in codes) is used


def test_what_git_crypt_keeps_is_said_and_may_hold_any_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\n"
    (tmp_path / "web.yaml").write_text(USED + beside, encoding="utf-8")
    kept = tmp_path / "reg.yaml"
    kept.write_bytes(b"\0NOTCRYPT\0 \x80")
    assert _codes(tmp_path, capsys) == (["RC303"], [])
    kept.write_bytes(b"\0GITCRYPT\0 \x80")
    codes, reasons = _codes(tmp_path, capsys)
    assert codes == []
    assert any(one == "encrypted with git-crypt: `git-crypt unlock` makes it readable" for one in reasons)
    assert any(one.endswith("reg.yaml, which was not read, may make it") for one in reasons)


def _codes(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    main(["check", str(folder), "--format", "json"])
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    told = [one["message"] for one in result["coverage"]["not_evaluated"]]
    return [one["code"] for one in result["findings"]], told
