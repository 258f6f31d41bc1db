"""The text at every span is the value that was asked for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.documents import Positions, read
from linter.documents.build import build
from linter.documents.scalars import key_text, resolve
from linter.sources import Limits

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=10),
    st.sampled_from(["plain", "a: b", "multi\nline\n", "two\n\nparts", "trail \n\n", "yes", "# x", "🎈"]),
)
# What Go takes for a number and PyYAML writes as plain text (`1e3`, `08`) is tested by hand.
TEXTS = TEXTS.filter(lambda word: isinstance(resolve(word), (str, bool, type(None))))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-999, 999), TEXTS)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=10,
)


def routes(data: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield route, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from routes(value, (*route, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from routes(value, (*route, number))


def excerpt(positions: Positions, route: tuple[str | int, ...], document: int = 0, part: Any = "value") -> str | None:
    span = positions.span(document, route, part)
    if span is None:
        return None
    line = positions.line_text(span.line)
    found = positions.text[span.start : span.end]
    assert line[span.column - 1 :].startswith(found.split("\n")[0].rstrip("\r")[:1])
    return found


@settings(max_examples=250, deadline=None)
@given(
    DATA,
    st.booleans(),
    st.sampled_from([None, '"', "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "a: 1\n"]),
)
@example([[" 0"]], False, "|", "\n", "")
@example([{"a": [{"b": " 0"}]}], False, "|", "\n", "a: 1\n")
def test_every_route_of_generated_yaml(data: Any, flow: bool, style: Any, newline: str, before: str) -> None:
    text = yaml.dump(
        data, Dumper=Unshared, default_flow_style=flow, allow_unicode=True, default_style=style, explicit_start=True
    )
    text = (before + text).replace("\n", newline)
    positions = Positions("x.yaml", text.encode())
    for route, value in routes(data):
        found = excerpt(positions, route, document=1 if before else 0)
        assert found is not None
        span = positions.span(1 if before else 0, route)
        assert span is not None
        padded = "- " + found if isinstance(value, str) and found[:1] in "|>" else " " * (span.column - 1) + found
        if isinstance(value, str) and found[:1] in "|>" and found[1:2].isdigit() and route:
            # How deep its lines stand is counted from the column of its key or dash.
            key = positions.span(1 if before else 0, route, "key") if isinstance(route[-1], str) else None
            alone = not positions.line_text(span.line)[: span.column - 1].strip(" -?:")
            padded = " " * (span.column - 3 if alone or key is None else key.column - 1) + padded
        again = build("--- " + newline + padded + ("" if found.endswith("\n") else "\n"), Limits())[0]
        if isinstance(again, list) and not isinstance(value, list):
            again = again[0]
        assert again == value
        if route and isinstance(route[-1], str):
            named = excerpt(positions, route, document=1 if before else 0, part="key")
            assert named is not None
            assert key_text(build("- " + named + "\n", Limits())[0][0]) == route[-1]


class Unshared(yaml.CSafeDumper):
    """Writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@settings(max_examples=200, deadline=None)
