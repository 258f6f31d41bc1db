"""One payload, judged: entries, errors with positions, shape."""

from __future__ import annotations

import json

import pytest

from linter.credentials import Payload, PullSecret, examine, secret_payload

_USER_PASS = "dXNlcjpwYXNz"


def _config(text: str) -> Payload:
    return examine(text.encode(), "dockerconfigjson")


def _entry_config(entry: str) -> Payload:
    return _config('{"auths": {"quay.io": ' + entry + "}}")


def test_an_entry_knows_its_place() -> None:
    payload = _config('{\n  "auths": {\n    "quay.io": {"auth": "dXNlcjpwYXNz", "email": "you@example.com"}\n  }\n}')
    (entry,) = payload.entries
    assert payload.error is None
    assert payload.shape == "ok"
    assert (entry.username, entry.password, entry.email) == ("user", "pass", "you@example.com")
    assert payload.text[slice(*entry.key_span)] == '"quay.io"'
    assert payload.text[slice(*entry.value_span)].startswith('{"auth"')
    assert entry.auth_span is not None
    assert payload.text[slice(*entry.auth_span)] == f'"{_USER_PASS}"'
    assert payload.position(entry.key_span[0]) == (3, 5)
    assert entry.fields == ("auth", "email")
    assert entry.registry.host == "quay.io"


def test_auth_wins_over_the_fields_beside_it() -> None:
    (entry,) = _entry_config('{"username": "robot", "password": "hunter2", "auth": "dXNlcjpwYXNz"}').entries
    assert (entry.username, entry.password) == ("user", "pass")
    assert (entry.inline_username, entry.inline_password) == ("robot", "hunter2")


@pytest.mark.parametrize("auth", ["null", '""'])
def test_an_empty_auth_leaves_the_fields(auth: str) -> None:
    (entry,) = _entry_config('{"username": "robot", "password": "hunter2", "auth": ' + auth + "}").entries
    assert (entry.username, entry.password, entry.has_auth) == ("robot", "hunter2", False)


@pytest.mark.parametrize("name", ["auth", "AUTH", "Auth", "\\u0061uth"])
def test_names_fold(name: str) -> None:
    (entry,) = _entry_config('{"' + name + '": "dXNlcjpwYXNz"}').entries
    assert entry.username == "user"


def test_names_fold_beyond_ascii() -> None:
    payload = _config('{"auth\u017f": {"quay.io": {"pa\u017fsword": "pass", "pa\u00dfword": "sharp"}}}')
    assert payload.entries[0].password == "pass"


def test_tokens_are_seen_and_unused() -> None:
    (entry,) = _entry_config('{"identitytoken": "t", "registrytoken": 3}').entries
    assert (entry.identity_token, entry.registry_token) == (True, True)
    assert (entry.username, entry.password) == ("", "")
    assert _entry_config('{"registrytoken": 3}').error is None


def test_a_repeated_host_replaces_the_entry() -> None:
    payload = _config('{"auths": {"quay.io": {"username": "user"}, "quay.io": {"password": "pass"}}}')
    first, second = payload.entries
    assert (first.live, second.live) == (False, True)
    assert (second.username, second.password) == ("", "pass")


def test_a_repeated_auths_is_merged_and_null_clears() -> None:
    merged = _config('{"auths": {"a.io": {}}, "Auths": {"b.io": {}}}')
    assert [entry.live for entry in merged.entries] == [True, True]
    cleared = _config('{"auths": {"a.io": {}}, "auths": null, "auths": {"b.io": {}}}')
    assert [entry.live for entry in cleared.entries] == [False, True]
    assert _config('{"auths": {"a.io": {}}, "auths": null}').shape == "no-auths"


@pytest.mark.parametrize(
    ("text", "member", "message"),
    [
        ('{"auths": []}', "auths", "cannot unmarshal array into Go struct field DockerConfigJSON.auths"),
        ('{"auths": {"quay.io": "x"}}', None, "cannot unmarshal string"),
        ('{"auths": {"quay.io": {"email": 3}}}', "email", "cannot unmarshal number into Go struct field"),
        ('{"auths": {"quay.io": {"auth": {}}}}', "auth", "cannot unmarshal object into Go struct field"),
        ('{"HttpHeaders": {"X": 1}}', "HttpHeaders", "cannot unmarshal number"),
        ('{"HttpHeaders": "x"}', "HttpHeaders", "cannot unmarshal string"),
        ("[]", None, "cannot unmarshal array into Go value of type credentialprovider.DockerConfigJSON"),
    ],
)
def test_wrong_types(text: str, member: str | None, message: str) -> None:
    error = _config(text).error
    assert error is not None
    assert (error.kind, error.member) == ("type", member)
    assert message in error.message


