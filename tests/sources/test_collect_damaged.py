"""Collections of what is damaged, very large or stopped: whole, or not there."""

import gzip
import io
import lzma
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from linter.__main__ import main
from linter.sources import Limits

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "layouts"))
sys.path.insert(0, str(Path(__file__).parent))

import zstandard
from collected import OBJECTS, collect, members, put
from writers import LAYOUTS


def test_the_file_is_private_and_whole_or_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put(tmp_path / "dump", LAYOUTS["velero"].write(OBJECTS))
    target = collect(source, tmp_path / "out.tar.gz")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as opened:
        assert {one.mode for one in opened} == {0o600}
    before = target.read_bytes()
    assert main(["collect", str(source), "-o", str(target)]) == 2
    assert "--force" in capsys.readouterr().err
    assert target.read_bytes() == before
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(before[: len(before) // 2])
    for words in ([], ["--redact"]):
        assert main(["collect", str(damaged), "-o", str(target), "--force", *words]) == 3
        assert "nothing was written" in capsys.readouterr().err
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.tar.gz", "dump", "out.tar.gz"]


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("redacted", [False, True], ids=["as it is", "redacted"])
def test_a_disk_that_is_full_keeps_nothing(redacted: bool, tmp_path: Path) -> None:
    """A file may grow to 1 KiB here: the writing ends in the middle."""
    source = put(tmp_path / "dump", LAYOUTS["velero"].write(OBJECTS))
    target = tmp_path / "out.tar.gz"
    words = [sys.executable, "-m", "linter", "collect", str(source), "-o", str(target), *(["--redact"] * redacted)]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert f"{target}: cannot be written: File too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


@pytest.mark.parametrize("ended", [signal.SIGTERM, signal.SIGINT])
def test_what_is_stopped_leaves_nothing(ended: signal.Signals, tmp_path: Path) -> None:
    """The standard input stays open, so it waits with a file that has begun."""
    words = [sys.executable, "-m", "linter", "collect", "-", "-o", str(tmp_path / "out.tar.gz")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(3000):
            if list(tmp_path.iterdir()) or process.poll() is not None:
                break
            time.sleep(0.02)
        assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
        process.send_signal(ended)
        process.communicate(timeout=60)
    assert process.returncode in (128 + ended, -ended)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["yaml", "yaml.xz", "yaml.gz", "tar.zst"])
def test_what_is_too_large_to_be_held_is_taken_piece_by_piece(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.collecting.files.Limits", lambda: Limits(file_bytes=2000, window_bytes=500))
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % number for number in range(200))
    packed = {"yaml": data, "yaml.xz": lzma.compress(data), "yaml.gz": gzip.compress(data)}
    if form == "tar.zst":
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            member = tarfile.TarInfo("all.yaml")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        packed[form] = zstandard.compress(file.getvalue())
    source = tmp_path / f"all.{form}"
    source.write_bytes(packed[form])
    target = tmp_path / "out.tar.gz"
    assert main(["collect", str(source), "-o", str(target)]) == 0
    assert data in members(target).values()
    capsys.readouterr()
    main(["collect", str(source), "--redact", "-o", str(target), "--force"])
    said = capsys.readouterr().err
    assert "is larger than 2000 bytes" in said
    assert "without --redact" in said


@pytest.mark.parametrize("form", ["xz", "gz"])
def test_of_a_large_file_that_is_cut_off_nothing_is_written(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.collecting.files.Limits", lambda: Limits(file_bytes=2000, window_bytes=500))
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % (number * 7919) for number in range(2000))
    whole = {"xz": lzma.compress, "gz": gzip.compress}[form](data)
    source, target = tmp_path / f"all.yaml.{form}", tmp_path / "out.tar.gz"
    source.write_bytes(whole[: len(whole) * 2 // 3])
    assert main(["collect", str(source), "-o", str(target)]) == 3
    assert "it was cut off" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_of_a_large_member_that_is_damaged_nothing_is_written(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("linter.collecting.files.Limits", lambda: Limits(file_bytes=2000, window_bytes=500))
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % (number * 7919) for number in range(60_000))
    source, target = tmp_path / f"in.{form}", tmp_path / "out.tar.gz"
    if form == "zip":
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("all.yaml", data)
    else:
        with tarfile.open(source, "w:gz") as archive:
            member = tarfile.TarInfo("all.yaml")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    whole = source.read_bytes()
    at = len(whole) * 3 // 4
    source.write_bytes(whole[:at] if form != "zip" else whole[:at] + bytes(64) + whole[at + 64 :])
    assert main(["collect", str(source), "-o", str(target)]) == 3
    assert "nothing was written" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("words", [(), ("--redact",)])
@pytest.mark.parametrize("size", [100, 300_000])
def test_a_member_that_is_damaged_early_is_left_out_and_named(
    tmp_path: Path, size: int, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Small or read in pieces: a part of it would look like all of it."""
    data = b"---\n".join(b"kind: ServiceAccount\nmetadata: {name: a%d}\n" % (number * 7919) for number in range(size))
    source, target = tmp_path / "in.zip", tmp_path / "out.tar.gz"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("large.yaml", data)
        packed.writestr("small.yaml", "kind: ServiceAccount\nmetadata: {name: b}\n")
    whole = bytearray(source.read_bytes())
    at = 60 if size == 100 else 20_000
    whole[at : at + 40] = bytes(40)
    source.write_bytes(whole)
    assert main(["collect", str(source), "-o", str(target), *words]) == 0
    assert "large.yaml: is damaged" in capsys.readouterr().err
    assert [name for name in members(target) if name.endswith(".yaml")] == ["small.yaml"]
