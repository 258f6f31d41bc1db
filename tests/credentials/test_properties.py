"""Laws that hold for every payload; test_lookup_laws.py has those of lookups."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from linter.credentials import Consumer, PullSecret, examine, lookup

_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg", "Opaque", "")
_DATA_KEYS = (".dockerconfigjson", ".dockercfg", "config.json")
_REGISTRIES = (
    "quay.io",
    "quay.io/team",
    "https://quay.io",
    "docker.io",
    "index.docker.io",
    "*.io",
    "a b",
    "quay.io:80",
)
_IMAGES = ("quay.io/team/app:1", "nginx", "quay.io:80/team/app", "localhost/app", "UPPER/app", "")
_MEMBERS = ("auth", "username", "password", "email", "AUTH", "identitytoken")
_VALUES = ("dXNlcjpwYXNz", "dTpwYQ", "b3Blb=", "user", "", None, 3)

_entries = (
    st.none() | st.dictionaries(st.sampled_from(_MEMBERS), st.sampled_from(_VALUES), max_size=3) | st.just("text")
)
_hosts = st.dictionaries(st.sampled_from(_REGISTRIES), _entries, max_size=4)
_documents = st.one_of(
    _hosts.map(lambda hosts: json.dumps({"auths": hosts}).encode()),
    _hosts.map(lambda hosts: json.dumps(hosts).encode()),
    st.binary(max_size=20),
    st.sampled_from([b"", b"null", b"[]", b"{}", b"[" * 50_000, b'{"auths":' * 20_000]),
)
_secrets = st.lists(
    st.builds(
        PullSecret,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(_TYPES),
        st.dictionaries(st.sampled_from(_DATA_KEYS), _documents, max_size=2),
    ),
    max_size=3,
)
_images = st.sampled_from(_IMAGES) | st.text(max_size=20)
_consumers = st.sampled_from(list(Consumer))
_good_entry = st.fixed_dictionaries({"auth": st.sampled_from(["dXNlcjpwYXNz", "cm9ib3Q6aHVudGVyMg=="])})
_good_hosts = st.dictionaries(st.sampled_from(_REGISTRIES), _good_entry, max_size=5)


@given(_images | st.binary(max_size=10), _secrets, _consumers, st.none() | _documents | st.text(max_size=10))
def test_a_lookup_never_raises(image: str, secrets: list[PullSecret], consumer: str, node: bytes | str | None) -> None:
    answer = lookup(image, secrets, consumer=consumer, node_config=node)
    assert answer.error in (None, "keyring", "image")
    assert answer.error is None or (answer.reason and not answer.candidates)
    assert "hunter2" not in repr(answer)


@given(_documents, st.sampled_from([("dockerconfigjson", 0), ("dockercfg", 1)]))
def test_examination_and_lookup_agree(document: bytes, kind: tuple[str, int]) -> None:
    form, index = kind
    payload = examine(document, form)
    secret = PullSecret("s", _TYPES[index], {_DATA_KEYS[index]: document})
    answer = lookup("quay.io/team/app", [secret], consumer="kubelet")
    assert (answer.error == "keyring") == (bool(document) and payload.error is not None)
    assert (payload.error is None) == (payload.errors == ())
    if answer.error is None:
        live = {(entry.key, entry.username, entry.password) for entry in payload.entries if entry.live}
        assert {(c.key, c.username, c.password) for c in answer.candidates} <= live


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text('{}[]",:\\u0 ahts\n', max_size=60).map(str.encode))
def test_any_bytes_can_be_examined(document: bytes) -> None:
    for form in ("dockerconfigjson", "dockercfg"):
        payload = examine(document, form)
        payload.text.encode()
        assert all(0 <= error.offset <= len(payload.text) for error in payload.errors)
        assert all(payload.position(error.offset) == (error.line, error.column) for error in payload.errors)


@given(_good_hosts)
def test_spans_cover_what_they_name(hosts: dict[str, object]) -> None:
    payload = examine(json.dumps({"auths": hosts}, indent=2).encode(), "dockerconfigjson")
    for entry in payload.entries:
        assert json.loads(payload.text[slice(*entry.key_span)]) == entry.key
        assert json.loads(payload.text[slice(*entry.value_span)]) == hosts[entry.key]
