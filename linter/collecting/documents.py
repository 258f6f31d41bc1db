"""A file of manifests or of a dump with surrogates for its credentials: each document where it was, as JSON.

What cannot be parsed (templates, broken YAML) stays text, in which every value that may be a credential is replaced.
"""

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from linter.collecting.payloads import broken, payload
from linter.collecting.redact import Redaction
from linter.collecting.surrogates import Surrogates
from linter.comments import marked
from linter.credentials.jsontext import fold_name
from linter.documents import DecodeProblem, Document, decode
from linter.documents.build import build
from linter.documents.dialects import LOGS, without_logs
from linter.documents.jsontext import TooDeepError, json_values
from linter.documents.kinds import looks_like_json
from linter.documents.layouts import place
from linter.documents.objects import KubeObject, objects
from linter.documents.split import has_directives, split
from linter.inventory.configs import is_config
from linter.inventory.secrets import LAST_APPLIED
from linter.model import Problem, Route
from linter.sources import InputProblem, Limits
from linter.sources.collection import is_record

if TYPE_CHECKING:
    import msgspec

    from linter.collecting.accepted import Accepted

_NO_LOGS: Final = f"{LOGS}- ====\n==== END logs for container - ====\n"
"""Stands for the logs that `kubectl cluster-info dump` writes between documents: it is known by them."""
_TELLING: Final = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|api[-_]?key|access[-_]?key|client[-_]?secret|client-key-data"
    r"|(?:identity|registry|bearer|auth|access|refresh)_?token|(?<![a-z])token|^auth)$"
)
_USER: Final = frozenset({"username", "user", "email"})
_LINE: Final = re.compile(r"""(?P<key>\s*(?:- )?["']?(?P<name>[\w./-]+)["']?\s*[:=]\s*)(?P<value>.*)""", re.DOTALL)
_SECRET: Final = re.compile(r"""kind["']?\s*:\s*["']?Secret\b|\bstringData\b|dockerconfigjson|dockercfg|\bauths\b""")
_NAMES: Final = frozenset({"apiversion", "kind", "metadata", "name", "namespace", "type", "image"})
_CONTROL: Final = re.compile(r"""\s*\{\{-?\s*(?:if|else|end|with|range|define|template|include)\b[^"'`]*\}\}\s*""")
"""A line that only steers a template."""
_ITEMS: Final = "items"
_STEP: Final = 64 * 2**10
_LARGE: Final = 2**20
_SOME: Final = 100
"""So many items of a large list are held at a time."""
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class _Text(NamedTuple):
    """A document that cannot be parsed."""

    text: str


