"""The finished inventory of one scan: typed records, joined per namespace, and what the scan covers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from linter.documents.objects import KubeObject
from linter.inventory.paths import dig
from linter.inventory.records import (
    DOCKERCONFIGJSON,
    GeneratedSecret,
    ImageStream,
    ImageUse,
    PullSecret,
    Reference,
    ServiceAccount,
    Use,
    Workload,
)
from linter.model import Scope
from linter.sources.collection import Refused

if TYPE_CHECKING:
    from linter.inventory.fillable import Waiting
    from linter.inventory.kustomized import Kustomized

_Record = TypeVar("_Record")
_Made = TypeVar("_Made")

GLOBAL_SECRET: Final = ("openshift-config", "pull-secret")


def compatible(one: str, other: str) -> bool:
    """Whether two namespaces can be the same: manifests often leave it to the tool that applies them."""
    return one == other or not one or not other


class Named(Generic[_Record]):
    """Records by name and namespace: thousands of namespaces that hold one name each cost nothing.

    Most names stand in one namespace; then there is no table of namespaces.
    """

    def __init__(self, rows: Iterable[tuple[str, str, _Record]]) -> None:
        self._table: dict[str, tuple[str, _Record] | dict[str, list[_Record]]] = {}
        for name, namespace, record in rows:
            known = self._table.get(name)
            if known is None:
                self._table[name] = (namespace, record)
                continue
            if isinstance(known, tuple):
                known = self._table[name] = {known[0]: [known[1]]}
            known.setdefault(namespace, []).append(record)

    def _spaces(self, name: str) -> dict[str, list[_Record]]:
        known = self._table.get(name)
        if known is None:
            return {}
        return {known[0]: [known[1]]} if isinstance(known, tuple) else known

    def rows(self, name: str) -> list[tuple[str, str, _Record]]:
        """Return every record of that name as it was put in: name, namespace, record."""
        return [(name, namespace, record) for namespace, records in self._spaces(name).items() for record in records]

    def all(self, namespace: str, name: str) -> list[_Record]:
        """Return every record of that name whose namespace can be `namespace`."""
        spaces = self._spaces(name)
        if namespace:
            return [*spaces.get(namespace, ()), *spaces.get("", ())]
        return [record for records in spaces.values() for record in records]

    def best(self, namespace: str, name: str) -> list[_Record]:
        """Return as `all`, but only the exact namespace's records where there are any."""
        return self._spaces(name).get(namespace) or self.all(namespace, name)


