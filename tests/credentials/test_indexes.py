"""Indexes of images and keys answer as asking row by row does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import (
    HUB_FALLBACK,
    Consumer,
    ImageIndex,
    KeyIndex,
    Reference,
    SplitIndex,
    host_of,
    key_matches,
    may_match,
    normalise_key,
    parse_reference,
)
from linter.credentials.keyring import is_hub

_HOSTS = ("quay.io", "quay.io:80", "docker.io", "index.docker.io", "a.example.com", "b.example.com:5000", "")
_PATHS = ("team/app", "team-b/app:1", "team/app@sha256:" + "0" * 64, "app")
_KEYS = (
    *("quay.io", "quay.io:80", "quay.io/team", "quay.io/team/", "*.io", "*.example.com", "?.example.com:5000"),
    *(HUB_FALLBACK, "docker.io", "docker.io/library", "*.docker.io", "https://index.docker.io/v1/", "a b", ""),
)
_images = st.tuples(st.sampled_from(_HOSTS), st.sampled_from(_PATHS)).map(lambda parts: "/".join(filter(None, parts)))


@given(st.lists(_images, max_size=12, unique=True), st.lists(st.sampled_from(_KEYS), max_size=6), st.sets(_images))
def test_split_rows_are_those_that_a_key_may_serve_and_that_pass(
    images: list[str], keys: list[str], passing: set[str]
) -> None:
    read = {image: parse_reference(image, consumer=Consumer.KUBELET) for image in images}
    looked_up = {image: one.lookup for image, one in read.items() if isinstance(one, Reference)}
    asked: list[str] = []

    def test(image: str) -> bool:
        asked.append(image)
        return image in passing

    index = SplitIndex([(reference, image) for image, reference in looked_up.items()], test)
    hosts = {host_of(reference) for reference in looked_up.values()}
    for key in map(normalise_key, keys):
        serves = {
            image
            for image, reference in looked_up.items()
            if key_matches(key, reference) or (key.text == HUB_FALLBACK and is_hub(reference))
        }
        assert may_match(key, hosts) or not serves
        for half in (False, True):
            found = index.matched_by(key, passing=half)
            assert len(found) == len(set(found))
            assert set(found) == {image for image in serves if (image in passing) is half}
    # Images of Docker Hub stand under their host and under the hub: they may be asked for twice, others once.
    assert all(asked.count(image) <= 1 + is_hub(looked_up[image]) for image in asked)


def test_no_row_is_asked_for_that_no_key_may_serve() -> None:
    index = SplitIndex([("quay.io/team/app", "one")], lambda _: 1 / 0 > 0)
    assert index.matched_by(normalise_key("quay.io:80"), passing=False) == []


_label = st.sampled_from(("a", "b", "ab", "io", "*", "a*", "*b", "a*b", "**", "?", "[ab]", "[a", "\\a", "*a*"))
_globs = st.builds(
    lambda labels, port, path: ".".join(labels) + port + path,
    st.lists(_label, min_size=1, max_size=4),
    st.sampled_from(("", ":80")),
    st.sampled_from(("", "/team", "/team/app")),
)
_lookups = st.builds(
    lambda labels, port, path: ".".join(labels) + port + path,
    st.lists(st.sampled_from(("a", "b", "ab", "abb", "io", "*")), min_size=1, max_size=4),
    st.sampled_from(("", ":80")),
    st.sampled_from(("/team", "/team/app", "/other")),
)


@given(st.lists(_globs, max_size=12), st.lists(_lookups, max_size=12))
def test_patterns_are_found_by_images_and_images_by_patterns(keys: list[str], lookups: list[str]) -> None:
    read = [normalise_key(key) for key in keys]
    by_image = KeyIndex((key, number) for number, key in enumerate(read) if key.error is None)
    by_key = ImageIndex((lookup, number) for number, lookup in enumerate(lookups))
    hosts = set(map(host_of, lookups))
    for lookup in lookups:
        expected = [number for number, key in enumerate(read) if key.error is None and key_matches(key, lookup)]
        assert by_image.matching(lookup) == expected
    for key in (key for key in read if key.error is None):
        assert by_key.matched_by(key) == [number for number, one in enumerate(lookups) if key_matches(key, one)]
        assert may_match(key, hosts) or not by_key.matched_by(key)


def test_a_key_of_another_host_or_port_is_told_from_the_hosts_alone() -> None:
    hosts = {host_of("quay.io/team/app"), host_of("a.example.com:5000/app")}
    told = {key: may_match(normalise_key(key), hosts) for key in ("quay.io", "quay.io:80", "a.example.com", "*.io")}
    assert told == {"quay.io": True, "quay.io:80": False, "a.example.com": False, "*.io": True}
