"""The objects that the inputs are made of, as an API server hands them out: `managedFields`, `status` and all.

Each kind comes in a few seeded variants, made once; an instance is a variant's text with its own names filled in, so
that a gigabyte is written in seconds. Credentials are invented.
"""

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import yaml

NAME, SPACE, UID, NUMBER = "zzname", "zzspace", "zzuid", "770077"
"""What stands in a variant for an instance's name, namespace, uid and resource version."""

_WORDS = (
    *("cart", "order", "search", "mail", "audit", "stock", "ledger", "quote"),
    *("ship", "track", "login", "image", "report", "cache", "relay", "probe"),
)
_HOSTS = ("registry.example.com", "quay.io", "ghcr.io", "docker.io", "image-registry.openshift-image-registry.svc:5000")
_VARIANTS = 12


class _Dumper(yaml.CSafeDumper):  # type: ignore[misc] # PyYAML's stubs know no C classes
    """Writes as kubectl does: block style, sorted keys, nothing folded, literal blocks for text of several lines."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a hook of PyYAML
        return True


def _text(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else '"' if value in ("true", "false", "") or value[:1].isdigit() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(data: Any) -> str:
    """Return data as `kubectl -o yaml` writes it."""
    return str(yaml.dump(data, Dumper=_Dumper, default_flow_style=False, width=10**9))


def to_json(data: Any) -> str:
    """Return data as `kubectl -o json` writes it."""
    return json.dumps(data, indent=4, sort_keys=True)


def _metadata(dice: random.Random, manager: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "creationTimestamp": "2026-10-01T08:00:00Z",
        "labels": {"app.kubernetes.io/name": dice.choice(_WORDS), "app.kubernetes.io/part-of": dice.choice(_WORDS)},
        "name": NAME,
        "namespace": SPACE,
        "resourceVersion": NUMBER,
        "uid": UID,
        **more,
    }
    if manager is not None:
        found["managedFields"] = [
            {
                "apiVersion": "v1",
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
                "manager": name,
                "operation": "Update",
                "time": "2026-10-01T08:00:00Z",
            }
            for name, fields in manager.items()
        ]
    return found


def _managed(data: Any) -> Any:
    """What the API server notes of fields that somebody set: a tree of `f:` keys."""
    if isinstance(data, dict):
        return {".": {}, **{f"f:{key}": _managed(value) for key, value in data.items()}}
    if isinstance(data, list):
        named = [item for item in data if isinstance(item, dict) and "name" in item]
        return {".": {}, **{f'k:{{"name":"{item["name"]}"}}': _managed(item) for item in named}}
    return {}


def _container(dice: random.Random, name: str) -> dict[str, Any]:
    probe = {
        "failureThreshold": 3,
        "httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
        "initialDelaySeconds": dice.randrange(5, 60),
        "periodSeconds": 10,
        "successThreshold": 1,
        "timeoutSeconds": 1,
    }
    return {
        "args": ["--listen=:8080", f"--level={dice.randrange(5)}", "--peer=http://$(PEER_HOST):8081"],
        "env": [
            *({"name": f"OPTION_{word.upper()}", "value": str(dice.random())} for word in dice.sample(_WORDS, 5)),
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"key": "token", "name": f"{name}-token"}}},
        ],
        "image": f"{dice.choice(_HOSTS)}/{dice.choice(_WORDS)}/{dice.choice(_WORDS)}:{dice.randrange(9)}.1",
        "imagePullPolicy": "IfNotPresent",
        "livenessProbe": probe,
        "name": name,
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "readinessProbe": probe,
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "volumeMounts": [
            {"mountPath": "/etc/config", "name": "config"},
            {
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "name": "kube-api-access",
                "readOnly": True,
            },
        ],
    }


def _pod_spec(dice: random.Random) -> dict[str, Any]:
    containers = [_container(dice, word) for word in dice.sample(_WORDS, dice.randrange(1, 4))]
    return {
        "containers": containers,
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "imagePullSecrets": [{"name": "registry-pull"}],
        "nodeName": f"worker-{dice.randrange(40)}.example.com",
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {"fsGroup": 1000700000, "seLinuxOptions": {"level": "s0:c26,c20"}},
        "serviceAccount": "default",
        "serviceAccountName": "default",
        "terminationGracePeriodSeconds": 30,
        "tolerations": [
            {"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300}
            for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        ],
        "volumes": [
            {"configMap": {"defaultMode": 420, "name": "settings"}, "name": "config"},
            {
                "name": "kube-api-access",
                "projected": {
                    "defaultMode": 420,
                    "sources": [
                        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                        {
                            "configMap": {
                                "items": [{"key": "ca.crt", "path": "ca.crt"}],
                                "name": "kube-root-ca.crt",
                            }
                        },
                    ],
                },
            },
        ],
    }


def pod(dice: random.Random) -> dict[str, Any]:
    """A running pod."""
    spec = _pod_spec(dice)
    status = {
        "conditions": [
            {
                "lastProbeTime": None,
                "lastTransitionTime": "2026-10-01T08:00:10Z",
                "status": "True",
                "type": kind,
            }
            for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "containerStatuses": [
            {
                "containerID": f"cri-o://{dice.getrandbits(256):064x}",
                "image": one["image"],
                "imageID": f"{one['image'].rpartition(':')[0]}@sha256:{dice.getrandbits(256):064x}",
                "lastState": {},
                "name": one["name"],
                "ready": True,
                "restartCount": 0,
                "started": True,
                "state": {"running": {"startedAt": "2026-10-01T08:00:09Z"}},
            }
            for one in spec["containers"]
        ],
        "hostIP": "10.0.1.7",
        "phase": "Running",
        "podIP": "10.128.2.31",
        "podIPs": [{"ip": "10.128.2.31"}],
        "qosClass": "Burstable",
        "startTime": "2026-10-01T08:00:00Z",
    }
    owner = {
        "apiVersion": "apps/v1",
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": "ReplicaSet",
        "name": NAME[:-1],
        "uid": UID,
    }
    network = json.dumps({"default": {"ip_addresses": ["10.128.2.31/23"], "mac_address": "0a:58:0a:80:02:1f"}})
    metadata = _metadata(
        dice,
        {"kube-controller-manager": {"f:spec": _managed(spec)}, "kubelet": {"f:status": _managed(status)}},
        annotations={"k8s.ovn.org/pod-networks": network, "openshift.io/scc": "restricted-v2"},
        generateName=f"{dice.choice(_WORDS)}-",
        ownerReferences=[owner],
    )
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def deployment(dice: random.Random, *, live: bool = True) -> dict[str, Any]:
    """A deployment, with what kubectl applied last where it comes from a cluster."""
    spec = {
        "replicas": 2,
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": dice.choice(_WORDS)}},
        "template": {"metadata": {"labels": {"app": dice.choice(_WORDS)}}, "spec": _pod_spec(dice)},
    }
    found: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec}
    if not live:
        found["metadata"]["namespace"] = SPACE
        return found
    applied = json.dumps(found, separators=(",", ":")) + "\n"
    annotations = {
        "deployment.kubernetes.io/revision": "7",
        "kubectl.kubernetes.io/last-applied-configuration": applied,
    }
    status = {"availableReplicas": 2, "observedGeneration": 7, "readyReplicas": 2, "replicas": 2}
    managed = {"kubectl-client-side-apply": {"f:spec": _managed(spec)}, "kube-controller-manager": _managed(status)}
    return {**found, "metadata": _metadata(dice, managed, annotations=annotations), "status": status}


def replica_set(dice: random.Random) -> dict[str, Any]:
    """A replica set: an old revision of a deployment, kept for a rollback."""
    return {**deployment(dice), "kind": "ReplicaSet"}


def config_map(dice: random.Random) -> dict[str, Any]:
    """A ConfigMap whose text looks like manifests, JSON and properties."""
    embedded = to_yaml({**deployment(dice, live=False), "kind": dice.choice(["Deployment", "Pod", "Secret"])})
    data = {
        "template.yaml": f"---\n{embedded}---\nkind: List\nitems: []\n",
        "settings.json": json.dumps({word: {"value": dice.random(), "notes": [word] * 3} for word in _WORDS}, indent=2),
        "application.properties": "\n".join(f"{word}.timeout={dice.randrange(10**6)}" for word in _WORDS) + "\n",
        "mode": "strict",
    }
    managed = {"kubectl-client-side-apply": {"f:data": _managed(data)}}
    return {"apiVersion": "v1", "data": data, "kind": "ConfigMap", "metadata": _metadata(dice, managed)}


def resource_definition(dice: random.Random) -> dict[str, Any]:
    """A CustomResourceDefinition: descriptions without end, of pod templates and pull secrets too."""

    def schema(depth: int) -> dict[str, Any]:
        described = " ".join(dice.choice(_WORDS) for _ in range(dice.randrange(8, 40)))
        described += " isn't set: it's the user's \"own\" choice"
        found: dict[str, Any] = {"description": described, "type": "string"}
        if depth:
            found["type"] = "object"
            found["properties"] = {word: schema(depth - 1) for word in dice.sample(_WORDS, 6)}
        return found

    version = {"name": "v1", "schema": {"openAPIV3Schema": schema(3)}, "served": True, "storage": True}
    names = {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"}
    spec = {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]}
    metadata = _metadata(dice, {"kubectl": {"f:spec": _managed(names)}})
    del metadata["namespace"]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def encoded(text: str) -> str:
    """Return text in base64."""
    return base64.b64encode(text.encode()).decode()


def pull_secret(dice: random.Random) -> dict[str, Any]:
    """A pull secret in good order, for every registry that the pods name."""
    entries = {host: {"auth": encoded(f"user{dice.randrange(100)}:pass")} for host in _HOSTS}
    data = {".dockerconfigjson": encoded(json.dumps({"auths": entries}))}
    metadata = _metadata(dice, {"kubectl-create": {"f:data": _managed(data)}})
    metadata["name"] = "registry-pull"
    return {
        "apiVersion": "v1",
        "data": data,
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/dockerconfigjson",
    }


def other_secret(dice: random.Random) -> dict[str, Any]:
    """A secret that no registry reads: a token, a certificate."""
    data = {"ca.crt": encoded("x" * 1800), "token": encoded("y" * dice.randrange(600, 1200))}
    metadata = _metadata(dice, {"kube-controller-manager": {"f:data": _managed(data)}})
    kind = dice.choice(["kubernetes.io/service-account-token", "kubernetes.io/tls", "Opaque"])
    return {"apiVersion": "v1", "data": data, "kind": "Secret", "metadata": metadata, "type": kind}


def service_account(dice: random.Random) -> dict[str, Any]:
    """The account `default`, with its own pull secret."""
    metadata = _metadata(dice)
    metadata["name"] = "default"
    return {
        "apiVersion": "v1",
        "imagePullSecrets": [{"name": "registry-pull"}],
        "kind": "ServiceAccount",
        "metadata": metadata,
        "secrets": [{"name": "registry-pull"}],
    }


def image_stream(dice: random.Random) -> dict[str, Any]:
    """An image stream with tags imported from a registry, and the images that they were."""
    tags = [f"{dice.randrange(9)}.{number}" for number in range(dice.randrange(2, 8))]
    image = f"{dice.choice(_HOSTS[:4])}/{dice.choice(_WORDS)}/{dice.choice(_WORDS)}"
    spec = {
        "lookupPolicy": {"local": False},
        "tags": [
            {
                "annotations": None,
                "from": {"kind": "DockerImage", "name": f"{image}:{tag}"},
                "generation": 2,
                "importPolicy": {"importMode": "Legacy"},
                "name": tag,
                "referencePolicy": {"type": "Local"},
            }
            for tag in tags
        ],
    }
    status = {
        "dockerImageRepository": f"{_HOSTS[-1]}/{SPACE}/{NAME}",
        "tags": [
            {
                "items": [
                    {
                        "created": "2026-10-01T08:00:00Z",
                        "dockerImageReference": f"{image}@sha256:{dice.getrandbits(256):064x}",
                        "generation": 2,
                        "image": f"sha256:{dice.getrandbits(256):064x}",
                    }
                ],
                "tag": tag,
            }
            for tag in tags
        ],
    }
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": _metadata(dice, {"oc": {"f:spec": _managed(spec)}}),
        "spec": spec,
        "status": status,
    }


def service(dice: random.Random) -> dict[str, Any]:
    """A service: of no interest to any rule."""
    ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]
    spec = {"clusterIP": "172.30.1.1", "ports": ports, "selector": {"app": dice.choice(_WORDS)}, "type": "ClusterIP"}
    metadata = _metadata(dice, {"kubectl": {"f:spec": _managed(spec)}})
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}}


def event(dice: random.Random) -> dict[str, Any]:
    """An event of a pod."""
    about = {"apiVersion": "v1", "kind": "Pod", "name": NAME, "namespace": SPACE, "uid": UID}
    return {
        "apiVersion": "v1",
        "count": dice.randrange(1, 99),
        "involvedObject": about,
        "kind": "Event",
        "message": dice.choice(["Created container", "Readiness probe failed: HTTP probe failed with statuscode: 503"]),
        "metadata": _metadata(dice, {"kubelet": {"f:count": {}, "f:involvedObject": {}, "f:message": {}}}),
        "reason": dice.choice(["Created", "Unhealthy"]),
        "source": {"component": "kubelet", "host": "worker-1.example.com"},
        "type": "Normal",
    }


Maker = Callable[[random.Random], dict[str, Any]]


class Stamp:
    """Instances of one kind: `make` the variants once, fill in names for each instance."""

    def __init__(self, make: Maker, write: Callable[[Any], str], seed: int = 7, prefix: str = "") -> None:
        dice = random.Random(f"{seed} {make.__name__}")
        self._texts = [write(make(dice)) for _ in range(_VARIANTS)]
        if prefix:
            self._texts = [text.replace("\n", "\n" + prefix) for text in self._texts]
        self._count = 0

    def __call__(self, space: str) -> str:
        """Return the next instance, in the namespace `space`."""
        self._count += 1
        text = self._texts[self._count % _VARIANTS]
        return (
            text.replace(NAME, f"thing-{self._count:06d}")
            .replace(SPACE, space)
            .replace(UID, f"6f1c9c9e-0000-4000-8000-{self._count:012d}")
            .replace(NUMBER, str(70_000_000 + self._count))
        )


PER_NAMESPACE: tuple[tuple[Maker, int], ...] = (
    (service_account, 1),
    (pull_secret, 1),
    (other_secret, 6),
    (config_map, 4),
    (deployment, 4),
    (replica_set, 8),
    (pod, 12),
    (image_stream, 2),
    (service, 4),
    (event, 10),
)
"""What a namespace of a cluster holds; about 230 KB of YAML."""


def cluster(write: Callable[[Any], str], *, prefix: str = "", crowded: bool = True) -> Iterator[str]:
    """Yield the objects of a cluster without end, namespace by namespace, a definition in between.

    `crowded` namespaces hold all of `PER_NAMESPACE`; others one account, one secret and one pod.
    """
    kinds = PER_NAMESPACE if crowded else ((service_account, 1), (pull_secret, 1), (pod, 1))
    stamps = [(Stamp(make, write, prefix=prefix), count) for make, count in kinds]
    definition = Stamp(resource_definition, write, prefix=prefix)
    number = 0
    while True:
        number += 1
        for stamp, count in stamps:
            for _ in range(count):
                yield stamp(f"space-{number:05d}")
        if crowded:
            yield definition("")
