"""`.gitignore` as git reads it: a file a folder, the nearest decides, up to the root of the repository."""

import os
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from linter.patterns import lazy
from linter.sources.disk import Disk

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_MAX_BYTES = 2**20
_LONGEST = 4096
_MOST = 10_000
"""How many patterns count of one file, and of all files that hold in a folder."""
_STARS = lazy(r"(?:\[\^/\]\*){2,}")
_STAR = lazy(r"\[\^/\]\*((?:\\.|\[(?:\\.|[^\]\\])*\]|[^\\/\[\]()*+?|])+?)(?=\[\^/\]\*)", re.DOTALL)
"""In a regular expression of pathspec, an asterisk of `.gitignore` before another one in the same part of a path."""
_FOLDERS = lazy(r"(\^\(\?:\.\+/\)\?|\(\?:/\.\+\)\?/)(.+?)(?=\(\?:/\.\+\)\?)", re.DOTALL)
"""The same for `**/`, with what stands before the next one."""


def _spec(lines: Sequence[str], most: int | None = None) -> "GitIgnoreSpec | None":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - most folders hold no ignore file
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415 - as above

    useful: list[GitIgnoreSpecPattern] = []
    for line in lines:
        if len(useful) == most:  # each is tried on every path: what is beyond ignores nothing, so that more is read
            break
        if len(line) > _LONGEST:  # no path is that long
            continue
        try:
            with warnings.catch_warnings():  # of what Python may read otherwise one day: nobody here wrote it
                warnings.simplefilter("ignore", FutureWarning)
                useful.append(_linear(GitIgnoreSpecPattern(line)))
        except (ValueError, re.error, OverflowError):
            continue  # git passes over a pattern that it cannot read
    return GitIgnoreSpec(useful, backend="simple") if useful else None


def _linear(pattern: "GitIgnoreSpecPattern") -> "GitIgnoreSpecPattern":
    """Return a pattern that takes each of several asterisks for as little as it can, once and for all.

    What follows loses nothing by it. Where all that they could stand for is tried, each multiplies the time.
    """
    if pattern.regex is None:
        return pattern
    written = str(pattern.regex.pattern)
    made = _STAR.sub(r"(?>[^/]*?\1)", _STARS.sub("[^/]*", written))
    made = _FOLDERS.sub(_early, made)
    if made != written:
        pattern.regex = re.compile(made)
    return pattern


def _early(found: "re.Match[str]") -> str:
    start = "^(?>(?:.+?/)??" if found[1].startswith("^") else "(?>(?:/.+?)??/"
    return f"{start}{found[2]}(?=/))"


def _load(disk: Disk, file: str) -> "GitIgnoreSpec | None":
    """Return the patterns of one ignore file; `None` when it is missing, unreadable or a link, as for git."""
    data = disk.ignore_file(file, _MAX_BYTES)
    if data is not None and len(data) >= _MAX_BYTES:  # what is left of its last line may mean more than all of it
        data = data[: data.rfind(b"\n") + 1]
    return None if data is None else _spec(data.decode("utf-8-sig", "replace").splitlines(), _MOST)


class Ignores:
    """The ignore rules that hold in one folder: its own and those of the folders above it, the nearest first."""

    __slots__ = ("_disk", "_rules")

    def __init__(self, disk: Disk, rules: tuple[tuple[str, "GitIgnoreSpec"], ...] = ()) -> None:
        self._disk = disk
        self._rules = rules

    def inside(self, folder: str, *, names: Sequence[str]) -> "Ignores":
        """Return the rules for a folder under this one, given the names in it; a repository of its own starts anew."""
        rules = () if ".git" in names else self._rules
        if ".git" in names:
            exclude = _load(self._disk, os.path.join(folder, ".git", "info", "exclude"))
            rules = ((folder, exclude),) if exclude else ()
        own = _load(self._disk, os.path.join(folder, ".gitignore")) if ".gitignore" in names else None
        if own and sum(len(spec) for _, spec in rules) < _MOST:
            rules = ((folder, own), *rules)
        return Ignores(self._disk, rules) if rules is not self._rules else self

    def match(self, path: str, *, folder: bool) -> bool:
        """Tell whether git would ignore a file or folder, given its absolute path."""
        for base, spec in self._rules:
            relative = os.path.relpath(path, base).replace(os.sep, "/") + ("/" if folder else "")
            verdict = spec.check_file(relative).include
            if verdict is not None:
                return verdict
        return False


def above(folder: str, disk: Disk) -> Ignores:
    """Return the rules that the parents of a folder on `disk` impose on it, up to its repository's root.

    None, when there is no repository, and none, when the folder itself is ignored: it was named, so it is wanted.
    """
    chain = [folder]
    while not disk.exists(os.path.join(chain[-1], ".git")):
        parent = os.path.dirname(chain[-1])
        if parent == chain[-1]:
            return Ignores(disk)
        chain.append(parent)
    ignores = Ignores(disk)
    for base, child in zip(reversed(chain), list(reversed(chain))[1:], strict=False):
        names = [name for name in (".git", ".gitignore") if disk.exists(os.path.join(base, name))]
        ignores = ignores.inside(base, names=names)
        if ignores.match(child, folder=True):
            return Ignores(disk)
    return ignores


class Excludes:
    """The user's own patterns, in the language of `.gitignore`."""

    __slots__ = ("_spec",)

    def __init__(self, patterns: Sequence[str]) -> None:
        self._spec = _spec(list(patterns)) if patterns else None

    def match(self, *paths: str, folder: bool = False) -> bool:
        """Tell whether any spelling of a path is excluded."""
        if self._spec is None:
            return False
        return any(self._spec.match_file(path + ("/" if folder else "")) for path in paths if path)
