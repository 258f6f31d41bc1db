"""Who reads pull secrets besides the kubelet: controllers with a keychain of their own, and Docker builds."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter.__main__ import main

Manifest = dict[str, Any]
MARK = "openshift.io/internal-registry-auth-token.service-account"
FLUX, SOURCE, BUILD = "image.toolkit.fluxcd.io/v1beta2", "source.toolkit.fluxcd.io/v1", "build.openshift.io/v1"


def secret(name: str, *keys: str, generated: bool = False) -> Manifest:
    entries: Any = {key: {"auth": "dXNlcjpzMG1l"} for key in keys}
    form = "dockercfg" if generated else "dockerconfigjson"
    text = json.dumps(entries if generated else {"auths": entries})
    metadata: Manifest = {"name": name, "namespace": "shop"}
    if generated:
        metadata["annotations"] = {MARK: "builder"}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": f"kubernetes.io/{form}"}
    return {**body, "data": {f".{form}": base64.b64encode(text.encode()).decode()}}


def account(name: str, *names: str) -> Manifest:
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "shop"}}
    return {**body, "imagePullSecrets": [{"name": one} for one in names]}


def app(api: str, kind: str, spec: Manifest) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "app", "namespace": "shop"}, "spec": spec}


def repository(image: str, api: str = FLUX, **more: Any) -> Manifest:
    return app(api, "ImageRepository", {"image": image, "secretRef": {"name": "hub"}, **more})


HUB = secret("hub", "docker.io")
CI = account("ci", "hub")
STEPS = {"steps": [{"name": "a", "image": "acme/app:1"}]}
NAMED = [{"name": "hub"}]
POD = {"containers": [{"name": "a", "image": "acme/app:1"}], "imagePullSecrets": NAMED}
PINNED = {**POD, "containers": [{"name": "a", "image": f"acme/app@sha256:{'a' * 64}"}]}
FLOW = {"imagePullSecrets": NAMED, "templates": [{"name": "a", "container": {"image": "acme/app:1"}}]}
WRITTEN = {
    "imagePullSecrets": NAMED,
    "templates": [{"name": "a", "container": {"image": "acme/app:1", "command": ["x"]}}],
}
OCI = {"url": "oci://docker.io/acme/app", "secretRef": {"name": "hub"}}
PIPELINE = {
    "taskRunTemplate": {"serviceAccountName": "ci"},
    "pipelineSpec": {"tasks": [{"name": "t", "taskSpec": STEPS}]},
}

CONTROLLERS: dict[str, tuple[int, list[Manifest]]] = {
    "flux": (1, [HUB, repository("docker.io/acme/app")]),
    "flux-short-name": (1, [HUB, repository("acme/app")]),
    "flux-other-name-of-the-hub": (1, [HUB, repository("index.docker.io/acme/app")]),
    "flux-later-version": (1, [HUB, repository("docker.io/acme/app", "image.toolkit.fluxcd.io/v1")]),
    "flux-oci": (1, [HUB, app(SOURCE, "OCIRepository", OCI)]),
    "flux-right-key": (0, [secret("hub", "https://index.docker.io/v1/"), repository("docker.io/acme/app")]),
    "flux-both-keys": (0, [secret("hub", "docker.io", "index.docker.io"), repository("docker.io/acme/app")]),
    "flux-elsewhere": (0, [HUB, repository("ghcr.io/acme/app")]),
    "flux-same-kind-of-others": (0, [HUB, repository("docker.io/acme/app", "example.com/v1")]),
    "tekton-account": (1, [HUB, CI, app("tekton.dev/v1", "TaskRun", {"taskSpec": STEPS, "serviceAccountName": "ci"})]),
    "tekton-pipeline": (1, [HUB, CI, app("tekton.dev/v1", "PipelineRun", PIPELINE)]),
    "tekton-pod-template": (
        1,
        [HUB, app("tekton.dev/v1", "TaskRun", {"podTemplate": {"imagePullSecrets": NAMED}, "taskSpec": STEPS})],
    ),
    "knative": (1, [HUB, app("serving.knative.dev/v1", "Service", {"template": {"spec": POD}})]),
    "knative-digest": (0, [HUB, app("serving.knative.dev/v1", "Service", {"template": {"spec": PINNED}})]),
    "argo": (1, [HUB, app("argoproj.io/v1alpha1", "Workflow", FLOW)]),
    "argo-cron": (1, [HUB, app("argoproj.io/v1alpha1", "CronWorkflow", {"workflowSpec": FLOW})]),
    "argo-with-a-command": (0, [HUB, app("argoproj.io/v1alpha1", "Workflow", WRITTEN)]),
    "kubelet": (0, [HUB, app("apps/v1", "Deployment", {"template": {"spec": POD}})]),
}


def build(
    dockerfile: str = "", *, kind: str = "BuildConfig", api: str = BUILD, own: str = "", **strategy: Any
) -> Manifest:
    spec: Manifest = {"strategy": {"type": "Docker", "dockerStrategy": strategy}}
    if dockerfile:
        spec["source"] = {"dockerfile": dockerfile}
    if own:
        spec["serviceAccount"] = own
    return app(api, kind, spec)


INTERNAL = secret("builder-dockercfg-a1b2c", "image-registry.openshift-image-registry.svc:5000", generated=True)
QUAY, GHCR = secret("quay", "quay.io"), secret("ghcr", "ghcr.io")
GENERATED = [INTERNAL, QUAY, account("builder", "builder-dockercfg-a1b2c", "quay")]
TWO = [QUAY, GHCR, account("builder", "quay", "ghcr")]
FROM_QUAY = "FROM quay.io/acme/base:1\n"
BASE = {"kind": "DockerImage", "name": "quay.io/acme/base:1"}

BUILDS: dict[str, tuple[int, list[Manifest]]] = {
    "from-git": (1, [*GENERATED, build()]),
    "generated-first": (1, [*GENERATED, build(FROM_QUAY)]),
    "old-group": (1, [*GENERATED, build(FROM_QUAY, api="v1")]),
    "build": (1, [*GENERATED, build(FROM_QUAY, kind="Build")]),
    "own-account": (1, [INTERNAL, QUAY, account("ci", "builder-dockercfg-a1b2c", "quay"), build(FROM_QUAY, own="ci")]),
    "two-of-users": (1, [*TWO, build()]),
    "stage-and-platform": (1, [*TWO, build("FROM --platform=linux/amd64 ghcr.io/acme/a AS x\nFROM x\n")]),
    "argument": (1, [*TWO, build("ARG BASE=ghcr.io/acme/a\nFROM ${BASE}\n")]),
    "scratch-and-a-copy": (1, [*TWO, build("FROM scratch\nCOPY --from=ghcr.io/acme/a /a /a\n")]),
    "scratch": (0, [*TWO, build("FROM scratch\nCOPY a /a\n")]),
    "public": (0, [*TWO, build("FROM registry.access.redhat.com/ubi9/ubi:9.4\n")]),
    "right-one-first": (0, [*TWO, build(FROM_QUAY)]),
    "named": (0, [*GENERATED, build(FROM_QUAY, pullSecret={"name": "quay"})]),
    "with-from": (0, [*GENERATED, build(FROM_QUAY, **{"from": BASE})]),
    "source-strategy": (0, [*GENERATED, app(BUILD, "BuildConfig", {"strategy": {"sourceStrategy": {"from": BASE}}})]),
    "one-secret": (0, [QUAY, account("builder", "quay"), build()]),
    "same-kind-of-others": (0, [*GENERATED, build(FROM_QUAY, api="shipwright.io/v1beta1")]),
}
CASES = [("RC209", name, *case) for name, case in CONTROLLERS.items()]
CASES += [("RC311", name, *case) for name, case in BUILDS.items()]


@pytest.mark.parametrize("scope", ["manifests", "cluster"])
@pytest.mark.parametrize(
    ("code", "name", "count", "objects"), CASES, ids=[f"{code}-{name}" for code, name, *_ in CASES]
)
def test_each_shape(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    code: str,
    name: str,
    count: int,
    objects: list[Manifest],
    scope: str,
) -> None:
    (tmp_path / "scan.yaml").write_text(yaml.safe_dump_all(objects))
    main(["check", str(tmp_path / "scan.yaml"), "--scope", scope, "--select", code, "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [one["severity"] for one in found] == ["warning"] * count, name
