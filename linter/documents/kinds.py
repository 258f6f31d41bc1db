"""Which documents can matter, told from their text before anything is parsed.

Sound by construction: a document is dropped only when no spelling of YAML or JSON could make it hold an object of a
kind that matters or a field that names a pull secret. Escapes, aliases, explicit keys and tags make it stay.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from linter.patterns import lazy

_PLAIN: Final = """
    Secret ServiceAccount Pod Deployment ReplicaSet ReplicationController StatefulSet DaemonSet Job CronJob PodTemplate
    DeploymentConfig ImageStream ImageStreamImport ImageStreamTag Build BuildConfig CatalogSource
    ImageContentSourcePolicy ImageContentPolicy ImageDigestMirrorSet ImageTagMirrorSet
    SealedSecret ExternalSecret ClusterExternalSecret
    VaultStaticSecret VaultDynamicSecret VaultPKISecret HCPVaultSecretsApp
    Kustomization Component Template Namespace Project Event
    MachineOSConfig HostedCluster ClusterDeployment ClusterPool InfraEnv ClusterInstance HiveConfig
    MultiClusterHub MultiClusterEngine MultiClusterObservability CRIOCredentialProviderConfig
    Rollout AnalysisTemplate ClusterAnalysisTemplate Experiment
    Workflow WorkflowTemplate ClusterWorkflowTemplate CronWorkflow
    Task ClusterTask TaskRun Pipeline PipelineRun TriggerTemplate Revision ScaledJob
    Kafka KafkaNodePool KafkaBridge KafkaConnect KafkaMirrorMaker2
    Prometheus Alertmanager ThanosRuler PrometheusAgent Issuer ClusterIssuer
    Elasticsearch Kibana ApmServer Logstash Agent Beat WasmPlugin
    Provider Function ImageConfig OCIRepository ImageRepository HelmRepository HelmRelease ImageUpdater
    ImageValidatingPolicy ClusterPolicy Policy ClusterExtension ClusterCatalog
    ECRAuthorizationToken ACRAccessToken GCRAccessToken QuayAccessToken GithubAccessToken
    AutoscalingRunnerSet SparkApplication VirtualMachine VirtualMachineInstance SyncSet SelectorSyncSet
    CloneSet BroadcastJob AdvancedCronJob JobSet LeaderWorkerSet PyTorchJob TFJob XGBoostJob PaddleJob JAXJob
    RayCluster RayJob RayService InferenceService
"""

KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_PLAIN.split(), ""),
    "Collection": "regcred/v1",
    "Image": "config.openshift.io",
    "Infrastructure": "config.openshift.io",
    "Config": "samples.operator.openshift.io",
    "Service": "serving.knative.dev",
    "Configuration": ".",
}
"""Every kind that some rule reads, and a text that its documents must hold too ("" for none): names that several APIs
share matter in one of them only. Kinds of which `may_make_secrets` is true matter as well. `List` is absent because its
items name their own kinds; typed lists (`SecretList`) count as the kind that they list."""

_MAKER: Final = lazy(r"Secret|Vault|OnePassword|Policy|Composition")
_NOT_MAKERS: Final = """
    NetworkPolicy AdminNetworkPolicy BaselineAdminNetworkPolicy CiliumNetworkPolicy CiliumClusterwideNetworkPolicy
    GlobalNetworkPolicy PodSecurityPolicy ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding AuthorizationPolicy
    SecretStore ClusterSecretStore VaultAuth VaultAuthGlobal VaultConnection
"""
_NO_MAKERS: Final = frozenset(_NOT_MAKERS.split())
"""Kinds that sound as if they made Secrets, and only govern traffic, admit objects or read credentials."""

FIELD_WORDS: Final = (
    *("pullsecret", "pushsecret", "dockerc", "packagepull", "pull_secret", "argocd-image-updater."),
    *("kpack.io/", "shipwright.io/"),
)
"""Lower-case parts of every field or key that names or holds a pull secret; `dockerc` begins both data keys.

The last two begin what builders run, which read credentials from an account's `secrets`.

Annotations of Argo CD's image updater name pull secrets in objects of any kind: `….pull-secret: secret:ns/name#field`.
"""

_SPACE = re.compile(r"[ \t\r\n]*")
_KIND = re.compile(r"""kind(["']?\s*:[ \t]*["']?([A-Za-z0-9]*))?""")
_ODD_KEY = lazy(r"""(?:\?|[&!][^\s&!]*|[|>][-+0-9]*)\s++(?:\#[^\r\n\x85\u2028\u2029]*+\s++)*+["']?\Z""")
"""What stands before a `kind` that is an explicit key, is anchored (an alias can bring it elsewhere) or is tagged."""
_LETTER_ESCAPE = lazy(r"\\(?:[xuU]|(?<=[A-Za-z]\\)[\r\n\x85\u2028\u2029])")
"""Escapes that can spell a letter, or join a word over a line's end."""
_BINARY = lazy(r"![^\s,\[\]{}!]*?(?:binary|%)")
_LOOK_BACK = 2000


def names_kind(word: str) -> str:
    """Return the kind that a `kind:` value stands for: `SecretList` lists Secrets."""
    return word[:-4] if word.endswith("List") and word != "List" else word


@lru_cache(maxsize=4096)
def may_make_secrets(kind: str) -> bool:
    """Tell whether objects of a kind that no table may know can make Secrets: `BitwardenSecret`, a policy."""
    return _MAKER.search(kind) is not None and kind not in _NO_MAKERS


def is_read(kind: str) -> bool:
    """Tell whether rules read objects of a kind, in some API at least."""
    return kind in KINDS


def _holds_kind(text: str) -> bool:
    """Tell whether a `kind` that matters stands in the text, in whatever spelling without letter escapes."""
    anchored = "&" in text
    for match in _KIND.finditer(text):
        simple = match[1] is not None
        if simple and match[2]:
            kind = names_kind(match[2])
            needed = KINDS.get(kind)
            if (needed is not None and needed in text) or (needed is None and may_make_secrets(kind)):
                return True
        start = match.start()
        odd = (simple and not match[2]) or (
            (anchored or not simple) and _ODD_KEY.search(text, max(0, start - _LOOK_BACK), start) is not None
        )
        if odd:
            return any(kind in text for kind in KINDS) or _MAKER.search(text) is not None
    return False


def matters(text: str) -> bool:
    """Tell whether a document with this text can matter. False is certain, True is not."""
    if _holds_kind(text):  # first: most that matter tell their kind in the first lines
        return True
    lowered = text.lower()
    if any(word in lowered for word in FIELD_WORDS):
        return True
    if "\\" in text and _LETTER_ESCAPE.search(text):
        return True
    return "!" in text and _BINARY.search(text) is not None


def looks_like_json(text: str) -> bool:
    """Tell whether the first sign of a text opens a JSON object or array, as kubectl does."""
    match = _SPACE.match(text)
    at = match.end() if match else 0
    return text[at : at + 1] in ("{", "[")
