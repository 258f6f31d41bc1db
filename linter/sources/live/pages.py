"""The pages of a reading as artifacts: kept in memory only, compressed, and laid out in lines for excerpts."""

import zlib

import msgspec

from linter.sources import Artifact, Limits


class PageArtifact(Artifact):
    """One answer of the API. A line of its text is a member, so that a finding can point at it."""

    __slots__ = ("_packed",)

    def __init__(self, path: str, number: int, data: bytes, *, limits: Limits) -> None:
        super().__init__(path, number, limits=limits)
        try:
            text = msgspec.json.format(data, indent=1)
        except msgspec.DecodeError:
            text = data
        self._packed = zlib.compress(text, 1)

    def read(self) -> bytes:
        """Return the text of the page."""
        return zlib.decompress(self._packed)
