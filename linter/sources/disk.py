"""The files of a machine as the walk sees them. Who shows other files in their place overrides this."""

import os
import stat
from collections.abc import Iterable
from typing import TYPE_CHECKING

from linter.sources import Artifact, Limits

if TYPE_CHECKING:
    from linter.sources.raw import Raw


class Disk:
    """What there is now. Paths that are called real hold no link. Every method raises `OSError` as the system does."""

    def real(self, path: str) -> str:
        """Return the absolute path that `path` leads to, links followed; it must exist."""
        return os.path.realpath(path, strict=True)

    def status(self, real: str) -> os.stat_result:
        """Return mode, size and identity; an inode of 0 tells that there is no identity but the path."""
        return os.stat(real)

    def exists(self, path: str) -> bool:
        """Tell whether anything is called so, be it a broken link."""
        return os.path.lexists(path)

    def entries(self, folder: str) -> "Iterable[os.DirEntry[str]]":
        """Return what stands in a folder, in order of the names."""
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: entry.name)

    def head(self, real: str, size: int) -> bytes:
        """Return the first bytes of a file."""
        from linter.sources.files import opened  # noqa: PLC0415 - loaded when a file is read

        with os.fdopen(opened(real), "rb") as stream:
            return stream.read(size) or b""  # a pipe that nothing was written to gives None

    def ignore_file(self, path: str, most: int) -> bytes | None:
        """Return the beginning of a `.gitignore`; `None` when it is missing, unreadable or a link, as for git."""
        try:
            return self.head(path, most) if stat.S_ISREG(os.lstat(path).st_mode) else None
        except OSError:
            return None

    def raw(self, real: str, path: str, limits: Limits) -> "Raw":  # noqa: ARG002 - what is no file is bounded
        """Return an archive's bytes; `path` is for display. Raises `InputProblem` when it is gone."""
        from linter.sources.raw import FileBytes  # noqa: PLC0415 - few inputs are archives

        return FileBytes(real, path)

    def artifact(self, real: str, path: str, number: int, *, limits: Limits, named: bool, link: str = "") -> Artifact:
        """Make an artifact of a regular file; `link` is what led to it."""
        return Artifact(path, number, limits=limits, file=real, named=named, link=link)
