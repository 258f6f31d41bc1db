"""docs/settings.md lists every key of the settings as the schema describes it, and its example is valid."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from linter import settings

PAGE = (Path(__file__).parent.parent / "docs" / "settings.md").read_text(encoding="utf-8")
SCHEMA = settings.schema()


def keys_of(schema: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Every key below a schema, written as a path, with its description."""
    for key, below in schema.get("properties", {}).items():
        path = f"{above}{key}"
        yield path, described(below)
        yield from keys_of(below, f"{path}.")
        for shape in (below.get("items", {}), *below.get("items", {}).get("anyOf", ())):
            yield from keys_of(shape, f"{path}[].")


def described(schema: Any) -> str:
    """The description of a key, or of what it refers to."""
    while "description" not in schema:
        steps = schema["$ref"].removeprefix("#/").split("/")
        schema = SCHEMA
        for step in steps:
            schema = schema[step]
    return str(schema["description"])


def table() -> str:
    """The table as the page must hold it."""
    rows = (f"| `{path}` | {text.replace('|', chr(92) + '|')} |\n" for path, text in keys_of(SCHEMA))
    return "| key | meaning |\n|---|---|\n" + "".join(rows)


def test_the_page_lists_every_key_as_the_schema_describes_it() -> None:
    assert table() in PAGE, f"the table of docs/settings.md must be:\n{table()}"


def test_the_example_of_the_page_is_valid_and_names_every_setting() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    data = yaml.safe_load(example)
    jsonschema.validate(data, SCHEMA)
    assert sorted(data) == sorted(SCHEMA["properties"])


def test_the_page_names_the_files_that_are_looked_for() -> None:
    assert all(f"`{name}`" in PAGE for name in settings.FILE_NAMES)
