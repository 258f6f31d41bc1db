"""Registry configs that are none, and credentials alone where one belongs: none is in a redacted collection."""

import base64
import contextlib
import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from collected import collect, members

from tests.commons import quiet

PASSWORD = "hunter2-x9Qz4mLr"
TOKEN = f"ghp_{'q9Z4'*9}"
AUTH = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
CONFIG = json.dumps({"auths": {"quay.io": {"auth": AUTH}}})
ENCODED = base64.b64encode(CONFIG.encode()).decode()
KUSTOMIZATION = "secretGenerator:\n- name: pull\n  type: kubernetes.io/dockerconfigjson\n  %s\n"
OBJECT = "apiVersion: example.com/v1\nkind: Registry\nmetadata: {name: a}\n"


def _codes(path: Path) -> list[str]:
    report = json.loads(quiet("check", str(path), "--fail-on", "never", "--format", "json")[1])
    return sorted(one["code"] for one in report["findings"])


def _redacted(tmp_path: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """The codes before and after, of files that hold no credential any more."""
    source = tmp_path / "in"
    for name, text in files.items():
        source.mkdir(exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    with contextlib.chdir(source):
        target = collect(Path(), tmp_path / "out.tar.gz", "--redact")
    said = b"".join(members(target).values()).decode()
    assert not [one for one in (PASSWORD, TOKEN, AUTH, ENCODED) if one in said]
    return _codes(source), _codes(target)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (f"robot:{PASSWORD}", "RC102"),
        (TOKEN, "RC102"),
        (AUTH, "RC102"),
        (CONFIG.replace('"', "'"), "RC102"),
        (CONFIG.replace("}}}", "},}}"), "RC102"),
        (f"auths:\n  quay.io:\n    username: robot\n    password: {PASSWORD}\n", "RC102"),
        (json.dumps({"auths": [PASSWORD]}), "RC105"),
        (json.dumps({"auths": PASSWORD}), "RC105"),
        (json.dumps({"auths": {"quay.io": {"auth": AUTH}}, "HttpHeaders": {"X-Auth": TOKEN}}), "RC701"),
    ],
)
def test_an_auth_file_of_a_generator_is_judged_alike(content: str, code: str, tmp_path: Path) -> None:
    build = KUSTOMIZATION % "files: [.dockerconfigjson=config.json]"
    before, after = _redacted(tmp_path, {"kustomization.yaml": build, "config.json": content})
    assert code in before
    assert after == before


@pytest.mark.parametrize(
    "content",
    [CONFIG[:-1], CONFIG.replace('"', "'"), f"\ufeff{CONFIG}", f"auths:\n  quay.io:\n    auth: {AUTH}\n"],
)
def test_a_literal_that_is_no_json_is_judged_alike(content: str, tmp_path: Path) -> None:
    build = KUSTOMIZATION % f"literals: [{json.dumps(f'.dockerconfigjson={content}')}]"
    assert _redacted(tmp_path, {"kustomization.yaml": build}) == (["RC701"], ["RC701"])


@pytest.mark.parametrize("kind", ["ConfigMap", "ClusterSecret"])
def test_base64_of_a_config_where_no_secret_is_is_judged_alike(kind: str, tmp_path: Path) -> None:
    text = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\ndata: {{.dockerconfigjson: {ENCODED}}}\n"
    assert _redacted(tmp_path, {"a.yaml": text}) == (["RC701"], ["RC701"])


@pytest.mark.parametrize("value", [TOKEN, AUTH, f"{AUTH}\n"])
@pytest.mark.parametrize("form", [OBJECT + "spec: {pullSecret: %s}\n", "imagePullSecret: %s\n"])
def test_a_credential_alone_is_replaced_where_a_pull_secret_belongs(form: str, value: str, tmp_path: Path) -> None:
    _redacted(tmp_path, {"a.yaml": form % json.dumps(value)})


@pytest.mark.parametrize("content", [TOKEN, AUTH, CONFIG.replace('"', ""), f"\ufeff{CONFIG}", CONFIG[:-1]])
@pytest.mark.parametrize("form", [OBJECT + "spec: {pullSecret: %s}\n", "imagePullSecret: %s\n"])
def test_base64_of_a_credential_or_of_no_json_is_replaced_there_too(form: str, content: str, tmp_path: Path) -> None:
    value = base64.b64encode(content.encode()).decode()
    (tmp_path / "a.yaml").write_text(form % value)
    target = collect(tmp_path / "a.yaml", tmp_path / "out.tar.gz", "--redact")
    said = b"".join(members(target).values()).decode()
    [now] = re.findall(r'ullSecret": "([^"]*)"', said)
    assert [AUTH in one or TOKEN in one for one in (said, base64.b64decode(now).decode())] == [False, False]


def test_the_name_of_a_pull_secret_stays(tmp_path: Path) -> None:
    text = OBJECT + "spec: {pullSecret: team-registry}\n"
    (tmp_path / "a.yaml").write_text(text)
    target = collect(tmp_path / "a.yaml", tmp_path / "out.tar.gz", "--redact")
    assert "team-registry" in b"".join(members(target).values()).decode()
