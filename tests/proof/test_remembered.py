"""What is looked up once and shared answers as what is looked up anew, for every image, list, consumer and cluster."""

import itertools
import json
import random
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter import engine
from linter.credentials import Consumer, PullSecret, Reader, lookup
from linter.inventory.joins import Joins
from linter.inventory.pulls import outcome, reach, reaches
from linter.model import Affected, Finding
from linter.pulls import pulls
from linter.resolve.atlas import Atlas
from linter.resolve.explain import explain
from linter.resolve.records import Change, Explanation
from linter.resolve.steps import Known
from linter.resolve.subjects import Question, cases
from linter.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))

from scans import CFG_TYPE as CFG
from scans import JSON_TYPE as JSON
from scans import Words, crowd, scans

Scan = tuple[Words, list[dict[str, Any]]]
GOOD, OTHER = '{"quay.io":{"auth":"dXNlcjpwYXNz"}}', '{"quay.io":{"auth":"cm9ib3Q6cGFzcw=="}}'


CROWD: Scan = (Words(), crowd())
EACH = example(CROWD, "cluster", random.Random(1))
"""The one scan in which every two things that could be taken for each other meet."""


def _written(folder: Path, name: str, items: list[dict[str, Any]]) -> str:
    place = folder / f"{name}.json"
    place.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(place)


def _scanned(items: list[dict[str, Any]], scope: str) -> engine.Result:
    with tempfile.TemporaryDirectory() as folder:
        return engine.run(engine.Request((_written(Path(folder), "scan", items),), scope=scope))


SCOPES = st.sampled_from(["cluster", "manifests"])


@EACH
@settings(max_examples=15, deadline=None)
@given(scans(), SCOPES, st.randoms(use_true_random=False))
def test_outcomes_that_are_shared_are_those_of_each_pull_alone(scan: Scan, scope: str, rng: random.Random) -> None:
    for inventory in _scanned(scan[1], scope).inventories:
        joins = Joins(inventory)
        asked: list[Any] = [*joins.workload_pulls, *joins.import_pulls]
        for pull in rng.sample(asked * 2, len(asked) * 2):
            if hasattr(pull, "workload"):
                assert pull.reach == reach(inventory, pull.workload)
                image, secrets, consumer = pull.image, pull.reach.secrets, Consumer.KUBELET
                told = joins.pull_outcome(pull)
            else:
                image, secrets, consumer = pull.tag.image, pull.secrets, Consumer.IMPORTER
                told = joins.import_outcome(pull)
            alone = outcome(inventory, image, secrets, consumer)
            assert told.lookup == alone.lookup
            assert told.verdict in (alone.verdict, "unknown")
            assert told.verdict == "unknown" or told.secret is alone.secret


@EACH
@settings(max_examples=15, deadline=None)
@given(scans(), SCOPES, st.randoms(use_true_random=False))
def test_explanations_that_share_what_is_known_are_those_of_each_case_alone(
    scan: Scan, scope: str, rng: random.Random
) -> None:
    for inventory in _scanned(scan[1], scope).inventories:
        questions = [Question(), Question(consumer="containers")]
        asked = [case for question in questions for case in cases(inventory, question)]
        atlas, known = Atlas(inventory, Settings()), Known()
        alone = {id(case): explain(case, Atlas(inventory, Settings()), Known()) for case in asked}
        for case in rng.sample(asked * 2, len(asked) * 2):
            assert explain(case, atlas, known) == alone[id(case)]
        accounts = {(workload.object.ref, workload.account) for workload in inventory.workloads}
        for pull in pulls([inventory], Settings(), []).resolved:
            assert pull.amount == len(pull.who)
            consumer = "importer" if pull.imports else "kubelet"
            for who in pull.who:
                assert pull.imports or (who, pull.account) in accounts
                uses = tuple((use.name, use.state) for use in pull.secrets)
                # A pod is named as one of those that its controller has made.
                told = (
                    pull.verdict,
                    pull.summary,
                    pull.change.replace(pull.who[0].name, who.name),
                    pull.commands,
                    uses,
                )
                same = [one for one in alone.values() if (one.image, one.consumer) == (pull.image, consumer)]
                assert told in [_short(one) for one in same if one.subjects[0].object == who]


def _short(one: Explanation) -> tuple[object, ...]:
    change = one.changes[0] if one.changes else Change("")
    uses = tuple(("node-wide file" if use.node_wide else use.name, str(use.fate)) for use in one.secrets)
    return str(one.verdict), one.summary, change.summary, change.commands, uses


def _told(findings: Iterable[Finding], cluster: str | None = None) -> list[tuple[object, ...]]:
    """What findings say, in any order, wherever it was read; of one cluster, or of all."""
    return sorted((_said(one) for one in findings if cluster is None or one.cluster == cluster), key=repr)


