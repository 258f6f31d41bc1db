"""Documents to an inventory: objects are sorted into typed records, loose documents give references."""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from linter.documents import Document
from linter.documents.kinds import is_read
from linter.documents.layouts import BY_FILES, BY_OBJECTS, MUST_GATHER
from linter.documents.objects import KubeObject, Opened, objects
from linter.inventory.builds import is_build
from linter.inventory.generators import generated_secrets, kustomization_secrets
from linter.inventory.inventory import Inventory, Mentions
from linter.inventory.paths import dig, group, text
from linter.inventory.records import (
    AUTH_FILE,
    KEY_OF_TYPE,
    GeneratedSecret,
    ImageStream,
    ImageUse,
    PullSecret,
    Reference,
    ServiceAccount,
    Workload,
)
from linter.inventory.references import FieldSearch, loose_references, patch_references, references
from linter.inventory.secrets import is_pull_secret, patched, pull_secret, stand_ins
from linter.inventory.streams import image_stream
from linter.inventory.workloads import PodSpecs, service_account
from linter.model import Scope
from linter.sources.collection import FILES, Record, decode, is_record

if TYPE_CHECKING:
    from linter.inventory.kustomized import Kustomized

_Value = TypeVar("_Value")
_STREAM_KINDS = frozenset({"ImageStream", "ImageStreamImport", "ImageStreamTag"})
_HOLDING = frozenset(
    {"HelmRelease", "SyncSet", "SelectorSyncSet", "Policy", "SealedSecret", "ExternalSecret", "ClusterExternalSecret"}
)
"""Kinds that rules read and that hold manifests or values all the same."""
_KUSTOMIZATION_FIELDS = frozenset({"secretGenerator", "patches", "patchesJson6902", "patchesStrategicMerge"})


