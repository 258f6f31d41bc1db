"""YAML events to plain data: dict, list, str, int, float, bool and None, as kubectl would hand them to the API server.

Mapping keys are text, the last of equal keys wins, merge keys are honoured, aliases share one object, unknown tags are
ignored. A collection used as a key becomes its source text, and so does an unquoted template mark (`{{ name }}`).
"""

from typing import Any, Final

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from linter.documents.events import open_events, refusal
from linter.documents.scalars import MAYBE, key_text, resolve, tagged
from linter.sources import Limits

__all__ = ["YAMLError", "build"]

_NO_KEYS: Final = object()
_ABSENT: Final = object()
_MERGE: Final = object()
"""What the innermost collection waits for, in place of a key: an item, a key, the value of a merge key."""


class _Frame:
    """An open collection: where it started, what is merged into it, and what is needed to bound aliases to it."""

    __slots__ = ("began", "height", "merges", "start")

    def __init__(self, start: Any, began: int) -> None:
        self.start = start
        self.began = began
        self.height = 0
        self.merges: list[Any] | None = None


class _Document:
    """The anchors of one document: redefining one is legal, aliases without end are not."""

    __slots__ = ("_extra", "_known", "_limits", "_text")

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._known: dict[str, tuple[Any, int, int] | None] = {}
        self._extra = 0

    def open(self, event: Any, depth: int, nodes: int) -> _Frame:
        """Note that a collection starts."""
        if depth >= self._limits.depth:
            raise refusal("found values nested too deeply", event.start_mark)
        if event.anchor is not None:
            self._known[event.anchor] = None
        return _Frame(event, nodes + self._extra)

    def close(self, frame: _Frame, container: Any, event: Any, nodes: int) -> Any:
        """Return the value of a collection that has ended; an anchor of its name inside it stays the newer one."""
        if frame.merges:
            _merge(container, frame.merges)
        start = frame.start
        if start.flow_style and len(container) == 1 and type(container) is dict:
            container = _template(self._text, container, start, event) or container
        if start.anchor is not None and self._known.get(start.anchor) is None:
            self._known[start.anchor] = (container, nodes + self._extra - frame.began, frame.height + 1)
        return container

    def scalar(self, event: ScalarEvent, key: Any) -> Any:
        """Return the value of a scalar with a tag or an anchor, and note its anchor."""
        value: Any = event.value
        if event.implicit[0]:
            value = resolve(value)
        elif event.tag is not None:
            value = tagged(event.tag, value)
        if event.anchor is not None:
            self._known[event.anchor] = (value, 1, 0)
        return _MERGE if event.implicit[0] and value == "<<" and key is _ABSENT else value

    def alias(self, event: AliasEvent, frame: _Frame, depth: int) -> Any:
        """Return the value that an alias stands for. Raise when it has none or grows out of bounds."""
        name = event.anchor
        if name not in self._known:
            raise refusal("found undefined alias", event.start_mark)
        known = self._known[name]
        if known is None:
            raise refusal("found alias inside the value that it stands for", event.start_mark)
        value, size, height = known
        self._extra += size
        if self._extra > self._limits.alias_nodes:
            raise refusal("found aliases that expand without bound", event.start_mark)
        if depth + height > self._limits.depth:
            raise refusal("found values nested too deeply", event.start_mark)
        frame.height = max(frame.height, height)
        return value


def _merge(own: dict[str, Any], merges: list[Any]) -> None:
    """Put merged keys under a mapping's own keys, in place because aliases share the mapping."""
    mine = dict(own)
    own.clear()
    for source in merges:
        for mapping in reversed(source) if isinstance(source, list) else (source,):
            own.update(mapping)
    own.update(mine)


def _mergeable(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _template(text: str, data: dict[str, Any], start: Any, end: Any) -> str | None:
    """Return the source text of a flow mapping that is a template mark: `{{ x }}` parses as {{x: null}: null}."""
    ((key, value),) = data.items()
    if value is None and key[:1] == "{":
        source = text[start.start_mark.index : end.end_mark.index]
        if source.startswith("{{") and source.endswith("}}"):
            return source
    return None


def _key(text: str, value: Any, frame: _Frame, event: Any) -> str:
    """Return a mapping key that is no text yet: a collection is its source, an alias to one is named."""
    if isinstance(value, dict | list):
        if type(event) is AliasEvent:
            return "*" + str(event.anchor)
        return text[frame.start.start_mark.index : event.end_mark.index].strip()
    return key_text(value)


def _merge_value(container: dict[str, Any], frame: _Frame, value: Any) -> None:
    """Note the value of a merge key; one that is no mapping is the value of an ordinary key."""
    if not _mergeable(value):
        container["<<"] = value
    elif frame.merges is None:
        frame.merges = [value]
    else:
        frame.merges.append(value)


def build(text: str, limits: Limits) -> list[Any]:  # noqa: C901, PLR0912 - the hot loop: calls would double its time
    """Parse a stream to the data of its documents. Raise `YAMLError` at the first that cannot be parsed."""
    documents: list[Any] = []
    next_event = open_events(text)
    document = _Document(text, limits)
    keys: dict[str, str] = {}
    stack: list[tuple[Any, Any, _Frame]] = []
    container: Any = []  # the innermost open collection; the document's root goes into a list of its own
    key: Any = _NO_KEYS
    frame = closed = _Frame(None, 0)
    nodes = 0
    while (form := type(event := next_event())) is not StreamEndEvent:
        nodes += 1
        if form is ScalarEvent:
            value: Any = event.value
            if event.anchor is not None or event.tag is not None:
                value = document.scalar(event, key)
            elif event.implicit[0] and value[:1] in MAYBE:
                value = _MERGE if value == "<<" and key is _ABSENT else resolve(value)
        elif form is MappingStartEvent or form is SequenceStartEvent:
            stack.append((container, key, frame))
            frame = document.open(event, len(stack) - 1, nodes)
            container, key = ({}, _ABSENT) if form is MappingStartEvent else ([], _NO_KEYS)
            continue
        elif form is MappingEndEvent or form is SequenceEndEvent:
            value, closed = document.close(frame, container, event, nodes), frame
            container, key, frame = stack.pop()
            frame.height = max(frame.height, closed.height + 1)
        elif form is AliasEvent:
            value = document.alias(event, frame, len(stack))
        else:
            if form is DocumentEndEvent:
                documents.append(container.pop())
                document = _Document(text, limits)
            continue
        if key is _NO_KEYS:
            container.append(value)
        elif key is _ABSENT:
            if type(value) is not str and value is not _MERGE:
                value = _key(text, value, closed, event)
            key = keys.setdefault(value, value)  # one object per spelling: dumps repeat few keys very often
        elif key is _MERGE:
            _merge_value(container, frame, value)
            key = _ABSENT
        else:
            container[key] = value
            key = _ABSENT
    return documents
