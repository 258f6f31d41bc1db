"""`Sensitive`: a credential that cannot be printed, formatted, serialised or pickled by accident."""

import re
from typing import Final, NoReturn

MASK: Final = "•••"
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s]*@|^[^/@\s:]+:[^/@\s]*@")


def shown(key: str | None, limit: int = 120) -> str:
    """A registry key as it may be shown: user information is masked, and what is very long is cut."""
    clean = _USER_INFO.sub(f"{MASK}@", key or "")
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


class Sensitive:
    """Text that must reach no output: `reveal()` is the one way to it, and is easy to search for.

    Equality and hash follow the text, so that equal credentials can be recognised without being shown.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself. Only the fix that must carry a credential, and the heart, may call this."""
        return self._text

    def __len__(self) -> int:
        return len(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sensitive) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Sensitive({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Sensitive value is never serialised; reveal() it where the fix needs it")
