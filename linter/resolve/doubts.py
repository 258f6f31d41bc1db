"""What may bring a credential to a pull that goes out without one, so that nobody can say of it that it fails.

The rules about pulls and imports keep silent in the same cases, or tell them under coverage.
"""

from collections.abc import Iterator

from linter.credentials import Consumer
from linter.inventory.pulls import LOCAL_ENDS, PLATFORM_HOSTS
from linter.model import Scope
from linter.resolve.atlas import Atlas, Wanted
from linter.resolve.notes import mirrors
from linter.resolve.subjects import Case


def doubt(case: Case, host: str, lookup: str, wanted: Wanted, atlas: Atlas) -> str:
    """Why a pull without a credential may work although its registry wants one: a clause, "" where nothing says so."""
    if wanted.meant:
        return ""
    name = host.partition(":")[0]
    if wanted.open:
        return f"{host} has images for everybody as well, and whether this is one is not known"
    if not wanted.here and (name.endswith(LOCAL_ENDS) or name == "localhost"):
        return "a registry of the cluster itself may serve everybody"
    found = _of_import if case.consumer is Consumer.IMPORTER else _elsewhere
    told = next(found(case, host, wanted, atlas), "")
    if not told and any(True for _ in mirrors(case.inventory, lookup)):
        return "a mirror is asked first"
    return told or (next(_of_pod(case, atlas), "") if case.consumer is Consumer.KUBELET else "")


def _of_import(case: Case, host: str, wanted: Wanted, _: Atlas) -> Iterator[str]:
    if wanted.here:
        return
    inventory = case.inventory
    cluster = inventory.scope is Scope.CLUSTER
    if cluster and not inventory.covers("Secret", case.namespace):
        yield f"no Secret of namespace {case.namespace} is in the scan"
    if inventory.node_wide is None and (cluster or host in PLATFORM_HOSTS):
        yield "the node-wide file, which is not in the scan, may have one"


def _elsewhere(case: Case, host: str, wanted: Wanted, atlas: Atlas) -> Iterator[str]:
    if wanted.here:
        return
    if case.inventory.scope is Scope.MANIFESTS:
        yield "only a part of the cluster is in these files, and what covers it may be elsewhere"
    if case.inventory.node_wide is None:
        yield "what the nodes hold themselves is not in the scan"
    if case.consumer is Consumer.KUBELET and atlas.has_plugin(host):
        yield "a plugin of the node may have one, and no scan shows it"


def _of_pod(case: Case, atlas: Atlas) -> Iterator[str]:
    inventory = case.inventory
    if inventory.of_kinds(frozenset({"CRIOCredentialProviderConfig"})):
        yield "a CRIOCredentialProviderConfig lets nodes read the secrets of a namespace"
    if case.static:
        yield "the kubelet has the pod from a file of its node"
    if atlas.ran(case):
        yield "a container of it has run the image, so that it is on a node"
    if not inventory.loose.isdisjoint(("", case.namespace)):
        yield "a patch or values in these files name pull secrets for some workload"
