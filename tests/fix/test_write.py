"""Files on disk: whole or not at all, modes and links kept, no temporary file left behind."""

import errno
import os
import stat
from pathlib import Path

import pytest

from linter.errors import FixError
from linter.fix import write
from linter.fix.write import write_changed, write_new


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_content_and_mode(tmp_path: Path) -> None:
    target = tmp_path / "a.yaml"
    target.write_bytes(b"old\r\n")
    target.chmod(0o640)
    write_changed({str(target): b"new\r\n"}, {str(target): b"old\r\n"})
    assert target.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(tmp_path) == ["a.yaml"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "a.yaml"
    real.write_bytes(b"old")
    link = tmp_path / "link.yaml"
    link.symlink_to(real)
    write_changed({str(link): b"new"}, {str(link): b"old"})
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_changed_since_it_was_read(tmp_path: Path) -> None:
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"old")
    two.write_bytes(b"someone else's")
    with pytest.raises(FixError, match="has changed"):
        write_changed({str(one): b"new", str(two): b"new"}, {str(one): b"old", str(two): b"old"})
    assert (one.read_bytes(), two.read_bytes()) == (b"old", b"someone else's")
    assert names(tmp_path) == ["a", "b"]


def test_a_temporary_file_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(0o644)
    seen: list[int] = []
    real = os.fsync

    def spy(handle: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        real(handle)

    monkeypatch.setattr(write.os, "fsync", spy)
    write_changed({str(target): b"new"}, {str(target): b"old"})
    assert seen[0] == 0o600


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
def test_a_full_disk_leaves_everything(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(write.os, call, fail)
    with pytest.raises(FixError, match="No space left") as caught:
        write_changed({str(target): b"new"}, {str(target): b"old"})
    assert str(target) in str(caught.value)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_failure_in_the_middle_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(b"old")
    real, calls = os.replace, []

    def fail_second(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(errno.EIO, "broken")
        real(source, target)

    monkeypatch.setattr(write.os, "replace", fail_second)
    with pytest.raises(FixError):
        write_changed({str(path): b"new" for path in paths}, {str(path): b"old" for path in paths})
    assert [path.read_bytes() for path in paths] == [b"old"] * 3
    assert names(tmp_path) == ["a", "b", "c"]


def test_missing_folder_and_not_a_file(tmp_path: Path) -> None:
    for path in (str(tmp_path / "no" / "a"), str(tmp_path)):
        with pytest.raises(FixError):
            write_changed({path: b"new"}, {path: b"old"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(FixError, match="Permission"):
            write_changed({str(target): b"new"}, {str(target): b"old"})
    finally:
        tmp_path.chmod(0o700)


def test_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_new(str(folder), {"README.md": (b"r", 0o644), "ns/x/01.yaml": (b"s", 0o600)})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ns" / "x").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ns" / "x" / "01.yaml").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "README.md").stat().st_mode) == 0o644
    with pytest.raises(FixError, match="not empty"):
        write_new(str(folder), {"README.md": (b"r", 0o644)})


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "."])
def test_nothing_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(FixError, match="leads out"):
        write_new(str(tmp_path / "out"), {name: (b"x", 0o644)})
