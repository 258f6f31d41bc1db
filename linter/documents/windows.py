"""JSON of any size read in windows: never more than a piece of the text is held, and every item's place is known."""

import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from linter.documents import Document, Templated, lists
from linter.documents.dialects import LOGS
from linter.documents.held import TOO_LARGE, BrokenError, Held
from linter.documents.jsonitems import Items
from linter.documents.jsontext import BROKEN, TOO_DEEP
from linter.documents.layouts import implied
from linter.documents.list_items import AtHand, Damage, Give, Listed, ListReader, opened, whole
from linter.documents.places import NO_END, Mark, Places, Value, mark_at
from linter.model import Problem
from linter.sources import Limits, sized
from linter.sources.raw import Raw

WINDOW: Final = 4 * 2**20
"""How many bytes are read at once."""

_BETWEEN: Final = re.compile(rb"(?:[ \t\r\n\x1e]|\xef\xbb\xbf)*")
_PIECE: Final = 2**18
_SHORT: Final = 2**18
"""So far the line is looked for that closes an object, as machines write one after the other."""
_IN_VAIN: Final = 2**22
"""So many bytes beyond those that were read may be looked through in vain for such lines."""
_LOGS: Final = LOGS.encode()
_IDENTITY: Final = ("apiVersion", "kind")
_UNREAD: Final = f'"{lists.UNREAD}"'.encode()


class NotWindowedError(ValueError):
    """A text of another form, that must be read whole. The message says which."""


class LogsError(NotWindowedError):
    """A text of YAML has container logs between its documents: without them it may be read in windows."""


class Windowed(NamedTuple):
    """What a text held besides its objects: passed items by document, and documents dropped because none matters."""

    places: Places
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    skipped: int
    logs: bool
    templated: tuple[Templated, ...] = ()


Each = Callable[[Document, int], None]
"""Takes a document, or a part of a list's: with its frame, some of its items, and the number of the first of these."""
Restart = Callable[[int], None]
"""Tells that what was given of the document of this number was not right: it comes again."""


def read_windows(
    path: str, raw: Raw, limits: Limits, each: Each, restart: Restart, *, window: int = WINDOW
) -> Windowed:
    """Read a text of JSON values, lists item by item. Raise `NotWindowedError` for a text of another form.

    What was given to `each` before that is to be forgotten. A damaged item costs itself, and is named.
    """
    return _Text(path, raw, limits, each, restart, window).read()


def scan(raw: Raw, limits: Limits, *, window: int = WINDOW) -> Places:
    """Return only where things stand in a text that `read_windows` has read."""
    return _Text("", raw, limits, None, lambda _: None, window).read().places


def texts(
    raw: Raw, places: Places, passed: Callable[[int], frozenset[int] | None], most: int
) -> Iterator[tuple[str, bool]]:
    """Yield what was not parsed: for a document's number `passed` tells the items passed over, None for all of it.

    What is larger than `most` bytes, and was refused for it, comes in stretches of lines or of words, and so does what
    follows on damage that could not be read past. With each text stands whether it is whole.
    """
    ahead = _Ahead(raw)
    for number, value in enumerate(places.values):
        only = passed(number)
        if not value.key and (only is None or (only and places.yaml)):
            for text, alone in ahead.texts(value.start, value.end, most):
                found = (text,) if only is None else lists.passed_text(text, only, json=False)
                yield from ((one, alone) for one in found)
            continue
        for item in range(len(value.starts)) if only is None else sorted(only):
            yield from ahead.texts(value.starts[item], value.ends[item], most)


