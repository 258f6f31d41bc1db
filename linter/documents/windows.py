"""JSON of any size read in windows: never more than a piece of the text is held, and every item's place is known.

What is cut is exact. A text that begins an object and decodes whole is that object: no shorter beginning of it could.
So a guess where an item ends (the line that kubectl closes it with) is proven by decoding; where the guess fails, the
decoder itself or a scan of quotes and brackets finds the end. Items that cannot matter are never decoded.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError, JSONDecoder
from typing import Any, Final, NamedTuple

import msgspec

from linter.documents import Document
from linter.documents.dialects import LOGS
from linter.documents.explain import pull_secret_key
from linter.documents.jsonlists import decoded, passable
from linter.documents.jsontext import TooDeepError, check_depth
from linter.documents.kinds import matters
from linter.documents.layouts import implied
from linter.model import Problem
from linter.sources import Limits
from linter.sources.raw import Raw

WINDOW: Final = 4 * 2**20
"""How many bytes are read at once."""

_MARK_EVERY: Final = 2**20
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_BETWEEN: Final = re.compile(rb"(?:[ \t\r\n\x1e]|\xef\xbb\xbf)*")
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^"\s,\]}]+', re.DOTALL)
_HEAD: Final = 1024
_MOST_TOLD: Final = 20
_TRUNCATED: Final = "truncated"
_LARGEST_ODD: Final = 16 * 2**20
"""So far the end of an item is looked for when it is not where it seems to be."""
_LOST: Final = "an item of its list could not be read"
_REMEDY: Final = "correct the syntax; `jq . FILE` shows the same error"
_TOO_LARGE: Final = "is larger than"
_ITEM: Final = re.compile(rb"\[\r?\n([ \t]*)\{")
_TRAILING: Final = re.compile(r"trailing characters \(byte (\d+)\)")
_CONTINUES: Final = bytes(range(0x80, 0xC0))
_LENIENT: Final = JSONDecoder(strict=False)
_LOGS: Final = LOGS.encode()
_BROKEN: Final = (msgspec.MsgspecError, RecursionError, ValueError)

Item = dict[str, msgspec.Raw]


class NotWindowedError(ValueError):
    """A text of another form, that must be read whole. The message says which."""


class _BrokenError(ValueError):
    """Text at `at` (a byte offset) that is no JSON; `resume` is where to go on, -1 for nowhere."""

    def __init__(self, why: str, at: int, resume: int = -1) -> None:
        super().__init__(why)
        self.at = at
        self.resume = resume


class Mark(NamedTuple):
    """A byte offset with the line ends before it, and the characters between the last of them and it."""

    offset: int
    lines: int
    column: int


class Value(NamedTuple):
    """One JSON value of a text, in byte offsets; of a list, the key of its items and where each begins and ends."""

    start: int
    end: int
    key: str
    starts: "array[int]"
    ends: "array[int]"


class Places(NamedTuple):
    """Where the values of a text stand, and marks to count lines from."""

    values: list[Value]
    marks: list[Mark]


class Windowed(NamedTuple):
    """What a text held besides its objects: passed items by document, and documents dropped because none matters."""

    places: Places
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    skipped: int
    logs: bool


class _Held:
    """The piece of the text that is held: `data` stands at the offset `base`. Offsets are those of the whole text."""

    def __init__(self, raw: Raw, window: int, most: int, begin: Mark) -> None:
        self.raw = raw
        self.data = b""
        self.base = begin.offset
        self.ended = False
        self.marks = [begin]
        self._here = begin
        self._window = window
        self._most = most
        self.fill(begin.offset)

    @property
    def end(self) -> int:
        """Where what is held ends."""
        return self.base + len(self.data)

    def fill(self, at: int) -> bool:
        """Let go of what stands before `at`, and read on; tell whether there was more."""
        if self.ended:
            return False
        gone, kept = self.data[: at - self.base], self.data[at - self.base :]
        if len(kept) > self._most:
            raise _BrokenError(f"{_TOO_LARGE} {_size(self._most)}", at)
        self._here = counted(self._here, gone)
        if self._here.offset - self.marks[-1].offset >= _MARK_EVERY:
            self.marks.append(self._here)
        size = max(self._window, len(kept))
        more = self.raw.at(self.end, size)
        self.ended = len(more) < size
        self.data, self.base = kept + more, at
        return bool(more)

    def need(self, at: int, size: int) -> None:
        """See that `size` bytes are held from `at` on, as far as there are so many."""
        while self.end - at < size and self.fill(at):
            pass

    def skip(self, at: int, pattern: re.Pattern[bytes] = _BLANKS) -> int:
        """Return the offset after what `pattern` takes."""
        while True:
            found = pattern.match(self.data, at - self.base)
            at = self.base + found.end() if found else at
            # A mark of three bytes can be cut; nothing else that is skipped is as long.
            if self.end - at > 3 or not self.fill(at):
                return at

    def byte(self, at: int) -> bytes:
        """Return the byte at an offset, b"" at the end."""
        if at >= self.end:
            self.fill(at)
        return self.data[at - self.base : at - self.base + 1]

    def text(self, start: int, end: int) -> bytes:
        """Return the bytes of a stretch that is held."""
        return self.data[start - self.base : end - self.base]


def counted(mark: Mark, text: bytes) -> Mark:
    """Return the mark after `text`, which stands at `mark` and cuts no line end in two."""
    if not text:
        return mark
    lines = text.count(b"\n") + (text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else 0)
    last = max(text.rfind(b"\n"), text.rfind(b"\r"))
    rest = text[last + 1 :]
    column = len(rest) if rest.isascii() else len(rest.translate(None, _CONTINUES))
    return Mark(mark.offset + len(text), mark.lines + lines, column if last >= 0 else mark.column + column)


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count} bytes"


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


def texts(raw: Raw, places: Places, passed: Callable[[int], frozenset[int] | None]) -> Iterator[str]:
    """Yield what was not parsed: for a document's number `passed` tells the items passed over, None for all of it."""
    for number, value in enumerate(places.values):
        only = passed(number)
        if only is None and not value.key:
            yield raw.at(value.start, value.end - value.start).decode("utf-8", "replace")
        for item in range(len(value.starts)) if only is None else sorted(only):
            start = value.starts[item]
            yield raw.at(start, value.ends[item] - start).decode("utf-8", "replace")


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
        self._always = implied(path) is not None
        if begin is None:
            begin = Mark(3 if raw.at(0, 3) == b"\xef\xbb\xbf" else 0, 0, 0)
        self._held = _Held(raw, window, limits.file_bytes, begin)
        self._values: list[Value] = []
        self._documents: list[Document] = []
        self._problems: list[Problem] = []
        self._damaged = 0
        self._skipped = 0
        self._logs = False
        # What the document at hand was found to be.
        self._relevant = False
        self._passed: set[int] = set()
        self._begun: tuple[int, str, tuple[array[int], array[int]]] = (0, "", (array("Q"), array("Q")))

    def read(self) -> Windowed:
        """Read value after value."""
        held = self._held
        at = self._between(held.base)
        while held.byte(at):
            if held.byte(at) != b"{":
                held.need(at, 3)
                if not self._values or held.text(at, at + 3) == b"---" or held.byte(at) == b"[":
                    raise NotWindowedError("it is more than JSON objects")
                self._tell(_BrokenError("what stands here is no JSON", at), "could not be read further")
                break
            try:
                at = self._between(self._document(at, len(self._values), None))
            except _BrokenError as error:
                self._tell(error, "could not be read further")
                start, key, listed = self._begun
                if key:
                    self._values.append(Value(start, error.at, key, *listed))
                    self._settle(len(self._values) - 1, sound=True)
                break
        if self._damaged > _MOST_TOLD:
            more = f"{self._damaged - _MOST_TOLD:,} more items could not be read"
            self._problems.append(Problem(self._path, more, _REMEDY))
        places = Places(self._values, held.marks)
        return Windowed(places, tuple(self._documents), tuple(self._problems), self._skipped, self._logs)

    def _tell(self, error: _BrokenError, what: str) -> None:
        self._damaged += error.resume >= 0
        if self._each is None or self._damaged > _MOST_TOLD:
            return
        place = mark_at(self._raw, self._held.marks, error.at)
        remedy = _REMEDY
        if str(error).startswith(_TOO_LARGE):
            remedy = "raise `file` under `limits` in the settings, or leave out the kind that is so large"
        self._problems.append(Problem(self._path, f"{what}: {error}", remedy, place.lines + 1, place.column + 1))

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
        self._relevant, self._passed = self._always, set()
        key, listed, once, sound, size = "", (array("Q"), array("Q")), True, True, 0
        assumed: dict[str, Any] = {}
        self._begun = (start, "", listed)
        at = held.skip(start + 1)
        while held.byte(at) != b"}":
            name, at = self._name(at)
            if name in ("items", "Items") and held.byte(at) == b"[":
                once, key, listed = not key, name, (array("Q"), array("Q"))
                assumed = _identity(frame, key) if frame_known is None else _identity(frame_known, "")
                self._begun = (start, key, listed)
                at = self._items(at, number, {**assumed, key: []}, listed)
            else:
                end = self._end(at)
                size += end - at
                if size > self._limits.file_bytes:
                    raise _BrokenError(f"{_TOO_LARGE} {_size(self._limits.file_bytes)}", at)
                try:
                    frame[name] = self._value(at, end)
                except _BrokenError as error:
                    self._tell(error, "a document could not be read")
                    sound = False
                self._note(b'"%b": %b' % (name.encode("utf-8", "surrogatepass"), held.text(at, end)))
                at = end
            at = self._comma(at, b"}")
        end = at + 1
        if key and self._each is not None and frame_known is None:
            if not once or not _is_list(frame):
                # What has items and is no list is an object like any other.
                return self._whole(start, end, number)
            if _identity(frame, "") != assumed:
                return self._again(start, number, frame)
        if self._each is not None and not key and sound:
            self._each(Document(self._path, number, frame), 0)
        self._values.append(Value(start, end, key, *listed))
        self._settle(number, sound=sound or bool(key))
        return end

    def _settle(self, number: int, *, sound: bool) -> None:
        """Keep the document, or forget it where nothing in it matters."""
        if self._relevant and sound:
            self._skipped += len(self._passed)
            self._documents.append(Document(self._path, number, None, frozenset(self._passed)))
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
            raise _BrokenError(f"{_TOO_LARGE} {_size(self._limits.file_bytes)}", end - 1)
        text = self._raw.at(start, end - start)
        self._relevant = self._relevant or matters(text.decode("utf-8", "replace"))
        self._passed = set()
        try:
            data = whole(text, self._limits.depth)
        except _BrokenError:
            raise _BrokenError("what stands here is no JSON", end - 1) from None
        if self._each is not None:
            self._each(Document(self._path, number, data), 0)
        self._values.append(Value(start, end, "", array("Q"), array("Q")))
        self._settle(number, sound=True)
        return end

    def _name(self, at: int) -> tuple[str, int]:
        """Read the name of a member; return it and where its value begins."""
        held = self._held
        while (found := _STRING.match(held.data, at - held.base)) is None:
            if held.byte(at) not in (b'"', b"") or not held.fill(at):
                raise _BrokenError("the name of a member is missing", at)
        try:
            name = _LENIENT.decode(found[0].decode())
        except ValueError:
            raise _BrokenError("the name of a member cannot be read", at) from None
        colon = held.skip(held.base + found.end())
        if held.byte(colon) != b":":
            raise _BrokenError("a colon is missing", colon)
        return name, held.skip(colon + 1)

    def _comma(self, at: int, closing: bytes) -> int:
        """Return the offset after the comma at `at` and what blanks there are, or that of the closing sign."""
        held = self._held
        at = held.skip(at)
        if held.byte(at) == closing:
            return at
        if held.byte(at) != b",":
            raise _BrokenError("a comma is missing" if held.byte(at) else "it ends too early", at)
        return held.skip(at + 1)

    # The items of a list

    def _items(self, at: int, number: int, frame: dict[str, Any], listed: tuple["array[int]", "array[int]"]) -> int:
        """Read the items of the list whose bracket stands at `at`; return the offset after its end."""
        held, (starts, ends) = self._held, listed
        held.need(at, _HEAD)
        found = _ITEM.match(held.data, at - held.base)
        close = b"\n" + found[1] + b"}" if found else b""
        batch: list[Any] = []
        size = sure = 0
        at = held.skip(at + 1)
        while held.byte(at) != b"]":
            try:
                item, end = self._item(at, close, len(starts), typed=frame.get("kind") != "List")
            except _BrokenError as error:
                if error.resume < 0:
                    self._give(number, frame, batch, len(starts))
                    raise
                self._tell(error, _LOST)
                item, end = None, error.resume
            starts.append(at)
            ends.append(end)
            batch.append(item)
            size += end - at
            if not close or held.text(end - len(close), end) == close:
                sure = len(batch)
            try:
                at = self._comma(end, b"]")
            except _BrokenError as error:
                self._give(number, frame, batch[:sure], len(starts) - len(batch) + sure)
                at = self._resumed(error, close)
                batch, size, sure = [], 0, 0
                continue
            if size >= self._window and (sure or size >= _LARGEST_ODD):
                # An item that does not end as its like do may still turn out to have ended too soon.
                done = sure or len(batch)
                self._give(number, frame, batch[:done], len(starts) - len(batch) + done)
                batch, size, sure = batch[done:], 0, 0
        self._give(number, frame, batch, len(starts))
        return at + 1

    def _resumed(self, error: _BrokenError, close: bytes) -> int:
        """Return where the list goes on after an item that ended too soon; raise where that cannot be known."""
        held = self._held
        while close and (cut := held.data.find(close, error.at - held.base)) >= 0:
            end = held.base + cut + len(close)
            try:
                at = self._comma(end, b"]")
            except _BrokenError:
                break
            self._tell(_BrokenError(str(error) + _unjudged(held.text(error.at, end)), error.at, end), _LOST)
            return at
        raise error

    def _give(self, number: int, frame: dict[str, Any], batch: list[Any], count: int) -> None:
        if self._each is not None and batch and _is_list(frame):
            key = next(reversed(frame))
            self._each(Document(self._path, number, {**frame, key: batch}), count - len(batch))

    def _item(self, at: int, close: bytes, number: int, *, typed: bool) -> tuple[Any, int]:
        """Read the item at `at`; return its data, None where it cannot matter, and where it ends."""
        held = self._held
        if not held.byte(at):
            raise _BrokenError("it ends too early", at)
        members, cut = self._hinted(at, close) if close else (None, 0)
        end = cut
        if members is None:
            end = self._end(at, cut)
            members = _opened(held.text(at, end))
        text = held.text(at, end)
        if self._each is None:
            return None, end
        if not self._relevant:
            self._note(text)
        if members is None:
            return self._damaged_or_odd(at, text, close), end
        try:
            if not typed and passable(members):
                self._passed.add(number)
                return None, end
            item = {key: decoded(key, raw) for key, raw in members.items()}
            if _may_be_deep(members, item, self._limits.depth - 2):
                check_depth(item, self._limits.depth - 2)
        except (*_BROKEN, TooDeepError):
            return self._damaged_or_odd(at, text, close), end
        return item, end

    def _hinted(self, at: int, close: bytes) -> tuple[Item | None, int]:
        """Return where the next line closes like an item, and the members of the item at `at` when it ends there."""
        held = self._held
        while (cut := held.data.find(close, at - held.base)) < 0:
            if not held.fill(at):
                return None, 0
        end = held.base + cut + len(close)
        return _opened(held.text(at, end)), end

    def _damaged_or_odd(self, at: int, text: bytes, close: bytes) -> Any:
        """Return the data of an item that the fast decoder refuses. Raise where it is none."""
        try:
            return whole(text, self._limits.depth - 2)
        except _BrokenError as error:
            resume = at + len(text)
            if close:
                # What a damaged item swallows of the next ones is given back.
                cut = text.find(close)
                resume = at + cut + len(close) if cut >= 0 else resume
            why = str(error) + _unjudged(text[: resume - at])
            raise _BrokenError(why, at + error.at, resume) from None

    def _end(self, at: int, cut: int = 0) -> int:
        """Return where the value at `at` ends, as far as the decoder or else its quotes and brackets tell.

        `cut` is where an item ends by its looks, 0 where nothing looks so.
        """
        held = self._held
        while True:
            end = self._decoded_end(at, cut)
            if end:
                return end
            if cut and held.end - at > _LARGEST_ODD:
                return cut
            if not held.fill(at):
                if not cut:
                    raise _BrokenError("it ends too early", at)
                return cut

    def _decoded_end(self, at: int, cut: int) -> int:
        """Return where the value at `at` ends, as `_end` does; 0 when more text is needed."""
        held = self._held
        try:
            msgspec.json.decode(memoryview(held.data)[at - held.base :], type=msgspec.Raw)
        except _BROKEN as error:
            after = _TRAILING.search(str(error))
            if after:
                return at + len(held.text(at, at + int(after[1]) - 1).rstrip(b" \t\r\n"))
            if cut and (_TRUNCATED not in str(error) or _is_value(held.text(at, cut))):
                return cut
            return self._balanced(at)
        rest = held.data[at - held.base :].rstrip(b" \t\r\n")
        return at + len(rest) if held.ended or rest[-1:] in (b"}", b"]", b'"') else 0

    def _balanced(self, at: int) -> int:
        """Return where brackets and quotes that open at `at` are closed; 0 when more text is needed."""
        held = self._held
        if held.byte(at) not in (b"{", b"["):
            found = _SCALAR.match(held.data, at - held.base)
            there = held.base + found.end() if found else 0
            return there if there < held.end or held.ended else 0
        depth = 0
        for token in _TOKEN.finditer(held.data, at - held.base):
            sign = token[0]
            if sign in (b"{", b"["):
                depth += 1
            elif sign in (b"}", b"]"):
                depth -= 1
                if not depth:
                    return held.base + token.end()
            elif len(sign) == 1:
                return 0
        return 0

    def _value(self, at: int, end: int) -> Any:
        if self._each is None:
            return None
        try:
            return whole(self._held.text(at, end), self._limits.depth - 1)
        except _BrokenError as error:
            raise _BrokenError(str(error), at + error.at, end) from None

    def _note(self, text: bytes) -> None:
        """Look whether a part of the document at hand can matter, unless that is known."""
        if not self._relevant and self._each is not None:
            self._relevant = matters(text.decode("utf-8", "replace"))