class Builder:
    """Collects documents of one scan; `finish` makes the inventory of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kinds: Counter[str] = Counter()
        self._objects: list[KubeObject] = []
        self._secrets: list[PullSecret] = []
        self._configs: list[PullSecret] = []
        self._other: list[KubeObject] = []
        self._generated: list[GeneratedSecret] = []
        self._accounts: list[ServiceAccount] = []
        self._workloads: list[Workload] = []
        self._streams: list[ImageStream] = []
        self._builds: list[KubeObject] = []
        self._references: list[Reference] = []
        self._named = FieldSearch()
        self._insecure: set[str] = set()
        self._listed: set[tuple[str, str]] = set()
        self._alone: set[tuple[str, str]] = set()
        self._lists: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
        self._present: set[tuple[str, str]] = set()
        self._substituted = False
        self._records: list[Record] = []
        self._operations: list[tuple[str, list[Any]]] = []
        self._shared: dict[Any, Any] = {}
        self._pods = PodSpecs(self._once)

    def beside(self, name: str) -> "Builder":
        """Return another one, which holds nothing, and shares with this one what comes again."""
        other = Builder(name)
        other._shared, other._named, other._pods = self._shared, self._named, self._pods
        return other

    def take(self, other: "Builder") -> None:
        """Take over what another builder holds, as if its documents had come to this one now."""
        mine, more = vars(self), vars(other)
        for name, value in more.items():
            if isinstance(value, list):
                mine[name].extend(value)
            elif isinstance(value, set | Counter):
                mine[name].update(value)
        for place, pairs in more["_lists"].items():
            self._lists[place] |= pairs
        self._substituted |= more["_substituted"]

    def add_objects(self, document: Document, items: list[KubeObject]) -> None:
        """Take a document and the objects it holds; a document without objects still gives references."""
        if not items:
            self._loose(document)
            return
        for item in items:
            self._add(document, item)

    def add(self, document: Document) -> None:
        """Take a document whole: for callers that need not see its objects first."""
        self.add_objects(document, list(objects(document)))

    def _loose(self, document: Document) -> None:
        from linter.inventory.configs import configs  # noqa: PLC0415 - manifests and dumps are all objects

        self._references.extend(loose_references(document))
        self._configs.extend(configs(document))
        data = document.data
        if isinstance(data, dict) and _KUSTOMIZATION_FIELDS & data.keys():
            item = KubeObject(document, (), data, "Kustomization", "")
            self._generated.extend(kustomization_secrets(item))
            self._references.extend(patch_references(document, data))
        elif isinstance(data, list) and any(dig(one, "op") is not None for one in data):
            self._operations.append((document.path, data))

    def _add(self, document: Document, item: KubeObject) -> None:
        if is_record(item.kind, item.api_version):
            record = decode(item.body)
            if record.scope != FILES:
                self._records.append(record)
            return
        self.kinds[item.kind] += 1
        self._objects.append(item)
        pair = (item.kind, item.namespace)
        self._present.add(pair)
        if item.listed:
            self._listed.add(pair)
            self._lists[item.path, item.document].add(pair)
        else:
            self._alone.add(pair)
        self._references.extend(references(item, self._named, self._once))
        where = group(item.api_version)
        if item.kind == "Secret" and where == "":
            self._secret(item)
        elif item.kind == "ServiceAccount" and where == "":
            account = service_account(item)
            once = self._once
            self._accounts.append(ServiceAccount(item, once(account.pull_secrets), once(account.mountable)))
        elif item.kind in _STREAM_KINDS:
            stream = image_stream(item)
            self._streams.append(stream._replace(tags=self._once(stream.tags)))
        elif is_build(item):
            self._builds.append(item)
        elif item.kind == "Image" and where == "config.openshift.io":
            hosts = dig(item.body, "spec", "registrySources", "insecureRegistries")
            self._insecure.update(text(host) for host in (hosts if isinstance(hosts, list) else []) if text(host))
        else:
            self._other_kind(document, item)

    def _secret(self, item: KubeObject) -> None:
        if is_pull_secret(item.body):
            self._secrets.append(pull_secret(item, substituted="objects" in item.route))
        else:
            self._other.append(item)

    def _other_kind(self, document: Document, item: KubeObject) -> None:
        if not is_read(item.kind) or item.kind in _HOLDING:
            from linter.inventory.configs import configs_within  # noqa: PLC0415 - most objects are of kinds that are read

            self._configs.extend(configs_within(item))
        made = list(generated_secrets(item))
        self._generated.extend(made)
        for secret in made:
            self._present.add(("Secret", secret.namespace))
        self._workloads.extend(self._pods.of(item))
        if item.kind == "Kustomization":
            self._substituted |= dig(item.body, "spec", "postBuild") is not None
            self._references.extend(patch_references(document, item.body, ()))

    def _once(self, value: _Value) -> _Value:
        """Return an equal value that was there before, where there is one."""
        known: _Value = self._shared.setdefault(value, value)
        return known

    def finish(
        self,
        scope: Scope,
        *,
        mentions: Mentions | None = None,
        layout: str = "",
        stated: frozenset[tuple[str, str]] = frozenset(),
        said: bool = False,
        auth_files: tuple[PullSecret, ...] = (),
        read: Callable[[str], bytes | None] = lambda _: None,
        observed: bool = False,
    ) -> Inventory:
        """Join everything; classify secrets anew where, as the whole scan tells, some tool fills in variables.

        `layout` names what a cluster was read from, `stated` are the kinds and namespaces that it lists in full.
        `said`: by the user's own word it is all that exists. `auth_files` were named beside the documents, `read` gives
        the bytes of a file beside them. `observed`: a cluster has written every object, be they all or some.
        """
        kustomized = self._kustomized() if scope is Scope.MANIFESTS else None
        held, files = self._classified(kustomized), tuple[PullSecret, ...]()
        if scope is Scope.MANIFESTS:
            held, files = self._written(held, mentions, read)
            named = {one.object.path for one in auth_files}
            self.kinds.update(AUTH_FILE for one in files if one.object.path not in named)
        workloads, renamed = self._built(kustomized)
        return Inventory(
            name=self.name,
            scope=scope,
            secrets=held,
            configs=tuple(self._configs),
            auth_files=auth_files,
            generator_files=files,
            observed=observed or scope is Scope.CLUSTER,
            generated=tuple(self._generated),
            accounts=tuple(self._accounts),
            workloads=workloads,
            streams=tuple(self._streams),
            builds=tuple(self._builds),
            references=tuple(self._references),
            objects=tuple(self._objects),
            other_secrets=tuple(self._other),
            insecure_registries=frozenset(self._insecure),
            complete=frozenset(self._coverage(scope, layout, said=said) | stated),
            refused=tuple(one for record in self._records for one in record.refused),
            mentions=mentions,
            kustomized=kustomized,
            renamed=renamed,
        )

    def _classified(self, kustomized: "Kustomized | None") -> tuple[PullSecret, ...]:
        """The secrets, as the whole scan tells what becomes of them."""
        secrets: Iterable[PullSecret] = self._secrets
        if self._substituted:
            secrets = (pull_secret(one.object, substituted=True) for one in secrets)
        if kustomized is not None:
            secrets = (patched(secret, kustomized) for secret in secrets)
        return tuple(secrets)

    def _built(
        self, kustomized: "Kustomized | None"
    ) -> tuple[tuple[Workload, ...], tuple[tuple[KubeObject, ImageUse], ...]]:
        """The workloads as kustomizations build them, and the images of which that is not known."""
        if kustomized is None or not kustomized.changes_images:
            return tuple(self._workloads), ()
        from linter.inventory.kustomized_images import built  # noqa: PLC0415 - few kustomizations change images

        pairs = [(one.object, *built(one, kustomized)) for one in self._workloads]
        return tuple(one for _, one, _ in pairs), tuple((item, use) for item, _, uses in pairs for use in uses)

    def _written(
        self,
        secrets: tuple[PullSecret, ...],
        mentions: Mentions | None,
        read: Callable[[str], bytes | None],
    ) -> tuple[tuple[PullSecret, ...], tuple[PullSecret, ...]]:
        """The secrets of manifests, without a judgement of what is filled in, and the files that generators name."""
        files: list[PullSecret] = []
        if any(made.how == "secretGenerator" and made.type in KEY_OF_TYPE for made in self._generated):
            from linter.inventory.generator_files import as_file, generator_files  # noqa: PLC0415 - few scans have some

            files = generator_files(self._generated, read, substituted=self._substituted)
        both = (*secrets, *files)
        if mentions is not None and any(stand_ins(one) is not None for one in both):
            from linter.inventory.fillable import without_filled  # noqa: PLC0415 - few scans hold what waits for a value

            both = tuple(without_filled(both, self._objects, mentions))
        if not files:
            return both, ()
        return both[: len(secrets)], tuple(map(as_file, both[len(secrets) :]))

    def _kustomized(self) -> "Kustomized | None":
        """What the kustomizations of the scan change, None where there are none."""
        if not self.kinds["Kustomization"] and not self.kinds["Component"]:
            return None
        from linter.inventory.kustomized import Kustomized  # noqa: PLC0415 - most scans hold no kustomization

        operations: dict[str, list[list[Any]]] = defaultdict(list)
        for path, listed in self._operations:
            operations[posixpath.normpath(path)].append(listed)
        return Kustomized(self._objects, operations)

    def _coverage(self, scope: Scope, layout: str, *, said: bool) -> set[tuple[str, str]]:
        """Which kinds are complete in which namespace.

        In a cluster a kind is complete where it was listed; single objects beside lists (a must-gather's related
        objects) prove nothing. Every namespace has the account `default`: where it is there, the accounts are, unless
        the layout keeps some by chance. The record of a reading says it outright. By the user's word, objects that
        stand alone are worth as much as one list of them, and one list is of all namespaces.
        """
        if scope is Scope.MANIFESTS:
            return self._present
        if self._records:
            collected = [one for record in self._records for one in record.collected]
            return {(one.kind, namespace) for one in collected for namespace in one.namespaces}
        if layout in BY_FILES:
            return set()
        if layout == MUST_GATHER:
            return set(self._listed)
        defaults = {one.namespace for one in self._accounts if one.name == "default"}
        complete = {("ServiceAccount", namespace) for namespace in defaults}
        if layout in BY_OBJECTS:
            # A namespace with that account was taken whole, so its absent objects are so for every kind that was taken.
            kinds = {kind for kind, namespace in self._present if namespace}
            complete |= {(kind, namespace) for kind in kinds for namespace in defaults}
        if said:
            return complete | self._said()
        if not self._listed:
            return complete | {pair for pair in self._present if pair[0] != "ServiceAccount"}
        return complete | self._listed | _everywhere(self._lists.values())

    def _said(self) -> set[tuple[str, str]]:
        """Which kinds are complete in which namespace where the user's word is that the scan holds all that exists."""
        complete = self._listed | self._alone | _everywhere(self._lists.values())
        listed = {namespace for _, namespace in self._listed if namespace}
        alone = {namespace for _, namespace in self._alone if namespace}
        # Several lists may be of a namespace each, and so may one beside objects of other namespaces: these were not
        # asked for in full.
        if not self._lists or (len(self._lists) == 1 and (len(listed) > 1 or alone <= listed)):
            complete |= {(kind, "*") for kind, _ in self._present if kind != "ServiceAccount"}
        return complete


