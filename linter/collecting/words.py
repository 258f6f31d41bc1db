"""Expressions for thousands of words at once, and the forms in which a credential stands in a text."""

import base64
import json
import re
import urllib.parse
from collections.abc import Iterator
from itertools import groupby
from typing import Final

_SHARED: Final = 12
"""How many first signs of credentials are looked at one by one."""


def forms(value: str) -> Iterator[str]:
    """Yield a credential as it may stand in a text: plain, in JSON, in a URL, in base64, and that unpadded."""
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
    yield value
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(value)[1:-1]
    yield urllib.parse.quote(value.encode("utf-8", "surrogatepass"), safe="")
    yield urllib.parse.quote(value.encode("utf-8", "surrogatepass"))
    yield encoded
    yield encoded.rstrip("=")
    yield value.rstrip("=")


def any_of(words: list[str]) -> str:
    """Return an expression for any of the words, the longest first; thousands of them cost little more than one.

    A plain alternation is tried word by word at every sign of a text; here the first signs decide.
    """
    ends: dict[str, list[str]] = {}
    for word in words:
        ends.setdefault(word[:_SHARED], []).append(word[_SHARED:])
    leaves = {
        start: "|".join(re.escape(end) for end in sorted(rest, key=len, reverse=True)) for start, rest in ends.items()
    }
    return _branches(sorted(leaves), 0, leaves)


def _branches(starts: list[str], depth: int, leaves: dict[str, str]) -> str:
    """Return an expression for all words whose beginnings, sorted and alike up to `depth`, are given."""
    parts = []
    for sign, group in groupby(starts, key=lambda start: start[depth : depth + 1]):
        same = list(group)
        if len(same) == 1:
            parts.append(f"{re.escape(same[0][depth:])}(?:{leaves[same[0]]})")
        elif sign:
            parts.append(f"{re.escape(sign)}(?:{_branches(same, depth + 1, leaves)})")
    # The empty sign sorts first, and is the shortest.
    return "|".join(reversed(parts))