def _opened(text: bytes) -> Item | None:
    """Return the members of an object, None when the text is not one object and nothing else."""
    try:
        return msgspec.json.decode(text, type=Item)
    except _BROKEN:
        return None


def _may_be_deep(members: Item, item: dict[str, Any], limit: int) -> bool:
    """Tell whether an item can nest deeper than `limit`: not with so few brackets. Metadata is looked at itself."""
    brackets = 0
    for key, raw in members.items():
        if key == "metadata":
            check_depth(item[key], limit - 1)
        else:
            text = bytes(raw)
            brackets += text.count(b"{") + text.count(b"[")
    return brackets >= limit


def whole(text: bytes, depth: int) -> Any:
    """Decode one value. Raise `_BrokenError`, its offset in the text, for what nobody takes for JSON."""
    try:
        try:
            data = msgspec.json.decode(text)
        except _BROKEN:
            data = _LENIENT.decode(text.decode())
        check_depth(data, depth)
    except (TooDeepError, RecursionError):
        raise _BrokenError("found values nested too deeply", 0) from None
    except UnicodeDecodeError as error:
        raise _BrokenError("not UTF-8 text", error.start) from None
    except JSONDecodeError as error:
        raise _BrokenError(f"not JSON ({error.msg})", len(error.doc[: error.pos].encode())) from None
    except ValueError:
        raise _BrokenError("it holds a value that cannot be represented", 0) from None
    return data


