"""The table of kinds and paths at which a pod spec stands or a pull secret is named, and the walk along such a path.

A path is written with `*` for every item of a list. The table follows Kubernetes 1.36, OpenShift 4.22 and the CRDs of
the named projects as of August 2026; what it does not know is caught by the field names in `FALLBACK_FIELDS`.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from linter.inventory.records import ImageUse, Use
from linter.model import Route
from linter.secret import without_login

Path = tuple[str, ...]


def _paths(*dotted: str) -> tuple[Path, ...]:
    return tuple(tuple(path.split(".")) for path in dotted)


_TEMPLATE = _paths("spec.template.spec")

POD_SPECS: dict[tuple[str, str], tuple[Path, ...]] = {
    ("", "Pod"): _paths("spec"),
    ("", "PodTemplate"): _paths("template.spec"),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("extensions", "Deployment"): _TEMPLATE,
    ("extensions", "ReplicaSet"): _TEMPLATE,
    ("extensions", "DaemonSet"): _TEMPLATE,
    ("batch", "Job"): _TEMPLATE,
    ("batch", "CronJob"): _paths("spec.jobTemplate.spec.template.spec"),
    ("apps.openshift.io", "DeploymentConfig"): _TEMPLATE,
    ("", "DeploymentConfig"): _TEMPLATE,
    ("argoproj.io", "Rollout"): _TEMPLATE,
    ("argoproj.io", "AnalysisTemplate"): _paths("spec.metrics.*.provider.job.spec.template.spec"),
    ("argoproj.io", "ClusterAnalysisTemplate"): _paths("spec.metrics.*.provider.job.spec.template.spec"),
    ("argoproj.io", "Experiment"): _paths("spec.templates.*.template.spec"),
    ("serving.knative.dev", "Service"): _TEMPLATE,
    ("serving.knative.dev", "Configuration"): _TEMPLATE,
    ("serving.knative.dev", "Revision"): _paths("spec"),
    ("keda.sh", "ScaledJob"): _paths("spec.jobTargetRef.template.spec"),
    ("apps.kruise.io", "CloneSet"): _TEMPLATE,
    ("apps.kruise.io", "StatefulSet"): _TEMPLATE,
    ("apps.kruise.io", "DaemonSet"): _TEMPLATE,
    ("apps.kruise.io", "BroadcastJob"): _TEMPLATE,
    ("apps.kruise.io", "AdvancedCronJob"): _paths(
        "spec.template.jobTemplate.spec.template.spec", "spec.template.broadcastJobTemplate.spec.template.spec"
    ),
    ("jobset.x-k8s.io", "JobSet"): _paths("spec.replicatedJobs.*.template.spec.template.spec"),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): _paths(
        "spec.leaderWorkerTemplate.leaderTemplate.spec", "spec.leaderWorkerTemplate.workerTemplate.spec"
    ),
    ("batch.volcano.sh", "Job"): _paths("spec.tasks.*.template.spec"),
    **{
        ("kubeflow.org", kind): _paths(*(f"spec.{field}.{role}.template.spec" for role in roles))
        for kind, field, roles in (
            ("PyTorchJob", "pytorchReplicaSpecs", ("Master", "Worker")),
            ("TFJob", "tfReplicaSpecs", ("Chief", "Master", "PS", "Worker", "Evaluator")),
            ("XGBoostJob", "xgbReplicaSpecs", ("Master", "Worker")),
            ("PaddleJob", "paddleReplicaSpecs", ("Master", "Worker")),
            ("JAXJob", "jaxReplicaSpecs", ("Worker",)),
        )
    },
}
"""Where a pod spec stands, by API group and kind: the controller makes pods of it and adds neither account nor list.

