"""Credentials that their place gives away: values of telling fields, registry configs, lines of broken documents."""

import re
from typing import Any, Final

from linter.collecting.numbers import marked, unmarked
from linter.collecting.payloads import broken, data, is_credential, payload
from linter.collecting.pieces import ITEMS
from linter.collecting.scrubbing import CONFIG
from linter.collecting.surrogates import Surrogates, known_form
from linter.credentials import decode_data
from linter.credentials.jsontext import fold_name
from linter.inventory.configs import called, is_config

_TELLING: Final = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|api[-_]?key|access[-_]?key|client[-_]?secret|client-key-data"
    r"|(?:identity|registry|bearer|auth|access|refresh)_?token|(?<![a-z])token|^auth)$"
)
_USER: Final = frozenset({"username", "user", "email"})
_MEMBERS: Final[dict[str, tuple[type, ...]]] = {"auths": (dict, list, str), "httpheaders": (dict,)}
"""Members of a registry config that hold credentials, and what somebody writes there."""
_LINE: Final = re.compile(r"""(?P<key>\s*(?:- )?["']?(?P<name>[\w./-]+)["']?\s*[:=]\s*)(?P<value>.*)""", re.DOTALL)
_SECRET: Final = re.compile(r"""kind["']?\s*:\s*["']?Secret\b|\bstringData\b|dockerconfigjson|dockercfg|\bauths\b""")
_NAMES: Final = frozenset({"apiversion", "kind", "metadata", "name", "namespace", "type", "image"})
_CONTROL: Final = re.compile(r"""\s*\{\{-?\s*(?:if|else|end|with|range|define|template|include)\b[^"'`]*\}\}\s*""")
"""A line that only steers a template."""


def each_told(piece: Any, made: Surrogates) -> Any:
    """Do what `_telling` does, a list object item by item, so that never two of everything are held."""
    listed = piece.get(ITEMS) if isinstance(piece, dict) else None
    if not isinstance(listed, list):
        return _telling(piece, made)
    for at, item in enumerate(listed):
        listed[at] = _telling(item, made)
    return {**_telling({**piece, ITEMS: []}, made), ITEMS: listed}


def _telling(value: Any, made: Surrogates, generator: bool = False) -> Any:
    """Replace what stands under a key that says that it is a credential, and registry configs, wherever they stand."""
    if isinstance(value, list):
        return [_telling(one, made, generator) for one in value]
    if not isinstance(value, dict):
        return value
    secretive = False
    new: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, _MEMBERS.get(fold_name(key), ())):
            new[key] = _auths(inner, made)
        elif (held := _pull_secret(key, inner, made)) is not None:
            new[key] = held
        elif isinstance(inner, str) and telling(key):
            secretive = True
            new[key] = made.auth(inner) if fold_name(key) == "auth" else made.secret(inner)
        elif generator and key == "literals" and isinstance(inner, list):
            new[key] = [_literal(one, made) for one in inner]
        else:
            new[key] = _telling(inner, made, generator or key == "secretGenerator")
    if secretive:
        new |= {key: made.user(one) for key, one in new.items() if fold_name(key) in _USER and isinstance(one, str)}
    return new


def _pull_secret(key: str, value: Any, made: Surrogates) -> str | None:
    """Return what a field for a pull secret holds, with others in place of credentials; None where it holds none."""
    if not isinstance(value, str) or not called(key):
        return None
    decoded = decode_data(value)
    inner = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
    if CONFIG.search(inner) or is_credential(inner):
        return data(value, made)
    if is_credential(value):
        return made.secret(value) if known_form(value) else made.auth(value)
    return payload(value, made) if is_config(key, value) else None


def telling(key: str) -> bool:
    """Whether a key says that its value is a credential."""
    return _TELLING.search(key) is not None


def _auths(entries: Any, made: Surrogates) -> Any:
    """Return the entries of a registry config, of whatever shape, with others in place of their credentials."""
    return unmarked(payload(marked({"auths": entries}), made))["auths"]


def _literal(text: Any, made: Surrogates) -> Any:
    """Return a literal of kustomize (`KEY=VALUE`) with another value, between the quotes that kustomize takes away."""
    if not isinstance(text, str) or "=" not in text:
        return text
    key, _, written = text.partition("=")
    quote = written[:1] if written[:1] in ("'", '"') and written[:1] == written[-1:] else ""
    value = written.removeprefix(quote).removesuffix(quote)
    config = value.lstrip().startswith("{") or CONFIG.search(value)
    return f"{key}={quote}{payload(value, made) if config else made.secret(value)}{quote}"


def text_told(text: str, made: Surrogates) -> str:
    """Return a document that cannot be parsed with other values where a credential can be; marks of templates stay."""
    secret = _SECRET.search(text) is not None
    return "".join(_line(line, made, secret=secret) for line in text.splitlines(keepends=True))


def _line(line: str, made: Surrogates, *, secret: bool) -> str:
    found = _LINE.fullmatch(line)
    if found is None:
        return broken(line, made) if secret and not _CONTROL.fullmatch(line) else line
    name = found["name"].rpartition("/")[2]
    if _TELLING.search(name) or (secret and name.lower() not in _NAMES):
        return found["key"] + broken(found["value"], made)
    return line
