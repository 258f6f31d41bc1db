"""The part of Go's ``net/url``, ``net`` and ``path/filepath`` through which every registry key passes.

Rules of ``url.Parse`` for ``https://…`` as current Go releases have them: square brackets only around an IPv6 literal
(Go 1.24.8, 1.25.2 and later; older releases accepted ``q[u]ay.io``, which then is a shell pattern), which stands at the
start of the host (Go 1.25.8, 1.26.1 and later; others dropped the ``x`` of ``x[::1]:5000``), and a host of several
colons (``h:1:2``) still parses (Go before 1.26).  Text is handled as Python ``str`` in which a byte that is not UTF-8
is one lone surrogate.
"""

from __future__ import annotations

import re
from typing import Final

from linter.patterns import lazy
from linter.record import NamedTuple

__all__ = ["GLOB", "HostPath", "UrlError", "glob_match", "parse_https", "split_host_port", "utf8"]

GLOB: Final = frozenset("*?[\\")
"""What makes a text a shell pattern."""
_PERCENT: Final = lazy(r"%(?:[0-9a-fA-F]{2})?")
_CONTROL: Final = lazy(r"[\x00-\x1f\x7f]")
_PORT: Final = lazy(r"(?::[0-9]*)?")
_USERINFO: Final = lazy(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_HOST_REFUSED: Final = lazy(r"[\x00-\x20#/?@\\^`{|}\x7f]")
_ADDRESS_MARK: Final = lazy(r"[.:%]")
_HEX_GROUP: Final = lazy(r"[0-9a-fA-F]{1,4}")
_IPV4_FIELD: Final = lazy(r"0|[1-9][0-9]{0,2}")


class UrlError(NamedTuple):
    """Why ``url.Parse`` refuses a text, in Go's words without the text itself."""

    message: str


class HostPath(NamedTuple):
    """``URL.Host`` (port included, as text) and ``URL.Path`` (percent-decoded)."""

    host: str
    path: str


class _RefusedError(Exception):
    """Internal: the text is not a URL."""


def utf8(text: str) -> bytes:
    """Return the bytes Go sees; lone surrogates that stand for no byte become U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", text).encode("utf-8", "surrogateescape")


def parse_https(schemeless: str) -> HostPath | UrlError:
    """Parse ``https://`` + text as Go's ``url.Parse`` does; user info, query and fragment are checked and dropped."""
    try:
        return _parse(schemeless)
    except _RefusedError as refused:
        return UrlError(str(refused))


def _parse(schemeless: str) -> HostPath:
    rest, _, fragment = schemeless.partition("#")
    if _CONTROL.search(rest):
        raise _RefusedError("net/url: invalid control character in URL")
    rest = rest.partition("?")[0]
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    parsed_host = _parse_host(host)
    if at:
        if not _USERINFO.fullmatch(user):
            raise _RefusedError("net/url: invalid userinfo")
        _unescape(user)
    parsed_path = _unescape(slash + path)
    _unescape(fragment)
    return HostPath(parsed_host, parsed_path)


def _unescape(text: str, *, host: bool = False, zone: bool = False) -> str:
    """Percent-decode; a host may escape ``%`` and bytes from 0x80 only, a zone whatever may stand in a host."""
    if (host or zone) and (bad := _HOST_REFUSED.search(text)):
        raise _RefusedError(f"invalid character {bad[0]!a} in host name")
    if "%" not in text:
        return text
    parts: list[bytes] = []
    at = 0
    for match in _PERCENT.finditer(text):
        escape = match[0]
        if len(escape) == 1:
            raise _RefusedError("invalid URL escape")
        code = int(escape[1:], 16)
        if host and code < 0x80 and escape != "%25":
            raise _RefusedError("invalid URL escape in host")
        if zone and code not in (0x20, 0x25) and (code >= 0x80 or _HOST_REFUSED.match(chr(code))):
            raise _RefusedError("invalid URL escape in zone")
        parts += (utf8(text[at : match.start()]), bytes((code,)))
        at = match.end()
    parts.append(utf8(text[at:]))
    return b"".join(parts).decode("utf-8", "surrogateescape")


def _parse_host(host: str) -> str:
    if "[" in host:
        return _parse_literal(host)
    colon = host.rfind(":")
    if colon >= 0 and not _PORT.fullmatch(host, colon):
        raise _RefusedError("invalid port after host")
    return _unescape(host, host=True)


def _parse_literal(host: str) -> str:
    """Read a host with square brackets: ``[IPv6]`` or ``[IPv6]:port``, nothing else."""
    if host.rfind("[") > 0:
        raise _RefusedError("invalid IP-literal")
    close = host.rfind("]")
    if close < 0:
        raise _RefusedError("missing ']' in host")
    port = host[close + 1 :]
    if not _PORT.fullmatch(port):
        raise _RefusedError("invalid port after host")
    inner = host[1:close]
    zone_at = inner.find("%25")
    if zone_at >= 0:
        inner = _unescape(inner[:zone_at], host=True) + _unescape(inner[zone_at:], zone=True)
    else:
        inner = _unescape(inner, host=True)
    if not _is_ipv6(inner):
        raise _RefusedError("invalid host: not an IPv6 address")
    return f"[{inner}]{port}"


def _is_ipv6(text: str) -> bool:
    """Whether ``netip.ParseAddr`` reads an IPv6 address, zone allowed (an IPv4 address is refused in brackets)."""
    first = _ADDRESS_MARK.search(text)
    address, percent, zone = text.partition("%")
    if first is None or first[0] != ":" or (percent and not zone):
        return False
    head, ellipsis, tail = address.partition("::")
    left = _groups(head, last=not ellipsis)
    right = _groups(tail, last=True)
    if left is None or right is None:
        return False
    return left + right <= 7 if ellipsis else left == 8


def _groups(text: str, *, last: bool) -> int | None:
    """Count the 16-bit groups of one side of an address; an IPv4 tail counts two and stands at the very end only."""
    if not text:
        return 0
    *fields, tail = text.split(":")
    if not all(_HEX_GROUP.fullmatch(field) for field in fields):
        return None
    if _HEX_GROUP.fullmatch(tail):
        return len(fields) + 1
    return len(fields) + 2 if last and _is_ipv4(tail) else None


def _is_ipv4(text: str) -> bool:
    """Four decimal fields below 256 without leading zeros."""
    fields = text.split(".")
    return len(fields) == 4 and all(_IPV4_FIELD.fullmatch(field) and int(field) < 256 for field in fields)


def split_host_port(host: str) -> tuple[str, str]:
    """Host and port as ``net.SplitHostPort`` yields them; the whole text and no port where that function fails."""
    colon = host.rfind(":")
    if colon < 0:
        return host, ""
    port = host[colon + 1 :]
    if host[0] == "[":
        end = host.find("]")
        if end < 0 or end + 1 != colon:
            return host, ""
        name, opening, closing = host[1:end], host.find("[", 1), host.find("]", end + 1)
    else:
        name, opening, closing = host[:colon], host.find("["), host.find("]")
        if ":" in name:
            return host, ""
    return (host, "") if opening >= 0 or closing >= 0 else (name, port)


class _BadPatternError(Exception):
    """Internal: ``filepath.ErrBadPattern``."""


def glob_match(pattern: str, name: str) -> bool:
    """Match like Go's ``filepath.Match`` on Unix; a malformed pattern matches nothing.

    Go lets a star end inside a multi-byte character, this one does not; image hosts are ASCII, so no lookup can tell.
    """
    if GLOB.isdisjoint(pattern):
        return pattern == name
    head, _, tail = pattern.partition("*")
    if GLOB.isdisjoint(head) and GLOB.isdisjoint(tail):  # one star and nothing else, as most have it
        end = len(name) - len(tail)
        return end >= len(head) and name.startswith(head) and name.endswith(tail) and name.find("/", len(head), end) < 0
    try:
        return _glob(pattern, name)
    except _BadPatternError:
        return False


def _glob(pattern: str, name: str) -> bool:
    while pattern:
        star, chunk, pattern = _scan_chunk(pattern)
        if star and not chunk:
            return "/" not in name
        rest = _match_chunk(chunk, name)
        if rest is not None and (not rest or pattern):
            name = rest
            continue
        if not star or (rest := _skip_and_match(chunk, name, last=not pattern)) is None:
            return False
        name = rest
    return not name


def _skip_and_match(chunk: str, name: str, *, last: bool) -> str | None:
    """Let a star swallow one character after the other, never a slash."""
    for index, char in enumerate(name):
        if char == "/":
            return None
        rest = _match_chunk(chunk, name[index + 1 :])
        if rest is not None and not (last and rest):
            return rest
    return None


def _scan_chunk(pattern: str) -> tuple[bool, str, str]:
    """Split off leading stars and the text up to the next star outside a class."""
    stripped = pattern.lstrip("*")
    in_class, at = False, 0
    while at < len(stripped):
        char = stripped[at]
        if char == "\\":
            at += 1
        elif char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        elif char == "*" and not in_class:
            break
        at += 1
    return len(stripped) < len(pattern), stripped[:at], stripped[at:]


def _match_chunk(chunk: str, name: str) -> str | None:
    """Match a star-free chunk at the start of a name and return what is left of the name.

    The whole chunk is read even after a mismatch: its syntax errors must surface.
    """
    failed, at = False, 0
    while at < len(chunk):
        failed = failed or not name
        char = chunk[at]
        if char == "[":
            matched, at = _match_class(chunk, at + 1, "" if failed else name[0])
            failed = failed or not matched
        elif char == "?":
            failed = failed or name[0] == "/"
            at += 1
        else:
            if char == "\\":
                at += 1
                if at == len(chunk):
                    raise _BadPatternError
            failed = failed or chunk[at] != name[0]
            at += 1
        name = name[1:]
    return None if failed else name


def _match_class(chunk: str, at: int, char: str) -> tuple[bool, int]:
    """Match one character against ``[...]``; ``at`` stands behind the bracket."""
    negated = chunk[at : at + 1] == "^"
    at += negated
    matched, ranges = False, 0
    while not (ranges and chunk[at : at + 1] == "]"):
        low, at = _class_char(chunk, at)
        high = low
        if chunk[at] == "-":
            high, at = _class_char(chunk, at + 1)
        matched = matched or (bool(char) and low <= char <= high)
        ranges += 1
    return matched != negated, at + 1


def _class_char(chunk: str, at: int) -> tuple[str, int]:
    """One, possibly escaped, character of a class; something must follow it."""
    char = chunk[at : at + 1]
    if char in ("", "-", "]"):
        raise _BadPatternError
    if char == "\\":
        at += 1
        char = chunk[at : at + 1]
        if not char:
            raise _BadPatternError
    if "\ud800" <= char <= "\udfff" or at + 1 >= len(chunk):
        raise _BadPatternError
    return char, at + 1