def _said(one: Finding) -> tuple[object, ...]:
    words = (one.code, str(one.severity), one.object, one.key, one.message, one.detail, one.remedy, one.commands)
    return (*words, _hits(one), _proven(one))


def _proven(finding: Finding) -> object:
    fix = finding.fix
    if fix is None or fix.proof is None:
        return fix and (str(fix.applicability), fix.summary)
    lines = (fix.proof.repaired, fix.proof.broken, fix.proof.removed, fix.proof.kept)
    return str(fix.applicability), fix.summary, *(tuple(sorted(line)) for line in lines), fix.proof.unchanged


def _apart(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects, one of each name: which of two is meant may hang on their order."""
    named = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one for one in items}
    return list(named.values())


@example(CROWD, (Words(), crowd()[::2]))
@settings(max_examples=12, deadline=None)
@given(scans(), scans())
def test_two_clusters_of_one_call_are_judged_as_in_two_calls(one: Scan, other: Scan) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places = [_written(Path(folder), name, _apart(scan[1])) for name, scan in (("one", one), ("two", other))]
        alone = [engine.run(engine.Request((place,), scope="cluster")) for place in places]
        both = engine.run(engine.Request(tuple(places), scope="cluster"))
        names = [inventory.name for inventory in both.inventories]
        assert len(set(names)) == 2
        for name, result in zip(names, alone, strict=True):
            assert _told(both.run.findings, name) == _told(result.run.findings)


@settings(max_examples=12, deadline=None)
@given(scans(), SCOPES, st.randoms(use_true_random=False))
def test_the_order_of_objects_changes_nothing(scan: Scan, scope: str, rng: random.Random) -> None:
    items = _apart(scan[1])
    with tempfile.TemporaryDirectory() as folder:
        told = [
            _meant(engine.run(engine.Request((_written(Path(folder), "scan", one),), scope=scope)).run.findings)
            for one in (items, rng.sample(items, len(items)))
        ]
    assert told[0] == told[1]


def _meant(findings: Iterable[Finding]) -> list[tuple[object, ...]]:
    """What findings are and hit: which of several that are hit speaks for all is the first in the scan."""
    return sorted(((one.code, str(one.severity), one.key, _hits(one), _proven(one)) for one in findings), key=repr)


def _hits(one: Finding) -> tuple[list[Affected], list[Affected]]:
    return sorted(one.impact.workloads), sorted(one.impact.imports)


def _readers() -> list[tuple[Any, ...]]:
    """Lists that differ in one respect each, though their images, names or bytes are equal."""
    good, other = f'{{"auths":{GOOD}}}', f'{{"auths":{OTHER}}}'
    lists: list[list[tuple[str, str, str]]] = [
        [],
        [("a", JSON, good)],
        [("b", JSON, good)],
        [("a", JSON, other)],
        [("a", CFG, good)],
        [("a", CFG, GOOD)],
        [("a", JSON, good), ("b", JSON, other)],
        [("b", JSON, other), ("a", JSON, good)],
        [("a", JSON, good), ("a", JSON, other)],
        [("a", JSON, good), ("b", JSON, "no json")],
    ]
    return [*itertools.product(lists, Consumer, (None, other, "no json"))]


def test_readers_that_are_equal_answer_alike_and_no_others_are_equal() -> None:
    made = []
    for listed, consumer, node in _readers():
        secrets = [
            PullSecret(name, kind, {".dockerconfigjson" if kind == JSON else ".dockercfg": text.encode()})
            for name, kind, text in listed
        ]
        made.append((secrets, consumer, node))
    kept: dict[Reader, Reader] = {}
    for secrets, consumer, node in [*made, *reversed(made)]:
        reader = Reader(secrets, consumer=consumer, node_config=node)
        shared = kept.setdefault(reader, reader)
        for image in ("quay.io/team/app", "quay.io/team/app", "ghcr.io/a", "UPPER/case"):
            assert shared.lookup(image) == lookup(image, secrets, consumer=consumer, node_config=node)
    assert len(kept) == len(made)


@pytest.mark.parametrize("images", [3, 5000])
def test_a_reader_forgets_and_answers_the_same(images: int) -> None:
    secrets = [PullSecret("a", JSON, {".dockerconfigjson": b'{"auths":{"quay.io/team-7":{"auth":"dXNlcjpwYXNz"}}}'})]
    reader = Reader(secrets, consumer="kubelet")
    for _ in range(2):
        for number in range(images):
            image = f"quay.io/team-{number}/app"
            assert bool(reader.lookup(image).candidates) == (str(number).startswith("7"))


@example(CROWD, "cluster")
@settings(max_examples=15, deadline=None)
@given(scans(), SCOPES)
def test_workloads_that_share_a_list_have_the_list_that_each_has_alone(scan: Scan, scope: str) -> None:
    for inventory in _scanned(scan[1], scope).inventories:
        for workload, reached in reaches(inventory):
            assert reached == reach(inventory, workload)
