"""A diff for people and terminals: what changes, line by line, without showing a credential."""

import difflib
import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Protocol

from linter.fix.data import to_data
from linter.fix.mask import Pairs, decode, mask_both, mask_json, parsed, sensitive
from linter.fix.tree import Node
from linter.loglines import commandless


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
        head = _unpatchable(before, path)
        old_lines[0], new_lines[0] = _mark(before) + old_lines[0], _mark(after) + new_lines[0]
        return head + _diff(_ended(old_lines), _ended(new_lines), old_lines, new_lines, path, exact=True)
    one, two = parsed(old, hint), parsed(new, hint)
    old_shown, new_shown = mask_both((old, one), (new, two))
    path = _visible(path).replace("\t", "\\x09")  # where a name ends is told by a tab
    shown = _diff(_ended(old_lines), _ended(new_lines), old_shown, new_shown, path)
    parts = [shown, *_payloads(one or [], two or [], path)]
    return "\n".join(commandless(_visible(line)) for line in "".join(parts).split("\n"))


def _ended(lines: list[str]) -> list[str]:
    """The lines to compare: the last piece, which no line break ends, is the same as no other line."""
    return [*lines[:-1], f"{lines[-1]}\n"]


def _text(source: HasText | str) -> str:
    text = source if isinstance(source, str) else source.text
    return text.removeprefix("\ufeff")


def _mark(source: HasText | str) -> str:
    """The byte order mark of a file, which is part of its first line for `patch`."""
    return "\ufeff" if getattr(source, "bom", False) else ""


def _unpatchable(source: HasText | str, path: str) -> str:
    """Say above a diff, where `patch` looks at nothing, that it cannot be applied to this file."""
    encoding = str(getattr(source, "encoding", "utf-8"))
    if encoding == "utf-8":
        return ""
    return f"# {_quoted(path)} is {encoding.upper()}: read this, and use --fix to apply it\n"


def _diff(
    old: list[str], new: list[str], old_shown: list[str], new_shown: list[str], path: str, *, exact: bool = False
) -> str:
    """Compare the true lines and print the shown ones, so that a changed credential is seen to change."""
    path = path.removeprefix("./").lstrip("/")
    names = [_quoted(f"{side}/{path}") if exact else f"{side}/{path}" for side in "ab"]
    lines = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    for group in _groups(old, new):
        first, last = group[0], group[-1]
        lines.append(f"@@ -{_range(first[1], last[2], old_shown)} +{_range(first[3], last[4], new_shown)} @@\n")
        for tag, one, two, three, four in group:
            if tag == "equal":
                lines += _marked(" ", new_shown, three, four, exact=exact)
                continue
            lines += _marked("-", old_shown, one, two, exact=exact)
            lines += _marked("+", new_shown, three, four, exact=exact)
    return "".join(lines)


def _groups(old: list[str], new: list[str]) -> Iterator[list[tuple[str, int, int, int, int]]]:
    """Group the changes with three lines around them."""
    group: list[tuple[str, int, int, int, int]] = []
    for tag, one, two, three, four in opcodes(old, new):
        if tag != "equal":
            group.append((tag, one, two, three, four))
            continue
        last = two == len(old) and four == len(new)
        if group and (two - one > 6 or last):
            reach = min(3, two - one)
            yield [*group, (tag, one, one + reach, three, three + reach)]
            group = []
        if not last:
            skip = max(two - one - 3, 0) if not group else 0
            group.append((tag, one + skip, two, three + skip, four))
    if any(code[0] != "equal" for code in group):
        yield group


