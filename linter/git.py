"""What has changed in a git work tree since a commit; the `git` on the PATH is asked, and only when that matters."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from linter.errors import UsageError

_TIMEOUT: Final = 120
_HARMLESS: Final = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
"""Nothing of a repository's own configuration may run a program or write."""


class Before(NamedTuple):
    """A file that differs from the commit: its real path, and its bytes there (`None` when it was not there)."""

    file: str
    data: bytes | None


def changed_since(revision: str, folder: str) -> list[Before]:
    """The files of the work tree around `folder` that differ from where it left `revision`, untracked ones included.

    What is compared is the common ancestor of `revision` and HEAD, as a pull request is. Raises `UsageError` when there
    is no git, no work tree or no such commit.
    """
    if shutil.which("git") is None:
        raise UsageError("--changed-since needs git on the PATH")
    top = os.fsdecode(_git(folder, "rev-parse", "--show-toplevel", problem=f"{folder}: not in a git work tree"))
    top = top.rstrip("\n")
    commit = _commit(top, revision)
    base = _ancestor(top, commit)
    listed = _git(top, "diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", base, "--")
    new = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    names = [name for name in listed.split(b"\0") if name]
    contents = _contents(top, base, names)
    files = [Before(_real(top, name), data) for name, data in zip(names, contents, strict=True)]
    return [*files, *(Before(_real(top, name), None) for name in new.split(b"\0") if name)]


def _real(top: str, name: bytes) -> str:
    return os.path.join(os.path.realpath(top), os.fsdecode(name).replace("/", os.sep))


def _commit(top: str, revision: str) -> str:
    problem = f"--changed-since: there is no commit {revision!r} here; a shallow clone may have to fetch it first"
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return _git(top, *words, problem=problem).decode().strip()


def _ancestor(top: str, commit: str) -> str:
    """Where the branch left the commit's; the commit itself where history does not tell."""
    try:
        return _git(top, "merge-base", commit, "HEAD").decode().strip()
    except UsageError:
        return commit


def _contents(top: str, commit: str, names: Sequence[bytes]) -> Iterator[bytes | None]:
    """The contents of files at a commit, in order, from one process; `None` for what is no file there."""
    if not names:
        return
    # A name with a line break cannot be asked for: it counts as new, which reports more rather than less.
    asked = [name for name in names if b"\n" not in name]
    wanted = b"".join(commit.encode() + b":" + name + b"\n" for name in asked)
    answer = memoryview(_git(top, "cat-file", "--batch", stdin=wanted))
    found: dict[bytes, bytes | None] = {}
    at = 0
    for name in asked:
        end = at + bytes(answer[at : at + len(name) + 200]).index(b"\n")
        header = bytes(answer[at:end]).rsplit(b" ", 2)
        at = end + 1
        if header[-1].isdigit() and header[-2] in (b"blob", b"tree", b"commit"):
            size = int(header[-1])
            found[name] = bytes(answer[at : at + size]) if header[-2] == b"blob" else None
            at += size + 1
    for name in names:
        yield found.get(name)


def _git(folder: str, *words: str, stdin: bytes = b"", problem: str = "") -> bytes:
    """Run git and return what it prints. Raises `UsageError` with `problem`, or with git's own last line."""
    command = ["git", *_HARMLESS, *words]
    try:
        done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, timeout=_TIMEOUT, check=False)  # noqa: S603 - a list, no shell; revisions stand behind --end-of-options
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"--changed-since: git {words[0]} did not end well: {type(error).__name__}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(problem or f"--changed-since: git {words[0]}: {said[-1] if said else 'failed'}")
    return done.stdout
