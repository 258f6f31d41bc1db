"""What stands beside an answer: fields in the wrong place, mirrors, old releases, and what no scan can show."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from linter.credentials import Consumer, lookup
from linter.inventory.inventory import Inventory
from linter.inventory.paths import dig, text
from linter.inventory.pulls import node_config
from linter.resolve.atlas import Atlas
from linter.resolve.records import Verdict
from linter.resolve.subjects import Case
from linter.secret import without_login

_MIRROR_SETS = {
    "ImageContentSourcePolicy": "repositoryDigestMirrors",
    "ImageDigestMirrorSet": "imageDigestMirrors",
    "ImageTagMirrorSet": "imageTagMirrors",
}
_LEGACY = (4, 4)


class Mirror(NamedTuple):
    """Where a mirror set sends an image, and which object says so."""

    image: str
    named: str


def notes(case: Case, reference: str, verdict: Verdict, atlas: Atlas) -> Iterator[str]:
    """Everything worth saying beside the verdict."""
    yield from misplaced(case)
    yield from _idle(case)
    if case.consumer is Consumer.KUBELET:
        yield from _mirrors(case, reference)
    yield from _old_importer(case, reference, atlas)
    if case.inventory.node_wide is None and verdict not in (Verdict.REFUSED, Verdict.CREDENTIAL, Verdict.BAD_IMAGE):
        refused = "is one of before, since the machine-config operator refuses the global pull secret"
        why = "is not in the scan" if case.inventory.global_secret is None else refused
        yield f"the node-wide file {why}: a credential in it would be tried after these secrets"


def misplaced(case: Case) -> Iterator[str]:
    """`imagePullSecrets` where the API drops them, and items that name a namespace."""
    if case.workload is None or case.invented:
        return
    body, template = case.workload.object.body, case.workload.template
    spec = dig(body, *template)
    for field in ("initContainers", "containers"):
        containers = dig(spec, field)
        for container in containers if isinstance(containers, list) else []:
            if isinstance(container, dict) and "imagePullSecrets" in container:
                name = text(container.get("name"))
                right = "they belong beside `containers`"
                yield f"container {name} has imagePullSecrets, which the API drops there: {right}"
    if template != ("spec",) and dig(body, "spec", "imagePullSecrets") is not None:
        right = ".".join(str(step) for step in template)
        yield f"imagePullSecrets stand under spec, where the API drops them; they belong under {right}"
    listed = dig(spec, "imagePullSecrets")
    for item in listed if isinstance(listed, list) else []:
        other = text(dig(item, "namespace"))
        if other:
            yield (
                f"the item {text(dig(item, 'name'))} names namespace {other}: there is no such field, "
                "and a Secret is always read in the pod's own namespace"
            )


def _idle(case: Case) -> Iterator[str]:
    """Why nothing is pulled for the workload, whatever the answer is."""
    workload = case.workload
    if workload is None or case.invented or not any(use.image == case.image for use in workload.images):
        return
    if workload.ended:
        yield "the pod has run its course, or is about to go: nothing is pulled for it any more"
    elif all(use.never for use in workload.images if use.image == case.image):
        yield "its pull policy is Never: the kubelet takes the image that is on the node, and asks no registry"


def mirrors(inventory: Inventory, reference: str) -> Iterator[Mirror]:
    """The mirrors to which the cluster's mirror sets send an image, in order."""
    for item in inventory.of_kinds(frozenset(_MIRROR_SETS)):
        entries = dig(item.body, "spec", _MIRROR_SETS[item.kind])
        for entry in entries if isinstance(entries, list) else []:
            source = text(dig(entry, "source"))
            if not source or not (reference == source or reference.startswith(source + "/")):
                continue
            for mirror in _texts(dig(entry, "mirrors")):
                yield Mirror(without_login(mirror) + reference[len(source) :], f"{item.kind} {item.name}")


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _mirrors(case: Case, reference: str) -> Iterator[str]:
    """A mirror on another host gets no credential of the pod: CRI-O drops it and asks the node-wide file."""
    host = reference.partition("/")[0]
    for mirror in mirrors(case.inventory, reference):
        if mirror.image.partition("/")[0] == host:
            continue
        told = f"{mirror.named} sends the pull to {mirror.image} first, and there secrets of a namespace are not used"
        config = node_config(case.inventory)
        if config is None:
            yield f"{told}, only the node-wide file, which the scan does not hold in clear"
        elif lookup(mirror.image, [], consumer=Consumer.CONTAINERS, node_config=config).candidates:
            yield f"{told}; the node-wide file has a credential for it"
        else:
            yield f"{told}; the node-wide file has no credential for it, so the mirror is asked without"


def _old_importer(case: Case, reference: str, atlas: Atlas) -> Iterator[str]:
    version = atlas.settings.openshift
    if case.consumer is not Consumer.IMPORTER or version is None or version > _LEGACY:
        return
    host = reference.partition("/")[0]
    if ":" not in host:
        yield (
            f"OpenShift {version[0]}.{version[1]} looks a credential up by the address that asks for it: "
            f"over plain HTTP that is {host}:80, so keep {host} and add {host}:80 beside it"
        )
