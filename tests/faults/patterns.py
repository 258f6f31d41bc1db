"""Every regular expression of the program with the ways in which it is used, and texts that make it work hard."""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from linter.patterns import LazyPattern

ROOT = Path(__file__).parent.parent.parent
METHODS = frozenset({"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"})
_SIGNS = [ord(sign) for sign in "a0 A/.:-_@=+\"'\n\t<>{}[]()$%#,;|\\!&*~`?^é"]
_CATEGORIES = {
    op.CATEGORY_DIGIT: [(48, 57)],
    op.CATEGORY_SPACE: [(32, 32), (9, 13)],
    op.CATEGORY_WORD: [(97, 122), (48, 57), (95, 95), (65, 90)],
    op.CATEGORY_NOT_DIGIT: [(97, 122), (32, 32)],
    op.CATEGORY_NOT_SPACE: [(97, 122), (48, 57)],
    op.CATEGORY_NOT_WORD: [(32, 47)],
}
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_SLOW = 0.002
"""Seconds for 2,000 characters: what is linear takes a twentieth of it, what is quadratic takes more."""


class Used(NamedTuple):
    """A pattern: where it is first named, and its methods that are called."""

    where: str
    pattern: "re.Pattern[Any]"
    methods: frozenset[str]


def every() -> list[Used]:
    """Return the patterns of all modules: those that are values of a module, and those that a call spells out."""
    found: dict[tuple[Any, int], list[tuple[str, set[str]]]] = {}
    spelt: list[tuple[str, str, Any]] = []
    for path in sorted(path for name in ("linter", "rules", "reports") for path in (ROOT / name).rglob("*.py")):
        calls, here = _calls(path)
        spelt += here
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        for name, value in vars(module).items():
            methods = calls.get(name, set()) if isinstance(value, re.Pattern | LazyPattern) else {"search"}
            for pattern in _inside(value):
                uses = found.setdefault((pattern.pattern, pattern.flags), [])
                uses.append((f"{module.__name__}.{name}", methods & METHODS))
    for place, method, source in spelt:
        if method != "compile" or all(source != known for known, _ in found):
            found.setdefault((source, re.compile(source).flags), []).append((place, {method} & METHODS))
    return [Used(uses[0][0], re.compile(*key), _methods(uses)) for key, uses in found.items()]


def _methods(uses: list[tuple[str, set[str]]]) -> frozenset[str]:
    return frozenset().union(*(methods for _, methods in uses)) or frozenset({"search"})


def _calls(path: Path) -> tuple[dict[str, set[str]], list[tuple[str, str, Any]]]:
    """Return the methods that a module calls, by the names they are called of, and the calls of `re` with a text."""
    calls: dict[str, set[str]] = {}
    spelt = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        names = [one.id for one in ast.walk(node.func.value) if isinstance(one, ast.Name)]
        for name in names:
            calls.setdefault(name, set()).add(node.func.attr)
        if names == ["re"] and node.args and isinstance(node.args[0], ast.Constant):
            spelt.append((f"{path.relative_to(ROOT)}:{node.lineno}", node.func.attr, node.args[0].value))
    return calls, spelt


