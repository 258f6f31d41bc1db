"""Scanned text inside Markdown: it is shown, and never becomes markup, a link, a mention or an issue reference."""

import html
import re
from typing import Final

from reports._visible import visible, visible_lines

_JOINER: Final = "&#8288;"  # invisible; keeps sites from making links and mentions of what follows
_MARK: Final = "\ue000"  # stands for the joiner while the text around it is escaped
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~$]")
_LEADING: Final = re.compile(r"^(\d*)([.)#+=-])")  # a list, a heading, a rule
_LINKING: Final = re.compile(r"@(?=\w)|(?<=:)(?=//)|#(?=\d)|!(?=\d)|(?i:www(?=\.))")
_RUN: Final = re.compile(r"`+")


def prose(text: str) -> str:
    """Return `text` for running Markdown text, on one line. Blanks in front would make code of it, or hide a mark."""
    joined = _MARK.join(_split_links(visible(text).lstrip().replace(_MARK, "\ufffd")))
    escaped = _LEADING.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", joined))
    return escaped.replace("&", "&amp;").replace(_MARK, _JOINER)


def inline(text: str) -> str:
    """Return `text` for HTML inside Markdown (a `<summary>`), on one line."""
    joined = _MARK.join(_split_links(visible(text).replace(_MARK, "\ufffd")))
    return html.escape(joined, quote=True).replace(_MARK, _JOINER)


def _split_links(text: str) -> list[str]:
    """Cut `text` wherever a site would begin to see a link."""
    cuts = [match.end() for match in _LINKING.finditer(text)]
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def code(text: str) -> str:
    """Return `text` as a code span, on one line; nothing when it is empty."""
    shown = visible(text)
    if not shown.strip():
        return ""
    fence = "`" * (max((len(run) for run in _RUN.findall(shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(text: str, language: str = "") -> str:
    """Return `text`, which may have several lines, as a fenced block."""
    lines = visible_lines(text)
    longest = max((len(run) for line in lines for run in _RUN.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *lines, fence])
