"""The kinds that are asked of a live cluster: those that rules read, and every kind known to name a pull secret.

Nothing else is read from a cluster. Which of them a cluster serves is discovered.
Resource names are those of Kubernetes 1.36, OpenShift 4.22 and the projects' CRDs as of August 2026.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple


class Asked(NamedTuple):
    """One kind to read. `resource` is its name in the API's paths; `query` narrows the list ("" for all of it)."""

    group: str
    kind: str
    resource: str
    query: str = ""


# One line a group: the group ("core" for the empty one), then KIND or KIND=resource where adding an "s" is wrong.
_TABLE: Final = """
core Secret ServiceAccount Pod PodTemplate ReplicationController Namespace Event ConfigMap
apps Deployment ReplicaSet StatefulSet DaemonSet
batch Job CronJob
apps.openshift.io DeploymentConfig
image.openshift.io ImageStream
build.openshift.io BuildConfig Build
config.openshift.io Image ImageContentPolicy=imagecontentpolicies ImageDigestMirrorSet ImageTagMirrorSet
config.openshift.io CRIOCredentialProviderConfig Infrastructure
operator.openshift.io ImageContentSourcePolicy=imagecontentsourcepolicies
samples.operator.openshift.io Config
machineconfiguration.openshift.io MachineOSConfig
operators.coreos.com CatalogSource
hypershift.openshift.io HostedCluster
hive.openshift.io ClusterDeployment ClusterPool HiveConfig
agent-install.openshift.io InfraEnv
siteconfig.open-cluster-management.io ClusterInstance
imageregistry.open-cluster-management.io ManagedClusterImageRegistry=managedclusterimageregistries
config.open-cluster-management.io KlusterletConfig
operator.open-cluster-management.io MultiClusterHub
multicluster.openshift.io MultiClusterEngine
observability.open-cluster-management.io MultiClusterObservability=multiclusterobservabilities
bitnami.com SealedSecret
external-secrets.io ExternalSecret ClusterExternalSecret
kubernetes-client.io ExternalSecret
generators.external-secrets.io ECRAuthorizationToken ACRAccessToken GCRAccessToken QuayAccessToken GithubAccessToken
secrets.hashicorp.com VaultStaticSecret VaultDynamicSecret VaultPKISecret HCPVaultSecretsApp
secrets-store.csi.x-k8s.io SecretProviderClass=secretproviderclasses
argoproj.io Application ApplicationSet Rollout AnalysisTemplate ClusterAnalysisTemplate Experiment
argoproj.io Workflow WorkflowTemplate ClusterWorkflowTemplate CronWorkflow
argocd-image-updater.argoproj.io ImageUpdater
tekton.dev Task ClusterTask TaskRun Pipeline PipelineRun
triggers.tekton.dev TriggerTemplate
kpack.io Image Build Builder ClusterBuilder
shipwright.io Build BuildRun
packaging.carvel.dev PackageRepository=packagerepositories PackageInstall
kappctrl.k14s.io App
secretgen.carvel.dev SecretExport SecretImport
serving.knative.dev Service Configuration Revision
keda.sh ScaledJob
apps.kruise.io CloneSet StatefulSet DaemonSet BroadcastJob AdvancedCronJob SidecarSet ImagePullJob ImageListPullJob
jobset.x-k8s.io JobSet
leaderworkerset.x-k8s.io LeaderWorkerSet
batch.volcano.sh Job CronJob
kubeflow.org PyTorchJob TFJob MPIJob XGBoostJob PaddleJob JAXJob Notebook
trainer.kubeflow.org TrainJob TrainingRuntime ClusterTrainingRuntime
ray.io RayCluster RayJob RayService RayCronJob
serving.kserve.io InferenceService ServingRuntime ClusterServingRuntime
flink.apache.org FlinkDeployment
kafka.strimzi.io Kafka KafkaNodePool KafkaBridge KafkaConnect KafkaMirrorMaker KafkaMirrorMaker2
postgresql.cnpg.io Cluster Pooler
postgres-operator.crunchydata.com PostgresCluster
pxc.percona.com PerconaXtraDBCluster
psmdb.percona.com PerconaServerMongoDB
k8s.mariadb.com MariaDB MaxScale
rabbitmq.com RabbitmqCluster
minio.min.io Tenant
k8s.keycloak.org Keycloak
dynatrace.com DynaKube
jaegertracing.io Jaeger
kiali.io Kiali
operator.tigera.io Installation
nvidia.com ClusterPolicy=clusterpolicies
kmm.sigs.x-k8s.io Module
monitoring.coreos.com Prometheus=prometheuses Alertmanager ThanosRuler PrometheusAgent
cert-manager.io Issuer ClusterIssuer
elasticsearch.k8s.elastic.co Elasticsearch=elasticsearches
kibana.k8s.elastic.co Kibana
apm.k8s.elastic.co ApmServer
logstash.k8s.elastic.co Logstash=logstashes
agent.k8s.elastic.co Agent
beat.k8s.elastic.co Beat
extensions.istio.io WasmPlugin
pkg.crossplane.io Provider Configuration Function ImageConfig
source.toolkit.fluxcd.io OCIRepository=ocirepositories HelmRepository=helmrepositories HelmChart
image.toolkit.fluxcd.io ImageRepository=imagerepositories
helm.toolkit.fluxcd.io HelmRelease
kustomize.toolkit.fluxcd.io Kustomization
kyverno.io ClusterPolicy=clusterpolicies Policy=policies
policies.kyverno.io ImageValidatingPolicy=imagevalidatingpolicies
actions.github.com AutoscalingRunnerSet
actions.summerwind.dev RunnerDeployment RunnerSet
sparkoperator.k8s.io SparkApplication ScheduledSparkApplication
kubevirt.io VirtualMachine VirtualMachineInstance VirtualMachineInstanceReplicaSet
"""

_QUERIES: Final = {
    # Helm keeps whole releases in Secrets, often a megabyte each. No pull can use one: the type is not a pull secret's.
    ("", "Secret"): "fieldSelector=type%21%3Dhelm.sh%2Frelease.v1",
    ("", "Event"): "fieldSelector=involvedObject.kind%3DPod",
}


def _rows() -> Iterator[Asked]:
    for line in _TABLE.strip().splitlines():
        word, *kinds = line.split()
        group = "" if word == "core" else word
        for entry in kinds:
            kind, _, resource = entry.partition("=")
            yield Asked(group, kind, resource or kind.lower() + "s", _QUERIES.get((group, kind), ""))


ASKED: Final = tuple(_rows())
"""Every kind that a live reading asks for, in the order in which they are read."""

GLOBAL_PATH: Final = "/api/v1/namespaces/openshift-config/secrets/pull-secret"
"""What nodes pull with: read by name where a reading is limited to namespaces."""
