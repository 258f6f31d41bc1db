"""The second line of defence: what looks like a credential is masked in any text, in any writing of its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.excerpts import scrub
from linter.secret import MASK

FIELDS = ("auth", "password", "passwd", "identitytoken", "registrytoken", "token", "secret", "apikey")
WORDS = ("password is ", "passwd was ", "passphrase => ", "token -> ", "api key is ", "apikey was ")
AROUND = st.text(st.sampled_from("ab x é\u017f\u0130漢.,;()"), max_size=12)


@st.composite
def any_case(draw, texts):
    text = draw(st.sampled_from(texts))
    return "".join(draw(st.sampled_from((sign.lower(), sign.upper()))) for sign in text)


@given(AROUND, any_case(FIELDS), st.sampled_from((": ", "=", '": "', " : ")), AROUND)
def test_the_value_of_a_field_is_masked_in_any_writing(before, field, between, after):
    text = scrub(f"{before} {field}{between}hunter2-example, {after}")
    assert "hunter2" not in text
    assert MASK in text
    assert field in text


@given(AROUND, any_case(WORDS), AROUND)
def test_what_words_call_a_credential_is_masked(before, words, after):
    text = scrub(f"{before} {words}hunter2-example {after}")
    assert "hunter2" not in text
    assert words.strip() in text


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@registry.example.com/v2/",
        "dial user:hunter2@registry.example.com",
        "aHVudGVyMi1leGFtcGxlLWh1bnRlcjItZXhhbXBsZS1odW50ZXIy",
        "got eyJhbGciOi.eyJzdWIi.c2ln here",
        "\u017fecret: hunter2",  # the long s folds to an s
    ],
)
def test_what_looks_like_a_credential_is_masked(text):
    assert MASK in scrub(text)
    assert "hunter2" not in scrub(text)


def test_what_is_none_stays():
    text = "the image quay.io/shop/web@sha256:0a1b was not found at registry.example.com:5000 # regcred"
    assert scrub(text) == text
