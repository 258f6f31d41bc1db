"""How the pods of an owner are made anew, with what their lists of pull secrets are made of by now."""

from collections.abc import Mapping
from typing import Any, Final

_COMMANDS: Final = {
    "Deployment": ("kubectl", "rollout", "restart", "deployment/"),
    "StatefulSet": ("kubectl", "rollout", "restart", "statefulset/"),
    "DaemonSet": ("kubectl", "rollout", "restart", "daemonset/"),
    "DeploymentConfig": ("oc", "rollout", "latest", "dc/"),
}


def rollout(kind: str, name: str, body: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return the words of the command by which an owner makes all its pods anew, or () where none does.

    `body` is the owner's object, where it is known: a paused one refuses a rollout, and one that waits for pods to be
    deleted, or holds back some by a partition, leaves them as they are (every version of Kubernetes and OpenShift).
    Its pods have to be deleted then, as those of every other kind: whatever owns them makes new ones.
    """
    command = _COMMANDS.get(kind)
    if command is None or (body is not None and _stays(body.get("spec"))):
        return ()
    return (*command[:-1], command[-1] + name)


def _stays(spec: Any) -> bool:
    if not isinstance(spec, dict):
        return False
    strategy = spec.get("updateStrategy")
    if not isinstance(strategy, dict):
        return spec.get("paused") is True
    held = strategy.get("rollingUpdate")
    partition = held.get("partition") if isinstance(held, dict) else None
    return strategy.get("type") == "OnDelete" or (isinstance(partition, int) and partition > 0)
