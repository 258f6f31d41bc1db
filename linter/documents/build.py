"""YAML events to plain data: dict, list, str, int, float, bool and None, as kubectl would hand them to the API server.

Mapping keys are text, the last of equal keys wins, merge keys are honoured, aliases share one object, unknown tags are
ignored. A collection used as a key becomes its source text, and so does an unquoted template mark (`{{ name }}`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

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

_ABSENT: Final = object()
_MERGE: Final = object()


@contextmanager
def collector_off() -> Iterator[None]:
    """Keep the cyclic garbage collector from walking a growing heap while a document is parsed."""
    import gc  # noqa: PLC0415 - kept beside its only use

    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Anchors:
    """The anchors of one document: redefining one is legal, aliases without end are not."""

    __slots__ = ("_extra", "_known", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._known: dict[str, tuple[Any, int, int] | None] = {}
        self._limits = limits
        self._extra = 0

    @property
    def extra(self) -> int:
        """How many nodes the aliases so far stand for."""
        return self._extra

    def begin(self, name: str) -> None:
        """Note that an anchored collection starts."""
        self._known[name] = None

    def end(self, name: str, value: Any, size: int, height: int) -> None:
        """Note an anchored value with the number of its nodes and its depth; an inner anchor of that name stays."""
        if self._known.get(name) is None:
            self._known[name] = (value, size, height)

    def scalar(self, name: str, value: Any) -> None:
        """Note an anchored scalar."""
        self._known[name] = (value, 1, 0)

    def alias(self, event: AliasEvent, depth: int) -> tuple[Any, int]:
        """Return the value and depth that an alias stands for. Raise when it has none or grows out of bounds."""
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
        return value, height


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


def build(  # noqa: C901, PLR0912, PLR0915 - the hot loop: calls would double its time
    text: str, limits: Limits
) -> list[Any]:
    """Parse a stream to the data of its documents. Raise `yaml.YAMLError` at the first that cannot be parsed."""
    documents: list[Any] = []
    next_event = open_events(text)
    anchors = _Anchors(limits)
    keys: dict[str, str] = {}
    stack: list[tuple[Any, ...]] = []
    container: Any = None
    key: Any = None
    start: Any = None
    merges: list[Any] | None = None
    mapping = False
    began = height = nodes = 0
    while True:
        event = next_event()
        nodes += 1
        form = type(event)
        if form is ScalarEvent:
            value: Any = event.value
            if event.implicit[0]:
                if value == "<<" and mapping and key is _ABSENT:
                    value = _MERGE
                elif value[:1] in MAYBE:
                    value = resolve(value)
            elif event.tag is not None:
                value = tagged(event.tag, value)
            if event.anchor is not None:
                anchors.scalar(event.anchor, "<<" if value is _MERGE else value)
        elif form is MappingStartEvent or form is SequenceStartEvent:
            if len(stack) >= limits.depth:
                raise refusal("found values nested too deeply", event.start_mark)
            if event.anchor is not None:
                anchors.begin(event.anchor)
            stack.append((container, mapping, key, start, merges, began, height))
            mapping = form is MappingStartEvent
            container, key = ({}, _ABSENT) if mapping else ([], None)
            start, merges, began, height = event, None, nodes + anchors.extra, 0
            continue
        elif form is MappingEndEvent or form is SequenceEndEvent:
            if merges:
                _merge(container, merges)
            value, child, opened = container, height, start
            if mapping and opened.flow_style and len(container) == 1:
                value = _template(text, container, opened, event) or container
            if opened.anchor is not None:
                anchors.end(opened.anchor, value, nodes + anchors.extra - began, child + 1)
            container, mapping, key, start, merges, began, height = stack.pop()
            height = max(height, child + 1)
            if mapping and key is _ABSENT and not isinstance(value, str):
                value = text[opened.start_mark.index : event.end_mark.index].strip()
        elif form is AliasEvent:
            value, child = anchors.alias(event, len(stack))
            height = max(height, child)
            if mapping and key is _ABSENT and isinstance(value, dict | list):
                value = "*" + event.anchor
        elif form is DocumentEndEvent:
            documents.append(container[0])
            container, anchors = None, _Anchors(limits)
            continue
        elif form is StreamEndEvent:
            return documents
        else:
            container, mapping, key = [], False, None  # stream or document start: the document's root goes in here
            continue
        if not mapping:
            container.append(value)
        elif key is _ABSENT:
            if value is _MERGE:
                key = value
            else:
                if type(value) is not str:
                    value = key_text(value)
                key = keys.setdefault(value, value)  # one object per spelling: dumps repeat few keys very often
        else:
            if key is not _MERGE:
                container[key] = value
            elif _mergeable(value):
                merges = merges or []
                merges.append(value)
            else:
                container["<<"] = value
            key = _ABSENT
