"""Packed and piped texts are read in windows too: archives, compressed files, pipes."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard
from windowed import listed, names

from linter.documents.window_positions import WindowPositions
from linter.model import Problem
from linter.sources import Artifact, Limits, gather
from linter.taking import take_artifact

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
    "zst": zstandard.compress,
}


def packed(data: bytes, form: str) -> bytes:
    """The text as a member of an archive, or compressed, or as it is."""
    if form in COMPRESSIONS:
        return COMPRESSIONS[form](data)
    file = io.BytesIO()
    names = ("a/all.json", "b/all.json")
    if form == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as folder:
            for name in names:
                folder.writestr(name, data)
        return file.getvalue()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return COMPRESSIONS.get(form.removeprefix("tar."), bytes)(file.getvalue())


PACKED = ["gz", "tar", "tar.gz", "xz", "bz2", "zst", "tar.xz", "tar.bz2", "tar.zst", "zip"]


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("piped", [False, True])
def test_what_is_packed_is_read_in_windows_too(tmp_path: Path, form: str, piped: bool) -> None:
    text = listed(*(f"name-{number}" for number in range(3_000)))
    data = packed(text.encode(), form)
    path = tmp_path / f"all.{form}"
    path.write_bytes(data)
    limits = Limits(window_bytes=1000)
    stdin = io.BytesIO(data) if piped else None
    for artifact in gather(["-" if piped else str(path)], stdin=stdin, limits=limits):
        assert isinstance(artifact, Artifact)
        taken = take_artifact(artifact, None)
        assert taken.windowed
        assert len(names(taken)) == 3_000
        raw = artifact.windows()
        assert raw is not None
        assert taken.places is not None
        there = WindowPositions("", raw, taken.places)
        for number in (2_999, 3, 1_000):
            span = there.span(0, ("items", number, "metadata", "name"))
            assert span is not None
            assert text.split("\n")[span.line - 1][span.column - 1 :] == f'"name-{number}"'


def test_a_pipe_is_read_in_windows(tmp_path: Path) -> None:
    text = listed("one", "two", "three")
    (artifact,) = gather(["-"], stdin=io.BytesIO(text.encode()), limits=Limits(window_bytes=100))
    assert isinstance(artifact, Artifact)
    taken = take_artifact(artifact, None)
    assert taken.windowed
    assert names(taken) == ["one", "two", "three"]


@pytest.mark.parametrize("form", ["gz", "tar.gz", "xz", "tar.xz"])
def test_what_stands_before_the_end_of_a_cut_archive_counts(tmp_path: Path, form: str) -> None:
    data = packed(listed(*(f"name-{number}" for number in range(20_000))).encode(), form)
    path = tmp_path / f"all.{form}"
    path.write_bytes(data[: len(data) // 3])
    found, told = 0, []
    for entry in gather([str(path)], limits=Limits(window_bytes=1000)):
        if isinstance(entry, Artifact):
            taken = take_artifact(entry, None)
            found += len(names(taken))
            told += [problem.message for problem in taken.problems]
        elif isinstance(entry, Problem):
            told.append(entry.message)
    assert 1000 < found < 20_000
    assert any("ends too early" in message for message in told)
    assert any("it was cut off" in message for message in told)
