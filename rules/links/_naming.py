"""Who names a secret for pulls that is not there: the object that has to change, not the copies that controllers make.

Most names are those of pull secrets that are there. Nobody asks for these, so nothing is collected for them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from linter.rule import (
    ANONYMOUS_HOSTS,
    RUN_ONCE,
    Affected,
    Context,
    Impact,
    KubeObject,
    Link,
    NamedTuple,
    ObjectRef,
    Outcome,
    Reach,
    Reference,
    Related,
    Route,
    ServiceAccount,
    Use,
    Workload,
    WorkloadPull,
    dig,
    group,
    owner,
)
from rules.imports._mirrors import Mirrors
from rules.imports._shared import Known
from rules.links._names import is_name, is_written
from rules.registries._needs import Held, Need

_LOCAL_KINDS = {
    "operators.coreos.com": ("CatalogSource",),
    "argoproj.io": ("Workflow", "WorkflowTemplate", "CronWorkflow"),
    "tekton.dev": ("TaskRun", "PipelineRun"),
    "monitoring.coreos.com": ("Prometheus", "Alertmanager", "ThanosRuler", "PrometheusAgent"),
    "kafka.strimzi.io": ("Kafka", "KafkaNodePool", "KafkaBridge", "KafkaConnect", "KafkaMirrorMaker2"),
    "cert-manager.io": ("Issuer",),
    "extensions.istio.io": ("WasmPlugin",),
    "source.toolkit.fluxcd.io": ("OCIRepository", "HelmRepository"),
    "image.toolkit.fluxcd.io": ("ImageRepository",),
    "elasticsearch.k8s.elastic.co": ("Elasticsearch",),
    "kibana.k8s.elastic.co": ("Kibana",),
    "apm.k8s.elastic.co": ("ApmServer",),
    "logstash.k8s.elastic.co": ("Logstash",),
    "agent.k8s.elastic.co": ("Agent",),
    "beat.k8s.elastic.co": ("Beat",),
    "hive.openshift.io": ("ClusterDeployment", "ClusterPool"),
    "agent-install.openshift.io": ("InfraEnv",),
    "hypershift.openshift.io": ("HostedCluster",),
    "operator.open-cluster-management.io": ("MultiClusterHub",),
    "build.openshift.io": ("Build", "BuildConfig"),
    "": ("Build", "BuildConfig"),
    "sparkoperator.k8s.io": ("SparkApplication", "ScheduledSparkApplication"),
    "apps.kruise.io": ("ImagePullJob", "ImageListPullJob"),
    "kubeflow.org": ("MPIJob", "Notebook"),
    "serving.kserve.io": ("ServingRuntime",),
    "flink.apache.org": ("FlinkDeployment",),
    "kubevirt.io": ("VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceReplicaSet"),
    "postgresql.cnpg.io": ("Cluster", "Pooler"),
    "postgres-operator.crunchydata.com": ("PostgresCluster",),
    "pxc.percona.com": ("PerconaXtraDBCluster",),
    "psmdb.percona.com": ("PerconaServerMongoDB",),
    "k8s.mariadb.com": ("MariaDB", "MaxScale"),
    "rabbitmq.com": ("RabbitmqCluster",),
    "minio.min.io": ("Tenant",),
    "k8s.keycloak.org": ("Keycloak",),
}
"""Kinds beyond workloads and accounts whose secrets stand in the object's own namespace (CRDs as of August 2026)."""


class Naming(NamedTuple):
    """One object that names for pulls what is no pull secret. `routes` lead to the name, `users` inherit it."""

    object: KubeObject
    name: str
    use: Use
    routes: tuple[Route, ...]
    users: tuple[Affected, ...]

    @property
    def namespace(self) -> str:
        """The namespace in which the secret is looked for."""
        return self.object.namespace

    @property
    def says(self) -> str:
        """Who names it, for messages: `ServiceAccount app lists`, `Deployment web names`."""
        verb = "lists" if self.use is Use.ACCOUNT else "names"
        return f"{self.object.called} {verb}"

    def elsewhere(self) -> list[Related]:
        """Return the further places at which the object names the same secret."""
        return [Related("named here too", self.object.at(*route), self.object.ref) for route in self.routes[1:]]


