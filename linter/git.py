"""What has changed in git work trees since a commit; the `git` on the PATH is asked, and only when that matters.

git 2.15 or later will do. Nothing is written, and nothing that comes from the outside is ever read as an option.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from linter.errors import UsageError
from linter.sources.command import Finished, run, unstarted
from linter.sources.live.words import plain

TIMEOUT: Final = 120
"""How long, in seconds, one answer of git may take."""
_MOST: Final = 256 * 2**20
"""The most bytes of one answer: millions of names."""
_QUIET: Final = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
"""No hook of a file system monitor runs, and nothing is written. Filters run, as they do in `git status`."""
_SELECTS: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""What points git elsewhere. Hooks set it; what is judged is the work tree around a path, and it says whose it is."""
_OBJECT: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
DEEPEN: Final = "fetch the whole history (fetch-depth: 0 for GitHub's checkout, GIT_DEPTH: 0 for GitLab)"


class Repository(NamedTuple):
    """A work tree, beside the commit that it is compared with.

    `top` is the real path of its root, `commit` the full name of the commit, `changed` the names of the files, from
    the root on, that differ or are gone, `hidden` those of files that a sparse checkout leaves out. `remark` says why
    something else is compared than was asked for, "" where it is not.
    """

    top: str
    commit: str
    changed: frozenset[str]
    hidden: frozenset[str] = frozenset()
    remark: str = ""


def top_of(folder: str) -> str:
    """The root of the work tree that a folder stands in, as a real path. Raises `UsageError` where there is none."""
    if shutil.which("git") is None:
        raise UsageError("--changed-since needs git on the PATH")
    done = _started(folder, "rev-parse", "--show-toplevel")
    if done.code:
        said = _last_line(done)
        if "dubious ownership" in done.error:
            remedy = f"if you trust it: git config --global --add safe.directory {folder}"
            raise UsageError(f"--changed-since: git refuses to look into {folder}, which is somebody else's; {remedy}")
        why = "" if "not a git repository" in said or "work tree" in said else f" ({said or _silent(done)})"
        raise UsageError(f"--changed-since: {folder}: not in a git work tree{why}")
    top = os.fsdecode(done.output.removesuffix(b"\n"))
    if not os.path.isdir(top):
        raise UsageError(f"--changed-since: git rev-parse in {folder} gave what is no folder: is it the git you mean?")
    return os.path.realpath(top)


def since(top: str, revision: str) -> Repository:
    """A work tree beside the commit where it left `revision`: what a pull request compares.

    Where history does not tell that commit, `revision` itself is compared. Raises `UsageError` when there is no such
    commit.
    """
    commit = _commit(top, revision)
    done = _started(top, "merge-base", commit, "HEAD")
    if not done.code:
        return _compared(top, _name(done, top, "merge-base"))
    remark = f"no commit is known that HEAD and {revision} have in common: {revision} itself is compared"
    return _compared(top, commit, remark)


def submodule(folder: str, commit: str) -> Repository | None:
    """A submodule's work tree beside a commit of its own; None where the commit is not there.

    `folder` is its root, a real path. Raises `UsageError` when that is no root.
    """
    if os.path.realpath(top_of(folder)) != folder or _started(folder, "cat-file", "-e", commit).code:
        return None
    return _compared(folder, commit)


def _compared(top: str, commit: str, remark: str = "") -> Repository:
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=all", "--name-only", "-z")
    names = set(_names(_git(top, "diff", *options, commit, "--")))
    hidden = set()
    for tagged in _names(_git(top, "ls-files", "-v", "-z")):
        tag, name = tagged[0], tagged[2:]
        if tag == "H":
            continue
        if tag in "Ss" and not os.path.lexists(os.path.join(top, name)):
            hidden.add(name)
        elif tag in "Ss" or tag.islower():  # git was told to take it for unchanged
            names.add(name)
    return Repository(top, commit, frozenset(names), frozenset(hidden - names), remark)


def filtered(top: str, names: Iterable[str]) -> dict[str, str]:
    """The filter (as of git-crypt or LFS) behind which git keeps the contents of a file, for those that have one."""
    asked = b"".join(os.fsencode(name) + b"\0" for name in names)
    if not asked:
        return {}
    words = _names(_git(top, "check-attr", "--stdin", "-z", "filter", stdin=asked))
    values = zip(words[::3], words[2::3], strict=True)
    return {name: value for name, value in values if value not in ("unspecified", "unset", "set")}


def environment() -> Mapping[str, str]:
    """The variables that git is started with: ours, without what points it elsewhere or lets it ask somebody."""
    kept = {name: value for name, value in os.environ.items() if name not in _SELECTS}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat"}


def command(*words: str) -> list[str]:
    """The command line of a call of git."""
    return ["git", *_QUIET, *words]


def _names(data: bytes) -> list[str]:
    return [os.fsdecode(name) for name in data.split(b"\0") if name]


def _commit(top: str, revision: str) -> str:
    """The full name of a commit. Raises `UsageError` where there is none, with what may be the cause."""
    asked = f"{revision}^{{commit}}"
    # git knows no revision that begins so, and would take it for an option.
    done = None if revision.startswith("-") else _started(top, "rev-parse", "--verify", "--quiet", asked)
    if done is not None and not done.code:
        return _name(done, top, "rev-parse")
    if done is not None and _started(top, "rev-parse", "--verify", "--quiet", "HEAD").code:
        raise UsageError(f"--changed-since: {top} has no commit yet: judge all, without --changed-since")
    remedy = "name a commit, branch or tag that `git log` knows"
    if _started(top, "rev-parse", "--is-shallow-repository").output.strip() == b"true":
        remedy = f"this clone is shallow: {DEEPEN}"
    elif revision.startswith("origin/"):
        remedy = f"`git fetch origin {revision.removeprefix('origin/')}` may bring it"
    raise UsageError(f"--changed-since: there is no commit {revision!r} in {top}; {remedy}")


def _git(folder: str, *words: str, stdin: bytes = b"") -> bytes:
    """Run git and return what it prints. Raises `UsageError` with git's own last line."""
    done = _started(folder, *words, stdin=stdin)
    if done.code:
        raise UsageError(f"--changed-since: git {words[0]} in {folder}: {_last_line(done) or _silent(done)}")
    return done.output


def _name(done: Finished, folder: str, word: str) -> str:
    """The name of a commit, which is all that git printed."""
    words = done.output.split()
    if not words or not _OBJECT.fullmatch(words[0]):
        raise UsageError(f"--changed-since: git {word} in {folder} gave no name of a commit: is it the git you mean?")
    return words[0].decode()


def _silent(done: Finished) -> str:
    return f"{done.end} and said nothing"


def _last_line(done: Finished) -> str:
    said = done.error.strip().splitlines()
    return plain(said[-1]) if said else ""


def _started(folder: str, *words: str, stdin: bytes = b"") -> Finished:
    """Run git to its end, however it ends by itself. Raises `UsageError` when it is stopped or killed."""
    line = command(*words)
    try:
        done = run(
            line, timeout=TIMEOUT, limit=_MOST, directory=folder, environment=environment(), stdin=stdin
        )
    except OSError as error:
        raise UsageError(f"--changed-since: {unstarted('git', error)}") from None
    if done.stopped or done.killed:
        raise UsageError(f"--changed-since: git {words[0]} in {folder}: {done.end}")
    return done
