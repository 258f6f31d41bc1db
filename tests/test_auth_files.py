"""Auth files that a user names: judged as what a Secret is made of, and resolved as what a node holds."""

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from tests.commons import quiet

PASSWORD = "Kp7vXw2mQ9Lr"
AUTH = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
GOOD = json.dumps({"auths": {"quay.io": {"auth": AUTH}, "https://index.docker.io/v1/": {"auth": AUTH}}})
DUMP = (Path(__file__).parent.parent / "examples" / "cluster.yaml").read_text(encoding="utf-8")


def judged(file: Path, text: str | bytes, *words: str) -> list[dict[str, Any]]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    found: list[dict[str, Any]] = json.loads(quiet("check", str(file), "--format", "json", *words)[1])["findings"]
    return found


def places(file: Path, text: str | bytes) -> list[tuple[str, int, int]]:
    return [(one["code"], one["location"]["line"], one["location"]["column"]) for one in judged(file, text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD, []),
        ('{"auths": {}}', []),
        ('{"auths": {"quay.io": {}}, "credsStore": "desktop"}', [("RC110", 1, 28)]),
        ('{"credHelpers": {"gcr.io": "gcloud"}}', [("RC110", 1, 2)]),
        (f'{{\n  "auths": {{\n    "quay.io": {{"auth": "{AUTH}"}},\n  }}\n}}\n', [("RC102", 3, 52)]),
        ("{'auths': {'quay.io': {'auth': 'dXNlcjpwYXNz'}}}", [("RC102", 1, 2)]),
        ('{"auths": {"quay.io": {"auth": "dXNlcg=="}}}', [("RC106", 1, 32)]),
        ('{"auths": []}', [("RC105", 1, 11)]),
        (f'{{"auths": {{"oci://quay.io": {{"auth": "{AUTH}"}}}}}}', [("RC205", 1, 12)]),
        (f'{{"auths": {{"*.quay.io": {{"auth": "{AUTH}"}}}}}}', [("RC206", 1, 12)]),
        (f'{{"auths": {{"a.io": {{"auth": "{AUTH}"}}, "a.io": {{"auth": "{AUTH}"}}}}}}', [("RC201", 1, 12)]),
        ('{"auths": {"a.io": {"username": "user", "password": "<password>"}}}', [("RC115", 1, 53)]),
        ('{"quay.io": {"auth": "dXNlcg==", "email": ""}}', [("RC106", 1, 22)]),
        (f'{{"quay.io": {{"auth": "{AUTH}"}}}}', []),
    ],
)
def test_a_named_auth_file_is_judged_where_it_stands(
    text: str, found: list[tuple[str, int, int]], tmp_path: Path
) -> None:
    assert places(tmp_path / "config.json", text) == found


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "app", "dependencies": {"auths": {"a": {"auth": "%%%"}}}}',
        '{"quay.io": {"auth": "%%%"}, "version": 1}',
        '{"name": "app", "version": "1.0.0", "auths": "none"}',
        '{"compilerOptions": {"strict": true}}',
        '{"database": {"username": "app", "password": ""}, "cache": {"username": "app", "password": "changeme"}}',
        '{"api": {"auth": "none"}, "web": {"auth": "basic"}}',
        '{"db.example.com": {"username": "app", "password": "changeme"}}',
        "{}",
        "[]",
        "auths: {quay.io: {auth: '%%%'}}",
    ],
)
def test_what_is_no_auth_file_is_passed_over(text: str, tmp_path: Path) -> None:
    assert places(tmp_path / "config.json", text) == []


def test_an_auth_file_that_nobody_named_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"auths": {"quay.io": {"auth": "%%%"}}}', encoding="utf-8")
    (tmp_path / "account.yaml").write_text("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n", "utf-8")
    result = json.loads(quiet("check", str(tmp_path), "--format", "json")[1])
    assert not result["findings"]
    assert result["scan"]["objects"] == {"ServiceAccount": 1}


def test_what_was_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(GOOD, encoding="utf-8")
    code, out, _ = quiet("check", str(file), "--format", "json")
    scan = json.loads(out)["scan"]
    assert (code, scan["objects"]) == (0, {"AuthFile": 1})
    assert scan["recognised"] == "auth file: no object, but what a Secret is made of"


def test_neither_fix_nor_command_is_told(tmp_path: Path) -> None:
    [one] = judged(tmp_path / "config.json", f'{{"auths": {{"oci://quay.io": {{"auth": "{AUTH}"}}}}}}')
    assert one["fix"] is None
    assert one["commands"] == []
    assert one["object"] == {"apiVersion": "", "kind": "AuthFile", "namespace": "", "name": "config.json"}
    assert one["message"].startswith("The key 'oci://quay.io' of auth file config.json matches no image")


