"""Surrogates: text that looks like a credential, is none, and is the same wherever that credential stood.

A surrogate is drawn from a key that lives as long as the process. It has the length of what it replaces and the same
class of sign at each place; white space, `$` and what marks a template stay. Equal values have equal surrogates, others
have others. Placeholders are no credentials and stay.
"""

import base64
import hmac
import json
import re
import secrets
import string
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from linter.credentials import decode_auth, decode_base64, describe_token, placeholder, redacted
from linter.credentials.base64go import Credential, CredentialError

_KEPT_USERS: Final = frozenset(
    [
        "", "AWS", "oauth2accesstoken", "_json_key", "_json_key_base64", "gitlab-ci-token", "robot", "<token>",
        "00000000-0000-0000-0000-000000000000", "$oauthtoken", "$app", "username",
    ]
)  # fmt: skip
"""Names that say what kind of credential it is, and of nobody whose it is."""
_PREFIX: Final = re.compile(
    r"sha256~|ya29\.|gh[a-z]_|glcbt-|github_pat_|gldt-|glpat-|dckr_pat_|dckr_oat_|ENC\[(?:AES256_GCM,)?"
)
_VARIABLE: Final = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\([^()\n]*\)")
_MARK: Final = re.compile(
    r"(\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|<%(?:(?!<%).)*?%>|\$\{(?:[^}$]|\$(?!\{))*+\}"
    r"|\$\((?:[^)$]|\$(?!\())*+\)|<[^<>]*>|X{3,}|\.{3,}|…+)",
    re.DOTALL,
)
_SIGNS: Final = "!#&*+,.;=?^_|~-"
_EMPTY: Final = frozenset("[]{}()\"'`$,: \t\r\n")
_TRIES: Final = 200
_SHORT: Final = 12

_CLASSES: Final = {
    sign: members for members in (string.ascii_lowercase, string.ascii_uppercase, string.digits) for sign in members
}
FORM: Final = ("username", "password")
"""The words of documentation, which together are no credential: as one, they would be replaced wherever they stand."""


