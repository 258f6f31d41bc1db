"""A file of manifests or of a dump with surrogates for its credentials: each document where it was, as JSON.

What cannot be parsed (templates, broken YAML) stays text, in which every value that may be a credential is replaced.
"""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import yaml

from linter.collecting.payloads import broken, payload
from linter.collecting.redact import Redaction
from linter.collecting.surrogates import Surrogates
from linter.credentials.jsontext import fold_name
from linter.documents import DecodeProblem, Document, decode
from linter.documents.build import build
from linter.documents.dialects import LOGS, without_logs
from linter.documents.jsontext import TooDeepError, json_values
from linter.documents.kinds import looks_like_json
from linter.documents.layouts import place
from linter.documents.objects import KubeObject, objects
from linter.documents.split import has_directives, split
from linter.inventory.secrets import LAST_APPLIED
from linter.model import Problem, Route
from linter.sources import InputProblem, Limits
from linter.sources.collection import is_record

_NO_LOGS: Final = f"{LOGS}- ====\n==== END logs for container - ====\n"
"""Stands for the logs that `kubectl cluster-info dump` writes between documents: it is known by them."""
_TELLING: Final = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|api_?key|access_?key|client_?secret|(?:identity|registry|bearer|auth|access"
    r"|refresh)_?token|(?<![a-z])token|^auth)$"
)
_USER: Final = frozenset({"username", "user", "email"})
_LINE: Final = re.compile(r"""(?P<key>\s*(?:- )?["']?(?P<name>[\w./-]+)["']?\s*[:=]\s*)(?P<value>.*)""", re.DOTALL)
_SECRET: Final = re.compile(r"""kind["']?\s*:\s*["']?Secret\b|\bstringData\b|dockerconfigjson|dockercfg|\bauths\b""")
_NAMES: Final = frozenset({"apiversion", "kind", "metadata", "name", "namespace", "type", "image"})
_CONTROL: Final = re.compile(r"""\s*\{\{-?\s*(?:if|else|end|with|range|define|template|include)\b[^"'`]*\}\}\s*""")
"""A line that only steers a template."""
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class _Text(NamedTuple):
    """A document that cannot be parsed."""

    text: str


class Redacted:
    """One file, redacted in two steps: all files are read, and with them all credentials; then they are written.

    Raises `InputProblem` for a file that cannot be redacted. `unparsed` counts its documents that stay text.
    """

    def __init__(self, path: str, data: bytes, redaction: Redaction, limits: Limits) -> None:
        self._path = path
        self._redaction = redaction
        text = _decoded(path, data)
        self._logs = LOGS in text
        self._secrets: list[list[Route]] = []
        pieces = []
        for number, piece in enumerate(_pieces(path, without_logs(text), limits)):
            pieces.append(self._learnt(number, piece, limits))
        self.unparsed = sum(isinstance(piece, _Text) for piece in pieces)
        self._packed = zlib.compress(json.dumps(pieces).encode(), 1)

    def written(self) -> bytes:
        """Return the file without any credential that is known by now."""
        pieces = json.loads(zlib.decompress(self._packed))
        scrub = self._redaction.scrubber
        done: list[Any] = []
        for piece, routes in zip(pieces, self._secrets, strict=True):
            if routes is _AS_TEXT:
                done.append(_Text(scrub.text(piece[0], free=True)))
                continue
            held = [(route, _get(piece, route)) for route in routes]
            for route, _ in held:
                _put(piece, route, "")
            clean = scrub.tree(piece)
            for route, value in held:
                kept = value if route[-1] != LAST_APPLIED else self._applied(value)
                _put(clean, route, kept)
            done.append(clean)
        return _stream(done, logs=self._logs)

    def _learnt(self, number: int, piece: Any, limits: Limits) -> Any:
        """Return a document with surrogates where credentials belong, and note which of its values are finished."""
        made = self._redaction.made
        if isinstance(piece, _Text):
            self._secrets.append(_AS_TEXT)
            return _Text(_text(piece.text, made))
        if _size(piece) > limits.file_bytes:
            raise InputProblem(
                Problem(self._path, "its aliases stand for too much to write out", "take fewer YAML aliases")
            )
        piece = json.loads(json.dumps(piece))  # an alias becomes what it stands for
        found = list(objects(Document(self._path, number, piece)))
        routes: list[Route] = []
        for item in found:
            if not item.withheld and "Items" not in item.route:
                piece = self._object(piece, item, routes)
        held = [(route, _get(piece, route)) for route in routes]
        for route, _ in held:
            _put(piece, route, "")
        where = place(self._path)
        if where is not None and where.reduced == "one registry" and isinstance(piece, dict):
            piece = {key: made.user(one) if isinstance(one, str) else one for key, one in piece.items()}
        piece = _telling(piece, made)
        for route, value in held:
            _put(piece, route, value)
        self._secrets.append(routes)
        return piece

    def _object(self, piece: Any, item: KubeObject, routes: list[Route]) -> Any:
        body = _get(piece, item.route)
        if is_record(item.kind, item.api_version):
            body = {**body, "redacted": True}
        about = (item.api_version, item.kind)
        body = self._redaction.secrets(about, body)
        if about == ("v1", "Secret"):
            routes += [(*item.route, field) for field in ("data", "stringData") if field in body]
        metadata = body.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if isinstance(annotations, dict) and LAST_APPLIED in annotations:
            routes.append((*item.route, "metadata", "annotations", LAST_APPLIED))
        if not item.route:
            return body
        _put(piece, item.route, body)
        return piece

    def _applied(self, text: Any) -> Any:
        """Scrub what kubectl applied last: an object of its own, in text."""
        if not isinstance(text, str):
            return text
        try:
            applied = json.loads(text)
        except ValueError:
            applied = None
        if not isinstance(applied, dict):
            return self._redaction.scrubber.text(text, free=True)
        about = (str(applied.get("apiVersion")), str(applied.get("kind")))
        cleaned = self._redaction.scrubbed(about, applied)
        return json.dumps(cleaned, separators=(",", ":"), ensure_ascii=False) + ("\n" if text.endswith("\n") else "")


