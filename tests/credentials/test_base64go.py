"""Base64 as Go decodes it, and the credential inside an ``auth`` field."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import (
    Base64Error,
    Credential,
    CredentialError,
    decode_auth,
    decode_base64,
    decode_base64_field,
    decode_data,
)


@pytest.mark.parametrize("text", ["dXNlcjpwYXNz", "dXNl\ncjpwYXNz", "\r\ndXNlcjpwYXNz\n"])
def test_data_values_may_hold_line_breaks(text: str) -> None:
    assert decode_data(text) == b"user:pass"
    assert decode_base64_field(text) == b"user:pass"


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("dXNl cjpw", 4),
        ("dXNl\tcjpw", 4),
        ("dX-l", 2),
        ("dTpwYQ", 4),
        ("dTpwYQ=", 7),
        ("dTpwYQ=x", 6),
        ("dTpwYQ==x", 8),
        ("=", 0),
        ("a=", 1),
        ("abcde", 4),
        ("abcde===", 5),
        ("Q", 0),
        ("é", 0),
    ],
)
def test_data_errors_name_the_byte(text: str, offset: int) -> None:
    decoded = decode_data(text)
    assert isinstance(decoded, Base64Error)
    assert decoded == (offset, f"illegal base64 data at input byte {offset}")
    assert decode_base64_field(text) is None


def test_trailing_bits_are_ignored() -> None:
    assert decode_data("dTpwYf==") == decode_data("dTpwYQ==") == b"u:pa"


@pytest.mark.parametrize(
    ("text", "credential"),
    [
        ("dXNlcjpwYXNz", ("user", "pass")),
        ("dTpwYQ==", ("u", "pa")),
        ("dTpwYQ", ("u", "pa")),
        ("dTpwYQ==\n", ("u", "pa")),
        ("dTpw\nYQ", ("u", "pa")),
        ("dTphOmI=", ("u", "a:b")),
        ("Og==", ("", "")),
        ("dTpwCg==", ("u", "p\n")),
        ("Ov/+", ("", "\ufffd\ufffd")),
    ],
)
def test_auth_padded_or_not(text: str, credential: tuple[str, str]) -> None:
    assert decode_auth(text) == credential


@pytest.mark.parametrize("text", ["dTpwYQ= ", "dTpwYQ=", " dTpw", "dTpw ", "dT8_Pjpw", "b3Blb=", "!!"])
def test_auth_that_is_not_base64(text: str) -> None:
    decoded = decode_auth(text)
    assert isinstance(decoded, CredentialError)
    assert decoded.message == f"illegal base64 data at input byte {decoded.offset}"


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("QUFBA", 4),
        ("QUFBA===", 5),
        ("dTpwYQ==\u3000", 8),  # white space to Go's TrimSpace: read as padded
        ("dTpwYQ==\x1c", 6),  # white space to Python alone: read as unpadded
    ],
)
def test_auth_errors_name_the_byte(text: str, offset: int) -> None:
    decoded = decode_auth(text)
    assert isinstance(decoded, CredentialError)
    assert decoded.offset == offset


@pytest.mark.parametrize("text", ["bm9jb2xvbg==", "b3Blbg==", "\n"])
def test_auth_without_a_colon(text: str) -> None:
    decoded = decode_auth(text)
    assert isinstance(decoded, CredentialError)
    assert "base64(username:password)" in decoded.message
    assert decoded.offset is None


def test_a_credential_does_not_show_itself() -> None:
    decoded = decode_auth("cm9ib3Q6aHVudGVyMg==")
    assert isinstance(decoded, Credential)
    assert "hunter2" not in f"{decoded} {decoded!r}"


@given(st.binary(max_size=40), st.data())
def test_round_trip_with_line_breaks_anywhere(payload: bytes, data: st.DataObject) -> None:
    padded = base64.b64encode(payload).decode()
    at = data.draw(st.integers(0, len(padded)))
    assert decode_base64(padded[:at] + "\r\n" + padded[at:], padded=True) == payload
    assert decode_base64(padded.rstrip("="), padded=False) == payload


@given(st.text(max_size=20))
def test_padded_base64_agrees_with_a_strict_decoder(text: str) -> None:
    compact = text.replace("\r", "").replace("\n", "")
    try:
        expected: bytes | None = base64.b64decode(compact, validate=True)
    except ValueError:
        expected = None
    assert decode_base64_field(text) == expected


@given(st.text(st.characters(codec="utf-8", exclude_characters=":"), max_size=10), st.text(max_size=10))
def test_a_credential_survives_encoding(username: str, password: str) -> None:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    assert decode_auth(encoded) == decode_auth(encoded.rstrip("=")) == (username, password)