@given(DATA, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_route_of_generated_json(data: Any, indent: Any, ascii_only: bool) -> None:
    wrapped = {"kind": "Secret", "x/y": data}
    text = json.dumps(wrapped, indent=indent, ensure_ascii=ascii_only).replace("/", "\\/")
    for name in ("x.json", "x.yaml"):
        positions = Positions(name, text.encode())
        for route, value in routes(wrapped):
            found = excerpt(positions, route)
            assert found is not None
            assert json.loads(found) == value
            if route and isinstance(route[-1], str):
                key = excerpt(positions, route, part="key")
                assert json.loads(key or "") == route[-1]


MANIFEST = """\
# first
apiVersion: v1
kind: Secret
metadata: &meta   # anchored
  name: regcred
  labels: {a: b}
  # trailing note
data:
  .dockerconfigjson: >-
    eyJh
    dXRo

  # about nothing
type: x
type: kubernetes.io/dockerconfigjson
---
kind: Pod
metadata:
"""


def test_places_in_a_manifest() -> None:
    positions = Positions("a.yaml", MANIFEST.encode())
    span = positions.span(0, ("type",))
    assert span is not None
    assert (span.line, span.column, span.end_line, span.end_column) == (15, 7, 15, 37)
    assert excerpt(positions, ("metadata", "labels", "a")) == "b"
    assert excerpt(positions, ("metadata", "name"), part="key") == "name"
    metadata = excerpt(positions, ("metadata",))
    assert metadata is not None
    assert metadata.endswith("{a: b}")
    payload = positions.span(0, ("data", ".dockerconfigjson"))
    assert payload is not None
    assert (payload.line, payload.end_line) == (9, 11)
    assert excerpt(positions, ("data",)).endswith("dXRo")  # type: ignore[union-attr]
    assert excerpt(positions, ("metadata",), document=1) == ""
    assert positions.span(0, ("metadata", "nothing")) is None
    assert positions.span(0, ("metadata", 3)) is None
    assert positions.span(0, (), "key") is None
    assert positions.span(7, ()) is None
    assert positions.span(-1, ()) is None
    assert excerpt(positions, ("kind",), document=1) == "Pod"
    assert positions.line_text(2) == "apiVersion: v1"
    assert positions.line_text(0) == positions.line_text(999) == ""
    assert positions.line_count == 18


def test_aliases_and_merge_keys_lead_to_the_text() -> None:
    text = "base: &b {name: regcred}\nuse:\n  <<: *b\n  other: 1\nlist: [*b]\n"
    positions = Positions("a.yaml", text.encode())
    want = text.index("regcred")
    for route in (("base", "name"), ("use", "name"), ("list", 0, "name")):
        span = positions.span(0, route)
        assert span is not None
        assert span.start == want


def test_old_line_ends_and_marks_count() -> None:
    positions = Positions("a.yaml", "\ufeffkind: Secret\rdata:\r\n  é: x\n  b: y".encode("utf-16"))
    span = positions.span(0, ("data", "b"))
    assert span is not None
    assert (span.line, span.column) == (4, 6)
    assert positions.line_text(3) == "  é: x"
    assert positions.line_count == 4


def test_spans_may_be_asked_in_any_order() -> None:
    text = "".join(f"k{number}: v\n" for number in range(50))
    positions = Positions("a.yaml", text.encode())
    for number in (40, 3, 49, 0, 25):
        span = positions.span(0, (f"k{number}",))
        assert span is not None
        assert span.line == number + 1


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"Secret","a":1}{"kind":"Pod","a":2}',
        '{"kind":"Secret","a":1}\n{"kind":"Pod","a":2}\n',
        '{"kind":"Secret","a":1}\n==== START logs for container c of pod a/b ====\n{"a": "no"}\n'
        '==== END logs for container c of pod a/b ====\n{"kind":"Pod","a":2}',
        'kind: Secret\na: 1\n---\n{"kind": "Pod", "a": 2}\n',
        '{"kind": "Secret", "a": 1}\n---\n{"kind": "Pod", "a": 2}\n',
        "%YAML 1.1\n---\nkind: Secret\na: 1\n---\nkind: Pod\na: 2\n",
    ],
)
def test_numbers_of_documents_agree_with_the_reader(text: str) -> None:
    reading = read("x.yaml", text.encode())
    assert [(d.number, d.data["kind"], d.data["a"]) for d in reading.documents] == [(0, "Secret", 1), (1, "Pod", 2)]
    positions = Positions("x.yaml", text.encode())
    assert excerpt(positions, ("a",), document=1) == "2"


def test_duplicate_json_keys_mean_the_last() -> None:
    text = '{"kind": "Secret", "a": 1, "a": {"b": 2}}'
    assert read("x.json", text.encode()).documents[0].data["a"] == {"b": 2}
    assert excerpt(Positions("x.json", text.encode()), ("a", "b")) == "2"
