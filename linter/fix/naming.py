"""Names of files and words of commands, made from names that may be hostile."""

import hashlib
import re
import shlex
from typing import Final

from linter.model import ObjectRef

_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "readme", *(f"{port}{at}" for port in ("com", "lpt") for at in range(10))}
)
"""Names that stand for devices on Windows, whatever their ending, and that of a file which stands beside folders."""
_LONGEST: Final = 80
_PLAIN: Final = frozenset({"", "apps", "batch", "extensions"})
"""API groups of Kubernetes itself, whose kinds are meant where a command names no group."""


def file_name(text: str) -> str:
    """Return a name that every file system takes, with a short hash where it had to be changed and could collide."""
    safe = re.sub(r"[^a-z0-9.-]+", "-", text.lower()).strip(".-")[:_LONGEST].rstrip(".-")
    if safe and safe == text and safe.partition(".")[0] not in _RESERVED:
        return safe
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe or 'unnamed'}-{digest}" if safe.partition(".")[0] not in _RESERVED else f"x-{safe}-{digest}"


def shell(*words: str) -> str:
    """Return a command line in which every word is one word, whatever it holds; control characters are made visible."""
    return " ".join(shlex.quote(one_line(word)) for word in words)


def positional(*words: str) -> tuple[str, ...]:
    """Return arguments that no program takes for options, though a hostile name may start with a dash."""
    return ("--", *words) if any(word.startswith("-") for word in words) else words


def one_line(text: str) -> str:
    """Return text that stays on its line and steers no terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def inline(text: str) -> str:
    """Return text for a line of Markdown: no markup of its own takes effect."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", one_line(text))


def named(ref: ObjectRef) -> tuple[str, ...]:
    """Return the words that name an object in a command: with its group, where another may have a kind of that name."""
    group = ref.api_version.rpartition("/")[0]
    kind = ref.kind.lower() if group in _PLAIN else f"{ref.kind.lower()}.{group}"
    return positional(f"{kind}/{ref.name}")


def namespace(ref: ObjectRef) -> tuple[str, ...]:
    """Return the words that say where an object is, none where that is not known."""
    return ("-n", ref.namespace) if ref.namespace else ()
