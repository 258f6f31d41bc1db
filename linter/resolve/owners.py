"""Who makes a pod: its controllers upwards, to the object whose template decides."""

from typing import Final, NamedTuple

from linter.documents.objects import KubeObject
from linter.inventory.inventory import Inventory
from linter.inventory.paths import dig, text
from linter.inventory.pulls import Reach, reach
from linter.inventory.records import Workload
from linter.inventory.workloads import maker, owner

_HIGHEST: Final = 8
_HASHES: Final = {"pod-template-hash": "Deployment", "rollouts-pod-template-hash": "Rollout"}
"""The labels by which those who make ReplicaSets tell them apart: the name of one ends with the value."""
_CONFIG: Final = "openshift.io/deployment-config.name"
_SERVICE: Final = "serving.knative.dev/service"


class Place(NamedTuple):
    """The object whose template decides the list; `owner` names one above it that the scan does not hold ("": none).

    `maker` is what made the workload that was asked about, where the scan holds it.
    """

    workload: Workload
    reach: Reach
    owner: str = ""
    maker: Workload | None = None

    @property
    def title(self) -> str:
        """The object as sentences name it."""
        return f"{self.workload.object.called}"

    @property
    def live(self) -> bool:
        """Whether it is a pod that admission has let in, so that nothing about its list can change."""
        return live(self.workload)


def live(workload: Workload) -> bool:
    """Whether this is a pod that admission has let in."""
    return workload.is_pod and workload.object.identified


def place(inventory: Inventory, workload: Workload, reached: Reach) -> Place:
    """Follow the controllers of a workload upwards as far as the scan holds them."""
    found = Place(workload, reached)
    for _ in range(_HIGHEST):
        item = found.workload.object
        kind, name = owner(found.workload)
        above = _named(inventory, found.workload, kind, name)
        if above is None:
            # The scan does not hold it, or whoever wrote the scan has left out who owns the object.
            told = _beyond(kind or item.kind, name or item.name, item)
            above = _named(inventory, found.workload, *told) if told != ("", "") else None
            if above is None:
                kind, name = told if kind and told != ("", "") else (kind, name)
                return found._replace(owner=f"{kind} {name}" if kind else "")
        found = Place(above, reach(inventory, above), maker=found.maker or above)
    return found


def _beyond(kind: str, name: str, item: KubeObject) -> tuple[str, str]:
    """What makes a ReplicaSet and its like, by the marks that it leaves on it and on its pods (`item`).

    A change of the set itself would be undone, or serve no new pod. ("", "") where nothing tells.
    """
    labels, annotations = dig(item.metadata, "labels"), dig(item.metadata, "annotations")
    if kind in ("Revision", "Configuration"):
        service = text(dig(labels, _SERVICE))
        return ("Service", service) if service else ("", "")
    if kind == "ReplicaSet":
        for label, above in _HASHES.items():
            mark = text(dig(labels, label))
            if mark and name.endswith(f"-{mark}"):
                return above, name.removesuffix(f"-{mark}")
    if kind == "ReplicationController":
        config = text(dig(annotations, _CONFIG)) or text(dig(labels, _CONFIG))
        if config and name.removeprefix(f"{config}-").isdecimal():
            return "DeploymentConfig", config
    return "", ""


def _named(inventory: Inventory, made: Workload, kind: str, name: str) -> Workload | None:
    """The workload of that name that has `made` this one; None where none did, or of which template is not known."""
    if not kind:
        return None
    key = (made.object.namespace, kind, name)
    same = (one for one in inventory.workloads if (one.object.namespace, one.object.kind, one.object.name) == key)
    first = next(same, None)
    return None if first is None else maker([first, *(one for one in same if one.object is first.object)], made)
