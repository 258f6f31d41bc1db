"""Joins that many rules ask for, computed once per scan and on demand: who uses which secret, who pulls what."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from linter.credentials import Consumer
from linter.inventory.evidence import Evidence, evidence
from linter.inventory.inventory import Inventory
from linter.inventory.paths import group
from linter.inventory.pulls import (
    ImportPull,
    Outcome,
    Reach,
    WorkloadPull,
    import_pulls,
    outcome,
    reach,
    workload_pulls,
)
from linter.inventory.records import PullSecret, Workload
from linter.model import Affected, Impact, Scope

_OPENSHIFT = "openshift.io"


class Joins:
    """The lazily joined view of one inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._outcomes: dict[tuple[str, str, tuple[int, ...]], Outcome] = {}

    @cached_property
    def workload_pulls(self) -> tuple[WorkloadPull, ...]:
        """Every image of every workload."""
        return tuple(workload_pulls(self.inventory))

    @cached_property
    def import_pulls(self) -> tuple[ImportPull, ...]:
        """Every import of every image stream."""
        return tuple(import_pulls(self.inventory))

    @cached_property
    def reaches(self) -> tuple[tuple[Workload, Reach], ...]:
        """Every workload with the secrets that reach it, whether it names images or not."""
        return tuple((workload, reach(self.inventory, workload)) for workload in self.inventory.workloads)

    @cached_property
    def _pulls_by_secret(self) -> Mapping[int, list[WorkloadPull]]:
        table: dict[int, list[WorkloadPull]] = defaultdict(list)
        for pull in self.workload_pulls:
            for secret in pull.reach.secrets:
                table[id(secret.object)].append(pull)
        return table

    @cached_property
    def _imports_by_secret(self) -> Mapping[int, list[ImportPull]]:
        table: dict[int, list[ImportPull]] = defaultdict(list)
        for pull in self.import_pulls:
            for secret in pull.secrets:
                table[id(secret.object)].append(pull)
        return table

    def pulls_with(self, secret: PullSecret) -> list[WorkloadPull]:
        """The pulls of workloads that `secret` reaches."""
        return self._pulls_by_secret.get(id(secret.object), [])

    def imports_with(self, secret: PullSecret) -> list[ImportPull]:
        """The imports that read `secret`."""
        return self._imports_by_secret.get(id(secret.object), [])

    def impact(self, secret: PullSecret, wanted: Callable[[str], bool] | None = None) -> Impact:
        """Everything that reads `secret`; with `wanted`, only the images for which it says yes."""
        pulls = [pull for pull in self.pulls_with(secret) if wanted is None or wanted(pull.image)]
        imports = [pull for pull in self.imports_with(secret) if wanted is None or wanted(pull.tag.image)]
        return Impact(
            tuple(dict.fromkeys(Affected(pull.workload.object.ref, pull.image) for pull in pulls)),
            tuple(dict.fromkeys(Affected(pull.stream.object.ref, pull.tag.image) for pull in imports)),
        )

    def pull_outcome(self, pull: WorkloadPull) -> Outcome:
        """What the kubelet will do for this pull; unknown while the list of secrets is not known in full."""
        found = self._outcome(pull.image, pull.reach.secrets, Consumer.KUBELET)
        unknown = pull.reach.unknown
        if not unknown and pull.reach.missing and found.verdict == "anonymous":
            unknown = f"secret {pull.reach.missing[0].name} is not in the scan"
        if unknown and found.verdict in ("anonymous", "credential"):
            return Outcome("unknown", found.lookup, None, unknown) if found.verdict == "anonymous" else found
        return found

    def import_outcome(self, pull: ImportPull) -> Outcome:
        """What the OpenShift importer will do for this import."""
        found = self._outcome(pull.tag.image, pull.secrets, Consumer.IMPORTER)
        namespace = pull.stream.object.namespace
        if found.verdict == "anonymous" and "Secret" in self.inventory.unread(namespace):
            return Outcome("unknown", found.lookup, None, f"the secrets of namespace {namespace} could not be read")
        return found

    def _outcome(self, image: str, secrets: Iterable[PullSecret], consumer: Consumer) -> Outcome:
        listed = tuple(secrets)
        key = (consumer, image, tuple(id(secret.object) for secret in listed))
        found = self._outcomes.get(key)
        if found is None:
            found = self._outcomes[key] = outcome(self.inventory, image, listed, consumer)
        return found

    @cached_property
    def evidence(self) -> Evidence:
        """What pods and events prove about pulls: refused ones and those that worked."""
        spaces = {item.namespace for item in self.inventory.objects if item.kind == "Event"}
        known = {namespace: self.inventory.covers("Pod", namespace) for namespace in spaces}
        return evidence(self.inventory.objects, known)

    @cached_property
    def openshift(self) -> bool:
        """Whether the scan shows an OpenShift cluster: one of its API groups or generated secrets is in it.

        Among manifests a Route may be all that shows it, which no rule reads; a cluster shows it in many ways.
        """
        if any(group(item.api_version).endswith(_OPENSHIFT) for item in self.inventory.objects):
            return True
        if any(secret.generated == "OpenShift" for secret in self.inventory.secrets):
            return True
        return self.inventory.scope is Scope.MANIFESTS and self.inventory.mentions_api(_OPENSHIFT)
