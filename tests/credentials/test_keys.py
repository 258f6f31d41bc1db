"""Registry keys as the kubelet and containers/image read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import containers_key, key_matches, normalise_key, registry_host
from linter.credentials.urls import glob_match, split_host_port


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("quay.io", "quay.io"),
        ("https://quay.io", "quay.io"),
        ("http://quay.io/", "quay.io"),
        ("quay.io/v1/", "quay.io"),
        ("quay.io/v2/team", "quay.io/team"),
        ("quay.io/v2/v1/team", "quay.io/v1/team"),
        ("quay.io/v2", "quay.io/v2"),
        ("user:pw@quay.io", "quay.io"),
        ("quay.io/team?x=1", "quay.io/team"),
        ("quay.io/team#f", "quay.io/team"),
        ("quay.io/te%61m", "quay.io/team"),
        ("quay.io:", "quay.io:"),
        ("HTTPS://quay.io", "HTTPS://quay.io"),
        ("regist?y.io", "regist"),
        ("https:/v1/team", "https:/team"),
        ("//quay.io", "//quay.io"),
        ("", ""),
        ("[::1]:5000", "[::1]:5000"),
        ("[1:2:3::5:6:7:8]", "[1:2:3::5:6:7:8]"),
        ("qu%C3%A9.io", "qu\u00e9.io"),
    ],
)
def test_normal_form(key: str, text: str) -> None:
    registry = normalise_key(key)
    assert registry.error is None
    assert registry.text == registry.host + registry.path == text
    assert registry.written == key


@pytest.mark.parametrize(
    "key",
    ["reg istry.io", " quay.io", "quay.io\n", "quay.io:abc", "host:*", "%zz.io", "quay.io/%zz", "q[uay.io", "[x].io",
     "[!q]uay.io", "[a-r]egistry.io", "[1.2.3.4]", "[::1", "[:::]", "[fe80::1%25]", "quay%2eio", "us er@quay.io",
     "quay.io#%zz", "a|b.io", "\\*.io", "[12345::]", "[1:2:3:4::5:6:7:8]",
     "[::1%25[]", "[::1]x"],
)  # fmt: skip
def test_keys_that_the_kubelet_drops(key: str) -> None:
    registry = normalise_key(key)
    assert registry.error
    assert not key_matches(registry, "quay.io/team/app")


@pytest.mark.parametrize(
    ("key", "target", "matches"),
    [
        ("quay.io", "quay.io/team/app", True),
        ("quay.io/te", "quay.io/team/app", True),
        ("quay.io/team/", "quay.io/team", False),
        ("quay.io/team/", "quay.io/team/app", True),
        ("quay.io/TEAM", "quay.io/team/app", False),
        ("Quay.io", "quay.io/team/app", False),
        ("quay.io:443", "quay.io/team/app", False),
        ("quay.io:80", "quay.io:80/team/app", True),
        ("quay.io:080", "quay.io:80/team/app", False),
        ("quay.io:", "quay.io/team/app", True),
        ("*.io", "quay.io/team/app", True),
        ("*", "quay.io/team/app", False),
        ("*", "harbor/team/app", True),
        ("q*y.io/team", "quay.io/team/app", True),
        ("quay.*", "quay.io/team/app", True),
        ("*.io:80", "quay.io/team/app", False),
        ("*.example.com", "a.b.example.com/x", False),
        ("quay.io/*", "quay.io/team/app", False),
        ("quay.io/team%3fx", "quay.io/team/app", True),
        ("quay.io/a%0ab", "quay.io/a", False),
        ("[::1]:5000", "[::1]:5000/team", True),
        ("[::1]", "[::1]/team", False),  # without a port the brackets stay, and the matcher reads a class of characters
        ("[::1]:", "[::1]/team", False),
        ("*", "[::1]/team", True),
        ("quay.io/team/app:1", "quay.io/team/app:1", True),
        ("quay.io/team/app:1", "quay.io/team/app", False),
        ("", "", True),
    ],
)
def test_matching(key: str, target: str, matches: bool) -> None:
    assert key_matches(normalise_key(key), target) is matches


def test_globs_are_announced() -> None:
    assert normalise_key("*.quay.io/x").glob
    assert not normalise_key("quay.io/*").glob


def test_registry_host_keeps_the_port() -> None:
    assert registry_host("https://reg.example.com:5000/v1/") == "reg.example.com:5000"
    assert registry_host("docker.io/library/nginx") == "docker.io"
    assert registry_host("reg istry") == ""


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("quay.io", "quay.io"),
        ("quay.io/v1/", "quay.io/v1/"),
        ("https://quay.io/team", "quay.io"),
        ("http://docker.io/v1/", "index.docker.io"),
        ("registry-1.docker.io", "index.docker.io"),
        ("HTTPS://quay.io", "HTTPS://quay.io"),
    ],
)
def test_containers_registry(key: str, registry: str) -> None:
    assert containers_key(key).registry == registry


def test_a_legacy_file_has_host_keys_only() -> None:
    assert containers_key("quay.io/v1/", legacy=True).registry == "quay.io"


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*", "a/b", False),
        ("a*c", "abbc", True),
        ("a*bc*", "abbcx", True),
        ("?", "é", True),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[!a]", "!", True),
        ("[!a]", "b", False),
        ("*b", "a/b", False),
        ("[]", "]", False),
        ("[a", "a", False),
        ("a\\", "a", False),
        ("\\*", "*", True),
        ("[\\]]", "]", True),
    ],
)
def test_shell_patterns(pattern: str, name: str, matches: bool) -> None:
    assert glob_match(pattern, name) is matches


@pytest.mark.parametrize(
    ("host", "split"),
    [
        ("h", ("h", "")),
        ("h:80", ("h", "80")),
        ("h:", ("h", "")),
        ("::1", ("::1", "")),
        ("a:1:2", ("a:1:2", "")),
        ("[::1]", ("[::1]", "")),
        ("[::1]:80", ("::1", "80")),
    ],
)
def test_host_and_port(host: str, split: tuple[str, str]) -> None:
    assert split_host_port(host) == split


_LABEL = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
_HOST = st.builds(".".join, st.lists(_LABEL, min_size=2, max_size=3))


@given(_HOST, st.sampled_from(["", "http://", "https://"]), st.sampled_from(["", "/", "/v1/", "/v2/"]))
def test_scheme_and_api_version_do_not_matter(host: str, scheme: str, suffix: str) -> None:
    assert normalise_key(scheme + host + suffix).text == host


@given(_HOST, st.text("abc/-", max_size=8), st.text("abc/-", max_size=8))
def test_a_path_is_a_plain_string_prefix(host: str, prefix: str, rest: str) -> None:
    key = normalise_key(f"{host}/x{prefix}")
    assert key_matches(key, f"{host}/x{prefix}{rest}")
    assert key_matches(key, f"{host}/{rest}") == f"/{rest}".startswith(key.path)


@given(_HOST, st.integers(1, 65535), st.integers(1, 65535))
def test_ports_are_compared_as_text(host: str, one: int, other: int) -> None:
    key = normalise_key(f"{host}:{one}")
    assert key_matches(key, f"{host}:{other}/app") == (str(one) == str(other))
    assert not key_matches(key, f"{host}/app")
    assert not key_matches(normalise_key(f"{host}:0{one}"), f"{host}:{one}/app")


@given(_HOST, st.sampled_from(["", ":80"]), st.from_regex(r"(/[a-z]{3,5}){0,3}", fullmatch=True))
def test_a_plain_key_is_its_own_normal_form(host: str, port: str, path: str) -> None:
    once = normalise_key(host + port + path).text
    assert normalise_key(once).text == once


@given(st.text(max_size=30))
def test_no_key_raises(key: str) -> None:
    registry = normalise_key(key)
    key_matches(registry, "quay.io/team/app")
    key_matches(normalise_key("*.io"), key)
    registry_host(key)
    containers_key(key)
    registry.text.encode()
