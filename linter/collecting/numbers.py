"""Numbers that YAML has and JSON does not (`.nan`, `.inf`), in what is written as JSON all the same."""

import json
import math
import re
from typing import Any, Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN')
_YAML: Final = {"NaN": ".nan", "Infinity": ".inf", "-Infinity": "-.inf"}
_MARKED: Final = {"NaN": "-0e1", "Infinity": "1e999", "-Infinity": "-1e999"}
"""Numbers of JSON: those that are too large are infinite once more, and nobody else writes nothing like that."""


def in_yaml(text: str) -> str:
    """Return what `json.dumps` has written so that a reader of YAML takes it for the same data."""
    return _each(text, _YAML)


def marked(data: Any) -> str:
    """Return data as JSON in which such numbers are marked, for `unmarked` to bring them back."""
    return _each(json.dumps(data, ensure_ascii=False), _MARKED)


def unmarked(text: str) -> Any:
    """Return the data of what `marked` has returned. Raises `ValueError`."""
    return json.loads(text, parse_float=lambda written: math.nan if written == _MARKED["NaN"] else float(written))


def _each(text: str, instead: dict[str, str]) -> str:
    odd = "NaN" in text or "Infinity" in text
    return _TOKEN.sub(lambda found: instead.get(found[0], found[0]), text) if odd else text
