"""What a server or a program says, made fit to be shown: one line, bounded, no control characters, no token."""

import os
import re
import shlex
from collections.abc import Sequence
from typing import Final

from linter.secret import without_logins

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s]*@")
_TOKEN: Final = re.compile(r"(?i)(?<![A-Za-z0-9])(?:bearer|basic)\s+\S+|[A-Za-z0-9_+/=-]{40,}(?:\.[A-Za-z0-9_+/=-]+)*")
_PAIR: Final = re.compile(r"(?i)\b(password|passwd|token|secret|auth|authorization)\b(\s*[=:]\s*)\S+")
MASK: Final = "•••"


def plain(text: str, limit: int = 240) -> str:
    """Return the first line of `text` as it may be shown."""
    return plain_lines(text, 1, limit)[0] if text.strip() else ""


def plain_lines(text: str, most: int, limit: int = 240) -> list[str]:
    """Return the first `most` lines of `text` that are not empty, each as it may be shown."""
    lines = []
    said = text.strip().splitlines()
    if said and said[0].startswith("Traceback "):  # what a Python program says of its end stands at the end
        said = said[-1:]
    for line in said:
        clean = _CONTROL.sub(" ", line).strip()
        clean = _USER_INFO.sub(f"{MASK}@", clean)
        clean = _PAIR.sub(rf"\1\2{MASK}", clean)
        clean = _TOKEN.sub(MASK, clean)
        if clean:
            lines.append(clean if len(clean) <= limit else clean[: limit - 1] + "…")
        if len(lines) == most:
            break
    return lines


def command_line(words: Sequence[str]) -> str:
    """Return a command as it may be shown: the program without its folder, paths from here on, no login, no query."""
    return plain_word(shlex.join([os.path.basename(words[0]), *map(_word, words[1:])]))


def _word(word: str) -> str:
    here = os.path.join(os.getcwd(), "")
    return without_logins(word.removeprefix(here).partition("?")[0])


def plain_word(text: str, limit: int = 240) -> str:
    """Return text of our own, which may quote names, on one line."""
    clean = _CONTROL.sub(" ", text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
