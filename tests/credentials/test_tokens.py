"""Tokens recognised by shape, with the times that they state."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.credentials import TokenFacts, describe_token

_GUID = "00000000-0000-0000-0000-000000000000"


def _jwt(claims: object, header: object = None) -> str:
    parts = (json.dumps(part).encode() for part in (header or {"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "c2ln"])


def _ecr(expiration: object) -> str:
    return base64.b64encode(json.dumps({"payload": "x", "version": "2", "expiration": expiration}).encode()).decode()


@pytest.mark.parametrize(
    ("host", "username", "password", "facts"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "AWS", _ecr(1700000000), ("ecr", 1700000000, 43200)),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "AWS", "opaque", ("ecr", None, 43200)),
        ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "AWS", "opaque", ("ecr", None, 43200)),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "AWS", "opaque", ("ecr", None, 43200)),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "AWS", "opaque", ("ecr", None, 43200)),
        ("mirror.example.com", "AWS", "opaque", (None, None, None)),
        ("mirror.example.com", "AWS", _ecr(1700000000), ("ecr", 1700000000, 43200)),
        ("gcr.io", "oauth2accesstoken", "ya29.abc", ("gcp-access-token", None, 3600)),
        ("gcr.io", "_json_key", "{}", ("gcp-service-account-key", None, None)),
        ("x.azurecr.io", _GUID, _jwt({"exp": 1700010800}), ("acr-refresh", 1700010800, 10800)),
        ("x.azurecr.io:443", _GUID, "opaque", ("acr-refresh", None, 10800)),
        ("quay.io", "u", _jwt({"exp": 1700000000, "iat": 1699990000}), ("jwt", 1700000000, 10000)),
        ("quay.io", "u", _jwt({"sub": "x"}), ("jwt", None, None)),
        ("r.svc:5000", "<token>", _jwt({"exp": 5, "kubernetes.io": {}}), ("serviceaccount-bound", 5, None)),
        ("r.svc", "u", _jwt({"iss": "kubernetes/serviceaccount"}), ("serviceaccount-legacy", None, None)),
        ("registry.redhat.io", "1|robot", _jwt({"sub": "x"}), ("redhat-registry", None, None)),
        ("r.svc", "unused", "sha256~abc", ("openshift-oauth", None, 86400)),
        ("ghcr.io", "u", "ghs_abc", ("github-actions", None, 86400)),
        ("ghcr.io", "u", "ghp_abc", ("github-classic", None, None)),
        ("registry.gitlab.com", "gitlab-ci-token", "abc", ("gitlab-job", None, 3600)),
        ("quay.io", "user", "pass", (None, None, None)),
        ("quay.io", "user", "", (None, None, None)),
    ],
)
def test_forms(host: str, username: str, password: str, facts: tuple[str | None, int | None, int | None]) -> None:
    found = describe_token(host, username, password)
    assert (found.kind, found.expires, found.lifetime_hint) == facts


@pytest.mark.parametrize("exp", [None, "x", True, 1e300, -1, 10**30, [], 0])
def test_times_that_are_none(exp: object) -> None:
    password = _jwt({"exp": exp})
    assert describe_token("quay.io", "u", password) == TokenFacts("jwt")


@pytest.mark.parametrize("exp", [1700000000, 1700000000.5, "1700000000", "1.7e9", "17E8", "17e+8"])
def test_times_as_they_are_written(exp: object) -> None:
    assert describe_token("quay.io", "u", _jwt({"exp": exp, "nbf": 7})).expires == 1700000000


@pytest.mark.parametrize("password", ["a.b.c", "e30.e30.c2ln", "....", "a.b", "e30.bnVsbA.x", "\u00e9.a.b"])
def test_three_dots_make_no_token(password: str) -> None:
    assert describe_token("quay.io", "u", password).kind is None


@given(st.text(max_size=20), st.sampled_from(["AWS", "u", _GUID, "oauth2accesstoken"]), st.text(max_size=60))
def test_no_credential_raises(host: str, username: str, password: str) -> None:
    describe_token(host, username, password)
