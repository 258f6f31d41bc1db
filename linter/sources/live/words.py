"""What a server or a program says, made fit to be shown: one line, bounded, no control characters, no token."""

import re
from typing import Final

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
    for line in text.splitlines():
        clean = _CONTROL.sub(" ", line).strip()
        clean = _USER_INFO.sub(f"{MASK}@", clean)
        clean = _PAIR.sub(rf"\1\2{MASK}", clean)
        clean = _TOKEN.sub(MASK, clean)
        if clean:
            lines.append(clean if len(clean) <= limit else clean[: limit - 1] + "…")
        if len(lines) == most:
            break
    return lines
