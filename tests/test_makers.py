"""Kinds of other projects that make pods: each place where images and lists stand is known, and nothing is guessed.

The bodies follow the CRDs that `linter.inventory.paths` and `linter.inventory.makers` name. In each `POD` stands for
what a pod spec says of account and list, `IMAGE` for one image more.
"""

import json
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from tests.commons import quiet

_SECRET: Final = """\
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: eyJhdXRocyI6eyJyZWdpc3RyeS5leGFtcGxlLmNvbSI6eyJhdXRoIjoiZFhObGNqcHdZWE56In19fQ==}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: build, namespace: shop}
imagePullSecrets: [{name: regcred}]
---
"""
_OTHER: Final = """\
apiVersion: v1
kind: Secret
metadata: {name: other, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"quay.io/team":{"auth":"dXNlcjpwYXNz"}}}'}
---
"""
_SPEC: Final = "{POD, containers: [{name: a, image: IMAGE}], initContainers: [{name: i, image: IMAGE}]}"
_TEMPLATE: Final = f"{{spec: {_SPEC}}}"

SURE: Final = {
    "apps.kruise.io/v1alpha1 CloneSet": f"{{template: {_TEMPLATE}}}",
    "apps.kruise.io/v1beta1 StatefulSet": f"{{template: {_TEMPLATE}}}",
    "apps.kruise.io/v1alpha1 DaemonSet": f"{{template: {_TEMPLATE}}}",
    "apps.kruise.io/v1alpha1 BroadcastJob": f"{{template: {_TEMPLATE}}}",
    "apps.kruise.io/v1beta1 AdvancedCronJob": f"{{template: {{jobTemplate: {{spec: {{template: {_TEMPLATE}}}}}}}}}",
    "jobset.x-k8s.io/v1alpha2 JobSet": (
        f"{{replicatedJobs: [{{name: w, template: {{spec: {{template: {_TEMPLATE}}}}}}}]}}"
    ),
    "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet": (
        f"{{leaderWorkerTemplate: {{leaderTemplate: {_TEMPLATE}, workerTemplate: {_TEMPLATE}}}}}"
    ),
    "batch.volcano.sh/v1alpha1 Job": (
        f"{{tasks: [{{name: a, template: {_TEMPLATE}}}, {{name: b, template: {_TEMPLATE}}}]}}"
    ),
    "kubeflow.org/v1 PyTorchJob": (
        f"{{pytorchReplicaSpecs: {{Master: {{template: {_TEMPLATE}}}, Worker: {{template: {_TEMPLATE}}}}}}}"
    ),
    "kubeflow.org/v1 TFJob": f"{{tfReplicaSpecs: {{PS: {{template: {_TEMPLATE}}}, Chief: {{template: {_TEMPLATE}}}}}}}",
    "ray.io/v1 RayCluster": (
        f"{{headGroupSpec: {{template: {_TEMPLATE}}}, workerGroupSpecs: [{{groupName: w, template: {_TEMPLATE}}}]}}"
    ),
    "ray.io/v1 RayJob": (
        f"{{submitterPodTemplate: {_TEMPLATE}, rayClusterSpec: {{headGroupSpec: {{template: {_TEMPLATE}}}}}}}"
    ),
    "ray.io/v1 RayService": f"{{rayClusterConfig: {{headGroupSpec: {{template: {_TEMPLATE}}}}}}}",
    "monitoring.coreos.com/v1 Prometheus": (
        "{POD, image: IMAGE, thanos: {image: IMAGE}, containers: [{name: proxy, image: IMAGE}]}"
    ),
    "monitoring.coreos.com/v1 Alertmanager": "{POD, image: IMAGE}",
    "monitoring.coreos.com/v1 ThanosRuler": "{POD, image: IMAGE}",
    "serving.kserve.io/v1beta1 InferenceService": f"{{predictor: {_SPEC}, transformer: {_SPEC}}}",
}
"""Kinds whose pods get the list and the account that the object says, and no other."""
_ARGO: Final = (
    "{POD, templates: [{name: a, container: {image: IMAGE}, initContainers: [{name: i, image: IMAGE}]}, "
    "{name: b, script: {image: IMAGE}, sidecars: [{name: s, image: IMAGE}]}, "
    "{name: c, containerSet: {containers: [{name: m, image: IMAGE}]}}, "
    "{name: d, dag: {tasks: [{name: t, inline: {container: {image: IMAGE}}}]}}, "
    "{name: e, steps: [[{name: t, inline: {container: {image: IMAGE}}}]]}]}"
)
_TASK: Final = "{steps: [{name: s, image: IMAGE}], sidecars: [{name: c, image: IMAGE}]}"
_TASKS: Final = f"{{tasks: [{{name: t, taskSpec: {_TASK}}}], finally: [{{name: f, taskSpec: {_TASK}}}]}}"
OPEN: Final = {
    "argoproj.io/v1alpha1 Workflow": _ARGO,
    "argoproj.io/v1alpha1 CronWorkflow": f"{{workflowSpec: {_ARGO}}}",
    "tekton.dev/v1 TaskRun": "{ACCOUNT, podTemplate: {LIST}, taskSpec: " + _TASK + "}",
    "tekton.dev/v1 PipelineRun": f"{{taskRunTemplate: {{ACCOUNT, podTemplate: {{LIST}}}}, pipelineSpec: {_TASKS}}}",
    "serving.kserve.io/v1beta1 InferenceService of a model": "{predictor: {POD, model: {image: IMAGE}}}",
    "tekton.dev/v1beta1 PipelineRun": f"{{ACCOUNT, podTemplate: {{LIST}}, pipelineSpec: {_TASKS}}}",
}
"""Kinds to whose list and account the settings of their controller may add."""


