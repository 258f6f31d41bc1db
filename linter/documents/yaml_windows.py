"""YAML of any size read piece by piece: documents that end in a window together, a long list by its items.

What is cut is exact. A stream is cut before a `---` only where a document ends for certain, and a list by the law of
`linter.documents.lists`: its items are read alone, or no line of them can leave a quote or a bracket open. Where this
cannot be shown, a text that may be held whole is read whole (`NotWindowedError`), so that its size changes nothing.

Of a text beyond that limit only the document in question is held; one that is itself beyond it is refused and named.
An item of such a list that is no YAML costs itself, where nothing can be open behind it.
"""

import re
from array import array
from itertools import pairwise
from typing import Any, Final

from linter.documents import Document, lists
from linter.documents.explain import explain, pull_secret_key
from linter.documents.held import TOO_LARGE, BrokenError
from linter.documents.kinds import looks_like_json, matters
from linter.documents.places import Places, Value, mark_at
from linter.documents.split import Chunk, split
from linter.documents.windows import Each, NotWindowedError, Restart, Windowed, is_list
from linter.documents.yaml_regions import NO_ITEMS, Regions, TroubleError
from linter.model import Problem
from linter.sources import Limits, sized
from linter.sources.files import HEAD
from linter.sources.raw import Raw

_ITEMS: Final = re.compile(rb"(?:\A|\n)items:\r?\n((?:  )?)(?=- [A-Za-z])")
_STOPS: Final = {0: re.compile(rb"\n(?=[^ \r\n#-]|---)"), 2: re.compile(rb"\n(?=[^ \r\n#])")}
"""What ends a list whose items begin in a column: a line at the margin that is no item."""
_MARKER: Final = re.compile(rb"\n(?:---|\.\.\.)(?=[ \t\r\n]|\Z)")
_AFTER_END: Final = re.compile(rb"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_ODD_BREAKS: Final = ("\x85", "\u2028", "\u2029", "\ufeff")
_MOST_TRIED: Final = 8
"""How many places are looked at for one that a stream may be cut at."""
_MOST_TOLD: Final = 20
_FURTHER: Final = 8
_GLANCE: Final = 2**14
_REMEDY: Final = "raise `file` under `limits` in the settings, or write it as JSON (`-o json`)"


def read_yaml(path: str, raw: Raw, limits: Limits, each: Each, restart: Restart, *, window: int) -> Windowed:
    """Read a text of YAML piece by piece; see `linter.documents.windows.read_windows`."""
    return _Text(path, raw, limits, each, restart, window).read()


def scan_yaml(path: str, raw: Raw, limits: Limits, *, window: int) -> Places:
    """Return only where things stand in a text that `read_yaml` has read."""
    return _Text(path, raw, limits, None, lambda _: None, window).read().places


class _Text(Regions):
    """One text being read from its begin to its end: documents together, long lists by their items."""

    def read(self) -> Windowed:
        """Read piece after piece."""
        at, more = self._held.base, True
        head = self._raw.at(at, HEAD)
        if looks_like_json(head.decode("utf-8", "replace")) or b"\0" in head[:4]:
            raise NotWindowedError("it is no YAML in UTF-8")
        try:
            while more:
                at, more = self._pieces(at)
        except BrokenError as error:  # between documents, where nothing needs so much room
            raise NotWindowedError(str(error)) from None
        if self._lost > _MOST_TOLD:
            told = f"{self._lost - _MOST_TOLD:,} more items could not be read"
            self._problems.append(Problem(self._path, told, "correct the syntax"))
        places = Places(self._values, self._held.marks, yaml=True)
        skipped = 0 if self._blank else self._skipped  # a text of blanks, whichever, holds no document
        return Windowed(places, tuple(self._documents), tuple(self._problems), skipped, False, tuple(self._templated))

    def _pieces(self, at: int) -> tuple[int, bool]:
        """Read the documents from `at` that end in what is held, or one; return where to go on, if there is more."""
        held, self._before = self._held, self._count.left
        while True:
            found = self._whole_documents(at)
            if found is not None:
                end, text, chunks = found
                self._region(at, text, chunks)
                return end, True
            if held.ended:
                text = self._text(held.text(at, held.end), at)
                self._region(at, text, split(text))
                return held.end, False
            if held.end - at >= self._window and not self._always:
                listed = self._listed(at)
                if listed is not None:
                    return self._long(at, *listed)
            try:
                held.fill(at)
            except BrokenError:
                return self._alone(at, TroubleError("it is no list of items at one column", at), at)

    def _whole_documents(self, at: int) -> tuple[int, str, list[Chunk]] | None:
        """Return where the last document ends that is held from `at` on, and the text to there with its documents."""
        data, low = self._held.data, at - self._held.base
        found = len(data)
        for _ in range(_MOST_TRIED):
            found = data.rfind(b"\n---", low, found)
            if found < 0:
                return None
            if data[found + 4 : found + 5] not in (b" ", b"\t", b"\r", b"\n"):
                continue
            text = self._text(data[low : found + 1], at)
            chunks = split(text)
            closed = text.rstrip()
            if (chunks and chunks[-1].end == len(text)) or closed.endswith("\n...") or closed == "...":
                return self._held.base + found + 1, text, chunks
        return None

    # A long list

    def _listed(self, at: int) -> tuple[int, int] | None:
        """Return where the items of a list begin, and their column, where the document at `at` is one."""
        held = self._held
        low = at - held.base
        found = _ITEMS.search(held.data, low)
        if found is None:
            return None
        first = found.end() - len(found[1])
        head = self._text(held.data[low:first], at)
        if split(head) != [(0, len(head))] or lists.UNREAD in head[: lists.HEAD]:
            return None
        return held.base + first, len(found[1])

    def _long(self, begin: int, items: int, column: int) -> tuple[int, bool]:
        """Read the list that begins at an offset, once more where its kind stands after its items and is another."""
        number = len(self._values)
        self._blank = False
        try:
            head = self._text(self._held.text(begin, items), begin)
            self._check(head, begin)
            frame = lists.frame_head(head, self._limits)
            if frame is None:
                raise self._trouble("what stands before its items cannot be read alone", begin)
            if "kind" not in frame and self._untyped(items, column):
                # Its kind stands after the items that have none: known first, they are read once.
                frame |= self._items(_Listing(number, head, items, column, {}), dry=True)[1]
                self._rewind(begin, items)
            self._check_kind(frame, begin)
            listing = _Listing(number, head, items, column, {"kind": "List", **frame})
            end, tail = self._items(listing)
            whole = {**frame, **tail}
            self._check_kind(whole, begin)
            if _identity(whole) != _identity(listing.frame):  # also where it is silent: what is cut must be the same
                self._restart(number)
                self._rewind(begin, items)
                listing = _Listing(number, head, items, column, whole)
                end, _ = self._items(listing)
        except TroubleError as error:
            return self._alone(begin, error, items)
        self._values.append(Value(begin, end, "items", listing.starts, listing.ends))
        self._settle(listing)
        return self._next(end)

    def _untyped(self, first: int, column: int) -> bool:
        """Tell whether the first item of a list says nothing of its kind, as far as a glance tells."""
        text = self._held.data[first - self._held.base :][:_GLANCE]
        end = text.find(b"\n" + b" " * column + b"- ")
        text = text[:end] if end >= 0 else text
        return b"\n" + b" " * (column + 2) + b"kind:" not in text and not text.startswith(b" " * column + b"- kind:")

    def _check_kind(self, frame: dict[str, Any], at: int) -> None:
        """See that what has items is a list: it would be an object like any other."""
        if not is_list(frame):
            raise self._trouble("it is no list, and has items", at)

    def _settle(self, listing: "_Listing") -> None:
        """Keep a list, or forget it where nothing in it matters."""
        if self._silent:
            return
        if listing.relevant:
            self._skipped += len(listing.passed)
            unread = listing.passed | listing.lost
            self._documents.append(Document(self._path, listing.number, None, frozenset(unread)))
        else:
            self._skipped += 1
            self._restart(listing.number)

    def _next(self, end: int) -> tuple[int, bool]:
        """Return where to go on after a document that ends at `end`, and whether there is more."""
        held = self._held
        if not held.byte(end):
            return end, False
        held.need(end, 4)
        if held.text(end, end + 3) != b"...":
            return end, True
        while (line := held.data.find(b"\n", end - held.base)) < 0 and held.fill(end):
            pass
        found = _AFTER_END.match(held.data, end + 3 - held.base)
        if found is None:
            raise NotWindowedError("text stands after the mark of a document's end")
        after = held.base + found.end()
        return after, line >= 0

    def _items(self, listing: "_Listing", *, dry: bool = False) -> tuple[int, dict[str, Any]]:
        """Read the items of a list; return where its document ends, and what stands after its items.

        `dry`: the items are only passed over.
        """
        held, start = self._held, listing.first
        line, stops = b"\n" + b" " * listing.column + b"- ", _STOPS[listing.column]
        listing.relevant |= self._silent or matters(listing.head)
        while True:
            data, low = held.data, start - held.base
            found = stops.search(data, low)
            stop = found.start() + 1 if found is not None else len(data)
            cuts = [low]
            at = data.find(line, low, stop)
            while at >= 0:
                cuts.append(at + 1)
                at = data.find(line, at + 1, stop)
            ended = found is not None or held.ended
            if ended:
                cuts.append(stop)
            if not dry:
                self._batch(listing, cuts)
            if found is not None:
                break
            start = held.base + cuts[-1]
            if ended:
                return start, {}
            try:
                held.fill(start)
            except BrokenError as error:
                raise self._trouble(f"one of its items {error}", error.at) from None
        return self._tail(listing, held.base + stop, line)

    def _tail(self, listing: "_Listing", start: int, line: bytes) -> tuple[int, dict[str, Any]]:
        """Read what stands after the items of a list, from `start` to the end of its document."""
        held = self._held
        while True:
            # The list ends at the start of a line, which may be that of the marker.
            found = _MARKER.search(held.data, start - 1 - held.base) if start > held.base else None
            if (found is not None and held.base + found.end() < held.end) or held.ended:
                break
            try:
                held.fill(max(start - 1, held.base))
            except BrokenError as error:
                raise self._trouble(f"what stands after its items {error}", error.at) from None
        end = held.base + found.start() + 1 if found is not None else held.end
        text = self._text(held.text(start, end), start)
        if line in held.text(start, end):
            raise self._trouble("more items follow what stands after the first", start)
        self._check(text, start)
        tail = lists.frame_tail(text, self._limits)
        if tail is None:
            raise self._trouble("what stands after its items cannot be read alone", start)
        listing.relevant |= matters(text)
        return end, tail

    def _check(self, text: str, at: int) -> None:
        """See that a part of a list holds nothing that keeps it from being read piece by piece."""
        if not text.isascii() and any(sign in text for sign in _ODD_BREAKS):
            raise self._trouble("it has line ends that YAML alone knows", at)
        if "\r" in text and not self._is_beyond():
            raise NotWindowedError("its lines end as those of Windows")
        if lists.ANCHOR.search(text) and not self._is_beyond():
            raise NotWindowedError("it has anchors")

    def _batch(self, listing: "_Listing", cuts: list[int]) -> None:
        """Read the items between the offsets of what is held, and give them."""
        held, low = self._held, cuts[0]
        self._count.add(len(cuts) - 1)
        text = self._text(held.data[low : cuts[-1]], held.base + low)
        self._check(text, held.base + low)
        plain = text.isascii()
        batch: list[Any] = []
        for start, end in pairwise(cuts):
            listing.starts.append(held.base + start)
            listing.ends.append(held.base + end)
            if self._silent:
                continue
            part = text[start - low : end - low] if plain else self._text(held.data[start:end], held.base + start)
            batch.append(self._item(listing, part, held.base + start))
        if batch and not self._silent:
            document = Document(self._path, listing.number, {**listing.frame, "items": batch})
            self._each(document, len(listing.starts) - len(batch))

    def _item(self, listing: "_Listing", part: str, at: int) -> Any:
        """Return the data of an item, None for what was passed over or is damaged."""
        if "\r" in part:
            part = part.replace("\r\n", "\n")
        listing.relevant = listing.relevant or matters(part)
        typed = listing.frame.get("kind") != "List"
        item = lists.REFUSED
        if "\r" not in part and not self._undecoded(part):
            item = lists.read_item(part, listing.column, self._limits, typed=typed)
        if item is lists.PASSED:
            listing.passed.add(len(listing.starts) - 1)
            return None
        if item is lists.REFUSED:
            self._damaged(part, at)
            listing.lost.add(len(listing.starts) - 1)
            return None
        return item

    def _damaged(self, part: str, at: int) -> None:
        """Tell of an item that is no YAML. Raise where it may have swallowed what follows."""
        from linter.documents.build import YAMLError, build  # noqa: PLC0415 - PyYAML is loaded where it is needed

        trouble = self._trouble("one of its items cannot be read alone", at)
        if not lists.closed(part):
            raise trouble
        above = self._lines(at)
        reason, remedy, line, column = "not UTF-8 text", "save the file as UTF-8 text", 1, 1
        if not self._undecoded(part):
            try:
                build(part, self._limits)
            except YAMLError as error:
                reason, remedy, line, column = explain(error, part)
            else:
                raise trouble
        self._lost += 1
        if self._lost > _MOST_TOLD:
            return
        key = pull_secret_key(part)
        held = f"; it holds a pull secret that could not be judged ({key[0]})" if key else ""
        message = f"an item of its list could not be read: {reason}{held}"
        self._problems.append(Problem(self._path, message, remedy, above + line, column))

    def _alone(self, begin: int, trouble: TroubleError, after: int) -> tuple[int, bool]:
        """Read a document in one piece, in a text too large for that; refuse it where it is too large itself."""
        number, most = len(self._values), self._limits.file_bytes
        self._restart(number)
        self._rewind(begin, after)
        held = self._held
        end, at = -1, after
        while end < 0:
            found = _MARKER.search(held.data, at - held.base)
            if found is not None and (held.base + found.end() < held.end or held.ended):
                end = held.base + found.start() + 1
            elif held.ended:
                end = held.end
            else:
                at = max(at, held.end - _FURTHER)
                held.fill(begin if at - begin <= most // 2 else at)
        if end - begin <= most:
            self._rewind(begin, end)
            text = self._text(self._held.text(begin, end), begin)
            self._region(begin, text, split(text))
        else:
            place = mark_at(self._raw, held.marks, trouble.at)
            message = f"a document could not be read: it {TOO_LARGE} {sized(most)}, and {trouble}"
            self._problems.append(Problem(self._path, message, _REMEDY, place.lines + 1, place.column + 1))
            self._values.append(Value(begin, end, "", NO_ITEMS, NO_ITEMS))
        return self._next(end)


class _Listing:
    """A list being read: its frame as far as it is known, and where its items begin and end."""

    def __init__(self, number: int, head: str, first: int, column: int, frame: dict[str, Any]) -> None:
        self.number = number
        self.head = head
        self.first = first
        self.column = column
        self.frame = frame
        self.relevant = False
        self.passed: set[int] = set()
        self.lost: set[int] = set()
        self.starts = array("Q")
        self.ends = array("Q")


def _identity(frame: dict[str, Any]) -> list[Any]:
    """What a list's frame says of its items."""
    return [frame.get(name) for name in ("apiVersion", "kind")] + ["kind" in frame]
