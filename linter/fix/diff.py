"""A diff for people and terminals: what changes, line by line, without showing a credential."""

import difflib
import json
from collections.abc import Iterator
from typing import Any, Protocol

from linter.errors import FixError
from linter.fix.data import to_data
from linter.fix.mask import Pairs, credentials_in, decode, mask_json, mask_lines, sensitive
from linter.fix.tree import Node, parse


class HasText(Protocol):
    """A decoded file, as `linter.documents.text` has it."""

    @property
    def text(self) -> str:
        """The text without byte order mark."""


def unified(before: HasText | str, after: HasText | str, path: str, *, mask: bool = True) -> str:
    """Return a unified diff, credentials masked unless asked, and a diff of every decoded payload that changes.

    A masked diff is made for reading, an unmasked one (without payloads) also for `patch`.
    """
    old, new = _text(before), _text(after)
    if old == new:
        return ""
    from linter.fix.plan import format_of  # noqa: PLC0415

    hint = format_of(path, old)
    old_lines, new_lines = old.split("\n"), new.split("\n")
    if not mask:
        return _diff(old_lines, new_lines, old_lines, new_lines, path)
    known = credentials_in(old, hint) | credentials_in(new, hint)
    shown = _diff(old_lines, new_lines, mask_lines(old, hint, known), mask_lines(new, hint, known), _visible(path))
    parts = [shown, *_payloads(old, new, _visible(path), hint)]
    return "\n".join(_visible(line) for line in "".join(parts).split("\n"))


def _text(source: HasText | str) -> str:
    text = source if isinstance(source, str) else source.text
    return text.removeprefix("\ufeff")


def _diff(old: list[str], new: list[str], old_shown: list[str], new_shown: list[str], path: str) -> str:
    """Compare the true lines and print the shown ones, so that a changed credential is seen to change."""
    lines = [f"--- a/{path}\n", f"+++ b/{path}\n"]
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(3):
        first, last = group[0], group[-1]
        lines.append(f"@@ -{_range(first[1], last[2], old)} +{_range(first[3], last[4], new)} @@\n")
        for tag, one, two, three, four in group:
            if tag == "equal":
                lines += _marked(" ", new_shown, three, four)
                continue
            lines += _marked("-", old_shown, one, two)
            lines += _marked("+", new_shown, three, four)
    return "".join(lines)


def _marked(mark: str, lines: list[str], start: int, stop: int) -> Iterator[str]:
    for at in range(start, stop):
        line = lines[at].removesuffix("\r")
        if at < len(lines) - 1:
            yield f"{mark}{line}\n"
        elif line:
            yield f"{mark}{line}\n\\ No newline at end of file\n"


def _range(start: int, stop: int, lines: list[str]) -> str:
    """Write a hunk's range; the empty piece behind a final line feed is no line."""
    stop = min(stop, len(lines) - (not lines[-1]))
    length = max(stop - start, 0)
    return f"{start + (length > 0)},{length}" if length != 1 else str(start + 1)


def _payloads(old: str, new: str, path: str, hint: str) -> Iterator[str]:
    """Diff every decoded payload that differs: registry keys visible, credentials masked."""
    try:
        pairs = list(zip(_decoded(old, hint), _decoded(new, hint), strict=True))
    except (FixError, ValueError):
        return
    for (route, one), (_, two) in pairs:
        if one == two:
            continue
        if (left := _pretty(one)) is None:
            yield f"decoded payload {route} was not valid JSON"
            yield f", {len(one or '')} characters; it is replaced\n"
            left = ([], [])
        if (right := _pretty(two)) is None:
            continue
        yield _diff(
            [*left[0], ""], [*right[0], ""], [*left[1], ""], [*right[1], ""], f"{path} (decoded payload {route})"
        )


def _decoded(text: str, hint: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for number, root in enumerate(parse(text, hint)):
        stack: list[tuple[str, Node]] = [(f"{number}:" if number else "", root)] if root is not None else []
        while stack:
            route, node = stack.pop()
            for key, value in node.pairs:
                if key.value in ("data", "stringData") and value.kind == "map":
                    for name, leaf in value.pairs:
                        content = to_data(leaf)
                        if sensitive(name.value) and isinstance(content, str):
                            clear = content if key.value == "stringData" else decode(content)
                            found.append((f"{route}/{key.value}/{name.value}", clear))
                stack.append((f"{route}/{key.value}", value))
            stack.extend((f"{route}/{at}", item) for at, item in enumerate(node.items))
    return found


def _pretty(text: str | None) -> tuple[list[str], list[str]] | None:
    """Lay a payload out one member a line, as it is and as it may be shown."""
    try:
        data = json.loads(text or "", object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return None
    return list(_lines(data, "")), list(_lines(mask_json(data), ""))


def _lines(value: Any, margin: str) -> Iterator[str]:
    """Write JSON that may repeat keys, one member a line."""
    if not isinstance(value, Pairs) or not value:
        yield margin + ("{}" if isinstance(value, Pairs) else json.dumps(value, ensure_ascii=False))
        return
    yield margin + "{"
    for name, item in value:
        inner = list(_lines(item, margin + "  "))
        head = f"{margin}  {json.dumps(name, ensure_ascii=False)}: "
        yield head + inner[0].lstrip(" ")
        yield from inner[1:]
    yield margin + "}"


def _visible(text: str) -> str:
    """Make control characters visible: a file must not steer the terminal that shows its diff."""
    return "".join(char if char == "\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in text)