def manifest(
    kind: str, body: str, account: str = "web", names: tuple[str, ...] = (), head: str = ""
) -> tuple[str, int]:
    """An object beside a secret that serves its images; also how many images it names."""
    listed = f"imagePullSecrets: [{', '.join(f'{{name: {name}}}' for name in names)}]"
    named = f"serviceAccountName: {account}" if account else "x-none: 0"
    body = body.replace("POD", f"{named}, {listed}").replace("ACCOUNT", named).replace("LIST", listed)
    numbers = count(1)
    while "IMAGE" in body:
        body = body.replace("IMAGE", f"registry.example.com/app-{next(numbers)}", 1)
    version, name, *_ = kind.split(" ")
    text = f"apiVersion: {version}\nkind: {name}\nmetadata: {{name: app, namespace: shop{head}}}\nspec: {body}\n"
    return text, next(numbers) - 1


def account(name: str, *names: str) -> str:
    listed = ", ".join(f"{{name: {one}}}" for one in names)
    return (
        f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"imagePullSecrets: [{listed}]\n---\n"
    )


def judged(folder: Path, text: str, *words: str) -> Any:
    (folder / "scan.yaml").write_text(_SECRET + text)
    code, out, error = quiet("check", str(folder / "scan.yaml"), "--format", "json", "--ignore", "RC701,RC703", *words)
    assert code in (0, 1), error
    return json.loads(out)


def codes(result: Any) -> list[str]:
    return [one["code"] for one in result["findings"]]


def open_ones(result: Any) -> list[str]:
    return [one["message"] for one in result["coverage"]["not_evaluated"]]


@pytest.mark.parametrize("kind", SURE)
def test_images_that_no_secret_of_the_account_covers_are_told(tmp_path: Path, kind: str) -> None:
    text, images = manifest(kind, SURE[kind])
    found = judged(tmp_path, account("web") + text)["findings"]
    assert [one["code"] for one in found] == ["RC501"]
    assert len(found[0]["impact"]["workloads"]) == images > 0


@pytest.mark.parametrize("kind", SURE | OPEN)
def test_nothing_is_said_where_the_account_links_the_secret(tmp_path: Path, kind: str) -> None:
    text, _ = manifest(kind, (SURE | OPEN)[kind])
    result = judged(tmp_path, account("web", "regcred") + text)
    assert not result["findings"]
    assert not open_ones(result)


@pytest.mark.parametrize("kind", SURE | OPEN)
def test_a_name_in_its_list_that_is_no_secret_is_told(tmp_path: Path, kind: str) -> None:
    text, _ = manifest(kind, (SURE | OPEN)[kind], names=("regcred", "quite-another"))
    found = judged(tmp_path, account("web") + text)["findings"]
    assert {one["code"] for one in found} == {"RC303"}
    assert "quite-another" in found[0]["message"]


@pytest.mark.parametrize("kind", SURE | OPEN)
def test_an_account_that_is_not_there_is_told_at_its_name(tmp_path: Path, kind: str) -> None:
    text, _ = manifest(kind, (SURE | OPEN)[kind], account="webb", names=("regcred",))
    found = judged(tmp_path, account("web") + text)["findings"]
    assert {one["code"] for one in found} == {"RC308"}
    line = (_SECRET + account("web") + text).splitlines()[found[0]["location"]["line"] - 1]
    assert line[found[0]["location"]["column"] - 1 :].startswith("webb")


@pytest.mark.parametrize("names", [(), ("other",)])
@pytest.mark.parametrize("kind", OPEN)
def test_what_settings_of_a_controller_may_add_is_not_judged(tmp_path: Path, kind: str, names: tuple[str, ...]) -> None:
    text, _ = manifest(kind, OPEN[kind], names=names)
    result = judged(tmp_path, (_OTHER if names else "") + account("web") + text)
    assert "RC501" not in codes(result)
    assert "RC305" not in codes(result)


