"""Texts without the credentials that are known, in whatever form they stand, and without what is plainly one."""

import base64
import re
from typing import Any, Final

from linter.collecting.payloads import REDACTED, data, payload
from linter.collecting.plain import names, part_of_more, plain
from linter.collecting.surrogates import Surrogates
from linter.collecting.words import any_of, forms
from linter.credentials import JsonNode, parse_json
from linter.credentials.jsontext import fold_name
from linter.inventory.configs import is_config, is_encoded
from linter.secret import without_logins

_JWT: Final = re.compile(r"(?<![\w-])(?=[\w-]+\.[\w-]{8,}\.)([\w-]*?)(ey[\w-]{8,}\.[\w-]{8,}\.[\w-]*)")
_TOKEN: Final = re.compile(r"(?:sha256~|ya29\.|gh[a-z]_|glcbt-|github_pat_|gldt-|glpat-|dckr_pat_|dckr_oat_)[\w.-]{8,}")
_URL_USER: Final = re.compile(r"(?<=//)([^/@\s:\"]*)(:?)([^/@\s\"]*)@")
_HEADER: Final = re.compile(r"(?i)\b(basic|bearer)(\s+)([\w+/=.~-]{6,})")
_PRIVATE: Final = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(-----END|\Z)", re.DOTALL)
_SECRET_NAME: Final = re.compile(
    r"(?i)passw|token|secret|apikey|api_key|credential|dockerconfig|dockercfg|_auth\b|^auth$"
)
_NAME_OF: Final = re.compile(r"(?i)(?:name|path|file|ref|url|namespace)s?$")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
CONFIG: Final = re.compile(r"\bauths?\\?[\"']?\s*:")
_LITERAL: Final = re.compile(r"\.docker(?:configjson|cfg)=[\"']?")
"""How a literal of kustomize begins that a pull secret is made of."""
_UNREAD: Final = frozenset({"binaryData", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe"})
"""Fields that nothing here reads, and that people hand credentials to programs in."""
_PASSWORD: Final = re.compile(
    r"(?i)passw|passphrase|^tokens?$|(?:^|[-_])(?:id|access|refresh|bearer)[-_]?token$|api[-_]?key|^auth$|private[-_]?key"
    r"|client[-_]?(?:secret|key-data)$"
)
_ENCODED: Final = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{16,}={0,2}(?![\w+/=-])")
_OPTION: Final = re.compile(r"(?i)-p|--?[\w-]*(?:passw(?:or)?d|token|secret|auth|key)")
_SAID: Final = re.compile(
    r"(?i)(\b(?:passw(?:or)?d|passphrase|token|auth|api_?key)\b[\"']?(?:\s*[=:]\s*|\s+(?:is|was)\s+)[\"']?)"
    r"([^\s\"',;)]+)"
)
_ENDS: Final = re.compile(r"[\s\"',;)]")
"""What ends the word that `_SAID` takes for a secret."""
_LAYERS: Final = 3
_SURE: Final = 8
"""From this length on a credential is looked for everywhere, and inside words; shorter and plain ones as words."""
SHORTEST: Final = 4
_MEMORABLE: Final = 400
_MEMORY: Final = 200_000
_FREE: Final = frozenset(
    {"message", "note", "reason", "args", "command", "value", "data", "binaryData", "annotations", "script", "log"}
)


class Scrubber:
    """Takes every known credential, in the forms in which it may stand, out of any text; and what is plainly one."""

    def __init__(self, made: Surrogates) -> None:
        self._made = made
        self._forms: dict[str, str] = {}
        for value, new in made.known.items():
            for form, instead in zip(forms(value), forms(new), strict=True):
                if len(form) >= SHORTEST and form != instead:
                    self._forms.setdefault(form, instead)
        self._new = frozenset(made.known.values())
        self._begun = frozenset(_ENDS.split(one, maxsplit=1)[0] for one in self._new)
        made.settle()
        ordered = sorted(self._forms, key=len, reverse=True)
        sure = [form for form in ordered if len(form) >= _SURE and not plain(form)]
        self._words = frozenset(form for form in ordered if len(form) >= _SURE).difference(sure)
        short = [form for form in ordered if len(form) < _SURE or form in self._words]
        self._sure = re.compile(any_of(sure)) if sure else None
        self._short = re.compile(rf"(?<![A-Za-z0-9])(?:{any_of(short)})(?![A-Za-z0-9])") if short else None
        self._seen: dict[tuple[str, bool], str] = {}

    def tree(self, value: Any, *, free: bool = False, name: str = "") -> Any:
        """Return a value of JSON, its keys included, scrubbed. `free`: it is text that nothing refers to by name."""
        if isinstance(value, str):
            word = not free and value in self._words and not names(name)
            return self._forms[value] if word else self.text(value, free=free)
        if isinstance(value, list):
            told = [self.tree(one, free=free, name=name) for one in value]
            return [self._after(told[at - 1], one) if at else one for at, one in enumerate(told)] if free else told
        if not isinstance(value, dict):
            return value
        value = {key: _unread(one) if key in _UNREAD else one for key, one in value.items()}
        value = {
            key: self._secret(key, one) if isinstance(one, str) and _password(key) else one
            for key, one in value.items()
        }
        secretive = isinstance(value.get("name"), str) and secretive_name(value["name"])
        if secretive and isinstance(value.get("value"), str) and "valueFrom" not in value:
            value = {**value, "value": self._made.secret(value["value"])}
        return {self.text(key): self._member(key, one, free=free or key in _FREE) for key, one in value.items()}

    def _member(self, key: str, one: Any, *, free: bool) -> Any:
        """Return what a field holds, scrubbed: of a config in base64 only the credentials go."""
        if is_config(key, one) and is_encoded(one):
            return data(one, self._made)
        return self.tree(one, free=free, name=key)

    def _secret(self, key: str, value: str) -> str:
        """Return the surrogate of what stands under a key that says that it is a credential."""
        return self._made.auth(value) if fold_name(key) == "auth" else self._made.secret(value)

    def _after(self, before: Any, one: Any) -> Any:
        """Replace the word behind an option that takes a credential."""
        option = isinstance(before, str) and isinstance(one, str) and _OPTION.fullmatch(before)
        return self._fresh(one) if option else one

    def text(self, text: str, *, free: bool = False) -> str:
        """Return one text scrubbed. A dump says most things many times."""
        if len(text) > _MEMORABLE:
            return self._scrubbed(text, free=free)
        done = self._seen.get((text, free))
        if done is None:
            done = self._scrubbed(text, free=free)
            if len(self._seen) < _MEMORY:
                self._seen[text, free] = done
        return done

    def _scrubbed(self, text: str, *, free: bool) -> str:
        if free or "\n" in text:
            text = _SAID.sub(lambda found: found[1] + self._told(found[2]), text)
        text = self._sure.sub(self._instead, text) if self._sure is not None else text
        if free and self._short is not None:
            text = self._short.sub(self._instead_of_word, text)
        made = self._made
        if CONFIG.search(text):
            text = _config(text, made)
        if "//" in text and "@" in text:
            text = _URL_USER.sub(
                lambda found: (
                    f"{made.user(found[1])}{found[2]}{made.secret(found[3])}@"
                    if found[2]
                    else f"{made.secret(found[1])}@"
                ),
                text,
            )
        text = without_logins(text)
        if free:
            text = _ENCODED.sub(lambda found: self._unknown(found[0]), text)
            text = _PRIVATE.sub(lambda found: found[1] + made.text(found[2]) + found[3], text)
            text = _JWT.sub(lambda found: found[1] + self._fresh(found[2]), text)
            text = _TOKEN.sub(lambda found: self._fresh(found[0]), text)
            text = _HEADER.sub(lambda found: found[1] + found[2] + self._fresh(found[3]), text)
            text = _BASE64.sub(lambda found: self._encoded(found[0]), text)
        return text

    def _instead(self, found: re.Match[str]) -> str:
        return self._forms[found.group()]

    def _instead_of_word(self, found: re.Match[str]) -> str:
        word = found.group()
        return word if plain(word) and part_of_more(found) else self._forms[word]

    def _fresh(self, value: str) -> str:
        """Return the surrogate of a value that may be one already."""
        return value if value in self._new else self._made.secret(value)

    def _told(self, word: str) -> str:
        """Return the surrogate of a word that is said to be a secret; one may have been drawn with an end inside."""
        bare = word.rstrip("\\")
        return word if bare in self._begun or bare.rstrip("=") in self._begun else self._fresh(word)

    def _unknown(self, run: str) -> str:
        """Replace a run of base64 that decodes to `user:password`."""
        inner = base64.b64decode(run + "=" * (-len(run) % 4)) if len(run.rstrip("=")) % 4 != 1 else b""
        pair = inner.isascii() and inner.decode("ascii").isprintable() and b":" in inner
        return self._fresh(run) if pair and not self._is_new(run) else run

    def _encoded(self, run: str) -> str:
        """Replace a run of base64 that hides a known credential."""
        return self._made.text(run) if not self._is_new(run) and self._hides(run, _LAYERS) else run

    def _is_new(self, run: str) -> bool:
        """Whether a run of base64 is a surrogate, padded or not: in text that is no JSON it has been drawn without."""
        return run in self._new or run.rstrip("=") in self._new

    def _hides(self, run: str, layers: int) -> bool:
        """Whether a run of base64 holds a known credential, wherever in its four letters it begins, or more of it."""
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        for start in range(4):
            part = plain[start:]
            part = part[: len(part) - 1] if len(part) % 4 == 1 else part
            inner = base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
            if CONFIG.search(inner) or (self._sure is not None and self._sure.search(inner)):
                return True
            if layers > 1 and any(self._hides(one.group(), layers - 1) for one in _BASE64.finditer(inner)):
                return True
        return False


def _config(text: str, made: Surrogates) -> str:
    """Return a text that holds a registry config; what stands around one (`KEY='…'`) is no part of it."""
    start, end = text.find("{"), text.rfind("}") + 1
    if start > 0 and not text[end:].strip("\"' \t\r\n") and isinstance(parse_json(text[start:end]), JsonNode):
        return text[:start] + payload(text[start:end], made) + text[end:]
    key = _LITERAL.match(text)
    return key[0] + payload(text[key.end() :], made) if key is not None else payload(text, made)


def secretive_name(name: str) -> bool:
    """Whether what is called so holds a secret, and is not only the name or the path of one."""
    return _SECRET_NAME.search(name) is not None and _NAME_OF.search(name) is None


def _password(key: str) -> bool:
    return _PASSWORD.search(key) is not None and _NAME_OF.search(key) is None


def _unread(value: Any) -> Any:
    """A value with every text in it redacted, its shape kept."""
    if isinstance(value, str):
        return REDACTED
    if isinstance(value, list):
        return [_unread(one) for one in value]
    return {key: _unread(one) for key, one in value.items()} if isinstance(value, dict) else value
