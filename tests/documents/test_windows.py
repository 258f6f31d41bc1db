"""JSON read in windows against the same text read whole: what it holds, where it stands, and what damage costs."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from windowed import (
    LISTS,
    OBJECTS,
    SECRET,
    START,
    STYLES,
    VALUES,
    Make,
    called,
    counts,
    listed,
    names,
    pruned,
    told,
    written,
)

from linter.documents import Positions
from linter.documents.held import Held
from linter.documents.kinds import KINDS
from linter.documents.list_items import ListReader, opened
from linter.documents.window_positions import WindowPositions
from linter.documents.windows import read_windows, scan, texts
from linter.sources import Artifact, Limits, gather
from linter.taking import take, take_artifact


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(LISTS, LISTS, OBJECTS.filter(bool)), min_size=1, max_size=3),
    STYLES,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "", "\n\x1e", " \r\n\t"]),
    st.one_of(st.integers(1, 90), st.integers(90, 2000)),
)
def test_windows_hold_what_the_whole_text_holds(
    make: Make, values: list[Any], style: Any, crlf: bool, escaped: bool, glue: str, window: int
) -> None:
    text = glue.join(written(value, style, crlf=crlf, escaped=escaped) for value in values)
    data = text.encode()
    artifact = make(data, window)
    expected = take(artifact.path, data, None, Limits())
    found = take_artifact(artifact, None)
    assert not found.problems
    assert found.windowed == (len(data) >= window)
    # A short text keeps what cannot matter too: that may be missing, and nothing else.
    kept = {row[:6] for row in told(found)}
    assert [row for row in told(expected) if row[:6] in kept] == told(found)
    passed = {one.number: one.passed for one, _ in found.documents}
    for row in (row for row in told(expected) if row[:6] not in kept):
        number, _, _, _, _, route, *_ = row
        assert not counts(row)
        assert number not in passed or route[1] in passed[number]


@pytest.mark.parametrize("kind", [*sorted(kind for kind, needed in KINDS.items() if needed), "SecretImport", "XVault"])
@pytest.mark.parametrize("indent", [None, 4])
def test_a_kind_that_several_apis_have_matters_in_windows_too(make: Make, kind: str, indent: int | None) -> None:
    group = KINDS.get(kind, ".")
    identity = {"apiVersion": "a.example.com/v1" if group == "." else f"{group}/v1", "kind": kind}
    body = {"metadata": {"name": "cluster"}, "spec": {}}
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}
    for values in (
        [other, identity | body, other],
        [other, {"kind": kind, **body, "apiVersion": identity["apiVersion"]}],
        [other, body | identity, {"metadata": {}, "items": [], "kind": "List"}],
        [identity | {"kind": f"{kind}List", "items": [body, body]}],
        [{"items": [body, body]} | identity | {"kind": f"{kind}List"}],
        [{"kind": f"{kind}List", "items": [body]} | identity | {"kind": f"{kind}List"}],
    ):
        data = "\n".join(json.dumps(value, indent=indent) for value in values).encode()
        expected = [row for row in told(take("all.json", data, None, Limits())) if row[1] == kind]
        assert expected
        for window in (1, 60, 150):
            found = told(take_artifact(make(data, window), None))
            assert [row[:6] for row in found if row[1] == kind] == [(*row[:6],) for row in expected]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LISTS, STYLES, st.booleans(), st.one_of(st.integers(1, 90), st.integers(90, 2000)))
def test_places_are_those_of_the_whole_text(make: Make, value: Any, style: Any, crlf: bool, window: int) -> None:
    data = b"\xef\xbb\xbf" + written(value, style, crlf=crlf, escaped=False).encode()
    artifact = make(data, window)
    raw = artifact.windows()
    if raw is None:
        assert len(data) < window
        return
    there = WindowPositions(artifact.path, raw, scan(raw, artifact.limits, window=window))
    whole = Positions(artifact.path, data)
    for number, item in enumerate(value["items"]):
        routes = [("items", number), *(("items", number, key) for key in (item if isinstance(item, dict) else ()))]
        for route in routes:
            for part in ("value", "key"):
                one, other = there.span(0, route, part), whole.span(0, route, part)
                assert (one is None) == (other is None)
                if one is not None and other is not None:
                    assert one[2:] == other[2:]
                    text, start, end, _ = there.shown(one, [])
                    assert text[start:end] == whole.text[other.start : other.end]


@pytest.mark.parametrize("window", [1, 7, 64, 300])
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"name": "two"', '"name": two', "not JSON"),
        ('"name": "two"', '"name": "two', "not JSON"),
        ('"name": "two"', '"name": "two\udcff"', "not UTF-8"),
        ('"name": "two"', '"name": "two"}', "a comma is missing"),
        ('"name": "two"', '"name": ' + "[" * 300 + "]" * 300, "nested too deeply"),
    ],
)
def test_a_damaged_item_costs_itself_and_is_named(make: Make, old: str, new: str, why: str, window: int) -> None:
    text = listed("one", "two", "three")
    assert old in text
    data = text.replace(old, new).encode("utf-8", "surrogateescape")
    found = take_artifact(make(data, window), None)
    assert names(found) == ["one", "three"]
    (problem,) = found.problems
    assert why in problem.message
    assert "it holds a pull secret that could not be judged" in problem.message
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines, 1) if '"two"' in line)
    assert first - 9 <= problem.line <= first + 3


def test_a_list_that_is_cut_off_gives_what_stands_before_the_cut(make: Make) -> None:
    text = listed("one", "two", "three")
    found = take_artifact(make(text[: text.index('"three"')].encode(), 50), None)
    assert names(found) == ["one", "two"]
    assert "it ends too early" in found.problems[0].message


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(("after", "damage"), [("", "it ends too early"), (" x", "a comma is missing")])
def test_what_was_passed_over_is_found_in_a_list_that_is_damaged_behind_an_item(
    make: Make, after: str, damage: str, indent: int | None
) -> None:
    node = json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-a"}})
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [json.loads(node)] * 3}, indent=indent)
    artifact = make(text[: text.rindex("}", 0, text.rindex("]")) + 1].encode() + after.encode(), 16)
    raw = artifact.windows()
    assert raw is not None
    found = read_windows(artifact.path, raw, artifact.limits, lambda *_: None, lambda _: None, window=16)
    assert damage in found.problems[0].message
    passed = {one.number: one.passed for one in found.documents}
    told = [text for text, _ in texts(raw, found.places, passed.get, 10_000)]
    assert sum(text.count("node-a") for text in told) == 3


def test_values_that_only_a_lenient_reader_takes_are_taken(make: Make) -> None:
    text = listed("one", "two").replace('"one"', '"one", "x": NaN, "y": 1e999, "z": "\\ud800", "t": "a\tb\0"')
    found = take_artifact(make(text.encode(), 16), None)
    assert names(found) == ["one", "two"]
    assert not found.problems


def test_the_last_of_equal_keys_wins(make: Make) -> None:
    text = listed("one", indent=None).replace('"kind": "Secret"', '"kind": "Node", "kind": "Secret"')
    assert names(take_artifact(make(text.encode(), 16), None)) == ["one"]


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(["managedFields", "managedFields", "managed\\u0046ields", "labels", '\\"managedFields']),
        st.sampled_from(
            [
                '[{"manager": "x"}]',
                "[]",
                '["]", "}", "\\"managedFields\\": ["]',
                "7",
                '"managedFields"',
                '{"managedFields": [1]}',
                '[{"managedFields" : [ 2 ] }]\n',
                "[",
                "[}",
                "[1] 2",
                "nothing",
            ]
        ),
    ),
    max_size=3,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    MEMBERS,
    MEMBERS,
    st.permutations(["kind", "metadata", "spec"]),
    st.sampled_from([", ", ",", ",\n                "]),
    st.booleans(),
    st.sampled_from([1, 60, 300]),
)
def test_managed_fields_are_never_taken_for_data_nor_data_for_them(
    make: Make, inside: Any, beside: Any, order: list[str], comma: str, again: bool, window: int
) -> None:
    metadata = [("name", '"two"'), *inside]
    parts = {"kind": [("kind", '"Pod"')], "metadata": [("metadata", together(metadata, comma))]}
    parts["spec"] = [("spec", together(beside, comma))]
    members = [pair for name in order for pair in parts[name]]
    item = together([*members, *parts["metadata"][:again]], comma)[:-1] + "\n        }"
    neighbours = ["{" + SECRET[1:-1].replace("NAME", name) + "\n        }" for name in ("one", "three")]
    listed = ",\n        ".join((neighbours[0], item, neighbours[1]))
    text = f'{{"kind": "List", "items": [\n        {listed}\n    ]}}'
    found = take_artifact(make(text.encode(), window), None)
    try:
        json.loads(text)
    except ValueError:
        assert names(found) == ["one", "three"]
        assert found.problems
        return
    expected = take("all.json", text.encode(), None, Limits())
    assert told(found) == told(expected)
    body = json.loads(item)
    body["metadata"].pop("managedFields", None)
    assert pruned(found.documents[0][1][1].body) == pruned(body)


def together(members: list[tuple[str, str]], comma: str) -> str:
    return "{" + comma.join(f'"{key}": {value}' for key, value in members) + "}"


class Quirky:
    """Writes values as kubectl does, but that now and then it does not."""

    def __init__(self, random: Random, chance: float, line: str) -> None:
        self._random = random
        self._chance = chance
        self._line = line

    def now(self) -> bool:
        return self._random.random() < self._chance

    def break_(self, depth: int) -> str:
        odd = ("", " ", "\n", "\r\n  ", f"{self._line}{' ' * 4 * depth} ")
        return self._random.choice(odd) if self.now() else self._line + " " * 4 * depth

    def blank(self, plain: str = "") -> str:
        return self._random.choice((" ", "\t", "\r\n", "")) if self.now() else plain

    def key(self, key: str) -> str:
        text = json.dumps(key)
        return f'"\\u{ord(key[0]):04x}{text[2:]}' if key.isascii() and key.isalpha() and self.now() else text

    def text(self, value: Any, depth: int = 0) -> str:
        if not value or not isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=self.now())
        if isinstance(value, list):
            return "[" + self.inside([self.text(one, depth + 1) for one in value], depth) + "]"
        members = []
        for key, one in value.items():
            text = self.text(one, depth + 1)
            while self.now():
                other = self._random.choice((text, "[]", '"' + "x" * (len(text) - 2) + '"', "{}"))
                members.append(f"{self.key(key)}{self.blank()}:{self.blank(' ')}{other}")
            members.append(f"{self.key(key)}{self.blank()}:{self.blank(' ')}{text}")
        return "{" + self.inside(members, depth) + "}"

    def inside(self, texts: list[str], depth: int) -> str:
        separated = (f"{self.blank()},{self.break_(depth + 1)}{text}" for text in texts[1:])
        return self.break_(depth + 1) + texts[0] + "".join(separated) + self.break_(depth)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(OBJECTS, OBJECTS, VALUES), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
    st.sampled_from([0, 0.01, 0.05]),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.one_of(st.integers(1, 300), st.integers(300, 2000)),
)
def test_an_item_in_another_layout_is_read_as_it_stands(
    make: Make, items: list[Any], random: Random, chance: float, line: str, window: int
) -> None:
    """What is written as kubectl writes it is read many at a time: nothing else may pass for it."""
    quirky = Quirky(random, chance, line)
    written = f",{line}        ".join(quirky.text(item, 2) for item in items)
    data = f'{{{line}    "items": [{line}        {written}{line}    ],{line}    "kind": "List"{line}}}'.encode()
    artifact = make(data, window)
    expected, found = take(artifact.path, data, None, Limits()), take_artifact(artifact, None)
    assert not found.problems
    kept = {row[:6] for row in told(found)}
    assert [row for row in told(expected) if row[:6] in kept] == told(found)
    assert not any(counts(row) for row in told(expected) if row[:6] not in kept)
    raw = artifact.windows()
    if raw is not None:
        assert found.places is not None
        (value,), (again,) = found.places.values, scan(raw, artifact.limits, window=window).values
        assert value == again
        assert [json.loads(data[start:end]) for start, end in zip(value.starts, value.ends, strict=True)] == items


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_items_as_kubectl_writes_them_are_not_read_one_by_one(
    make: Make, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = called(monkeypatch, ListReader, "_alone")
    text = listed(*(f"name-{number}" for number in range(1000))).replace("\n", line)
    assert len(names(take_artifact(make(text.encode(), 10_000), None))) == 1000
    assert len(alone) < 5
    alone.clear()
    text = text.replace('"kind"', '"stringData": {},' + line + " " * 12 + '"kind"')
    assert len(names(take_artifact(make(text.encode(), 10_000), None))) == 1000
    assert len(alone) < 100  # in the first window: from then on that member is known


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_objects_one_after_the_other_are_not_read_member_by_member(
    make: Make, indent: int | None, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = called(monkeypatch, Held, "name")
    values = [json.loads(SECRET.replace("NAME", f"name-{number}")) for number in range(300)]
    text = "".join(json.dumps(value, indent=indent) + "\n" for value in values).replace("\n", line)
    for window in (1000, 10_000):
        assert names(take_artifact(make(text.encode(), window), None)) == [one["metadata"]["name"] for one in values]
    assert not read


def test_objects_that_end_with_no_line_are_tried_a_few_times_only(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def counted(text: bytes) -> Any:
        tried.append(len(text))
        return opened(text)

    monkeypatch.setattr("linter.documents.windows.opened", counted)
    data = ('{"kind": "Pod"} ' * 10_000 + "\n").encode()
    assert len(take_artifact(make(data, 2**20), None).documents) == 10_000
    assert sum(tried) < 2**22 + 3 * len(data)  # to try each with its line takes 800 MB


def test_what_is_not_text_is_only_noticed_where_it_is_read(make: Make) -> None:
    managed = '"managedFields": [{"manager": "x\udcff"}], "name": "two"'
    for window in (1, 300, 700):
        text = listed("one", "two", "three").replace('"name": "two"', managed)
        found = take_artifact(make(text.encode("utf-8", "surrogateescape"), window), None)
        assert names(found) == ["one", "two", "three"]
        assert not found.problems


def test_container_logs_between_documents_are_passed_over(make: Make) -> None:
    logs = f'{START}\n{{"kind": "Secret"\n{START.replace("START", "END")}\n'
    for window in (1, 9, 40, 500):
        data = (listed("one") + "\n" + logs + listed("two", indent=None) + logs).encode()
        found = take_artifact(make(data, window), None)
        assert names(found) == ["one", "two"]
        assert found.logs
        assert not found.problems
        artifact = make(data, window)
        raw = artifact.windows()
        assert raw is not None
        span = WindowPositions("", raw, scan(raw, artifact.limits, window=window)).span(1, ("items", 0, "kind"))
        assert span is not None
        assert span.line == listed("one").count("\n") + 1 + 4


def test_an_item_that_is_too_large_is_refused_with_the_setting_that_allows_it(make: Make, tmp_path: Path) -> None:
    text = listed("one", "x" * 5000)
    (tmp_path / "all.json").write_text(text, encoding="utf-8")
    (found,) = gather([str(tmp_path / "all.json")], limits=Limits(window_bytes=100, file_bytes=2000))
    assert isinstance(found, Artifact)
    taken = take_artifact(found, None)
    assert names(taken) == ["one"]
    assert "is larger than 2000 bytes" in taken.problems[0].message
    assert "`limits`" in taken.problems[0].remedy


def test_a_suppression_is_seen_where_a_window_cuts_it(make: Make) -> None:
    text = listed("one").replace('"name"', '"annotations": {"regcred\\/ignore": "x: y"}, "name"')
    at = text.index("regcred")
    for window in range(at - 3, at + 17):
        assert take_artifact(make(text.encode(), window), None).marked
        assert not take_artifact(make(text.replace("ignore", "other").encode(), window), None).marked


def test_json_of_another_form_is_read_whole(make: Make) -> None:
    text = listed("one") + "\n---\n" + listed("two")
    found = take_artifact(make(text.encode(), 100), None)
    assert not found.windowed
    assert names(found) == ["one", "two"]
