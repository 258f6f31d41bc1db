"""What a web server says beside the bytes it gives: that they are of one file, and of the part that was asked for.

A file that is replaced between two requests would else be read as a mixture of both.
"""

import re
from typing import Any, Final

_PART: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)\Z")
_ASKED: Final = re.compile(r"bytes=(\d+)-(\d+)\Z")
_WHOLE: Final = 200
_PARTIAL: Final = 206


class ToldError(Exception):
    """What is wrong with the bytes of a URL; another try changes nothing. `said` is the message, and the remedy."""

    said = ("", "")


class ChangedError(ToldError):
    """The file behind a URL is not the one that it was at the first answer."""

    said = ("changed while it was read", "run again when it stays as it is")


class MismatchError(ToldError):
    """A server has given another part than the one it was asked for."""

    said = ("could not be read: its server gives other parts than it is asked for", "save it, and name the file")


class TrickleError(ToldError):
    """What comes is too little to go on waiting."""

    said = ("could not be read to its end: hardly anything comes", "try again later")


class Watch:
    """The answers of one reading. `ranges` tells whether the server gives parts, None while nobody asked for any."""

    def __init__(self) -> None:
        self.ranges: bool | None = None
        self._said: dict[str, str] = {}

    async def heard(self, _session: Any, _context: Any, event: Any) -> None:
        """Hear an answer; what is raised here is raised to whoever has asked. See `aiohttp.TraceConfig`."""
        answer = event.response
        if answer.status not in (_WHOLE, _PARTIAL):
            return
        asked = _ASKED.match(event.headers.get("Range", ""))
        part = _PART.match(answer.headers.get("Content-Range", ""))
        if asked:
            self.ranges = answer.status == _PARTIAL
        self._same(answer, part[3] if part else "")
        if not asked or (not self.ranges and asked[1] == "0"):
            return
        if part is None or part[1] != asked[1] or int(part[2]) > int(asked[2]):
            raise MismatchError

    async def heard_media(self, session: Any, context: Any, event: Any) -> None:
        """Hear an answer of Google's store, which tells of objects in answers that are no part of one."""
        if event.url.query.get("alt") == "media":
            await self.heard(session, context, event)

    def _same(self, answer: Any, total: str) -> None:
        """Raise `ChangedError` when an answer is about another version, or another size, than those before."""
        size = total.rstrip("*") or ("" if answer.status == _PARTIAL else answer.headers.get("Content-Length", ""))
        coded = answer.headers.get("Content-Encoding", "identity") != "identity"
        said = {
            "ETag": answer.headers.get("ETag", ""),
            "Last-Modified": answer.headers.get("Last-Modified", ""),
            "size": "" if coded or size == "0" else size,  # of what it makes as it is asked, a server may say so first
        }
        for name, value in said.items():
            if value and self._said.setdefault(name, value) != value:
                raise ChangedError