def test_bytes_that_are_no_text_are_judged_as_go_reads_them(tmp_path: Path) -> None:
    text = b'{"auths": {"quay.io": {"auth": "' + AUTH.encode() + b'", "email": "\xff"}}}'
    assert places(tmp_path / "config.json", text) == []
    assert places(tmp_path / "config.json", b"\xef\xbb\xbf" + text) == [("RC102", 1, 1)]


@pytest.mark.parametrize("form", ["text", "html", "json", "sarif", "markdown", "github", "gitlab", "junit", "csv"])
@pytest.mark.parametrize("end", ["}}}", "}},}", "", '}}, "credsStore": "x"}'])
def test_no_output_shows_a_credential(form: str, end: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(f'{{"auths": {{"oci://q.io": {{"auth": "{AUTH}", "password": "{PASSWORD}"{end}', encoding="utf-8")
    said = "".join(map(str, quiet("check", str(file), "--format", form)))
    for verdict in (quiet("resolve", "q.io/a", str(file)), quiet("resolve", "q.io/a", str(file), "--format", "json")):
        said += "".join(map(str, verdict))
    assert "config.json" in said
    assert AUTH not in said
    assert PASSWORD not in said


def test_standard_input_is_as_good_as_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = io.TextIOWrapper(io.BytesIO(b'{"auths": {}, "credsStore": "desktop"}'))
    monkeypatch.setattr(sys, "stdin", data)
    assert main(["check", "-"]) == 1
    assert "Auth file <stdin> holds no credential" in capsys.readouterr().out


def answers(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(quiet("resolve", *words, "--format", "json")[1])["answers"]
    return found


@pytest.mark.parametrize(
    ("text", "image", "kubelet", "containers"),
    [
        (GOOD, "quay.io/shop/web:1", "quay.io", "quay.io"),
        (GOOD, "nginx", "https://index.docker.io/v1/", "https://index.docker.io/v1/"),
        (GOOD, "ghcr.io/a/b", None, None),
        ('{"auths": {"quay.io": {"username": "user", "password": "pass"}}}', "quay.io/a/b", "quay.io", None),
        (f'{{"auths": {{"*.io": {{"auth": "{AUTH}"}}}}}}', "quay.io/a/b", "*.io", None),
        (f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}},}}}}', "quay.io/a/b", None, None),
    ],
)
def test_each_reader_of_an_auth_file_is_answered_for(
    text: str, image: str, kubelet: str | None, containers: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")
    found = {one["consumer"]: [offer["key"] for offer in one["offered"]] for one in answers(image, str(file))}
    assert found == {"kubelet": [kubelet] if kubelet else [], "containers": [containers] if containers else []}


def test_an_auth_file_beside_a_dump_is_what_its_nodes_hold(tmp_path: Path) -> None:
    dump, file = tmp_path / "dump.yaml", tmp_path / "config.json"
    dump.write_text(DUMP, encoding="utf-8")
    file.write_text(GOOD, encoding="utf-8")
    asked = "quay.io/shop/else:1", "-n", "shop"
    [before] = answers(*asked, str(dump))
    [after] = answers(*asked, str(dump), str(file))
    assert not before["offered"]
    assert [(one["secret"], one["key"]) for one in after["offered"]] == [(None, "quay.io")]


def test_what_the_scan_says_of_its_nodes_goes_before_an_auth_file(tmp_path: Path) -> None:
    dump, file = tmp_path / "dump.yaml", tmp_path / "config.json"
    own = json.dumps(json.dumps({"auths": {"gcr.io": {"auth": AUTH}}}))
    dump.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: pull-secret, namespace: openshift-config}\n"
        f"type: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: {own}}}\n",
        encoding="utf-8",
    )
    file.write_text(GOOD, encoding="utf-8")
    [one] = answers("quay.io/a/b", str(dump), str(file))
    assert not one["offered"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["config.json"], "an auth file names no images"),
        (["quay.io/a", "config.json", "other.json"], "config.json and other.json are auth files"),
        (["quay.io/a", ".dockercfg"], ".dockercfg has the old form"),
    ],
)
def test_a_question_that_an_auth_file_cannot_answer_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("config.json", "other.json"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    (tmp_path / ".dockercfg").write_text(f'{{"quay.io": {{"auth": "{AUTH}"}}}}', encoding="utf-8")
    code, _, error = quiet("resolve", *words)
    assert code == 2
    assert said in error
