"""Explanations as JSON for programs."""

import json
from collections.abc import Sequence
from typing import Any

from linter import __version__
from linter.loglines import commandless_json
from linter.resolve.records import Explanation, Subject
from linter.secret import without_logins


def render(explanations: Sequence[Explanation]) -> str:
    """Return `{"schema": 1, "tool": {…}, "answers": […], "summary": {…}}`; one answer is one `Explanation`."""
    answers = [_answer(one) for one in explanations]
    summary = {
        "failing": sum(one.verdict.fails for one in explanations),
        "unknown": sum(not one.verdict.fails and not one.verdict.works for one in explanations),
        "working": sum(one.verdict.works for one in explanations),
    }
    tool = {"name": "regcred", "version": __version__}
    whole = {"schema": 1, "tool": tool, "answers": answers, "summary": summary}
    return commandless_json(without_logins(json.dumps(whole, indent=2))) + "\n"


def _answer(one: Explanation) -> dict[str, Any]:
    return {
        "image": one.image,
        "consumer": one.consumer,
        "for": [_subject(subject) for subject in one.subjects],
        "list": {**one.list._asdict()},
        "secrets": [{**step._asdict(), "fate": str(step.fate)} for step in one.secrets],
        "keyring": [{**key._asdict(), "match": str(key.match)} for key in one.keys],
        "lookup": one.lookup,
        "offered": [offer._asdict() for offer in one.offers],
        "ambiguous": one.ambiguous,
        "verdict": str(one.verdict),
        "works": one.verdict.works,
        "fails": one.verdict.fails,
        "summary": one.summary,
        "causes": list(one.causes),
        "changes": [change._asdict() for change in one.changes],
        "notes": list(one.notes),
    }


def _subject(subject: Subject) -> dict[str, Any]:
    ref = subject.object
    named = None
    if ref is not None:
        named = {"apiVersion": ref.api_version, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    return {"title": subject.title, "namespace": subject.namespace, "object": named, "cluster": subject.cluster}
