"""Places that cannot be written to: each is told with its remedy, what was there stays, and nothing else is left."""

import contextlib
import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linter import files
from tests.commons import quiet

TWICE = """\
apiVersion: v1
kind: ServiceAccount
metadata: {{name: a{number}, namespace: b}}
imagePullSecrets:
- name: x
- name: x
"""
MANY = "".join(f"---\n{TWICE.format(number=number)}# {'x' * 80}\n" for number in range(30))
"""More than a block is written in every one of the calls below."""
CALLS = {
    "report": ("check", "in", "--format", "html=place/new"),
    "report-over": ("check", "in", "--format", "json=place/old"),
    "rendered": ("report", "result.json", "--format", "sarif=place/new"),
    "fix": ("check", "place/in", "--fix"),
    "fix-dir": ("check", "in", "--scope", "cluster", "--fix-dir", "place/fixes"),
    "fix-dir-deep": ("check", "in", "--scope", "cluster", "--fix-dir", "place/more/fixes"),
    "baseline": ("baseline", "in", "-o", "place/baseline"),
    "baseline-over": ("baseline", "in", "-o", "place/known"),
    "history": ("check", "in", "--history", "place/new.db"),
    "history-more": ("check", "in", "--history", "place/old.db"),
    "history-many": ("check", "in", "more", "--history", "sqlite:///place/old.db", "--resume"),
    "collect": ("collect", "in", "-o", "place/new.tar.gz"),
    "collect-redacted": ("collect", "in", "--redact", "-o", "place/new.tar.gz"),
    "collect-over": ("collect", "in", "-o", "place/old.tar.gz", "--force"),
}


