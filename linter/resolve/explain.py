"""One case to its explanation: the lookup is asked once, its answer is never second-guessed, only explained."""

from collections.abc import Iterable

from linter.credentials import Consumer, registry_host
from linter.inventory.pulls import Outcome
from linter.inventory.records import PullSecret
from linter.model import ObjectRef
from linter.resolve import advice, notes
from linter.resolve.atlas import Atlas
from linter.resolve.judge import Judged, Steps, judge, why_nothing
from linter.resolve.records import (
    Explanation,
    Subject,
)
from linter.resolve.steps import Known, Offered, key_steps, list_step, secret_steps
from linter.resolve.subjects import Case


def explain(case: Case, atlas: Atlas, known: Known, *, brief: bool = False) -> Explanation:
    """Explain one case step by step; never raises on account of what the scan holds.

    `known` is what other cases of its inventory have found out. A `brief` explanation holds what a line about the pull
    tells: no causes, which name every secret of the namespace that would do, no more than the first change, and of keys
    that nearly match those that decide it.
    """
    steps = take_steps(case, known, brief=brief)
    judged = judge(steps, atlas)
    found = steps.outcome.lookup
    return Explanation(
        image=case.image,
        consumer=str(case.consumer),
        subjects=(_subject(case),),
        list=steps.list,
        secrets=steps.secrets,
        keys=steps.keys,
        lookup=found.reference if found is not None else None,
        offers=steps.offers,
        ambiguous=found.ambiguous if found is not None else False,
        verdict=judged.verdict,
        summary=judged.summary,
        causes=() if brief else _causes(steps, judged, atlas),
        changes=advice.changes(steps, judged.verdict, atlas, most=1 if brief else advice.MOST),
        notes=tuple(notes.notes(case, steps.lookup, judged.verdict, atlas)),
    )


def _causes(steps: Steps, judged: Judged, atlas: Atlas) -> tuple[str, ...]:
    return why_nothing(steps, atlas) if judged.unmet else judged.causes


def together(explanations: Iterable[Explanation]) -> list[Explanation]:
    """Tell the same answer once, for all to whom it applies."""
    kept: dict[Explanation, list[Subject]] = {}
    for one in explanations:
        kept.setdefault(one._replace(subjects=()), []).extend(one.subjects)
    return [one._replace(subjects=tuple(dict.fromkeys(subjects))) for one, subjects in kept.items()]


def take_steps(case: Case, known: Known, *, brief: bool = False) -> Steps:
    """Walk through the steps of one case; `known` and `brief` as in `explain`."""
    asked = known.keyring(case).desk.outcome(case.image)
    found = asked.lookup
    host = registry_host(found.reference or "") if found is not None else ""
    offered = _offered(case, asked, host, known)
    offers, remarks = tuple(offer for offer, _ in offered), tuple(said for _, said in offered)
    secrets, keys = tuple(secret_steps(case, found, known)), tuple(key_steps(case, found, known, brief=brief))
    return Steps(case, asked, list_step(case), secrets, keys, offers, remarks, host)


def _offered(case: Case, asked: Outcome, host: str, known: Known) -> list[Offered]:
    candidates = asked.lookup.candidates if asked.lookup is not None else ()
    if not candidates:
        return []
    by_name: dict[str | None, PullSecret | None] = {secret.name: secret for secret in reversed(case.secrets)}
    by_name[None] = case.inventory.global_secret
    return [known.offered(one, host, by_name.get(one.secret)) for one in candidates]


def _subject(case: Case) -> Subject:
    name = case.inventory.name
    if case.consumer is Consumer.CONTAINERS and case.reach is None and (case.invented or case.workload is None):
        return Subject("a node", "", None, name)
    if case.invented or case.workload is None:
        kind = "a pod without pull secrets" if case.consumer is Consumer.KUBELET else "an import"
        if case.workload is not None:
            kind = f"a new pod of service account {case.workload.account}"
        if case.stream is not None and not case.invented:
            return _import_subject(case, case.stream.object.ref)
        return Subject(kind, case.namespace, None, name)
    ref = case.workload.object.ref
    return Subject(case.workload.object.called, ref.namespace, ref, name)


def _import_subject(case: Case, ref: ObjectRef) -> Subject:
    tag = f":{case.tag}" if case.tag else ""
    return Subject(f"{ref.kind} {ref.name}{tag}", ref.namespace, ref, case.inventory.name)
