"""Plain data are what kubectl would send, and nodes agree with them."""

import gc
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.documents import collector_off
from linter.documents.build import build
from linter.documents.compose import compose_all, find_node, scalar_value
from linter.documents.scalars import MERGE, key_text, resolve
from linter.sources import Limits


def one(text: str, limits: Limits | None = None) -> Any:
    (data,) = build(text, limits or Limits())
    return data


WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=12),
    st.sampled_from(
        [
            "Secret",
            ".dockerconfigjson",
            "a: b",
            "- x",
            "# no",
            "yes",
            "null",
            "1e3",
            "---",
            "multi\nline\n",
            " lead",
            "12:30",
            "=",
            "<<",
            "{{ x }}",
            "~",
        ]
    ),
)
# What Go takes for a number and PyYAML for text (`1e3`, `08`) is tested by hand.
WORDS = WORDS.filter(lambda word: isinstance(resolve(word), (str, bool, type(None))))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(-1e6, 1e6, width=32), WORDS)
KEYS = st.one_of(WORDS, st.integers(-9, 9999), st.booleans())
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=14,
)


def as_json(data: Any) -> Any:
    """PyYAML's data with our keys."""
    if isinstance(data, dict):
        return {key_text(key): as_json(value) for key, value in data.items()}
    return [as_json(item) for item in data] if isinstance(data, list) else data


def from_nodes(node: Any) -> Any:
    """The data that a tree of our nodes stands for."""
    if isinstance(node, yaml.ScalarNode):
        return scalar_value(node)
    if isinstance(node, yaml.SequenceNode):
        return [from_nodes(item) for item in node.value]
    own: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in node.value:
        if key.tag == MERGE and not isinstance(value, yaml.ScalarNode):
            for source in reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]:
                merged.update(from_nodes(source))
        else:
            own[key_text(scalar_value(key))] = from_nodes(value)
    return {**merged, **own}


@settings(max_examples=400, deadline=None)
@given(
    DATA,
    st.booleans(),
    st.sampled_from([20, 80, 4000]),
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_generated_documents_equal_plain_pyyaml(data: Any, flow: bool, width: int, style: Any, newline: str) -> None:
    text = yaml.dump(
        data, Dumper=yaml.CSafeDumper, default_flow_style=flow, width=width, allow_unicode=True, default_style=style
    ).replace("\n", newline)
    expected = as_json(yaml.load(text, yaml.CSafeLoader))
    assert one(text) == expected
    (node,) = compose_all(text)
    assert from_nodes(node) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("off", False),
        ("NO", False),
        ("y", "y"),
        ("true", True),
        ("TrUe", "TrUe"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("0x1F", 31),
        ("0b101", 5),
        ("010", 8),
        ("0o17", 15),
        ("1_000", 1000),
        ("08", 8.0),
        ("0o", "0o"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("-", [None]),
        ("2024-01-02", "2024-01-02"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("12:30:45", "12:30:45"),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", float(2**64)),
        ("'010'", "010"),
        ('"\\u00e9"', "é"),
        ("0xZ", "0xZ"),
        ("!!str 12", "12"),
        ("!!int '3'", 3),
        ("!!binary aGk=", "hi"),
        ("!!binary '*'", "*"),
        ("!Ref x", "x"),
        ("! 12", 12),
        ("!!null x", None),
        ("!!timestamp 2024-01-02", "2024-01-02"),
        ("=", "="),
        ("._", "._"),
        ("_1", "_1"),
        ("+", "+"),
        ("!!bool yes", True),
        ("!!float 1.5", 1.5),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    assert one(text + "\n" if text else "--- \n") == value


def test_not_a_number_is_tolerated() -> None:
    assert math.isnan(one(".nan"))


def test_a_number_of_a_million_digits_is_text() -> None:
    assert one("9" * 1_000_000) == "9" * 1_000_000
    assert one("a: 0x" + "f" * 5000)["a"] == "0x" + "f" * 5000


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("8080: a\ntrue: b\n~: c\n1.5: d\n2.0: e", {"8080": "a", "true": "b", "null": "c", "1.5": "d", "2": "e"}),
        ("a: 1\nb: 2\na: 3", {"a": 3, "b": 2}),
        ("? [a, b]\n: 1", {"[a, b]": 1}),
        ("? {a: b}\n: 1", {"{a: b}": 1}),
        ("k: &x [1]\n*x : 2", {"k": [1], "*x": 2}),
        ("k: &x name\n*x : 2", {"k": "name", "name": 2}),
        ("a: !Sub 'x'\nb: !GetAtt [c, d]\nc: !Map {e: 1}", {"a": "x", "b": ["c", "d"], "c": {"e": 1}}),
        ("a: !!set {x, y}", {"a": {"x": None, "y": None}}),
        ("a: !!omap [x: 1]", {"a": [{"x": 1}]}),
    ],
)
def test_keys_and_tags(text: str, data: Any) -> None:
    assert one(text) == data
    assert from_nodes(compose_all(text)[0]) == data


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n",
        "a: &a {x: 1}\nb: &b {x: 2, z: 4}\nc:\n  y: 3\n  <<: [*a, *b]\n",
        "b:\n  y: 3\n  <<: {y: 4, q: 5}\n",
        "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, z: 3}\n",
        "a: {'<<': 1}\n",
    ],
)
def test_merge_keys_are_those_of_pyyaml(text: str) -> None:
    expected = yaml.load(text, yaml.CSafeLoader)
    assert one(text) == expected
    assert from_nodes(compose_all(text)[0]) == expected


