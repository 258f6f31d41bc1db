"""Lookups by name: the situations that people meet."""

from __future__ import annotations

import json

import pytest

from linter.credentials import Consumer, Lookup, PullSecret, lookup

_DOCUMENTED = ("cloud.openshift.com", "quay.io", "quay.io/repository-main")


def _config(entries: dict[str, object]) -> bytes:
    return json.dumps({"auths": entries}).encode()


def _basic(name: str) -> dict[str, str]:
    return {"username": name, "password": "pass"}


def _secret(name: str, *keys: str) -> PullSecret:
    entries: dict[str, object] = {key: _basic(f"{name}:{key}") for key in keys}
    return PullSecret(name, "kubernetes.io/dockerconfigjson", {".dockerconfigjson": _config(entries)})


def _keys(answer: Lookup) -> list[tuple[str | None, str]]:
    return [(candidate.secret, candidate.key) for candidate in answer.candidates]


@pytest.mark.parametrize(
    ("image", "keys"),
    [
        ("quay.io/repository-main/app:1", ["quay.io/repository-main", "quay.io"]),
        ("quay.io/other/app", ["quay.io"]),
        ("quay.io/repository-main-2/app", ["quay.io/repository-main", "quay.io"]),
        ("cloud.openshift.com/app", ["cloud.openshift.com"]),
        ("registry.redhat.io/ubi9/ubi", []),
    ],
)
@pytest.mark.parametrize("consumer", [Consumer.KUBELET, Consumer.IMPORTER])
def test_the_documentation_example(image: str, keys: list[str], consumer: Consumer) -> None:
    answer = lookup(image, [_secret("doc", *_DOCUMENTED)], consumer=consumer)
    assert [candidate.key for candidate in answer.candidates] == keys
    assert not answer.ambiguous


