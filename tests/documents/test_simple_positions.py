"""Places found by columns are those that the parser finds."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.documents import Positions, positions, read
from linter.documents.simple_positions import open_simple

SCALARS = st.sampled_from(
    ["a", "b c", "", "1", 2, None, "x\ny\n", "x\n\n y", "x\n\n\n", "'", '"', "# c", "a: b", "- a", "kind:", {}, []]
)
KEYS = st.sampled_from(["a", "b", "name", "a.b/c", "1", "true", "null", "inf", "x:y", "na", "- a", "a b", "<<"])
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
LINES = st.builds(
    lambda depth, dash, key, value: "  " * depth + dash + key + value,
    st.integers(0, 3),
    st.sampled_from(["", "", "- ", "- - "]),
    st.sampled_from(["a:", "b:", "a.b:", "yes:", "Null:", "8:", "010:", "a:a:", '"a":', ""]),
    st.sampled_from(["", " x", " x:", " 'y'", ' "z"', " {}", " |", " |-", " |+", " # c", " &a x", " {a: b}", ' "z']),
)


class PlainDumper(yaml.CSafeDumper):
    """Writes equal values out each time, as machines do."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def routes(data: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield route
    if isinstance(data, dict):
        for key in [*data, "b", "absent", "null", "inf"]:
            yield from routes(data.get(key), (*route, key))
    elif isinstance(data, list):
        for number in range(-1, len(data) + 1):
            yield from routes(data[number] if 0 <= number < len(data) else None, (*route, number))


def agree(text: str) -> int:
    """Ask for every place in a text twice, compare, and return how many were found by columns."""
    by_columns, by_parser = Positions("a.yaml", text.encode()), Positions("a.yaml", text.encode())
    finder = positions.YamlFinder(by_parser.text, by_parser._limits)
    finder._simple = lambda *_, **__: None  # type: ignore[method-assign]
    by_parser._finder = finder
    count = 0
    for document in read("a.yaml", text.encode()).documents:
        for route in routes(document.data):
            for part in ("key", "value"):
                mine = by_columns.span(document.number, route, part)
                assert mine == by_parser.span(document.number, route, part), (text, route, part)
                used = by_columns._finder
                count += isinstance(used, positions.YamlFinder) and used._last[1] is not None
    return count


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(KEYS, DATA, max_size=4),
    st.sampled_from(["", "---\n", "--- \n\n", "# c\n", "a: b\n---\n"]),
    st.sampled_from([None, None, "|", "'"]),
)
def test_places_in_what_is_dumped(data: dict[str, Any], above: str, style: str | None) -> None:
    whole = {"kind": "Secret", **data, "type": "x"}
    agree(above + yaml.dump(whole, Dumper=PlainDumper, default_flow_style=False, default_style=style, width=10**6))


@settings(max_examples=600, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=8), st.sampled_from(["\n", "\n", "\n\n", "\n  # c\n", "\r\n"]))
@example(["a: b", "b: x", "a:"], "\n")
@example(["a:", "- - a: |", "      b: x", "    b: y"], "\n")
@example(["8: a", "010: b"], "\n")
@example([".inf: a", "b: x"], "\n")
@example(["a: x", "a:a: y"], "\n")
@example(["b:", "  a:", "c:"], "\n")
@example(["a: 'x", "b: y'", "b: z"], "\n")
def test_places_in_lines_of_any_form(lines: list[str], glue: str) -> None:
    agree("kind: Secret" + glue + glue.join(lines) + "\n")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(KEYS, DATA, max_size=3), min_size=1, max_size=3), st.booleans())
def test_places_in_items_of_a_long_list(items: list[dict[str, Any]], indented: bool) -> None:
    long = {"kind": "Secret", "metadata": {"managedFields": [{"a": {"f:x": {}}}], "name": "x" * 10_000}}
    body = yaml.dump([long, *items], Dumper=PlainDumper, default_flow_style=False, width=10**6)
    if indented:
        body = "".join(f"  {line}" for line in body.splitlines(keepends=True))
    agree(f"apiVersion: v1\nitems:\n{body}kind: List\n")


@pytest.mark.parametrize("above", ["", "---\n"])
def test_nothing_is_composed_for_what_machines_write(above: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = above + "kind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - args:\n    - |-\n      b\n    image: q\n"
    assert agree(text)
    monkeypatch.setattr("linter.documents.compose._Composer", None)
    found = Positions("a.yaml", text.encode())
    for route, want in ((("spec", "containers", 0, "image"), "q"), (("metadata", "name"), "a"), (("spec",), None)):
        span = found.span(0, route)
        assert span is not None
        assert want is None or found.text[span.start : span.end] == want
    assert found.span(0, ("metadata", "namespace")) is None


class Counted(str):
    """A text that counts how many characters of it are searched."""

    looked = 0

    def find(self, what: str, start: Any = 0, end: Any = None) -> int:
        found = super().find(what, start, end)
        Counted.looked += (found if found >= 0 else len(self) if end is None else end) - start
        return found

    def rfind(self, what: str, start: Any = 0, end: Any = None) -> int:
        found = super().rfind(what, start, end)
        Counted.looked += (len(self) if end is None else end) - max(found, start)
        return found


@pytest.mark.parametrize("backwards", [False, True])
def test_the_places_of_many_items_are_found_in_one_pass(backwards: bool) -> None:
    names = [{"name": f"pull-{number}"} for number in range(1000)]
    data = {"kind": "ServiceAccount", "imagePullSecrets": names, "secrets": names}
    text = Counted(yaml.dump(data, Dumper=PlainDumper))
    places = open_simple(text, 0, 0, 50)
    assert places is not None
    Counted.looked = 0
    for number in sorted(range(1000), reverse=backwards):
        for field in ("imagePullSecrets", "secrets"):
            found = places.find((field, number, "name"))
            assert found is not None
            assert text[found.start : found.end] == f"pull-{number}"
    assert 0 < Counted.looked < 10 * len(text)