class Inventory:
    """All records of one scan and the joins over them. Built once by `linter.inventory.build`, then only read."""

    def __init__(  # noqa: PLR0913 - one argument for each table, all named at the one call
        self,
        *,
        name: str,
        scope: Scope,
        secrets: tuple[PullSecret, ...] = (),
        configs: tuple[PullSecret, ...] = (),
        auth_files: tuple[PullSecret, ...] = (),
        generator_files: tuple[PullSecret, ...] = (),
        observed: bool = False,
        generated: tuple[GeneratedSecret, ...] = (),
        accounts: tuple[ServiceAccount, ...] = (),
        workloads: tuple[Workload, ...] = (),
        streams: tuple[ImageStream, ...] = (),
        builds: tuple[KubeObject, ...] = (),
        references: tuple[Reference, ...] = (),
        objects: tuple[KubeObject, ...] = (),
        other_secrets: tuple[KubeObject, ...] = (),
        insecure_registries: frozenset[str] = frozenset(),
        complete: frozenset[tuple[str, str]] = frozenset(),
        refused: tuple[Refused, ...] = (),
        mentions: "Mentions | None" = None,
        kustomized: "Kustomized | None" = None,
        renamed: tuple[tuple[KubeObject, ImageUse], ...] = (),
    ) -> None:
        self.name = name
        self.scope = scope
        self.secrets = secrets
        self.configs = configs
        self.auth_files = auth_files
        self.generator_files = generator_files
        self.observed = observed
        """Whether a cluster has written every object: what pods and events tell has happened there."""
        self.generated = generated
        self.accounts = accounts
        self.workloads = workloads
        self.streams = streams
        self.builds = builds
        self.references = references
        self.objects = objects
        self.other_secrets = other_secrets
        self.insecure_registries = insecure_registries
        self.complete = complete
        self.refused = refused
        self._mentions = mentions
        self.kustomized = kustomized
        self.renamed = renamed
        self._once: dict[Any, Any] = {}
        self._of_kinds: dict[frozenset[str], tuple[KubeObject, ...]] = {}
        self._in: dict[str, list[PullSecret]] = {}
        self._imported_with: dict[str, tuple[PullSecret, ...]] = {}

    @cached_property
    def payloads(self) -> tuple[PullSecret, ...]:
        """Whatever holds a payload: the pull secrets, and the auth files that a user or a generator has named.

        One that both have named is what the generator makes of it.
        """
        made = {one.object.path for one in self.generator_files}
        files = (*(one for one in self.auth_files if one.object.path not in made), *self.generator_files)
        return (*self.secrets, *files) if files else self.secrets

    @cached_property
    def secrets_by_name(self) -> "Named[PullSecret]":
        """The pull secrets by name and namespace."""
        return Named((secret.name, secret.namespace, secret) for secret in self.secrets)

    @cached_property
    def _others_by_name(self) -> "Named[KubeObject]":
        return Named((item.name, item.namespace, item) for item in self.other_secrets)

    @cached_property
    def _generated_by_name(self) -> "Named[GeneratedSecret]":
        return Named((made.name, made.namespace, made) for made in self.generated)

    @cached_property
    def accounts_by_name(self) -> "Named[ServiceAccount]":
        """The service accounts by name and namespace."""
        return Named((account.name, account.namespace, account) for account in self.accounts)

    @cached_property
    def _references_by_name(self) -> "Named[int]":
        return Named((one.name, one.namespace, order) for order, one in enumerate(self.references))

    @cached_property
    def secret_names(self) -> Mapping[str, frozenset[str]]:
        """Every Secret name of the scan (pull secrets, others and generated ones) and the namespaces that hold it."""
        table: dict[str, set[str]] = defaultdict(set)
        for secret in self.secrets:
            table[secret.name].add(secret.namespace)
        for item in self.other_secrets:
            table[item.name].add(item.namespace)
        for made in self.generated:
            table[made.name].add(made.namespace)
        return {name: frozenset(spaces) for name, spaces in table.items()}

    def secrets_named(self, namespace: str, name: str) -> list[PullSecret]:
        """The pull secrets that `name` can mean in `namespace`; an exact namespace beats an unnamed one."""
        return self.secrets_by_name.best(namespace, name)

    @cached_property
    def _secrets_by_namespace(self) -> Mapping[str, list[PullSecret]]:
        return by_namespace(self.secrets)

    def secrets_in(self, namespace: str) -> list[PullSecret]:
        """All pull secrets that can be in `namespace`, in name order, as the API server lists them."""
        table = self._secrets_by_namespace
        loose = table.get("", [])
        if namespace and not loose:
            return table.get(namespace, [])
        if namespace not in self._in:
            rows = [*table.get(namespace, []), *loose] if namespace else self.secrets
            self._in[namespace] = sorted(rows, key=lambda secret: secret.name)
        return self._in[namespace]

    def imported_with(self, namespace: str) -> tuple[PullSecret, ...]:
        """The secrets that imports of `namespace` read: the typed ones in name order, the excluded ones left out."""
        if namespace not in self._imported_with:
            found = self.secrets_in(namespace)
            self._imported_with[namespace] = tuple(one for one in found if one.typed and not one.excluded)
        return self._imported_with[namespace]

    def others_named(self, namespace: str, name: str) -> list[KubeObject]:
        """Secrets of that name that are no pull secrets."""
        return self._others_by_name.all(namespace, name)

    def generated_named(self, namespace: str, name: str) -> list[GeneratedSecret]:
        """Secrets of that name that a controller or build tool will make."""
        return self._generated_by_name.all(namespace, name)

    def accounts_named(self, namespace: str, name: str) -> list[ServiceAccount]:
        """The service accounts that `name` can mean in `namespace`; an exact namespace beats an unnamed one."""
        return self.accounts_by_name.best(namespace, name)

    def references_to(self, secret: PullSecret) -> list[Reference]:
        """Every place that names `secret` in a namespace that can be its own."""
        return [self.references[order] for order in sorted(self._references_by_name.all(secret.namespace, secret.name))]

    @cached_property
    def loose(self) -> frozenset[str]:
        """The namespaces, "" for any, in which patches and values of the files name secrets for some workload."""
        if self.scope is Scope.CLUSTER:
            return frozenset()
        return frozenset(
            one.namespace for one in self.references if one.use is Use.PATCH or (one.object is None and one.pulls)
        )

    def covers(self, kind: str, namespace: str) -> bool:
        """Whether the scan holds all objects of `kind` in `namespace`, so that absence says something.

        In a cluster that is a matter of how they were listed; among manifests at least one must be there.
        """
        if self.scope is Scope.CLUSTER:
            return (kind, namespace) in self.complete or (kind, "*") in self.complete
        return any(where_kind == kind and compatible(where, namespace) for where_kind, where in self.complete)

    def of_kinds(self, kinds: frozenset[str]) -> tuple[KubeObject, ...]:
        """The objects of these kinds, in the order of the scan; looked for once, whoever asks and how often."""
        if kinds not in self._of_kinds:
            self._of_kinds[kinds] = tuple(item for item in self.objects if item.kind in kinds)
        return self._of_kinds[kinds]

    def once(self, make: "Callable[[Inventory], _Made]") -> _Made:
        """Return what `make` makes of this inventory: made once, whoever asks, and kept as long as the inventory."""
        if make not in self._once:
            self._once[make] = make(self)
        made: _Made = self._once[make]
        return made

    def unread(self, namespace: str) -> tuple[str, ...]:
        """The kinds that a cluster refused to show in `namespace`, sorted: what they would have told is not known."""
        kinds = {one.kind for one in self.refused if namespace in one.namespaces or "*" in one.namespaces}
        return tuple(sorted(kinds))

    def mentions(self, secret: PullSecret) -> str:
        """Where the secret's name stands in text that is no known reference (a path), or "": looked up on demand."""
        return self._mentions.of(secret) if self._mentions is not None else ""

    def may_define(self, kind: str, name: str) -> str:
        """Where a template, or what could not be parsed, may define an object of this kind and name (a path), or ""."""
        return self._mentions.defining(kind, name) if self._mentions is not None else ""

    def may_link(self, name: str) -> str:
        """Where a template may fill this name into a list of pull secrets (a path), or ""."""
        return self._mentions.linking(name) if self._mentions is not None else ""

    def may_be_made(self, kind: str, name: str) -> str:
        """Say, as a clause, what beside the objects may make one of this kind and name: looked up on demand."""
        if self._mentions is None:
            return ""
        path = self._mentions.creating(kind, name)
        if path:
            things = "Secrets" if kind == "Secret" else "service accounts"
            return f"{path} creates {things} and may make it"
        path = self._mentions.remarking(kind, name)
        return f"a comment in {path} says how it is created" if path else ""

    def linked_by(self, name: str, account: str = "") -> str:
        """Where a command or Terraform links a pull secret, to `account` where one is given (a path), or ""."""
        return self._mentions.commanding(name, account) if self._mentions is not None else ""

    def mentions_api(self, suffix: str) -> bool:
        """Whether an object that no rule reads is of an API group that ends in `suffix`: looked up on demand."""
        return self._mentions is not None and self._mentions.api(suffix)

    def is_global(self, secret: PullSecret) -> bool:
        """Whether this is the cluster's global pull secret, which nodes read and no account links."""
        return (secret.namespace, secret.name) == GLOBAL_SECRET

    @cached_property
    def global_secret(self) -> PullSecret | None:
        """The cluster's global pull secret, where the scan holds it; or what was named in its place."""
        return next((secret for secret in self.secrets if self.is_global(secret)), None)

    def on_nodes(self, file: PullSecret) -> "Inventory":
        """Return this inventory where nodes hold an auth file, unless it says itself what they hold."""
        if self.global_secret is not None:
            return self
        from copy import copy  # noqa: PLC0415 - only an auth file asks for it

        other = copy(self)
        vars(other).update(_once={}, global_secret=file)
        return other

    @property
    def node_wide(self) -> PullSecret | None:
        """The global pull secret where it is what the nodes have, as far as the scan can tell.

        Of another type, or without JSON, the machine-config operator refuses it, and nodes keep the file of before,
        which nobody knows here (OpenShift 4.1 to 4.20).
        """
        secret = self.global_secret
        if secret is not None and secret.in_file:
            return secret
        if secret is None or secret.type != DOCKERCONFIGJSON:
            return None
        error = secret.payload.error if secret.payload is not None else None
        return None if error is not None and error.kind == "json" else secret

    @cached_property
    def hosted(self) -> bool:
        """Whether the control plane runs in another cluster, which keeps the global pull secret and the settings."""
        found = (item for item in self.of_kinds(frozenset({"Infrastructure"})) if item.group == "config.openshift.io")
        return any(dig(item.body, "status", "controlPlaneTopology") == "External" for item in found)


