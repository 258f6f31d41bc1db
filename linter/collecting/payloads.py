"""Payloads of pull secrets with surrogates for what is secret in them: every key, type and space as it was."""

import base64
import ipaddress
import json
import re
from typing import Final

from linter.collecting.surrogates import FORM, Surrogates, known_form
from linter.credentials import JsonNode, decode_base64, decode_data, examine, parse_json, placeholder, redacted
from linter.credentials.jsontext import decode_text, fold_name, scrub

REDACTED: Final = "<redacted>"
_HELPERS: Final = frozenset(
    ["desktop", "osxkeychain", "ecr-login", "gcloud", "gcr", "pass", "secretservice", "wincred", "acr-env", "env"]
)
_USER_INFO: Final = re.compile(r"((?<=//)|^)[^/@\s\"]+@")
_NO_HOST: Final = re.compile(
    r"(?<=[?#]).{2,}|(?<=[^/:\s]:)(?!\d{0,5}(?:/|$)|[*?]|latest$|v?\d[\d.]*(?:-\w+)?$)[^/@\[\]]{2,}"
)
"""What no host and no path is: a query, and what stands where a port would."""
_IPV6: Final = re.compile(r"(?:https?://)?(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Fa-f:.]+)(?=/|$))")
_WORD: Final = re.compile(r"[^\W_]+(?:[-_.+/=~$%^&*!#?|@]*[^\W_]+)*")
STRUCTURE: Final = frozenset(
    [
        "auths", "auth", "username", "password", "email", "httpheaders", "credsstore", "credhelpers",
        "identitytoken", "registrytoken", "localhost", "true", "false", "null", "https", "http", "sops", "enc",
    ]
)  # fmt: skip
"""Words that a config has of itself."""
_HOST: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[\w./-]*)?")
_SIGNS: Final = frozenset("\"'{}[],:#")
_STRUCTURAL: Final = "{}[],: \t\r\n"
_TOLD: Final = re.compile(r"[\t\r\n -~]+[\"'{},]")
"""Text up to its last sign of structure."""
_TELLING: Final = 8
_DEPTH: Final = 4
_SHORTEST: Final = 3
"""As many signs of base64 hold an empty object."""
_NO_TEXT: Final = b"\x80"
"""A byte that no text in UTF-8 begins with."""
_ANSIBLE: Final = re.compile(r"\s*\$ANSIBLE_VAULT;(?:\d\.\d;AES(?:256)?)?")
"""The head of a value that Ansible Vault has encrypted; what comes after it may be guessed at, so it goes."""


def data(value: str, made: Surrogates) -> str:
    """Return a value of a Secret's `data`: base64 stays base64, and what is none stays none."""
    if not value.strip():
        return value
    if vaulted := _vaulted(value):
        return vaulted
    decoded = decode_data(value)
    stands_in = redacted(value) or (placeholder(value) and len(value) < 200)
    if stands_in and not (isinstance(decoded, bytes) and _readable(decoded)):
        return made.secret(value)
    if not isinstance(decoded, bytes):
        if value.lstrip().startswith("{"):
            return payload(value, made)
        return _damaged(value, decoded.offset, made) or _no_json(made.text(value, known=True))
    return base64.b64encode(content(decoded, made)).decode()


def _vaulted(text: str) -> str:
    """Return the head of what Ansible Vault has encrypted and a mark in place of the rest; "" for other text."""
    head = _ANSIBLE.match(text)
    return f"{head[0]}\n{REDACTED}\n" if head is not None else ""


