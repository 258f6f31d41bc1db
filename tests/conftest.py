"""What all tests share: no deadline for a generated case (machines differ), and the same cases each time in CI."""

import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from linter.__main__ import main

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in the background ignores it, and so would every command that they interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def no_cluster(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing by which a cluster could be reached: no kubectl or oc, no kubeconfig, no pod around us."""
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("HOME", str(empty))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)


class Repository:
    """A git repository at `root`, and what `regcred check` finds in it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def beside(self, name: str) -> "Repository":
        """Another one, empty, in a folder next to this one."""
        return Repository(self.root.parent / name, self._capsys)

    def git(self, *words: str) -> str:
        named = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always")
        done = subprocess.run(["git", *named, *words], cwd=self.root, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    @staticmethod
    def tar(**files: str) -> bytes:
        """An archive of YAML files."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f"{name}.yaml")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return buffer.getvalue()

    def write(self, name: str | bytes, text: str | bytes) -> Path:
        path = self.root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def commit(self) -> str:
        """Commit all there is; its name."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def check(self, *words: str) -> tuple[set[tuple[str, str]], Any]:
        """Rule and object of each finding, and the result as JSON tells it."""
        main(["check", "--format", "json", *words])
        said = self._capsys.readouterr()
        assert said.out, said.err
        result = json.loads(said.out)
        return {(one["code"], one["object"]["name"]) for one in result["findings"]}, result

    def since(self, *words: str, revision: str = "HEAD") -> set[tuple[str, str]]:
        """Rule and object of each finding of what changed."""
        return self.check(*(words or (".",)), "--changed-since", revision)[0]

    @staticmethod
    def account(name: str, *secrets: str, namespace: str = "shop") -> str:
        """A service account that links `robot`, or those secrets."""
        listed = ", ".join(f"{{name: {secret}}}" for secret in secrets or ("robot",))
        place = f", namespace: {namespace}" if namespace else ""
        return (
            f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}{place}}}\nimagePullSecrets: [{listed}]\n"
        )

    @staticmethod
    def secret(name: str, auth: str = "dXNlcjpwYXNz", registry: str = "quay.io") -> str:
        """A pull secret; one that cannot be decoded when `auth` is `%%%`."""
        return (
            f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: shop}}\n"
            "type: kubernetes.io/dockerconfigjson\nstringData:\n"
            f"  .dockerconfigjson: '{{\"auths\": {{\"{registry}\": {{\"auth\": \"{auth}\"}}}}}}'\n"
        )

    @staticmethod
    def deployment(name: str, account: str = "web", image: str = "quay.io/shop/web:1") -> str:
        """A workload of an account."""
        return (
            f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\n"
            "spec:\n  template:\n    spec:\n"
            f"      serviceAccountName: {account}\n      containers: [{{name: web, image: '{image}'}}]\n"
        )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Repository:
    """A repository around the working directory, with an account, its secret, a workload, and one old defect.

    The defect is the secret `old` in `old.yaml`, beside the account `fine`, which has none.
    """
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    made = Repository(tmp_path / "repository", capsys)
    monkeypatch.chdir(made.root)
    made.write(".regcred.yaml", "ignore: [RC701, RC301]\n")
    made.write("secret.yaml", made.secret("robot"))
    made.write("account.yaml", made.account("web"))
    made.write("deploy/web.yaml", made.deployment("web"))
    made.write("old.yaml", f"{made.secret('old', '%%%')}---\n{made.account('fine')}")
    made.commit()
    return made
