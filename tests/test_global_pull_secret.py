"""The global pull secret: one defect is one finding, whichever rules are asked, and it says what nodes make of it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

GOOD = {"auth": "dXNlcjpwYXNz"}
WHOLE = {"auths": {"quay.io": GOOD, "registry.redhat.io": GOOD}}
DEFECTS = {
    "RC101": "*** not base64 ***",
    "RC102": '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"},}}',
    "RC103": base64.b64encode(json.dumps(WHOLE).encode()).decode(),
    "RC104": {"quay.io": GOOD},
    "RC105": {"auths": {"quay.io": {**GOOD, "email": 3}}},
    "RC106": {"auths": {"quay.io": {"auth": "dXNlcg=="}, "registry.redhat.io": GOOD}},
    "RC110": {"auths": {}, "credsStore": "desktop"},
    "RC111": WHOLE,
    "RC115": "REPLACE_ME",
    "RC118": {"auths": {"quay.io": {"auth": "$AUTH"}}},
}


def judged(
    folder: Path, capsys: pytest.CaptureFixture[str], payload: Any, *words: str, kind: str = "dockerconfigjson"
) -> list[dict[str, Any]]:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    raw = text if text in (DEFECTS["RC101"], DEFECTS["RC115"]) else base64.b64encode(text.encode()).decode()
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "pull-secret", "namespace": "openshift-config"},
        "type": "Opaque" if kind == "Opaque" else f"kubernetes.io/{kind}",
        "data": {".dockerconfigjson": raw},
    }
    (folder / "scan.json").write_text(json.dumps(body))
    main(["check", str(folder / "scan.json"), "--scope", "cluster", "--format", "json", *words])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return found


@pytest.mark.parametrize("code", DEFECTS)
def test_one_defect_is_one_finding_whichever_rules_are_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    kind = "Opaque" if code == "RC111" else "dockerconfigjson"
    (full,) = judged(tmp_path, capsys, DEFECTS[code], kind=kind)
    assert full["code"] == code
    if "The API server refuses" not in full["detail"]:
        assert "node-wide secret" in full["detail"], full["detail"]
    (alone,) = judged(tmp_path, capsys, DEFECTS[code], "--select", "pulls", kind=kind)
    assert (alone["code"], alone["severity"]) == ("RC504", "error")
    assert alone["message"].startswith("The global pull secret cannot be read: ")
    assert "every node loses all credentials" in alone["detail"]
    assert judged(tmp_path, capsys, DEFECTS[code], "--ignore", "RC504", kind=kind) == [full]


@pytest.mark.parametrize("words", [[], ["--select", "pulls"]])
@pytest.mark.parametrize("payload", [WHOLE, base64.b64encode(b"3 bytes long").decode()])
def test_a_sound_or_redacted_one_gives_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], payload: Any
) -> None:
    text = payload if payload is WHOLE else base64.b64decode(payload).decode()
    assert not judged(tmp_path, capsys, text, *words)


def test_a_wildcard_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = {"auths": {**WHOLE["auths"], "*.example.com": GOOD}}
    (full,) = judged(tmp_path, capsys, payload)
    assert (full["code"], full["severity"]) == ("RC206", "warning")
    assert "on every node" in full["message"]
    (alone,) = judged(tmp_path, capsys, payload, "--select", "pulls")
    assert (alone["code"], alone["severity"]) == ("RC505", "warning")
    assert "wildcard" in alone["message"]


@pytest.mark.parametrize(
    "key",
    ["registry.redhat.io/", "registry.redhat.io:", "registry.redhat.io/v1/", "http://registry.redhat.io"],
)
def test_a_registry_is_there_in_whichever_spelling_the_kubelet_finds_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    payload = {"auths": {"cloud.openshift.com": GOOD, "quay.io": GOOD, key: GOOD}}
    assert "RC504" not in [one["code"] for one in judged(tmp_path, capsys, payload)]
    payload["auths"]["*.example.com"] = payload["auths"].pop(key)
    found = [one["message"] for one in judged(tmp_path, capsys, payload) if one["code"] == "RC504"]
    assert found == ["The global pull secret has no entry for registry.redhat.io"]
