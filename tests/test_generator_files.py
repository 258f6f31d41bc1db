"""Auth files of which a kustomize `secretGenerator` makes a pull secret are judged where they stand in the scan."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from tests.commons import quiet

_TYPE = "kubernetes.io/dockerconfigjson"
_ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nimagePullSecrets: [{name: pull}]\n"
_GOOD = '{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}\n'
_CLEAR = ("RC701", 1, 12)


def _generator(files: str = ".dockerconfigjson=config.json", kind: str = f"  type: {_TYPE}\n") -> str:
    return f"secretGenerator:\n- name: pull\n{kind}  files: ['{files}']\n"


def _said(folder: Path, files: dict[str, str]) -> dict[str, Any]:
    for name, text in {"account.yaml": _ACCOUNT, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    report: dict[str, Any] = json.loads(quiet("check", str(folder), "--fail-on", "never", "--format", "json")[1])
    return report


def _found(report: dict[str, Any], name: str = "config.json") -> list[tuple[str, int, int]]:
    """The findings in one file; none may stand in another."""
    assert all(one["location"]["path"].endswith(name) for one in report["findings"])
    return sorted((one["code"], one["location"]["line"], one["location"]["column"]) for one in report["findings"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (_GOOD, [_CLEAR]),
        ('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz",}}}\n', [("RC102", 1, 46), ("RC701", 1, 1)]),
        ('{"auths": {\n  "quay.io": {"auth": "dXNlcg=="}}}\n', [("RC106", 2, 23)]),
        ('{"auths": {"oci://quay.io": {"auth": "dXNlcjpwYXNz"}}}\n', [("RC205", 1, 12), _CLEAR]),
        ('{"quay.io": {"auth": "dXNlcjpwYXNz"}}\n', [("RC104", 1, 1), ("RC701", 1, 2)]),
        ('{"auths": {"quay.io": {"username": "user", "password": "<password>"}}}\n', [("RC115", 1, 56)]),
        ('{"auths": {"quay.io": {}}, "credsStore": "desktop"}\n', [("RC110", 1, 28)]),
        ('{"auths": {}}\n', []),
        ('{"auths": {"quay.io": {"auth": "{{ auth }}"}}}\n', []),
        ("", []),
    ],
)
def test_the_file_is_judged_where_it_stands(content: str, found: list[tuple[str, int, int]], tmp_path: Path) -> None:
    report = _said(tmp_path, {"kustomization.yaml": _generator(), "config.json": content})
    assert _found(report) == found
    assert all(one["fix"] is None and not one["commands"] for one in report["findings"])


@pytest.mark.parametrize(
    ("place", "name", "file"),
    [
        ("kustomization.yaml", ".dockerconfigjson", ".dockerconfigjson"),
        ("k/kustomization.yaml", "secrets/.dockerconfigjson", "k/secrets/.dockerconfigjson"),
        ("k/overlay/kustomization.yaml", ".dockerconfigjson=../auth.json", "k/auth.json"),
        ("k/kustomization.yml", ".dockerconfigjson=./auth.yaml", "k/auth.yaml"),
    ],
)
def test_the_path_is_that_of_the_build_file(place: str, name: str, file: str, tmp_path: Path) -> None:
    assert _found(_said(tmp_path, {place: _generator(name), file: _GOOD}), file) == [_CLEAR]


@pytest.mark.parametrize(
    "build",
    [
        _generator(kind=""),
        _generator(kind="  type: Opaque\n"),
        _generator("config.json"),
        _generator("config.json=config.json"),
        _generator(".dockercfg=config.json"),
        _generator(".dockerconfigjson=other.json"),
        _generator().replace("secretGenerator", "configMapGenerator"),
    ],
)
def test_a_file_of_which_no_pull_secret_is_made_is_left_alone(build: str, tmp_path: Path) -> None:
    report = _said(tmp_path, {"kustomization.yaml": build, "config.json": _GOOD})
    assert not [one for one in report["findings"] if one["location"]["path"].endswith("config.json")]


def test_a_file_is_judged_once_and_counted_as_what_it_is(tmp_path: Path) -> None:
    builds = {f"{name}/kustomization.yaml": _generator(".dockerconfigjson=../config.json") for name in "ab"}
    report = _said(tmp_path, {**builds, "config.json": _GOOD})
    assert _found(report) == [_CLEAR]
    assert report["scan"]["objects"]["AuthFile"] == 1
    assert "document without anything that matters" not in json.dumps(report["scan"])


def test_a_file_that_is_named_beside_is_judged_once(tmp_path: Path) -> None:
    _said(tmp_path, {"kustomization.yaml": _generator(), "config.json": '{"auths": []}'})
    out = quiet("check", str(tmp_path), str(tmp_path / "config.json"), "--fail-on", "never", "--format", "json")[1]
    assert [one["code"] for one in json.loads(out)["findings"]] == ["RC105"]


def test_a_credential_in_a_file_that_is_named_beside_its_generator_is_told(tmp_path: Path) -> None:
    _said(tmp_path, {"kustomization.yaml": _generator(), "config.json": _GOOD, "other.yaml": "a: b\n"})
    files = map(str, sorted(tmp_path.iterdir()))
    report = json.loads(quiet("check", *files, "--fail-on", "never", "--format", "json")[1])
    assert [one["code"] for one in report["findings"]] == ["RC701"]
    assert report["scan"]["objects"]["AuthFile"] == 1
    assert report["scan"]["skipped"] == [{"reason": "document without anything that matters", "count": 1}]


def test_a_file_that_a_script_fills_in_is_not_judged(tmp_path: Path) -> None:
    files = {"kustomization.yaml": _generator(), "config.json": '{"auths": {"quay.io": {"auth": "${AUTH}"}}}\n'}
    assert _found(_said(tmp_path, files)) == [("RC115", 1, 32)]
    (tmp_path / "build.sh").write_text("envsubst < config.json > tmp && mv tmp config.json\n")
    report = _said(tmp_path, files)
    assert not report["findings"]
    assert "build.sh fills in the value" in json.dumps(report["coverage"]["not_evaluated"])


def test_a_file_that_a_command_reads_is_judged(tmp_path: Path) -> None:
    files = {"kustomization.yaml": _generator(), "config.json": '{"auths": {"quay.io": {"auth": "${AUTH}"}}}\n'}
    files["a.sh"] = "kubectl create secret generic a --from-file=.dockerconfigjson=config.json -o yaml > a.yaml\n"
    assert _found(_said(tmp_path, files)) == [("RC115", 1, 32)]


def test_the_line_of_a_credential_is_shown_where_a_script_writes_the_file(tmp_path: Path) -> None:
    content = '{"auths": {"quay.io":\n  {"auth": "dXNlcjpwYXNz", "password": "a$b"}}}\n'
    files = {"kustomization.yaml": _generator(), "config.json": content, "a.sh": "envsubst < config.json > out.json\n"}
    [one] = _said(tmp_path, files)["findings"]
    assert [line["text"] for line in one["location"]["excerpt"]] == ['{"auths": {"quay.io":']


def test_it_is_not_what_nodes_hold(tmp_path: Path) -> None:
    _said(tmp_path, {"kustomization.yaml": _generator(), "config.json": _GOOD})
    out = quiet("resolve", "quay.io/a/b", str(tmp_path), "--format", "json")[1]
    assert not any(one["offered"] for one in json.loads(out)["answers"])


def test_a_redacted_collection_is_judged_alike_and_shows_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = '{"auths": {"oci://quay.io": {"auth": "cm9ib3Q6aHVudGVyMi14OQ=="}}}\n'
    report = _said(tmp_path / "in", {"kustomization.yaml": _generator(), "config.json": content})
    file = tmp_path / "out.tar.gz"
    monkeypatch.chdir(tmp_path / "in")
    assert main(["collect", ".", "--redact", "-o", str(file)]) == 0
    out = quiet("check", str(file), "--fail-on", "never", "--format", "json")[1]
    assert [one["code"] for one in json.loads(out)["findings"]] == [one["code"] for one in report["findings"]]
    assert "cm9ib3Q6" not in json.dumps(report)
    assert "hunter2" not in out


def test_no_place_inside_is_told_of_an_entry_in_text_that_is_no_json(tmp_path: Path) -> None:
    config = "apiVersion: v1\nbaseDomain: example.com\nmetadata: {name: demo}\nplatform: {none: {}}\npullSecret: |\n"
    (tmp_path / "install-config.yaml").write_text(config + '  {"auths": {"quay.io": {"auth": "dXNlcjpwYXNz",}}}\n')
    out = quiet("check", str(tmp_path), "--fail-on", "never", "--format", "json", "--select", "RC701")[1]
    [one] = json.loads(out)["findings"]
    assert (one["location"]["line"], one["location"]["payload"]) == (5, None)
