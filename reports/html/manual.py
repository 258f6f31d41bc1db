"""The little Markdown that manuals of rules are written in, as blocks that a template can write down."""

import re
from typing import Final, NamedTuple

_ITEM: Final = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
_FENCE: Final = re.compile(r"\s*(```+|~~~+)")
_INLINE: Final = re.compile(r"(?<!`)(`++)(.+?)(?<!`)\1(?!`)|\*\*(.+?)\*\*")


Parts = tuple[tuple[str, str], ...]
"""Running text in pieces, each with its tag (`code`, `b`) or none."""


class Block(NamedTuple):
    """A paragraph (`p`), a list item (`li`) or a listing (`pre`, one part a line); parts carry their tag or none."""

    kind: str
    parts: Parts


def blocks(text: str) -> list[Block]:
    """Return the blocks of a manual's section."""
    found: list[Block] = []
    gathered: list[str] = []
    kind = "p"
    lines = iter(text.split("\n"))

    def close() -> None:
        if gathered:
            found.append(Block(kind, inline(" ".join(gathered))))
            gathered.clear()

    for line in lines:
        fence = _FENCE.match(line)
        item = _ITEM.match(line)
        if fence:
            close()
            listing = []
            for inner in lines:
                if inner.strip().startswith(fence.group(1)):
                    break
                listing.append(("", inner))
            found.append(Block("pre", tuple(listing)))
        elif not line.strip():
            close()
            kind = "p"
        elif item:
            close()
            kind = "li"
            gathered.append(line[item.end() :].strip())
        else:
            gathered.append(line.strip())
    close()
    return found


def inline(text: str) -> Parts:
    """Cut running text at its code spans and bold words."""
    parts: list[tuple[str, str]] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            parts.append(("", text[at : match.start()]))
        parts.append(("code", match.group(2)) if match.group(1) else ("b", match.group(3)))
        at = match.end()
    if at < len(text):
        parts.append(("", text[at:]))
    return tuple(parts)