def _unjudged(text: bytes) -> str:
    """What to add to a complaint about a text that holds a pull secret."""
    key = pull_secret_key(text.decode("utf-8", "replace"))
    return f"; it holds a pull secret that could not be judged ({key[0]})" if key else ""


def _is_value(text: bytes) -> bool:
    try:
        _LENIENT.decode(text.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _identity(frame: dict[str, Any], key: str) -> dict[str, Any]:
    """Return what a list's frame says of its items; with a key, what it will say when that is all that is known."""
    found: dict[str, Any] = {name: frame[name] for name in ("apiVersion", "kind") if name in frame}
    if key == "items" and "kind" not in found:
        found["kind"] = "List"
    return found


def _is_list(frame: dict[str, Any]) -> bool:
    kind = frame.get("kind")
    return kind is None or (isinstance(kind, str) and kind.endswith("List"))


def mark_at(raw: Raw, marks: list[Mark], offset: int) -> Mark:
    """Return the mark of an offset, counted from the nearest one before it."""
    mark = marks[max(bisect_right(marks, offset, key=lambda one: one.offset) - 1, 0)]
    while mark.offset < offset:
        text = raw.at(mark.offset, min(_MARK_EVERY, offset - mark.offset))
        if not text:
            return mark
        if text.endswith(b"\r") and mark.offset + len(text) < offset:
            text = text[:-1] or text
        mark = counted(mark, text)
    return mark
