"""URLs among the arguments: told from paths, shown without what may be a credential, patterns in them replaced.

What a URL says is given on as a `Sensitive`: signed queries and user information are credentials.
"""

import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from linter.errors import UsageError, missing_extra
from linter.secret import MASK, Sensitive
from linter.sources.watch import Watch

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
_LOCAL: Final = frozenset({"file", "local"})
_WEB: Final = frozenset({"http", "https"})
_GOOGLE: Final = frozenset({"gs", "gcs"})
_AMAZON: Final = frozenset({"s3", "s3a"})
_HOSTED: Final = frozenset({"ftp", "sftp", "ssh", "smb", "webhdfs", "hdfs"})
"""Stores whose names, once taken apart, no longer tell the host."""


class Urls(NamedTuple):
    """The URLs behind arguments that stand for one, as they are shown; `timeout` is in seconds, for each answer."""

    addresses: Mapping[str, Sensitive]
    timeout: float


def is_url(path: str) -> bool:
    """Tell whether an argument is a URL."""
    return "://" in path and _URL.match(path) is not None


def shown(url: str) -> str:
    """A URL without user information, query and fragment: each of them may be a credential."""
    scheme, _, rest = url.partition("://")
    body, query, _ = rest.partition("?")
    body = body.partition("#")[0] if scheme.lower().startswith("http") else body
    host, slash, path = body.partition("/")
    user, mark, host = host.rpartition("@")
    clean = f"{scheme}://{MASK + '@' if user or mark else ''}{host}{slash}{path}"
    text = f"{clean}?{MASK}" if query else clean
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def named(arguments: Sequence[str], timeout: float) -> tuple[tuple[str, ...], Urls]:
    """Return arguments as they are shown, and the URLs behind them.

    A URL with a pattern stands for all that match it, in the order of their names.
    Raises `UsageError` for URLs of a kind that nothing installed can read.
    """
    paths: list[str] = []
    addresses: dict[str, Sensitive] = {}
    for argument in arguments:
        if not is_url(argument):
            paths.append(argument)
            continue
        for url in _matching(argument, timeout):
            text = shown(url)
            number = 1
            while text in addresses:
                number += 1
                text = f"{shown(url)} ({number})"
            paths.append(text)
            addresses[text] = Sensitive(url)
    return tuple(paths), Urls(addresses, timeout)


def filesystem(
    url: str, timeout: float, watch: Watch | None = None, *, most: float | None = None
) -> tuple[Any, str]:
    """Return what reads a URL, and what it calls the file. Raises `UsageError` when nothing can.

    `watch` hears all answers of a web server, none of which may take longer than `most` seconds.
    fsspec has no types: it is imported here and nowhere else.
    """
    scheme = url.partition("://")[0].lower()
    if scheme in _LOCAL:
        raise UsageError(f"{shown(url)}: name a file of this machine by its path")
    if "::" in url.partition("?")[0]:
        raise UsageError(f"{shown(url)}: a URL with :: goes through other places first: name the place itself")
    try:
        fsspec: Any = importlib.import_module("fsspec.core")
        options: dict[str, Any] = {}
        if scheme in (*_WEB, *_GOOGLE):
            aiohttp: Any = importlib.import_module("aiohttp")
            wait = aiohttp.ClientTimeout(total=most, connect=timeout, sock_connect=timeout, sock_read=timeout)
            # The environment may name a proxy, and `.netrc` hold credentials, as for any other program. What is packed
            # on the way has another size and version than the file.
            plain = {"Accept-Encoding": "identity"}
            session: dict[str, Any] = {"timeout": wait, "trust_env": True, "headers": plain}
            if watch is not None:
                trace = aiohttp.TraceConfig()
                trace.on_request_end.append(watch.heard if scheme in _WEB else watch.heard_media)
                session["trace_configs"] = [trace]
            options["client_kwargs"] = session
        if scheme in _GOOGLE:
            options = {"session_kwargs": session, "requests_timeout": wait, "access": "read_only"}
            # Else it asks for the kind of a bucket on a way of its own, which no `--timeout` bounds and nobody watches.
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        elif scheme in _AMAZON:
            # What is set for fsspec itself (`FSSPEC_S3_CONFIG_KWARGS`) stays.
            own = importlib.import_module("fsspec.config").conf.get("s3", {}).get("config_kwargs")
            waits = {"connect_timeout": timeout, "read_timeout": timeout}
            options["config_kwargs"] = {**waits, **own} if isinstance(own, dict) else waits
    except ImportError as error:
        missing = (error.name or "fsspec").partition(".")[0]
        raise missing_extra(f"{shown(url)}: URLs need", missing, "url") from None
    try:
        found, path = fsspec.url_to_fs(url, skip_instance_cache=True, **options)
    except ImportError as error:
        package = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}.get(scheme, error.name or "")
        remedy = f"pip install {package}" if package else "fsspec names it in its documentation"
        raise UsageError(f"{shown(url)}: {scheme}:// needs a package that is not installed: {remedy}") from None
    except ValueError:
        raise UsageError(f"{shown(url)}: nothing reads {scheme}://; fsspec has a list of what it reads") from None
    return found, path


def _matching(url: str, timeout: float) -> Iterator[str]:
    """Yield the URLs that a pattern stands for; one that matches nothing stands for itself, and is not found later."""
    try:
        found, path = filesystem(url, timeout)
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - some stores are called as soon as they are named; as below
        yield url
        return
    scheme, _, rest = url.partition("://")
    pattern = rest.partition("?")[0] if scheme.lower().startswith("http") else rest
    if not any(sign in pattern for sign in ("*", "[")):
        yield url
        return
    try:
        names = sorted(str(name) for name in found.glob(path))
    except Exception:  # noqa: BLE001 - each store has its own errors; what it is, is said when it is read
        names = []
    origin = urlsplit(url).netloc
    for name in names or [""]:
        if not name:
            yield url
        elif scheme.lower() in _HOSTED:
            yield f"{scheme}://{origin}/{name.lstrip('/')}"
        else:
            yield str(found.unstrip_protocol(name))
