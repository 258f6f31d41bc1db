"""`--changed-since` against full checks of both sides, over random repositories and random changes.

What was not found in a work tree of the base must be reported. What neither stands in a document that the base does not
hold, nor hits one, nor got worse, must not be.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.sources import Artifact, gather

SEEDS = range(int(os.environ.get("REGCRED_TEST_SEEDS", "10")))
FOLDERS = ("", "deploy", "deploy/prod", ".tekton", ".hidden", "vendor", "build", "skipped", "ignored", "with space")
NAMES = ("a.yaml", "b.yml", "c.yaml", "d.dockerconfigjson", "e.txt", "Kustomization", "f.YAML")
AUTHS = ("dXNlcjpwYXNz", "%%%", "b25seQ")
IGNORED = ("", "ignored/\n", "c.yaml\n", "/deploy/*\n!/deploy/a.yaml\n")
FIRST = 3
"""How many objects of each kind there are at most."""


class Made:
    """A random repository."""

    def __init__(self, repository: Any, seed: int) -> None:
        self.repository = repository
        self.root: Path = repository.root
        self.random = random.Random(seed)

    def document(self) -> str:
        """One object, perhaps with a defect, perhaps one that there is already."""
        pick, number = self.random.choice, self.random.randrange(FIRST)
        secrets = [f"s{self.random.randrange(FIRST)}" for _ in range(self.random.randint(1, 2))]
        made: list[Callable[[], str]] = [
            lambda: self.repository.secret(f"s{number}", pick(AUTHS), pick(["quay.io", "x.io"])),
            lambda: self.repository.account(f"a{number}", *secrets),
            lambda: self.repository.deployment(
                f"d{number}", f"a{self.random.randrange(FIRST)}", pick(["quay.io/a/b:1", "x.io/a:2", "busybox"])
            ),
            lambda: f"kind: Secret\nmetadata: {{name: t{number}}}\ndata: {{{{ .Values.x }}}}\n",
            lambda: "just: a value\n",
        ]
        text = self.random.choices(made, weights=[4, 4, 4, 1, 1])[0]()
        return text + ("# a remark\n" if self.random.random() < 0.1 else "")

    def path(self) -> Path:
        return self.root / self.random.choice(FOLDERS) / self.random.choice(NAMES)

    def files(self) -> list[Path]:
        """All that git could track and the walk could read."""
        return sorted(
            path for path in self.root.rglob("*") if ".git" not in path.parts and not path.name.startswith(".git")
            and path.name != ".regcred.yaml" and (path.is_symlink() or path.is_file())
        )

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        if not path.is_dir():
            path.write_bytes(text.encode())

    def add(self) -> None:
        parts = [self.document() for _ in range(self.random.randint(1, 3))]
        self.write(self.path(), "---\n".join(parts))

    def edit(self, path: Path) -> None:
        parts = path.read_bytes().decode().split("---\n")
        index = self.random.randrange(len(parts))
        parts[index : index + self.random.randint(0, 1)] = [self.document() for _ in range(self.random.randint(0, 2))]
        self.write(path, "---\n".join(parts))

    def rename(self, path: Path) -> None:
        target = self.path()
        if not target.exists() and not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)

    def move_part(self, path: Path) -> None:
        parts = path.read_bytes().decode().split("---\n")
        part = parts.pop(self.random.randrange(len(parts)))
        self.write(path, "---\n".join(parts))
        other = self.random.choice(self.files())
        if other.is_file():
            self.write(other, f"{other.read_bytes().decode()}\n---\n{part}")

    def link(self, path: Path) -> None:
        target = self.random.choice(self.files())
        if target != path:
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))

    def ends(self, path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def ignored(self) -> None:
        self.write(self.root / ".gitignore", self.random.choice(IGNORED))

    def mark(self) -> None:
        """Make a folder one of build results, or no longer."""
        mark = self.root / "build" / "package.json"
        if mark.exists():
            mark.unlink()
        else:
            self.write(mark, "{}\n")

    def change(self) -> None:
        """Do something to the work tree."""
        files = [path for path in self.files() if path.is_file()]
        kinds: list[Callable[[], None]] = [self.add, self.ignored, self.mark]
        if files:
            path = self.random.choice(files)
            known = (self.edit, self.edit, self.rename, self.move_part, self.link, self.ends, Path.unlink)
            kinds += [lambda one=one: one(path) for one in known]  # type: ignore[misc]
        self.random.choice(kinds)()


def texts(*, links: bool) -> list[tuple[str, str]]:
    """Every document that is read below the working directory: its path, and its text as far as it counts."""
    read = [one for one in gather(["."], exclude=["skipped/"]) if isinstance(one, Artifact) and (links or not one.link)]
    parts = [(one.path, part) for one in read for part in one.read().decode().replace("\r\n", "\n").split("---\n")]
    return [(path, part.strip()) for path, part in parts]


def not_there(written: list[tuple[str, str]], before: list[tuple[str, str]]) -> set[str]:
    """The paths of documents that were not there before, in the same file or in another."""
    left = Counter(before)
    fresh = []
    for one in written:
        left[one] -= 1
        if left[one] < 0:
            fresh.append(one)
    rest = Counter(text for (_, text), count in left.items() for _ in range(max(count, 0)))
    found = set()
    for path, text in fresh:
        rest[text] -= 1
        if rest[text] < 0:
            found.add(path)
    return found


def places(finding: Any) -> Iterator[str]:
    yield finding["location"]["path"]
    for one in finding["related"]:
        if one["location"]:
            yield one["location"]["path"]


def hits(finding: Any) -> set[str]:
    return {f"{one['kind']}/{one['name']}" for way in ("workloads", "imports") for one in finding["impact"][way]}


LEVELS = ("info", "warning", "error")


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_new_is_reported_and_what_is_untouched_is_not(
    seed: int, repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(repository, seed)
    repository.write(".regcred.yaml", "ignore: [RC701]\nexclude: [skipped/]\n")
    for _ in range(made.random.randint(3, 8)):
        made.add()
    for _ in range(3):
        made.change()
    repository.git("add", "-A")
    repository.git("add", "-f", ".")
    base = repository.commit()
    for turn in range(made.random.randint(1, 4)):
        made.change()
        if turn == 1 and made.random.random() < 0.5:
            repository.commit()

    now = repository.check(".")[1]["findings"]
    since = repository.check(".", "--changed-since", base)[1]["findings"]
    written = texts(links=True)
    repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "base"), base)
    monkeypatch.chdir(tmp_path / "base")
    before = repository.check(".")[1]["findings"]
    changed = not_there(written, texts(links=False))
    changed |= {path.relative_to(made.root).as_posix() for path in made.files() if path.is_symlink()}
    known: dict[str, tuple[int, set[str]]] = {}
    for one in before:
        level, hit = known.get(one["fingerprint"], (0, set()))
        known[one["fingerprint"]] = max(level, LEVELS.index(one["severity"])), hit | hits(one)

    def worse(one: Any) -> bool:
        level, hit = known.get(one["fingerprint"], (-1, set()))
        return LEVELS.index(one["severity"]) > level or not hits(one) <= hit

    def touched(one: Any) -> bool:
        hit = any(
            f"kind: {name.partition('/')[0]}\n" in text and f"name: {name.partition('/')[2]}," in text
            for name in hits(one)
            for path, text in written
            if path in changed
        )
        return worse(one) or hit or any(path in changed for path in places(one))

    reported = Counter(one["fingerprint"] for one in since)
    assert not {one["fingerprint"] for one in now if worse(one)} - reported.keys()
    assert not reported - Counter(one["fingerprint"] for one in now)
    assert [one["message"] for one in since if not touched(one)] == []