@pytest.mark.parametrize("kind", OPEN)
def test_the_reason_why_it_is_not_judged_is_told(tmp_path: Path, kind: str) -> None:
    text, _ = manifest(kind, OPEN[kind])
    result = judged(tmp_path, account("web") + text)
    assert not result["findings"]
    assert [("registry.example.com/app-1" in one, "may add pull secrets" in one) for one in open_ones(result)] == [
        (True, True)
    ]


@pytest.mark.parametrize("kind", OPEN)
def test_without_an_account_nobody_is_named(tmp_path: Path, kind: str) -> None:
    text, _ = manifest(kind, OPEN[kind], account="")
    result = judged(tmp_path, account("default") + text)
    assert not result["findings"]
    assert len(open_ones(result)) == 1


@pytest.mark.parametrize("kind", SURE | OPEN)
def test_a_kind_that_runs_once_is_judged_by_its_pods_in_a_cluster(tmp_path: Path, kind: str) -> None:
    once = "Job" in kind and "Cron" not in kind
    once = once or kind.split(" ")[1] in ("Workflow", "TaskRun", "PipelineRun")
    text, _ = manifest(kind, (SURE | OPEN)[kind], names=("quite-another",), head=', uid: "1"')
    found = codes(judged(tmp_path, account("web") + text, "--scope", "cluster"))
    assert ("RC303" in found) is not once


def test_the_head_of_a_cluster_that_scales_itself_runs_as_an_account_of_its_own(tmp_path: Path) -> None:
    body = SURE["ray.io/v1 RayCluster"].replace("{headGroupSpec", "{enableInTreeAutoscaling: true, headGroupSpec")
    text, images = manifest("ray.io/v1 RayCluster", body, account="")
    result = judged(tmp_path, account("default") + text)
    assert codes(result) == ["RC501"]
    assert len(result["findings"][0]["impact"]["workloads"]) == images - 2
    assert [one for one in open_ones(result) if "KubeRay runs the head" in one]


def test_an_image_of_a_template_that_patches_its_pods_is_left_out(tmp_path: Path) -> None:
    body = "{ACCOUNT, templates: [{name: a, podSpecPatch: '{}', container: {image: IMAGE}}]}"
    text, _ = manifest("argoproj.io/v1alpha1 Workflow", body)
    result = judged(tmp_path, account("web") + text)
    assert not result["findings"]
    assert not open_ones(result)


def test_what_a_workflow_mounts_is_meant_for_mounting(tmp_path: Path) -> None:
    body = "{ACCOUNT, volumes: [{name: v, secret: {secretName: regcred}}], templates: []}"
    holder = account("web").replace("imagePullSecrets: []", "secrets: [{name: regcred}]")
    text, _ = manifest("argoproj.io/v1alpha1 Workflow", body)
    (tmp_path / "scan.yaml").write_text(_SECRET.partition("---\n")[0] + "---\n" + holder + text)
    code, out, _ = quiet("check", str(tmp_path / "scan.yaml"), "--format", "json", "--select", "RC302")
    assert code == 0, out


def test_resolve_tells_what_is_not_known_of_the_list(tmp_path: Path) -> None:
    text, _ = manifest("argoproj.io/v1alpha1 CronWorkflow", OPEN["argoproj.io/v1alpha1 CronWorkflow"])
    (tmp_path / "scan.yaml").write_text(_SECRET + account("web") + text)
    _, out, _ = quiet("resolve", "--workload", "cronworkflow/app", "-n", "shop", str(tmp_path / "scan.yaml"))
    assert "verdict not known: workflowDefaults of the controller" in " ".join(out.split())


def test_resolve_patches_a_kind_by_the_name_that_its_api_has(tmp_path: Path) -> None:
    kind = "monitoring.coreos.com/v1 Prometheus"
    text, _ = manifest(kind, SURE[kind], names=("other",))
    (tmp_path / "scan.yaml").write_text(_SECRET + _OTHER + account("web", "regcred") + text)
    _, out, _ = quiet("resolve", "--workload", "prometheus/app", "-n", "shop", str(tmp_path / "scan.yaml"))
    assert "prometheuses.monitoring.coreos.com app" in out


_RAY: Final = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: ray, namespace: shop, uid: "3"}
spec:
  headGroupSpec:
    template: {spec: {imagePullSecrets: [{name: other}], containers: [{name: h, image: registry.example.com/ray}]}}
  workerGroupSpecs:
  - groupName: w
    template: {spec: {imagePullSecrets: [{name: lost}], containers: [{name: w, image: registry.example.com/ray}]}}
