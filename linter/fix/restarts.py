"""How what runs gets to know a repair: by a rollout, by new pods, or by hand, where nothing makes them anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from linter.fix.naming import inline, named, namespace, shell
from linter.fix.repaired import KubeObject, Repaired, ref_of
from linter.model import Finding, ObjectRef
from linter.shell import REPLACERS, rollout

Standing = Mapping[ObjectRef, Sequence[Mapping[str, Any]]]
"""Bodies of what the findings concern. Several clusters may each have an object of one name."""

_ROLLED: Final = ("Deployment", "StatefulSet", "DaemonSet", "DeploymentConfig")


def owners(findings: Iterable[Finding], objects: Iterable[KubeObject]) -> Standing:
    """Return the bodies of the workloads that the findings concern."""
    wanted = {one.object for finding in findings for one in finding.impact.workloads}
    names = {ref.name for ref in wanted}
    found: dict[ObjectRef, list[Mapping[str, Any]]] = {}
    for item in objects:
        if item.name in names and (ref := ref_of(item)) in wanted:
            found.setdefault(ref, []).append(item.body)
    return found


def restarts(repaired: Sequence[Repaired], standing: Standing) -> Iterator[str]:
    """Yield the section on what the repairs reach only once its pods are made anew."""
    anew = {one.ref for one in repaired if one.recreate and one.path}
    concerned = dict.fromkeys(
        workload.object for one in repaired for finding in one.findings for workload in finding.impact.workloads
    )
    commands: dict[str, None] = {}
    by_hand: list[str] = []
    for ref in concerned:
        if ref in anew or not ref.name:
            continue
        bodies = standing.get(ref, ())
        words = _words(ref, bodies)
        if words:
            commands[shell(*words, *namespace(ref))] = None
        elif said := _said(ref, bodies):
            by_hand.append(f"- {inline(str(ref))}: {said}")
    if commands or by_hand:
        yield "## Then restart\n"
        yield "Only what still fails, or may not wait for its next pod.\n"
    if commands:
        yield "```sh"
        yield from commands
        yield "```\n"
    if by_hand:
        yield "No command is given for these:\n"
        yield from by_hand
        yield ""


def _words(ref: ObjectRef, bodies: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the command, () where it is not certain that something makes the pods anew, in every cluster."""
    if ref.kind == "Pod":
        return ("kubectl", "delete", *named(ref)) if bodies and {_maker(body) for body in bodies} <= REPLACERS else ()
    told = {rollout(ref.kind, ref.name, body) for body in bodies or (None,)}
    return () if () in told else next(iter(told))


def _said(ref: ObjectRef, bodies: Sequence[Mapping[str, Any]]) -> str:
    """Return what to do instead, "" where nothing has to be done."""
    if ref.kind == "Pod":
        return _of_pod({_maker(body) for body in bodies})
    if ref.kind == "Job":
        return (
            "its pods keep the list they have. To delete one counts as its failure, and ends the Job once "
            "`backoffLimit` is used up; to make the Job anew runs it from the beginning"
        )
    if ref.kind in _ROLLED:
        return (
            "it is paused, or leaves pods as they are until they are deleted (`OnDelete`, a `partition`): delete its "
            "pods, one after the other"
        )
    return "delete its pods, one after the other" if ref.kind in REPLACERS else ""


def _of_pod(makers: set[str]) -> str:
    if "Job" in makers:
        return "to delete it counts as a failure of its Job, and ends the Job once `backoffLimit` is used up"
    if makers <= {""}:
        return (
            "nothing makes it again once it is deleted. Keep a copy, delete it and create it again with the list that "
            "it should have, or from what it was made of"
        )
    named_makers = " or ".join(sorted(makers - {"", *REPLACERS})) or "what it belongs to"
    return f"it belongs to {inline(named_makers)}: see there how it is made anew"


def _maker(body: Mapping[str, Any]) -> str:
    """Return the kind of the controller of a pod, "" where nothing makes it again."""
    metadata = body.get("metadata")
    listed = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    kinds = [one.get("kind") for one in found if one.get("controller") is True or len(found) == 1]
    return str(kinds[0]) if kinds and kinds[0] else ""
