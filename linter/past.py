"""The files of git work trees as they stood at a commit, for the walk through folders; nothing is written to disk.

What has not changed is read from the disk, where it stands as the user has it (line ends, filters); what has changed
or is gone comes from git. What git does not track was not there.
"""

import errno
import os
import shlex
import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from io import BytesIO
from typing import cast

from linter import git
from linter.git_objects import Entry, Objects
from linter.model import Problem
from linter.sources import Artifact, InputProblem, Limits
from linter.sources.disk import Disk
from linter.sources.files import too_large
from linter.sources.raw import PipeBytes, Raw
from linter.sources.tree import display

_MOST_LINKS = 40
_HEAD = 1024
_GITLINK = 0o160000


class _Mount:
    """One work tree at its commit."""

    def __init__(self, repository: git.Repository) -> None:
        self.top = repository.top
        self.repository = repository
        self.objects = Objects(repository.top)
        self._trees: dict[str, dict[str, Entry]] = {}

    def tree(self, name: str) -> dict[str, Entry]:
        """The entries of a tree or commit, those aside that a sparse checkout leaves out."""
        if name not in self._trees:
            self._trees[name] = {os.fsdecode(one): entry for one, entry in self.objects.tree(name).items()}
        return self._trees[name]

    def entry(self, inside: str) -> Entry | None:
        """What stood at a path from the root on; None for nothing."""
        if inside in self.repository.hidden:
            return None
        found = Entry(stat.S_IFDIR, self.repository.commit)
        for step in inside.split("/") if inside else ():
            if not stat.S_ISDIR(found.mode):
                return None
            below = self.tree(found.object).get(step)
            if below is None:
                return None
            found = below
        return found

    @cached_property
    def filters(self) -> dict[str, str]:
        """The filters behind which git keeps changed files."""
        return git.filtered(self.top, sorted(self.repository.changed))


class _Listed:
    """One entry of a folder, as `os.scandir` would tell of it."""

    def __init__(self, name: str, path: str, mode: int) -> None:
        self.name = name
        self.path = path
        self._mode = mode

    def is_symlink(self) -> bool:
        """Whether it is a link."""
        return stat.S_ISLNK(self._mode)

    def is_dir(self) -> bool:
        """Whether it is a folder; asked of what is no link."""
        return stat.S_ISDIR(self._mode)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002 - asked of what is no link
        """The mode, and nothing else."""
        return _status(self._mode)