class Owners:
    """Who controls whom: a pod's list is the business of the object whose template made the pod."""

    def __init__(self, context: Context) -> None:
        self._known = context.joins.owners
        self._users: dict[int, Affected] = {}
        self.top = self._known.top

    def user(self, workload: Workload) -> Affected:
        """Return what tells of a workload among those that a finding hits: the outermost that made it."""
        item = self.top(workload).object
        known = self._users.get(id(item))
        if known is None:
            known = self._users[id(item)] = Affected(item.ref)
        return known


class Struck:
    """Which pulls a name that leads to no pull secret breaks: not those that are offered a credential all the same."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._joins = context.joins
        self._known: dict[ObjectRef, tuple[tuple[Affected, bool], ...]] = {}
        self._impacts: dict[int, tuple[tuple[Affected, ...], Impact]] = {}

    @cached_property
    def _pulls(self) -> Mapping[ObjectRef, list[WorkloadPull]]:
        table: dict[ObjectRef, list[WorkloadPull]] = defaultdict(list)
        for pull in self._joins.workload_pulls:
            table[pull.workload.object.ref].append(pull)
        return table

    @cached_property
    def _private(self) -> Known:
        return Known(self._context)

    def impact(self, users: tuple[Affected, ...]) -> Impact:
        """Those pulls of `users` that break; where all of them are served, all, who need not fail."""
        kept = self._impacts.get(id(users))
        if kept is None:
            hits = [row for user in users for row in self._of(user)]
            broken = tuple(hit for hit, served in hits if not served)
            whole = Impact(broken) if broken else Impact(tuple(hit for hit, _ in hits), may=bool(hits))
            kept = self._impacts[id(users)] = users, whole
        return kept[1]

    def _of(self, user: Affected) -> tuple[tuple[Affected, bool], ...]:
        """The pulls of one workload, each with whether it is served all the same; what is none, as it is."""
        known = self._known.get(user.object)
        if known is None:
            found = {pull.image: self._struck(pull) for pull in reversed(self._pulls.get(user.object, []))}
            known = self._known[user.object] = tuple(reversed(found.values())) or ((user, False),)
        return known

    def _struck(self, pull: WorkloadPull) -> tuple[Affected, bool]:
        outcome = self._joins.pull_outcome(pull)
        reference = outcome.lookup.reference if outcome.lookup is not None else None
        open_to_all = (reference or "").partition("/")[0] in ANONYMOUS_HOSTS and outcome.verdict != "refused"
        served = outcome.verdict == "credential" or open_to_all
        may = not served and not self._fails(pull, outcome)
        return Affected(pull.workload.object.ref, pull.image, may), served

    def _fails(self, pull: WorkloadPull, outcome: Outcome) -> bool:
        """Whether a pull without a credential is known to fail: all of its list, and what its registry asks."""
        if outcome.verdict in ("refused", "bad-image"):
            return True
        if outcome.lookup is None or not outcome.lookup.reference or self._joins.node_hidden:
            return False
        if self._joins.ran.has(pull.workload, pull.image):
            return False
        if outcome.verdict == "unknown" and not self._gone(pull):
            return False
        need = Need(outcome.lookup.reference, Held(()), outcome, pull.workload.object, pull.image, False)
        why = self._private.why(need)
        if not why or self._sent_elsewhere(need):
            return False
        if not self._context.inventory.loose.isdisjoint(("", pull.workload.object.namespace)):
            return False
        if self._joins.may_serve(pull.workload.object.namespace, need.target) or why.endswith("private-registries"):
            return True
        return self._context.in_cluster and self._context.inventory.node_wide is not None

    def _sent_elsewhere(self, need: Need) -> bool:
        """Whether a mirror is asked first, or nodes read the secrets of a namespace by themselves."""
        providers = self._context.inventory.of_kinds(frozenset({"CRIOCredentialProviderConfig"}))
        return bool(providers or self._context.once(Mirrors).of(need))

    def _gone(self, pull: WorkloadPull) -> bool:
        """Whether the list is known but for names that surely nothing has."""
        there, space = self._context.inventory, pull.workload.object.namespace
        if pull.reach.unknown or not (self._context.in_cluster and there.covers("Secret", space)):
            return False
        return not any(there.generated_named(space, link.name) for link in pull.reach.missing)


def struck(context: Context, users: tuple[Affected, ...]) -> Impact:
    """Every pull of `users` that breaks because a name or a list that they have leads to no pull secret."""
    return context.once(Struck).impact(users)


def impact(context: Context, naming: Naming) -> Impact:
    """Every pull that breaks because of a name that leads to no pull secret."""
    return struck(context, naming.users)


def listing(links: tuple[Link, ...], name: str) -> Link | None:
    """Return the first of `links` with that name."""
    return next((link for link in links if link.name == name), None)


def copied(owners: Owners, workload: Workload) -> bool:
    """Whether admission may have put its list into this live pod: no template above it has one."""
    if not workload.is_pod or not workload.object.identified:
        return False
    return not owners.top(workload).explicit or owners.top(workload) is workload


def handed(owners: Owners, account: ServiceAccount, workload: Workload) -> bool:
    """Whether pods get what the account lists: none has its own list, or a live one holds no other than the copy."""
    top = owners.top(workload)
    if not top.explicit:
        return True
    return copied(owners, top) and [one.name for one in top.pull_secrets] == [one.name for one in account.pull_secrets]


def foreign(item: KubeObject, link: Link) -> bool:
    """Whether a list item claims another namespace, which none can do: misplaced-pull-secrets tells that."""
    return bool(link.namespace) and link.namespace != item.namespace


class _Draft(NamedTuple):
    """A naming while it is collected. `users` are those of this name, each with its place in the order of the scan."""

    item: KubeObject
    use: Use
    routes: dict[Route, None]
    users: dict[Affected, int]


class _Drafts:
    """Namings while they are collected: one an object and name, in the order found.

    Who runs as an account inherits all its names, so that its users are noted once for all of them.
    """

    def __init__(self, context: Context) -> None:
        self._inventory = context.inventory
        self._there: dict[tuple[str, str], bool] = {}
        self._wanting: set[int] = set()
        self._found: dict[tuple[object, str], _Draft] = {}
        self._heirs: dict[int, dict[Affected, int]] = defaultdict(dict)
        self._count = 0

    def there(self, namespace: str, name: str) -> bool:
        """Whether a pull secret can be meant by a name in a namespace, so that nobody asks who names it."""
        known = self._there.get((namespace, name))
        if known is None:
            known = self._there[namespace, name] = bool(self._inventory.secrets_named(namespace, name))
        return known

    def add(
        self, item: KubeObject, name: str, use: Use, route: Route, *, user: Affected | None = None, same: object = None
    ) -> None:
        """Note that `item` names `name` at `route` and `user` inherits it; what is the `same` counts as one object."""
        if self.there(item.namespace, name):
            return
        self._wanting.add(id(item))
        draft = self._found.setdefault((same or id(item), name), _Draft(item, use, {}, {}))
        if draft.item is item:
            draft.routes[route] = None
        if user is not None:
            self._count += 1
            draft.users.setdefault(user, self._count)

    def wanting(self, account: ServiceAccount) -> bool:
        """Whether a name was noted that an account lists."""
        return id(account.object) in self._wanting

    def inherit(self, account: ServiceAccount, user: Affected) -> None:
        """Note that `user` inherits every name of an account."""
        self._count += 1
        self._heirs[id(account.object)].setdefault(user, self._count)

    def finished(self, passed: Callable[[KubeObject, str], bool]) -> Iterator[Naming]:
        """Yield the namings; a name of an account that is `passed` over is inherited by nobody."""
        everyone = {place: tuple(heirs) for place, heirs in self._heirs.items()}
        for (_, name), (item, use, routes, users) in self._found.items():
            heirs = () if passed(item, name) else everyone.get(id(item), ())
            if users and heirs:
                rows = sorted([*users.items(), *self._heirs[id(item)].items()], key=lambda row: row[1])
                heirs = tuple(dict.fromkeys(user for user, _ in rows))
            yield Naming(item, name, use, tuple(routes), heirs or tuple(users))


def namings(context: Context) -> list[Naming]:
    """Return every object that names for pulls what is no pull secret, once per name.

    Copies count as what they were copied from. A name that a template has yet to fill in is nobody's. Several rules
    ask: the answer is kept as long as the scan.
    """
    return context.once(_namings)


def _namings(context: Context) -> list[Naming]:
    drafts = _Drafts(context)
    lists: dict[int, dict[str, Link]] = {}
    for account in context.inventory.accounts:
        lists[id(account.object)] = {link.name: link for link in reversed(account.pull_secrets)}
        for link in account.pull_secrets:
            if is_written(link.name) and not foreign(account.object, link):
                drafts.add(account.object, link.name, Use.ACCOUNT, link.route)
    _of_workloads(context, drafts, lists)
    for reference in context.inventory.references:
        item = reference.object
        if item is not None and _names_locally(reference):
            drafts.add(item, reference.name, reference.use, reference.route, user=Affected(item.ref))

    def passed(item: KubeObject, name: str) -> bool:
        first = lists.get(id(item), {}).get(name)
        return first is None or foreign(item, first)

    return list(drafts.finished(passed))


def _of_workloads(context: Context, drafts: _Drafts, lists: Mapping[int, Mapping[str, Link]]) -> None:
    """Note what workloads name or inherit; `lists` are the links of accounts by name."""
    owners = context.once(Owners)
    for workload, reached in context.joins.reaches:
        if reached.account is not None and not reached.explicit:
            if reached.links and drafts.wanting(reached.account):  # what it lists was noted before
                drafts.inherit(reached.account, owners.user(workload))
            continue
        own = lists[id(reached.account.object)] if reached.account is not None else {}
        for link in reached.links:
            if is_written(link.name):
                _workload_naming(drafts, owners, workload, reached, link, own.get(link.name))


def _workload_naming(
    drafts: _Drafts, owners: Owners, workload: Workload, reached: Reach, link: Link, inherited: Link | None
) -> None:
    """Note one name of a workload's own list at the object whose list it is; `inherited`: its account's link of it."""
    account, name, space = reached.account, link.name, workload.object.namespace
    if drafts.there(space, name) and (account is None or account.namespace == space):
        return
    if workload.ended:
        return  # Nobody reads its list any more.
    source, user = owners.top(workload), owners.user(workload)
    if account is not None and inherited is not None and copied(owners, workload):
        if not foreign(account.object, inherited):
            drafts.add(account.object, name, Use.ACCOUNT, inherited.route, user=user)
        return
    written = listing(source.pull_secrets, name)
    if source is not workload and written is not None:
        workload, link = source, written
    if not foreign(workload.object, link):
        kind, maker = owner(workload)
        # Replicas of something that is not in the scan are one defect.
        same = (space, kind, maker) if kind else None
        drafts.add(workload.object, name, Use.POD, link.route, user=user, same=same)


def _names_locally(reference: Reference) -> bool:
    """Whether a reference outside workloads and accounts asks for a secret of its own namespace."""
    item = reference.object
    if item is None or reference.use is Use.MOUNT or not is_name(reference.name):
        return False
    if reference.namespace != item.namespace or item.kind not in _LOCAL_KINDS.get(group(item.api_version), ()):
        return False
    if item.identified and (group(item.api_version), item.kind) in RUN_ONCE:
        return False  # it may have ended long ago: its pods tell
    if item.kind == "HelmRepository" and dig(item.body, "spec", "type") != "oci":
        return False  # of a repository on plain HTTP it is no registry's
    # A Build is its BuildConfig's copy: what made it has to change.
    return dig(item.metadata, "ownerReferences") is None
