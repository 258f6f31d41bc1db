"""The documents that a file holds, whatever they are: all are written again."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from linter.documents import DecodeProblem, decode
from linter.documents.build import build
from linter.documents.dialects import LOGS
from linter.documents.jsontext import TooDeepError, json_values
from linter.documents.kinds import looks_like_json
from linter.documents.split import has_directives, split
from linter.model import Problem
from linter.sources import InputProblem, Limits

if TYPE_CHECKING:
    import msgspec

ITEMS: Final = "items"
_YAML: Final = (".yaml", ".yml")
_AUTHS: Final = re.compile(r"""\bauths?["']?\s*:""")
_LARGE: Final = 2**20


class Text(NamedTuple):
    """A document that cannot be parsed."""

    text: str


def decoded(path: str, data: bytes) -> str:
    """Return the text of a file. Raises `InputProblem`."""
    try:
        return decode(data).text
    except DecodeProblem as error:
        remedy = "save the file as UTF-8 text"
        raise InputProblem(Problem(path, f"could not be read: {error}", remedy, error.line, 1)) from None


def listed(data: bytes, limits: Limits) -> "tuple[dict[str, Any], Sequence[msgspec.Raw]] | None":
    """Return the frame and the items of one large list object in JSON, not built yet; None for any other text."""
    import msgspec  # noqa: PLC0415 - few files are large

    if len(data) < _LARGE or data[:1] != b"{" or LOGS.encode() in data:
        return None
    try:
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        items = msgspec.json.decode(parts[ITEMS], type=list[msgspec.Raw])
        values = {key: json_values(bytes(part).decode(), limits) for key, part in parts.items() if key != ITEMS}
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError, TooDeepError):
        return None
    if not items or not all(values.values()):
        return None
    return {key: [] if key == ITEMS else (values[key] or [])[0].data for key in parts}, items


def item(path: str, raw: "msgspec.Raw", limits: Limits) -> Any:
    """Return the data of an item of a list. Raises `InputProblem`."""
    try:
        values = json_values(bytes(raw).decode(), limits)
    except (TooDeepError, UnicodeDecodeError) as error:
        raise InputProblem(Problem(path, f"could not be read: {error}", "flatten it")) from None
    if not values:
        raise InputProblem(Problem(path, "could not be read: an item of its list is no JSON", "write it anew"))
    return values[0].data


def documents(path: str, text: str, limits: Limits) -> tuple[str, Iterable[Any]]:
    """Return the form of a text, and the data of every document, those that matter to no rule too."""
    if looks_like_json(text):
        try:
            values = json_values(text, limits)
        except TooDeepError as error:
            raise InputProblem(Problem(path, f"could not be read: {error}", "flatten it")) from None
        if values is not None:
            return "json", [value.data for value in values]
    if not path.endswith(_YAML) and "kind" not in text and _AUTHS.search(text):
        return "yaml", [Text(text)]  # an auth file that is no JSON: what YAML makes of it has no such defect
    if has_directives(text):
        try:
            return "yaml", list(build(text, limits))
        except yaml.YAMLError:
            pass
    return "yaml", _chunks(text, limits)


def _chunks(text: str, limits: Limits) -> Iterator[Any]:
    for chunk in split(text):
        part = text[chunk.start : chunk.end]
        try:
            yield from build(part, limits) or [None]
        except yaml.YAMLError:
            yield Text(part)
