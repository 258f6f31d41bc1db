"""A live cluster through a `kubectl` that stands on the PATH: pages, refusals, a lost snapshot, a dead cluster."""

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

KUBECTL = """#!{python}
import json, os, sys
words = sys.argv[1:]
state = os.environ["FAKE_STATE"]
with open(os.path.join(state, "calls"), "a") as log:
    log.write(json.dumps(words) + "\\n")
if words == ["config", "current-context"]:
    print("prod"); sys.exit(0)
answers = json.load(open(os.path.join(state, "answers.json")))
answer = answers.get(words[2].split("&continue=")[0] + ("#2" if "&continue=" in words[2] else ""))
if isinstance(answer, list):
    mark = os.path.join(state, "once")
    answer = answer[1] if os.path.exists(mark) else answer[0]
    open(mark, "w").close()
if answer is None:
    sys.stderr.write("Error from server (NotFound): the server could not find the requested resource\\n"); sys.exit(1)
if isinstance(answer, str):
    sys.stderr.write(answer + "\\n"); sys.exit(1)
print(json.dumps(answer))
"""
CREDENTIAL = "dXNlcjpwYXNz"
SECRETS = "/api/v1/secrets?fieldSelector=type%21%3Dhelm.sh%2Frelease.v1&limit=500"
ACCOUNTS = "/api/v1/serviceaccounts?limit=500"
FORBIDDEN = 'Error from server (Forbidden): it is forbidden: User "me" cannot list it'


def resource(name: str, *, namespaced: bool = True) -> dict[str, Any]:
    return {"name": name, "namespaced": namespaced, "verbs": ["get", "list"]}


def secret(name: str) -> dict[str, Any]:
    payload = json.dumps({"auths": {"quay.io": {"auth": CREDENTIAL}}}).encode()
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(payload).decode()},
    }


def page(kind: str, *items: dict[str, Any], more: str = "") -> dict[str, Any]:
    return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {"continue": more}, "items": list(items)}


def cluster() -> dict[str, Any]:
    account = {"metadata": {"name": "default", "namespace": "shop", "uid": "a", "resourceVersion": "1"}}
    return {
        "/apis": {"kind": "APIGroupList", "groups": []},
        "/api/v1": {"resources": [resource("secrets"), resource("serviceaccounts"), resource("pods")]},
        SECRETS: page("Secret", secret("one"), more="next"),
        SECRETS + "#2": page("Secret", secret("two")),
        ACCOUNTS: page("ServiceAccount", account),
        "/api/v1/pods?limit=500": page("Pod"),
    }


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL.replace("{python}", sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_STATE", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return tmp_path


def check(state: Path, answers: dict[str, Any], capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    (state / "answers.json").write_text(json.dumps(answers))
    code = main(["check", *(words or ("cluster:",)), "--format", "json"])
    captured = capsys.readouterr()
    assert CREDENTIAL not in captured.out + captured.err
    return code, json.loads(captured.out)


def test_every_page_is_read_as_a_cluster_of_its_own(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = check(state, cluster(), capsys)
    assert code == 1
    assert result["scan"]["scope"] == "cluster"
    assert result["scan"]["objects"] == {"Secret": 2, "ServiceAccount": 1}
    unlinked = [one for one in result["findings"] if one["code"] == "RC301"]
    assert [one["location"]["path"] for one in unlinked] == [
        "cluster:prod/api/v1/secrets?page=1",
        "cluster:prod/api/v1/secrets?page=2",
    ]
    assert unlinked[0]["location"]["line"] > 1


def test_nothing_reasons_from_what_was_refused(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = {**cluster(), "/api/v1/pods?limit=500": FORBIDDEN}
    _, result = check(state, answers, capsys)
    assert not [one for one in result["findings"] if one["code"] == "RC301"]
    told = [one["message"] for one in result["coverage"]["not_evaluated"] if one["reason"] == "refused"]
    assert any(one.startswith("Pod in all namespaces may not be listed") for one in told)


def test_a_lost_snapshot_is_read_from_the_start_again(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = cluster()
    answers[SECRETS + "#2"] = ["Error from server (Expired): too old", answers[SECRETS + "#2"]]
    _, result = check(state, answers, capsys)
    assert result["scan"]["objects"]["Secret"] == 2


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout", "cannot be reached"),
        ("error: You must be logged in to the server (Unauthorized)", "login has expired"),
        ('error: context "prod" does not exist', "no context"),
    ],
)
def test_a_cluster_that_cannot_be_read_is_fatal(
    said: str, told: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result = check(state, {"/apis": said}, capsys)
    assert code == 3
    problem = result["coverage"]["problems"][0]
    assert told in problem["message"]
    assert problem["remedy"]


def test_names_cannot_be_options(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(state, cluster(), capsys, "cluster:--kubeconfig=/tmp/other")
    calls = [json.loads(line) for line in (state / "calls").read_text().splitlines()]
    assert calls
    assert all("--context=--kubeconfig=/tmp/other" in words for words in calls)
    assert main(["check", "cluster:", "-n=--all"]) == 2
    assert main(["check", "cluster:", "--diff"]) == 2
    capsys.readouterr()