class Redacted:
    """One file, redacted in two steps: all files are read, and with them all credentials; then they are written.

    Raises `InputProblem` for a file that cannot be redacted. `unparsed` counts its documents that stay text, `kept`
    and `lost` its comments that accept findings.
    """

    def __init__(self, path: str, data: bytes, redaction: Redaction, limits: Limits) -> None:
        self._path = path
        self._redaction = redaction
        self._routes: list[list[Route]] = []
        self._accepted: dict[int, Accepted] = {}
        self.kept = self.lost = 0
        listed = _items_of(data, limits)
        if listed is not None:
            self.unparsed, self._logs, self._json, self._alone = 0, False, True, True
            self._packed = self._learnt_list(*listed, limits)
            return
        text = _decoded(path, data)
        self._logs = LOGS in text
        form, pieces = _pieces(path, without_logs(text), limits)
        del text
        kept = [self._learnt(number, piece, limits, own=form == "json") for number, piece in enumerate(pieces)]
        del pieces
        if form == "yaml" and marked(data):
            self._accept(data, kept)
        self.unparsed = sum(isinstance(piece, _Text) for piece in kept)
        # A document that is no object or list, or stays text, makes a stream of YAML of all.
        self._json = not self._accepted and all(
            isinstance(piece, dict | list) and not isinstance(piece, _Text) for piece in kept
        )
        self._alone = len(kept) == 1 and not self.unparsed and not self._accepted
        self._packed = _squeezed(kept, in_lines=self._json or self._alone)

    def _accept(self, data: bytes, pieces: list[Any]) -> None:
        """Note the comments that accept findings, and what of the file they stand at."""
        from linter.collecting.accepted import AS_TEXT, accepted  # noqa: PLC0415 - few files have any

        held = [AS_TEXT if isinstance(piece, _Text) else piece for piece in pieces]
        self._accepted, self.lost = accepted(self._path, data, held)
        self.kept = sum(len(one.comments) for one in self._accepted.values())

    def written(self) -> Iterator[bytes]:
        """Yield the file without any credential that is known by now, a part of a list at a time."""
        lines = _unsqueezed(self._packed)
        yield (_NO_LOGS if self._logs else "").encode()
        parts: list[str] = []
        for number, routes in enumerate(self._routes):
            mark, piece = next(lines)
            if routes is _AS_TEXT:
                parts.append(_as_yaml(_Text(self._redaction.scrubber.text(piece[0], free=True))))
            elif number in self._accepted:
                parts.append(self._accepted[number].write(self._finished(piece, routes), _UNPRINTABLE))
            elif not (self._json or self._alone):
                parts.append(_as_yaml(self._finished(piece, routes)))
            elif mark == 0:
                yield (json.dumps(self._finished(piece, routes), indent=1) + "\n").encode()
            else:
                yield from self._listed(piece, mark, lines, routes)
        if parts:
            yield ("\n".join(part.rstrip("\n") for part in parts) + "\n").encode("utf-8", "replace")

    def _listed(
        self, frame: dict[str, Any], count: int, lines: "Iterator[tuple[int, Any]]", routes: list[Route]
    ) -> Iterator[bytes]:
        """Yield a list object as `json.dumps(…, indent=1)` would write it, item by item."""
        by_item: dict[int, list[Route]] = {}
        own = [route for route in routes if route[:1] != (_ITEMS,)]
        for route in routes:
            if route[:1] == (_ITEMS,):
                by_item.setdefault(int(route[1]), []).append(route[2:])
        head, tail = json.dumps(self._finished(frame, own), indent=1).split(f'\n "{_ITEMS}": []', 1)
        yield f'{head}\n "{_ITEMS}": ['.encode()
        for number in range(count):
            item = self._finished(next(lines)[1], by_item.get(number, []))
            text = json.dumps(item, indent=1).replace("\n", "\n  ")
            yield f"{',' if number else ''}\n  {text}".encode()
        yield f"\n ]{tail}\n".encode()

    def _finished(self, piece: Any, routes: Sequence[Route]) -> Any:
        """Return data without the credentials known by now; what stands at `routes` is finished already."""
        if () in routes:
            return piece
        held = [(route, _get(piece, route)) for route in routes]
        for route, _ in held:
            _put(piece, route, "")
        clean = self._redaction.scrubber.tree(piece)
        for route, value in held:
            _put(clean, route, value if route[-1] != LAST_APPLIED else self._applied(value))
        return clean

    def _learnt_list(self, frame: dict[str, Any], items: "Sequence[msgspec.Raw]", limits: Limits) -> bytes:
        """Do what `_learnt` does for a list object of JSON, some items at a time; return them squeezed."""
        squeezed, found = _Squeezed(), list[Route]()
        for first in range(0, len(items), _SOME):
            data = [_item(self._path, raw, limits) for raw in items[first : first + _SOME]]
            piece = self._learnt(0, {**frame, _ITEMS: data}, limits, own=True)
            routes = self._routes.pop()
            found += [(_ITEMS, int(route[1]) + first, *route[2:]) for route in routes if route[:1] == (_ITEMS,)]
            if not first:
                squeezed.add(len(items), {**piece, _ITEMS: []})
            for item in piece[_ITEMS]:
                squeezed.add(0, item)
        self._routes.append(found)
        return squeezed.end()

    def _learnt(self, number: int, piece: Any, limits: Limits, *, own: bool) -> Any:
        """Return a document with surrogates where credentials belong, and note which of its values are finished.

        `own`: its data stands for nothing else, as an alias of YAML does, and may be changed.
        """
        made = self._redaction.made
        if isinstance(piece, _Text):
            self._routes.append(_AS_TEXT)
            return _Text(_text(piece.text, made))
        if not own and _size(piece) > limits.file_bytes:
            raise InputProblem(
                Problem(self._path, "its aliases stand for too much to write out", "take fewer YAML aliases")
            )
        if not own:
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
        piece = _each_telling(piece, made)
        for route, value in held:
            _put(piece, route, value)
        self._routes.append(routes)
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


def _items_of(data: bytes, limits: Limits) -> "tuple[dict[str, Any], Sequence[msgspec.Raw]] | None":
    """Return the frame and the items of one large list object in JSON, not built yet; None for any other text."""
    import msgspec  # noqa: PLC0415 - few files are large

    if len(data) < _LARGE or data[:1] != b"{" or LOGS.encode() in data:
        return None
    try:
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        items = msgspec.json.decode(parts[_ITEMS], type=list[msgspec.Raw])
        values = {key: json_values(bytes(part).decode(), limits) for key, part in parts.items() if key != _ITEMS}
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError, TooDeepError):
        return None
    if not items or not all(values.values()):
        return None
    return {key: [] if key == _ITEMS else (values[key] or [])[0].data for key in parts}, items


def _item(path: str, raw: "msgspec.Raw", limits: Limits) -> Any:
    try:
        values = json_values(bytes(raw).decode(), limits)
    except (TooDeepError, UnicodeDecodeError) as error:
        raise InputProblem(Problem(path, f"could not be read: {error}", "flatten it")) from None
    if not values:
        raise InputProblem(Problem(path, "could not be read: an item of its list is no JSON", "write it anew"))
    return values[0].data


