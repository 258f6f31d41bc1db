"""Credentials that no pod names, in a live cluster: the builders and packages that read them are asked for as well."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import kubeapi as api
from kubeapi import TOKEN, Api, Body, Served, secret, thing

from linter.__main__ import main

BUNDLE = {"image": "registry.example.com/packages", "secretRef": {"name": "robot"}}
MOUNTED = thing("v1", "ServiceAccount", "runner", "shop", secrets=[{"name": "robot"}])
RUN_AS = {"serviceAccountName": "runner"}
USES: dict[str, tuple[Served, list[Body]]] = {
    "kpack image": (
        Served("kpack.io/v1alpha2", "images", "Image"),
        [MOUNTED, thing("kpack.io/v1alpha2", "Image", "app", "shop", spec=RUN_AS)],
    ),
    "kpack build": (
        Served("kpack.io/v1alpha2", "builds", "Build"),
        [MOUNTED, thing("kpack.io/v1alpha2", "Build", "app-1", "shop", spec=RUN_AS)],
    ),
    "kpack builder": (
        Served("kpack.io/v1alpha2", "builders", "Builder"),
        [MOUNTED, thing("kpack.io/v1alpha2", "Builder", "all", "shop", spec=RUN_AS)],
    ),
    "Shipwright build": (
        Served("shipwright.io/v1beta1", "builds", "Build"),
        [thing("shipwright.io/v1beta1", "Build", "app", "shop", spec={"output": {"pushSecret": "robot"}})],
    ),
    "Shipwright run": (
        Served("shipwright.io/v1beta1", "buildruns", "BuildRun"),
        [MOUNTED, thing("shipwright.io/v1beta1", "BuildRun", "app", "shop", spec={"serviceAccount": "runner"})],
    ),
    "packages": (
        Served("packaging.carvel.dev/v1alpha1", "packagerepositories", "PackageRepository"),
        [
            thing(
                "packaging.carvel.dev/v1alpha1",
                "PackageRepository",
                "all",
                "shop",
                spec={"fetch": {"imgpkgBundle": BUNDLE}},
            )
        ],
    ),
    "app": (
        Served("kappctrl.k14s.io/v1alpha1", "apps", "App"),
        [thing("kappctrl.k14s.io/v1alpha1", "App", "all", "shop", spec={"fetch": [{"imgpkgBundle": BUNDLE}]})],
    ),
    "export": (
        Served("secretgen.carvel.dev/v1alpha1", "secretexports", "SecretExport"),
        [thing("secretgen.carvel.dev/v1alpha1", "SecretExport", "robot", "shop", spec={"toNamespace": "*"})],
    ),
}


@contextmanager
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch, server: Api) -> Iterator[None]:
    """A pod of the cluster that is served."""
    trusted = api.authority()
    with api.serving(server, trusted.server) as running:
        address = urlsplit(running.address)
        (folder / "token").write_text(TOKEN + "\n")
        (folder / "ca.crt").write_bytes(trusted.pem)
        monkeypatch.setenv("REGCRED_SERVICE_ACCOUNT_DIR", str(folder))
        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.delenv("KUBECONFIG", raising=False)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", address.hostname or "")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
        yield


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("served", [True, False])
def test_a_secret_that_a_builder_or_a_package_reads_is_used(
    use: str, served: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the cluster does not serve the kind, nothing of it is there: then it is told of."""
    kind, objects = USES[use]
    default = thing("v1", "ServiceAccount", "default", "shop")
    server = Api([thing("v1", "Namespace", "shop"), default, secret("robot", "shop", "ghcr.io"), *objects])
    server.kinds = [one for one in api.KINDS if one.kind != kind.kind] + [kind] * served
    with inside(tmp_path, monkeypatch, server):
        main(["check", "cluster:", "--format", "json", "--fail-on", "never"])
    told = {one["code"] for one in json.loads(capsys.readouterr().out)["findings"]}
    mounted = any(one["kind"] == "ServiceAccount" for one in objects)
    assert told == (set() if served else {"RC302"} if mounted else {"RC301"})
