"""What a result depends on, in one hash: the content of the input, the settings, the version. Never a credential."""

import hashlib
import os
from collections.abc import Iterator
from typing import Final

from linter import __version__
from linter.fleet.work import Unit
from linter.settings import RuleFiles, Settings
from linter.sources import Artifact, Limits, gather
from linter.sources.addresses import filesystem
from linter.universes import plain_name

_VERSIONS: Final = frozenset(
    {"ETag", "etag", "Last-Modified", "LastModified", "last_modified", "mtime", "modified", "created", "generation"}
)
_FORM: Final = 1
"""Counts up whenever results are kept in another form."""


def key(unit: Unit) -> str:
    """Return the key of what comes of a unit; "" where the content of its input cannot be told without reading it."""
    content = list(_content(unit))
    if not content:
        return ""
    name = plain_name(unit.path)
    others = [plain_name(path) for path in unit.among.arguments if path != unit.path]
    parts = (
        _FORM,
        __version__,
        unit.path,
        len(unit.among.arguments) > 1,
        any(name == other or name.startswith(f"{other}/") for other in others),
        unit.scope,
        unit.select,
        unit.ignore,
        sorted(unit.wants),
        unit.names,
        unit.settings,
        list(_rules(unit.settings)),
        content,
    )
    return hashlib.sha256("\n".join(map(repr, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def _content(unit: Unit) -> Iterator[tuple[object, ...]]:
    """What tells the content of an input from any other that it may have had; nothing where that is not known."""
    path = unit.path
    if path.startswith("cluster:"):
        return
    if unit.address is not None:
        yield from _remote(unit.address.open(), unit.timeout)
        return
    if not os.path.isdir(path):
        yield _identity(path)
        return
    for entry in gather((path,), exclude=unit.settings.exclude, limits=Limits.given(unit.settings.limits)):
        if isinstance(entry, Artifact):
            yield (entry.path, *_identity(entry.file))
        else:
            yield tuple(entry)


def _remote(url: str, timeout: float) -> Iterator[tuple[object, ...]]:
    """What a server says of a file that changes with its content, if it says anything of the kind."""
    found, path = filesystem(url, timeout)
    try:
        info = found.info(path)
    except Exception:  # noqa: BLE001 - each store has its own errors; what it is, is said when it is read
        return
    told = [(name, str(info[name])) for name in sorted(_VERSIONS & info.keys()) if info[name]]
    if told:
        yield (url, info.get("size"), *told)


def _identity(file: str) -> tuple[object, ...]:
    try:
        status = os.stat(file)
    except OSError as error:
        return (error.errno,)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _rules(settings: Settings) -> Iterator[tuple[str, str]]:
    """The text of the project's own rules."""
    base = os.path.dirname(settings.source)
    for entry in settings.custom:
        if isinstance(entry, RuleFiles):
            full = os.path.join(base, entry.path)
            names = [full] if os.path.isfile(full) else sorted(_below(full))
            for name in names:
                with open(name, "rb") as stream:
                    yield name, hashlib.sha256(stream.read()).hexdigest()


def _below(folder: str) -> Iterator[str]:
    for where, _, names in os.walk(folder):
        yield from (os.path.join(where, name) for name in names if name.endswith(".py"))