def test_a_merge_of_no_mapping_is_a_key() -> None:
    assert one("<<: text\na: 1\n") == {"<<": "text", "a": 1}


def test_aliases_share_and_anchors_may_be_redefined() -> None:
    data = one("a: &x {k: 1}\nb: *x\nc: &x {k: 2}\nd: *x\n")
    assert data == {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 2}, "d": {"k": 2}}
    assert data["a"] is data["b"]
    assert one("a: &x [&x 1]\nb: *x\n")["b"] == 1
    node = compose_all("a: &x {k: 1}\nb: *x\nc: &x {k: 2}\nd: *x\n")[0]
    assert node is not None
    assert find_node(node, ("d", "k"))[1].value == "2"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: *nowhere", "undefined alias"),
        ("a: &x [*x]", "inside the value"),
        ("[" * 300 + "]" * 300, "too deeply"),
        ("{a: " * 300 + "}" * 300, "too deeply"),
        ("[" * 100_000, "nesting depth"),
        (
            "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10 if i else ['x'] * 10)}]" for i in range(12)),
            "without bound",
        ),
        ("\n".join(f"a{i}: &a{i} [{f'*a{i - 1}' if i else 'x'}]" for i in range(400)), "too deeply"),
    ],
)
def test_hostile_documents_are_refused(text: str, reason: str) -> None:
    with pytest.raises(yaml.YAMLError, match=reason):
        build(text, Limits())
    compose_all(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: {{ x }}", "{{ x }}"),
        ("a: {{ .Values.name | quote }}", "{{ .Values.name | quote }}"),
        ('a: {{ include "b" . }}', '{{ include "b" . }}'),
        ("a: {{x}}\nb: 1", "{{x}}"),
        ("a: {{ a, b }}", "{{ a, b }}"),
        ('a: {{ printf "%s: x" }}', '{{ printf "%s: x" }}'),
        ('a: {"{b}": null}', {"{b}": None}),
        ("a: {{b: 1}: 2}", {"{b: 1}": 2}),
        ("a: {b: {c: 1}}", {"b": {"c": 1}}),
    ],
)
def test_an_unquoted_template_mark_is_text(text: str, value: Any) -> None:
    assert one(text)["a"] == value
    assert from_nodes(compose_all(text)[0])["a"] == value


def test_the_collector_is_off_only_meanwhile() -> None:
    with collector_off():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with collector_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