def _pieces(path: str, text: str, limits: Limits) -> tuple[str, Iterable[Any]]:
    """Return the form of a text, and the data of every document, those that matter to no rule too."""
    if looks_like_json(text):
        try:
            values = json_values(text, limits)
        except TooDeepError as error:
            raise InputProblem(Problem(path, f"could not be read: {error}", "flatten it")) from None
        if values is not None:
            return "json", [value.data for value in values]
    if has_directives(text):
        try:
            return "yaml", list(build(text, limits))
        except yaml.YAMLError:
            pass
    return "yaml", _documents(text, limits)


def _documents(text: str, limits: Limits) -> Iterator[Any]:
    for chunk in split(text):
        part = text[chunk.start : chunk.end]
        try:
            yield from build(part, limits) or [None]
        except yaml.YAMLError:
            yield _Text(part)


def _squeezed(pieces: list[Any], *, in_lines: bool) -> bytes:
    """Return documents as compressed lines of JSON, and let go of each; with `in_lines`, one for each item of a list.

    A line before the items tells how many follow.
    """
    squeezed = _Squeezed()
    for at, piece in enumerate(pieces):
        pieces[at] = None
        listed = piece.get(_ITEMS) if in_lines and isinstance(piece, dict) else None
        if not isinstance(listed, list) or not listed:
            squeezed.add(0, piece)
            continue
        squeezed.add(len(listed), {**piece, _ITEMS: []})
        for number, item in enumerate(listed):
            squeezed.add(0, item)
            listed[number] = None
    return squeezed.end()


class _Squeezed:
    """Lines of JSON, compressed as they come: each a number and data."""

    def __init__(self) -> None:
        self._pack = zlib.compressobj(1)
        self._made = bytearray()

    def add(self, mark: int, value: Any) -> None:
        """Add a line."""
        self._made += self._pack.compress(json.dumps([mark, value]).encode() + b"\n")

    def end(self) -> bytes:
        """Return all lines."""
        self._made += self._pack.flush()
        return bytes(self._made)


def _unsqueezed(packed: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the lines of `_squeezed`, decompressed as they are asked for."""
    unpack, rest = zlib.decompressobj(), b""
    for start in range(0, len(packed), _STEP):
        *lines, rest = (rest + unpack.decompress(packed[start : start + _STEP])).split(b"\n")
        for line in lines:
            mark, value = json.loads(line)
            yield mark, value


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


def _each_telling(piece: Any, made: Surrogates) -> Any:
    """Do what `_telling` does, a list object item by item, so that never two of everything are held."""
    listed = piece.get(_ITEMS) if isinstance(piece, dict) else None
    if not isinstance(listed, list):
        return _telling(piece, made)
    for at, item in enumerate(listed):
        listed[at] = _telling(item, made)
    return {**_telling({**piece, _ITEMS: []}, made), _ITEMS: listed}


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
            new[key] = _auths(inner, made)
        elif is_config(key, inner):
            new[key] = payload(inner, made)
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


def _auths(entries: dict[str, Any], made: Surrogates) -> Any:
    """Return the entries of a registry config with others; a number that JSON does not have (`.nan`) is left out."""
    text = json.dumps({"auths": entries}, ensure_ascii=False)
    finite = json.dumps(json.loads(text, parse_constant=lambda _: None), ensure_ascii=False)
    return json.loads(payload(finite, made))["auths"]


def _literal(text: Any, made: Surrogates) -> Any:
    """Return a literal of kustomize (`KEY=VALUE`) with another value, between the quotes that kustomize takes away."""
    if not isinstance(text, str) or "=" not in text:
        return text
    key, _, written = text.partition("=")
    quote = written[:1] if written[:1] in ("'", '"') and written[:1] == written[-1:] else ""
    value = written.removeprefix(quote).removesuffix(quote)
    return f"{key}={quote}{payload(value, made) if value.lstrip().startswith('{') else made.secret(value)}{quote}"


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


def _as_yaml(piece: Any) -> str:
    """Return one document of a YAML stream; data as JSON."""
    if isinstance(piece, _Text):
        return piece.text if piece.text.startswith("---") else f"---\n{piece.text}"
    return f"---\n{_UNPRINTABLE.sub(_escaped, json.dumps(piece, ensure_ascii=False, indent=1))}"


def _escaped(found: re.Match[str]) -> str:
    """Escape a sign inside a string of JSON so that YAML takes it too; line ends between strings stay."""
    sign = found.group()
    if sign == "\n":
        return sign
    return "\ufffd" if "\ud800" <= sign <= "\udfff" else f"\\u{ord(sign):04x}"
