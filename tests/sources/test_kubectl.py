"""A live cluster through the real `kubectl`, against a server on loopback; and the same by every other way in."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import kubeapi as api
from kubeapi import CREDENTIAL, TOKEN, Api, Handler

from linter.__main__ import main
from linter.sources.live.kubectl import program

KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="needs kubectl on the PATH")

OC = """#!{python} -SE
# Speaks as oc does: `get --raw` and `config current-context`, errors in the words of the server.
import json, os, ssl, sys, urllib.error, urllib.request
words = [word for word in sys.argv[1:] if not word.startswith("--context=")]
config = json.load(open(os.environ["KUBECONFIG"]))
if words == ["config", "current-context"]:
    print(config["current-context"]); sys.exit(0)
assert words[:2] == ["get", "--raw"] and words[3] == "--request-timeout=60s" and len(words) == 4
named = [word.partition("=")[2] for word in sys.argv if word.startswith("--context=")]
current = (named or [config["current-context"]])[0]
where = {{one["name"]: one["cluster"]["server"] for one in config["clusters"]}}[current]
bearer = {{"Authorization": "Bearer " + config["users"][0]["user"]["token"]}}
asked = urllib.request.Request(where + words[2], headers=bearer)
try:
    sys.stdout.buffer.write(urllib.request.urlopen(asked, context=ssl.create_default_context(cafile={pem!r})).read())
except urllib.error.HTTPError as error:
    status = json.load(error)
    sys.stderr.write("Error from server (%s): %s\\n" % (status["reason"], status["message"])); sys.exit(1)