def test_every_error_is_reported_and_the_decoders_first_comes_first() -> None:
    payload = _config('{"HttpHeaders": 3, "auths": {"a.io": {"auth": "!!"}, "b.io": {"email": 1, "password": []}}}')
    assert payload.error is not None
    assert (payload.error.kind, payload.error.entry) == ("auth", "a.io")
    assert [(error.kind, error.entry) for error in payload.errors] == [
        ("type", None),
        ("auth", "a.io"),
        ("type", "b.io"),
        ("type", "b.io"),
    ]


def test_an_undecodable_auth_is_located() -> None:
    payload = _config('{\n "auths": {"quay.io": {"auth": "b3Blb="}}}')
    assert payload.error is not None
    assert payload.error.message == "illegal base64 data at input byte 5"
    assert (payload.error.line, payload.error.column, payload.error.member) == (2, 32, "auth")
    assert payload.entries[0].auth_error == payload.error.message
    assert payload.entries[0].auth == "b3Blb="


@pytest.mark.parametrize(
    ("text", "form", "shape"),
    [
        ("{}", "dockerconfigjson", "no-auths"),
        ('{"auths": null}', "dockerconfigjson", "no-auths"),
        ('{"auths": {}}', "dockerconfigjson", "ok"),
        ('{"quay.io": {}}', "dockerconfigjson", "no-auths"),
        ("null", "dockerconfigjson", "not-object"),
        ('"x"', "dockerconfigjson", "not-object"),
        ("{}", "dockercfg", "ok"),
        ('{"auths": {"quay.io": {}}}', "dockercfg", "wrapped"),
        ('{"quay.io": {}}', "dockercfg", "ok"),
    ],
)
def test_shapes(text: str, form: str, shape: str) -> None:
    assert examine(text.encode(), form).shape == shape


def test_helpers_are_named_when_they_hold_something() -> None:
    assert _config('{"credsStore": "desktop", "credHelpers": {"a.io": "x"}}').helpers == ("credsStore", "credHelpers")
    assert _config('{"credsStore": "", "credHelpers": {}}').helpers == ()


def test_no_json_has_no_entries() -> None:
    payload = _config('{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz",}}}')
    assert payload.root is None
    assert payload.entries == ()
    assert payload.error is not None
    assert payload.error.kind == "json"
    assert payload.errors == (payload.error,)


def test_bytes_that_are_not_utf8_keep_their_places() -> None:
    payload = examine(b'{"auths": {"\xe2\x82.io": {"username": "\xff"}}}', "dockerconfigjson")
    (entry,) = payload.entries
    assert entry.key == "\ufffd\ufffd.io"
    assert entry.username == "\ufffd"
    assert payload.text[slice(*entry.value_span)] == '{"username": "\ufffd"}'
    outside = examine(b"\xff{}", "dockerconfigjson")
    assert outside.error is not None
    assert outside.error.message == "invalid character 'ÿ' looking for beginning of value"


def test_text_is_taken_for_bytes() -> None:
    assert examine('{"auths": {}}', "dockerconfigjson") == examine(b'{"auths": {}}', "dockerconfigjson")


def test_many_errors_stay_cheap() -> None:
    payload = _config('{"auths": {"a.io": {' + "\n" * 1000 + ",\n".join(['"email": 3'] * 3000) + "}}}")
    assert len(payload.errors) == 3000
    assert payload.errors[-1].line == 4000


def test_what_counts_as_a_payload() -> None:
    config, cfg = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
    assert secret_payload(config, {".dockerconfigjson": b"{}"}) == ("dockerconfigjson", b"{}")
    assert secret_payload(cfg, {".dockercfg": b"{}"}) == ("dockercfg", b"{}")
    assert secret_payload(config, {".dockercfg": b"{}"}) is None
    assert secret_payload(config, {".dockerconfigjson": b""}) is None
    assert secret_payload("Opaque", {".dockerconfigjson": b"{}"}) is None
    assert secret_payload(config, {}) is None


def test_nothing_prints_a_credential() -> None:
    text = json.dumps({"auths": {"robot:hunter2@quay.io": {"auth": "cm9ib3Q6aHVudGVyMg==", "password": "hunter2"}}})
    payload = _config(text)
    broken = _config(text.replace("cm9ib3Q6", "!hunter2"))
    secret = PullSecret("pull", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": text.encode()})
    for record in (
        payload,
        *payload.entries,
        payload.root,
        secret,
        broken,
        *broken.errors,
        payload.entries[0].registry,
    ):
        shown = f"{record!r} {record}"
        assert "hunter2" not in shown
        assert "cm9ib3Q6" not in shown
