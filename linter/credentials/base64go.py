"""Base64 as Go's ``encoding/base64`` reads it, in the three places where a credential passes through it.

* a Secret's ``data`` values: ``[]byte`` fields of a JSON object, hence ``StdEncoding`` (Kubernetes, all releases);
* the ``auth`` field as the kubelet reads it: padded or unpadded, Kubernetes 1.22 and later
  (``credentialprovider/config.go``);
* the ``auth`` field as containers/image reads it: ``StdEncoding`` only (``pkg/docker/config/config.go``).

Go skips CR and LF wherever they stand, refuses every other white space, and accepts non-zero trailing bits.
"""

from __future__ import annotations

import binascii
from typing import Final

from linter.patterns import lazy
from linter.record import NamedTuple

__all__ = [
    "Base64Error",
    "Credential",
    "CredentialError",
    "decode_auth",
    "decode_base64",
    "decode_base64_field",
    "decode_data",
]

_ALPHABET: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_BODY: Final = lazy(rb"[A-Za-z0-9+/]*")
_GO_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BAD_BYTE: Final = lazy("[\udc80-\udcff]")
NO_COLON: Final = "unable to parse auth field, must be formatted as base64(username:password)"
"""The kubelet's message for an ``auth`` without a colon (Kubernetes 1.34)."""


class Base64Error(NamedTuple):
    """Where decoding stopped: ``offset`` counts bytes of the UTF-8 text, as Go's ``CorruptInputError`` does."""

    offset: int
    message: str


class CredentialError(NamedTuple):
    """Why an ``auth`` field yields no credential; ``offset`` is None when only the colon is missing."""

    message: str
    offset: int | None = None


class Credential(NamedTuple):
    """A user name and password in plain text; its representation is masked."""

    username: str
    password: str

    def __repr__(self) -> str:
        """Mask both halves."""
        return "Credential(***)"


def decode_base64(text: str, *, padded: bool) -> bytes | Base64Error:
    """Decode standard-alphabet base64 as Go's ``StdEncoding`` (``padded``) or ``RawStdEncoding`` does."""
    source = text.encode("utf-8", "surrogatepass")
    compact = source.translate(None, b"\r\n")
    match = _BODY.match(compact)
    body = match[0] if match else b""
    padding = compact[len(body) :]
    missing = -len(body) % 4
    if missing != 3 and padding == (b"=" * missing if padded else b""):
        return binascii.a2b_base64(body + b"=" * missing)
    offset = _corrupt_offset(source, padded=padded)
    return Base64Error(offset, f"illegal base64 data at input byte {offset}")


def _corrupt_offset(source: bytes, *, padded: bool) -> int:
    """Find the offset that Go's decoder names, for input already known to be corrupt.

    Follows ``decodeQuantum`` (Go 1.19 to 1.24): groups of four digits; inside a group the offset of a premature end
    is the end of the text minus the digits read.
    """
    at, digits, end = 0, 0, len(source)
    while at < end:
        byte = source[at]
        at += 1
        if byte in _ALPHABET:
            digits = (digits + 1) % 4
        elif byte in b"\r\n":
            continue
        elif not padded or byte != 0x3D or digits < 2:
            return at - 1
        else:
            return _corrupt_padding(source, at, digits)
    return end - digits


def _corrupt_padding(source: bytes, at: int, digits: int) -> int:
    """Continue behind the first ``=`` of a group with two or three digits."""
    end = len(source)

    def skip(cursor: int) -> int:
        while cursor < end and source[cursor] in b"\r\n":
            cursor += 1
        return cursor

    if digits == 2:
        at = skip(at)
        if at == end:
            return end
        if source[at] != 0x3D:
            return at - 1
        at += 1
    return skip(at)


def decode_base64_field(value: str) -> bytes | None:
    """Decode a Kubernetes ``data`` value; None when the API server refuses it."""
    decoded = decode_data(value)
    return decoded if isinstance(decoded, bytes) else None


def decode_data(text: str) -> bytes | Base64Error:
    """Decode a Kubernetes ``data`` value: standard alphabet, padded; CR and LF are skipped, all else is an error."""
    return decode_base64(text, padded=True)


def scrub_bytes(value: bytes) -> str:
    """Decode bytes; every byte that is not UTF-8 becomes U+FFFD, as Go's JSON encoder writes it."""
    try:
        return value.decode()
    except UnicodeDecodeError:  # Python's "replace" joins some bad bytes, Go replaces each
        return _BAD_BYTE.sub("\ufffd", value.decode("utf-8", "surrogateescape"))


def decode_auth(text: str) -> Credential | CredentialError:
    """Decode an ``auth`` field as the kubelet does (Kubernetes 1.34, ``decodeDockerConfigFieldAuth``).

    Text that ends in ``=`` once trimmed is read as padded base64, any other text as unpadded; trimming serves that
    choice only.
    """
    decoded = decode_base64(text, padded=text.strip(_GO_SPACE).endswith("="))
    if isinstance(decoded, Base64Error):
        return CredentialError(decoded.message, decoded.offset)
    user, colon, password = decoded.partition(b":")
    return Credential(scrub_bytes(user), scrub_bytes(password)) if colon else CredentialError(NO_COLON)