def held(place: Path) -> dict[str, tuple[int, bytes | None]]:
    """All that stands in a folder: modes and contents."""
    return {
        str(path.relative_to(place)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in place.rglob("*")
    }


@functools.cache
def outputs() -> dict[str, bytes]:
    """What other calls have written, by its path."""
    with tempfile.TemporaryDirectory() as top, contextlib.chdir(top):
        put(Path(top))
        for words in (
            ("check", "in", "--format", "json=result.json", "--history", "place/old.db"),
            ("baseline", "more", "-o", "place/known"),
            ("collect", "more", "-o", "place/old.tar.gz"),
        ):
            assert quiet(*words)[0] in (0, 1), words
        paths = ("result.json", "place/old.db", "place/known", "place/old.tar.gz")
        return {path: Path(path).read_bytes() for path in paths}


def put(top: Path) -> None:
    for folder in (top / "in", top / "place" / "in"):
        folder.mkdir(parents=True)
        (folder / "a.yaml").write_text(MANY)
    (top / "more").mkdir()
    (top / "more" / "b.yaml").write_text(TWICE.format(number="b"))


def furnished(top: Path) -> Path:
    """Put inputs into a folder, and outputs of other calls into another one in it, which is returned."""
    put(top)
    for path, content in outputs().items():
        (top / path).write_bytes(content)
    (top / "place" / "old").write_text("old")
    return top / "place"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder beside which inputs stand, and that is a small file system of its own."""
    top = tmp_path_factory.mktemp("disk")
    place = top / "place"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], capture_output=True, check=False
    ) if shutil.which("mount") and os.geteuid() == 0 else None  # fmt: skip
    if made is None or made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield furnished(top)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture(scope="module")
def full(disk: Path) -> Iterator[Path]:
    """The same when it has no byte left."""
    handle = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(handle, b"x" * 4096):
            pass
    os.close(handle)
    yield disk
    (disk / "filler").unlink()


@pytest.fixture
def read_only(disk: Path) -> Iterator[Path]:
    """The same when nothing on it can be changed."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    yield disk
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


@pytest.mark.parametrize("name", CALLS)
def test_a_full_disk(name: str, full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(full.parent)
    before = held(full)
    code, out, error = quiet(*CALLS[name])
    assert code == 2
    assert "make room on its disk" in error
    assert "place/" in error
    assert "internal" not in error
    assert held(full) == before
    if name.startswith("history-"):
        assert "RC307" in out


@pytest.mark.parametrize("name", CALLS)
def test_a_read_only_file_system(name: str, read_only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(read_only.parent)
    before = held(read_only)
    code, _, error = quiet(*CALLS[name])
    assert code == 2
    assert "Read-only file system: choose a place" in error or "is read-only; it was not changed: allow" in error
    assert "place/" in error
    assert held(read_only) == before


def as_user(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command without the power to pass over permissions."""
    call = [sys.executable, "-m", "linter", *words]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed, and root may write everywhere")
        call = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *call]
    return subprocess.run(call, capture_output=True, text=True, check=False)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing can be made, though some of its files can be written to."""
    place = furnished(tmp_path)
    for path in (place / "in", place):
        path.chmod(0o555)
    yield place
    for path in (place, place / "in"):
        path.chmod(0o755)


def test_a_folder_of_somebody_else(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(closed.parent)
    before = held(closed)
    for name in ("report", "fix", "fix-dir-deep", "history-more"):
        done = as_user(*CALLS[name])
        assert done.returncode == 2, name
        assert "Permission denied: allow yourself to write there" in done.stderr, name
        assert "place/" in done.stderr
    assert held(closed) == before


def test_a_file_of_ours_in_a_folder_of_somebody_else(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(closed.parent)
    done = as_user(*CALLS["report-over"])
    assert done.returncode == 0, done.stderr
    assert (closed / "old").read_text().startswith("{")


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("fix", "history-many")])
def test_a_folder_where_a_file_should_be(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    for target in ("old", "known", "old.db", "old.tar.gz"):
        (place / target).unlink()
    for target in ("new", "old", "baseline", "known", "new.db", "old.db", "new.tar.gz", "old.tar.gz", "fixes"):
        (place / target).mkdir()
    (place / "fixes" / "old.yaml").touch()
    (place / "more").touch()
    before = held(place)
    code, _, error = quiet(*CALLS[name])
    assert code == 2
    expected = {
        "fix-dir": "is not empty: name a new folder",
        "fix-dir-deep": "a part of its path is a file",
        "baseline": "place/baseline: the baseline cannot be read: Is a directory",
        "baseline-over": "place/known: the baseline cannot be read: Is a directory",
        "collect": "is there already",
        "collect-redacted": "is there already",
    }
    assert expected.get(name, "Is a directory: name a file, not a folder") in error
    assert held(place) == before


def test_a_folder_that_vanishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there when the call begins, and gone when something is to be put into it."""
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    real = files.begun
    for name in ("report", "fix", "fix-dir", "baseline", "collect-over"):
        shutil.rmtree("place", ignore_errors=True)
        shutil.copytree("in", "place/in")

        def gone(temporary: str, mode: int = 0o600) -> int:
            shutil.rmtree("place")
            return real(temporary, mode)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("linter.files.begun", gone)
            patched.setattr("linter.fix.write.begun", gone)
            code, _, error = quiet(*CALLS[name])
        assert code == 2, name
        assert "No such file or directory: make its folder first" in error, name
        assert not Path("place").exists()


def test_a_file_that_vanishes_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "place" / "in" / "b.yaml").write_text(TWICE.format(number="b"))
    real = os.fsync

    def gone(handle: int) -> None:
        Path("place/in/b.yaml").unlink(missing_ok=True)
        real(handle)

    monkeypatch.setattr(os, "fsync", gone)
    code, _, error = quiet(*CALLS["fix"])
    assert code == 2
    assert "b.yaml could not be written: No such file or directory" in error
    assert Path("place/in/a.yaml").read_text() == MANY
    assert [path.name for path in Path("place/in").iterdir()] == ["a.yaml"]


def test_the_other_reports_are_written_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["--format", "html=gone/x", "--format", "text", "--format", "json=out.json", "--format", "csv=place/in"]
    for call in (("check", "in"), ("report", "result.json")):
        code, out, error = quiet(*call, *words)
        assert code == 2
        assert "RC307" in out
        assert Path("out.json").read_text().startswith("{")
        Path("out.json").unlink()
        assert error.splitlines() == [
            "regcred: gone/x: the html report cannot be written: No such file or directory: make its folder first",
            "regcred: place/in: the csv report cannot be written: Is a directory: name a file, not a folder",
        ]


def test_a_mounted_file_that_cannot_be_written_keeps_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can take its place, so it is written where it is, and gets its content back when that fails."""
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    old = "old " * 50_000
    Path("place/old").write_text(old)

    def busy(*_: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "replace", busy)
    inner = Path("place/old").stat().st_ino
    text = f"""
import io, os, sys
from linter.__main__ import main
def busy(*_): raise OSError(16, "Device or resource busy")
os.replace = busy
class Full(io.FileIO):
    def write(self, data):
        if bytes(data[:1]) != b"o" and self.tell() >= 1000: raise OSError(28, "No space left on device")
        return super().write(bytes(data[:1000]))
real = open
import builtins
builtins.open = lambda path, mode="r", *a, **k: Full(path, mode) if mode == "r+b" else real(path, mode, *a, **k)
sys.exit(main({list(CALLS["report-over"])!r}))
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No space left on device: make room" in done.stderr
    assert Path("place/old").read_text() == old
    assert quiet(*CALLS["report-over"])[0] == 0
    assert Path("place/old").read_text().startswith("{")
    assert Path("place/old").stat().st_ino == inner
    assert not [path for path in Path("place").iterdir() if path.name.startswith(".regcred")]


BROKEN = {
    "text": (None, "file is not a database: name another file"),
    "cut": (None, "malformed: name another file"),
    "newer": ("update regcred_history set version = 99", "written by a later version of regcred"),
    "no version": ("delete from regcred_history", "regcred_history.version holds what no history has written"),
    "version": ("update regcred_history set version = 'x'", "regcred_history.version holds"),
    "table": ("drop table regcred_finding", "no such table: regcred_finding: name another file"),
    "blindness": ("update regcred_series set blindness = '{'", "regcred_series.blindness holds"),
    "inputs": ("update regcred_scan set inputs = '5'", "regcred_scan.inputs holds"),
    "scope": ("update regcred_scan set scope = 'x'", "regcred_scan.scope holds"),
    "time": ("update regcred_scan set time = 9223372036854775807", "regcred_scan.time holds"),
    "number": ("update regcred_scan set error = 'x'", "regcred_scan.error holds"),
    "state": ("update regcred_finding set state = 'x'", "regcred_finding.state holds"),
    "severity": ("update regcred_finding set severity = 77", "regcred_finding.severity holds"),
    "first": ("update regcred_finding set first = -9e18", "regcred_finding.first holds"),
    "bytes": ("update regcred_finding set object = x'ff00fe'", "regcred_finding.object holds"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_history(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    statement, said = BROKEN[name]
    path = Path("place/old.db")
    if name == "text":
        path.write_text("not a database " * 500)
    elif name == "cut":
        path.write_bytes(path.read_bytes()[:20_000])
    else:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(str(statement))
            database.commit()
    before = path.read_bytes()
    several = [["in/../in"]] if name in ("text", "newer") else []  # what cannot be opened, whatever is asked of it
    for beside in ([], ["--fail-on-new"], *several):
        code, out, error = quiet("check", "in", *beside, "--history", str(path), "--format", "json")
        assert code == 2
        assert error.startswith("regcred: place/old.db: ")
        assert said in error
        assert json.loads(out)["findings"], "what was found is reported all the same"
    code, _, error = quiet("trend", "--history", str(path))
    assert code in (0, 2)
    assert "internal" not in error
    assert "output" not in error
    assert path.read_bytes() == before


def test_what_a_damaged_history_holds_of_a_result_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zlib  # noqa: PLC0415 - only here

    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("linter.fleet.stored._MOST", 2**20)
    # A dump of a cluster is kept for `--resume`.
    words = ("check", "in", "--scope", "cluster", "--history", "x.db", "--resume", "--format", "json")
    assert quiet(*words)[0] == 0
    with contextlib.closing(sqlite3.connect("x.db")) as database:
        assert database.execute("select count(*) from regcred_result").fetchone() == (1,)
        for data in (b"x", zlib.compress(b"[" * 2**19), zlib.compress(b"\0" * 2**24)):
            database.execute("update regcred_result set data = ?", [data])
            database.commit()
            code, out, error = quiet(*words)
            assert code == 0
            assert '"RC307"' in out
            assert "internal" not in error


def test_a_history_that_somebody_else_writes_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("linter.history.store._PATIENCE", 0)
    with contextlib.closing(sqlite3.connect("place/old.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        code, out, error = quiet("check", "in", "--history", "place/old.db")
        assert code == 2
        assert "database is locked: another call writes into it: try again when that has ended" in error
        assert "RC307" in out
        assert quiet("trend", "--history", "place/old.db")[0] == 0
        database.execute("ROLLBACK")
        database.execute("BEGIN EXCLUSIVE")
        assert "another call writes into it" in quiet("trend", "--history", "place/old.db")[2]


def test_what_cannot_be_begun_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    furnished(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("place/link").symlink_to("gone/x.db")
    for path in ("place/link", "gone/x.db", "place/old/x.db"):
        code, _, error = quiet("check", "in", "--history", path)
        assert code == 2
        assert "the history cannot be opened: " in error
    assert not Path("gone").exists()
