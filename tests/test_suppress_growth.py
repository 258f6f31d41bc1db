"""Suppressions of the settings are found by what they want, however many there are: counted, and none is missed."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import crowds
from linter import suppress
from linter.__main__ import main
from linter.globs import PathGlob
from linter.settings import Ignore
from linter.traits import Traits

FACTOR = 4


@pytest.mark.parametrize("make", [crowds.suppressed, crowds.suppressed_elsewhere])
def test_entries_are_compared_with_what_they_can_mean(
    make: Callable[[Path, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"compared": 0}

    def counted(function: Callable[..., bool]) -> Callable[..., bool]:
        def count(*words: Any) -> bool:
            counts["compared"] += 1
            return function(*words)

        return count

    monkeypatch.setattr(suppress, "fnmatchcase", counted(fnmatchcase))
    monkeypatch.setattr(PathGlob, "match", counted(PathGlob.match))

    def work(size: int) -> int:
        counts["compared"] = 0
        make(tmp_path / str(size), size)
        report = tmp_path / "report.json"
        settings = tmp_path / str(size) / ".regcred.yaml"
        main(["check", str(settings.parent), "--config", str(settings), "--format", f"json={report}"])
        assert json.loads(report.read_text())["summary"]["suppressed"] >= size // 2
        return counts["compared"]

    small, large = work(16), work(16 * FACTOR)
    assert small
    assert large <= small * FACTOR * 1.5


_WORDS = st.sampled_from(["a", "b", "ab", "a-b", "ba", "A"])
_PATTERNS = st.one_of(
    _WORDS,
    st.text("ab-*?[]!A", max_size=5),
    st.just(""),
)
_STEPS = st.sampled_from(["a", "b", "ab", "*", "**", "a*", "?", "[ab]", "!a", "#a", ".", "..", "", "a ", "\\a"])
_ENTRIES = st.builds(
    Ignore,
    rule=st.just("RC101"),
    path=st.lists(_STEPS, max_size=4).map("/".join),
    kind=st.sampled_from(["", "", "a", "*b"]),
    namespace=_PATTERNS,
    name=_PATTERNS,
)
_NAMES = st.text("ab-A[]", max_size=4)
_PATHS = st.lists(st.sampled_from(["a", "b", "ab", "..", "ba", "d.tar!"]), min_size=1, max_size=4).map("/".join)


@given(
    st.lists(_ENTRIES, min_size=1, max_size=6),
    _PATHS,
    st.sampled_from(["a", "b", "ab"]),
    _NAMES,
    _NAMES,
    st.sampled_from(["", "settings.yaml", "a/settings.yaml"]),
)
def test_no_entry_is_missed_that_means_an_object(
    entries: list[Ignore], path: str, kind: str, namespace: str, name: str, source: str
) -> None:
    traits = Traits(entries, source)
    found = list(traits.of(path, kind, namespace, name))
    assert len(found) == len(set(found))
    for number, entry in enumerate(entries):
        wanted = ((entry.kind, kind), (entry.namespace, namespace), (entry.name, name))
        fits = all(not want or fnmatchcase(value, want) for want, value in wanted)
        if fits and PathGlob([entry.path], source).match(path):
            assert traits.chosen(number) in found
