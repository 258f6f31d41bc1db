"""What a credential says about its own life, read offline.

Only headers, payloads and well-known shapes are read; nothing is verified and nothing is claimed about validity.
Sources: AWS ``AuthorizationData`` (12 h), Google Cloud access tokens (1 h), Azure ``acr/exchange`` refresh tokens (3
h), RFC 7519, OpenShift 4.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import Final

from linter.credentials.jsontext import JsonNode, decode_text, parse_json
from linter.patterns import lazy
from linter.record import NamedTuple

__all__ = ["TokenFacts", "describe_token", "token_account"]

_HOUR: Final = 3600
_LONGEST: Final = 64 * 1024
_OFTEN_ASKED: Final = 2048
_LATEST: Final = 253_402_300_800  # the year 10000; anything above is no point in time
_ECR_HOST: Final = lazy(
    r"(?:[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9_-]+\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)|public\.ecr\.aws)"
)
_ACR_HOST: Final = lazy(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.azurecr\.(?:io|cn|de|us)")
_ACR_USER: Final = "00000000-0000-0000-0000-000000000000"
_BASE64URL: Final = lazy(r"[A-Za-z0-9_-]+={0,2}")
_NUMBER: Final = lazy(r"-?[0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_PREFIXES: Final[tuple[tuple[str, str, int | None], ...]] = (
    ("sha256~", "openshift-oauth", 24 * _HOUR),
    ("ya29.", "gcp-access-token", _HOUR),
    ("ghs_", "github-actions", 24 * _HOUR),
    ("glcbt-", "gitlab-job", _HOUR),
    ("ghp_", "github-classic", None),
    ("github_pat_", "github-fine-grained", None),
    ("gldt-", "gitlab-deploy", None),
    ("glpat-", "gitlab-personal", None),
    ("dckr_pat_", "dockerhub-personal", None),
    ("dckr_oat_", "dockerhub-organisation", None),
)


class TokenFacts(NamedTuple):
    """What is known of a credential without asking anybody.

    ``kind`` names its form, None when it has no recognisable one.  ``expires``, ``not_before`` and ``issued`` are
    Unix seconds as the token states them, None when it states none.  ``lifetime_hint`` is how many seconds such a
    token lives by design (for a JWT: from ``iat`` to ``exp``), None when it lives until it is revoked or nothing is
    known.
    """

    kind: str | None = None
    expires: int | None = None
    not_before: int | None = None
    issued: int | None = None
    lifetime_hint: int | None = None


def describe_token(registry_host: str, username: str, password: str) -> TokenFacts:
    """Recognise a credential by registry, user name and shape; never raises.

    ``registry_host`` may carry a port.
    """
    if len(password) > _LONGEST or not password:
        return TokenFacts()
    # Every rule on lifetimes asks, and so does every pull that is told: mostly about the same credentials.
    describe = _described if len(password) <= _OFTEN_ASKED else _described.__wrapped__
    return describe(registry_host.partition(":")[0].lower(), username, password)


@lru_cache(maxsize=2**14)
def _described(host: str, username: str, password: str) -> TokenFacts:
    claims = _jwt_claims(password)
    if _ACR_HOST.fullmatch(host) and username == _ACR_USER:
        return _jwt_facts("acr-refresh", claims or {}, default_lifetime=3 * _HOUR)
    if claims is not None:
        return _jwt_facts(_jwt_kind(host, username, claims), claims)
    if username == "AWS" and (facts := _ecr_facts(host, password)):
        return facts
    if username == "oauth2accesstoken":
        return TokenFacts("gcp-access-token", lifetime_hint=_HOUR)
    if username in ("_json_key", "_json_key_base64"):
        return TokenFacts("gcp-service-account-key")
    for prefix, kind, lifetime in _PREFIXES:
        if password.startswith(prefix):
            return TokenFacts(kind, lifetime_hint=lifetime)
    return TokenFacts("gitlab-job", lifetime_hint=_HOUR) if username == "gitlab-ci-token" else TokenFacts()


def token_account(password: str) -> tuple[str, str]:
    """Return the namespace and name of the service account that a bound token says it is of; ("", "") for others.

    Nothing is verified: whoever wrote the token may have written anything.
    """
    claims = (_jwt_claims(password) if len(password) <= _LONGEST else None) or {}
    held = _named(claims.get("kubernetes.io"))
    namespace, name = held.get("namespace"), _named(held.get("serviceaccount")).get("name")
    if namespace is None or name is None or (namespace.kind, name.kind) != ("string", "string"):
        return "", ""
    return str(namespace.value), str(name.value)


def _named(node: JsonNode | None) -> dict[str, JsonNode]:
    return {name: value for name, _, _, value in node.members} if node is not None else {}


def _members(text: str) -> dict[str, JsonNode] | None:
    """Map the members of a JSON object, the last of equal names winning; None for anything else."""
    node = parse_json(text)
    if not isinstance(node, JsonNode) or node.kind != "object":
        return None
    return {name: value for name, _, _, value in node.members}


def _segment(text: str) -> dict[str, JsonNode] | None:
    """One base64url segment of a JWT as a JSON object."""
    if not _BASE64URL.fullmatch(text):
        return None
    body = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1:
        return None
    return _members(decode_text(binascii.a2b_base64(body + "=" * (-len(body) % 4))))


def _jwt_claims(password: str) -> dict[str, JsonNode] | None:
    """Read the payload of a JWT: three base64url segments, the first a JSON object that names an algorithm."""
    parts = password.strip().split(".")
    if len(parts) != 3 or (parts[2] and not _BASE64URL.fullmatch(parts[2])):
        return None
    header = _segment(parts[0])
    return _segment(parts[1]) if header is not None and "alg" in header else None


def _jwt_kind(host: str, username: str, claims: dict[str, JsonNode]) -> str:
    issuer = claims.get("iss")
    if "kubernetes.io" in claims:
        return "serviceaccount-bound"
    if issuer is not None and issuer.value == "kubernetes/serviceaccount":
        return "serviceaccount-legacy"
    if "|" in username and (host == "redhat.io" or host.endswith(".redhat.io")):
        return "redhat-registry"
    return "gitlab-job" if username == "gitlab-ci-token" else "jwt"


def _jwt_facts(kind: str, claims: dict[str, JsonNode], default_lifetime: int | None = None) -> TokenFacts:
    expires, not_before, issued = (_seconds(claims.get(name)) for name in ("exp", "nbf", "iat"))
    lifetime = default_lifetime
    if expires is not None and issued is not None and expires > issued:
        lifetime = expires - issued
    return TokenFacts(kind, expires, not_before, issued, lifetime)


def _seconds(node: JsonNode | None) -> int | None:
    """Read a NumericDate: a JSON number, or a string of digits, within the years that exist."""
    if node is None or node.kind not in ("number", "string") or not _NUMBER.fullmatch(str(node.value)):
        return None
    text = str(node.value)
    seconds = int(float(text)) if "e" in text.lower() else int(text.partition(".")[0])
    return seconds if 0 < seconds < _LATEST else None


def _ecr_facts(host: str, password: str) -> TokenFacts | None:
    """Read an ECR password: base64 of JSON with ``expiration``; the form is undocumented, so this is best effort."""
    members: dict[str, JsonNode] | None = None
    if re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", password) and len(password) % 4 == 0:
        members = _members(decode_text(binascii.a2b_base64(password)))
    if members is not None and "expiration" in members:
        return TokenFacts("ecr", _seconds(members["expiration"]), lifetime_hint=12 * _HOUR)
    return TokenFacts("ecr", lifetime_hint=12 * _HOUR) if _ECR_HOST.fullmatch(host) else None
