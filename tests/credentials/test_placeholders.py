"""Stand-ins and redaction, and what must never be taken for either."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import placeholder, redacted


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_STAND_INS = [
    "b3Blb=", "<password>", "<BASE64_ENCODED_DOCKER_CONFIG>", "changeme", "CHANGE_ME", "change-me", "${TOKEN}",
    "REPLACE_ME", "$DOCKERCONFIG", "<<name>>", "eyJhdXXXXXXXXX==", "eyJhdXXXXX…==", "{{ .Values.token }}",
    "your-password", "YOUR_TOKEN", "INSERT_TOKEN_HERE", "your base64 encoded docker config here", "TODO",
    "# TO_MODIFY", "REGISTRY_PASSWORD", "username:password", "user:changeme", "user:<password>", "user:${TOKEN}",
    "...", "eyJhdXRocyI6...", "$(TOKEN)", "${{TOKEN}}", "__TOKEN__", "base64encodeddockerconfig",
    "<path:secret/data/registry#token>", "<token>",
]  # fmt: skip
_STAND_INS += [
    "REPLACE_ME_I_AM_NOT_A_REAL_VALUE", "UPDATE ME !!!", "DOCKER_CONFIG_JSON_BASE64", "BASE64_AUTH", "GH_TOKEN_HERE",
    "yourcredentials", "yourpassword", "user:yourtoken", "base64(username:password)", "BASE64_USERNAME:TOKEN",
    "# Base64 of the config\n# Generate it with:\n#  base64 -w0 config.json", "… ... …",
    '"<base64 encoded ~/.dockercfg file>"',
]  # fmt: skip
_STAND_INS += [
    "__DOCKER_CONFIG_BASE64__", "<~/.docker/config.json base64 data>", "keytoberequested", "TOKEN_PLACEHOLDER",
    "user:PASSWORD_PLACEHOLDER", "placeholder-token", "ghp_PLACEHOLDER", "==your-quay-login-secret-goes-here===",
    "YOUR_QUAY_IO_TOKEN", "#{REGISTRY_PASSWORD}#", "user:#{registry.password}", "[[ .token ]]", "[[token]]",
    "((registry-password))", "((vault:registry.token))", "<+artifact.imagePullSecret>", "op://infra/quay/token",
    "user:ref+vault://secret/quay#/token", "###ZARF_REGISTRY_AUTH_PULL###", "change_me_in_prod",
    "WILL_BE_REPLACED_BY_CI", "set-by-ci", "injected by the pipeline", "eyJ...", "BASE64_OF_USERNAME:PAT",
    "to be provided", "<替换为实际Base64编码的Docker配置>", "<ваш токен>", "A_METTRE_ICI", "COLOCAR_AQUI",
    "tu-password", "tu_usuario", "TU_TOKEN", "sua-senha", "votre-token", "Dein-Passwort",
    "#aqui entra o valor do config.json codificado",
    "Really really reeeeeeeeeeaaaaaaaaaaaalllllllllyyyyyyyyyyy llllllooooonnnnnnngggg auth keys",
]  # fmt: skip
_CREDENTIALS = [
    "tu", "tucan-4", "ton", "tu-perro", "senha9", "sua", "removed-9", "x=", "xx=", "snip",
    "placeholders", "myplaceholder", "<5x>", "__ab__", "#{", "#{a b}", "[[", "[[1]]", "((", "((a", "<+>",
    "op://", "opensesame", "op://a", "ref+vault", "##ZARF##", "changeme1", "set", "setbyci", "by-ci", "tobe",
    "tobeornottobe", "a=", "eyJ",
    "<替换", "# correct horse battery staple", "#my pass word is long", "VICI_ICI9", "Ici",
    "put.io", "GITHUB-IO", "QUAY_LOGIN", "set in stone", "filled-in", "PT09", "</tag>",
    "hereiam", "put", "puthere", "add-here-9", "my-password", "Really long auth keys", "to-be-or-not-to-be", "willbe",
    "yours", "yourdog", "base64(", "#pass word", "# pass", "BASE:64", "yourhub", "yourpass!", "base64(hunter2)",
    "# correct horse battery", "CI_DOCKER_CONFIG:S3CRETPW9", "BASE64_A:HUNTER2", "yourdocker:hunter2",
    "CHANGE_MERIT", "REPLACE_MENU", "Secret_HERE", "my-vault:word/with#sign", "vault:word",
    "user:pass", "user", "pass", "robot", "hunter2", "robot:hunter2", "robot$team+ci", "robot$$ci", "s3cr3t",
    "$oauthtoken", "$app", "$token", "AWS", "_json_key", "iamapikey", "token", "p w", "a:b:c", '{"k": "v"}',
    "correct horse battery staple", "Passw0rd!", "password", "$Abc12", "p$word", "ALLCAPSPASSWORD", "x", "xx",
    "dXNlcjpwYXNz", "sha256~abc", "my dog has a token", "you@example.com", "e30=", "{}", '{"auths":{}}', "admin",
    "deploy-token", "gitlab-ci-token", "00000000-0000-0000-0000-000000000000", "",
]  # fmt: skip
_REDACTED = [
    '"12 bytes long"', "312 bytes long", "<redacted>", "REDACTED", "[REDACTED]", "xxx", "XXXXXXXX", "*****",
    "xxxxxxxxxxxx", "***REDACTED***", "removed", "<removed>", "[SNIPPED]", "XXX=", "xxxxxxxx==",
]  # fmt: skip


@pytest.mark.parametrize("value", _STAND_INS)
def test_stand_ins(value: str) -> None:
    assert placeholder(value)
    assert placeholder(f" {value}\n")
    assert placeholder(_encoded(value))


@pytest.mark.parametrize("value", _CREDENTIALS)
def test_credentials_are_left_alone(value: str) -> None:
    assert placeholder(value) is None
    assert placeholder(_encoded(value)) is None
    assert redacted(value) is None
    assert redacted(_encoded(value)) is None


@pytest.mark.parametrize("value", _REDACTED)
def test_redacted(value: str) -> None:
    assert redacted(value)
    assert redacted(value.encode())
    assert redacted(_encoded(value))
    assert placeholder(value) is None
    assert placeholder(_encoded(value)) is None


def test_nothing_but_padding_stands_for_a_value_as_it_is_written_only() -> None:
    assert placeholder("=")
    assert placeholder(_encoded("=")) is None


def test_partly_overwritten_base64_is_both() -> None:
    assert redacted("eyJhXXXXXXbbb=")
    assert placeholder("eyJhXXXXXXbbb=")


def test_a_registry_user_in_angle_brackets_is_real() -> None:
    assert placeholder("<token>", username=True) is None
    assert placeholder("<your user>", username=True)


@given(st.text(max_size=60) | st.text("${}<>%.XxAa=*_ -", max_size=60))
def test_no_value_raises(value: str) -> None:
    placeholder(value)
    redacted(value)
    redacted(value.encode())


@given(st.text("abcdefghjkmnpqrstvwyzACDEFGHJKLMNPQRSTUVWYZ23456789", min_size=12, max_size=40))
def test_generated_passwords_are_credentials(password: str) -> None:
    assert redacted(password) is None
    if not any(mark in password.lower() for mark in ("pass", "token", "me", "this", "key", "64")):
        assert placeholder(password) is None
