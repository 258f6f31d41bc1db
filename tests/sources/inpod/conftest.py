"""A pod on this machine: a real server on loopback with TLS, and the folder of a service account."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import kubeapi as api
from kubeapi import CREDENTIAL, TOKEN, Api
from told import Check, enter

from linter.__main__ import main


@pytest.fixture(scope="module")
def trusted() -> api.Authority:
    return api.authority()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("linter.sources.live.asking.wait", lambda _, seconds: waited.append(seconds))
    return waited


@pytest.fixture
def mount(trusted: api.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pod without a kubeconfig: home and PATH are empty."""
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "ca.crt").write_bytes(trusted.pem)
    monkeypatch.setenv("REGCRED_SERVICE_ACCOUNT_DIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return folder


@pytest.fixture
def server(mount: Path, trusted: api.Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with api.serving(Api(api.cluster()), trusted.server) as running:
        enter(running, monkeypatch)
        yield running


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def run(*words: str) -> tuple[int, Any]:
        code = main(["check", "cluster:", *words, "--format", "json"])
        said = capsys.readouterr()
        assert CREDENTIAL not in said.out + said.err
        assert TOKEN not in said.out + said.err
        return code, json.loads(said.out)

    return run
