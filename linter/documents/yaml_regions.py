"""A text of YAML of which a part is held: the documents that end within that part are read as if it were all.

What is no UTF-8 costs the document that it stands in, in a text that is too large to be held; else all is read whole.
"""

import re
from array import array
from typing import Final

from linter.documents import Document, Reading, Templated
from linter.documents.bounds import Count
from linter.documents.dialects import LOGS
from linter.documents.held import Held
from linter.documents.kinds import matters
from linter.documents.places import Mark, Value, mark_at
from linter.documents.reader import TextReader
from linter.documents.split import Chunk, has_directives
from linter.documents.windows import Each, LogsError, NotWindowedError, Restart
from linter.model import Problem
from linter.sources import Limits
from linter.sources.raw import Raw

NO_ITEMS: Final = array("Q")
_SURROGATE: Final = re.compile("[\udc80-\udcff]")
_LOGS: Final = LOGS.encode()


class TroubleError(Exception):
    """A document cannot be read piece by piece; the message says why, `at` is a byte offset."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class Regions:
    """One text being read; `each` is None where only places are asked for."""

    def __init__(self, path: str, raw: Raw, limits: Limits, each: Each | None, restart: Restart, window: int) -> None:
        self._path = path
        self._raw = raw
        self._limits = limits
        self._restart = restart
        self._window = window
        self._beyond: bool | None = None
        # Of a text that was read without trouble the places alone can be told without reading it again.
        self._each: Each = each or (lambda *_: None)
        self._silent = each is None and not self._is_beyond()
        begin = Mark(3 if raw.at(0, 3) == b"\xef\xbb\xbf" else 0, 0, 0)
        self._held = Held(raw, window, limits.file_bytes, begin)
        self._always = TextReader(path, "", limits).always
        self._values: list[Value] = []
        self._documents: list[Document] = []
        self._problems: list[Problem] = []
        self._templated: list[Templated] = []
        self._lost = 0
        self._skipped = 0
        self._blank = True
        self._count = Count(limits)
        self._before = self._count.left

    def _is_beyond(self) -> bool:
        """Tell whether the text is too large to be held whole."""
        if self._beyond is None:
            self._beyond = bool(self._raw.at(self._limits.file_bytes, 1))
        return self._beyond

    def _trouble(self, why: str, at: int) -> TroubleError:
        """Return what to raise of a document that is not read piece by piece. Raise where all is read whole instead."""
        if not self._is_beyond():
            raise NotWindowedError(why)
        return TroubleError(why, at)

    def _rewind(self, begin: int, upto: int) -> None:
        """Go back to the beginning of a document, and hold the text from there to another and a window more."""
        self._count.left = self._before
        marks = self._held.marks
        self._held = Held(self._raw, self._window, self._limits.file_bytes, Mark(begin, 0, 0))
        self._held.marks = marks
        self._held.need(begin, upto - begin)

    def _text(self, data: bytes, at: int) -> str:
        """Return bytes as text; what is not, in a text too large to be held, as surrogates."""
        if _LOGS in data:
            raise LogsError("container logs stand between its documents")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            self._trouble(f"not UTF-8 text at byte {at + error.start}", at)
            text = data.decode("utf-8", "surrogateescape")
        if has_directives(text):
            raise NotWindowedError("it holds YAML directives, which may reach over documents")
        return text

    def _region(self, begin: int, text: str, chunks: list[Chunk]) -> None:
        """Read a text of whole documents, which stands at an offset."""
        first = len(self._values)
        self._count.add(len(chunks))
        self._blank = self._blank and (not text or text.isspace())
        last, offset = 0, begin
        for chunk in chunks:
            ends = []
            for place in chunk:
                piece = text[last:place]
                offset += len(piece) if piece.isascii() else len(piece.encode("utf-8", "surrogateescape"))
                last = place
                ends.append(offset)
            self._values.append(Value(ends[0], ends[1], "", NO_ITEMS, NO_ITEMS))
        if self._silent:
            return
        if not self._undecoded(text):
            self._take(TextReader(self._path, text, self._limits, lambda: self._lines(begin)).documents(chunks), first)
            return
        for number, chunk in enumerate(chunks):
            part = text[chunk.start : chunk.end]
            if not self._undecoded(part):
                one = TextReader(self._path, text, self._limits, lambda: self._lines(begin))
                self._take(one.documents([chunk]), first + number)
            elif matters(part):
                above = self._lines(self._values[first + number].start)
                message, remedy = "a document could not be read: not UTF-8 text", "save the file as UTF-8 text"
                self._problems.append(Problem(self._path, message, remedy, above + 1, 1))
            else:
                self._skipped += 1

    def _lines(self, offset: int) -> int:
        """Return how many lines end before an offset."""
        return mark_at(self._raw, self._held.marks, offset).lines

    def _take(self, reading: Reading, first: int) -> None:
        """Take what was read of documents, which are counted from `first`."""
        for document in reading.documents:
            self._count.add(len(document.passed))
            numbered = document._replace(number=document.number + first)
            self._each(numbered, 0)
            self._documents.append(numbered._replace(data=None))
        self._skipped += reading.skipped
        self._problems += reading.problems
        self._templated += reading.templated

    def _undecoded(self, text: str) -> bool:
        """Tell whether a text was made of bytes that are none."""
        return bool(self._beyond) and not text.isascii() and _SURROGATE.search(text) is not None
