"""Files that change, vanish or become something else while they are read, at every one of their openings."""

import builtins
import contextlib
import errno
import gzip
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.commons import quiet

TWICE = """\
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: b}}
imagePullSecrets:
- name: x
- name: x
"""
OTHER = """\
apiVersion: v1
kind: Secret
metadata: {name: other, namespace: b}
stringData:
  password: hunter2-canary
  token: |
    hunter2-canary
"""
"""What comes in the place of a file: its lines are where those of the other file were, and carry a credential."""


def grow(path: Path) -> None:
    """Write more behind what there is."""
    with path.open("ab") as stream:
        stream.write(b"\n" * 2**16)


def shrink(path: Path) -> None:
    """Cut the file in two."""
    os.truncate(path, path.stat().st_size // 2)


def rewrite(path: Path) -> None:
    """Put as many other bytes in its place, in the same file, its time left as it was."""
    before = path.stat()
    size = before.st_size
    with path.open("r+b") as stream:
        stream.write((OTHER.encode() * (size // len(OTHER) + 1))[:size])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(path: Path) -> None:
    """Put another file in its place, as an editor does."""
    new = path.with_name(".new")
    new.write_text(OTHER)
    new.replace(path)


def link(path: Path) -> None:
    """Put a link in its place that leads to a file elsewhere."""
    outside = path.parent.parent / "outside.yaml"
    outside.write_text(OTHER)
    path.unlink()
    path.symlink_to(outside)


def folder(path: Path) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    """Put a pipe in its place that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def door(path: Path) -> None:
    """Put a socket in its place."""
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


CHANGES: dict[str, Callable[[Path], None]] = {
    "grows": grow,
    "shrinks": shrink,
    "is-written-anew": rewrite,
    "is-replaced": swap,
    "vanishes": Path.unlink,
    "link": link,
    "folder": folder,
    "pipe": pipe,
    "socket": door,
}
SAID = (
    "changed while it was read", "no such file", "is a directory", "is a folder", "is a pipe", "too many levels of",
    "no such device or address", "is a socket", "could not be read",
)  # fmt: skip


class Opened(NamedTuple):
    """What is to happen to a file, and before which of its openings, counted from 1."""

    path: Path
    at: int
    change: Callable[[Path], None]


@contextlib.contextmanager
def meanwhile(what: Opened) -> Iterator[list[int]]:
    """Change a file before it is opened for the n-th time; tell how often it was."""
    count = [0]
    real, plain = os.open, builtins.open

    def note(file: Any) -> None:
        if isinstance(file, str | os.PathLike) and os.path.realpath(os.path.dirname(file)) == str(
            what.path.parent
        ) and os.path.basename(file) == what.path.name:
            count[0] += 1
            if count[0] == what.at:
                what.change(what.path)

    def opened(file: Any, *rest: Any, **more: Any) -> int:
        note(file)
        return real(file, *rest, **more)

    def opened_plain(file: Any, *rest: Any, **more: Any) -> Any:
        note(file)
        return plain(file, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", opened)
        patch.setattr(builtins, "open", opened_plain)
        yield count


def plain(folder: Path) -> Path:
    """A folder with the file that will change, among others."""
    for name in ("a", "m", "z"):
        (folder / f"{name}.yaml").write_text(TWICE.format(name=name))
    return folder / "m.yaml"


def windowed(folder: Path) -> Path:
    """The same, but that the file is JSON that is read in windows."""
    plain(folder).unlink()
    names = [{"name": "x"}, {"name": "x"}]
    items = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": f"m{n}", "namespace": "b"}, "n": "x" * 9000}
        for n in range(1000)
    ]
    items[400]["imagePullSecrets"] = items[900]["imagePullSecrets"] = names
    (folder / "m.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return folder / "m.json"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def judged(*words: str) -> tuple[int, list[str], list[tuple[str, int]], list[tuple[str, str]]]:
    """Judge: the exit code, what is found by path and line, the problems; and nothing else may be said."""
    code, out, error = quiet(*words, "--format", "json", "--fail-on", "info")
    assert not error
    assert "hunter2" not in out
    result = json.loads(out)
    found = [(one["location"]["path"], one["location"]["line"]) for one in result["findings"] if one["code"] == "RC307"]
    told = [(one["path"], one["message"]) for one in result["coverage"]["problems"]]
    return code, [one["object"]["name"] for one in result["findings"]], found, told


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("make", [plain, windowed])
def test_a_file_that_changes(make: Callable[[Path], Path], change: str, here: Path) -> None:
    """Whenever it does: it is judged as it was, or named; what was found in it shows nothing of what it is now."""
    path = make(here)
    with meanwhile(Opened(path, 0, print)) as opened:
        assert len(judged("check", "in")[2]) == (4 if make is windowed else 3)
    assert opened[0] > 1
    saved = here.parent / "saved"
    shutil.copytree(here, saved)
    most = opened[0]
    for at in sorted({1, 2, 3, most // 2, most - 1, most} if make is windowed else range(1, most + 1)):
        shutil.rmtree(here)
        shutil.copytree(saved, here)
        with meanwhile(Opened(path, at, CHANGES[change])):
            code, _, found, told = judged("check", "in")
        shown = f"in/{path.name}"
        assert code == 1
        assert {one for one in found if one[0] != shown} == {
            (f"in/{name}.yaml", 6) for name in "amz" if (here / f"{name}.yaml").exists() and f"{name}.yaml" != path.name
        }
        mine = [line for where, line in found if where == shown]
        if told:
            assert [where for where, _ in told] == [shown]
            assert any(word in told[0][1] for word in SAID), told
        elif not mine:  # it was what it is now when it was first read, and that is judged
            assert at == 1
            assert change in ("grows", "shrinks", "is-written-anew", "is-replaced")


TARGETS = {"--fix": ("check", "in", "--fix"), "--diff": ("check", "in", "--diff")}


@pytest.mark.parametrize("change", CHANGES)
def test_no_fix_is_written_over_what_was_not_judged(change: str, here: Path) -> None:
    """Whenever the file changes, what it is then is what it stays, and no other file is written either."""
    path = plain(here)
    saved = here.parent / "saved"
    shutil.copytree(here, saved)
    with meanwhile(Opened(path, 0, print)) as opened:
        assert quiet("check", "in", "--fix")[0] == 0
    assert "- name: x\n- name: x" not in path.read_text()
    assert opened[0] > 3
    for at in range(2, opened[0] + 1):
        shutil.rmtree(here)
        shutil.copytree(saved, here)
        left: list[dict[str, object]] = []

        def changed(path: Path, left: list[dict[str, object]] = left) -> None:
            CHANGES[change](path)
            left.append({**held(saved), "m.yaml": held(here).get("m.yaml")})

        with meanwhile(Opened(path, at, changed)):
            code, out, error = quiet("check", "in", "--fix")
        assert "hunter2" not in out + error
        assert "Traceback" not in error
        now = held(here)
        if code != 2:  # it has changed when nothing was to be written into it any more, or before it was judged again
            assert code == 0
            assert now.get("m.yaml") == left[0]["m.yaml"]
        else:
            assert "m.yaml" in error
            assert {"m.yaml": None, **now} == left[0]


def held(folder: Path) -> dict[str, object]:
    """What a folder holds: the bytes of files, of others what they are."""
    return {
        path.name: path.read_bytes() if path.is_file() and not path.is_symlink() else path.lstat().st_mode
        for path in sorted(folder.iterdir())
        if path.name != ".new"
    }


@pytest.mark.parametrize("change", CHANGES)
def test_no_diff_is_shown_of_what_was_not_judged(change: str, here: Path) -> None:
    path = plain(here)
    with meanwhile(Opened(path, 0, print)) as opened:
        assert quiet("check", "in", "--diff")[0] == 0
    saved = here.parent / "saved"
    shutil.copytree(here, saved)
    for at in range(2, opened[0] + 1):
        shutil.rmtree(here)
        shutil.copytree(saved, here)
        with meanwhile(Opened(path, at, CHANGES[change])):
            code, out, error = quiet("check", "in", "--diff")
        assert "hunter2" not in out + error
        assert code == 2
        assert "m.yaml changed while it was read; check it again" in error or any(word in error for word in SAID)


def test_an_archive_that_changes(here: Path) -> None:
    """What was read of it counts; what is read again is refused, and the archive named."""
    made = here.parent / "dump.tar.gz"

    def pack(text: str) -> None:
        with tarfile.open(made, "w:gz") as archive:
            for name in ("a", "m", "z"):
                member = tarfile.TarInfo(f"{name}.yaml")
                data = text.format(name=name).encode()
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    pack(TWICE)
    with meanwhile(Opened(made, 0, print)) as opened:
        assert len(judged("check", "dump.tar.gz")[2]) == 3
    for change in ("grows", "shrinks", "is-written-anew", "is-replaced", "vanishes", "folder", "pipe", "link"):
        for at in range(1, opened[0] + 1):
            made.is_dir() and made.rmdir()
            made.unlink(missing_ok=True)
            pack(TWICE)
            with meanwhile(Opened(made, at, CHANGES[change])):
                code, _, found, told = judged("check", "dump.tar.gz")
            inside = [line for path, line in found if path.startswith("dump.tar.gz!/")]
            assert told or at == 1 or inside == [6, 6, 6], (change, at)
            assert {path.partition("!/")[0] for path, _ in told} <= {"dump.tar.gz"}
            assert code == (3 if told else 1 if inside else 0)


def test_a_compressed_file_that_changes(here: Path) -> None:
    plain(here)
    made = here.parent / "m.yaml.gz"
    made.write_bytes(gzip.compress(TWICE.format(name="m").encode()))
    with meanwhile(Opened(made, 3, swap)):
        code, _, found, told = judged("check", "in", "m.yaml.gz")
    assert code == 3
    assert len(found) >= 3
    assert [path for path, _ in told] == ["m.yaml.gz"]


def sound(size: int, at: int, good: int) -> int:
    """Return how much can be read at an offset of a file whose first `good` bytes alone can."""
    if at >= good:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    return min(size, good - at)


def failing_beyond(path: Path, good: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk fail beyond the first `good` bytes of a file."""
    real_read, real_pread, real_fdopen = os.read, os.pread, os.fdopen

    def failing(handle: int, size: int) -> bytes:
        if os.readlink(f"/proc/self/fd/{handle}") != str(path):
            return real_read(handle, size)
        return real_read(handle, sound(size, os.lseek(handle, 0, os.SEEK_CUR), good))

    def failing_at(handle: int, size: int, at: int) -> bytes:
        if os.readlink(f"/proc/self/fd/{handle}") != str(path):
            return real_pread(handle, size, at)
        return real_pread(handle, sound(size, at, good), at)

    def opened(handle: int, mode: str = "r", buffering: int = -1, **more: Any) -> Any:
        if os.readlink(f"/proc/self/fd/{handle}") != str(path):
            return real_fdopen(handle, mode, buffering, **more)
        return io.BufferedReader(Failing(handle)) if buffering else Failing(handle)

    class Failing(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            data = failing(self.fileno(), len(buffer))
            buffer[: len(data)] = data
            return len(data)

        def read(self, size: int | None = -1) -> bytes:
            return failing(self.fileno(), size if size and size > 0 else 2**20)

    monkeypatch.setattr(os, "read", failing)
    monkeypatch.setattr(os, "pread", failing_at)
    monkeypatch.setattr(os, "fdopen", opened)


@pytest.mark.parametrize("good", [0, 40])
@pytest.mark.parametrize("make", [plain, windowed])
def test_a_disk_that_fails(
    make: Callable[[Path], Path], good: int, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(here)
    shown = f"in/{path.name}"
    failing_beyond(path, good, monkeypatch)
    for words, expected in ((("in",), 1), (("in", shown), 3), ((shown,), 3), (("in", "--strict"), 3)):
        code, _, found, told = judged("check", *words)
        assert code == expected
        others = {f"in/{one.name}" for one in here.iterdir()} - {shown}
        assert {place for place, _ in found} == (others if "in" in words else set())
        assert {*told} == {(shown, "could not be read: input/output error")}


UNPRIVILEGED = """
import os, sys
from linter.__main__ import main
try:
    os.listdir("in/locked")
    sys.exit(77)
except OSError:
    sys.exit(main(sys.argv[1:]))
"""
CALLS = ((("in",), 1), (("in/locked",), 3), (("in/m.yaml", "in"), 3), (("in", "in/locked"), 3), (("in/sa.tar.gz",), 3))


def without_rights(*words: str) -> "subprocess.CompletedProcess[bytes]":
    """Judge as somebody who may not read everything: root as well, once without what makes him root."""
    call = [sys.executable, "-c", UNPRIVILEGED, "check", *words, "--format", "json", "--fail-on", "info"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed")
        call = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *call]
    done = subprocess.run(call, capture_output=True, check=False, timeout=120)
    if done.returncode == 77 or b"setpriv" in done.stderr:
        pytest.skip("nobody here may not read what is his")
    return done


def test_what_may_not_be_read(here: Path) -> None:
    """Files, folders, folders that may be listed and not entered, an archive, named or found."""
    plain(here).chmod(0)
    for name in ("locked", "listed"):
        (here / name).mkdir()
        (here / name / "b.yaml").write_text(TWICE.format(name="b"))
    (here / "sa.tar.gz").write_bytes(gzip.compress(b""))
    (here / "sa.tar.gz").chmod(0)
    (here / "locked").chmod(0)
    (here / "listed").chmod(0o400)
    try:
        for words, expected in CALLS:
            done = without_rights(*words)
            assert done.returncode == expected, (words, done.stderr)
            assert not done.stderr
            result = json.loads(done.stdout)
            told = {one["path"]: one["message"] for one in result["coverage"]["problems"]}
            assert set(told.values()) == {"could not be read: permission denied"}
            found = {one["location"]["path"] for one in result["findings"] if one["code"] == "RC307"}
            if "in" in words:
                assert {*told} == {"in/m.yaml", "in/locked", "in/listed/b.yaml"}
                assert found == {"in/a.yaml", "in/z.yaml"}
            else:
                assert [*told] == [words[0]]
    finally:
        (here / "locked").chmod(0o700)
        (here / "listed").chmod(0o700)
