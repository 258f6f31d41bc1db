"""A collection without credentials that still answers every rule that does not need the secret itself."""

import base64
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby
from typing import Any, Final

from linter.collecting import Collection, Object
from linter.collecting.payloads import REDACTED, STRUCTURE, broken, data, payload
from linter.collecting.surrogates import Surrogates
from linter.credentials import JsonNode, parse_json
from linter.inventory.secrets import LAST_APPLIED, is_pull_secret
from linter.secret import without_logins
from linter.sources.live import ClusterError

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
_CONFIG: Final = re.compile(r"\bauths?\\?[\"']?\s*:")
_UNREAD: Final = frozenset({"binaryData", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe"})
"""Fields that nothing here reads, and that people hand credentials to programs in."""
_TELLING: Final = re.compile(
    r"(?:^|[./])(?:kubernetes|k8s|openshift|argoproj|fluxcd|emberstack|titansoft|sealedsecrets|external-secrets"
    r"|isindir|hashicorp|appscode|akuity)\.|\bk8s\.io/|^regcred/|^tekton\.dev/|^jenkins\.io/|^appstudio\.redhat\.com/"
)
"""Annotations of platforms and controllers: what they say is not secret, and rules go by it. Others keep their name."""
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
"""From this length on a credential is looked for everywhere, and inside words; shorter ones as words in free text."""
_SHORTEST: Final = 4
_SHARED: Final = 12
"""How many first signs of credentials are looked at one by one."""
_MEMORABLE: Final = 400
_MEMORY: Final = 200_000
_FREE: Final = frozenset(
    {"message", "note", "reason", "args", "command", "value", "data", "binaryData", "annotations", "script", "log"}
)


class Redaction:
    """One redaction, of one input or many: equal credentials stay equal across all of them.

    First every object goes through `secrets`, which learns the credentials; then every object through `scrubbed`.
    """

    def __init__(self) -> None:
        self.made = Surrogates()

    def secrets(self, place: tuple[str, ...], item: Object) -> Object:
        """Return an object with surrogates where credentials belong. `place` is its apiVersion and kind."""
        return _secrets(place, item, self.made)

    def scrubbed(self, place: tuple[str, ...], item: Object) -> Object:
        """Return an object of which `secrets` is done, without any credential that has been met anywhere."""
        return _object(place, item, self.scrubber)

    @cached_property
    def scrubber(self) -> "Scrubber":
        """What takes all credentials out of any text that were known when it was first asked for."""
        return Scrubber(self.made)


def redact(collections: list[Collection], redaction: Redaction | None = None) -> list[Collection]:
    """Return the collections with surrogates for credentials; equal ones stay equal across all of them."""
    redaction = redaction or Redaction()
    return scrubbed([learnt(one, redaction) for one in collections], redaction)


def learnt(one: Collection, redaction: Redaction) -> Collection:
    """Return a collection with surrogates where credentials belong. Raises `ClusterError`."""
    try:
        lists = {place: [redaction.secrets(place, item) for item in items] for place, items in one.lists.items()}
    except RecursionError:
        raise _too_deep() from None
    return one._replace(record=one.record._replace(redacted=True), lists=lists)


def scrubbed(collections: Iterable[Collection], redaction: Redaction) -> list[Collection]:
    """Return the collections without any credential that is known by now. Raises `ClusterError`."""
    scrub = redaction.scrubber
    try:
        return [
            one._replace(
                record=one.record._replace(
                    refused=tuple(gone._replace(message=scrub.text(gone.message)) for gone in one.record.refused)
                ),
                lists={
                    place: [redaction.scrubbed(place, item) for item in items] for place, items in one.lists.items()
                },
            )
            for one in collections
        ]
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> ClusterError:
    return ClusterError("an object is nested too deeply to be redacted", "collect without --redact")


def _secrets(place: tuple[str, ...], item: Object, made: Surrogates) -> Object:
    """Replace what a Secret holds; of one that is no pull secret only the names of its keys are kept."""
    item = dict(item)
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        item["metadata"] = {name: value for name, value in metadata.items() if name != "managedFields"}
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            item["metadata"]["annotations"] = {
                name: _annotation(place, name, value, made) for name, value in annotations.items()
            }
    if place[:2] == ("v1", "ConfigMap") and isinstance(item.get("data"), dict):
        item["data"] = {name: _setting(name, value, made) for name, value in item["data"].items()}
    if place[:2] != ("v1", "Secret"):
        return item
    pulls = is_pull_secret(item)
    for field in ("data", "stringData"):
        values = item.get(field)
        if isinstance(values, dict):
            item[field] = {name: _value(field, value, made, kept=pulls) for name, value in values.items()}
        elif values is not None:
            item[field] = REDACTED
    return item


def _setting(name: str, value: Any, made: Surrogates) -> Any:
    """Replace what a ConfigMap holds where a registry config stands in it, or its key says that it is a secret."""
    if not isinstance(value, str):
        return value
    if _CONFIG.search(value):
        return payload(value, made)
    return made.secret(value) if _SECRET_NAME.search(name) and not _NAME_OF.search(name) else value


def _value(field: str, value: Any, made: Surrogates, *, kept: bool) -> Any:
    if not kept:
        return ""
    if isinstance(value, dict | list | int | float) and not isinstance(value, bool):
        return _shape(value, made)
    if not isinstance(value, str):
        return value
    return data(value, made) if field == "data" else payload(value, made)


def _shape(value: Any, made: Surrogates) -> Any:
    """Return a value that should be text and is none (a registry config without quotes, a number), redacted alike.

    Where all members are null it is an unquoted mark of a template, or text in braces.
    """
    if isinstance(value, dict) and value and all(inner is None for inner in value.values()):
        return {broken(str(key), made): None for key in value}
    text = payload(json.dumps(value, ensure_ascii=False), made)
    try:
        return json.loads(text)
    except ValueError:
        return REDACTED


def _annotation(place: tuple[str, ...], name: str, value: Any, made: Surrogates) -> Any:
    if not isinstance(value, str):
        return value
    if name == LAST_APPLIED:
        try:
            applied = json.loads(value)
        except (ValueError, RecursionError):
            return broken(value, made)
        if isinstance(applied, dict):
            about = ("v1", "Secret") if applied.get("kind") == "Secret" else place
            return json.dumps(_secrets(about, applied, made), separators=(",", ":"), ensure_ascii=False) + (
                "\n" if value.endswith("\n") else ""
            )
        return broken(value, made)
    if name.endswith("token-secret.value"):
        return made.secret(value)
    return value if _TELLING.search(name) or len(value) < _SHORTEST + 2 else REDACTED


def _object(place: tuple[str, ...], item: Object, scrub: "Scrubber") -> Object:
    """Scrub an object; what `_secrets` has made of a Secret's values is finished and stays."""
    held: Object = {}
    applied = None
    if place[:2] == ("v1", "Secret"):
        held = {field: item[field] for field in ("data", "stringData") if field in item}
        item = {field: value for field, value in item.items() if field not in held}
    metadata = item.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(annotations, dict) and isinstance(annotations.get(LAST_APPLIED), str):
        applied = _applied(place, annotations[LAST_APPLIED], scrub)
        rest = {name: value for name, value in annotations.items() if name != LAST_APPLIED}
        item = {**item, "metadata": {**metadata, "annotations": rest}}
    cleaned: Object = {**scrub.tree(item), **held}
    if applied is not None:
        cleaned["metadata"]["annotations"][LAST_APPLIED] = applied
    return cleaned


def _applied(place: tuple[str, ...], text: str, scrub: "Scrubber") -> str:
    try:
        applied = json.loads(text)
    except ValueError:
        return scrub.text(text, free=True)
    if not isinstance(applied, dict):
        return scrub.text(text, free=True)
    cleaned = _object(place, applied, scrub)
    return json.dumps(cleaned, separators=(",", ":"), ensure_ascii=False) + ("\n" if text.endswith("\n") else "")


class Scrubber:
    """Takes every known credential, in the forms in which it may stand, out of any text; and what is plainly one."""

    def __init__(self, made: Surrogates) -> None:
        self._made = made
        self._forms: dict[str, str] = {}
        for value, new in made.known.items():
            for form, instead in zip(_forms(value), _forms(new), strict=True):
                if len(form) >= _SHORTEST and form != instead:
                    self._forms.setdefault(form, instead)
        self._new = frozenset(made.known.values())
        self._begun = frozenset(_ENDS.split(one, maxsplit=1)[0] for one in self._new)
        made.settle()
        ordered = sorted(self._forms, key=len, reverse=True)
        sure = [form for form in ordered if len(form) >= _SURE]
        short = [form for form in ordered if len(form) < _SURE]
        self._sure = re.compile(_any_of(sure)) if sure else None
        self._short = re.compile(rf"(?<![A-Za-z0-9])(?:{_any_of(short)})(?![A-Za-z0-9])") if short else None
        self._seen: dict[tuple[str, bool], str] = {}

    def tree(self, value: Any, *, free: bool = False, name: str = "") -> Any:
        """Return a value of JSON, its keys included, scrubbed. `free`: it is text that nothing refers to by name."""
        if isinstance(value, str):
            return self.text(value, free=free)
        if isinstance(value, list):
            told = [self.tree(one, free=free, name=name) for one in value]
            return [self._after(told[at - 1], one) if at else one for at, one in enumerate(told)] if free else told
        if not isinstance(value, dict):
            return value
        value = {key: _unread(one) if key in _UNREAD else one for key, one in value.items()}
        value = {
            key: self._made.secret(one) if isinstance(one, str) and _password(key) else one
            for key, one in value.items()
        }
        secretive = isinstance(value.get("name"), str) and _SECRET_NAME.search(value["name"])
        if (
            secretive
            and not _NAME_OF.search(value["name"])
            and isinstance(value.get("value"), str)
            and "valueFrom" not in value
        ):
            value = {**value, "value": self._made.secret(value["value"])}
        return {self._field(key): self.tree(one, free=free or key in _FREE, name=key) for key, one in value.items()}

    def _field(self, key: str) -> str:
        """The name of a field: `password` stays one where that is also a password."""
        return key if key in STRUCTURE else self.text(key)

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
            text = self._short.sub(self._instead, text)
        made = self._made
        if _CONFIG.search(text):
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

    def _fresh(self, value: str) -> str:
        """Return the surrogate of a value that may be one already."""
        return value if value in self._new else self._made.secret(value)

    def _told(self, word: str) -> str:
        """Return the surrogate of a word that is said to be a secret; one may have been drawn with an end inside."""
        return word if word.rstrip("\\") in self._begun else self._fresh(word)

    def _unknown(self, run: str) -> str:
        """Replace a run of base64 that decodes to `user:password`."""
        inner = base64.b64decode(run + "=" * (-len(run) % 4)) if len(run.rstrip("=")) % 4 != 1 else b""
        pair = inner.isascii() and inner.decode("ascii").isprintable() and b":" in inner
        return self._fresh(run) if pair and run not in self._new else run

    def _encoded(self, run: str) -> str:
        """Replace a run of base64 that hides a known credential."""
        return self._made.text(run) if run not in self._new and self._hides(run, _LAYERS) else run

    def _hides(self, run: str, layers: int) -> bool:
        """Whether a run of base64 holds a known credential, wherever in its four letters it begins, or more of it."""
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        for start in range(4):
            part = plain[start:]
            part = part[: len(part) - 1] if len(part) % 4 == 1 else part
            inner = base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
            if _CONFIG.search(inner) or (self._sure is not None and self._sure.search(inner)):
                return True
            if layers > 1 and any(self._hides(one.group(), layers - 1) for one in _BASE64.finditer(inner)):
                return True
        return False


def _config(text: str, made: Surrogates) -> str:
    """Return a text that holds a registry config; what stands around one (`KEY='…'`) is no part of it."""
    start, end = text.find("{"), text.rfind("}") + 1
    if start > 0 and not text[end:].strip("\"' \t\r\n") and isinstance(parse_json(text[start:end]), JsonNode):
        return text[:start] + payload(text[start:end], made) + text[end:]
    return payload(text, made)


def _password(key: str) -> bool:
    return _PASSWORD.search(key) is not None and _NAME_OF.search(key) is None


def _unread(value: Any) -> Any:
    """A value with every text in it redacted, its shape kept."""
    if isinstance(value, str):
        return REDACTED
    if isinstance(value, list):
        return [_unread(one) for one in value]
    return {key: _unread(one) for key, one in value.items()} if isinstance(value, dict) else value


def _any_of(words: list[str]) -> str:
    """Return an expression for any of the words, the longest first; thousands of them cost little more than one.

    A plain alternation is tried word by word at every sign of a text; here the first signs decide.
    """
    ends: dict[str, list[str]] = {}
    for word in words:
        ends.setdefault(word[:_SHARED], []).append(word[_SHARED:])
    leaves = {
        start: "|".join(re.escape(end) for end in sorted(rest, key=len, reverse=True)) for start, rest in ends.items()
    }
    return _branches(sorted(leaves), 0, leaves)


def _branches(starts: list[str], depth: int, leaves: dict[str, str]) -> str:
    """Return an expression for all words whose beginnings, sorted and alike up to `depth`, are given."""
    parts = []
    for sign, group in groupby(starts, key=lambda start: start[depth : depth + 1]):
        same = list(group)
        if len(same) == 1:
            parts.append(f"{re.escape(same[0][depth:])}(?:{leaves[same[0]]})")
        elif sign:
            parts.append(f"{re.escape(sign)}(?:{_branches(same, depth + 1, leaves)})")
    # The empty sign sorts first, and is the shortest.
    return "|".join(reversed(parts))


def _forms(value: str) -> Iterator[str]:
    """Yield a credential as it may stand in a text: plain, in JSON, in a URL, in base64, and that unpadded."""
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
    yield value
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(value)[1:-1]
    yield urllib.parse.quote(value.encode("utf-8", "surrogatepass"), safe="")
    yield urllib.parse.quote(value.encode("utf-8", "surrogatepass"))
    yield encoded
    yield encoded.rstrip("=")
    yield value.rstrip("=")


__all__ = ["Redaction", "Scrubber", "learnt", "redact", "scrubbed"]
