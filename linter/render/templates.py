"""The line of a Helm template that a built line comes from, where that can be told: else the line of what holds it.

Helm writes the literal part of a template as it stands, so a built line and its template agree in it, and in the keys
that they stand below. What an action has printed (`include`, `toYaml`) is found at the key that holds it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

_ACTION: Final = re.compile(r"\{\{(?:(?!\{\{).)*?\}\}")
_COMMENT: Final = re.compile(r"(?s)\{\{-?\s*/\*(?:(?!\{\{-?\s*/\*).)*?\*/\s*-?\}\}")
_KEY: Final = re.compile(r"""(?:- +)*+("[^"]*"|'[^']*'|[^\s:#'"{\[][^:#]*):(?:\s|$)""")
_DEEPEST: Final = 64


class _Line(NamedTuple):
    """A line by its number from 1: its `level` of nesting, its `label` among others, its text without indentation."""

    number: int
    level: int
    label: str
    text: str


def line_of(template: str, built: str, line: int) -> int:
    """Return the number of the template's line for line number `line` of a built document; 0 where none can be told."""
    made = _parsed(built)
    written = _section(_COMMENT.sub(lambda found: "\n" * found[0].count("\n"), template), made)
    index = next((place for place, one in enumerate(made) if one.number == line), None)
    if index is None:
        return 0
    kind = (place for place, one in enumerate(made) if one.level == 0 and one.label == "kind")
    for place in (index, *_above(made, index), *kind):
        found = _match(written, made, place)
        if found:
            return found
    return 0


def around(template: str, line: int) -> str:
    """Return a line of a template with the actions that stand alone in the lines before and behind it.

    These are what decides its value: `{{- with .Values.x }}` above it, `{{- toYaml . | nindent 8 }}` below it.
    """
    lines = template.split("\n")
    if not 0 < line <= len(lines):
        return ""
    first = last = line - 1
    while first and _alone(lines[first - 1]):
        first -= 1
    while last + 1 < len(lines) and _alone(lines[last + 1]):
        last += 1
    return "\n".join(lines[first : last + 1])


@lru_cache(maxsize=8)
def _parsed(text: str) -> tuple[_Line, ...]:
    return tuple(_lines(text))


def _alone(line: str) -> bool:
    return "{{" in line and not _ACTION.sub("", line).strip()


def _lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), 1):
        bare = (line if '"' in line or "'" in line else line.partition(" #")[0]).strip()
        if bare and not bare.startswith("#") and not _alone(line):
            dash = bare.startswith("- ") or bare == "-"
            level = 2 * (len(line) - len(line.lstrip(" "))) + dash
            key = _KEY.match(_ACTION.sub("", bare))
            yield _Line(number, level, "-" if dash else key[1].strip() if key else "", bare)


def _section(template: str, made: Sequence[_Line]) -> Sequence[_Line]:
    """The lines of the one document of a template that has most in common with what was built; all where two have."""
    written = _parsed(template)
    sections: list[list[_Line]] = [[]]
    for one in written:
        if one.text.startswith("---") and one.level == 0:
            sections.append([])
        else:
            sections[-1].append(one)
    texts = {one.text for one in made}
    scores = [sum(one.text in texts for one in section) for section in sections]
    best = max(scores)
    return sections[scores.index(best)] if scores.count(best) == 1 else written


def _above(lines: Sequence[_Line], index: int) -> Iterator[int]:
    """The lines that hold this one, from the nearest to the outermost."""
    level = lines[index].level
    for place in range(index - 1, -1, -1):
        if lines[place].level < level:
            level = lines[place].level
            yield place


def _chain(lines: Sequence[_Line], index: int) -> list[str]:
    return [lines[place].label for place, _ in zip(_above(lines, index), range(_DEEPEST), strict=False)]


def _fits(written: list[str], made: list[str]) -> bool:
    """Whether two lines stand below the same keys; a key that an action prints can be any."""
    return len(written) == len(made) and all(one in ("", two) for one, two in zip(written, made, strict=True))


def _match(written: Sequence[_Line], made: Sequence[_Line], place: int) -> int:
    """The one line of the template that can have given this line; 0 for none, or for several alike."""
    chain = _chain(made, place)

    def alike(text: str) -> list[int]:
        could = (index for index, one in enumerate(written) if _can_be(one.text, text))
        return [index for index in could if _fits(_chain(written, index), chain)]

    found = alike(made[place].text)
    if len(found) > 1:
        parent = next(_above(made, place), None)
        beside = [
            index
            for index, one in enumerate(made)
            if one.level == made[place].level and next(_above(made, index), None) == parent
        ]
        twins = [index for index in beside if set(alike(made[index].text)) & set(found)]
        parents = {next(_above(written, index), None) for index in found}
        exact = [index for index in found if "{{" not in written[index].text]
        if len(twins) == len(found) and len(parents) == 1:
            found = [found[twins.index(place)]]
        elif len(exact) == 1 and _alone_in(made, place, chain):
            found = exact
        else:
            holder = _match(written, made, parent) if parent is not None and len(parents) > 1 else 0
            below = [index for index in found if _holder(written, index) == holder]
            found = below if holder and len(below) == 1 else []
    return written[found[0]].number if found else 0


def _holder(lines: Sequence[_Line], index: int) -> int:
    """The number of the line that holds this one, 0 where none does."""
    return next((lines[place].number for place in _above(lines, index)), 0)


def _alone_in(made: Sequence[_Line], place: int, chain: list[str]) -> bool:
    """Whether no other built line has this text below the same keys: each of them could come from the same one."""
    alike = (index for index, one in enumerate(made) if one.text == made[place].text and index != place)
    return not any(_chain(made, index) == chain for index in alike)


def _can_be(written: str, made: str) -> bool:
    if "{{" not in written:
        return written == made
    parts = [part.strip() for part in _ACTION.split(written)]
    key = _KEY.match(parts[0] + ("" if parts[0].endswith(":") else " ")) if parts[0] else None
    if not (key or len("".join(parts)) > 3):
        return False  # nothing of it is written out: it could be any line
    position = 0
    for number, part in enumerate(parts):
        at = made.find(part, position)
        if at < 0 or (number == 0 and at):
            return False
        position = at + len(part)
    return not parts[-1] or made.endswith(parts[-1])
