"""Decoding loses nothing and says where bytes are no text."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.documents.text import DecodeProblem, decode, encode

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
BOMS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@given(st.text(), st.sampled_from(ENCODINGS))
def test_a_file_with_mark_is_decoded_and_written_back(text: str, encoding: str) -> None:
    if encoding == "utf-16-le" and text.startswith("\0"):
        return  # its bytes are those of a UTF-32 mark
    data = BOMS[encoding] + text.encode(encoding)
    source = decode(data)
    assert (source.text, source.encoding, source.bom) == (text, encoding, True)
    assert encode(source, source.text) == data


@given(st.binary(max_size=60))
def test_whatever_can_be_decoded_is_written_back_exactly(data: bytes) -> None:
    try:
        source = decode(data)
    except DecodeProblem:
        return
    assert encode(source, source.text) == data


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_are_told_without_a_mark(encoding: str) -> None:
    source = decode("kind: Secret\r\na: b\r\n".encode(encoding))
    assert source == ("kind: Secret\r\na: b\r\n", encoding, False, "\r\n")


def test_the_dominant_line_end_is_told() -> None:
    assert decode(b"a\nb\r\nc\n").newline == "\n"
    assert decode(b"a\r\nb\r\nc\n").newline == "\r\n"
    assert decode(b"").newline == "\n"


def test_what_is_no_text_says_where() -> None:
    with pytest.raises(DecodeProblem) as caught:
        decode(b"a: 1\nb: \xff\n")
    assert (caught.value.offset, caught.value.line) == (8, 2)
    with pytest.raises(DecodeProblem):
        decode(codecs.BOM_UTF16_LE + b"a")
