"""Large texts of another form as the windows read them: in UTF-16, or with container logs between their documents.

They are made over on the way, a block at a time. Lines and columns stay what they are in the file.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from typing import Final

from linter.documents.dialects import LOGS
from linter.sources.raw import Raw

_BLOCK: Final = 2**20
_MOST_BLOCKS: Final = 8
_MARK: Final = LOGS.encode()
_LONGEST: Final = 4096
"""No name of a container and its pod is so long: what begins such a log, nothing ends."""
_NEVER: Final = b"\0no such mark\0"
"""Ends no log: the text is none in which this could stand."""
_HIGH: Final = range(0xD8, 0xDC)
"""The upper bytes of the first half of a pair of UTF-16."""


class _Recast(ABC):
    """What is made of a text, as `Raw` bytes. `size` is -1 until its end was reached."""

    direct = False

    def __init__(self, raw: Raw, begin: int = 0) -> None:
        self.path = raw.path
        self.size = -1
        self._raw = raw
        self._begun: list[tuple[int, bytes]] = []
        self._starts: list[int] = []
        self._next = begin, b""
        self._end = 0
        self._blocks: dict[int, bytes] = {}

    def at(self, offset: int, size: int) -> bytes:
        """Return the bytes there; see `Raw`."""
        parts: list[bytes] = []
        while size > 0:
            while offset >= self._end and self.size < 0:
                self._extend()
            if offset >= self._end:
                break
            number = bisect_right(self._starts, offset) - 1
            inside = offset - self._starts[number]
            part = self._block(number)[inside : inside + size]
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _extend(self) -> None:
        """Make the next block, and note where it begins."""
        offset, state = self._next
        number = len(self._starts)
        self._begun.append(self._next)
        self._starts.append(self._end)
        made, used, state, ended = self._made(offset, state)
        self._keep(number, made)
        self._end += len(made)
        self._next = offset + used, state
        if ended:
            self.size = self._end

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._keep(number, self._made(*self._begun[number])[0])
        return self._blocks[number]

    def _keep(self, number: int, made: bytes) -> None:
        if len(self._blocks) >= _MOST_BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        self._blocks[number] = made

    def _made(self, offset: int, state: bytes) -> tuple[bytes, int, bytes, bool]:
        data = self._raw.at(offset, _BLOCK)
        ended = len(data) < _BLOCK
        return *self._make(data, state, ended=ended), ended

    @abstractmethod
    def _make(self, data: bytes, state: bytes, *, ended: bool) -> tuple[bytes, int, bytes]:
        """Return what a block becomes, how many of its bytes that are, and what the next needs to know of it."""


class Utf8(_Recast):
    """A text that begins with the mark of UTF-16, in UTF-8 and without it. Halves of pairs become no text."""

    def __init__(self, raw: Raw) -> None:
        super().__init__(raw, 2)
        self._little = raw.at(0, 1) == b"\xff"

    def _make(self, data: bytes, state: bytes, *, ended: bool) -> tuple[bytes, int, bytes]:
        size = len(data) // 2 * 2
        if not ended and data[size - 1 if self._little else size - 2] in _HIGH:
            size -= 2
        text = data[:size].decode("utf-16-le" if self._little else "utf-16-be", "surrogatepass")
        odd = b"\xff" if ended and len(data) % 2 else b""
        return text.encode("utf-8", "surrogatepass") + odd, size + len(odd), state


class WithoutLogs(_Recast):
    """A text of whose container logs the line ends alone stay; see `linter.documents.dialects.without_logs`."""

    def _make(self, data: bytes, state: bytes, *, ended: bool) -> tuple[bytes, int, bytes]:
        at, made, size = 0, list[bytes](), len(data)
        while True:
            sought = state or _MARK
            found = data.find(sought, at)
            # The beginning of a mark may stand at the end of a block.
            stop = found if found >= 0 else size if ended else max(size - len(sought) + 1, at)
            made.append(b"\n" * data.count(b"\n", at, stop) if state else data[at:stop])
            if found < 0:
                return b"".join(made), stop, state
            if state:
                at, state = found + len(state), b""
                continue
            line = data.find(b"\n", found)
            if line < 0 and not ended and size - found <= _LONGEST:
                return b"".join(made), found, b""
            line = size if line < 0 else line
            at = line
            state = _NEVER if line - found > _LONGEST else data[found:line].rstrip(b"\r").replace(b"START", b"END", 1)