class Mentions:
    """Looks for names in the raw text of the scan; the engine supplies one that can read the sources again."""

    def of(self, secret: PullSecret) -> str:
        """Return where the name of `secret` is mentioned outside the Secret itself, "" when nowhere."""
        raise NotImplementedError

    def defining(self, kind: str, name: str) -> str:
        """Return where a document that could not be read may define such an object, "" when none does."""
        raise NotImplementedError

    def creating(self, kind: str, name: str) -> str:
        """Return where something beside the manifests creates such an object, "" when nowhere."""
        raise NotImplementedError

    def remarking(self, kind: str, name: str) -> str:
        """Return where a comment in a manifest tells how such an object is created, "" when nowhere."""
        raise NotImplementedError

    def filling(self, waiting: "Sequence[Waiting]") -> Mapping[int, str]:
        """Return by their numbers the values that something beside the manifests fills in, each with where it does."""
        raise NotImplementedError

    def linking(self, name: str) -> str:
        """Return where a document that could not be read may list this name, "" when nowhere."""
        raise NotImplementedError

    def commanding(self, name: str, account: str) -> str:
        """Return where something beside the manifests links this name, to an account unless that is "", or ""."""
        raise NotImplementedError

    def api(self, suffix: str) -> bool:
        """Tell whether the scan holds an object that no rule reads, of an API group that ends in `suffix`."""
        raise NotImplementedError


def by_namespace(secrets: Iterable[PullSecret]) -> dict[str, list[PullSecret]]:
    """Group secrets by namespace, each group in name order, as the API server lists them."""
    table: dict[str, list[PullSecret]] = defaultdict(list)
    for secret in sorted(secrets, key=lambda one: one.name):
        table[secret.namespace].append(secret)
    return table
