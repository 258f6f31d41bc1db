"""Pods and what makes them, as an API server hands them out."""

import json
import random
from typing import Any

from benchmarks import parts
from benchmarks.parts import HOSTS, NAME, SPACE, UID, WORDS


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
            *({"name": f"OPTION_{word.upper()}", "value": str(dice.random())} for word in dice.sample(WORDS, 5)),
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"key": "token", "name": f"{name}-token"}}},
        ],
        "image": f"{dice.choice(HOSTS)}/{dice.choice(WORDS)}/{dice.choice(WORDS)}:{dice.randrange(9)}.1",
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
    containers = [_container(dice, word) for word in dice.sample(WORDS, dice.randrange(1, 4))]
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
    metadata = parts.metadata(
        dice,
        {"kube-controller-manager": {"f:spec": parts.managed(spec)}, "kubelet": {"f:status": parts.managed(status)}},
        annotations={"k8s.ovn.org/pod-networks": network, "openshift.io/scc": "restricted-v2"},
        generateName=f"{dice.choice(WORDS)}-",
        ownerReferences=[owner],
    )
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def deployment(dice: random.Random, *, live: bool = True) -> dict[str, Any]:
    """A deployment, with what kubectl applied last where it comes from a cluster."""
    spec = {
        "replicas": 2,
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": dice.choice(WORDS)}},
        "template": {"metadata": {"labels": {"app": dice.choice(WORDS)}}, "spec": _pod_spec(dice)},
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
    managed = {
        "kubectl-client-side-apply": {"f:spec": parts.managed(spec)},
        "kube-controller-manager": parts.managed(status),
    }
    return {**found, "metadata": parts.metadata(dice, managed, annotations=annotations), "status": status}


def replica_set(dice: random.Random) -> dict[str, Any]:
    """A replica set: an old revision of a deployment, kept for a rollback."""
    return {**deployment(dice), "kind": "ReplicaSet"}