class _Ahead:
    """Bytes that are asked for from the first to the last, in small parts: read some more of them at a time."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._start = 0
        self._data = b""

    def at(self, start: int, end: int) -> bytes:
        if not self._start <= start <= end <= self._start + len(self._data):
            self._start, self._data = start, self._raw.at(start, max(end - start, _PIECE))
        return self._data[start - self._start : end - self._start]

    def texts(self, start: int, end: int, most: int) -> Iterator[tuple[str, bool]]:
        """Yield the text there, whole where it has `most` bytes and no more, else in stretches."""
        whole = end - start <= most
        while end - start > most:
            data = self._raw.at(start, min(WINDOW, most))
            if not data:
                return
            cut = data.rfind(b"\n") + 1 or max(map(data.rfind, (b'"', b" "))) + 1 or len(data)
            yield data[:cut].decode("utf-8", "replace"), False
            start += cut
        yield self.at(start, end).decode("utf-8", "replace"), whole


class _Text:
    """One text being read; `each` is None where only places are asked for."""

    def __init__(
        self,
        path: str,
        raw: Raw,
        limits: Limits,
        each: Each | None,
        restart: Restart,
        window: int,
        begin: Mark | None = None,
    ) -> None:
        self._path = path
        self._raw = raw
        self._limits = limits
        self._each = each
        self._restart = restart
        self._window = window
        if begin is None:
            begin = Mark(3 if raw.at(0, 3) == b"\xef\xbb\xbf" else 0, 0, 0)
        self._held = Held(raw, window, limits.file_bytes, begin)
        self._values: list[Value] = []
        self._documents: list[Document] = []
        self._skipped = 0
        self._logs = False
        silent = each is None
        self._always = silent or implied(path) is not None
        self._hand = AtHand(relevant=self._always)
        self._damage = Damage(path, self._held, silent=silent)
        self._lists = ListReader(self._held, limits, self._damage, window, silent=silent)
        self._items = Items(limits.depth)
        self._vain = 0
        self._begun: tuple[int, str, Listed] = (0, "", (array("Q"), array("Q")))

    def read(self) -> Windowed:
        """Read value after value."""
        held = self._held
        at = self._between(held.base)
        while held.byte(at):
            if held.byte(at) != b"{":
                held.need(at, 3)
                if not self._values or held.text(at, at + 3) == b"---" or held.byte(at) == b"[":
                    raise NotWindowedError("it is more than JSON objects")
                self._damage.tell(BrokenError("what stands here is no JSON", at), "could not be read further")
                self._rest(at)
                break
            self._lists.count.add(1)
            try:
                at = self._between(self._document(at, len(self._values), None))
            except BrokenError as error:
                self._damage.tell(error, "could not be read further")
                start, key, listed = self._begun
                if key:
                    self._values.append(Value(start, error.at, key, *listed))
                    self._settle(len(self._values) - 1, sound=True)
                self._rest(listed[1][-1] if listed[1] else start)
                break
        places = Places(self._values, held.marks)
        return Windowed(places, tuple(self._documents), self._damage.close(), self._skipped, self._logs)

    def _rest(self, at: int) -> None:
        """Note where the part of the text begins that nobody has read: it is searched for names all the same."""
        self._values.append(Value(at, NO_END, "", array("Q"), array("Q")))

    def _between(self, at: int) -> int:
        """Return the offset after what may stand between values: blanks, separators, container logs."""
        held = self._held
        while True:
            at = held.skip(at, _BETWEEN)
            held.need(at, len(_LOGS))
            if not held.data.startswith(_LOGS, at - held.base):
                return at
            self._logs = True
            at = self._after_log(at)

    def _after_log(self, at: int) -> int:
        """Return the offset after a container's log: its end mark, wherever in a line, or the end of the text."""
        held = self._held
        while (line := held.data.find(b"\n", at - held.base)) < 0:
            if not held.fill(at):
                return held.end
        mark = held.text(at, held.base + line).rstrip(b"\r").replace(b"START", b"END", 1)
        at = held.base + line
        while (found := held.data.find(mark, at - held.base)) < 0:
            # What is let go ends before a line end, which is thereby never cut in two.
            last = held.data.rfind(b"\n", at - held.base, max(len(held.data) - len(mark), 0))
            at = held.base + last if last >= 0 else at
            if not held.fill(at):
                return held.end
        return held.base + found + len(mark)

    # One value

    def _document(self, start: int, number: int, frame_known: dict[str, Any] | None) -> int:
        """Read the object at `start`; return where it ends. `frame_known` are the members beside its items."""
        held, frame = self._held, dict[str, Any]()
        self._hand = AtHand(relevant=self._always)
        key, listed, once, sound, size = "", (array("Q"), array("Q")), True, True, 0
        assumed: dict[str, Any] = {}
        self._begun = (start, "", listed)
        if frame_known is None and (end := self._alone(start, number)):
            return end
        at = held.skip(start + 1)
        while held.byte(at) != b"}":
            name, at = held.name(at)
            if name in ("items", "Items") and held.byte(at) == b"[":
                once, key, listed = not key, name, (array("Q"), array("Q"))
                assumed = _identity(frame, key) if frame_known is None else _identity(frame_known, "")
                self._begun = (start, key, listed)
                give, typed = self._given(number, assumed, key), assumed.get("kind") != "List"
                at = self._lists.read(at, listed, self._hand, give, typed=typed)
            else:
                end = held.value_end(at)
                size += end - at
                if size > self._limits.file_bytes:
                    raise BrokenError(f"{TOO_LARGE} {sized(self._limits.file_bytes)}", at)
                try:
                    # Where only places are asked for, its kind alone tells how it was read.
                    frame[name] = self._value(at, end) if self._each is not None or name == "kind" else None
                except BrokenError as error:
                    self._damage.tell(error, "a document could not be read")
                    sound = False
                self._hand.note(b'"%b": %b' % (name.encode("utf-8", "surrogatepass"), held.text(at, end)))
                at = end
            at = held.comma(at, b"}")
        end = at + 1
        # A kind that several APIs have matters in one of them only: the two are looked at together.
        identity = (f"{name}: {value}" for name, value in _identity(frame, "").items() if isinstance(value, str))
        self._hand.note("\n".join(identity).encode("utf-8", "surrogatepass"))
        if key and frame_known is None:
            if not once or not is_list(frame):
                # What has items and is no list is an object like any other.
                return self._whole(start, end, number)
            if self._each is not None and _identity(frame, "") != assumed:
                return self._again(start, number, frame)
        if self._each is not None and not key and sound:
            self._each(Document(self._path, number, frame), 0)
        self._values.append(Value(start, end, key, *listed))
        self._settle(number, sound=sound or bool(key))
        return end

    def _alone(self, start: int, number: int) -> int:
        """Read the object at `start` where it has no items and ends with its line, or with the first that closes one.

        Return where it ends, 0 where it must be read member by member.
        """
        held = self._held
        if self._vain > start + _IN_VAIN:
            return 0
        held.need(start, min(_SHORT, held.window, self._limits.file_bytes))
        low = start - held.base
        close = b"\n}" if held.data[low + 1 : low + 3].lstrip(b"\r")[:1] == b"\n" else b"\n"
        cut = held.data.find(close, low, low + min(_SHORT, self._limits.file_bytes))
        text = held.data[low : cut + len(close)].rstrip(b" \t\r\n") if cut >= 0 else b""
        members = opened(text)
        if members is None:
            self._vain += len(text) or _SHORT
            return 0
        if "items" in members or "Items" in members:
            return 0
        if bytes(members.get("kind", b"")) != _UNREAD:
            self._hand.note(text)
        if self._each is not None and self._hand.relevant:
            try:
                data = self._items.read(members, typed=True)
            except BROKEN:
                self._vain += len(text)
                return 0
            self._each(Document(self._path, number, data), 0)
        end = start + len(text)
        self._values.append(Value(start, end, "", array("Q"), array("Q")))
        self._settle(number, sound=True)
        return end

    def _given(self, number: int, frame: dict[str, Any], key: str) -> Give:
        """Return what takes the items of a list."""

        def give(batch: list[Any], count: int) -> None:
            if self._each is not None and batch and is_list(frame):
                self._each(Document(self._path, number, {**frame, key: batch}), count - len(batch))

        return give

    def _settle(self, number: int, *, sound: bool) -> None:
        """Keep the document, or forget it where nothing in it matters."""
        if self._hand.relevant and sound:
            self._skipped += len(self._hand.passed)
            unread = self._hand.passed | self._hand.lost
            self._documents.append(Document(self._path, number, None, frozenset(unread)))
            return
        self._skipped += sound
        if self._each is not None:
            self._restart(number)

    def _again(self, start: int, number: int, frame: dict[str, Any]) -> int:
        """Read a list once more, now that it is known of what: its kind stood after its items."""
        self._restart(number)
        mark = mark_at(self._raw, self._held.marks, start)
        other = _Text(self._path, self._raw, self._limits, self._each, self._restart, self._window, mark)
        end, value, documents, skipped = other.one(number, frame)
        # What is damaged in it has been told already.
        self._values.append(value)
        self._documents += documents
        self._skipped += skipped
        return end

    def one(self, number: int, frame: dict[str, Any]) -> tuple[int, Value, list[Document], int]:
        """Read the one document that begins where this begins; return its end and what came of it."""
        end = self._document(self._held.base, number, frame)
        return end, self._values[-1], self._documents, self._skipped

    def _whole(self, start: int, end: int, number: int) -> int:
        """Read an object in one piece."""
        self._restart(number)
        if end - start > self._limits.file_bytes:
            raise BrokenError(f"{TOO_LARGE} {sized(self._limits.file_bytes)}", end - 1)
        text = self._raw.at(start, end - start)
        self._hand.note(text)
        self._hand.passed.clear()
        try:
            data = whole(text, self._limits.depth)
        except BrokenError as error:
            why = TOO_DEEP if str(error) == TOO_DEEP else "what stands here is no JSON"
            raise BrokenError(why, end - 1) from None
        if self._each is not None:
            self._each(Document(self._path, number, data), 0)
        self._values.append(Value(start, end, "", array("Q"), array("Q")))
        self._settle(number, sound=True)
        return end

    def _value(self, at: int, end: int) -> Any:
        try:
            return whole(self._held.text(at, end), self._limits.depth - 1)
        except BrokenError as error:
            raise BrokenError(str(error), at + error.at, end) from None


def _identity(frame: dict[str, Any], key: str) -> dict[str, Any]:
    """Return what a list's frame says of its items; with a key, what it will say when that is all that is known."""
    found: dict[str, Any] = {name: frame[name] for name in _IDENTITY if name in frame}
    if key == "items" and "kind" not in found:
        found["kind"] = "List"
    return found


def is_list(frame: dict[str, Any]) -> bool:
    """Tell whether what has items is a list of objects, by its kind."""
    kind = frame.get("kind")
    return kind is None or (isinstance(kind, str) and kind.endswith("List"))