Beyond Kubernetes, OpenShift and Knative: Argo Rollouts 1.8, KEDA 2.17, OpenKruise 1.8 (v1alpha1 and v1beta1), JobSet
0.8 (v1alpha2), LeaderWorkerSet 0.6 (v1), Volcano 1.12 (v1alpha1) and the training operator of Kubeflow 1.9 (v1), whose
MPIJob is left out: its launcher runs as an account that is made for it.
"""

RUN_ONCE: Final = frozenset(
    {
        ("apps.kruise.io", "BroadcastJob"),
        ("jobset.x-k8s.io", "JobSet"),
        ("batch.volcano.sh", "Job"),
        *(("kubeflow.org", kind) for kind in ("PyTorchJob", "TFJob", "XGBoostJob", "PaddleJob", "JAXJob")),
        ("argoproj.io", "Workflow"),
        ("tekton.dev", "TaskRun"),
        ("tekton.dev", "PipelineRun"),
        ("ray.io", "RayJob"),
    }
)
"""Kinds that run once and stay in the cluster when they have ended, with a status that their pods tell better."""

MAKERS: Final = frozenset(
    {
        *(("argoproj.io", kind) for kind in ("Workflow", "WorkflowTemplate", "CronWorkflow")),
        *(("tekton.dev", kind) for kind in ("TaskRun", "PipelineRun")),
        *(("monitoring.coreos.com", kind) for kind in ("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler")),
        *(("ray.io", kind) for kind in ("RayCluster", "RayService", "RayJob")),
        ("serving.kserve.io", "InferenceService"),
    }
)
"""Kinds without a pod spec whose controllers put pods together out of other fields: `linter.inventory.makers`."""

_CONTAINER_LISTS: Final = ("initContainers", "containers", "ephemeralContainers")

NAMED: dict[tuple[str, str], tuple[tuple[Path, Use], ...]] = {
    ("", "ServiceAccount"): tuple(
        [(path, Use.ACCOUNT) for path in _paths("imagePullSecrets.*.name")]
        + [(path, Use.MOUNT) for path in _paths("secrets.*.name")]
    ),
    ("build.openshift.io", "BuildConfig"): (
        *(
            (path, Use.BUILD)
            for path in _paths(
                "spec.strategy.sourceStrategy.pullSecret.name",
                "spec.strategy.dockerStrategy.pullSecret.name",
                "spec.strategy.customStrategy.pullSecret.name",
                "spec.source.images.*.pullSecret.name",
            )
        ),
        *((path, Use.PUSH) for path in _paths("spec.output.pushSecret.name")),
    ),
    ("operators.coreos.com", "CatalogSource"): tuple((path, Use.POD) for path in _paths("spec.secrets.*")),
    ("source.toolkit.fluxcd.io", "OCIRepository"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.secretRef.name")
    ),
    ("source.toolkit.fluxcd.io", "HelmRepository"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.secretRef.name")
    ),
    ("source.toolkit.fluxcd.io", "HelmChart"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.verify.secretRef.name")
    ),
    ("image.toolkit.fluxcd.io", "ImageRepository"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.secretRef.name")
    ),
    ("machineconfiguration.openshift.io", "MachineOSConfig"): (
        *(
            (path, Use.CONTROLLER)
            for path in _paths("spec.baseImagePullSecret.name", "spec.renderedImagePushSecret.name")
        ),
    ),
    ("policies.kyverno.io", "ImageValidatingPolicy"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.credentials.secrets.*")
    ),
    ("pkg.crossplane.io", "ImageConfig"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.registry.authentication.pullSecretRef.name")
    ),
    ("argocd-image-updater.argoproj.io", "ImageUpdater"): tuple(
        (path, Use.CONTROLLER) for path in _paths("spec.commonUpdateSettings.pullSecret")
    ),
}
"""Where a secret is named beyond the fallback's field names, by API group and kind."""
NAMED[("build.openshift.io", "Build")] = NAMED[("build.openshift.io", "BuildConfig")]
NAMED[("", "BuildConfig")] = NAMED[("", "Build")] = NAMED[("build.openshift.io", "BuildConfig")]

FALLBACK_FIELDS: dict[str, Use] = {
    "imagePullSecrets": Use.POD,
    "imagePullSecret": Use.POD,
    "pullSecrets": Use.POD,
    "pullSecret": Use.CONTROLLER,
    "pullSecretRef": Use.CONTROLLER,
    "pullSecretsRef": Use.CONTROLLER,
    "globalPullSecretRef": Use.CONTROLLER,
    "hiveImagePullSecretRef": Use.CONTROLLER,
    "packagePullSecrets": Use.CONTROLLER,
    "baseImagePullSecret": Use.CONTROLLER,
    "image_pull_secrets": Use.POD,
    "image_pull_secret": Use.POD,
    "pushSecret": Use.PUSH,
    "imageRegistryCredentials": Use.CONTROLLER,
}
"""Field names that hold a string, `{name}`, `{secrets: […]}` or a list of either, whatever the kind (Helm values,
unknown CRDs; the last is Kyverno's, which stands in rules, contexts and loops alike)."""

PRUNED: dict[tuple[str, str], tuple[Path, ...]] = {
    ("operators.coreos.com", "CatalogSource"): _paths("spec.imagePullSecrets", "spec.imagePullSecret"),
}
"""Fields of such a name that the API does not have and drops, by API group and kind: what they name is no link."""


def walk(value: Any, path: Path, route: Route = ()) -> Iterator[tuple[Route, Any]]:
    """Yield `(route, node)` for every node at `path`, descending into every item at `*`; absent steps yield nothing."""
    for at, step in enumerate(path):
        if step == "*":
            for index, item in enumerate(value) if isinstance(value, list) else ():
                yield from walk(item, path[at + 1 :], (*route, *path[:at], index))
            return
        if not isinstance(value, dict) or step not in value:
            return
        value = value[step]
    yield (*route, *path), value


def dig(value: Any, *steps: str | int) -> Any:
    """Return what stands at `steps` below `value`, or None where any step is missing or of another shape."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if 0 <= step < len(value) else None
        else:
            return None
    return value


def text(value: Any) -> str:
    """Return `value` when it is a string, else ""."""
    return value if isinstance(value, str) else ""


def image(value: Any) -> str:
    """Return `value` when it is a string, else "", as an image reference that may be shown: without a login in it."""
    return without_login(value) if isinstance(value, str) else ""


def pod_images(spec: Any, route: Route) -> Iterator[ImageUse]:
    """Yield the images of a pod spec at `route`."""
    for field in _CONTAINER_LISTS:
        containers = dig(spec, field)
        if not isinstance(containers, list):
            continue
        for index, container in enumerate(containers):
            found = image(dig(container, "image"))
            if found:
                never = dig(container, "imagePullPolicy") == "Never"
                yield ImageUse(found, (*route, field, index, "image"), text(dig(container, "name")), never)
    # Image volumes pull like containers do (Kubernetes 1.35 by default, 1.36 as a stable feature).
    for at, value in walk(spec, ("volumes", "*", "image", "reference")):
        found = image(value)
        if found:
            never = dig(spec, *at[:-1], "pullPolicy") == "Never"
            yield ImageUse(found, (*route, *at), text(dig(spec, "volumes", at[1], "name")), never)


def pod_account(spec: Any) -> str:
    """Return the service account that a pod spec names, "" for none."""
    return text(dig(spec, "serviceAccountName")) or text(dig(spec, "serviceAccount"))


@lru_cache(maxsize=1024)
def group(api_version: str) -> str:
    """Return the API group of an `apiVersion`: "" for the core group."""
    return api_version.rpartition("/")[0]
