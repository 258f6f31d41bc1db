"""A question to the cases it means: which image, pulled by whom, with which list of secrets."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final, NamedTuple

from linter.credentials import Consumer, Reference, parse_reference
from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.errors import UsageError
from linter.inventory.inventory import Inventory, compatible
from linter.inventory.paths import dig
from linter.inventory.pulls import Reach, import_secrets, reach, reaches
from linter.inventory.records import ImageStream, PullSecret, Workload

_SHORT: Final = {
    "po": "pod", "deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "rs": "replicaset",
    "rc": "replicationcontroller", "cj": "cronjob", "dc": "deploymentconfig", "ksvc": "service",
    "wf": "workflow", "cwf": "cronworkflow", "wftmpl": "workflowtemplate", "tr": "taskrun", "pr": "pipelinerun",
    "isvc": "inferenceservice", "lws": "leaderworkerset",
}  # fmt: skip
_MANY: Final = 8
_MIRROR: Final = "kubernetes.io/config.mirror"


class Question(NamedTuple):
    """What is asked. Empty fields ask for everything; `workload` is KIND/NAME, `consumer` a `Consumer` or ""."""

    image: str = ""
    namespace: str = ""
    account: str = ""
    pod: str = ""
    workload: str = ""
    consumer: str = ""

    @property
    def subject(self) -> str:
        """The object that is asked about, as the user wrote it; "" when none is."""
        named = self.account and f"service account {self.account}"
        return named or (self.pod and f"pod/{self.pod}") or self.workload


class Case(NamedTuple):
    """One image pulled by one consumer. `workload` with its `reach` for pods, `stream` for imports.

    `invented`: the pod is none of the scan, but one that would name no list of its own. `secrets` are what the consumer
    reads beside the node-wide file, in order.
    """

    inventory: Inventory
    image: str
    consumer: Consumer
    namespace: str
    secrets: tuple[PullSecret, ...]
    reach: Reach | None = None
    workload: Workload | None = None
    stream: ImageStream | None = None
    tag: str = ""
    invented: bool = False

    @property
    def static(self) -> bool:
        """Whether the kubelet has the pod from a file of its node: admission has no say in it."""
        workload = self.workload
        return workload is not None and dig(workload.object.metadata, "annotations", _MIRROR) is not None


def cases(inventory: Inventory, question: Question) -> list[Case]:
    """Every case of one inventory that `question` means.

    Raises `UsageError` when it names something that the scan does not hold, or leaves open what it must say.
    """
    if question.namespace:
        _known_namespace(inventory, question.namespace)
    if question.account:
        return [_of_account(inventory, question)]
    if question.pod or question.workload:
        return _of_workload(inventory, question)
    file = inventory.global_secret
    alone = file is not None and file.in_file and not inventory.objects
    if not question.image:
        if alone:
            raise UsageError("an auth file names no images: name one before it, as in regcred resolve IMAGE FILE")
        return list(_all(inventory, question, idle=False))
    found = _users(inventory, question)
    if alone and question.consumer != Consumer.IMPORTER:
        return list(_of_file(inventory, question))
    return found or [_of_nobody(inventory, question)]


def _all(inventory: Inventory, question: Question, *, idle: bool = True) -> Iterator[Case]:
    """Every image of the scan with everybody who pulls it; with `idle`, with those too who name it and never pull."""
    if question.consumer != Consumer.IMPORTER:
        consumer = Consumer(question.consumer or Consumer.KUBELET)
        asked = (one for one in inventory.workloads if _within(question, one.object.namespace) and one.images)
        for workload, reached in reaches(inventory, asked):
            for use in workload.images if idle else workload.pulled:
                yield _pull(inventory, workload, use.image, reached, consumer)
    if question.consumer in ("", Consumer.IMPORTER):
        for stream in inventory.streams:
            if _within(question, stream.object.namespace):
                secrets = import_secrets(inventory, stream)
                for tag in stream.tags:
                    yield _import(inventory, stream, tag.image, tag.tag, secrets)


def _users(inventory: Inventory, question: Question) -> list[Case]:
    """Everybody in the scan who pulls or imports the image, as it is written or at least of that repository."""
    every = list(_all(inventory, question))
    exact = [case for case in every if case.image == question.image]
    if exact:
        return exact
    wanted = parse_reference(question.image)
    if not isinstance(wanted, Reference):
        return []
    return [case._replace(image=question.image) for case in every if _repository(case.image) == wanted.lookup]


def _repository(image: str) -> str:
    found = parse_reference(image)
    return found.lookup if isinstance(found, Reference) else ""


def _of_account(inventory: Inventory, question: Question) -> Case:
    if not question.image:
        raise UsageError("--serviceaccount needs an image: a service account by itself pulls nothing")
    spaces = {one.namespace for one in inventory.accounts if one.name == question.account}
    space = question.namespace or _only(spaces, f"service account {question.account}")
    known = {one.name for one in inventory.accounts if compatible(one.namespace, space)}
    if question.account not in known and question.account != "default":
        where = f" in namespace {space}" if space else ""
        nearest = _nearest(question.account, known)
        raise UsageError(f"service account {question.account} is not in the scan{where}{nearest}")
    if question.consumer == Consumer.IMPORTER:
        raise UsageError("--serviceaccount does not go with --consumer importer: an import reads the whole namespace")
    return _invented(inventory, question, space, question.account)


def _of_workload(inventory: Inventory, question: Question) -> list[Case]:
    kind, _, name = ("pod", "", question.pod) if question.pod else question.workload.partition("/")
    if not (kind and name):
        raise UsageError(f"--workload wants KIND/NAME, as in deployment/web, and not {question.workload!r}")
    if question.consumer == Consumer.IMPORTER:
        raise UsageError("a workload's images are pulled, not imported: leave --consumer importer out")
    kind = _SHORT.get(kind.lower(), kind.lower())
    found = [one for one in inventory.workloads if _is(one, kind, name) and _within(question, one.object.namespace)]
    if not found:
        same_kind = {one.object.name for one in inventory.workloads if one.object.kind.lower() == kind}
        raise UsageError(f"{kind} {name} is not in the scan{_nearest(name, same_kind)}")
    consumer = Consumer(question.consumer or Consumer.KUBELET)
    asked: list[Case] = []
    for workload in found:
        reached = reach(inventory, workload)
        images = [question.image] if question.image else [use.image for use in workload.images]
        asked.extend(_pull(inventory, workload, image, reached, consumer, listed=True) for image in images)
    return asked


def _is(workload: Workload, kind: str, name: str) -> bool:
    return workload.object.name == name and workload.object.kind.lower() in (kind, kind.removesuffix("s"))


def _of_nobody(inventory: Inventory, question: Question) -> Case:
    """An image that nobody in the scan uses: as a new pod of the namespace would pull it, or an import."""
    space = question.namespace
    if question.consumer != Consumer.CONTAINERS:
        space = space or _only(_namespaces(inventory), f"image {question.image}")
    if question.consumer == Consumer.IMPORTER:
        stream = ImageStream(_object(space, "ImageStream"), ())
        return _import(inventory, stream, question.image, "", import_secrets(inventory, stream))._replace(invented=True)
    return _invented(inventory, question, space, "default")


def _of_file(inventory: Inventory, question: Question) -> Iterator[Case]:
    """An image that is pulled with an auth file alone, by each of the consumers that read one."""
    for consumer in (Consumer.KUBELET, Consumer.CONTAINERS):
        if question.consumer in ("", consumer):
            yield Case(inventory, question.image, consumer, "", (), invented=True)


def _invented(inventory: Inventory, question: Question, namespace: str, account: str) -> Case:
    workload = Workload(_object(namespace, "Pod"), ("spec",), account, (), ())
    consumer = Consumer(question.consumer or Consumer.KUBELET)
    reached = reach(inventory, workload)
    case = _pull(inventory, workload, question.image, reached, consumer, listed=bool(question.account))
    return case._replace(invented=True)


def _pull(
    inventory: Inventory, workload: Workload, image: str, reached: Reach, consumer: Consumer, *, listed: bool = False
) -> Case:
    """A pull. containers/image on a node reads no list; `listed`: read the list as auth files (`--authfile`)."""
    own = consumer is Consumer.KUBELET or listed
    namespace = workload.object.namespace
    secrets = reached.secrets if own else ()
    return Case(inventory, image, consumer, namespace, secrets, reached if own else None, workload)


def _import(inventory: Inventory, stream: ImageStream, image: str, tag: str, secrets: tuple[PullSecret, ...]) -> Case:
    return Case(inventory, image, Consumer.IMPORTER, stream.object.namespace, secrets, stream=stream, tag=tag)


def _object(namespace: str, kind: str) -> KubeObject:
    """An object that is not in the scan and stands for one that could be."""
    return KubeObject(Document("", 0, None), (), {"metadata": {"namespace": namespace}}, kind, "v1")


def _within(question: Question, namespace: str) -> bool:
    return not question.namespace or compatible(question.namespace, namespace)


def _namespaces(inventory: Inventory) -> set[str]:
    found = {item.namespace for item in inventory.objects}
    found |= {item.name for item in inventory.objects if item.kind in ("Namespace", "Project")}
    return found


def _known_namespace(inventory: Inventory, namespace: str) -> None:
    known = _namespaces(inventory)
    if namespace not in known and not any(not item.namespace and item.kind == "Secret" for item in inventory.objects):
        raise UsageError(f"nothing of namespace {namespace} is in the scan{_nearest(namespace, known)}")


def _only(spaces: Iterable[str], what: str) -> str:
    named = sorted(space for space in spaces if space)
    if len(named) > 1:
        some = ", ".join(named[:_MANY]) + (", …" if len(named) > _MANY else "")
        raise UsageError(f"{what}: in which namespace? Say -n NAMESPACE (the scan holds {some})")
    return named[0] if named else ""


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, [one for one in known if one], n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else ""