class Past(Disk):
    """The disk as it was where it belongs to one of the `repositories`, and as it is elsewhere.

    `unknown` is what could not be known of it, filled while it is read.
    """

    def __init__(self, repositories: Sequence[git.Repository]) -> None:
        self._mounts = {one.top: _Mount(one) for one in repositories}
        self._homes: dict[str, tuple[_Mount | None, str]] = {}
        self._unmounted: set[str] = set()
        self.unknown: list[Problem] = []

    def close(self) -> None:
        """Let the processes of git go."""
        for mount in self._mounts.values():
            mount.objects.close()

    def unchanged(self, way: str, file: str) -> bool:
        """Whether the regular file to which `way` leads now, `file`, is the one it led to, with the same contents."""
        try:
            if self.real(way) != file:
                return False
        except OSError:
            return False
        mount, inside = self._mount(file)
        if mount is None or inside in mount.repository.changed:
            return False
        entry = mount.entry(inside)
        return entry is not None and stat.S_ISREG(entry.mode)

    def same_way(self, path: str) -> bool:
        """Whether a path led to the same place, be there something or not."""
        try:
            return self.real(path) == os.path.realpath(path)
        except OSError:
            return True

    def real(self, path: str) -> str:
        """Where a path led to; see `Disk.real`."""
        pending = os.path.join(os.getcwd(), path).split(os.sep)[::-1]
        at = pending.pop() + os.sep
        followed = 0
        while pending:
            step = pending.pop()
            if step in ("", os.curdir):
                continue
            if step == os.pardir:
                at = os.path.dirname(at)
                continue
            here = os.path.join(at, step)
            target = self._target(here)
            if not target:
                at = here
                continue
            followed += 1
            if followed > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if os.path.isabs(target):
                at = os.path.splitdrive(at)[0] + os.sep
            pending.extend(target.split(os.sep)[::-1])
        return at

    def _target(self, path: str) -> str:
        """Where a link led to, "" for what is none; its folder is real. Raises when nothing was there."""
        mount, inside = self._mount(path)
        if mount is None or not inside:
            return os.readlink(path) if stat.S_ISLNK(os.lstat(path).st_mode) else ""
        entry = mount.entry(inside)
        if entry is None:
            raise _missing(path)
        if not stat.S_ISLNK(entry.mode):
            return ""
        return os.fsdecode(mount.objects.blob(entry.object, 2**16) or b"")

    def status(self, real: str) -> os.stat_result:
        """Only the mode; see `Disk.status`."""
        mount, inside = self._mount(real)
        if mount is None:
            return os.stat(real)
        entry = mount.entry(inside)
        if entry is None:
            raise _missing(real)
        return _status(_mode(entry))

    def exists(self, path: str) -> bool:
        """Whether anything was called so; see `Disk.exists`."""
        folder, name = os.path.split(path)
        mount, inside = self._mount(folder)
        if mount is None:
            return os.path.lexists(path)
        if name == ".git":
            return not inside
        return mount.entry(f"{inside}/{name}".lstrip("/")) is not None

    def entries(self, folder: str) -> "Iterable[os.DirEntry[str]]":
        """What stood in a folder; see `Disk.entries`."""
        mount, inside = self._mount(folder)
        if mount is None:
            return super().entries(folder)
        return cast("Iterable[os.DirEntry[str]]", sorted(_listed(mount, inside, folder), key=lambda one: one.name))

    def head(self, real: str, size: int) -> bytes:
        """The first bytes of a file as it was; see `Disk.head`."""
        mount, inside = self._mount(real)
        if mount is None or inside not in mount.repository.changed:
            return super().head(real, size)
        try:
            return self._blob(mount, inside, real, Limits())[:size]
        except InputProblem:
            return b""  # what is wrong with it is said when it is read

    def ignore_file(self, path: str, most: int) -> bytes | None:
        """A `.gitignore` as it was; see `Disk.ignore_file`. What stands in `.git` is as it is."""
        mount, inside = self._mount(path)
        if mount is None or inside.startswith(".git/") or inside not in mount.repository.changed:
            return super().ignore_file(path, most)
        entry = mount.entry(inside)
        if entry is None or not stat.S_ISREG(entry.mode):
            return None
        data = mount.objects.blob(entry.object, Limits().file_bytes)
        return None if data is None else data[:most]

    def raw(self, real: str, path: str, limits: Limits) -> Raw:
        """An archive's bytes as they were, kept in memory; see `Disk.raw`."""
        mount, inside = self._mount(real)
        if mount is None or inside not in mount.repository.changed:
            return super().raw(real, path, limits)
        data = self._blob(mount, inside, path, limits)
        return PipeBytes(BytesIO(data[_HEAD:]), path, data[:_HEAD], packed=True, limits=limits)

    def artifact(self, real: str, path: str, number: int, *, limits: Limits, named: bool, link: str = "") -> Artifact:
        """A file as it was; see `Disk.artifact`."""
        mount, inside = self._mount(real)
        if mount is None or inside not in mount.repository.changed:
            return super().artifact(real, path, number, limits=limits, named=named, link=link)
        return Former(self, real, path, number, limits=limits, named=named, link=link)

    def read(self, real: str, path: str, limits: Limits) -> bytes:
        """The contents of a changed file as they were. Raises `InputProblem` when they cannot be known."""
        mount, inside = self._mount(real)
        assert mount is not None  # noqa: S101 - only what has changed in one is asked for
        return self._blob(mount, inside, path, limits)

    def _blob(self, mount: _Mount, inside: str, path: str, limits: Limits) -> bytes:
        entry = mount.entry(inside)
        assert entry is not None  # noqa: S101 - the walk has found it
        if inside in mount.filters:
            message = f"its contents before the change stand behind git's filter {mount.filters[inside]}"
            raise InputProblem(self._is_unknown(path, message, "read on: all findings are reported"))
        data = mount.objects.blob(entry.object, limits.file_bytes)
        if data is None:
            self._is_unknown(path, "its contents before the change are too large", "split it")
            raise InputProblem(too_large(path, limits, named=False))
        return data

    def _is_unknown(self, path: str, message: str, remedy: str) -> Problem:
        problem = Problem(path, message, remedy)
        if problem not in self.unknown:
            self.unknown.append(problem)
        return problem

    def _mount(self, path: str) -> tuple[_Mount | None, str]:
        """The work tree to which a real path belongs, and the path from its root on, with "/"."""
        if path in self._mounts:
            return self._mounts[path], ""
        folder, name = os.path.split(path)
        if not name:
            return None, ""
        if folder not in self._homes:
            self._homes[folder] = self._mount(folder)
        mount, above = self._homes[folder]
        if mount is None:
            return None, ""
        inside = f"{above}/{name}" if above else name
        entry = mount.entry(inside)
        if entry is not None and entry.mode == _GITLINK and path not in self._unmounted:
            below = self._submodule(path, entry.object)
            if below is not None:
                self._mounts[path] = _Mount(below)
                return self._mounts[path], ""
            self._unmounted.add(path)
        return mount, inside

    def _submodule(self, path: str, commit: str) -> git.Repository | None:
        """The work tree of a submodule; None where there is none, which was so before as far as anybody can tell."""
        if os.path.lexists(os.path.join(path, ".git")):
            found = git.submodule(path, commit)
            if found is not None:
                return found
            remedy = f"git -C {shlex.quote(path)} fetch origin {commit}"
            self._is_unknown(_shown(path), "the commit that this submodule stood at is not here", remedy)
        elif not os.path.isdir(path) or os.listdir(path):
            self._is_unknown(_shown(path), "what this submodule held before it went is not here", "nothing to be done")
        return None


class Former(Artifact):
    """A file that has changed or is gone, as it was."""

    __slots__ = ("_real", "_then")

    def __init__(
        self, then: Past, real: str, path: str, number: int, *, limits: Limits, named: bool, link: str = ""
    ) -> None:
        super().__init__(path, number, limits=limits, named=named, link=link)
        self._then = then
        self._real = real

    def read(self) -> bytes:
        """Return the bytes as they were; see `Artifact.read`."""
        return self._then.read(self._real, self.path, self._limits)


def _listed(mount: _Mount, inside: str, folder: str) -> Iterator[_Listed]:
    if not inside:
        yield _Listed(".git", os.path.join(folder, ".git"), stat.S_IFDIR)
    here = mount.entry(inside)
    if here is None or not stat.S_ISDIR(here.mode):
        return  # a submodule that is not checked out
    for name, entry in mount.tree(here.object).items():
        if mount.entry(f"{inside}/{name}" if inside else name) is not None:
            yield _Listed(name, os.path.join(folder, name), _mode(entry))


def _shown(real: str) -> str:
    """A real path for display, from the working directory on where it stands below it."""
    relative = os.path.relpath(real)
    return display(real if relative.startswith(os.pardir) else relative)


def _mode(entry: Entry) -> int:
    return stat.S_IFDIR if entry.mode == _GITLINK else entry.mode


def _status(mode: int) -> os.stat_result:
    return os.stat_result((mode, *(0,) * 9))


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
