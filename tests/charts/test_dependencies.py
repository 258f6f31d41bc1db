"""The charts that a chart needs: put together in a copy, fetched only where that is allowed."""

import base64
import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

sys.path.insert(0, str(Path(__file__).parent))

from chart import CHART, check, places, real_helm, values, write

DEPENDENT = {
    "app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- name: lib\n  version: 0.1.0\n"
    "  repository: file://../libs/lib\n  alias: named\n",
    "app/values.yaml": "named:\n  secret: given\n",
    "libs/lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 0.1.0\ndependencies:\n- name: deep\n"
    "  version: 0.1.0\n  repository: file://../deep\n",
    "libs/lib/values.yaml": "secret: own\n",
    "libs/lib/templates/p.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: lib}\nimagePullSecrets:\n"
    "- name: {{ .Values.secret }}\n- name: {{ .Values.secret }}\n",
    "libs/deep/Chart.yaml": "apiVersion: v2\nname: deep\nversion: 0.1.0\n",
    "libs/deep/values.yaml": "secret: deeper\n",
    "libs/deep/templates/p.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deep}\nimagePullSecrets:\n"
    "- name: {{ .Values.secret }}\n- name: {{ .Values.secret }}\n",
}


def _state() -> dict[str, tuple[bytes, int]]:
    return {str(one): (one.read_bytes(), one.stat().st_mtime_ns) for one in Path().rglob("*") if one.is_file()}


@real_helm
def test_charts_beside_it_are_put_together_in_a_copy(capsys: pytest.CaptureFixture[str]) -> None:
    write(DEPENDENT)
    before = _state()
    result = check(capsys, ".", "--render")
    assert _state() == before
    assert not result["coverage"]["problems"]
    assert places(result) == [("deep", "libs/deep/templates/p.yaml", 6), ("lib", "libs/lib/templates/p.yaml", 6)]
    assert values(result, "lib") == [(".Values.secret", "app/values.yaml", 2)]
    assert values(result, "deep") == [(".Values.secret", "libs/deep/values.yaml", 1)]


@pytest.fixture
def repository(folder: Path) -> Iterator[str]:
    """A repository of charts on this machine, with the chart `packed` in it; its address."""
    home = folder.parent / "repository"
    write(
        {
            "../packed/Chart.yaml": "apiVersion: v2\nname: packed\nversion: 1.0.0\n",
            "../packed/templates/a.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: packed}\n"
            "imagePullSecrets: [{name: a}, {name: a}]\n",
        }
    )
    subprocess.run(["helm", "package", "../packed", "-d", home], check=True, capture_output=True)
    handler = functools.partial(_Quiet, directory=str(home))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    subprocess.run(["helm", "repo", "index", home, "--url", address], check=True, capture_output=True)
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    login = ""

    def do_GET(self) -> None:
        if self.login and self.headers.get("Authorization") != self.login:
            self.send_error(401)
            return
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


PASSWORD = "chart-pass-5512"


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, folder: Path, repository: str) -> Path:
    """The repository asks for a login, and the user's helm has it; its configuration's folder."""
    monkeypatch.setattr(_Quiet, "login", "Basic " + base64.b64encode(f"robot:{PASSWORD}".encode()).decode())
    home = folder.parent / "helm"
    home.mkdir()
    entry = {"name": "ours", "url": f"{repository}/", "username": "robot", "password": PASSWORD}
    (home / "repositories.yaml").write_text(json.dumps({"apiVersion": "", "repositories": [entry]}))
    monkeypatch.setenv("HELM_CONFIG_HOME", str(home))
    return home


@real_helm
@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("called", ["by address", "by name"])
def test_charts_are_fetched_with_the_logins_that_helm_has(
    repository: str, login: Path, called: str, locked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    where = repository if called == "by address" else '"@ours"'
    needs = f"dependencies:\n- name: packed\n  version: 1.0.0\n  repository: {where}\n"
    write({"app/Chart.yaml": f"apiVersion: v2\nname: app\nversion: 0.1.0\n{needs}"})
    if locked:
        subprocess.run(["helm", "dependency", "update", "app"], check=True, capture_output=True)
        shutil.rmtree("app/charts")
    before, files = _state(), sorted(login.rglob("*"))
    assert main(["check", ".", "--render", "--render-remote", "--format", "json"]) in (0, 1)
    said = capsys.readouterr()
    assert not json.loads(said.out)["coverage"]["problems"]
    assert places(json.loads(said.out)) == [("packed", "app/Chart.yaml", 5)]
    assert PASSWORD not in said.out + said.err
    assert (_state(), sorted(login.rglob("*"))) == (before, files)
    (login / "repositories.yaml").unlink()
    (problem,) = check(capsys, ".", "--render", "--render-remote")["coverage"]["problems"]
    assert problem["message"].startswith("could not be rendered")


@real_helm
@pytest.mark.parametrize("locked", [False, True])
def test_charts_elsewhere_are_fetched_when_that_is_allowed(
    repository: str, locked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = f"dependencies:\n- name: packed\n  version: 1.0.0\n  repository: {repository}\n"
    write({"app/Chart.yaml": f"apiVersion: v2\nname: app\nversion: 0.1.0\n{needs}"})
    if locked:
        subprocess.run(["helm", "dependency", "update", "app"], check=True, capture_output=True)
        shutil.rmtree("app/charts")
        assert Path("app/Chart.lock").exists()
    before = _state()
    result = check(capsys, ".", "--render", "--render-remote")
    assert _state() == before
    assert places(result) == [("packed", "app/Chart.yaml", 5)]
    (problem,) = check(capsys, ".", "--render")["coverage"]["problems"]
    assert problem["message"] == "was not rendered, because it needs what is not in its charts: packed"
    assert "--render-remote" in problem["remedy"]


def test_a_chart_that_is_not_where_it_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    write({name: text for name, text in DEPENDENT.items() if not name.startswith("libs/lib")})
    problems = check(capsys, "app", "--render")["coverage"]["problems"]
    assert [one["message"] for one in problems] == [
        "was not rendered, because it names what does not exist here: file://../libs/lib"
    ]


def test_what_is_in_an_archive_is_not_built_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    write(CHART)
    shutil.make_archive("packed", "gztar", ".", "shop")
    result = check(capsys, "packed.tar.gz", "--render")
    assert [(one["path"], one["remedy"]) for one in result["coverage"]["problems"]] == [
        ("packed.tar.gz", "unpack it, and name the folder")
    ]