def _broken_before(value: str, offset: int) -> tuple[str, int] | None:
    """Return what stands before the damage of a value's base64, and where it is no JSON; None where that is not so."""
    written = "".join(value[:offset].split()).rstrip("=")
    start = decode_data(written[: len(written) // 4 * 4])
    if not isinstance(start, bytes) or not start.lstrip().startswith(b"{"):
        return None
    found = examine(start, "dockerconfigjson")
    if found.error is None or found.error.kind != "json" or found.error.offset >= len(found.text.rstrip()):
        return None
    return found.text, found.error.offset


def _damaged(value: str, offset: int, made: Surrogates) -> str | None:
    """Return base64 that is damaged at the same place, and before it holds JSON that is broken at the same place.

    What was damaged on the way is the content at other bits: nothing of it is kept from the last quote on but the place
    of the first sign that no JSON holds. None where the content shows no such sign. What is text behind that sign is
    kept like other text that is no JSON, up to its last sign of structure: a person reads it all the same.
    """
    seen = _broken_before(value, offset)
    if seen is None:
        return None
    text, at = seen
    last = max(text.rfind('"', 0, at), text.find("{")) + 1
    between = text[last:at]
    head, sign = broken(text[:last], made), text[at] if text[at] in _SIGNS else "x"
    # As it was, if nothing but structure stands between; else as a string that holds a bad sign, or as none.
    tails = [between + sign] if not between.strip(_STRUCTURAL) else []
    tails += ["x" * len(between) + "\x1f", " " * len(between) + sign, " " * len(between) + "x"]
    told = _TOLD.match(text, at)
    whole = [broken(told.string[: told.end()], made)] if told is not None else []
    for start in (*whole, *(head + tail for tail in tails)):
        new = _damaged_at(value, offset, start, made)
        again = _broken_before(new, offset)
        if again is not None and again[1] == at and decode_data(new) == decode_data(value):
            return new
    return None


def _no_json(value: str) -> str:
    """Return a value that is not base64, so that what stands before its damage is no JSON, as a drawn one may be."""
    decoded = decode_data(value)
    chance = not isinstance(decoded, bytes) and _broken_before(value, decoded.offset) is not None
    return f"A{value[1:]}" if chance else value


def _damaged_at(value: str, offset: int, text: str, made: Surrogates) -> str:
    """Return base64 of a text and what fills it up to an offset, and from there on what looks like `value`."""
    size = len("".join(value[:offset].split()).rstrip("=")) // 4 * 3
    signs = iter(base64.b64encode((text.encode() + b"x" * size)[:size]).decode())
    before = "".join(one if one.isspace() or one == "=" else next(signs, "x") for one in value[:offset])
    return before + made.text(value[offset:], known=True)


def _readable(decoded: bytes) -> bool:
    try:
        return all(sign.isprintable() or sign.isspace() for sign in decoded.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def content(decoded: bytes, made: Surrogates) -> bytes:
    """Return decoded content; what is no text stays none, of as many bytes."""
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        text = scrub(decode_text(decoded))
        if not isinstance(parse_json(text), JsonNode):
            return _NO_TEXT * len(decoded)
    return payload(text, made).encode("utf-8", "replace")


def payload(text: str, made: Surrogates, depth: int = 0) -> str:
    """Return a payload: JSON, base64 of it, or what somebody took for either."""
    if not text.strip():
        return text
    if vaulted := _vaulted(text):
        return vaulted
    if redacted(text) or text.startswith("ENC["):
        return made.secret(text)
    root = parse_json(text)
    if isinstance(root, JsonNode):
        return _json(text, root, made, depth)
    inner = _inner(text)
    if inner is not None and depth < _DEPTH:
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return lead + base64.b64encode(payload(inner, made, depth + 1).encode()).decode() + trail
    if placeholder(text) and len(text) < 200:
        return made.secret(text)
    return broken(text, made)


def _inner(text: str) -> str | None:
    """Return the text inside base64, None where it is not base64 of text in braces or of more base64."""
    compact = "".join(text.split())
    if len(compact) < _SHORTEST:
        return None
    decoded = decode_base64(compact, padded=compact.endswith("="))
    if not isinstance(decoded, bytes):
        return None
    try:
        inner = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return inner if inner.lstrip().startswith("{") or _inner(inner) is not None else None


def _is_auth(word: str) -> bool:
    """Whether a word is base64 of a user name and a password, its padding left out."""
    decoded = decode_base64(word, padded=False) if len(word) >= _TELLING else None
    return isinstance(decoded, bytes) and b":" in decoded.strip(b":") and _readable(decoded)


def is_credential(value: str) -> bool:
    """Whether a value is nothing but a token of a known form, or an `auth`."""
    return known_form(value) or _is_auth(value.strip().rstrip("="))


def broken(text: str, made: Surrogates) -> str:
    """Return text that cannot be parsed: structure stays, every other word is replaced."""

    def word(found: re.Match[str]) -> str:
        said = found.group()
        if said.lower() in STRUCTURE:
            return said
        if _is_auth(said):
            return made.auth(said)
        if placeholder(said) or redacted(said):
            return made.secret(said)
        return made.text(said, known=len(said) >= _TELLING and not _HOST.fullmatch(said))

    return _WORD.sub(word, text)


def _json(text: str, root: JsonNode, made: Surrogates, depth: int) -> str:
    """Replace scalars, and user information in keys, where they stand."""
    changes: list[tuple[int, int, str]] = []
    pending: list[tuple[str, JsonNode]] = [("", root)]
    while pending:
        name, node = pending.pop()
        form = _is_the_form(node)
        for key, start, end, member in node.members:
            clean = user_info(key, made)
            if clean != key:
                changes.append((start, end, _quoted(clean)))
            if not (form and fold_name(key) in FORM and member.value == fold_name(key)):
                pending.append((name if fold_name(name) == "credhelpers" else key, member))
        pending.extend((name, item) for item in node.items)
        if node.kind == "string":
            value = str(node.value)
            new = _scalar(fold_name(name), value, made, depth)
            if new != value:
                changes.append((node.start, node.end, _quoted(new)))
        elif node.kind == "number":
            written = text[node.start : node.end]
            changes.append((node.start, node.end, _number(written, made)))
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _is_the_form(node: JsonNode) -> bool:
    """Whether an entry holds the words of documentation, which together are no credential and stay so."""
    last = {fold_name(key): member.value for key, _, _, member in node.members}
    return all(last.get(word) == word for word in FORM)


def _scalar(name: str, value: str, made: Surrogates, depth: int) -> str:
    if name == "auth":
        return made.auth(value)
    if name in ("username", "email"):
        return made.user(value)
    if name in ("credsstore", "credhelpers") and value in _HELPERS:
        return value
    if name in ("password", "identitytoken", "registrytoken") or depth >= _DEPTH:
        return made.secret(value)
    if value.lstrip().startswith("{") or _inner(value) is not None:
        return payload(value, made, depth + 1)
    return made.secret(value)


def user_info(text: str, made: Surrogates) -> str:
    """Replace `user:password@` at the start of a key, or behind `//`; and what is neither host, port nor path."""

    def hide(found: re.Match[str]) -> str:
        user, colon, password = found.group()[:-1].partition(":")
        return f"{made.user(user)}{colon}{made.text(password, known=True)}@"

    def stray(found: re.Match[str]) -> str:
        return found[0] if found.end() <= address else made.text(found[0], known=True)

    text = _USER_INFO.sub(hide, text)
    address = _address(text)
    return _NO_HOST.sub(stray, text)


def _address(text: str) -> int:
    """Return where the IPv6 address ends that a key begins with, 0 where it begins with none."""
    found = _IPV6.match(text)
    try:
        return found.end() if found is not None and ipaddress.IPv6Address(found[1] or found[2]) else 0
    except ValueError:
        return 0


def _number(written: str, made: Surrogates) -> str:
    """Return another number of as many digits: a password without quotes is one."""
    if len(written) < 3 or not written.isdecimal():
        return written
    drawn = made.secret(written)
    return f"1{drawn[1:]}" if drawn.startswith("0") else drawn


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