def test_the_documentation_example_verbatim_is_refused() -> None:
    entries = {key: {"auth": "b3Blb=", "email": "you@example.com"} for key in _DOCUMENTED}
    secret = PullSecret("doc", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": _config(dict(entries))})
    answer = lookup("docker.io/library/nginx", [_secret("good", "docker.io"), secret], consumer="kubelet")
    assert (answer.error, answer.culprit, answer.candidates) == ("keyring", "doc", ())
    assert answer.reason == "illegal base64 data at input byte 5 (line 1, column 44)"


def test_secrets_come_in_order_then_the_node_file() -> None:
    answer = lookup(
        "quay.io/team/app",
        [_secret("b", "quay.io"), _secret("a", "quay.io", "quay.io/team")],
        consumer="kubelet",
        node_config=_config({"quay.io/team/app": _basic("node")}),
    )
    assert _keys(answer) == [("a", "quay.io/team"), ("b", "quay.io"), ("a", "quay.io"), (None, "quay.io/team/app")]


def test_two_spellings_in_one_secret_have_no_order() -> None:
    answer = lookup("quay.io/a/b", [_secret("x", "quay.io", "https://quay.io/v1/")], consumer="kubelet")
    assert answer.ambiguous
    assert {candidate.key for candidate in answer.candidates} == {"quay.io", "https://quay.io/v1/"}


def test_two_spellings_of_one_credential_are_not_ambiguous() -> None:
    config = _config({"quay.io": _basic("user"), "https://quay.io": _basic("user")})
    answer = lookup("quay.io/a/b", [], consumer="kubelet", node_config=config)
    assert not answer.ambiguous
    assert len(answer.candidates) == 2


def test_a_decoded_question_mark_ends_the_path_once_more() -> None:
    """A key is parsed when it is stored and again when it is compared: ``%3f`` becomes a query then."""
    assert lookup("quay.io/team/app", [_secret("x", "quay.io/te%3fxt")], consumer="kubelet").found
    assert not lookup("quay.io/team/app", [_secret("x", "quay.io/te%2531")], consumer="kubelet").found


def test_two_spellings_that_do_not_match_are_not_ambiguous() -> None:
    secret = _secret("x", "quay.io", "https://quay.io", "docker.io")
    assert not lookup("nginx", [secret], consumer="kubelet").ambiguous


def test_the_hub_fallback_is_asked_in_each_keyring_by_itself() -> None:
    node = _config({"docker.io": _basic("node"), "index.docker.io": _basic("unused")})
    answer = lookup("nginx", [_secret("hub", "https://index.docker.io/v1/")], consumer="kubelet", node_config=node)
    assert _keys(answer) == [("hub", "https://index.docker.io/v1/"), (None, "docker.io")]


def test_the_hub_fallback_also_serves_a_host_without_a_dot() -> None:
    assert lookup("localhost/team/app", [_secret("hub", "index.docker.io")], consumer="kubelet").found
    assert not lookup("localhost:5000/team/app", [_secret("hub", "index.docker.io")], consumer="kubelet").found


def test_a_key_with_a_tag_serves_the_importer_only() -> None:
    secret = _secret("tagged", "quay.io/team/app:1")
    assert not lookup("quay.io/team/app:1", [secret], consumer="kubelet").found
    assert lookup("quay.io/team/app:1", [secret], consumer="importer").found


@pytest.mark.parametrize("node", [b"{", b'{"auths": []}', b'{"auths": {"quay.io": {"auth": "!!"}}}', b"\xff", ""])
def test_a_bad_node_file_is_skipped_by_the_keyring(node: bytes | str) -> None:
    answer = lookup("quay.io/a/b", [_secret("s", "quay.io")], consumer="kubelet", node_config=node)
    assert _keys(answer) == [("s", "quay.io")]


@pytest.mark.parametrize("node", [b"{", b'{"auths": []}', b"\xff", b"", ""])
def test_a_bad_node_file_is_an_error_for_containers(node: bytes) -> None:
    answer = lookup("quay.io/a/b", [], consumer="containers", node_config=node)
    assert (answer.error, answer.culprit) == ("keyring", None)
    assert answer.reason


@pytest.mark.parametrize("consumer", list(Consumer))
def test_without_a_node_file_there_is_nothing_to_refuse(consumer: Consumer) -> None:
    assert lookup("quay.io/a/b", [], consumer=consumer, node_config=None).error is None


def test_an_unknown_consumer_is_no_kubelet() -> None:
    with pytest.raises(ValueError, match="crio"):
        lookup("quay.io/a/b", [], consumer="crio")


def test_a_secret_of_the_wrong_type_is_ignored() -> None:
    secret = _secret("s", "quay.io")._replace(type="Opaque")
    assert lookup("quay.io/a/b", [secret], consumer="kubelet") == Lookup(None, "quay.io/a/b", ())


def test_a_keyring_error_wins_over_an_image_error() -> None:
    bad = PullSecret("bad", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": b"{"})
    assert lookup("-bad", [bad], consumer="kubelet").error == "keyring"
    assert lookup("-bad", [], consumer="kubelet").error == "image"


def _auth_file(entries: dict[str, object], **more: object) -> bytes:
    return json.dumps({"auths": entries, **more}).encode()


_ONE, _TWO = {"auth": "dXNlcjpwYXNz"}, {"auth": "cm9ib3Q6aHVudGVyMg=="}


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("quay.io/team/app:1", "quay.io/team/app"),
        ("quay.io/team/app/deep", "quay.io/team/app"),
        ("quay.io/team/other", "quay.io/team"),
        ("quay.io/teamwork/app", "quay.io"),
        ("nginx", "docker.io"),
    ],
)
def test_containers_searches_whole_segments(image: str, key: str) -> None:
    config = _auth_file(dict.fromkeys(("quay.io", "quay.io/team", "quay.io/team/app", "docker.io", "*.io"), _ONE))
    answer = lookup(image, [], consumer="containers", node_config=config)
    assert [candidate.key for candidate in answer.candidates] == [key]


def test_containers_stops_at_an_entry_without_credential() -> None:
    config = _auth_file({"quay.io/team": {"username": "user", "password": "pass"}, "quay.io": _ONE})
    answer = lookup("quay.io/team/app", [], consumer="containers", node_config=config)
    assert (answer.error, answer.candidates, answer.anonymous_at) == (None, (), "quay.io/team")


def test_containers_refuses_unpadded_auth_of_the_entry_it_wants_only() -> None:
    config = _auth_file({"quay.io": {"auth": "dTpwYQ"}, "docker.io": _ONE})
    assert lookup("quay.io/a", [], consumer="containers", node_config=config).error == "keyring"
    assert lookup("nginx", [], consumer="containers", node_config=config).found


def test_containers_asks_no_helper() -> None:
    config = _auth_file({"quay.io": _ONE}, credHelpers={"quay.io": "desktop"})
    assert lookup("quay.io/a", [], consumer="containers", node_config=config).error == "keyring"


def test_containers_is_ambiguous_between_urls_of_one_host() -> None:
    config = _auth_file({"https://quay.io/a": _ONE, "https://quay.io/b": _TWO})
    answer = lookup("quay.io/x/y", [], consumer="containers", node_config=config)
    assert answer.ambiguous
    assert {candidate.username for candidate in answer.candidates} == {"user", "robot"}


def test_containers_reads_secrets_before_the_node_file() -> None:
    secret = PullSecret("s", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": _auth_file({"quay.io": _TWO})})
    anonymous = secret._replace(data={".dockerconfigjson": _auth_file({"quay.io": {}})})
    node = _auth_file({"quay.io": _ONE})
    assert _keys(lookup("quay.io/a", [secret], consumer="containers", node_config=node)) == [("s", "quay.io")]
    assert _keys(lookup("quay.io/a", [anonymous], consumer="containers", node_config=node)) == [(None, "quay.io")]


def test_containers_logs_nobody_in_without_a_user_name() -> None:
    """What is there is no empty credential, though, so no further file is asked."""
    nameless = {"auth": "OnB3"}
    secret = PullSecret("s", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": _auth_file({"quay.io": nameless})})
    node = _auth_file({"quay.io": _ONE})
    answer = lookup("quay.io/a", [secret], consumer="containers", node_config=node)
    assert (answer.candidates, answer.error, answer.anonymous_at) == ((), None, "quay.io")
    either = _auth_file({"https://quay.io/v1/": nameless, "http://quay.io/v2/": _ONE})
    answer = lookup("quay.io/a", [], consumer="containers", node_config=either)
    assert (_keys(answer), answer.ambiguous) == ([(None, "http://quay.io/v2/")], True)


@pytest.mark.parametrize("auth", ["dTo=", "Og==", "dTpw"])
def test_containers_sends_an_identity_token(auth: str) -> None:
    config = _auth_file({"quay.io": {"auth": auth, "identitytoken": "invented"}})
    (candidate,) = lookup("quay.io/a", [], consumer="containers", node_config=config).candidates
    assert candidate.token
    kubelet = lookup("quay.io/a", [], consumer="kubelet", node_config=config)
    assert [one.token for one in kubelet.candidates] == [False]


def test_containers_knows_hosts_only_in_a_legacy_file() -> None:
    payload = json.dumps({"quay.io/a/b": _ONE, "quay.io": _TWO}).encode()
    legacy = PullSecret("s", "kubernetes.io/dockercfg", {".dockercfg": payload})
    assert _keys(lookup("quay.io/a/b", [legacy], consumer="containers")) == [("s", "quay.io")]


@pytest.mark.parametrize("auth", ["dTpwAAA=", "dToAcAA="])
def test_containers_trims_nul_from_passwords(auth: str) -> None:
    config = _auth_file({"quay.io": {"auth": auth}})
    (candidate,) = lookup("quay.io/a", [], consumer="containers", node_config=config).candidates
    assert candidate.password == "p"


def test_nothing_prints_a_credential() -> None:
    config = _auth_file({"quay.io": _TWO})
    for consumer in Consumer:
        answer = lookup("quay.io/a", [], consumer=consumer, node_config=config)
        assert answer.candidates[0].password == "hunter2"
        assert "hunter2" not in f"{answer!r} {answer} {answer.candidates!r} {answer.candidates[0]}"
