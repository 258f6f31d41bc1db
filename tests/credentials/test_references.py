"""Image references as each consumer reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import Consumer, Reference, ReferenceError_, parse_reference

_DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "lookup"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("nginx:1.25", "docker.io/library/nginx"),
        ("team/app", "docker.io/team/app"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/team/app", "docker.io/team/app"),
        ("registry-1.docker.io/team/app", "registry-1.docker.io/team/app"),
        ("registry/app", "docker.io/registry/app"),
        ("Registry/app", "Registry/app"),
        ("localhost/app", "localhost/app"),
        ("localhost", "docker.io/library/localhost"),
        ("quay.io", "docker.io/library/quay.io"),
        ("h:5000/app:x", "h:5000/app"),
        ("[::1]:5000/app", "[::1]:5000/app"),
        (f"quay.io/a/b:1@{_DIGEST}", "quay.io/a/b"),
        ("a_b.c/app", "a_b.c/app"),
    ],
)
def test_kubelet(image: str, lookup: str) -> None:
    reference = parse_reference(image)
    assert isinstance(reference, Reference)
    assert reference.lookup == lookup


@pytest.mark.parametrize(
    "image",
    ["", "*", "a" * 64, "quay.io//app", "quay.io/App", "-bad/app", "quay.io/app:", "quay.io/app@sha256:abc", "a\n",
     "quay.io/app:" + "t" * 129, "https://quay.io/app", "quay.io/a___b", "quay.io/" + "a" * 256,
     "quay.io/app@sha256:" + "A" * 64, "quay.io/app@md5:" + "a" * 32, "quay.io/é"],
)  # fmt: skip
def test_kubelet_refusals(image: str) -> None:
    reference = parse_reference(image)
    assert isinstance(reference, ReferenceError_)
    assert reference.message


@pytest.mark.parametrize(
    ("image", "lookup"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/app", "index.docker.io/library/app:latest"),
        ("quay.io/app", "quay.io/app:latest"),
        (f"quay.io/a/b:1@{_DIGEST}", f"quay.io/a/b@{_DIGEST}"),
        ("quay.io", ""),
        ("localhost:5000", ""),
        ("a" * 64, f"docker.io/library/{'a' * 64}:latest"),
        ("Foo/app", "docker.io/Foo/app:latest"),
        ("a_b.c/app", "a_b.c/app:latest"),
        ("quay.io/app@sha256:" + "A" * 64, "quay.io/app@sha256:" + "A" * 64),
    ],
)
def test_importer(image: str, lookup: str) -> None:
    reference = parse_reference(image, consumer=Consumer.IMPORTER)
    assert isinstance(reference, Reference)
    assert reference.lookup == lookup


def test_parts_of_a_reference() -> None:
    reference = parse_reference(f"reg.example.com:5000/team/app:1@{_DIGEST}")
    assert reference == ("reg.example.com:5000", "team/app", "1", _DIGEST, "reg.example.com:5000/team/app")
    assert parse_reference("nginx", consumer="importer") == (
        "docker.io", "library/nginx", "latest", None, "docker.io/library/nginx:latest",
    )  # fmt: skip


def test_length_limits_differ() -> None:
    path = "a" * 250
    assert isinstance(parse_reference(f"quay.io/{path}"), Reference)
    assert isinstance(parse_reference(f"quay.io/{path}", consumer="containers"), ReferenceError_)
    assert isinstance(parse_reference(f"quay.io/{path}", consumer="importer"), ReferenceError_)


@given(st.text(max_size=40), st.sampled_from(list(Consumer)))
def test_no_reference_raises(image: str, consumer: Consumer) -> None:
    parse_reference(image, consumer=consumer)


@given(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}(:[a-z]{1,4})?", fullmatch=True))
def test_the_kubelet_lookup_parses_to_itself(image: str) -> None:
    reference = parse_reference(image)
    assert isinstance(reference, Reference)
    again = parse_reference(reference.lookup)
    assert isinstance(again, Reference)
    assert again.lookup == reference.lookup