def _inside(value: Any, depth: int = 0) -> "Iterator[re.Pattern[Any]]":
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, LazyPattern):
        yield re.compile(value._source, value._flags)
    elif depth < 4 and isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from _inside(one, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        for pair in value.items():
            yield from _inside(pair, depth + 1)


def _signs(items: Sequence[Any]) -> list[int]:
    """Return characters of a class, of different kinds."""
    ranges: list[tuple[int, int]] = []
    for kind, value in items:
        if kind is op.LITERAL:
            ranges.append((value, value))
        elif kind is op.RANGE:
            ranges.append(value)
        elif kind is op.CATEGORY:
            ranges += _CATEGORIES[value]
    negated = any(kind is op.NEGATE for kind, _ in items)
    chosen = [sign for sign in _SIGNS if any(low <= sign <= high for low, high in ranges) != negated]
    return chosen or [low for low, _ in ranges]


def _text(tree: Any, pick: Callable[[list[int]], int]) -> str:
    """Return a text that a part of a pattern matches, short but for what it asks for."""
    made = ""
    for kind, value in tree:
        if kind is op.LITERAL:
            made += chr(value)
        elif kind is op.NOT_LITERAL:
            made += "b" if value == ord("a") else "a"
        elif kind is op.ANY:
            made += chr(pick(_SIGNS))
        elif kind is op.IN:
            made += chr(pick(_signs(value)))
        elif kind in _REPEATS:
            made += _text(value[2], pick) * value[0]
        elif kind is op.SUBPATTERN:
            made += _text(value[3], pick)
        elif kind is op.ATOMIC_GROUP:
            made += _text(value, pick)
        elif kind is op.BRANCH:
            made += _text(value[1][0], pick)
    return made


def _pumps(body: Any) -> Iterator[str]:
    for number in range(6):
        yield _text(body, lambda signs, number=number: signs[number % len(signs)])  # type: ignore[misc]
    for kind, value in body:
        if kind is op.SUBPATTERN:
            yield from _pumps(value[3])
        if kind is op.BRANCH:
            for branch in value[1]:
                yield from _pumps(branch)


def attacks(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield what leads to a repetition, and what it repeats, for each that may be long."""
    for kind, value in tree:
        if kind in _REPEATS and (value[1] is op.MAXREPEAT or value[1] >= 50):
            for pump in filter(None, _pumps(value[2])):
                yield from ((before, pump), ("", pump), ("", before + pump))
            if before:
                yield "", before
        for inner in _parts(kind, value):
            yield from attacks(inner, before)
        before += _text([(kind, value)], lambda signs: signs[0])


def _parts(kind: Any, value: Any) -> list[Any]:
    """Return what a part of a pattern is made of."""
    if kind in _REPEATS:
        return [value[2]]
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    if kind is op.BRANCH:
        return list(value[1])
    return [value[1]] if kind in (op.ASSERT, op.ASSERT_NOT) else []


def seconds(used: Used, text: Any) -> float:
    """Return how long a pattern works on a text, in seconds of the processor."""
    begun = time.process_time()
    for method in used.methods:
        if method in ("sub", "subn"):
            getattr(used.pattern, method)("", text)
        elif method == "finditer":
            for _ in used.pattern.finditer(text):
                pass
        else:
            getattr(used.pattern, method)(text)
    return time.process_time() - begun


def slowest(used: Used) -> str:
    """Return a text for which a pattern works more than in proportion to its length; "" when none is found."""
    raw = isinstance(used.pattern.pattern, bytes)
    flags = used.pattern.flags & ~(0 if raw else re.UNICODE)

    def made(before: str, pump: str, after: str, size: int) -> Any:
        text = before + pump * max(1, size // len(pump)) + after
        return text.encode("utf-8", "replace") if raw else text

    for before, pump in dict.fromkeys(attacks(parser.parse(used.pattern.pattern, flags))):
        for after in ("", "\0"):
            for size in (16, 24, 100, 400, 2000):
                if size == 2000 and seconds(used, made(before, pump, after, 400)) < _SLOW / 20:
                    break
                text = made(before, pump, after, size)
                # Three times: a machine that does other things as well is slow at times.
                least = _SLOW * 1e6
                for _ in range(3):
                    least = min(least, seconds(used, text))
                    if least <= _SLOW:
                        break
                if least <= _SLOW:
                    continue
                # What is only slow takes four times as long for four times as much, not sixteen times.
                more = made(before, pump, after, 4 * size)
                if size < 2000 or all(seconds(used, more) > 8 * least for _ in range(3)):
                    return f"{before[:40]!r} and {pump[:40]!r} over and over, then {after!r}"
                break
    return ""
