"""Path patterns of the configuration, in the language of `.gitignore`, as `exclude` has them."""

import os
from collections.abc import Sequence

from linter.sources.ignore import Excludes


class PathGlob:
    """Patterns that belong to the settings file `source`.

    A path is compared as it is displayed and, when it lies below the settings file's folder, as seen from there. No
    pattern at all matches every path.
    """

    def __init__(self, patterns: Sequence[str], source: str) -> None:
        self._patterns = Excludes([pattern for pattern in patterns if pattern])
        self._all = not any(patterns)
        self._base = os.path.dirname(os.path.abspath(source)) if source else os.getcwd()
        self._known: dict[str, bool] = {}

    def match(self, path: str) -> bool:
        """Whether `path` (as displayed) is meant."""
        if self._all:
            return True
        if path not in self._known:
            inside = os.path.relpath(os.path.abspath(path), self._base).replace(os.sep, "/")
            self._known[path] = self._patterns.match(path, "" if inside.startswith("../") else inside)
        return self._known[path]
