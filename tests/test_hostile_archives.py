"""Archives that mean harm, and hostile texts as files and as members, through the command and in two formats."""

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import socket
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linter import cli
from tests.commons import TWICE

Judge = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Judge paths as JSON and as text: the exit code and the result, once both agree and nothing has got out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(TWICE.replace("name: a", "name: good"))

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
        code = cli.run(["check", *words, "--scope", "manifests", "--fail-on", "info", "--format", "json"])
        told = capsys.readouterr()
        assert not told.err
        result: dict[str, Any] = json.loads(told.out)
        assert cli.run(["check", *words, "--scope", "manifests", "--fail-on", "info", "--verbose"]) == code
        told = capsys.readouterr()
        for problem in result["coverage"]["problems"]:
            assert problem["path"] in told.out + told.err
        assert "internal error" not in told.err
        assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        return code, result

    return run


def found(result: dict[str, Any]) -> list[str]:
    return sorted(one["location"]["path"] for one in result["findings"] if one["code"] == "RC307")


def problems(result: dict[str, Any]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for one in result["coverage"]["problems"]:
        said.setdefault(one["path"], []).append(one["message"])
    return said


def entry(
    name: str, kind: bytes = tarfile.REGTYPE, target: str = "", text: str = TWICE
) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    data = text.encode() if kind in (tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE) else b""
    member.size = len(data)
    return member, data


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, data in members:
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def zipped(*members: tuple[str, str | bytes, int]) -> bytes:
    """A zip of names, contents and modes of Unix."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.create_system = 3
            archive.writestr(info, text)
    return buffer.getvalue()


INNER = zipped(("inner.yaml", TWICE, 0o100644))
LAST = TWICE.replace("name: a", "name: last")
MEMBERS: dict[str, tuple[bytes, str]] = {
    "tar-climbs": (tar(entry("../../out.yaml"), entry("last.yaml", text=LAST)), "climbs out of the archive"),
    "tar-climbs-inside": (tar(entry("a/../../out.yaml"), entry("last.yaml", text=LAST)), "climbs out of the archive"),
    "tar-link": (tar(entry("l.yaml", tarfile.SYMTYPE, "/etc/passwd"), entry("last.yaml", text=LAST)), ""),
    "tar-hard-link": (tar(entry("l.yaml", tarfile.LNKTYPE, "../../etc/passwd"), entry("last.yaml", text=LAST)), ""),
    "tar-link-of-itself": (tar(entry("l.yaml", tarfile.SYMTYPE, "l.yaml"), entry("last.yaml", text=LAST)), ""),
    "tar-character-device": (tar(entry("zero.yaml", tarfile.CHRTYPE), entry("last.yaml", text=LAST)), ""),
    "tar-block-device": (tar(entry("sda.yaml", tarfile.BLKTYPE), entry("last.yaml", text=LAST)), ""),
    "tar-pipe": (tar(entry("pipe.yaml", tarfile.FIFOTYPE), entry("last.yaml", text=LAST)), ""),
    "tar-twice": (
        tar(entry("t.yaml", text="a: 1"), entry("t.yaml"), entry("./t.yaml"), entry("last.yaml", text=LAST)),
        "stands twice: the first counts",
    ),
    "tar-in-tar": (tar(entry("in.tar.gz", text="x"), entry("last.yaml", text=LAST)), "an archive inside the archive"),
    "zip-climbs": (
        zipped(("../out.yaml", TWICE, 0o100644), ("last.yaml", LAST, 0o100644)),
        "climbs out of the archive",
    ),
    "zip-back-slash": (
        zipped(("..\\..\\out.yaml", "a: 1", 0o100644), ("last.yaml", LAST, 0o100644)),
        "climbs out of the archive",
    ),
    "zip-link": (zipped(("l.yaml", "/etc/passwd", 0o120777), ("last.yaml", LAST, 0o100644)), ""),
    "zip-device": (zipped(("zero.yaml", "", 0o020666), ("last.yaml", LAST, 0o100644)), ""),
    "zip-pipe": (zipped(("pipe.yaml", "", 0o010666), ("last.yaml", LAST, 0o100644)), ""),
    "zip-in-zip": (zipped(("in.zip", INNER, 0o100644), ("last.yaml", LAST, 0o100644)), "an archive inside the archive"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_means_harm_is_passed_over_and_the_rest_judged(judge: Judge, name: str) -> None:
    data, message = MEMBERS[name]
    file = f"a.{name.partition('-')[0]}"
    Path(file).write_bytes(data)
    code, result = judge(file, "good.yaml")
    assert code == 1  # the archive was read
    assert found(result) == [f"{file}!/last.yaml", "good.yaml"]
    said = problems(result)
    assert [message in one for one in said.pop(file, [])] == [True] * bool(message)
    assert not said
    assert "root:" not in json.dumps(result)


def test_sparse_members_are_named(judge: Judge) -> None:
    header, data = entry("s.yaml", tarfile.GNUTYPE_SPARSE)
    first = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    first[386:410] = b"%011o\0%011o\0" % (0, len(data))
    first[483:495] = b"%011o\0" % 2**30
    first[148:156] = b"%06o\0 " % (sum(first) - sum(first[148:156]) + 8 * 32)
    body = bytes(first) + data.ljust(512, b"\0")
    Path("a.tar").write_bytes(body + tar(entry("last.yaml", text=LAST)))
    code, result = judge("a.tar", "good.yaml")
    assert code == 1
    assert found(result) == ["a.tar!/last.yaml", "good.yaml"]
    ((said,),) = problems(result).values()
    assert "sparse member" in said


def test_absolute_names_stay_inside(judge: Judge) -> None:
    Path("a.tar").write_bytes(tar(entry("/etc/a.yaml")))
    Path("a.zip").write_bytes(zipped(("/etc/a.yaml", TWICE, 0o100644)))
    for name in ("a.tar", "a.zip"):
        code, result = judge(name)
        assert code == 1
        assert found(result) == [f"{name}!/etc/a.yaml"]
        assert not problems(result)


def test_a_zip_whose_sizes_lie_costs_no_more_than_it_says(judge: Judge) -> None:
    """The directory says 1 byte, or 4 GiB; the stream unpacks to something else: either costs that member."""
    for size in (1, 2**32 - 2):
        data = bytearray(zipped(("a.yaml", "# " + "x" * 2**20, 0o100644), ("last.yaml", LAST, 0o100644)))
        at = data.index(b"PK\1\2") + 24
        data[at : at + 4] = size.to_bytes(4, "little")
        Path("a.zip").write_bytes(data)
        code, result = judge("a.zip", "good.yaml")
        assert code == 1
        assert found(result) == ["a.zip!/last.yaml", "good.yaml"]
        assert list(problems(result)) == ["a.zip!/a.yaml"]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
TEXTS: dict[str, tuple[str, bytes, str]] = {
    "alias bomb": ("x.yaml", f"kind: Secret\n{BOMB}".encode(), "expand without bound"),
    "deep flow": ("x.yaml", b"kind: Secret\nx: " + b"[" * 50_000 + b"]" * 50_000, "nesting depth"),
    "deep JSON": ("x.json", b'{"kind": "Secret", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too deeply"),
    "scalar": ("x.yaml", b"kind: Secret\nx: " + b"a" * 5_000_000, ""),
    "scalar of JSON": ("x.json", b'{"kind": "Secret", "x": "' + b"a" * 5_000_000 + b'"}', ""),
    "key": ("x.yaml", b"kind: Secret\n? " + b"a" * 2_000_000 + b"\n: x\n", ""),
    "key of JSON": ("x.json", b'{"kind": "Secret", "' + b"a" * 2_000_000 + b'": 1}', ""),
    "documents": ("x.yaml", b"---\n" * 100_000, ""),
    "values of JSON": ("x.json", b"{}\n" * 100_000, ""),
    "NUL": ("x.yaml", b"kind: Secret\nx: \0\n", "control characters"),
    "NUL in JSON": ("x.json", b'{"apiVersion": "v1", "kind": "Secret", "x": \0}', "could not be read"),
    "invalid UTF-8": ("x.yaml", b"kind: Secret\nx: \xff\xfe\xfa\n", "not UTF-8 text at byte 16"),
    "invalid UTF-8 in JSON": ("x.json", b'{"kind": "Secret", "x": "\xff\xfe\xfa"}', "not UTF-8 text at byte 25"),
    "half of UTF-16": ("x.yaml", TWICE.encode("utf-16")[:-1], "not UTF-16"),
    "half of UTF-32": ("x.yaml", TWICE.encode("utf-32")[:-2], "not UTF-32"),
    "half of UTF-16 in JSON": ("x.json", '{"kind": "Secret"}'.encode("utf-16")[:-1], "not UTF-16"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_means_harm_is_told_as_a_file_and_as_a_member(judge: Judge, name: str) -> None:
    file, data, message = TEXTS[name]
    Path("in").mkdir()
    Path("in", file).write_bytes(data)
    member = tarfile.TarInfo(file)
    member.size = len(data)
    Path("a.tar.gz").write_bytes(gzip.compress(tar((member, data), entry("last.yaml", text=LAST)), 1))
    Path("a.zip").write_bytes(zipped((file, data, 0o100644), ("last.yaml", LAST, 0o100644)))
    code, result = judge(".", "a.tar.gz", "a.zip")
    assert code == 1
    assert found(result) == ["a.tar.gz!/last.yaml", "a.zip!/last.yaml", "good.yaml"]
    said = problems(result)
    if not message:
        assert not said
        return
    assert sorted(said) == [f"a.tar.gz!/{file}", f"a.zip!/{file}", f"in/{file}"]
    for (one,) in said.values():
        assert message in one


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_encodings_are_judged_like_utf_8(judge: Judge, encoding: str) -> None:
    body = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "j", "namespace": "b"},
            "imagePullSecrets": [{"name": "x"}, {"name": "x"}],
        }
    )
    marked = "" if encoding in ("utf-16", "utf-32") else "\ufeff"
    data = {"x.yaml": (marked + TWICE).encode(encoding), "x.json": (marked + body).encode(encoding)}
    for name, content in data.items():
        Path(name).write_bytes(content)
    Path("a.zip").write_bytes(zipped(*((name, content, 0o100644) for name, content in data.items())))
    members = [(tarfile.TarInfo(name), content) for name, content in data.items()]
    for member, content in members:
        member.size = len(content)
    Path("a.tar.gz").write_bytes(gzip.compress(tar(*members)))
    for name, content in data.items():
        Path(f"{name}.bz2").write_bytes(bz2.compress(content))
    code, result = judge("x.yaml", "x.json", "a.zip", "a.tar.gz", "x.yaml.bz2", "x.json.bz2")
    assert code == 1
    assert not problems(result)
    expected = [f"{at}{name}" for at in ("", "a.zip!/", "a.tar.gz!/") for name in data]
    assert found(result) == sorted([*expected, "x.yaml.bz2", "x.json.bz2"])


@pytest.mark.parametrize("name", ["a.tar", "a.zip"])
def test_an_archive_of_which_nothing_may_be_read_was_not_read(judge: Judge, name: str) -> None:
    Path("a.tar").write_bytes(tar(entry("../out.yaml")))
    Path("a.zip").write_bytes(zipped(("../out.yaml", TWICE, 0o100644)))
    code, result = judge(name, "good.yaml")
    assert code == 3
    assert problems(result) == {name: ["1 member not read (its name climbs out of the archive): ../out.yaml"]}


def test_a_file_that_a_folder_leads_to_first_counts_as_named(judge: Judge) -> None:
    Path("in").mkdir()
    Path("in/x.yaml").write_bytes(b"kind: Secret\nx: [\n")
    assert judge(".")[0] == 1
    code, result = judge(".", "in/x.yaml")
    assert code == 3
    assert found(result) == ["good.yaml"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_in_a_packed_file_is_told(judge: Judge, pack: Callable[[bytes], bytes]) -> None:
    Path("a.yaml.gz").write_bytes(gzip.compress(pack(TWICE.encode())))
    code, result = judge("a.yaml.gz", "good.yaml")
    assert code == 3
    assert found(result) == ["good.yaml"]
    assert problems(result) == {"a.yaml.gz": ["1 member not read (an archive inside the archive): a.yaml.gz"]}


def test_sockets_and_pipes_that_were_there_are_never_opened(judge: Judge) -> None:
    os.mkfifo("pipe.yaml")
    Path("in").mkdir()
    os.mkfifo("in/pipe.json")
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        one.bind("socket.yaml")
        other.bind("in/socket.json")
        code, result = judge(".")
        assert code == 1
        assert found(result) == ["good.yaml"]
        assert not problems(result)
        code, result = judge("good.yaml", "socket.yaml")
        assert code == 3
        assert found(result) == ["good.yaml"]
        assert list(problems(result)) == ["socket.yaml"]


def test_a_payload_of_an_archive_shows_no_credential(judge: Judge) -> None:
    """What is broken beside a credential is told without it."""
    auth = base64.b64encode(b"user:pass-of-nobody").decode()
    text = f'kind: Secret\nstringData:\n  .dockerconfigjson: \'{{"auths": {{"q": {{"auth": "{auth}"}}}}}}\n'
    Path("a.tar").write_bytes(tar(entry("x.yaml", text=text)))
    _, result = judge("a.tar")
    assert auth not in json.dumps(result)
    assert "it holds a pull secret that could not be judged" in json.dumps(result)
