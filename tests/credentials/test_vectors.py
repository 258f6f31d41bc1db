"""Every recorded answer of the real consumers, one test a line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from linter.credentials import Lookup, PullSecret, lookup

_VECTORS = Path(__file__).parent.parent / "vectors"


def _cases(*names: str) -> list[Any]:
    lines = [line for name in names for line in (_VECTORS / name).read_text(encoding="utf-8").split("\n")]
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, filter(None, lines))]


def _secrets(case: dict[str, Any]) -> list[PullSecret]:
    return [PullSecret(s["name"], s["type"], {k: v.encode() for k, v in s["data"].items()}) for s in case["secrets"]]


def _pairs(answer: Lookup) -> list[tuple[str, str]]:
    return [(candidate.username, candidate.password) for candidate in answer.candidates]


@pytest.mark.parametrize("case", _cases("keyring.jsonl", "keyring-more.jsonl"))
def test_keyring_vector(case: dict[str, Any]) -> None:
    answer = lookup(case["image"], _secrets(case), consumer=case["mode"], node_config=case["node"])
    expect = case["expect"]
    assert answer.error == expect.get("error")
    if answer.error is not None:
        assert answer.candidates == ()
        assert answer.reason
        return
    orders = [[tuple(pair) for pair in order] for order in expect["orders"]]
    assert answer.reference == expect["lookup"]
    assert answer.found == expect["found"]
    assert answer.ambiguous == (len(orders) > 1)
    if answer.ambiguous:
        assert all(Counter(_pairs(answer)) == Counter(order) for order in orders)
    else:
        assert [_pairs(answer)] == orders


@pytest.mark.parametrize("case", _cases("containers.jsonl", "containers-more.jsonl"))
def test_containers_vector(case: dict[str, Any]) -> None:
    """A recording holds the answers of a few runs: where a map's order decides, it may have missed one."""
    answer = lookup(case["image"], [], consumer="containers", node_config=case["config"])
    recorded = {"error" if "error" in each else each["username"] for each in case["expect"]}
    possible: set[str | None] = {candidate.username for candidate in answer.candidates}
    if answer.reason:
        possible.add("error")
    if answer.ambiguous or not possible:
        possible.add(None)
    assert answer.reference == case["image"]
    if answer.ambiguous:
        assert recorded <= possible
    else:
        assert recorded == possible
        assert (answer.error == "keyring") == (recorded == {"error"})


def test_the_vectors_are_complete() -> None:
    assert len(_cases("keyring.jsonl")) == 1922
    assert len(_cases("containers.jsonl")) == 458
    assert len(_cases("keyring-more.jsonl")) == 612
    assert len(_cases("containers-more.jsonl")) == 287