---
"""


def pod(name: str, container: str, listed: str, maker: str, version: str) -> str:
    kind, _, owner = maker.partition("/")
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: shop\n  uid: '{name}'\n"
        f"  ownerReferences:\n  - {{apiVersion: {version}, kind: {kind}, name: {owner}, controller: true}}\n"
        f"spec:\n  imagePullSecrets: [{listed}]\n  containers:\n"
        f"  - {{name: {container}, image: registry.example.com/ray}}\n  - {{name: injected, image: x}}\n---\n"
    )


def test_a_name_is_told_at_the_template_that_its_pods_were_made_of(tmp_path: Path) -> None:
    worker = pod("worker", "w", "{name: lost}", "RayCluster/ray", "ray.io/v1")
    text = _OTHER + account("default") + _RAY + worker
    found = [one for one in judged(tmp_path, text, "--scope", "cluster")["findings"] if one["code"] == "RC303"]
    assert [one["object"]["kind"] for one in found] == ["RayCluster"]


def test_each_template_of_an_object_is_judged_by_its_own_account_and_list(tmp_path: Path) -> None:
    body = _RAY.replace(', uid: "3"', "").replace("imagePullSecrets: [{name: other}]", "serviceAccountName: web")
    wanted = {"serviceAccountName: webb": "RC308", "imagePullSecrets: [{name: other}, {name: other}]": "RC307"}
    for said, code in wanted.items():
        text = _OTHER + account("web", "regcred") + account("default", "regcred")
        found = codes(judged(tmp_path, text + body.replace("imagePullSecrets: [{name: lost}]", said)))
        assert code in found, said


def test_an_account_that_is_not_there_breaks_the_pulls_of_its_own_template(tmp_path: Path) -> None:
    kind = "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet"
    text, images = manifest(kind, SURE[kind].replace("POD", "serviceAccountName: webb", 1))
    found = judged(tmp_path, account("web", "regcred") + text)["findings"]
    assert [one["code"] for one in found] == ["RC308"]
    assert len(found[0]["impact"]["workloads"]) == images / 2


def test_a_container_that_is_merged_into_the_one_of_the_operator_brings_its_image(tmp_path: Path) -> None:
    """The API of prometheus-operator says so of `spec.containers`: a strategic merge patch by name."""
    body = "{POD, image: IMAGE, containers: [{name: NAME, image: quay.io/p}]}"
    text, _ = manifest("monitoring.coreos.com/v1 Prometheus", body)
    assert codes(judged(tmp_path, account("web") + text.replace("NAME", "proxy"))) == ["RC501"]
    assert not codes(judged(tmp_path, account("web") + text.replace("NAME", "prometheus")))


def test_no_rollout_is_printed_for_a_set_of_another_group(tmp_path: Path) -> None:
    """`kubectl rollout restart statefulset/db` would look for one of Kubernetes."""
    ours = (
        "apiVersion: apps.kruise.io/v1beta1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop, uid: '8'}\n"
        "spec: {template: {spec: {containers: [{name: w, image: registry.example.com/ray}]}}}\n---\n"
    )
    text = account("default", "regcred") + ours + pod("db-0", "w", "", "StatefulSet/db", "apps.kruise.io/v1beta1")
    found = [one for one in judged(tmp_path, text, "--scope", "cluster")["findings"] if one["code"] == "RC309"]
    assert [one["commands"] for one in found] == [["kubectl delete pod db-0 -n shop"]]


def test_an_image_that_kustomize_may_rename_only_if_told_where_it_stands_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(
        "resources: [app.yaml]\nimages: [{name: registry.example.com/app-1, newName: quay.io/team/app}]\n"
    )
    text, _ = manifest("argoproj.io/v1alpha1 Workflow", "{ACCOUNT, templates: [{name: a, container: {image: IMAGE}}]}")
    (tmp_path / "app.yaml").write_text(_SECRET + account("web") + text)
    _, out, _ = quiet("check", str(tmp_path), "--format", "json", "--ignore", "RC701,RC703")
    assert open_ones(json.loads(out)) == [
        "which image is built of registry.example.com/app-1 is not known: kustomizations give it several names"
    ]


def test_what_is_created_under_a_name_that_the_server_completes_is_called_by_its_beginning(tmp_path: Path) -> None:
    text, _ = manifest("argoproj.io/v1alpha1 Workflow", "{ACCOUNT}", account="webb")
    found = judged(tmp_path, account("web") + text.replace("{name: app", "{generateName: app-"))["findings"]
    assert [one["message"].startswith("Workflow app-… runs as service account webb") for one in found] == [True]
    found = judged(tmp_path, account("web") + text.replace("{name: app, ", "{"))["findings"]
    assert [one["message"].startswith("Workflow without a name runs as") for one in found] == [True]
