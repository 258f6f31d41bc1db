"""What stands behind a URL, as artifacts: read as a stream or in ranges, never written to disk."""

import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from linter.errors import UsageError
from linter.model import Problem
from linter.sources import Artifact, InputProblem, Limits, Skipped
from linter.sources.addresses import Urls, filesystem
from linter.sources.archive import Archive, packed
from linter.sources.files import HEAD, too_large
from linter.sources.raw import PipeBytes, Raw
from linter.sources.tree import Gatherer
from linter.sources.unpack import compression
from linter.sources.watch import ChangedError, ToldError, TrickleError, Watch

Item = Artifact | Problem | Skipped

_PATIENCE: Final = 20
"""How many times `--timeout` one request for a part may take in all, and how long a stream may be slower than this:"""
_SLOWEST: Final = 1024
"""Bytes in a second."""
_BLOCK: Final = 4 * 2**20
_TRIES: Final = 3
_FINAL: Final = (FileNotFoundError, PermissionError, ToldError)
"""What another try does not change."""
_CERTIFICATE: Final = "name the file of its certificate authority in SSL_CERT_FILE"


class _Kept(Artifact):
    """A file behind a URL, read once and kept packed: its positions are looked up afterwards."""

    __slots__ = ("_packed",)

    def __init__(self, path: str, number: int, limits: Limits, data: bytes) -> None:
        super().__init__(path, number, limits=limits, named=True)
        self._packed = zlib.compress(data, 1)

    def read(self) -> bytes:
        """Return the bytes."""
        return zlib.decompress(self._packed)


