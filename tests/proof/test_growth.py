"""The work of a check grows with its input and no faster: counted, not timed."""

import json
from collections.abc import Callable, Set
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from benchmarks import crowds
from linter import engine
from linter.credentials import hosts, keyring, keys, payload
from linter.inventory import Inventory, workloads
from linter.inventory.records import Link, PullSecret
from linter.model import Affected, Route
from linter.proof import groups
from linter.proof.records import After
from linter.resolve.near import near_miss
from rules.imports._mirrors import Mirror
from rules.links import _census
from rules.payload import _shared
from rules.registries import _needs

FACTOR = 4


@pytest.mark.parametrize(
    "make",
    [
        crowds.own_registries,
        crowds.one_registry,
        crowds.one_secret,
        crowds.wildcards,
        crowds.same_key,
        crowds.many_accounts,
        crowds.unlinked,
        crowds.duplicate_keys,
        crowds.repeated_links,
        crowds.repeated_links_of_workloads,
        crowds.long_account,
        crowds.long_secret_of_defects,
        crowds.long_secret_of_rubbish,
        crowds.mirrored,
        crowds.same_host_everywhere,
        crowds.long_stream,
        crowds.missing_beside,
        crowds.strangers,
        crowds.masked,
        crowds.other_ports,
        crowds.named_elsewhere,
    ],
)
def test_the_work_grows_with_the_input(
    make: Callable[[Path, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = _work(make, 24, tmp_path, monkeypatch)
    large = _work(make, 24 * FACTOR, tmp_path, monkeypatch)
    assert small
    for what, count in large.items():
        # What is done once a scan makes the ratio smaller, never larger; quadratic work would be sixteen times as much.
        assert count <= small.get(what, 0) * FACTOR * 1.5 + FACTOR, what


@pytest.mark.parametrize(
    "make", [crowds.missing_beside, crowds.strangers, crowds.other_ports, crowds.masked, crowds.unlinked]
)
def test_who_pulls_what_is_told_without_a_look_at_every_secret(
    make: Callable[[Path, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = (_work(make, size, tmp_path, monkeypatch, wants={"pulls"}) for size in (24, 24 * FACTOR))
    for what in ("search", "near", "liken"):
        assert large.get(what, 0) <= small.get(what, 0) * FACTOR * 1.5 + FACTOR, what


def test_secrets_that_would_serve_many_pulls_are_not_compared_with_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0

    def equal(one: PullSecret, other: object) -> bool:
        nonlocal compared
        compared += 1
        return tuple.__eq__(one, other)

    place = tmp_path / "scan.json"
    crowds.beside_of_another(place, 24)
    monkeypatch.setattr(PullSecret, "__eq__", equal)
    findings = engine.run(engine.Request((str(place),))).run.findings
    assert "RC501" in {one.code for one in findings}
    assert compared < 24 * FACTOR


def test_a_secret_is_asked_for_the_images_for_which_it_has_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each fix is one of the same list, which is read anew as often as it is long.
    small, large = (_work(crowds.mounted, size, tmp_path, monkeypatch)["search"] for size in (24, 24 * FACTOR))
    assert small
    assert large <= small * FACTOR * 1.5


def _work(
    make: Callable[[Path, int], None],
    size: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    wants: Set[str] = frozenset(),
) -> dict[str, int]:
    """How often keyrings are searched, keys, hosts and names compared, images asked for by a proof, links followed.

    And how often entries are decoded, or compared with one whose place is wanted, and what a finding hits is looked up.
    """
    counts: dict[str, int] = {}

    def counted(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def count(*words: Any, **named: Any) -> Any:
            counts[what] = counts.get(what, 0) + 1
            return function(*words, **named)

        return count

    links = workloads.links

    def reading(value: Any, route: Route) -> tuple[Link, ...]:
        found = links(value, route)
        counts["read"] = counts.get("read", 0) + len(found)
        return found

    place = folder / f"{size}.json"
    make(place, size)
    assert json.loads(place.read_text())["items"]
    with monkeypatch.context() as patched:
        # What tests before this one have left there would count as work that is not done.
        keys._normalise_cached.cache_clear()
        for memory in (payload._examine_cached, keyring._decoded, keyring.build_keyring):
            patched.setattr(memory, "_kept", {})
            patched.setattr(memory, "_weight", 0)
        patched.setattr("linter.credentials.resolve.search", counted("search", keyring.search))
        patched.setattr("linter.credentials.keys.parse_target", counted("compare", keys.parse_target))
        patched.setattr(hosts, "host_matches", counted("match", hosts.host_matches))
        patched.setattr(Inventory, "secrets_named", counted("follow", Inventory.secrets_named))
        patched.setattr(After, "secrets_named", counted("follow", After.secrets_named))
        patched.setattr("linter.inventory.workloads.links", reading)
        patched.setattr(payload._Reader, "entry", counted("decode", payload._Reader.entry))
        patched.setattr(groups.Group, "answer", counted("prove", groups.Group.answer))
        patched.setattr("rules.payload._shared._value_start", counted("place", _shared._value_start))
        patched.setattr(_census, "_replicated", counted("copy", _census._replicated))
        patched.setattr(_needs, "split_port", counted("split", _needs.split_port))
        patched.setattr(Mirror, "image", counted("mirror", Mirror.image))
        patched.setattr("linter.resolve.steps.near_miss", counted("near", near_miss))
        patched.setattr("linter.resolve.atlas.near_miss", counted("near", near_miss))
        patched.setattr("linter.resolve.names.SequenceMatcher.ratio", counted("liken", SequenceMatcher.ratio))
        patched.setattr(Affected, "__hash__", counted("hit", Affected.__hash__))
        engine.run(engine.Request((str(place),), wants=frozenset(wants)))
    return counts
