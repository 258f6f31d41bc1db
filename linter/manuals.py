"""The manuals of rules, made of their docstrings: as a page, as a row of a table, and for a terminal."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from linter.model import RuleInfo

_ITEM = re.compile(r"(?P<lead>\s*(?:[-*]|\d+\.)\s+)\S")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_CODE = re.compile(r"(`+)(.+?)\1")
_STRONG = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*|(?<!\w)\*(\S(?:.*?\S)?)\*(?!\w)")

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"


def page_name(rule: RuleInfo) -> str:
    """The file name of a rule's page."""
    return f"{rule.code}-{rule.name}.md"


def facts(rule: RuleInfo) -> str:
    """Severity, family and repair of a rule in one line."""
    return f"{rule.severity.label}, {rule.family}, " + ("has a fix" if rule.fixable else "no automatic fix")


def page(rule: RuleInfo) -> str:
    """A rule's manual as a Markdown page."""
    parts = [f"# {rule.code} {rule.name}", f"{rule.summary}.", f"*{facts(rule)}*"]
    parts += [f"## {heading}\n\n{text.strip()}" for heading, text in rule.sections]
    parts.append(
        "## Accepting it\n\n"
        f"`# regcred: ignore[{rule.name}] reason` on the line or above it, the annotation\n"
        f'`regcred/ignore: "{rule.name}: reason"` on the object, or an entry of `ignore` in `.regcred.yaml`.'
    )
    return "\n\n".join(parts) + "\n"


def table(rules: Sequence[RuleInfo], *, folder: str | None = None) -> str:
    """Rules as a Markdown table; with `folder` ("" or ending in "/") their names lead to their pages there."""
    lines = ["| code | name | severity | fix | what it tells |", "|---|---|---|---|---|"]
    for rule in rules:
        name = rule.name if folder is None else f"[{rule.name}]({folder}{page_name(rule)})"
        summary = rule.summary.replace("|", "\\|").replace("\n", " ")
        lines.append(
            f"| {rule.code} | {name} | {rule.severity.label} | {'yes' if rule.fixable else ''} | {summary} |"
        )
    return "\n".join(lines) + "\n"


def terminal(rule: RuleInfo, *, width: int, color: bool) -> str:
    """A rule's manual for a terminal: wrapped to `width`, listings indented, marks of Markdown taken out."""
    paint = _Paint(color=color)
    lines = [f"{paint.bold(f'{rule.code} {rule.name}')}  ({facts(rule)})"]
    lines += list(_wrapped(f"{rule.summary}.", width, "", paint))
    for heading, text in rule.sections:
        lines += ["", paint.bold(heading), *_section(text, width, paint)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


class _Paint:
    """Terminal escapes, or none."""

    def __init__(self, *, color: bool) -> None:
        self._color = color

    def bold(self, text: str) -> str:
        """Return `text` as a heading."""
        return f"{_BOLD}{text}{_PLAIN}" if self._color else text

    def code(self, text: str) -> str:
        """Return `text` as a word of code; without colours the backquotes stay, to tell it from prose."""
        return f"{_DIM}{text}{_PLAIN}" if self._color else f"`{text}`"


def _section(text: str, width: int, paint: _Paint) -> Iterator[str]:
    """The lines of one section: paragraphs and list items wrapped, listings as they are."""
    gathered: list[str] = []
    lead = ""
    lines = iter(text.strip("\n").split("\n"))

    def close() -> Iterator[str]:
        if gathered:
            yield from _wrapped(" ".join(gathered), width, lead, paint)
            gathered.clear()

    for line in lines:
        fence = _FENCE.match(line)
        item = _ITEM.match(line)
        if fence:
            yield from close()
            for inner in lines:
                if inner.strip().startswith(fence[1]):
                    break
                yield f"    {inner}"
        elif line.startswith("    ") and not gathered:
            yield line
        elif not line.strip():
            yield from close()
            yield ""
            lead = ""
        elif item:
            yield from close()
            lead = item["lead"]
            gathered.append(line[len(lead) :].strip())
        else:
            gathered.append(line.strip())
    yield from close()


def _wrapped(text: str, width: int, lead: str, paint: _Paint) -> Iterator[str]:
    """A paragraph, wrapped before it is painted: escapes have no width."""
    # Blanks inside code must not become line ends, or the marks around it would be torn apart.
    text = _STRONG.sub(lambda match: match[1] or match[2], _CODE.sub(lambda m: m[0].replace(" ", "\0"), text))
    indent = "  " + lead
    lines = textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        yield _CODE.sub(lambda match: paint.code(match[2]), line).replace("\0", " ")
