"""What became of a name that is no pull secret's: whether its Secret is another, will be made, or is absent."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property

from linter.rule import Context, KubeObject, NamedTuple, Workload, could_be, dig, lazy, text
from rules.links._folders import Folders, folders_above
from rules.links._makers import hides_a_name, leaves, makes, may_make, speaks_of_configs
from rules.links._names import NearNames, corrected, is_name, without_hash
from rules.links._naming import Naming
from rules.links._scripts import Script, scripts

_REPLICATION = ("reflector.v1.k8s.emberstack.com/", "replicator.v1.mittwald.de/", "kubed.appscode.com/")
_ANNOTATED = (("metadata",), ("spec", "template", "metadata"), ("spec", "target", "template", "metadata"))
_CLUSTER_MADE = lazy(r".+-dockercfg-[a-z0-9]{5}")
_INTERNAL = lazy(r"(?:image-registry\.openshift-image-registry|docker-registry\.default)\.svc(?:\.cluster\.local)?:")
"""The cluster's own registry, for which the generated secrets are made (OpenShift 4, and 3)."""
_PATCHER = "imagepullsecret-patcher"


class Fate(StrEnum):
    """What is known of a name that no pull secret has."""

    OTHER = "there as another Secret"
    MADE = "made by something"
    ELSEWHERE = "in another namespace"
    ABSENT = "absent"
    UNKNOWN = "not known"


class Whereabouts(NamedTuple):
    """The fate of a name: the Secrets of that name and where they are, or why nothing may be said (`reason`, `why`)."""

    fate: Fate
    objects: tuple[KubeObject, ...] = ()
    reason: str = ""
    why: str = ""
    namespaces: tuple[str, ...] = ()


def together(one: KubeObject, other: KubeObject) -> bool:
    """Whether two objects can be meant for one namespace. Where one leaves it open, only neighbours in the tree are."""
    if one.namespace and other.namespace:
        return one.namespace == other.namespace
    return neighbours(one.path, other.path)


def neighbours(one: str, other: str) -> bool:
    """Whether two files stand in the same folder, or one in a folder above the other's."""
    here, there = posixpath.dirname(one), posixpath.dirname(other)
    return _below(here, there) or _below(there, here)


def _below(folder: str, root: str) -> bool:
    return not root or folder == root or folder.startswith(f"{root}/")


def in_namespace(namespace: str) -> str:
    """Return ` in namespace x`, or nothing where the files leave it open."""
    return f" in namespace {namespace}" if namespace else ""


_NO_USERS = frozenset({"Event", "Infrastructure", "Namespace", "Secret"})
"""Kinds that use no pull secret."""


def unseen(context: Context, namespace: str) -> str:
    """The kinds that could use a pull secret and that the cluster refused to show here, as words; "" for none."""
    kinds = [kind for kind in context.inventory.unread(namespace) if kind not in _NO_USERS]
    more = f" and {len(kinds) - 3} more kinds" if len(kinds) > 3 else ""
    return f"{', '.join(kinds[:3])}{more}" if kinds else ""


class _Held(NamedTuple):
    """One Secret and the object that is it or makes it."""

    name: str
    namespace: str
    object: KubeObject


