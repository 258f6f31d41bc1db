"""Report files are there whole or not at all, and special files work."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from linter import files
from linter.__main__ import main

EXAMPLE = str(Path(__file__).parent.parent / "examples" / "cluster.yaml")
WORDS = ["check", EXAMPLE, "--fail-on", "never", "--select", "RC302"]


def test_a_report_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    assert main([*WORDS, "--format", f"json={target}"]) == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~_mask()
    target.write_text("old")
    target.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to("out.json")
    before = target.stat().st_ino
    assert main([*WORDS, "--format", f"json={link}"]) == 0
    assert link.is_symlink()
    assert target.stat().st_ino != before
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert json.loads(target.read_text())["findings"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out.json"]


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert main([*WORDS, "--format", f"json={target}"]) == 2
    assert "the json report cannot be written: No space left on device" in capsys.readouterr().err
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize("path", ["missing/out.json", "."])
def test_a_place_that_cannot_be_is_named(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--format", f"json={tmp_path / path}"]) == 2
    assert "the json report cannot be written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_standard_output_has_a_name_too() -> None:
    line = [sys.executable, "-m", "linter", *WORDS, "--format", "json=/dev/stdout"]
    done = subprocess.run(line, capture_output=True, check=True)
    assert json.loads(done.stdout)["schema"] == 1


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.replace(str(pipe), b"whole")
    reader.join()
    assert got == [b"whole"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_in_a_folder_that_takes_no_other_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mounted"
    target.write_bytes(b"old")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("linter.files.begun", refused)
    files.replace(str(target), b"new")
    assert target.read_bytes() == b"new"
    with pytest.raises(PermissionError):
        files.replace(str(tmp_path / "absent"), b"new")


def test_no_report_is_written_over_another_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link").symlink_to("out")
    assert main([*WORDS, "--format", f"html={tmp_path}/out", "--format", f"json={tmp_path}/link"]) == 2
    assert "the json report would be written over the html report" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_device_takes_several_reports(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--format", "html=/dev/null", "--format", "json=/dev/null"]) == 0


def test_no_report_is_written_over_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dump = tmp_path / "dump.yaml"
    dump.write_text(Path(EXAMPLE).read_text(encoding="utf-8"), encoding="utf-8")
    before = dump.read_bytes()
    assert main(["check", str(dump), "--format", f"json={tmp_path}/./dump.yaml"]) == 2
    assert "the json report would be written over what is read: name another file" in capsys.readouterr().err
    assert dump.read_bytes() == before
    for option, text in (("--context", "kind: List"), ("--baseline", ""), ("--config", "select: [all]\n")):
        beside = tmp_path / "beside.yaml"
        beside.write_text(text, encoding="utf-8")
        assert main(["check", str(dump), option, str(beside), "--format", f"json={beside}"]) == 2, option
        assert "would be written over what is read" in capsys.readouterr().err
        assert beside.read_text(encoding="utf-8") == text
    result = tmp_path / "result.json"
    assert main([*WORDS, "--format", f"json={result}"]) == 0
    assert main(["report", str(result), "--format", f"csv={result}"]) == 2
    assert json.loads(result.read_text(encoding="utf-8"))["findings"]
