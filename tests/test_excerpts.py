"""The second line of defence: what looks like a credential is masked in any text, in any writing of its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter import excerpts
from linter.documents import read
from linter.documents.objects import objects
from linter.excerpts import file_excerpt, scrub
from linter.locate import Locator
from linter.model import Location
from linter.secret import MASK
from reports._visible import cells

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


@given(
    st.lists(st.sampled_from(["name: web", "漢字", "e\u0301", "x" * 30, "kind"]), min_size=12, max_size=150),
    st.integers(min_value=0),
    st.integers(min_value=1, max_value=60),
)
def test_a_long_line_is_cropped_around_what_it_is_shown_for(words, at, length):
    text = " ".join(words)[:1_990]
    start = at % len(text)
    (line,) = file_excerpt(text, start, start + length, (), line=1, values=False)
    pointed = text[start : start + length]
    assert cells(line.text) <= 160
    assert line.text[line.start - 1 : line.end - 1] == pointed
    begin = start - (line.start - 1) + (1 if line.text.startswith("…") else 0)
    shown = line.text.removeprefix("…").removesuffix("…")
    assert text[begin : begin + len(shown)] == shown
    assert line.text.startswith("…") == (begin > 0)
    assert line.text.endswith("…") == (begin + len(shown) < len(text))
    assert cells(line.text) > 150 or shown == text


def test_a_mark_longer_than_what_is_shown_begins_where_it_begins():
    text = "a " * 50 + "b " * 250 + "c"
    (line,) = file_excerpt(text, 100, 600, (), line=1, values=False)
    assert line.text == "…" + "b " * 79 + "…"
    assert (line.start, line.end) == (2, 160)


def test_minified_json_shows_the_place_that_is_meant():
    items = ",".join(f'{{"kind":"Pod","metadata":{{"name":"p{number}"}}}}' for number in range(12))
    text = f'{{"kind":"List","items":[{items}]}}'
    start = text.index('"p9"')
    (line,) = file_excerpt(text, start, start + 4, (), line=1)
    assert line.text[line.start - 1 : line.end - 1] == '"p9"'
    assert "…" in line.text[:1]
    assert '"kind"' in line.text


@given(st.text(alphabet="ab•…\t", min_size=1, max_size=500), st.integers(0, 500), st.integers(1, 500))
def test_a_line_of_narrow_signs_is_cut_as_any_other(text, low, length):
    low = min(low, len(text) - 1)
    last = min(low + length, len(text))
    assert excerpts._window(text, low, last) == excerpts._wide_window(text, low, last)


def test_what_is_learned_late_is_masked_from_then_on():
    text = b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  note: hunter2-example\n"
    locator = Locator(lambda _: text, ())
    assert locator.location(Location("f.yaml", route=("metadata", "name"))).line == 4
    for item in objects(read("f.yaml", text).documents[0]):
        locator.learn(item)
    shown = locator.location(Location("f.yaml", route=("stringData", "note"))).excerpt
    assert shown[-1].text == f"  note: {MASK}"