class Census:
    """The Secrets of a scan, for questions about one name."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inventory = context.inventory
        self._near: dict[tuple[str, str], NearNames] = {}
        self._copied: dict[str, bool] = {}

    @cached_property
    def _held(self) -> list[_Held]:
        """Every Secret that is or will be there, under the name and in the namespace that it has or will have."""
        inventory = self._inventory
        plain = [*(secret.object for secret in inventory.secrets), *inventory.other_secrets]
        held = [_Held(item.name, item.namespace, item) for item in plain]
        return [*held, *(_Held(made.name, made.namespace, made.object) for made in inventory.generated)]

    @cached_property
    def _by_name(self) -> Mapping[str, list[_Held]]:
        table: dict[str, list[_Held]] = defaultdict(list)
        for one in self._held:
            table[one.name].append(one)
        return table

    @cached_property
    def _all(self) -> "_Places":
        return _Places(self._held)

    @cached_property
    def _guessable(self) -> "_Places":
        """What may have been meant by a name that is almost right: pull secrets that are not OpenShift's own."""
        generated = {id(secret.object) for secret in self._inventory.secrets if secret.generated == "OpenShift"}
        others = {id(item) for item in self._inventory.other_secrets}
        never = generated | others
        return _Places(one for one in self._held if id(one.object) not in never)

    @cached_property
    def _templated(self) -> list[_Held]:
        return [one for one in self._held if one.name and not is_name(one.name)]

    @cached_property
    def _kustomizations(self) -> list[KubeObject]:
        return [item for item in self._inventory.objects if item.kind in ("Kustomization", "Component")]

    @cached_property
    def _affixes(self) -> list[tuple[str, str]]:
        """What kustomizations put before and behind the names of what they build, each pair once."""
        pairs = ((text(one.body.get("namePrefix")), text(one.body.get("nameSuffix"))) for one in self._kustomizations)
        return list(dict.fromkeys(pair for pair in pairs if any(pair)))

    @cached_property
    def _moving(self) -> frozenset[str]:
        """The folders whose kustomization puts everything into a namespace of its own."""
        moving = (item for item in self._kustomizations if text(item.body.get("namespace")))
        return frozenset(posixpath.dirname(item.path) for item in moving)

    @cached_property
    def _hashed(self) -> frozenset[str]:
        """The names of generated Secrets behind which a hash is put."""
        return frozenset(made.name for made in self._inventory.generated if made.hashed)

    @cached_property
    def _makers(self) -> list[KubeObject]:
        """Objects that make Secrets in ways that no table knows: a ClusterSecret, a Kyverno policy."""
        known = {id(made.object) for made in self._inventory.generated}
        objects = (item for item in self._inventory.objects if item.kind != "Secret" and id(item) not in known)
        told = not self._context.in_cluster
        return [item for item in objects if may_make(item) or (told and speaks_of_configs(item))]

    @cached_property
    def _hidden(self) -> list[KubeObject]:
        """Objects of which a pull secret comes under a name that nobody can read."""
        return [item for item in self._inventory.objects if hides_a_name(item)]

    @cached_property
    def _patched(self) -> frozenset[str]:
        """Names of secrets that imagepullsecret-patcher puts into every namespace."""
        names: set[str] = set()
        for workload in self._inventory.workloads:
            if any(_PATCHER in use.image for use in workload.images):
                names.update(("image-pull-secret", *leaves(workload.object.body)))
        return frozenset(names)

    def whereabouts(self, naming: Naming) -> Whereabouts:
        """Tell what is known of the secret that `naming` asks for."""
        inventory, namespace, name = self._inventory, naming.namespace, naming.name
        if inventory.generated_named(namespace, name) or self._made(naming):
            return Whereabouts(Fate.MADE)
        others = inventory.others_named(namespace, name)
        if others:
            return Whereabouts(Fate.OTHER, tuple(others))
        doubt = self._doubt(naming)
        if doubt is not None:
            return doubt
        elsewhere = [one for one in self._by_name.get(name, ()) if one.namespace not in ("", namespace)]
        elsewhere.sort(key=lambda one: one.namespace)
        if elsewhere and namespace and (not self._context.in_cluster or inventory.covers("Secret", namespace)):
            spaces = tuple(dict.fromkeys(one.namespace for one in elsewhere))
            objects = tuple(one.object for one in elsewhere)
            return self._commanded(naming) or Whereabouts(Fate.ELSEWHERE, objects, namespaces=spaces)
        return self._absent(naming)

    def _made(self, naming: Naming) -> bool:
        """Whether something that is no plain manifest puts a Secret of that name there."""
        name = naming.name
        if name in self._patched or any(makes(maker, name, naming.namespace) for maker in self._makers):
            return True
        if name not in self._copied:  # thousands of namespaces may hold one name, and as many lack it
            self._copied[name] = any(_replicated(one.object) for one in self._by_name.get(name, ()))
        if self._copied[name]:
            return True
        return not self._context.in_cluster and self._kustomized(naming)

    def _kustomized(self, naming: Naming) -> bool:
        """Whether a kustomization of the scan makes the name fit: by its affixes, its hash, or its own namespace."""
        name = naming.name
        known = self._by_name
        for prefix, suffix in self._affixes:
            if prefix + name + suffix in known and (prefix or suffix):
                return True
            inner = name.removeprefix(prefix).removesuffix(suffix)
            if inner != name and prefix + inner + suffix == name and inner in known:
                return True
        for folder in folders_above(naming.object.path) if self._moving and name in known else ():
            if folder in self._moving and any(_below(one.object.path, folder) for one in known[name]):
                return True
        made = self._inventory.kustomized
        if made is not None and any(made.together(one.object, naming.object) for one in known.get(name, ())):
            return True
        if made is not None and name in made.renamed:
            return True
        return without_hash(name) in self._hashed

    def _doubt(self, naming: Naming) -> Whereabouts | None:
        """Say why absence of this name proves nothing, None when it may."""
        if naming.namespace and not is_name(naming.namespace):
            return Whereabouts(Fate.UNKNOWN, (), "templated", "its namespace is filled in by a template")
        if self._context.in_cluster:
            return self._replaced(naming)
        patching = self._patched_away(naming)
        if patching:
            return Whereabouts(Fate.UNKNOWN, (), "templated", f"a patch of {patching} changes the list that names it")
        if not is_name(naming.name) and corrected(naming.name) not in self.candidates(naming):
            why = "no Secret can have that name, so something else is put in its place, most likely"
            return Whereabouts(Fate.UNKNOWN, (), "templated", why)
        for one in self._templated:
            open_ended = bool(one.namespace) and not is_name(one.namespace)
            if could_be(one.name, naming.name) and (open_ended or together(one.object, naming.object)):
                return Whereabouts(Fate.UNKNOWN, (), "templated", f"Secret {one.name} may become it")
        if any(one.namespace and not is_name(one.namespace) for one in self._by_name.get(naming.name, ())):
            why = "the namespace of the Secret of that name is filled in by a template"
            return Whereabouts(Fate.UNKNOWN, (), "templated", why)
        if _CLUSTER_MADE.fullmatch(naming.name):
            why = "OpenShift generates secrets of such names in the cluster"
            return Whereabouts(Fate.UNKNOWN, (), "generated", why)
        unread = self._inventory.may_define("Secret", naming.name)
        if unread:
            return Whereabouts(Fate.UNKNOWN, (), "templated", f"{unread}, which was not read, may make it")
        return self._encrypted(naming) or self._scripted(naming)

    def _encrypted(self, naming: Naming) -> Whereabouts | None:
        """Whether a pull secret of the namespace has a name that is encrypted."""
        for item in self._hidden:
            if not naming.namespace or item.namespace == naming.namespace or not is_name(item.namespace):
                why = f"{item.path} holds a pull secret whose name is encrypted"
                return Whereabouts(Fate.UNKNOWN, (), "encrypted", why)
        return None

    def _patched_away(self, naming: Naming) -> str:
        """The build file by which kustomize may take the name away at every place, "" when none does."""
        made = self._inventory.kustomized
        found = [made.taking(naming.object, route) for route in naming.routes] if made is not None else [""]
        return found[0] if all(found) else ""

    @cached_property
    def _scripts(self) -> list[Script]:
        return list(scripts(self._inventory.workloads))

    def _scripted(self, naming: Naming) -> Whereabouts | None:
        """Whether a container of these manifests may create it: in a cluster it would have done so."""
        for script in self._scripts:
            if naming.name in script.words or (script.open and together(script.object, naming.object)):
                why = f"a container of {script.object.called} creates Secrets and may make it"
                return Whereabouts(Fate.UNKNOWN, (), "generated", why)
        return None

    def _commanded(self, naming: Naming) -> Whereabouts | None:
        """Whether a script, a page, Terraform or a CI beside the manifests creates it."""
        why = "" if self._context.in_cluster else self._inventory.may_be_made("Secret", naming.name)
        return Whereabouts(Fate.UNKNOWN, (), "generated", why) if why else None

    def _replaced(self, naming: Naming) -> Whereabouts | None:
        """Whether OpenShift may have replaced a secret that it generated and left the old name behind.

        It is harmless in a pod, which keeps the name that it began with, and in an account while no pod of it pulls
        from the cluster's own registry, or another generated secret stands in its list.
        """
        if not _CLUSTER_MADE.fullmatch(naming.name):
            return None
        if naming.object.kind == "Pod":
            why = "OpenShift replaces secrets of such names, and a pod keeps the name that it began with"
            return Whereabouts(Fate.UNKNOWN, (), "generated", why)
        if naming.object.kind == "ServiceAccount" and not self._needed(naming):
            why = "OpenShift replaces secrets of such names, and no pull of the scan depends on this one"
            return Whereabouts(Fate.UNKNOWN, (), "generated", why)
        return None

    def _needed(self, naming: Naming) -> bool:
        """Whether pods of this account pull from the cluster's own registry and no other generated secret is listed."""
        inventory, space, account = self._inventory, naming.namespace, naming.object.name
        lists = (one for one in inventory.accounts_named(space, account) if one.namespace == space)
        names = {link.name for one in lists for link in one.pull_secrets if _CLUSTER_MADE.fullmatch(link.name)}
        if any(inventory.secrets_named(space, name) for name in names):
            return False
        return any(_INTERNAL.match(use.image) for one in self._users.get((space, account), ()) for use in one.images)

    @cached_property
    def _users(self) -> Mapping[tuple[str, str], list[Workload]]:
        """The workloads by the namespace that they state and the account that they name."""
        table: dict[tuple[str, str], list[Workload]] = defaultdict(list)
        for one in self._inventory.workloads:
            table[one.object.namespace, one.account].append(one)
        return table

    def _absent(self, naming: Naming) -> Whereabouts:
        """Absence is proof where all Secrets are known, a hint where some of the namespace's own are, else nothing."""
        if self._context.in_cluster:
            if self._inventory.covers("Secret", naming.namespace):
                return Whereabouts(Fate.ABSENT)
        elif any(True for _ in self._all.beside(naming.object)):
            return self._commanded(naming) or Whereabouts(Fate.ABSENT)
        where = f"of namespace {naming.namespace}" if naming.namespace else "beside it"
        if self._context.in_cluster:
            return Whereabouts(Fate.UNKNOWN, (), "absent", f"the scan may lack Secrets {where}")
        return Whereabouts(Fate.UNKNOWN, (), "absent", f"no Secret {where} is in the scan")

    def candidates(self, naming: Naming) -> tuple[str, ...]:
        """Return the pull secrets of the namespace that may have been meant instead, the likeliest first.

        OpenShift's own are never meant: their names change with every cluster.
        """
        item = naming.object
        place = (item.namespace, posixpath.dirname(item.path))
        if place not in self._near:
            known = self._guessable.beside(item)
            self._near[place] = NearNames(one.name for one in known if is_name(one.name))
        return self._near[place].to(naming.name)


class _Places:
    """Secrets by the namespace that their objects state, and by folder."""

    def __init__(self, held: Iterable[_Held]) -> None:
        self._held = list(held)

    @cached_property
    def _spaces(self) -> Mapping[str, list[_Held]]:
        table: dict[str, list[_Held]] = defaultdict(list)
        for one in self._held:
            table[one.object.namespace].append(one)
        return table

    @cached_property
    def _loose(self) -> Folders[_Held]:
        return Folders((one.object.path, one) for one in self._spaces.get("", ()))

    @cached_property
    def _folders(self) -> Folders[_Held]:
        return Folders((one.object.path, one) for one in self._held)

    def beside(self, item: KubeObject) -> Iterator[_Held]:
        """Yield those that are `together` with an object."""
        if not item.namespace:
            yield from self._folders.near(item.path)
            return
        yield from self._spaces.get(item.namespace, ())
        yield from self._loose.near(item.path)


def _replicated(item: KubeObject) -> bool:
    for place in _ANNOTATED:
        for field in ("annotations", "labels"):
            found = dig(item.body, *place, field)
            if isinstance(found, dict) and any(str(name).startswith(_REPLICATION) for name in found):
                return True
    return False