class Surrogates:
    """Gives surrogates and remembers for what. `known` maps every credential met to its surrogate."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._made: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._auths: dict[str, str] = {}
        self._taken: set[str] = set()
        self.known: dict[str, str] = {}
        self._settled: frozenset[str] = frozenset()

    def settle(self) -> None:
        """Take what is a surrogate by now for one: it has none of its own, so that equal ones stay equal."""
        made = (*self._made.values(), *self._users.values(), *self._texts.values(), *self._auths.values())
        self._settled = frozenset(made).difference(self._made)

    def secret(self, value: str) -> str:
        """Return the surrogate of a password or token."""
        core = value.strip()
        if not core or core in self._settled or _VARIABLE.fullmatch(core):
            return value
        made = self._made.get(core)
        if made is None:
            made = self._made[core] = self._new(core)
            if made != core:
                self.known[core] = made
        lead = len(value) - len(value.lstrip())
        return value[:lead] + made + value[lead + len(core) :]

    def user(self, value: str) -> str:
        """Return the surrogate of a user name. Punctuation stays: it tells robots and organisations from people."""
        core = value.strip()
        kept = core in _KEPT_USERS or core in self._settled or _VARIABLE.fullmatch(core)
        if kept or placeholder(core, username=True) or redacted(core):
            return value
        made = self._users.get(core)
        if made is None:
            made = self._users[core] = self._fitting("user", core, signs=False)
        return value.replace(core, made)

    def auth(self, value: str) -> str:
        """Return the surrogate of an `auth`: it decodes, or fails to, as the original does."""
        if value.strip() in self._settled:
            return value
        decoded = decode_auth(value)
        if isinstance(decoded, CredentialError):
            return self._undecodable(value, decoded)
        if value in self._made:
            return self._made[value]
        if not decoded.username and not decoded.password:
            return value
        if (decoded.username, decoded.password) == FORM:
            return value
        made = self._encoded(value, decoded)
        if (placeholder(value) is None) != (placeholder(made) is None):
            made = value if placeholder(value) else self._encoded(value, decoded, again=True)
        if made != value:
            self._made[value] = self.known[value] = made
        return made

    def _encoded(self, value: str, decoded: Credential, *, again: bool = False) -> str:
        password = self.secret(f"{decoded.password}~" if again else decoded.password)
        text = f"{self.user(decoded.username)}:{password}"
        made = base64.b64encode(text.encode("utf-8", "replace")).decode()
        if not value.strip().endswith("="):
            made = made.rstrip("=")
        breaks = [place for place, sign in enumerate(value) if sign in "\r\n"]
        for place in breaks:
            made = made[:place] + value[place] + made[place:]
        return made

    def _undecodable(self, value: str, error: CredentialError) -> str:
        core = value.strip()
        if not core or _VARIABLE.fullmatch(core):
            return value
        if placeholder(value) or redacted(value):
            return self.secret(value)
        user, colon, password = core.partition(":")
        if user and password and not any(map(str.isspace, core)):  # in clear
            made = f"{self.user(user)}{colon}{self.secret(password)}"
            if made != core:
                self.known[core] = made
            return value.replace(core, made)
        decoded = decode_base64(core, padded=core.endswith("="))
        if error.offset is None and isinstance(decoded, bytes):  # base64, and no colon in it
            inner = self.secret(decoded.decode("utf-8", "replace"))
            made = base64.b64encode(inner.encode()).decode()
            self.known[core] = made = made if core.endswith("=") else made.rstrip("=")
            return value.replace(core, made)
        if core not in self._auths:
            self._auths[core] = self.known[core] = self._fitting("auth", core, signs=False)
        return value.replace(core, self._auths[core])

    def text(self, value: str, *, known: bool = False) -> str:
        """Return `value` with every letter and digit replaced by another of its class. `known`: it is a credential."""
        made = self._texts.get(value)
        if made is None:
            made = self._texts[value] = self._fitting("text", value, signs=False)
        if known and made != value:
            self.known.setdefault(value, made)
        return made

    # How they are made

    def _new(self, core: str) -> str:
        token = self._token(core)
        if token:
            return token
        reason = placeholder(core) or redacted(core)
        if reason:
            # What stands around the mark of a template, or is left beside X, may be a part of a credential.
            inner = _inner(core)
            if inner is not None:
                made = base64.b64encode(self.secret(inner).encode()).decode()
                made = made if core.endswith("=") else made.rstrip("=")
                return made if placeholder(made) == placeholder(core) else core
            parts = _MARK.split(core)
            made = "".join(
                part if number % 2 or not part else self._drawn("part", part, 0, signs=False)
                for number, part in enumerate(parts)
            )
            return made if placeholder(made) == placeholder(core) and redacted(made) == redacted(core) else core
        prefix = _PREFIX.match(core)
        start = prefix.group() if prefix else ""
        return start + self._fitting("secret", core[len(start) :], signs=True) if core != start else core

    def _token(self, core: str) -> str:
        """Return an unsigned JWT, or an ECR token, that says when it ends and nothing else; "" for what is neither."""
        facts = describe_token("", "AWS", core)
        mark = self._drawn("mark", "a" * 16, 0, signs=False, of=core)
        if facts.kind == "ecr":
            body = {"payload": mark, "expiration": facts.expires} if facts.expires else {"expiration": None, "p": mark}
            return base64.b64encode(json.dumps(body).encode()).decode()
        if facts.kind is None or core.count(".") != 2 or not core.startswith("ey"):
            return ""
        claims: dict[str, object] = {"jti": mark}
        times = {"exp": facts.expires, "nbf": facts.not_before, "iat": facts.issued}
        claims |= {name: at for name, at in times.items() if at is not None}
        if facts.kind == "serviceaccount-bound":
            claims["kubernetes.io"] = {}
        if facts.kind == "serviceaccount-legacy":
            claims["iss"] = "kubernetes/serviceaccount"
        return ".".join([_segment({"alg": "none"}), _segment(claims), "unsigned"])

    def _fitting(self, what: str, core: str, *, signs: bool) -> str:
        """Draw until no other value has the surrogate, and nothing that the original is not taken for shows in it."""
        for attempt in range(_TRIES):
            made = self._drawn(what, core, attempt, signs=signs)
            if made in self._taken or made in self._made or (made == core and _must_differ(core, signs=signs)):
                continue
            if (placeholder(made), redacted(made)) == (placeholder(core), redacted(core)):
                self._taken.add(made)
                return made
        # So short that all are taken, or nothing but signs that stay: of another length, then.
        made = self._drawn(what, "a" * _SHORT, 0, signs=False, of=core)
        self._taken.add(made)
        return made

    def _drawn(self, what: str, core: str, attempt: int, *, signs: bool, of: str = "") -> str:
        stream = self._stream(f"{what}\0{attempt}\0{of or core}")
        return "".join(_swapped(sign, stream, signs=signs) for sign in core)

    def _stream(self, label: str) -> Iterator[int]:
        block = 0
        while True:
            yield from hmac.digest(self._key, f"{block}\0{label}".encode("utf-8", "surrogatepass"), sha256)
            block += 1


def known_form(value: str) -> bool:
    """Whether a value begins as the tokens of some issuer do."""
    return _PREFIX.match(value.strip()) is not None


def _must_differ(core: str, *, signs: bool) -> bool:
    """Whether another value can stand for it: not for what is left of a list, a quotation or a variable."""
    return any(sign.isalnum() for sign in core) or (signs and not _EMPTY.issuperset(core))


def _inner(core: str) -> str | None:
    """Return the readable text that `core` is the base64 of, None where it is none."""
    decoded = decode_base64(core, padded=core.endswith("="))
    if not isinstance(decoded, bytes) or len(decoded) < 3:
        return None
    try:
        inner = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return inner if inner.isprintable() and (placeholder(inner) or redacted(inner)) else None


def _swapped(sign: str, stream: Iterator[int], *, signs: bool) -> str:
    members = _CLASSES.get(sign)
    if members is None and sign.isascii():
        if not signs or sign.isspace() or not sign.isprintable() or sign in "$:\"'\\/@%<>{}[]()`":
            return sign
        members = _SIGNS
    if members is None:
        if sign.isspace() or not sign.isprintable():
            return sign
        members = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ"
    return members[next(stream) % len(members)]


def _segment(body: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
