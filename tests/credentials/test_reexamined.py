"""Entries of a payload that are judged again alone are what they are in the whole text."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import Entry, Payload, examine
from linter.credentials.reexamined import reexamine
from linter.stretches import change

AUTH = base64.b64encode(b"user:pass").decode()
KEYS = st.sampled_from(["a.io", "b.io", "https://b.io", "b.io/", "*.c.io", "a\\u002eio", "auths", "d\\n", "é.io", ""])
VALUES = st.sampled_from(
    [
        f'{{"auth":"{AUTH}"}}',
        f'{{ "auth" : "{AUTH}", "email": null }}',
        '{"username":"user","password":"pass"}',
        '{"username":"user","username":"other","PASSWORD":"}"}',
        '{"identitytoken":"t"}',
        '{"auth":"%"}',
        '{"email":3}',
        "{}",
        "null",
        "[]",
        '"x"',
    ]
)
SPACE = st.sampled_from(["", "", " ", "\n\t"])
PIECES = st.sampled_from(
    ["", ",", '"', "{", "}", ":", "\\", "\n", "null", '"a.io":{}', ',"e.io":{}', '"e.io":{},', "}}", "\ufffd"]
)


@st.composite
def maps(draw: st.DrawFn) -> str:
    members = draw(st.lists(st.tuples(SPACE, KEYS, SPACE, SPACE, VALUES, SPACE), max_size=4))
    inside = ",".join(f'{one}"{key}"{two}:{three}{value}{four}' for one, key, two, three, value, four in members)
    return "{" + inside + (draw(SPACE) if not members else "") + "}"


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, int, int, str]:
    """A payload, and a stretch of it with what takes its place."""
    starts = ['{"auths":', '{"AUTHS": ', '{"credsStore":"x","auths":', '{"auths":{},"auths":', "{"]
    start = draw(st.sampled_from(starts))
    end = draw(st.sampled_from(["}", ' , "HttpHeaders":{}}', ',"auths":null}']))
    old, new = draw(maps()), draw(maps())
    text = start + old + end
    if draw(st.booleans()):
        return text, *change(text, start + new + end)
    first = draw(st.integers(0, len(text)))
    return text, first, draw(st.integers(first, len(text))), draw(PIECES)


def told(entries: tuple[Entry, ...]) -> list[Entry]:
    """The entries without where they stand."""
    return [entry._replace(key_span=(0, 0), value_span=(0, 0), auth_span=None) for entry in entries]


def unplaced(payload: Payload) -> list[tuple[Any, ...]]:
    """The errors without where they stand, the first one first."""
    first = [payload.error] if payload.error is not None else []
    return [(error.kind, error.message, error.entry, error.member) for error in (*first, *payload.errors)]


@given(edited(), st.sampled_from(["dockerconfigjson", "dockerconfigjson", "dockercfg"]))
def test_what_is_judged_again_is_as_if_all_were(given: tuple[str, int, int, str], form: str) -> None:
    text, start, end, new = given
    old, whole = examine(text, form), examine(text[:start] + new + text[end:], form)
    found = reexamine(old, start, end, new)
    if found is None:
        return
    payload, fresh = found
    assert told(payload.entries) == told(whole.entries)
    told_of = [(one.text, one.form, unplaced(one), one.shape, one.helpers) for one in (payload, whole)]
    assert told_of[0] == told_of[1]
    known = set(map(id, (*old.entries, *fresh)))
    assert all(id(entry) in known for entry in payload.entries)


ENTRY = {"auth": AUTH}
BEFORE: dict[str, Any] = {"a.io": ENTRY, "b.io": ENTRY, "c.io": ENTRY}


@pytest.mark.parametrize(
    "after",
    [
        {"a.io": ENTRY, "b.io": {"auth": AUTH, "email": "x"}, "c.io": ENTRY},
        {"a.io": ENTRY, "b.io": ENTRY, "b.io:80": ENTRY, "c.io": ENTRY},
        {"a.io": ENTRY, "c.io": ENTRY},
        {"b.io": ENTRY, "c.io": ENTRY},
        {"a.io": ENTRY, "b.io": ENTRY},
        {**BEFORE, "d.io": ENTRY},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_of_usual_repairs_few_entries_are_judged_again(after: dict[str, Any], indent: int | None) -> None:
    old, new = (json.dumps({"auths": auths}, indent=indent) for auths in (BEFORE, after))
    payload = examine(old, "dockerconfigjson")
    found = reexamine(payload, *change(old, new))
    assert found is not None
    assert len(found[1]) <= 2
    assert [entry.key for entry in found[0].entries] == list(after)


def test_an_entry_that_is_named_twice_is_left_to_the_whole() -> None:
    old = '{"auths":{"a.io":{},"b.io":{}}}'
    assert reexamine(examine(old, "dockerconfigjson"), *change(old, old.replace("b.io", "a.io"))) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"auths":{"a.io":{},"b.io":{}}}', '{"auths":{"a.io":{},,"b.io":{}}}'),
        ('{"auths":{"a.io":{},"b.io":{}}}', '{"auths":{,"a.io":{},"b.io":{}}}'),
        ('{"auths":{"a.io":{},"b.io":{}}}', '{"auths":{,"b.io":{}}}'),
        ('{"auths":{"a.io":{},"b.io":{}}}', '{"auths":{"a.io":{},}}'),
        ('{"auths":{"a.io":{}, "b.io":{}}}', '{"auths":{"a.io":{}, , "b.io":{}}}'),
    ],
)
def test_a_comma_without_an_entry_is_left_to_the_whole_text(old: str, new: str) -> None:
    assert reexamine(examine(old, "dockerconfigjson"), *change(old, new)) is None
