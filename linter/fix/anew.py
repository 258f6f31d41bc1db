"""What cannot be changed in place, and is deleted and created: Secrets before all else, pods and jobs at the end."""

from collections.abc import Iterator, Sequence

from linter.fix.naming import named, namespace, shell
from linter.fix.repaired import Repaired


def secrets_anew(repaired: Sequence[Repaired]) -> Iterator[str]:
    """Yield the section on Secrets that are deleted and created."""
    chosen = [one for one in repaired if one.path and one.recreate and one.secret]
    if not chosen:
        return
    yield "## Delete and create\n"
    yield "The type of a Secret, and an immutable Secret, cannot be changed in place. Between the two steps the object"
    yield "is missing: pods that start then fail to pull, and try again.\n"
    yield from _commands(chosen)
    yield "The copies hold the credentials too: delete them after use. Where `kubectl create` is refused, the same"
    yield "command with the copy brings the old Secret back.\n"


def workloads_anew(repaired: Sequence[Repaired]) -> Iterator[str]:
    """Yield the section on pods and jobs that are deleted and created: they get what stands in the cluster by then."""
    chosen = [one for one in repaired if one.path and one.recreate and not one.secret]
    if not chosen:
        return
    yield "## Make anew\n"
    kinds = {one.ref.kind for one in chosen}
    if "Pod" in kinds:
        yield "A Pod cannot be changed in place. What it holds in itself is lost with it. The file leaves out what the"
        yield "cluster wrote into the old one: its node, its addresses, its token volume, its priority.\n"
    if "Job" in kinds:
        yield "A Job cannot be changed in place. It is deleted with its pods, and the new one runs from the beginning:"
        yield "leave out one that has finished, or that may not run twice. The file leaves out the selector and the"
        yield "labels that were made of the old one's identity.\n"
    yield from _commands(chosen)


def _commands(chosen: Sequence[Repaired]) -> Iterator[str]:
    yield "Each line keeps a copy of the object as it is, and goes on only while nothing fails. Whether a file would"
    yield "be taken can be asked before: `kubectl create --dry-run=server -f FILE` then ends with `AlreadyExists`, and"
    yield "says nothing else.\n"
    yield "```sh"
    yield "umask 077"
    for one in chosen:
        where = namespace(one.ref)
        copy = one.path.removesuffix(".yaml") + ".before.yaml"
        get = shell("kubectl", "get", *named(one.ref), *where, "-o", "yaml")
        delete = shell("kubectl", "delete", *named(one.ref), *where)
        create = shell("kubectl", "create", "-f", one.path, *where)
        yield f"{get} > {shell(copy)} && {delete} && {create}"
    yield "```\n"
    if not all(one.identified for one in chosen):
        yield "Where `NotFound` is said, nothing has to be deleted: the last command alone creates it.\n"
