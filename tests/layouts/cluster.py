"""A small cluster, made from a seed, with a defect of many rules in it: what every layout is written from."""

import base64
import json
import random
from typing import Any

Object = dict[str, Any]

TYPE = "kubernetes.io/dockerconfigjson"


def auth(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:pass".encode()).decode()}


def config(**entries: Any) -> str:
    return json.dumps({"auths": {key.replace("__", "/").replace("_", "."): value for key, value in entries.items()}})


class Cluster:
    """Objects as an API server writes them; `objects` holds each once."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.objects: list[Object] = []
        for namespace in ("clean", "empty", "shop", "team"):
            self._add("v1", "Namespace", namespace, "")
        self._clean("clean")
        self._shop("shop")
        self._team("team")
        # In this namespace there is no Secret at all: that is known only where Secrets were asked for everywhere.
        self._account("empty", "default")
        self._workload("empty", "front", "quay.io/shop/front:1", ["shop-pull"])

    def _add(self, version: str, kind: str, name: str, namespace: str, **body: Any) -> Object:
        at = self._random.randrange(10**9, 2 * 10**9)
        metadata: Object = {
            "name": name,
            "uid": f"{self._random.getrandbits(32):08x}-0000-4000-8000-{self._random.getrandbits(48):012x}",
            "resourceVersion": str(at),
            "creationTimestamp": "2026-11-02T08:00:00Z",
        }
        if namespace:
            metadata["namespace"] = namespace
        made = {"apiVersion": version, "kind": kind, "metadata": metadata, **body}
        self.objects.append(made)
        return made

    def _secret(self, namespace: str, name: str, payload: str, kind: str = TYPE) -> None:
        data = {".dockerconfigjson": base64.b64encode(payload.encode()).decode()}
        self._add("v1", "Secret", name, namespace, type=kind, data=data)

    def _account(self, namespace: str, name: str, pulls: tuple[str, ...] = (), mounts: tuple[str, ...] = ()) -> None:
        body: Object = {}
        if pulls:
            body["imagePullSecrets"] = [{"name": pull} for pull in pulls]
        if mounts:
            body["secrets"] = [{"name": mount} for mount in mounts]
        self._add("v1", "ServiceAccount", name, namespace, **body)

    def _workload(
        self, namespace: str, name: str, image: str, own: list[str], *, account: str = "default", refused: bool = False
    ) -> None:
        """Add a Deployment and its pod."""
        spec: Object = {"serviceAccountName": account, "containers": [{"name": "main", "image": image}]}
        if own:
            spec["imagePullSecrets"] = [{"name": one} for one in own]
        template = {"metadata": {"labels": {"app": name}}, "spec": spec}
        selector = {"matchLabels": {"app": name}}
        self._add(
            "apps/v1", "Deployment", name, namespace, spec={"selector": selector, "strategy": {}, "template": template}
        )
        waiting = {"reason": "ErrImagePull", "message": f"reading manifest in {image.rpartition(':')[0]}: unauthorized"}
        state: Object = {"waiting": waiting} if refused else {"running": {"startedAt": "2026-11-02T08:00:00Z"}}
        pod = self._add("v1", "Pod", f"{name}-5d4f9-x2x7p", namespace, spec=dict(spec))
        pod["metadata"]["labels"] = {"app": name}
        pod["status"] = {"phase": "Pending", "containerStatuses": [{"name": "main", "image": image, "state": state}]}

    def _clean(self, namespace: str) -> None:
        self._secret(namespace, "pull", config(quay_io=auth("clean")))
        self._account(namespace, "default", ("pull",))
        self._workload(namespace, "web", "quay.io/clean/web:1", ["pull"])

    def _shop(self, namespace: str) -> None:
        self._secret(namespace, "shop-pull", config(quay_io__shop=auth("shop")))
        self._secret(namespace, "broken", config(registry_example_com={"auth": "robot:pass"}))
        self._secret(namespace, "twice", config(ghcr_io=auth("one"), **{"https:____ghcr_io": auth("two")}))
        self._secret(namespace, "opaque", config(quay_io__other=auth("other")), kind="Opaque")
        self._account(namespace, "default", ("broken", "twice", "broken"))
        self._account(namespace, "mounting", (), ("shop-pull",))
        self._workload(namespace, "cart", "quay.io/shop/cart:1", [], account="mounting", refused=True)
        self._workload(namespace, "typo", "quay.io/shop/typo:1", ["shop-pul", "shop-pul"])
        self._add(
            "v1",
            "Event",
            "cart.17f",
            namespace,
            reason="Failed",
            message='Failed to pull image "quay.io/shop/cart:1": unauthorized: access denied',
            involvedObject={
                "kind": "Pod",
                "namespace": namespace,
                "name": "cart-5d4f9-x2x7p",
                "fieldPath": "spec.containers{main}",
            },
        )

    def _team(self, namespace: str) -> None:
        self._secret(namespace, "forgotten", config(registry_team_example=auth("team")))
        self._secret(namespace, "importer", config(imports_team_example=auth("import")))
        self._account(namespace, "default", ("importer",))
        tag = {
            "name": "latest",
            "from": {"kind": "DockerImage", "name": "imports.team.example/app:1"},
            "importPolicy": {"insecure": True},
        }
        self._add("image.openshift.io/v1", "ImageStream", "app", namespace, spec={"tags": [tag]})
