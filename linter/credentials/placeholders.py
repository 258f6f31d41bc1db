"""Text that stands where a credential should: documentation, templates, redaction.

Measured on public manifests and dumps.  Both functions are careful in both directions: a short, weak or odd password
is not a placeholder (``pass``, ``hunter2``, ``robot$team+ci``, ``correct horse battery staple``), and an obvious
stand-in is one in plain text, in base64 and as the password of ``user:password``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from linter.credentials.base64go import decode_base64
from linter.patterns import lazy

__all__ = ["placeholder", "redacted"]

_LONGEST: Final = 64 * 1024
_OFTEN_ASKED: Final = 256
"""Texts up to this length are asked about again and again: by every rule, and for every secret that repeats them."""
_REMEMBERED: Final = 2**15
_IN_A_ROW: Final = 4
"""Whether a text is redacted and whether it is a placeholder is asked of it and of what is encoded in it, in turn."""
_BREAKS: Final = dict.fromkeys(map(ord, "\r\n\t"))
_BASE64: Final = lazy(r"[A-Za-z0-9+/\r\n]++={0,2}\s*")

_BYTES_LONG: Final = lazy(r"[\"'<(]*[0-9]+ bytes? long[\"'>)]*")
_REDACTED_WORD: Final = lazy(
    r"(?i)[\[<({*#_\s\"'-]*(?:redacted|redcated-by-dumpall|masked|scrubbed|sanitized|sanitised|obfuscated|omitted|removed|snipped|censored)[\]>)}*#_\s\"'-]*"
)
_MASK_RUN: Final = lazy(r"(?:x{3,}|X{3,})={0,2}|\*{3,}|•{3,}|#{3,}")
_MASK_IN_BASE64: Final = lazy(r"(?=[A-Za-z0-9+/_-]*?X{4})[A-Za-z0-9+/_-]++(?:(?:…|\.{3})[A-Za-z0-9+/_-]*+)?={0,2}")

_TEMPLATES: Final = (
    ("{{", lazy(r"\{\{(?:(?!\{\{).)*?\}\}", re.DOTALL), "a template expression"),
    ("%", lazy(r"\{%(?:(?!\{%).)*?%\}|<%(?:(?!<%).)*?%>", re.DOTALL), "a template expression"),
    ("${", lazy(r"\$\{\{?[A-Za-z_][A-Za-z0-9_.:\- ]*\}?\}"), "a variable that was never substituted"),
    ("$(", lazy(r"\$\([A-Za-z_][A-Za-z0-9_.\- ]*\)"), "a variable that was never substituted"),
    ("<path:", lazy(r"<path:[^<>]*>"), "a vault path that was never substituted"),
    ("vault:", lazy(r"\Avault:[\w.-]++(?:/[\w.-]++)++#"), "a vault path that was never substituted"),
)
"""Each with what stands in whatever it matches: most texts hold none of it."""
_VARIABLE: Final = lazy(
    r"\$[A-Z][A-Z_]{3,}[0-9]?|%[A-Z][A-Z_]{3,}%|@@?[A-Z][A-Z_]{3,}@@?|__[A-Z][A-Z0-9_]{2,}[A-Z0-9]__"
    r"|#\{[A-Za-z_][\w.-]*\}#?|\[\[ ?[A-Za-z_.][\w. -]*\]\]|\(\([A-Za-z_][\w.:/-]*\)\)|<\+[A-Za-z][^<>]*>"
    r"|###[A-Z][A-Z0-9_]{3,}###"
)
"""As shells, cmd, Azure Pipelines, Concourse, Harness and Zarf write them."""
_REFERENCE: Final = lazy(r"op://[^\s/]+/[^\s/]+/\S+|ref\+[a-z0-9]+://\S+")
"""What 1Password and vals put a value in place of."""
_ANGLE: Final = lazy(
    r"[\"']?<{1,3}\s*(?:[^\W\d_]|(?:~|\.{1,2})/)[^<>]*>{1,3}[\"']?"
    r"|\[{1,2}\s*(?:your|insert|replace|enter|add)\b[^\[\]]*\]{1,2}",
    re.IGNORECASE,
)
_ELLIPSIS: Final = lazy(
    r"(?:\.{3,}+|…++)(?:\s++(?:\.{3,}+|…++))*+"
    r"|(?:[A-Za-z0-9+/_-]{4,}+|eyJ)(?:\.{3,}|…+)(?:={0,2}|[\"}\]]{1,8})|[A-Za-z0-9+/_-]{4,}+…[A-Za-z0-9+/_-]*={0,2}"
)
_ASKED: Final = lazy(
    r"(?:REPLACE|CHANGE|UPDATE|FILL|EDIT)[ _-](?:ME|THIS|IT)(?![A-Z0-9])[A-Z _!.-]*|[A-Z][A-Z0-9_]*_(?:HERE|ICI|AQUI)"
    r"|(?i:(?:replace|change|update)[ _-]?(?:me|this|it)[ _-](?:in|before|for|at|on|via|to|by)(?:[ _-][a-z]+){1,4})"
    r"|=*(?i:(?:your|put|insert|paste|enter|add)(?:[ _-][a-z]+){1,6}[ _-](?:goes[ _-])?here)=*"
    r"|(?i:(?:[a-z0-9]++[_-])?placeholder(?:[_-][a-z]+)?)"
)
_LATER: Final = lazy(
    r"(?i)(?:(?:set|injected|provided|replaced|filled|populated|overridden|supplied)[ _-](?:by|via|from|during)"
    r"|(?:[a-z]++[ _-])?(?:to|will|must)[ _-]be[ _-](?:requested|defined|provided|replaced|added|filled|set|generated"
    r"|supplied|determined|injected|substituted|overridden|populated|updated)|(?:key|token|value)tobe[a-z]{3,}ed)"
    r"(?:[ _-][a-z]+){0,5}"
)
"""What says that somebody puts the value there later: `set-by-ci`, `WILL_BE_REPLACED_BY_CI`."""
_PADDING: Final = lazy(r"={1,4}")
_NAMED: Final = lazy(r"(?=[A-Z0-9_]*(?:BASE64|DOCKER_?CONFIG))[A-Z][A-Z0-9]*+(?:_[A-Z0-9]++)++")
_NAMED_PAIR: Final = lazy(r"BASE64(?:_[A-Z]++)++(?:[_:][A-Z]++)++")
_WORDS: Final = lazy(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_TEXT: Final = lazy(r"#?\s*[A-Za-z0-9]++(?:[-_. ]++[A-Za-z0-9]++)*+[.!:]?")
_ENGLISH: Final = lazy(r"[A-Za-z0-9'_-]++[.,:!]?(?:\s++\(?[A-Za-z0-9'_-]++\)?[.,:!]?){2,}")
_PATH: Final = lazy(
    r"(?:~|\.{1,2}|\$HOME|[A-Z]:)?(?:[/\\][\w.@ -]+)*[/\\](?:config\.json|\.dockerc(?:fg|onfigjson))"
)
_COMMENTS: Final = lazy(
    r"#++[ \t][^\n]*+(?:\n\s*+#[^\n]*+)++\s*+|#++[ \t]*+[^\W\d_]++(?:[ \t]++[\w.,:'()-]++){5,}+\s*+"
)
_REALLY_LONG: Final = lazy(r"Really really re+a+l+y+ l+o*n*g* auth keys")
_CALL: Final = lazy(r"(?i)(?:to)?base64(?:[-_]?encode)?\(([^()]*+)\)")
_SQUASHED: Final = lazy(
    r"(?i)(?:<?(?:your|the|a|some|insert|replace|paste)?[-_ ]*)?base[-_ ]?64[-_ ]*"
    r"(?:encoded|encode|of|string|value|data|docker|config|json|here)"
    r"[-_ A-Za-z]*=*"
)

_WHOLE: Final = frozenset(
    [
        "changeme",
        "changeit",
        "changethis",
        "changemeplease",
        "replaceme",
        "replacethis",
        "replacewithyourown",
        "todo",
        "fixme",
        "tbd",
        "tobedefined",
        "tomodify",
        "tofill",
        "tobereplaced",
        "fillme",
        "fillmein",
        "placeholder",
        "redactme",
        "updateme",
        "setme",
        "insertme",
        "insertyours",
        "yourown",
    ]
)
_OPENERS: Final = frozenset(
    [
        *("your", "insert", "enter", "replace", "put", "paste", "add", "fill", "change", "set"),
        *("tu", "votre", "ton", "seu", "sua", "dein", "ihr"),
    ]
)
_NOUNS: Final = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "pass",
        "token",
        "secret",
        "key",
        "credential",
        "credentials",
        "auth",
        "authentication",
        "username",
        "user",
        "email",
        "registry",
        "docker",
        "dockerhub",
        "hub",
        "quay",
        "config",
        "dockerconfig",
        "json",
        "dockerconfigjson",
        "base64",
        "64",
        "encoded",
        "here",
        "value",
        "string",
        "api",
        "access",
        "personal",
        "robot",
        "account",
        "pat",
        "pull",
        "harbor",
        "github",
        "gitlab",
        "ghcr",
        "acr",
        "ecr",
        *("usuario", "contrasena", "clave", "senha", "utilisateur", "passwort", "kennwort", "benutzer", "nutzer"),
    ]
)
_YOURS: Final = frozenset(
    f"your{word}"
    for word in ("password", "passwd", "token", "secret", "credential", "credentials", "username", "email")
)
_FILLERS: Final = frozenset(
    [
        *("your", "the", "a", "an", "this", "with", "in", "by", "base", "my", "own", "of", "me", "it", "real"),
        *("actual", "io", "login"),
        *("really", "very", "long", "strong", "secure"),
    ]
)
_CAPITALS: Final = lazy(r"[A-Z0-9]+(?:[_-][A-Z0-9]+)*")
_DOCUMENTED: Final = {
    "b3Blb=": "the value of OpenShift's documentation",
    "b3Blb": "the value of OpenShift's documentation",
    "username:password": "the form of a credential, not one",
    "<username>:<password>": "the form of a credential, not one",
}


def redacted(value: str | bytes) -> str | None:
    """Say how a value was blanked by a dump tool (``oc adm inspect``, must-gather-clean, …), or None.

    Recognises ``"<N> bytes long"``, ``<redacted>`` and its like, runs of ``x``, ``X`` or ``*``, and ``XXXX`` inside
    base64; plain and in one layer of base64.  A redacted value proves nothing and must not be judged.
    """
    text = _text(value)
    if not text:
        return None
    return _redacted_or_not(text) if len(text) <= _OFTEN_ASKED else _redacted_or_not.__wrapped__(text)


@lru_cache(maxsize=_REMEMBERED)
def _redacted_or_not(text: str) -> str | None:
    found = _redacted_text(text)
    if found is None and (inner := _base64_text(text)):
        found = _redacted_text(inner)
    return found


@lru_cache(maxsize=_IN_A_ROW)
def _redacted_text(text: str) -> str | None:
    if _BYTES_LONG.fullmatch(text):
        return "replaced by its length"
    if _REDACTED_WORD.fullmatch(text):
        return "replaced by a word that says so"
    if _MASK_RUN.fullmatch(text):
        return "replaced by a run of one character"
    if len(text) >= 8 and "XXXX" in text and _MASK_IN_BASE64.fullmatch(text):
        return "overwritten in part by X"
    return None


def placeholder(value: str, *, username: bool = False) -> str | None:
    """Say why a value is a documentation or template stand-in rather than a credential, or None.

    ``value`` may be a password, an ``auth`` field, ``user:password`` or a whole ``data`` value.  With ``username``
    the names that registries really use (``<token>`` on OpenShift) pass.  Redacted values are ``redacted``'s
    business; only ``XXXX`` inside base64 is both.
    """
    text = _text(value)
    if not text or (username and text == "<token>"):
        return None
    return _placeholder_or_not(text) if len(text) <= _OFTEN_ASKED else _placeholder_or_not.__wrapped__(text)


@lru_cache(maxsize=_REMEMBERED)
def _placeholder_or_not(text: str) -> str | None:
    if found := _placeholder_text(text):
        return found
    if _PADDING.fullmatch(text):
        return "padding of base64 and nothing else"
    inner = _base64_text(text)
    return _placeholder_text(inner) if inner else None


@lru_cache(maxsize=_IN_A_ROW)
def _placeholder_text(text: str) -> str | None:
    """Judge plain text; of ``user:password`` also the password alone."""
    if text in _DOCUMENTED:
        return _DOCUMENTED[text]
    if text.startswith("Really") and _REALLY_LONG.fullmatch(text):
        return "the value of Kubernetes' documentation"
    hidden = _redacted_text(text)
    if hidden:
        return "X where the value should be" if "by X" in hidden else None
    found = _template(text) or _stand_in(text)
    if found is None and ":" in text and "\n" not in text:
        password = text.partition(":")[2].strip()
        found = (_template(password) or _stand_in(password)) if password and not _redacted_text(password) else None
    return found


def _template(text: str) -> str | None:
    """Find a mark of a template language anywhere, or a bare variable as the whole."""
    if len(text) <= 4096 and not text.startswith(("{\n", '{"')):
        for sign, pattern, reason in _TEMPLATES:
            if sign in text and pattern.search(text):
                return reason
    if _REFERENCE.fullmatch(text):
        return "a reference to a vault that was never followed"
    return "a variable that was never substituted" if _VARIABLE.fullmatch(text) else None


def _stand_in(text: str) -> str | None:
    """Words that ask the reader to put something else there."""
    if len(text) > 400:
        return None
    if found := _described(text) or _promised(text):
        return found
    if _NAMED.fullmatch(text) or (_NAMED_PAIR.fullmatch(text) and _nouns(text)):
        return "the name of a variable"
    call = _CALL.fullmatch(text)
    if call and call[1] in _DOCUMENTED:
        return "a description of the value"
    if text.startswith("#") and _COMMENTS.fullmatch(text):
        return "comments only"
    if text.endswith(("g", "n")) and _PATH.fullmatch(text):
        return "the path of a file"
    if _ENGLISH.fullmatch(text) and _describes(text):
        return "a sentence"
    return _phrase(text)


def _described(text: str) -> str | None:
    """Text that is about the value, or all but the value."""
    if _ANGLE.fullmatch(text):
        return "a name in angle brackets"
    if _ELLIPSIS.fullmatch(text):
        return "text left out"
    return "a description of the value" if _SQUASHED.fullmatch(text) else None


def _promised(text: str) -> str | None:
    """Text that asks for the value, or says that it comes later."""
    if _ASKED.fullmatch(text):
        return "a request to change it"
    return "a promise of a value" if _LATER.fullmatch(text) else None


def _nouns(text: str) -> bool:
    """Whether all words of a pair of names are of that trade."""
    return all(word in _NOUNS or word == "of" for word in re.split(r"[_:]", text.lower()))


def _describes(text: str) -> bool:
    """Whether a sentence talks about credentials: two or more words of that trade, or an instruction with one."""
    words = [word.strip("().,:!").lower() for word in re.split(r"[\s_-]+", text)]
    nouns = sum(word in _NOUNS for word in words)
    return nouns >= 2 or (nouns == 1 and any(word in _OPENERS for word in words))


def _phrase(text: str) -> str | None:
    """``changeme``, ``your-password``, ``REPLACE_ME``, ``REGISTRY_PASSWORD``, ``INSERT_TOKEN_HERE`` and their like."""
    if not _TEXT.fullmatch(text):
        return None
    words = [word.lower() for word in _WORDS.findall(text)]
    if not words:
        return None
    if len(words) == 1 and words[0] in _YOURS:
        return "a request to change it"
    if "".join(words) in _WHOLE:
        return "a request to change it"
    known = all(word in _NOUNS or word in _FILLERS or word in _OPENERS for word in words)
    if (
        known
        and len(words) >= 2
        and words[0] in _OPENERS
        and (words[-1] in _NOUNS or words[-1] in ("me", "this", "it"))
    ):
        return "a request to change it"
    capitals = _CAPITALS.fullmatch(text) is not None and len(text) >= 8
    if capitals and len(words) >= 2 and all(word in _NOUNS for word in words):
        return "the name of a variable"
    return None


def _text(value: str | bytes) -> str:
    """Trimmed text; what is too long to be a stand-in counts as none."""
    if len(value) > _LONGEST:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text.strip()


@lru_cache(maxsize=_IN_A_ROW)
def _base64_text(text: str) -> str | None:
    """Return the printable text inside one layer of standard base64, if there is one."""
    if len(text) < 4 or not _BASE64.fullmatch(text):
        return None
    decoded = decode_base64(text.strip(), padded=text.endswith("="))
    if not isinstance(decoded, bytes):
        return None
    try:
        inner = decoded.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    printable = inner.isprintable() or inner.translate(_BREAKS).isprintable()
    return inner if inner and printable else None
