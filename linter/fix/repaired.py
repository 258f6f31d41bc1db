"""What the files of a folder of repairs are made of: objects as they were read, and as they are repaired."""

from typing import Any, NamedTuple, Protocol

from linter.model import Edit, Finding, ObjectRef, Route


class KubeObject(Protocol):
    """What is needed of an object, as `linter.documents.objects` has it."""

    path: str
    document: int
    route: Route
    api_version: str
    kind: str
    namespace: str
    name: str
    body: dict[str, Any]

    @property
    def identified(self) -> bool:
        """Whether an API server has given it an identity: it is in a cluster."""


class Repaired(NamedTuple):
    """One object after its repairs. `path` is empty when no file is written for it; `note` then says what to do.

    `recreate`: it has to be deleted and created; `replace`: it is in the cluster, and a file takes its place whole.
    """

    ref: ObjectRef
    cluster: str
    findings: tuple[Finding, ...]
    edits: tuple[Edit, ...]
    body: dict[str, Any]
    path: str = ""
    recreate: bool = False
    replace: bool = False
    identified: bool = True
    carries_credential: bool = False
    note: str = ""
    taken: tuple[dict[str, Any], ...] = ()
    keeper: str = ""

    @property
    def secret(self) -> bool:
        """Whether it is a Secret: those come first, and carry credentials."""
        return self.ref.kind == "Secret"


def ref_of(item: KubeObject) -> ObjectRef:
    """Return which object it is."""
    return ObjectRef(item.api_version, item.kind, item.namespace, item.name)
