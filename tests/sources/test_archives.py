"""Archives and compressed files: every form gives what the folder gives, and damage or malice costs what it must."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.model import Problem
from linter.sources import Artifact, InputProblem, Limits, Skipped, gather

FILES: Mapping[str, bytes] = {
    f"dump/ns-{number}/pods.yaml": b"kind: Pod\n# " + random.Random(number).randbytes(number * 700).hex().encode()
    for number in range(40)
}


def tar(files: Mapping[str, bytes], **options: Any) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", **options) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


FORMS: Mapping[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "tar": tar,
    "tar.gz": lambda files: gzip.compress(tar(files)),
    "tar.xz": lambda files: lzma.compress(tar(files)),
    "tar.bz2": lambda files: bz2.compress(tar(files)),
    "tar.zst": lambda files: zstandard.compress(tar(files)),
    "zip": zipped,
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Read:
    """What one archive gives: the bytes of its members as they came by, the artifacts, and what is said of it."""

    def __init__(self, data: bytes, *, pipe: bool = False, **options: Any) -> None:
        Path("a.bin").write_bytes(data)
        self.data: dict[str, bytes] = {}
        self.artifacts: list[Artifact] = []
        self.problems: list[Problem] = []
        self.skipped: dict[str, str] = {}
        given = gather(["-"], stdin=io.BytesIO(data), **options) if pipe else gather(["a.bin"], **options)
        for entry in given:
            if isinstance(entry, Artifact):
                self.artifacts.append(entry)
                self.data[entry.path.partition("!/")[2]] = entry.read()
            elif isinstance(entry, Problem):
                self.problems.append(entry)
            else:
                self.skipped[entry.path.partition("!/")[2]] = entry.reason

    @property
    def told(self) -> str:
        return "\n".join(f"{problem.path}: {problem.message}" for problem in self.problems)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pipe", [False, True], ids=["file", "pipe"])
def test_every_form_gives_the_files(here: Path, form: str, *, pipe: bool) -> None:
    found = Read(FORMS[form](FILES), pipe=pipe)
    assert found.data == FILES
    assert not found.problems
    shown = "<stdin>" if pipe else "a.bin"
    assert found.artifacts[0].path == f"{shown}!/dump/ns-0/pods.yaml"
    assert found.artifacts[0].file == ""
    assert not found.artifacts[0].named
    for artifact in found.artifacts[::7]:
        artifact.expect()
    random.Random(1).shuffle(found.artifacts)
    for artifact in found.artifacts:
        assert artifact.read() == FILES[artifact.path.partition("!/")[2]]


@pytest.mark.parametrize("form", FORMS)
def test_what_is_cut_off_counts_up_to_the_cut(here: Path, form: str) -> None:
    whole = FORMS[form](FILES)
    for part in (0.4, 0.9):
        found = Read(whole[: int(len(whole) * part)])
        assert found.data or (form == "tar.bz2" and part < 0.5)  # its blocks are large
        assert found.data.items() <= FILES.items()
        (problem,) = found.problems
        assert problem.fatal
        assert "cut off" in problem.message
        before = "the file before was" if len(found.data) == 1 else f"the {len(found.data)} files before were"
        assert not found.data or f"; {before} read" in problem.message


def test_gzip_gives_all_that_stands_before_its_damage(here: Path) -> None:
    whole = bytearray(gzip.compress(tar(FILES)))
    whole[-8] ^= 1
    found = Read(bytes(whole))
    assert found.data == FILES
    assert "damaged" in found.told


def test_a_damaged_member_of_a_zip_costs_that_member(here: Path) -> None:
    whole = bytearray(zipped(FILES, zipfile.ZIP_STORED))
    at = whole.index(FILES["dump/ns-7/pods.yaml"])
    whole[at] ^= 1
    found = Read(bytes(whole))
    assert found.data.keys() == FILES.keys() - {"dump/ns-7/pods.yaml"}
    (problem,) = found.problems
    assert problem.path == "a.bin!/dump/ns-7/pods.yaml"
    assert not problem.fatal


def test_a_damaged_header_of_a_tar_costs_its_member(here: Path) -> None:
    whole = bytearray(tar(FILES))
    at = whole.index(b"dump/ns-7/pods.yaml")
    whole[at] ^= 1
    found = Read(bytes(whole))
    assert found.data.keys() == FILES.keys() - {"dump/ns-7/pods.yaml"}
    assert f"a header is damaged at byte {at:,}" in found.told


def test_names_are_cleaned_and_climbing_ones_refused(here: Path) -> None:
    found = Read(tar({"/etc/a.yaml": b"a", "./b//c.yaml": b"b", "../x.yaml": b"x", "d/../../y.yaml": b"y"}))
    assert found.data == {"etc/a.yaml": b"a", "b/c.yaml": b"b"}
    assert found.told == "a.bin: 2 members not read (its name climbs out of the archive): ../x.yaml, d/../../y.yaml"
    assert not list(here.parent.glob("x.yaml"))


def test_long_names_of_either_kind(here: Path) -> None:
    name = f"{'d' * 90}/{'e' * 150}/{'f' * 90}é.yaml"
    for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert Read(tar({name: b"a"}, format=kind)).data == {name: b"a"}


def test_what_is_no_file_is_not_read(here: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for kind, name in (
            (tarfile.SYMTYPE, "sym.yaml"),
            (tarfile.LNKTYPE, "hard.yaml"),
            (tarfile.CHRTYPE, "char.yaml"),
            (tarfile.BLKTYPE, "block.yaml"),
            (tarfile.FIFOTYPE, "fifo.yaml"),
            (tarfile.DIRTYPE, "dir.yaml"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("last.yaml")
        archive.addfile(member)
    found = Read(made.getvalue())
    assert found.data == {"last.yaml": b""}
    assert found.skipped == {
        "sym.yaml": "link",
        "hard.yaml": "link",
        "char.yaml": "a device",
        "block.yaml": "a device",
        "fifo.yaml": "a pipe",
    }


def test_a_sparse_member_is_named(here: Path) -> None:
    member = tarfile.TarInfo("holes.yaml")
    member.size = 4
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "holes.yaml"}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(b"abcd"))
    found = Read(made.getvalue() [:-1024] + tar({"a.yaml": b"a"}))
    assert found.data == {"a.yaml": b"a"}
    assert "sparse" in found.told


def test_the_first_of_two_members_of_one_name_counts(here: Path) -> None:
    found = Read(tar({"a.yaml": b"1"})[:1024] + tar({"./a.yaml": b"2", "b.yaml": b"3"}))
    assert found.data == {"a.yaml": b"1", "b.yaml": b"3"}
    assert "stands twice" in found.told


def test_tars_behind_each_other_are_one(here: Path) -> None:
    found = Read(gzip.compress(tar({"a.yaml": b"1"})) + gzip.compress(tar({"b.yaml": b"2"})))
    assert found.data == {"a.yaml": b"1", "b.yaml": b"2"}
    assert not found.problems


def test_an_archive_inside_the_archive_is_named(here: Path) -> None:
    inner = {f"in-{number}.tar.gz": b"" for number in range(5)}
    found = Read(zipped({**inner, "a.yaml": b"a", "pods/p/x.log.gz": b"", "readme.md": b""}))
    assert found.data == {"a.yaml": b"a"}
    assert found.skipped == {"pods/p/x.log.gz": "compressed log", "readme.md": "not YAML or JSON"}
    assert "5 members not read (an archive inside the archive): in-0.tar.gz, in-1.tar.gz, in-2.tar.gz and 2 more" in (
        found.told
    )


def test_an_encrypted_member_is_named(here: Path) -> None:
    whole = bytearray(zipped({"a.yaml": b"a", "b.yaml": b"b"}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    found = Read(bytes(whole))
    assert found.data == {"b.yaml": b"b"}
    assert "1 member not read (encrypted): a.yaml" in found.told


def test_folders_and_exclusions_count_as_in_a_tree(here: Path) -> None:
    names = ("node_modules/a.yaml", ".git/b.yaml", "tests/c.yaml", "namespaces/vendor/core/pods.yaml", "d.yaml")
    found = Read(tar(dict.fromkeys(names, b"a")), exclude=["tests/"])
    assert set(found.data) == {"namespaces/vendor/core/pods.yaml", "d.yaml"}
    assert found.skipped == {
        "node_modules/a.yaml": "vendored folder",
        ".git/b.yaml": "hidden folder",
        "tests/c.yaml": "excluded",
    }


@pytest.mark.parametrize("form", ["tar.gz", "tar.xz", "tar.bz2", "tar.zst", "zip"])
def test_a_bomb_is_refused_in_little_memory(here: Path, form: str) -> None:
    bomb = FORMS[form]({"a.yaml": b"kind: Pod", "bomb.log": b"", **{f"{n}.yaml": bytes(2**22) for n in range(12)}})
    limits = Limits(archive_ratio=40, ratio_from=2**24)
    tracemalloc.start()
    try:
        told, first = "", b""
        Path("a.bin").write_bytes(bomb)
        for entry in gather(["a.bin"], limits=limits):
            if isinstance(entry, Problem):
                told += entry.message
            elif isinstance(entry, Artifact) and not first:
                first = entry.read()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first == b"kind: Pod"
    assert "unpacks to more than" in told
    assert peak < 2**25


def test_totals_are_bounded(here: Path) -> None:
    assert "unpacks to more than" in Read(gzip.compress(tar(FILES)), limits=Limits(archive_bytes=2**16)).told
    assert "more than 5 files" in Read(tar(FILES), limits=Limits(archive_members=5)).told
    found = Read(zipped({"a.yaml": b"\0" * 100, "b.yaml": b"b"}), limits=Limits(file_bytes=50))
    assert found.data == {"b.yaml": b"b"}
    assert "larger than" in found.told


def test_a_pipe_is_kept_within_bounds(here: Path) -> None:
    noise = random.Random(3).randbytes(2**21)
    found = Read(tar({"a.yaml": noise}), pipe=True, limits=Limits(file_bytes=2**20))
    assert "name the file" in found.problems[-1].remedy


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstandard.compress])
def test_a_single_compressed_file(here: Path, pack: Callable[[bytes], bytes]) -> None:
    (here / "pods.yaml.gz").write_bytes(pack(b"kind: Pod\n"))
    (artifact,) = gather(["pods.yaml.gz"])
    assert isinstance(artifact, Artifact)
    assert artifact.path == "pods.yaml.gz"
    assert artifact.read() == b"kind: Pod\n"
    artifact.expect()
    assert artifact.read() == b"kind: Pod\n"


def test_the_beginning_of_a_compressed_file_that_is_cut_off_counts(here: Path) -> None:
    text = b"".join(b"---\nkind: Pod\nn: %d\n" % number for number in range(9999))
    (here / "pods.yaml.gz").write_bytes(gzip.compress(text)[:-9])
    artifact, problem = gather(["pods.yaml.gz"])
    assert isinstance(artifact, Artifact)
    assert text.startswith(artifact.read())
    assert isinstance(problem, Problem)
    assert "cut off" in problem.message


def test_an_archive_that_changes_before_it_is_read_again(here: Path) -> None:
    found = Read(tar(FILES))
    (here / "a.bin").write_bytes(b"")
    with pytest.raises(InputProblem, match="changed while it was read"):
        found.artifacts[0].read()
    (here / "a.bin").unlink()
    with pytest.raises(InputProblem, match="no such file"):
        found.artifacts[0].read()


def test_an_archive_twice_is_read_once(here: Path) -> None:
    (here / "a.tar").write_bytes(tar({"a.yaml": b"a"}))
    (here / "b.tar").symlink_to("a.tar")
    entries = list(gather(["a.tar", "b.tar"]))
    assert [isinstance(entry, Artifact) for entry in entries] == [True, False]
    assert isinstance(entries[1], Skipped)


SMALL = {f"d/{number}.yaml": b"kind: Pod\n" * number for number in range(9)}
SEEDS = [pack(SMALL) for pack in FORMS.values()] + [zipped(SMALL, zipfile.ZIP_LZMA), zipped(SMALL, zipfile.ZIP_BZIP2)]


@settings(max_examples=150)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 700)), max_size=4),
    st.booleans(),
)
def test_no_damage_is_more_than_a_problem(seed: bytes, changes: list[tuple[float, bytes, int]], pipe: bool) -> None:
    data = bytearray(seed)
    for place, new, gone in changes:
        at = int(place * len(data))
        data[at : at + (gone if gone > 650 else len(new))] = new
    limits = Limits(file_bytes=2**22, archive_bytes=2**25, ratio_from=2**23)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.bin")
        path.write_bytes(data)
        artifacts = []
        for entry in gather(["-" if pipe else str(path)], stdin=io.BytesIO(data), limits=limits):
            if isinstance(entry, Artifact):
                artifacts.append((entry, entry.read()))
        for artifact, before in artifacts:
            assert artifact.read() == before


def test_separators_of_windows(here: Path) -> None:
    whole = zipped({"d/a.yaml": b"a", "b.yaml": b"b"}).replace(b"d/a.yaml", b"d\\a.yaml")
    assert Read(whole).data == {"d/a.yaml": b"a", "b.yaml": b"b"}