def _everywhere(lists: Iterable[set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """The kinds that are complete in every namespace by what one of these lists holds."""
    complete: set[tuple[str, str]] = set()
    for kinds_of in lists:
        if len({namespace for _, namespace in kinds_of if namespace}) > 1:
            # One list holds objects of several namespaces only when all were asked for (kubectl get -A).
            complete |= {(kind, "*") for kind, _ in kinds_of if kind != "ServiceAccount"}
    return complete


class Ahead:
    """Stretches of documents, each sorted for itself while others are still read, in whatever order they come.

    That is worth something where they are joined as they stand.
    """

    def __init__(self) -> None:
        self._first = Builder("")
        self._stretches: dict[int, tuple[Sequence[Opened], Builder]] = {}
        """By the identity of their first documents."""
        self._able = True

    def sort(self, stretch: Sequence[Opened]) -> None:
        """Sort documents that follow each other."""
        if not self._able or not stretch:
            return
        builder = self.builder("")
        try:
            for document, found in stretch:
                builder.add_objects(document, found)
        except MemoryError:  # what there is to be said of it is said by whoever joins them
            self.forget()
            self._able = False
            return
        self._stretches[id(stretch[0][0])] = stretch, builder

    def builder(self, name: str) -> Builder:
        """Return one that holds nothing yet, and shares with the others what comes again."""
        return self._first.beside(name)

    def stretches(self, documents: Sequence[Opened]) -> Iterator[tuple[Sequence[Opened], Builder | None]]:
        """Yield all of the documents in their order, with what was made of them; None for those not sorted yet."""
        done = at = 0
        while self._stretches and at < len(documents):
            stretch, made = self._stretches.pop(id(documents[at][0]), ((), None))
            if made is not None and _same(stretch, documents[at : at + len(stretch)]):
                if done < at:
                    yield documents[done:at], None
                yield stretch, made
                done = at = at + len(stretch)
            else:
                at += 1
        if done < len(documents):
            yield documents[done:] if done else documents, None

    def forget(self) -> None:
        """Let go of all that is not joined yet: nothing more will be."""
        self._first = Builder("")
        self._stretches.clear()


def _same(some: Sequence[Opened], others: Sequence[Opened]) -> bool:
    return len(some) == len(others) and all(a[0] is b[0] for a, b in zip(some, others, strict=True))


def build(name: str, scope: Scope, documents: list[Document]) -> Inventory:
    """Build the inventory of `documents` in one step."""
    builder = Builder(name)
    for document in documents:
        builder.add(document)
    return builder.finish(scope)
