"""What is judged together: all manifests of a call, and every cluster for itself, be they several in one folder."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from linter.documents import Document
from linter.documents.layouts import COLLECTION, KUBE_DUMP, place
from linter.documents.objects import KubeObject, Opened
from linter.documents.recognise import Evidence, Recognised, recognise
from linter.inventory.records import PullSecret
from linter.model import Scope
from linter.record import NamedTuple
from linter.sources.choice import without_suffix

_REPOSITORY = "manifests"
_ANY_LIST = "kubectl-get"
_REMOVED = "(removed)"
_ERRORS = "-errors.json"
_STATES = ("phase", "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


class Part:
    """What stands under one root: `path` is for display, `skipped` counts by reason what was not read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.evidence = Evidence()
        self.documents: list[Opened] = []
        self.auth_files: list[PullSecret] = []
        self.paths: list[str] = []
        self.skipped: Counter[str] = Counter()

    def arrange(self) -> None:
        """Put documents in the order of their paths: members of an archive come in any.

        What a collector could not decode comes before what it kept of the same secret: of two, the first counts.
        """
        self.documents.sort(key=lambda held: (_place(held[0]), held[0].number))

    def identify(self) -> None:
        """Mark what a cluster has written as such, where the tool that wrote the dump took its identity away."""
        for _, found in self.documents:
            for item in found:
                item.uid = item.uid or _REMOVED

    def admit(self) -> None:
        """Mark the pods without an identity that have a state: an API server has let them in all the same.

        A node tells nothing: who writes a manifest may name one.
        """
        for _, found in self.documents:
            for item in found:
                if item.kind == "Pod" and not item.identified and _has_run(item):
                    item.uid = _REMOVED

    def take(self, other: "Part") -> None:
        """Take over all that another part holds; its documents are not held twice."""
        self.evidence.merge(other.evidence)
        self.documents += other.documents
        other.documents = []
        self.auth_files += other.auth_files
        self.paths += other.paths
        self.skipped.update(other.skipped)


class Input:
    """What one command-line argument held, kept apart by the dumps in it until it is clear what they are.

    A part is known by the root of its dump; what lies in no known layout has the part of the root above it, or None.
    `shown` is the argument for display, `found` tells that it held something to judge.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.shown = "<stdin>" if path == "-" else path
        self.found = False
        self.parts: dict[str | None, Part] = {}

    def part(self, path: str) -> Part:
        """Return the part that a path belongs to, as far as the paths before have shown."""
        found = place(path)
        return self._at(found.root if found is not None else self._above(path))

    def _at(self, root: str | None) -> Part:
        part = self.parts.get(root)
        if part is None:
            part = self.parts[root] = Part(self.path if root is None else root or self.path)
        return part

    def _above(self, path: str) -> str | None:
        above = [root for root in self.parts if root is not None and path.startswith(f"{root}/" if root else "")]
        return max(above, key=len, default=None)

    def whole(self) -> Part:
        """Return everything as one part."""
        whole = Part(self.path)
        for part in self.parts.values():
            whole.take(part)
        return whole

    def clusters(self) -> list[Part]:
        """Return the dumps when there are several of them and little else, else nothing."""
        dumps = {root: part for root, part in self.parts.items() if root is not None and _is_dump(part)}
        objects = sum(part.evidence.artifacts for part in self.parts.values())
        if len(dumps) < 2 or sum(part.evidence.artifacts for part in dumps.values()) * 2 <= objects:
            return []
        rest = {root: part for root, part in self.parts.items() if root not in dumps}
        for root, part in rest.items():
            home = max((dump for dump in dumps if _below(root, dump)), key=len, default=None)
            if home is not None or not part.evidence.objects:
                dumps[home if home is not None else next(iter(dumps))].take(part)
        homeless = ((root, part) for root, part in rest.items() if part.evidence.objects)
        left = [part for root, part in homeless if not any(_below(root, dump) for dump in dumps)]
        return [*dumps.values(), *left]


def _place(document: Document) -> tuple[bool, list[str]]:
    return not document.path.endswith(_ERRORS), document.path.split("/")


def _has_run(pod: KubeObject) -> bool:
    """Whether the body of a pod holds what only a cluster writes into it."""
    status = pod.body.get("status")
    return isinstance(status, dict) and any(status.get(field) for field in _STATES)


def _below(root: str | None, dump: str | None) -> bool:
    return root is not None and dump is not None and (not dump or root == dump or root.startswith(f"{dump}/"))


def _is_dump(part: Part) -> bool:
    """Tell whether a part is to be judged for itself: a dump, or what `collect` has kept apart."""
    if part.evidence.hits[COLLECTION]:
        return True
    found = recognise(part.evidence)
    return found.scope is Scope.CLUSTER and found.layout != _ANY_LIST


class Universe(NamedTuple):
    """The parts that are judged together, what they were taken for, and the cluster's name ("" for the only one)."""

    name: str
    inputs: list[Part]
    recognised: Recognised


