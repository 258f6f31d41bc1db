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

from benchmarks import parts
from benchmarks.parts import HOSTS, NAME, NUMBER, SPACE, UID, WORDS
from benchmarks.workloads import deployment, pod, replica_set

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


def config_map(dice: random.Random) -> dict[str, Any]:
    """A ConfigMap whose text looks like manifests, JSON and properties."""
    embedded = to_yaml({**deployment(dice, live=False), "kind": dice.choice(["Deployment", "Pod", "Secret"])})
    data = {
        "template.yaml": f"---\n{embedded}---\nkind: List\nitems: []\n",
        "settings.json": json.dumps({word: {"value": dice.random(), "notes": [word] * 3} for word in WORDS}, indent=2),
        "application.properties": "\n".join(f"{word}.timeout={dice.randrange(10**6)}" for word in WORDS) + "\n",
        "mode": "strict",
    }
    managed = {"kubectl-client-side-apply": {"f:data": parts.managed(data)}}
    return {"apiVersion": "v1", "data": data, "kind": "ConfigMap", "metadata": parts.metadata(dice, managed)}


def resource_definition(dice: random.Random) -> dict[str, Any]:
    """A CustomResourceDefinition: descriptions without end, of pod templates and pull secrets too."""

    def schema(depth: int) -> dict[str, Any]:
        described = " ".join(dice.choice(WORDS) for _ in range(dice.randrange(8, 40)))
        described += " isn't set: it's the user's \"own\" choice"
        found: dict[str, Any] = {"description": described, "type": "string"}
        if depth:
            found["type"] = "object"
            found["properties"] = {word: schema(depth - 1) for word in dice.sample(WORDS, 6)}
        return found

    version = {"name": "v1", "schema": {"openAPIV3Schema": schema(3)}, "served": True, "storage": True}
    names = {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"}
    spec = {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]}
    metadata = parts.metadata(dice, {"kubectl": {"f:spec": parts.managed(names)}})
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
    entries = {host: {"auth": encoded(f"user{dice.randrange(100)}:pass")} for host in HOSTS}
    data = {".dockerconfigjson": encoded(json.dumps({"auths": entries}))}
    metadata = parts.metadata(dice, {"kubectl-create": {"f:data": parts.managed(data)}})
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
    metadata = parts.metadata(dice, {"kube-controller-manager": {"f:data": parts.managed(data)}})
    kind = dice.choice(["kubernetes.io/service-account-token", "kubernetes.io/tls", "Opaque"])
    return {"apiVersion": "v1", "data": data, "kind": "Secret", "metadata": metadata, "type": kind}


def service_account(dice: random.Random) -> dict[str, Any]:
    """The account `default`, with its own pull secret."""
    metadata = parts.metadata(dice)
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
    image = f"{dice.choice(HOSTS[:4])}/{dice.choice(WORDS)}/{dice.choice(WORDS)}"
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
        "dockerImageRepository": f"{HOSTS[-1]}/{SPACE}/{NAME}",
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
        "metadata": parts.metadata(dice, {"oc": {"f:spec": parts.managed(spec)}}),
        "spec": spec,
        "status": status,
    }


def service(dice: random.Random) -> dict[str, Any]:
    """A service: of no interest to any rule."""
    ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]
    spec = {"clusterIP": "172.30.1.1", "ports": ports, "selector": {"app": dice.choice(WORDS)}, "type": "ClusterIP"}
    metadata = parts.metadata(dice, {"kubectl": {"f:spec": parts.managed(spec)}})
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
        "metadata": parts.metadata(dice, {"kubelet": {"f:count": {}, "f:involvedObject": {}, "f:message": {}}}),
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
