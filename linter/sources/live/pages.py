"""The pages of a reading: kept in memory only, compressed, and laid out in lines for excerpts."""

import zlib

import msgspec

from linter.sources import Artifact, Limits


class Page:
    """One answer of the API. `path` says where in the cluster it is from."""

    __slots__ = ("_packed", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._packed = zlib.compress(data, 1)

    @property
    def data(self) -> bytes:
        """The answer as it came."""
        return zlib.decompress(self._packed)


class PageArtifact(Artifact):
    """A page to judge. A line of its text is a member, so that a finding can point at it."""

    __slots__ = ("_page",)

    def __init__(self, page: Page, path: str, number: int, *, limits: Limits) -> None:
        super().__init__(path, number, limits=limits)
        self._page = page

    def read(self) -> bytes:
        """Return the text of the page."""
        data = self._page.data
        try:
            return msgspec.json.format(data, indent=1)
        except msgspec.DecodeError:
            return data