"""


@pytest.fixture(scope="module")
def trusted() -> api.Authority:
    return api.authority()


@pytest.fixture
def server(trusted: api.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # kubectl keeps what it discovers there
    with api.serving(Api(api.cluster()), trusted.server) as running:
        api.kubeconfig(tmp_path / "config", trusted.pem, ("prod/admin", running.address))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        yield running


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main(["check", *(words or ("cluster:",)), "--format", "json"])
    said = capsys.readouterr()
    assert CREDENTIAL not in said.out + said.err
    assert TOKEN not in said.out + said.err
    return code, json.loads(said.out)


def found(result: Any) -> list[tuple[str, ...]]:
    return sorted(
        (one["code"], one["object"]["namespace"], one["object"]["kind"], one["object"]["name"], one["message"])
        for one in result["findings"]
    )


def unread(result: Any) -> list[str]:
    told = (one["message"] for one in result["coverage"]["not_evaluated"] if one["reason"] == "refused")
    return sorted(one for one in told if "be listed" in one)


def problems(result: Any) -> list[str]:
    return [f"{one['message']}: {one['remedy']}" for one in result["coverage"]["problems"]]


@needs_kubectl
def test_lists_are_paged_and_refusals_are_named(server: Api, capsys: pytest.CaptureFixture[str]) -> None:
    server.objects += [api.thing("v1", "ServiceAccount", f"more-{number}", "shop") for number in range(600)]
    server.forbidden = lambda resource, namespace: resource == "taskruns" and namespace != "team"
    code, result = check(capsys)
    assert code == 1
    assert result["scan"]["objects"]["ServiceAccount"] == 604
    assert result["scan"]["objects"]["Task"] == 2
    assert [one.replace("&timeout=1m0s", "") for one in server.asked if one.startswith("/api/v1/serviceaccounts")] == [
        "/api/v1/serviceaccounts?limit=500",
        "/api/v1/serviceaccounts?continue=500&limit=500",
    ]
    (told,) = unread(result)
    assert told.startswith("TaskRun (tekton.dev) in namespaces default, openshift-config, shop may not be listed: ")
    assert told.endswith('cannot list it in the namespace "shop"')
    assert {one["location"]["path"].partition("/api")[0] for one in result["findings"]} == {"cluster:prod/admin"}


@needs_kubectl
def test_only_a_namespace(server: Api, capsys: pytest.CaptureFixture[str]) -> None:
    _, result = check(capsys, "cluster:prod/admin", "-n", "shop")
    assert {one["object"]["namespace"] for one in result["findings"] if one["code"] == "RC301"} == {"shop"}
    spaces = {part.split("/")[0] for one in server.asked for part in urlsplit(one).path.split("/namespaces/")[1:]}
    assert spaces == {"shop", "openshift-config"}


@needs_kubectl
def test_two_contexts_are_two_clusters(
    server: Api, trusted: api.Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with api.serving(Api(api.cluster()[:9]), trusted.server) as other:
        api.kubeconfig(tmp_path / "config", trusted.pem, ("prod", server.address), ("test", other.address))
        _, result = check(capsys, "cluster:prod", "cluster:test")
    assert {one["cluster"] for one in result["findings"]} == {"cluster:prod", "cluster:test"}
    assert other.asked
    code, result = check(capsys, "cluster:gone")
    assert code == 3
    assert problems(result) == ["the kubeconfig has no context gone: choose one of `kubectl config get-contexts`"]


@needs_kubectl
@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda handler: handler.status(500, "InternalError", "etcd is away"), "etcd is away"),
        (lambda handler: handler.status(503, "ServiceUnavailable", "not now"), "not now"),
        (lambda handler: handler.answer(200, b'{"items": [{"meta'), "the answer is not what the API gives"),
        (lambda handler: handler.answer(200, b'{"items": [] }', cut=5), "the cluster cannot be reached ("),
        (Handler.reset, "the cluster cannot be reached ("),
    ],
    ids=["500", "503", "garbled", "cut", "reset"],
)
def test_a_list_that_fails_is_named_and_the_others_are_judged(
    act: api.Fault, told: str, server: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.sources.live.asking.wait", lambda *_: None)
    server.fault("/api/v1/secrets", act)
    _, result = check(capsys)
    (said,) = unread(result)
    assert said.startswith(f"Secret in all namespaces could not be listed: {told}")
    assert result["scan"]["objects"]["Pod"] == 2


@needs_kubectl
def test_a_lost_snapshot_is_read_again(server: Api, capsys: pytest.CaptureFixture[str]) -> None:
    server.objects += [api.thing("v1", "ServiceAccount", f"more-{number}", "shop") for number in range(600)]
    server.fault(
        "/api/v1/serviceaccounts",
        lambda handler: "continue=" in handler.path and handler.status(410, "Expired", "too old"),
        times=1,
    )
    _, result = check(capsys)
    assert result["scan"]["objects"]["ServiceAccount"] == 604


@needs_kubectl
def test_a_login_that_is_not_accepted(server: Api, capsys: pytest.CaptureFixture[str]) -> None:
    server.tokens = set()
    code, result = check(capsys)
    assert code == 3
    assert "the login has expired or is not accepted" in problems(result)[0]


@needs_kubectl
def test_a_certificate_that_is_not_trusted(server: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.kubeconfig(tmp_path / "config", api.authority().pem, ("prod", server.address))
    code, result = check(capsys)
    assert code == 3
    assert "the cluster cannot be reached (" in problems(result)[0]
    assert "certificate" in problems(result)[0]


@needs_kubectl
def test_nobody_listens(
    server: Api, trusted: api.Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with api.serving(Api([]), trusted.server) as gone:
        api.kubeconfig(tmp_path / "config", trusted.pem, ("prod", gone.address))
    code, result = check(capsys)
    assert code == 3
    assert "the cluster cannot be reached (" in problems(result)[0]


@pytest.mark.parametrize("refused", [False, True], ids=["all", "partly refused"])
def test_every_way_in_gives_the_same(
    refused: bool,
    server: Api,
    trusted: api.Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """kubectl, oc, a pod's service account, and the file that collect writes of each."""
    if refused:
        server.forbidden = lambda resource, namespace: (
            resource == "deployments" or (resource == "secrets" and namespace not in ("shop", "openshift-config"))
        )
    commands = tmp_path / "commands"
    commands.mkdir()
    pem = tmp_path / "ca.crt"
    pem.write_bytes(trusted.pem)
    told: dict[str, Any] = {}

    def judged(name: str) -> None:
        code, result = check(capsys)
        told[name] = (code, found(result), unread(result), result["scan"]["objects"])
        target = str(tmp_path / f"{len(told)}.tar.gz")
        assert main(["collect", "-o", target]) == 0
        capsys.readouterr()
        code, result = check(capsys, target)
        told[f"the file of {name}"] = (code, found(result), unread(result), result["scan"]["objects"])

    written = commands / "oc"
    written.write_text(OC.format(python=sys.executable, pem=str(pem)))
    written.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(commands))
        judged("oc")
        (tmp_path / "token").write_text(TOKEN)
        split = urlsplit(server.address)
        patch.delenv("KUBECONFIG")
        patch.setenv("KUBERNETES_SERVICE_HOST", split.hostname or "")
        patch.setenv("KUBERNETES_SERVICE_PORT", str(split.port))
        patch.setenv("REGCRED_SERVICE_ACCOUNT_DIR", str(tmp_path))
        judged("a pod")
    if KUBECTL is not None:
        judged("kubectl")
    assert len(told["oc"][1]) >= 2
    assert bool(told["oc"][2]) is refused
    for name, one in told.items():
        assert one == told["oc"], name


def test_oc_serves_where_there_is_no_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is fixed: kubectl, else oc."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() is None
    for name in ("oc", "kubectl"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert program() == os.path.join(tmp_path, name)


@pytest.mark.parametrize(("named", "said"), [("none", "there is no kubeconfig ("), ("here", "has no current context")])
def test_a_kubeconfig_that_is_not_there_is_told(
    named: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\necho 'error: current-context is not set' >&2; exit 1\n")
    program.chmod(0o755)
    (tmp_path / "here").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / named))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert main(["resolve", "cluster:"]) == 3
    assert said in capsys.readouterr().err