_AS_TEXT: Final[list[Route]] = [()]
"""In place of the finished values of a document: it is text."""


def _decoded(path: str, data: bytes) -> str:
    try:
        return decode(data).text
    except DecodeProblem as error:
        remedy = "save the file as UTF-8 text"
        raise InputProblem(Problem(path, f"could not be read: {error}", remedy, error.line, 1)) from None


def _pieces(path: str, text: str, limits: Limits) -> Iterator[Any]:
    """Yield the data of every document, those that matter to no rule too."""
    if looks_like_json(text):
        try:
            values = json_values(text, limits)
        except TooDeepError as error:
            raise InputProblem(Problem(path, f"could not be read: {error}", "flatten it")) from None
        if values is not None:
            yield from (value.data for value in values)
            return
    if has_directives(text):
        try:
            yield from build(text, limits)
        except yaml.YAMLError:
            pass
        else:
            return
    for chunk in split(text):
        part = text[chunk.start : chunk.end]
        try:
            yield from build(part, limits) or [None]
        except yaml.YAMLError:
            yield _Text(part)


def _size(data: Any) -> int:
    """Return how many characters data has when every alias is written out, without writing it."""
    sizes: dict[int, int] = {}

    def of(value: Any) -> int:
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, dict | list):
            return 8
        known = sizes.get(id(value))
        if known is None:
            parts = value if isinstance(value, list) else (*value, *value.values())
            known = sizes[id(value)] = 8 + sum(map(of, parts))
        return known

    return of(data)


def _get(data: Any, route: Route) -> Any:
    for step in route:
        data = data[step]
    return data


def _put(data: Any, route: Route, value: Any) -> None:
    _get(data, route[:-1])[route[-1]] = value


def _telling(value: Any, made: Surrogates, generator: bool = False) -> Any:
    """Replace what stands under a key that says that it is a credential, and registry configs, wherever they stand."""
    if isinstance(value, list):
        return [_telling(one, made, generator) for one in value]
    if not isinstance(value, dict):
        return value
    secretive = False
    new: dict[str, Any] = {}
    for key, inner in value.items():
        if fold_name(key) == "auths" and isinstance(inner, dict):
            new[key] = json.loads(payload(json.dumps({"auths": inner}, ensure_ascii=False), made))["auths"]
        elif isinstance(inner, str) and _TELLING.search(key):
            secretive = True
            new[key] = made.auth(inner) if fold_name(key) == "auth" else made.secret(inner)
        elif generator and key == "literals" and isinstance(inner, list):
            new[key] = [_literal(one, made) for one in inner]
        else:
            new[key] = _telling(inner, made, generator or key == "secretGenerator")
    if secretive:
        new |= {key: made.user(one) for key, one in new.items() if fold_name(key) in _USER and isinstance(one, str)}
    return new


def _literal(text: Any, made: Surrogates) -> Any:
    """Return a literal of kustomize (`KEY=VALUE`) with another value."""
    if not isinstance(text, str) or "=" not in text:
        return text
    key, _, value = text.partition("=")
    return f"{key}={payload(value, made) if value.lstrip().startswith('{') else made.secret(value)}"


def _text(text: str, made: Surrogates) -> str:
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


def _stream(pieces: Sequence[Any], *, logs: bool) -> bytes:
    """Write documents: JSON, one after the other; as a YAML stream where one of them is no JSON object or list."""
    head = _NO_LOGS if logs else ""
    if len(pieces) == 1 and not isinstance(pieces[0], _Text):
        return (head + json.dumps(pieces[0], indent=1) + "\n").encode()
    if all(isinstance(piece, dict | list) and not isinstance(piece, _Text) for piece in pieces):
        return (head + "".join(json.dumps(piece, indent=1) + "\n" for piece in pieces)).encode()
    parts = []
    for piece in pieces:
        if isinstance(piece, _Text):
            parts.append(piece.text if piece.text.startswith("---") else f"---\n{piece.text}")
        else:
            parts.append(f"---\n{_UNPRINTABLE.sub(_escaped, json.dumps(piece, ensure_ascii=False, indent=1))}")
    return (head + "\n".join(part.rstrip("\n") for part in parts) + "\n").encode("utf-8", "replace")


def _escaped(found: re.Match[str]) -> str:
    """Escape a sign inside a string of JSON so that YAML takes it too; line ends between strings stay."""
    sign = found.group()
    if sign == "\n":
        return sign
    return "\ufffd" if "\ud800" <= sign <= "\udfff" else f"\\u{ord(sign):04x}"
