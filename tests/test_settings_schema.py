"""The JSON Schema that editors complete from accepts exactly the settings that regcred accepts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from linter import settings
from linter.errors import SettingsError

SCHEMA = settings.schema()
KEYS = sorted(SCHEMA["properties"])


def words_of(schema: Any) -> Iterator[str]:
    """Every property name and every fixed word of the schema: values drawn from them come near what is valid."""
    if isinstance(schema, dict):
        yield from (str(word) for word in schema.get("enum", ()))
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from words_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from words_of(value)


WORDS = st.sampled_from(
    [*sorted(set(words_of(SCHEMA))), "RC101", "links", "4.12", "v4.4", "X001", "no-such", "", "a b"]
)
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-2, 99), st.floats(allow_nan=False, width=16))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=8,
)
TEXTS = st.lists(WORDS, max_size=3)
SEVERITIES = st.dictionaries(WORDS, st.sampled_from(["error", "warning", "info", "fatal"]), max_size=2)
PATTERNS = st.one_of(WORDS, TEXTS)
IGNORE = st.fixed_dictionaries(
    {"rule": WORDS}, optional={"reason": WORDS, "path": WORDS, "kind": WORDS, "namespace": WORDS, "name": WORDS}
)
MATCH = st.fixed_dictionaries({}, optional={"kind": PATTERNS, "namespace": PATTERNS, "name": PATTERNS})
DECLARED = st.fixed_dictionaries(
    {
        "name": WORDS,
        "message": WORDS,
        "assert": st.fixed_dictionaries({}, optional={"object": VALUES, "payload": VALUES}),
    },
    optional={"code": WORDS, "severity": WORDS, "remedy": WORDS, "match": MATCH},
)
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "select": TEXTS,
        "ignore": st.lists(st.one_of(WORDS, IGNORE), max_size=3),
        "severities": SEVERITIES,
        "openshift-version": WORDS,
        "platform": WORDS,
        "private-registries": TEXTS,
        "expiry-warning-days": st.integers(-2, 99),
        "limits": st.dictionaries(WORDS, st.one_of(SCALARS, st.sampled_from(["1 MiB", "2GiB", "0 KiB", "3 MB", "7"]))),
        "options": st.dictionaries(WORDS, st.dictionaries(WORDS, SCALARS, max_size=2), max_size=2),
        "exclude": TEXTS,
        "overrides": st.lists(
            st.fixed_dictionaries(
                {"path": PATTERNS}, optional={"ignore": TEXTS, "severities": SEVERITIES, "reason": WORDS}
            ),
            max_size=2,
        ),
        "rules": st.lists(st.one_of(st.fixed_dictionaries({"path": WORDS}), DECLARED), max_size=2),
    },
)
FREE = st.dictionaries(st.one_of(st.sampled_from(KEYS), WORDS), VALUES, max_size=4)


def accepted(folder: Path, data: Any) -> bool:
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    try:
        settings.load(str(path))
    except SettingsError:
        return False
    return True


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(NEAR, FREE))
def test_the_schema_and_the_reader_agree(tmp_path: Path, data: Any) -> None:
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(data)
    assert accepted(tmp_path, data) is valid, data


WHOLE: dict[str, Any] = {
    "select": ["RC1"],
    "ignore": ["links", {"rule": "RC101", "reason": "why"}],
    "severities": {"RC102": "info"},
    "openshift-version": "4.12",
    "platform": "openshift",
    "private-registries": ["quay.io"],
    "expiry-warning-days": 7,
    "limits": {"file": "512 MiB", "archive": 2},
    "options": {"shared-credential": {"namespaces": 2}},
    "exclude": ["old/"],
    "overrides": [{"path": "a", "ignore": ["RC1"]}],
    "rules": [{"path": "mine"}, {"name": "x-y", "message": "m", "assert": {"object": True}}],
}


def test_the_whole_names_every_setting_and_is_valid(tmp_path: Path) -> None:
    assert sorted(WHOLE) == KEYS
    jsonschema.validate(WHOLE, SCHEMA)
    assert accepted(tmp_path, WHOLE)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [None, 3, "fatal", ["x", 3], {"x": None}, [{}], True, 1.5], ids=repr)
def test_every_setting_with_a_value_of_every_type(tmp_path: Path, key: str, value: Any) -> None:
    data = {**WHOLE, key: value}
    assert accepted(tmp_path, data) is jsonschema.Draft202012Validator(SCHEMA).is_valid(data)
