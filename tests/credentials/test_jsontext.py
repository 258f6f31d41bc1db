"""JSON by Go's grammar: what is accepted, how it decodes, where and how it is refused."""

from __future__ import annotations

import pytest

from linter.credentials import JsonNode, JsonSyntaxError, parse_json


def _refusal(text: str) -> JsonSyntaxError:
    parsed = parse_json(text)
    assert isinstance(parsed, JsonSyntaxError)
    return parsed


def _node(text: str) -> JsonNode:
    parsed = parse_json(text)
    assert isinstance(parsed, JsonNode)
    return parsed


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("", "unexpected end of JSON input", 0),
        ('{"auths":{', "unexpected end of JSON input", 10),
        ("eyJhdXRo", "invalid character 'e' looking for beginning of value", 0),
        ("\ufeff{}", "invalid character 'ï' looking for beginning of value", 0),
        ("{}x", "invalid character 'x' after top-level value", 2),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string", 7),
        ("{'a':1}", "invalid character '\\'' looking for beginning of object key string", 1),
        ('{"a" 1}', "invalid character '1' after object key", 5),
        ('{"a":"b"c"}', "invalid character 'c' after object key:value pair", 8),
        ("[1 2]", "invalid character '2' after array element", 3),
        ("[1,]", "invalid character ']' looking for beginning of value", 3),
        ("// c\n{}", "invalid character '/' looking for beginning of value", 0),
        ('"a\nb"', "invalid character '\\n' in string literal", 2),
        ('"\\x"', "invalid character 'x' in string escape code", 2),
        ('"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape", 5),
        ("tru", "invalid character ' ' in literal true (expecting 'e')", 3),
        ("nul!", "invalid character '!' in literal null (expecting 'l')", 3),
        ("-", "invalid character ' ' in numeric literal", 1),
        ("1.x", "invalid character 'x' after decimal point in numeric literal", 2),
        ("1e+x", "invalid character 'x' in exponent of numeric literal", 3),
        ("01", "invalid character '1' after top-level value", 1),
        ("NaN", "invalid character 'N' looking for beginning of value", 0),
    ],
)
def test_refusals_speak_like_go(text: str, message: str, offset: int) -> None:
    refusal = _refusal(text)
    assert (refusal.message, refusal.offset) == (message, offset)


def test_line_and_column_of_a_refusal() -> None:
    refusal = _refusal('{\n  "auths": {\n    oops\n')
    assert (refusal.line, refusal.column) == (3, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud800"', "\ufffd"),
        ('"\\ud800\\u0041"', "\ufffdA"),
        ('"\\udc00\\ud800"', "\ufffd\ufffd"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\/\\b\\f\\n\\r\\t\\"\\\\"', '/\b\f\n\r\t"\\'),
        ('"\u2028\x7f"', "\u2028\x7f"),
    ],
)
def test_strings_decode_as_in_go(text: str, value: str) -> None:
    assert _node(text).value == value


def test_positions_and_duplicates_are_kept() -> None:
    text = ' {"a": [1, null], "a" : true}'
    node = _node(text)
    (first, first_start, first_end, items), (second, _, _, flag) = node.members
    assert (first, text[first_start:first_end], second) == ("a", '"a"', "a")
    assert text[node.start : node.end] == '{"a": [1, null], "a" : true}'
    assert [text[item.start : item.end] for item in items.items] == ["1", "null"]
    assert (flag.kind, flag.value) == ("bool", True)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_ends_at_ten_thousand(opening: str, closing: str) -> None:
    deepest = opening * 9_999 + "[]" + closing * 9_999
    assert isinstance(parse_json(deepest), JsonNode)
    assert "exceeded max depth" in _refusal(opening + deepest + closing).message


def test_a_node_does_not_show_its_content() -> None:
    assert "hunter2" not in repr(_node('{"password": "hunter2"}'))
