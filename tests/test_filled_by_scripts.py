"""A value that a script fills in before it is applied is not judged; what it does to another file is nothing."""

import json
from pathlib import Path

import pytest

from tests.commons import quiet

_SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: prod}
type: kubernetes.io/dockerconfigjson
%s:
  .dockerconfigjson: '%s'
"""
_OTHER = "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: prod}\nstringData: {a: b}\n"
_ENTRY = '{"auths":{"ghcr.io":{"auth":"${AUTH}"}}}'


def _said(folder: Path, files: dict[str, str], value: str, field: str = "data") -> tuple[list[str], str]:
    """The codes of what the check said, and what it could not judge."""
    for name, text in {"k8s/secret.yaml": _SECRET % (field, value), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    _, out, _ = quiet("check", str(folder), "--fail-on", "never", "--format", "json", "--select", "RC115")
    report = json.loads(out)
    return [one["code"] for one in report["findings"]], " ".join(
        one["message"] for one in report["coverage"]["not_evaluated"]
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("deploy.sh", "envsubst < k8s/secret.yaml | kubectl apply -f -"),
        ("k8s/deploy.sh", "envsubst <./secret.yaml >out.yaml"),
        ("k8s/Makefile", "deploy:\n\tcat secret.yaml | envsubst | oc apply -f -"),
        ("ci/deploy.sh", 'cat "$ROOT/k8s/secret.yaml" |\n  envsubst |\n  kubectl apply -f -'),
        ("ci/deploy.sh", "envsubst \\\n  < ../k8s/secret.yaml"),
        ("ci/deploy.sh", "cd ../k8s && envsubst < secret.yaml"),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: envsubst < k8s/secret.yaml}]}}"),
        (".gitlab-ci.yml", "a:\n  script: |\n    envsubst < k8s/secret.yaml"),
        ("README.md", "    sed 's|${CONFIG}|'$C'|' k8s/secret.yaml"),
        ("deploy.sh", "sed -i \"s/\\${CONFIG}/$C/g\" k8s/secret.yaml"),
    ],
)
def test_a_value_that_a_script_fills_in_is_listed_under_coverage(tmp_path: Path, name: str, line: str) -> None:
    assert _said(tmp_path, {}, "${CONFIG}")[0] == ["RC115"]
    found, withheld = _said(tmp_path, {name: f"{line}\n"}, "${CONFIG}")
    assert not found
    assert f"{name} before it is applied" in withheld


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("deploy.sh", "envsubst < k8s/deployment.yaml | kubectl apply -f -"),
        ("deploy.sh", "envsubst < k8s/my-secret.yaml"),
        ("deploy.sh", "envsubst < base/secret.yaml"),
        ("deploy.sh", "envsubst < s/secret.yaml"),
        ("deploy.sh", "# envsubst < k8s/secret.yaml"),
        ("deploy.sh", "kubectl apply -f k8s/secret.yaml\nenvsubst < a.yaml"),
        ("deploy.sh", "sed 's/${OTHER}/a/' k8s/secret.yaml"),
        ("deploy.sh", "sed 's/namespace: prod/namespace: test/' k8s/secret.yaml"),
        (".gitlab-ci.yml", "a:\n  script: |\n    # envsubst < k8s/secret.yaml\n    true"),
    ],
)
def test_what_fills_in_something_else_excuses_nothing(tmp_path: Path, name: str, line: str) -> None:
    assert _said(tmp_path, {name: f"{line}\n"}, "${CONFIG}")[0] == ["RC115"]


def test_a_mere_name_counts_where_no_other_file_has_it(tmp_path: Path) -> None:
    line = {"ci/deploy.sh": "envsubst < secret.yaml\n"}
    assert not _said(tmp_path, line, "${CONFIG}")[0]
    assert _said(tmp_path, {"db/secret.yaml": _OTHER}, "${CONFIG}")[0] == ["RC115"]
    assert not _said(tmp_path, {"k8s/deploy.sh": "envsubst < secret.yaml\n"}, "${CONFIG}")[0]


def test_a_ci_runs_in_the_folder_that_holds_its_own(tmp_path: Path) -> None:
    secrets = {"k8s/secret.yaml": _OTHER, "secret.yaml": _SECRET % ("data", "${CONFIG}")}
    assert _said(tmp_path, secrets, "")[0] == ["RC115"]
    assert not _said(tmp_path, {**secrets, ".github/workflows/a.yml": "run: envsubst < secret.yaml\n"}, "")[0]


def test_sed_fills_in_the_very_value_that_it_looks_for(tmp_path: Path) -> None:
    line = {"deploy.sh": 'sed "s|DOCKER_CONFIG_JSON_BASE64|$(base64 -w0 a)|" k8s/secret.yaml\n'}
    assert not _said(tmp_path, line, "DOCKER_CONFIG_JSON_BASE64")[0]
    assert _said(tmp_path, {}, "YOUR_DOCKER_CONFIG_JSON_BASE64")[0] == ["RC115"]
    assert _said(tmp_path, {"deploy.sh": "envsubst < k8s/secret.yaml\n"}, "DOCKER_CONFIG_JSON_BASE64")[0] == ["RC115"]


def test_a_variable_within_a_payload_is_filled_in_where_it_is_text(tmp_path: Path) -> None:
    assert _said(tmp_path, {}, _ENTRY, "stringData")[0] == ["RC115"]
    found, withheld = _said(tmp_path, {"deploy.sh": "envsubst < k8s/secret.yaml\n"}, _ENTRY, "stringData")
    assert not found
    assert "deploy.sh" in withheld
    assert not _said(tmp_path, {"deploy.sh": "sed 's/${AUTH}/a/' k8s/secret.yaml\n"}, _ENTRY, "stringData")[0]
    plain = _ENTRY.replace("${AUTH}", "robot$ci")
    assert "deploy.sh" not in _said(tmp_path, {}, plain, "stringData")[1]


def test_a_comment_of_the_file_itself_may_tell(tmp_path: Path) -> None:
    secret = _SECRET % ("data", "${CONFIG}")
    told = {"k8s/secret.yaml": f"# envsubst < secret.yaml | kubectl apply -f -\n{secret}"}
    found, withheld = _said(tmp_path, told, "")
    assert not found
    assert "a command, as a comment says," in withheld
    assert _said(tmp_path, {"k8s/secret.yaml": f"{secret}  a: envsubst < secret.yaml\n"}, "")[0] == ["RC115"]
    assert _said(tmp_path, {"k8s/secret.yaml": f"# envsubst < a.yaml\n{secret}"}, "")[0] == ["RC115"]
