"""`Sensitive`: a credential that cannot be printed, formatted, serialised or pickled by accident."""

import re
from functools import lru_cache
from typing import Final, NoReturn

from linter.patterns import lazy

MASK: Final = "•••"
_OFTEN_SHOWN: Final = 256
_SCHEME: Final = lazy(r"^[A-Za-z][A-Za-z0-9+.-]{0,30}:(?=//)")
_AT: Final = lazy(r"@(?!sha\d{3}:)")
"""What ends the user information of an address; a digest begins alike."""
_TAG: Final = lazy(r"\d{0,5}\Z|[*?]+\Z|latest\Z|v?\d[\d.]{0,20}(?:-[a-z]{1,12}\d{0,4})?\Z")
"""What may stand behind the colon of a host: a port, or a tag that was left in. All else may be a password."""


def shown(key: str | None, limit: int = 120) -> str:
    """A registry key as it may be shown: user information and queries are masked, and what is very long is cut."""
    # The same few keys stand in many secrets, and are shown for every image that one of them is compared with.
    return _shown(key, limit) if key is None or len(key) <= _OFTEN_SHOWN else _shown.__wrapped__(key, limit)


@lru_cache(maxsize=2**13)
def _shown(key: str | None, limit: int) -> str:
    clean = without_login(key or "")
    clean = _without_query(clean)
    head, slash, rest = clean.partition("//") if _SCHEME.match(clean) or clean.startswith("//") else ("", "", clean)
    host, path, tail = rest.partition("/")
    name, colon, port = host.rpartition(":")
    if colon and not name.startswith("[") and not _TAG.match(port):
        host = f"{name.partition(':')[0]}:{MASK}"
    clean = f"{head}{slash}{host}{path}{tail}"
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def without_login(address: str) -> str:
    """An image reference or address without what stands before its host: `user:password@`, whatever it is made of.

    No image can be pulled by such a reference; people write it all the same.
    """
    if "@" not in address:
        return address
    scheme = _SCHEME.match(address)
    start = scheme.end() + 2 if scheme else 2 if address.startswith("//") else 0
    ends = [found.start() for found in _AT.finditer(address, start)]
    if not ends or (not scheme and not start and ":" not in address[: ends[-1]] and "/" in address[: ends[-1]]):
        return address
    return f"{address[:start]}{MASK}{address[ends[-1]:]}"


_LOGIN: Final = lazy(
    r"(?<=//)[^/\s\"'`]{1,600}(?=@(?!sha\d{3}:))|(?<![\w.-])[^\s/@:\"'`]{1,200}:(?!//)[^\s\"'`]{1,400}(?=@(?!sha\d{3}:))"
)


def without_logins(text: str) -> str:
    """A text of any kind with the logins of all addresses in it masked, as in `without_login`."""
    return _LOGIN.sub(MASK, text) if "@" in text else text


_WORD: Final = lazy(r"[A-Za-z]{0,3}\d{0,4}|[A-Za-z]{1,20}(?:[-_ ][a-zA-Z0-9]{1,20}){0,5}")


def worded(text: str) -> str:
    """What stands where the name of a rule or setting is expected, quoted; masked if it is like no such name."""
    return repr(text) if _WORD.fullmatch(text) else MASK


_QUERY: Final = lazy(r"[?#](?=.)", re.DOTALL)


def _without_query(key: str) -> str:
    found = _QUERY.search(key)
    return key if found is None else f"{key[: found.end()]}{MASK}"


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
        return isinstance(other, Sensitive) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return f"Sensitive({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Sensitive value is never serialised; reveal() it where the fix needs it")


class Changed(Sensitive):
    """Another text with a stretch of it replaced, put together when it is revealed.

    A secret may have thousands of entries, and each a fix that leaves all the others as they are.
    """

    __slots__ = ("_base", "_end", "_start")

    def __init__(self, base: Sensitive, start: int, end: int, text: str) -> None:
        super().__init__(text)
        self._base, self._start, self._end = base, start, end

    @property
    def parts(self) -> tuple[Sensitive, int, int, str]:
        """What it is made of: the other text, where the stretch begins and ends there, and what takes its place."""
        return self._base, self._start, self._end, self._text

    def reveal(self) -> str:
        """As `Sensitive.reveal`."""
        base = self._base.reveal()
        return base[: self._start] + self._text + base[self._end :]

    def __len__(self) -> int:
        return len(self._base) + len(self._text) - (self._end - self._start)

    def __bool__(self) -> bool:
        return len(self) > 0


_LARGE: Final = 8_192
"""Characters from which on a changed text is kept as what is changed."""


def changed(base: Sensitive, text: str) -> Sensitive:
    """Return `text`, which was made of `base`; what they have in common is not kept twice where it is much."""
    if len(text) < _LARGE:
        return Sensitive(text)
    from linter.stretches import change  # noqa: PLC0415 - few payloads are large

    start, end, middle = change(base.reveal(), text)
    return Changed(base, start, end, middle) if 2 * len(middle) < len(text) else Sensitive(text)
