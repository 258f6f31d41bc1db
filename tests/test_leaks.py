"""Canaries: a credential planted anywhere appears in no output but the fix that must carry it."""

import base64
import json
import os
import stat
import urllib.parse
from pathlib import Path

import pytest

from linter import registry
from linter.__main__ import main

USER = "canary-user-7391"
PASSWORD = "kanarienvogel-8264-pw"
AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
FORMATS = sorted(registry.report_names())


def forms() -> list[str]:
    """The credential in every form in which it could slip out, and halves of the encoded one."""
    payload_halves = [AUTH[: len(AUTH) // 2 + 2], AUTH[len(AUTH) // 2 - 4 :].rstrip("=")]
    return [
        PASSWORD,
        PASSWORD[:14],
        base64.b64encode(PASSWORD.encode()).decode().rstrip("="),
        urllib.parse.quote(f"{USER}:{PASSWORD}"),
        AUTH,
        AUTH[::-1],
        *payload_halves,
    ]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(payload: str, *, name: str = "pull", kind: str = "kubernetes.io/dockerconfigjson", field: str = "data") -> str:
    value = b64(payload) if field == "data" else json.dumps(payload)
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: team\n"
        f"type: {kind}\n{field}:\n  .dockerconfigjson: {value}\n"
    )


GOOD = f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}}}}}}'
CASES = {
    "unlinked": secret(GOOD),
    "opaque": secret(GOOD, kind="Opaque"),
    "string-data": secret(GOOD, field="stringData"),
    "raw-json-in-data": secret(GOOD).replace(b64(GOOD), f"'{GOOD}'"),
    "pasted-at-column-0": f"apiVersion: v1\nkind: Secret\ndata:\n  .dockerconfigjson: |\n{b64(GOOD)}\n{b64(GOOD)}\n",
    "wrapped": secret(GOOD).replace(b64(GOOD), "|\n    " + b64(GOOD)[:40] + "\n    " + b64(GOOD)[40:]),
    "double-encoded": secret(b64(GOOD)),
    "truncated": secret(GOOD[:-6]),
    "truncated-in-the-value": secret(GOOD[: GOOD.index(AUTH) + len(AUTH) - 3]),
    "single-quotes": secret(GOOD.replace('"', "'")),
    "trailing-comma": secret(GOOD.replace('"}}}', '",}}}')),
    "unquoted": secret(GOOD.replace(f'"{AUTH}"', AUTH)),
    "yaml-payload": secret(f"auths:\n  quay.io:\n    username: {USER}\n    password: {PASSWORD}\n"),
    "comment": secret(f"// {PASSWORD}\n{GOOD}"),
    "bom": secret("\ufeff" + GOOD),
    "no-auths": secret(f'{{"quay.io": {{"auth": "{AUTH}"}}}}'),
    "json-string": secret(json.dumps(GOOD)),
    "wrapped-value": secret(json.dumps({"value": GOOD})),
    "user-info-key": secret(f'{{"auths": {{"https://{USER}:{PASSWORD}@quay.io": {{}}}}}}'),
    "auth-in-clear": secret(f'{{"auths": {{"quay.io": {{"auth": "{USER}:{PASSWORD}"}}}}}}'),
    "auth-without-padding": secret(GOOD.replace(AUTH, AUTH.rstrip("=") + "==")),
    "auth-is-a-list": secret(f'{{"auths": {{"quay.io": {{"auth": ["{AUTH}"]}}}}}}'),
    "entry-is-a-string": secret(f'{{"auths": {{"quay.io": "{PASSWORD}"}}}}'),
    "email-is-a-number": secret(f'{{"auths": {{"quay.io": {{"auth": "{AUTH}", "email": 3}}}}}}'),
    "headers": secret(f'{{"auths": {{}}, "HttpHeaders": {{"Authorization": ["Basic {AUTH}"]}}}}'),
    "duplicate-keys": secret(f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}}, "quay.io": {{"auth": "dXNlcjpwYXNz"}}}}}}'),
    "two-spellings": secret(f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}}, "https://quay.io": {{"auth": "dXNlcjpw"}}}}}}'),
    "fields": secret(f'{{"auths": {{"quay.io": {{"username": "{USER}", "password": "{PASSWORD} "}}}}}}'),
    "wrong-key": secret(GOOD).replace(".dockerconfigjson:", "config.json:"),
    "flow": f"{{apiVersion: v1, kind: Secret, metadata: {{name: p}}, type: Opaque, data: {{.dockerconfigjson: {b64(GOOD)}}}}}\n",
    "json-file": json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "p", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": GOOD}},
            "data": {".dockerconfigjson": b64(GOOD)},
        }
    ),
    "broken-yaml": secret(GOOD) + f"\n  bad: [unclosed\npassword: {PASSWORD}\n",
    "config-map": (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  config.json: '{GOOD}'\n  password: {PASSWORD}\n"
    ),
    "environment": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: team}\nspec:\n  imagePullSecrets: [{name: missing-pull}]\n"
        f"  containers:\n  - name: c\n    image: quay.io/x/y\n    env:\n    - name: PASSWORD\n      value: {PASSWORD}\n"
        f"    imagePullSecrets: [{{name: pull}}]\n---\n{secret(GOOD)}"
    ),
    "event": (
        "apiVersion: v1\nkind: Event\nmetadata: {name: e, namespace: team}\nreason: Failed\n"
        f"message: 'Failed to pull image \"https://{USER}:{PASSWORD}@quay.io/x\": unauthorized'\n"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_no_report_shows_a_credential(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / ("secret.json" if name == "json-file" else "secret.yaml")
    target.write_text(CASES[name], encoding="utf-8")
    said = ""
    for number, form in enumerate(FORMATS):
        output = tmp_path / f"out-{number}"
        main(["check", str(target), "--format", f"{form}={output}", "--verbose"])
        said += output.read_text(encoding="utf-8")
    main(["check", str(target), "--diff", "--unsafe-fixes", "--color", "always"])
    main(["check", str(target), "--scope", "cluster", "--verbose"])
    history = tmp_path / "scans.db"
    main(["check", str(target), "--history", str(history)])
    main(["trend", "--history", str(history), "--format", "json"])
    captured = capsys.readouterr()
    _search(said + captured.out + captured.err + history.read_bytes().decode("latin-1"), name)


def _search(said: str, name: str) -> None:
    assert said
    for form in forms():
        assert form not in said, f"{name}: the credential appears as {form!r}: …{said[max(said.find(form) - 200, 0) :][:300]}"


def test_a_fix_that_must_carry_a_credential_is_private(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "secret.yaml"
    payload = f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}}, "https://quay.io": {{"auth": "{AUTH}"}}}}}}'
    target.write_text(secret(payload), encoding="utf-8")
    folder = tmp_path / "fixes"
    main(["check", str(target), "--scope", "cluster", "--fix-dir", str(folder)])
    _search(capsys.readouterr().out, "the report beside --fix-dir")
    carriers = 0
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            decoded = text + "".join(_decoded(word) for word in text.split())
            if any(form in decoded for form in forms()):
                carriers += 1
                assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path
                assert path.name != "README.md"
    assert carriers == 1


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


def test_without_credentials_the_folder_carries_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "secret.yaml"
    payload = f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}}, "https://quay.io": {{"auth": "{AUTH}"}}}}}}'
    target.write_text(secret(payload), encoding="utf-8")
    folder = tmp_path / "fixes"
    main(["check", str(target), "--scope", "cluster", "--fix-dir", str(folder), "--no-credentials"])
    capsys.readouterr()
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            _search(text + "".join(_decoded(word) for word in text.split()) + ".", str(path))


def test_a_repair_leaves_no_temporary_file_and_tells_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "secret.yaml"
    payload = f'{{"auths": {{"quay.io": {{"auth": "{AUTH}"}}, "https://quay.io": {{"auth": "{AUTH}"}}}}}}'
    target.write_text(secret(payload), encoding="utf-8")
    main(["check", str(target), "--fix", "--scope", "cluster"])
    captured = capsys.readouterr()
    _search(captured.out + captured.err, "--fix")
    assert [path.name for path in tmp_path.iterdir()] == ["secret.yaml"]
    assert AUTH in _decoded(target.read_text(encoding="utf-8").split()[-1])