def opcodes(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Compare between lines that both texts hold once: manifests repeat lines so much that difflib alone takes ages."""
    found: list[tuple[str, int, int, int, int]] = []
    one = two = 0
    for left, right in [*_anchors(old, new), (len(old), len(new))]:
        if one < left or two < right:
            piece = difflib.SequenceMatcher(None, old[one:left], new[two:right], autojunk=left - one > 500)
            found += [(tag, a + one, b + one, c + two, d + two) for tag, a, b, c, d in piece.get_opcodes()]
        if left < len(old) and right < len(new):
            found.append(("equal", left, left + 1, right, right + 1))
        one, two = left + 1, right + 1
    for tag, group in groupby(found, key=lambda code: code[0] == "equal"):
        codes = list(group)
        (_, start, _, begin, _), (_, _, stop, _, end) = codes[0], codes[-1]
        kind = "equal" if tag else "replace" if start < stop and begin < end else "delete" if start < stop else "insert"
        yield kind, start, stop, begin, end


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Pair equal lines: those at both ends, and between them the lines that are unique, in an order both share."""
    limit = min(len(old), len(new))
    head = next((at for at in range(limit) if old[at] != new[at]), limit)
    tail = next((at for at in range(limit - head) if old[-1 - at] != new[-1 - at]), limit - head)
    counts, others = Counter(old[head : len(old) - tail]), Counter(new[head : len(new) - tail])
    places = {line: at for at, line in enumerate(new) if others[line] == 1 and head <= at < len(new) - tail}
    pairs = [(at, at) for at in range(head)]
    for at in range(head, len(old) - tail):
        place = places.get(old[at]) if counts[old[at]] == 1 else None
        if place is not None and (not pairs or place > pairs[-1][1]):
            pairs.append((at, place))
    return pairs + [(len(old) - at, len(new) - at) for at in range(tail, 0, -1)]


def _marked(mark: str, lines: list[str], start: int, stop: int, *, exact: bool) -> Iterator[str]:
    for at in range(start, stop):
        line = lines[at] if exact else lines[at].removesuffix("\r")
        if at < len(lines) - 1:
            yield f"{mark}{line}\n"
        elif line:
            yield f"{mark}{line}\n\\ No newline at end of file\n"


def _range(start: int, stop: int, lines: list[str]) -> str:
    """Write a hunk's range; the empty piece behind a final line feed is no line."""
    stop = min(stop, len(lines) - (not lines[-1]))
    length = max(stop - start, 0)
    return f"{start + (length > 0)},{length}" if length != 1 else str(start + 1)


def _payloads(old: list[Node | None], new: list[Node | None], path: str) -> Iterator[str]:
    """Diff every decoded payload that differs: registry keys visible, credentials masked."""
    try:
        pairs = list(zip(_decoded(old), _decoded(new), strict=True))
    except ValueError:  # something was added or removed: then it is seen above
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


def _decoded(roots: list[Node | None]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for number, root in enumerate(roots):
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
        return _lines(data), _lines(mask_json(data))
    except (ValueError, RecursionError):
        return None


def _lines(value: Any) -> list[str]:
    """Write JSON that may repeat keys, one member a line."""
    lines: list[str] = []
    _write(value, "", "", lines)
    return lines


def _write(value: Any, head: str, margin: str, lines: list[str]) -> None:
    """Add the lines of a value behind its `head`; its other lines begin with the `margin`."""
    if not isinstance(value, Pairs) or not value:
        lines.append(head + ("{}" if isinstance(value, Pairs) else json.dumps(value, ensure_ascii=False)))
        return
    lines.append(head + "{")
    for name, item in value:
        _write(item, f"{margin}  {json.dumps(name, ensure_ascii=False)}: ", margin + "  ", lines)
    lines.append(margin + "}")


def _quoted(name: str) -> str:
    """Return a file's name as git and `patch` read it in a diff: whatever is in it, it ends with its last sign."""
    if name.isprintable() and '"' not in name and "\\" not in name:
        return f"{name}\t" if " " in name else name  # `patch` takes a name to end at a space otherwise
    named = name.replace("\\", "\\\\").replace('"', '\\"')
    octal = (sign if sign.isprintable() else "".join(f"\\{byte:03o}" for byte in sign.encode()) for sign in named)
    return f'"{"".join(octal)}"'


def _visible(text: str) -> str:
    """Make control characters visible: a file must not steer the terminal that shows its diff."""
    if text.replace("\t", "").isprintable():
        return text
    return "".join(char if char == "\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in text)
