"""Where a history is kept: a path or the URL of a database. What is shown of it never holds a password."""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from linter.errors import UsageError

_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
NO_URL: Final = "the history's address is no URL (postgresql://HOST:PORT/DATABASE): put its password into PGPASSWORD"
_LOGIN = re.compile(r"^[^/\\][^/\\:]*:[^/\\]*@")


class Address(NamedTuple):
    """A history's place: `url` for the driver, `shown` for people, `file` of an SQLite database (else "").

    `secrets` are the texts that no message may repeat.
    """

    url: str
    shown: str
    file: str = ""
    secrets: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """Return a text of the driver without the password, on one line."""
        for secret in self.secrets:
            text = text.replace(secret, "•••")
        return " ".join(text.split())


def address(where: str) -> Address:
    """Read what `--history` was given. Raises `UsageError`, which does not repeat what may be a password."""
    scheme, mark, rest = where.partition("://")
    if not mark:
        if not where or _LOGIN.match(where):
            raise UsageError("the history is a path, sqlite:///FILE or postgresql://HOST/DATABASE")
        return _file(where)
    if scheme == "sqlite":
        path = rest.partition("?")[0].removeprefix("/")
        if not rest.startswith("/") or path in ("", ":memory:"):
            raise UsageError("a history in memory is gone at once: name a file, as in sqlite:///scans.db")
        return _file(unquote(path))
    if scheme not in _POSTGRES:
        raise UsageError("a history is kept in SQLite or PostgreSQL: sqlite:///FILE or postgresql://HOST/DATABASE")
    return _postgres(rest)


def _file(path: str) -> Address:
    return Address("sqlite", path, path)


def _postgres(rest: str) -> Address:
    try:
        parts = urlsplit(f"postgresql://{rest}")
        host, password = parts.hostname or "", parts.password or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise UsageError(NO_URL) from None
    user = f"{parts.username}@" if parts.username else ""
    secrets = {password, unquote(password)}
    for pair in parts.query.split("&"):
        key, _, value = pair.partition("=")
        if "pass" in key.lower():
            secrets |= {value, unquote(value)}
    shown = f"postgresql://{user}{host}{port}{parts.path}"
    ordered = tuple(sorted(secrets - {""}, key=len, reverse=True))
    return Address(f"postgresql+psycopg://{rest}", shown, secrets=ordered)
