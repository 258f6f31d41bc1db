"""A file that is read in windows because of its size, through the command: findings, places, excerpts, limits."""

import json
from pathlib import Path

import pytest

from linter import cli

FILLER = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "f", "namespace": "n"},
    "data": {"a": "x" * 90_000},
}
PAYLOAD = "eyJhdXRocyI6IHsicXVheS5pbyI6IHsiYXV0aCI6ICJkWE5sY2pwd1lYTnoifX0="
BROKEN = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "broken", "namespace": "n", "uid": "u", "resourceVersion": "1"},
    "type": "kubernetes.io/dockerconfigjson",
    "data": {".dockerconfigjson": PAYLOAD},
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of 9 MB, one of whose last items is a pull secret with a defect."""
    folder = tmp_path_factory.mktemp("large")
    text = json.dumps({"apiVersion": "v1", "items": [FILLER] * 100 + [BROKEN, FILLER], "kind": "List"}, indent=4)
    (folder / "all.json").write_text(text, encoding="utf-8")
    return folder


def test_findings_stand_at_their_place_and_show_no_credential(
    large: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large)
    assert cli.run(["check", "all.json", "--format", "json"]) == 1
    result = json.loads(capsys.readouterr().out)
    (finding,) = [one for one in result["findings"] if one["name"] == "invalid-json"]
    lines = Path("all.json").read_text(encoding="utf-8").split("\n")
    assert ".dockerconfigjson" in lines[finding["location"]["line"] - 1]
    assert result["scan"]["objects"] == {"Secret": 1}
    assert cli.run(["check", "all.json", "--format", "text"]) == 1
    text = capsys.readouterr().out
    assert f'all.json:{finding["location"]["line"]}' in text
    assert "dXNlcj" not in text
    assert PAYLOAD not in text


def test_what_sops_has_signed_is_not_offered_for_repair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "a", "namespace": "n"},
        "imagePullSecrets": [{"name": "x"}, {"name": "x"}],
    }
    for name, signed in (("plain.json", {}), ("signed.json", {"sops": {"mac": "ENC[AES256_GCM,data:a,type:str]"}})):
        tree = {"apiVersion": "v1", "items": [FILLER] * 100 + [account], "kind": "List", **signed}
        Path(name).write_text(json.dumps(tree), encoding="utf-8")
    cli.run(["check", "plain.json", "signed.json", "--select", "RC307", "--fix", "--format", "json"])
    said = capsys.readouterr()
    (left,) = json.loads(said.out)["findings"]
    assert left["location"]["path"] == "signed.json"
    assert "SOPS signs the whole document" in said.err
    assert Path("plain.json").read_text(encoding="utf-8").count('"x"') == 1
    assert Path("signed.json").read_text(encoding="utf-8").count('"x"') == 2


def test_settings_bound_what_is_held(
    large: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large)
    (large / "limits.yaml").write_text("limits: {file: 50 KiB}\n", encoding="utf-8")
    cli.run(["check", "all.json", "--config", "limits.yaml"])
    told = capsys.readouterr()
    assert "is larger than 51200 bytes" in told.out + told.err
    assert "`limits`" in told.out + told.err