class Among(NamedTuple):
    """The call that inputs are a part of: all its `arguments`, and whether one of the others holds a cluster."""

    arguments: tuple[str, ...]
    clusters: bool = False


def universes(inputs: Sequence[Input], scope: str, among: Among | None = None) -> Iterator[Universe]:
    """Yield the manifests together, then every cluster. With `among`, they are named as in the whole call."""
    repository: list[tuple[Part, Recognised]] = []
    clusters: list[tuple[Part, Recognised, Input]] = []
    for source in inputs:
        redacted = any(part.evidence.redacted for part in source.parts.values())
        for part in (source.clusters() if scope != "manifests" else []) or [source.whole()]:
            recognised = recognise(part.evidence, scope)
            recognised = recognised.hidden() if redacted else recognised
            if recognised.scope is Scope.CLUSTER:
                part.arrange()
            if recognised.layout == KUBE_DUMP and recognised.scope is Scope.CLUSTER:
                part.identify()
            elif recognised.scope is Scope.CLUSTER:
                part.admit()
            if recognised.scope is Scope.CLUSTER:
                clusters.append((part, recognised, source))
            else:
                repository.append((part, recognised))
    among = among or Among(tuple(source.path for source in inputs))
    if repository:
        name = _REPOSITORY if clusters or among.clusters else ""
        telling = (found for part, found in repository if part.evidence.objects or part.evidence.record is not None)
        taken = next(telling, repository[0][1])
        taken = taken.hidden() if any(found.redacted for _, found in repository) else taken
        if taken.observed and not all(found.observed for part, found in repository if part.evidence.objects):
            taken = next(found for part, found in repository if part.evidence.objects and not found.observed)
        yield Universe(name, [part for part, _ in repository], taken)
    several = len(clusters) + len(repository) > 1 or len(among.arguments) > 1
    names = _names([(part.path, source.path) for part, _, source in clusters], among.arguments) if several else {}
    for part, recognised, _ in clusters:
        yield Universe(names.get(part.path, ""), [part], recognised)


def _names(clusters: Iterable[tuple[str, str]], arguments: Sequence[str]) -> dict[str, str]:
    """Name clusters after their paths, alike for a folder and the archive of it where that is still a name of one.

    Each cluster comes with the argument that led to it. Its name depends on no more than that and the `arguments`, so
    that it can be given before all of them are read.
    """
    listed = list(clusters)
    short = {path: plain_name(path) for path, _ in listed}
    counts = Counter(short.values())
    taken = {argument: plain_name(argument) for argument in arguments}

    def alone(path: str, origin: str) -> bool:
        name = short[path]
        others = (other for argument, other in taken.items() if argument != origin)
        return counts[name] == 1 and not any(name == other or name.startswith(f"{other}/") for other in others)

    return {path: short[path] if alone(path, origin) else path for path, origin in listed}


def plain_name(path: str) -> str:
    """The name of a cluster at `path` where no other is called so: without the endings of archives."""
    return "!/".join(without_suffix(step) for step in path.split("!/")).replace("!/", "/")
