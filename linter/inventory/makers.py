"""Kinds whose controllers put pods together out of fields of their own, where no pod spec stands as it is.

Each function tells where the list of pull secrets stands, as whom the pods run and what they pull, as far as the object
says it; `unsure` tells why a list, or none, does not settle what the pods get. What a kind's own language fills in
(`{{inputs.parameters.image}}`, `$(params.image)`) is passed on as it is written: nobody looks it up.

Read in the sources of Argo Workflows 3.6 (workflow/controller/workflowpod.go, workflow/util/merge.go), Tekton Pipelines
1.3 (pkg/pod/pod.go, pkg/apis/pipeline/pod/template.go, v1 and v1beta1), prometheus-operator 0.85
(pkg/prometheus/server/statefulset.go and its like), KubeRay 1.4 (ray-operator/controllers/ray/common/pod.go) and KServe
0.15 (pkg/controller/v1beta1/inferenceservice/components, pkg/apis/serving/v1alpha1/servingruntime_types.go).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from linter.documents.objects import KubeObject
from linter.inventory.paths import Path, dig, group, image, pod_account, pod_images, text, walk
from linter.inventory.records import ImageUse
from linter.model import Route
from linter.record import NamedTuple

_ARGO: Final = "workflowDefaults of the controller, or a WorkflowTemplate, may add pull secrets and name the account"
_TEKTON: Final = "the config-defaults of Tekton may add pull secrets and name the account"
_KSERVE: Final = "the serving runtime of KServe may add pull secrets"
_MODELS: Final = (
    *("model", "sklearn", "xgboost", "tensorflow", "pytorch", "triton", "onnx", "huggingface", "pmml", "lightgbm"),
    *("paddle", "mlflow", "art"),
)
"""Fields of which KServe makes the container of a model, out of a serving runtime or of its own settings."""
_RAY: Final = "KubeRay runs the head of a cluster that scales itself as an account of its own"
_OF_TEMPLATES: Final[tuple[Path, ...]] = (
    ("container",),
    ("script",),
    ("containerSet", "containers", "*"),
    ("initContainers", "*"),
    ("sidecars", "*"),
)
_TEMPLATES: Final[tuple[Path, ...]] = (
    ("templates", "*"),
    ("templates", "*", "dag", "tasks", "*", "inline"),
    ("templates", "*", "steps", "*", "*", "inline"),
)
_STEPS: Final[tuple[Path, ...]] = (("steps", "*"), ("sidecars", "*"))
_MONITORED: Final = {
    "Prometheus": "prometheus",
    "PrometheusAgent": "prometheus",
    "Alertmanager": "alertmanager",
    "ThanosRuler": "thanos-ruler",
}
"""What the operator calls the container of which `spec.image` is the image."""
_RAY_CLUSTERS: Final = {
    "RayCluster": ("spec",),
    "RayService": ("spec", "rayClusterConfig"),
    "RayJob": ("spec", "rayClusterSpec"),
}


class Made(NamedTuple):
    """The pods that one part of an object makes.

    `template` leads to what holds their list of pull secrets, `account_at` to the account's name: `account` is "" where
    it is not known.
    """

    template: Route
    account: str
    account_at: Route
    images: tuple[ImageUse, ...]
    unsure: str = ""


def made(item: KubeObject) -> Iterator[Made]:
    """Yield what the parts of an object make; nothing for other kinds."""
    read = READ.get((group(item.api_version), item.kind))
    if read is not None:
        yield from read(item)


def _containers(body: Any, base: Route, paths: tuple[Path, ...]) -> Iterator[ImageUse]:
    """The images of the containers at `paths` below `base`."""
    for path in paths:
        for at, container in walk(dig(body, *base), path):
            found = image(dig(container, "image"))
            if found:
                never = dig(container, "imagePullPolicy") == "Never"
                yield ImageUse(found, (*base, *at, "image"), text(dig(container, "name")), never)


def _workflow(item: KubeObject) -> Iterator[Made]:
    """A Workflow and its like: one list and one account for the pods of all its templates.

    A template may name an account of its own. With a list beside it that changes nothing of what its pods get; without
    one its images are left out, and so are those of a template that patches the spec of its pods.
    """
    base: Route = ("spec", "workflowSpec") if item.kind == "CronWorkflow" else ("spec",)
    spec = dig(item.body, *base)
    if not isinstance(spec, dict):
        return
    listed, named = bool(spec.get("imagePullSecrets")), text(spec.get("serviceAccountName"))
    found: list[ImageUse] = []
    for path in _TEMPLATES if not spec.get("podSpecPatch") else ():
        for at, template in walk(spec, path):
            own = text(dig(template, "serviceAccountName"))
            if not dig(template, "podSpecPatch") and (listed or own in ("", named)):
                found.extend(_containers(item.body, (*base, *at), _OF_TEMPLATES))
    # Whoever refers to one template of it brings an account.
    runs_as = "" if item.kind == "WorkflowTemplate" else named
    yield Made(base, runs_as, (*base, "serviceAccountName"), tuple(found), _ARGO)


def _task_run(item: KubeObject) -> Iterator[Made]:
    """A TaskRun: images are known of a Task that stands in it, and not of one that it refers to."""
    runs_as = text(dig(item.body, "spec", "serviceAccountName"))
    found = tuple(_containers(item.body, ("spec", "taskSpec"), _STEPS))
    yield Made(("spec", "podTemplate"), runs_as, ("spec", "serviceAccountName"), found, _TEKTON)


def _pipeline_run(item: KubeObject) -> Iterator[Made]:
    """A PipelineRun; the tasks to which it gives a template or an account of their own are left out."""
    spec = dig(item.body, "spec")
    v1 = item.api_version == "tekton.dev/v1" or dig(spec, "taskRunTemplate") is not None
    base: Route = ("spec", "taskRunTemplate") if v1 else ("spec",)
    own = {text(dig(one, "pipelineTaskName")) for _, one in walk(spec, ("taskRunSpecs", "*"))}
    found: list[ImageUse] = []
    for field in ("tasks", "finally"):
        for at, task in walk(spec, ("pipelineSpec", field, "*")):
            if text(dig(task, "name")) not in own:
                found.extend(_containers(item.body, ("spec", *at, "taskSpec"), _STEPS))
    runs_as = text(dig(item.body, *base, "serviceAccountName"))
    yield Made((*base, "podTemplate"), runs_as, (*base, "serviceAccountName"), tuple(found), _TEKTON)


def _monitoring(item: KubeObject) -> Iterator[Made]:
    """What prometheus-operator makes a StatefulSet of: list and account of `spec` reach the pods as they are."""
    spec = dig(item.body, "spec")
    if not isinstance(spec, dict):
        return
    never = spec.get("imagePullPolicy") == "Never"
    fields: dict[str, Route] = {_MONITORED[item.kind]: ("image",), "thanos-sidecar": ("thanos", "image")}
    own = [ImageUse(image(dig(spec, *at)), ("spec", *at), name, never) for name, at in fields.items()]
    beside = tuple(pod_images(spec, ("spec",)))
    patched = {use.owner for use in beside}  # a container of that name is merged into the one that the operator makes
    found = (*(use for use in own if use.image and use.owner not in patched), *beside)
    yield Made(("spec",), pod_account(spec) or "default", ("spec", "serviceAccountName"), found)


def _ray(item: KubeObject) -> Iterator[Made]:
    """A RayCluster, on its own or within what makes one: its head, its groups of workers, the submitter of a job."""
    base = _RAY_CLUSTERS[item.kind]
    cluster = dig(item.body, *base)
    scales = dig(cluster, "enableInTreeAutoscaling") is True
    paths: list[Path] = [("headGroupSpec", "template", "spec"), ("workerGroupSpecs", "*", "template", "spec")]
    specs = [row for path in paths for row in walk(cluster, path)]
    found = [((*base, *at), spec, scales and at[0] == "headGroupSpec") for at, spec in specs]
    if item.kind == "RayJob":
        submitter: Path = ("spec", "submitterPodTemplate", "spec")
        found.extend((at, spec, False) for at, spec in walk(item.body, submitter))
    for route, spec, head in found:
        named = pod_account(spec)
        doubt = _RAY if head and not named else ""
        runs_as = named or ("" if doubt else "default")
        yield Made(route, runs_as, (*route, "serviceAccountName"), tuple(pod_images(spec, route)), doubt)


def _inference(item: KubeObject) -> Iterator[Made]:
    """An InferenceService: a pod spec stands in each of its parts, into which a runtime is merged that it refers to."""
    for part in ("predictor", "transformer", "explainer"):
        spec = dig(item.body, "spec", part)
        models = [field for field in _MODELS if isinstance(dig(spec, field), dict)]
        if not models and not dig(spec, "containers"):
            continue
        route: Route = ("spec", part)
        found = (*pod_images(spec, route), *_containers(item.body, route, tuple((field,) for field in models)))
        runs_as = pod_account(spec) or "default"
        yield Made(route, runs_as, (*route, "serviceAccountName"), found, _KSERVE if models else "")


READ: Final[Mapping[tuple[str, str], Callable[[KubeObject], Iterator[Made]]]] = {
    **{("argoproj.io", kind): _workflow for kind in ("Workflow", "WorkflowTemplate", "CronWorkflow")},
    ("tekton.dev", "TaskRun"): _task_run,
    ("tekton.dev", "PipelineRun"): _pipeline_run,
    **{("monitoring.coreos.com", kind): _monitoring for kind in _MONITORED},
    **{("ray.io", kind): _ray for kind in _RAY_CLUSTERS},
    ("serving.kserve.io", "InferenceService"): _inference,
}
"""What reads the kinds that `linter.inventory.paths.MAKERS` names."""
