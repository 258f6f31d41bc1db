"""The piece of a large JSON text that is held at a time, and where a value in it ends."""

import re
from json.decoder import JSONDecoder
from typing import Final

import msgspec

from linter.documents.jsontext import BROKEN, TRAILING
from linter.documents.places import BETWEEN_MARKS, Mark, counted
from linter.sources import sized
from linter.sources.raw import Raw

LENIENT: Final = JSONDecoder(strict=False)
TOO_LARGE: Final = "is larger than"
LARGEST_ODD: Final = 16 * 2**20
"""So far the end of an item is looked for when it is not where it seems to be."""

_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_COMMA: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^"\s,\]}]+', re.DOTALL)
_TRUNCATED: Final = "truncated"


class BrokenError(ValueError):
    """Text at `at` (a byte offset) that is no JSON; `resume` is where to go on, -1 for nowhere."""

    def __init__(self, why: str, at: int, resume: int = -1) -> None:
        super().__init__(why)
        self.at = at
        self.resume = resume


class Held:
    """The piece of the text that is held: `data` stands at the offset `base`. Offsets are those of the whole text.

    `window` is how many bytes are read at once; `ended` tells that all that follows is held. `marks` are those of
    what was held: its line ends are counted while it is at hand, where it need not be read or unpacked again for it.
    """

    def __init__(self, raw: Raw, window: int, most: int, begin: Mark) -> None:
        self.raw = raw
        self.data = b""
        self.base = begin.offset
        self.ended = False
        self.marks = [begin]
        self.window = window
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
        had = max(self.end - at, 0)
        if had > self._most:
            raise BrokenError(f"{TOO_LARGE} {sized(self._most)}", at)
        self._count(min(at, self.end))
        size = max(had + self.window, min(2 * had, self._most + self.window))
        # What is held still is little; to read it again is cheaper than to put a whole window behind it.
        kept = b"" if self.raw.direct else self.data[at - self.base :]
        self.data = b""
        more = self.raw.at(at + len(kept), size - len(kept))
        self.data, self.base = kept + more if kept else more, at
        self.ended = len(self.data) < size
        return len(self.data) > had

    def _count(self, at: int) -> None:
        """Set marks up to `at`, unless a stretch before what is held was never counted."""
        mark = self.marks[-1]
        while self.base <= mark.offset < at:
            low = mark.offset - self.base
            text = self.data[low : min(low + BETWEEN_MARKS, at - self.base)]
            if text.endswith(b"\r"):
                text = text[:-1]  # a line feed may follow
                if not text:
                    return
            mark = counted(mark, text)
            self.marks.append(mark)

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

    # Values

    def name(self, at: int) -> tuple[str, int]:
        """Read the name of a member; return it and where its value begins."""
        while (found := _STRING.match(self.data, at - self.base)) is None:
            if self.byte(at) not in (b'"', b"") or not self.fill(at):
                raise BrokenError("the name of a member is missing", at)
        try:
            name = LENIENT.decode(found[0].decode())
        except ValueError:
            raise BrokenError("the name of a member cannot be read", at) from None
        colon = self.skip(self.base + found.end())
        if self.byte(colon) != b":":
            raise BrokenError("a colon is missing", colon)
        return name, self.skip(colon + 1)

    def comma(self, at: int, closing: bytes) -> int:
        """Return the offset after the comma at `at` and what blanks there are, or that of the closing sign."""
        found = _COMMA.match(self.data, at - self.base)
        if found and found.end() < len(self.data):
            return self.base + found.end()
        at = self.skip(at)
        if self.byte(at) == closing:
            return at
        if self.byte(at) != b",":
            raise BrokenError("a comma is missing" if self.byte(at) else "it ends too early", at)
        return self.skip(at + 1)

    def value_end(self, at: int, cut: int = 0) -> int:
        """Return where the value at `at` ends, as far as the decoder or else its quotes and brackets tell.

        `cut` is where an item ends by its looks, 0 where nothing looks so.
        """
        while True:
            end = self._decoded_end(at, cut)
            if end:
                return end
            if cut and self.end - at > LARGEST_ODD:
                return cut
            if not self.fill(at):
                if not cut:
                    raise BrokenError("it ends too early", at)
                return cut

    def _decoded_end(self, at: int, cut: int) -> int:
        """Return where the value at `at` ends, as `value_end` does; 0 when more text is needed."""
        try:
            msgspec.json.decode(memoryview(self.data)[at - self.base :], type=msgspec.Raw)
        except BROKEN as error:
            after = TRAILING.search(str(error))
            if after:
                return at + len(self.text(at, at + int(after[1]) - 1).rstrip(b" \t\r\n"))
            if cut and (_TRUNCATED not in str(error) or _is_value(self.text(at, cut))):
                return cut
            return self._balanced(at)
        rest = self.data[at - self.base :].rstrip(b" \t\r\n")
        return at + len(rest) if self.ended or rest[-1:] in (b"}", b"]", b'"') else 0

    def _balanced(self, at: int) -> int:
        """Return where brackets and quotes that open at `at` are closed; 0 when more text is needed."""
        if self.byte(at) not in (b"{", b"["):
            found = _SCALAR.match(self.data, at - self.base)
            there = self.base + found.end() if found else 0
            return there if there < self.end or self.ended else 0
        depth = 0
        for token in _TOKEN.finditer(self.data, at - self.base):
            sign = token[0]
            if sign in (b"{", b"["):
                depth += 1
            elif sign in (b"}", b"]"):
                depth -= 1
                if not depth:
                    return self.base + token.end()
            elif len(sign) == 1:
                return 0
        return 0


def _is_value(text: bytes) -> bool:
    try:
        LENIENT.decode(text.decode())
    except (ValueError, RecursionError):
        return False
    return True
