"""A saved JSON result back to a `Run`: the inverse of the report `json`, so that it can be rendered in other formats.

What the JSON does not hold cannot come back: the edits of fixes, and offsets into payloads. The manuals of rules come
from this installation, by code; those of a project's own rules from the JSON.
"""

from typing import Final

import msgspec

from linter.errors import UsageError
from linter.model import Run
from linter.results.records import run
from linter.results.schema import Result

SCHEMA: Final = 1


def parse(data: bytes, name: str) -> Run:
    """Read the bytes of a JSON result; `name` is what messages call it. Raises `UsageError` for anything else."""
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: this is not JSON; `regcred check --format json=FILE` writes a result") from error
    if not isinstance(tree, dict) or "schema" not in tree or "findings" not in tree:
        raise UsageError(f"{name}: this is not a result of regcred; `regcred check --format json=FILE` writes one")
    if tree["schema"] != SCHEMA:
        raise UsageError(f"{name}: a result of another version of regcred: read it with the one that wrote it")
    try:
        return run(msgspec.convert(tree, Result))
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: this is not a result as regcred writes it: {error}") from error