class RangeBytes:
    """A file of which any part can be asked for. A part that does not come is asked for again."""

    direct = False

    def __init__(self, stream: Any, path: str, told: Callable[[Exception, int], Problem]) -> None:
        self.path = path
        self.size = int(stream.size)
        self._stream = stream
        self._told = told

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`."""
        size = max(min(size, self.size - offset), 0)
        for left in reversed(range(_TRIES)):
            try:
                self._stream.seek(offset)
                data = bytes(self._stream.read(size))
            except Exception as error:  # noqa: BLE001 - each store has its own; what it means is said below
                if not left or isinstance(error, _FINAL):
                    raise InputProblem(self._told(error, offset)) from None
            else:
                if len(data) == size:
                    return data
        raise InputProblem(self._told(EOFError(), offset))


class _Stream:
    """A file that comes from its beginning to its end, once."""

    def __init__(self, stream: Any, told: Callable[[Exception, int], Problem], timeout: float) -> None:
        self._stream = stream
        self._told = told
        self._read = 0
        self._patience = _PATIENCE * timeout
        self._since = time.monotonic()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        try:
            data = bytes(self._stream.read(size))
        except Exception as error:  # noqa: BLE001 - as above
            raise InputProblem(self._told(error, self._read)) from None
        self._read += len(data)
        took = time.monotonic() - self._since
        if took > self._patience and self._read < took * _SLOWEST:
            raise InputProblem(self._told(TrickleError(), self._read))
        return data


def read(number: int, path: str, urls: Urls, gatherer: Gatherer) -> Iterator[Item]:
    """Yield what stands behind the URL that is shown as `path`."""
    limits, timeout, pace = gatherer.limits, urls.timeout, gatherer.pace

    def told(error: Exception, offset: int) -> Problem:
        message, remedy = _reason(error, offset, timeout)
        return Problem(path, message, remedy, fatal=True)

    if gatherer.excluded(path):
        yield Skipped(path, "excluded")
        return
    try:
        raw, head = _opened(path, urls, limits, told)
        if packed(head):
            yield from Archive(raw, number, limits=limits, excluded=gatherer.excluded, pace=pace).items()
            return
        data = _whole(raw, limits, pace)
    except InputProblem as error:
        yield error.problem
        return
    yield too_large(path, limits, named=True) if data is None else _Kept(path, number, limits, data)


def _opened(
    path: str, urls: Urls, limits: Limits, told: Callable[[Exception, int], Problem]
) -> tuple[Raw, bytes]:
    """Open a URL: in ranges where its server gives them, else as a stream. Return it and its first bytes."""
    watch, url = Watch(), urls.addresses[path].reveal()
    try:
        found, name = filesystem(url, urls.timeout, watch, most=_PATIENCE * urls.timeout)
    except UsageError as error:
        raise InputProblem(Problem(path, str(error), "install it where this is read", fatal=True)) from None
    except Exception as error:  # noqa: BLE001 - each store has its own errors, and some are called when they are named
        raise InputProblem(told(error, 0)) from None
    try:
        stream = found.open(name, "rb", block_size=_BLOCK, cache_type="readahead")
        if getattr(stream, "size", None):
            stream.seek(0)
            head = bytes(stream.read(HEAD))
            if watch.ranges is not False:  # else the server gives all, whatever part is asked for
                return RangeBytes(stream, path, told), head
        stream = filesystem(url, urls.timeout, watch)[0].open(name, "rb", block_size=0)  # which may take long
    except Exception as error:  # noqa: BLE001 - as above
        raise InputProblem(told(error, 0)) from None
    once: Any = _Stream(stream, told, urls.timeout)
    head = b""
    while len(head) < HEAD and (part := once.read(HEAD - len(head))):
        head += part
    compact = bool(compression(head)) or head.startswith(b"PK")
    return PipeBytes(once, path, head, packed=compact, limits=limits), head


def _whole(raw: Raw, limits: Limits, pace: Callable[[float], None]) -> bytes | None:
    """Return all bytes; None when they are too many."""
    parts: list[bytes] = []
    size = 0
    while part := raw.at(size, _BLOCK):
        parts.append(part)
        size += len(part)
        if size > limits.file_bytes:
            return None
        pace(size / raw.size if raw.size > 0 else 0.5)
    return b"".join(parts)


def _reason(error: Exception, offset: int, timeout: float) -> tuple[str, str]:
    """Say why a URL could not be read, and what to do. An error may quote the URL: only its kind is told."""
    while isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # what a client takes for the absence of a file may be anything
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, ToldError) or _outdated(error, kinds):
        return getattr(error, "said", ChangedError.said)
    status = getattr(error, "status", 0)
    chain = kinds | {type(error.__cause__).__name__, type(error.__context__).__name__}
    if isinstance(error, FileNotFoundError) or status == 404 or "NoSuchBucket" in kinds:
        return "could not be read: there is nothing (404)", "check the URL"
    if isinstance(error, PermissionError) or status in (401, 403) or "NoCredentialsError" in kinds or _forbidden(error):
        return "could not be read: access is denied", "check the credentials that its store takes from the environment"
    if isinstance(status, int) and status:
        return f"could not be read: the server answers {status}", "try again later, or check the URL"
    if any("Certificate" in kind or "SSL" in kind for kind in chain):
        return "could not be read: its TLS certificate or connection is not accepted", _CERTIFICATE
    if any("Timeout" in kind for kind in kinds):
        return f"could not be read: no answer within {timeout:g} seconds", "give it more time with --timeout"
    if offset or "ClientPayloadError" in kinds:
        return f"could not be read to its end: the connection broke off after {offset:,} bytes", "try again"
    if isinstance(error, OSError) and error.strerror:
        return f"could not be read: {_plain(error)}", "check the host, and that it can be reached from here"
    return f"could not be read: {type(error).__name__}", "check the URL"


def _forbidden(error: Exception) -> bool:
    """Whether Google's store denies access: gcsfs says so in words alone, or names the code of the answer."""
    if hasattr(error, "status"):  # the answer of a web server
        return False
    return getattr(error, "code", 0) == 401 or (isinstance(error, OSError) and str(error).startswith("Forbidden"))


def _outdated(error: Exception, kinds: set[str]) -> bool:
    """Whether an S3 store says that there is another version: s3fs asks for the one that it has seen first."""
    answer = getattr(error.__cause__, "response", None)
    told = answer.get("Error") if isinstance(answer, dict) else None
    code = told.get("Code") if isinstance(told, dict) else None
    return "FileExpired" in kinds or code in ("PreconditionFailed", "412")


def _plain(error: OSError) -> str:
    """The words of the system for an error, without the names that a client adds."""
    import os  # noqa: PLC0415 - only for what fails

    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "no connection"
