"""Dumps behind URLs: read as they come, named without credentials, and what cannot be read is told."""

import gzip
import http.server
import io
import json
import re
import sqlite3
import ssl
import subprocess
import sys
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main
from linter.sources.addresses import shown

sys.path.insert(0, str(Path(__file__).parent))

from dumps import LAYOUTS, Cluster, dump, manifest, tar_gz
from runs import check, judged

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

SECRET = "s3cr3tc4nary"


class Handler(http.server.BaseHTTPRequestHandler):
    """What a server on loopback gives; `site` says what there is."""

    protocol_version = "HTTP/1.1"
    site: "Site"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        site = self.site
        site.asked.append(f"{self.path} {self.headers.get('Authorization', '')}")
        path = self.path.partition("?")[0]
        if path == "/":
            links = "".join(f'<a href="{name}">x</a>' for name in site.files)
            self._send(200, links.encode(), body=body, kind="text/html")
        elif path not in site.files:
            self._send({"/denied": 403, "/broken": 500}.get(path, 404), b"", body=False)
        else:
            data = site.files[path]
            found = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if found and site.ranges:
                start, end = int(found[1]), int(found[2] or len(data) - 1)
                part = f"bytes {start}-{min(end, len(data) - 1)}/{len(data)}"
                self._send(206, data[start : end + 1], body=body, part=part)
            else:
                self._send(200, data, body=body)

    def _send(self, code: int, data: bytes, *, body: bool, kind: str = "application/x", part: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", kind)
        self.send_header("ETag", f'"{zlib.crc32(self.site.files.get(self.path.partition("?")[0], b""))}"')
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()
        if body:
            cut = self.site.cut or len(data)
            self.wfile.write(data[:cut])
            self.site.sent += len(data[:cut])
            self.close_connection = cut < len(data)

    def log_message(self, *_: Any) -> None:
        pass


class Site:
    """What there is: files by path; `ranges` as most servers give them, else whole files only; `cut` bytes at most."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ranges = True
        self.cut = 0
        self.asked: list[str] = []
        self.sent = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Its", (Handler,), {"site": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def found(result: Any) -> list[tuple[str, str, int]]:
    return sorted((one["code"], one["object"]["name"], one["location"]["line"]) for one in result["findings"])


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_dump_behind_a_url_is_judged_as_the_file_is(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str], jobs: str, *, ranges: bool
) -> None:
    site.ranges = ranges
    files = LAYOUTS["velero"].write(Cluster(1).objects)
    kept = {"a.tar.gz": tar_gz(files), "b.zip": zipped(files), "c.json": dump(3), "d.yaml": manifest("app").encode()}
    for name, data in kept.items():
        (place / name).write_bytes(data)
        site.files[f"/{name}"] = data
    here = judged(capsys, *kept, "--jobs", jobs)
    there = judged(capsys, *(f"{site.url}/{name}" for name in kept), "--jobs", jobs)
    assert found(there) == found(here)
    assert there["coverage"]["problems"] == []
    inputs = [scan["inputs"][0] for scan in here["scans"]]
    assert [scan["inputs"] for scan in there["scans"]] == [[f"{site.url}/{name}"] for name in inputs]
    assert [scan["name"] for scan in there["scans"]] == [
        "manifests", f"{site.url}/a", f"{site.url}/b", f"{site.url}/c.json"
    ]  # fmt: skip


def test_a_large_archive_is_read_in_parts_and_once(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    files = LAYOUTS["velero"].write(Cluster(1).objects)
    noise = {f"resources/x/{number}.bin": bytes(2**19) for number in range(40)}
    site.files["/big.tar"] = data = _plain_tar({**files, **noise})
    assert len(data) > 20 * 2**20
    result = judged(capsys, f"{site.url}/big.tar")
    assert result["findings"]
    assert site.sent < len(data) * 2  # once, the head, and the blocks that hold what findings point at


def _plain_tar(files: dict[str, bytes]) -> bytes:
    return gzip.decompress(tar_gz(files))


def test_what_cannot_be_read_is_named_and_the_others_are_judged(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.files["/good.json"] = dump(1)
    names = ["good.json", "nothing.tar.gz", "denied", "broken", "empty.json"]
    site.files["/empty.json"] = b""
    refused, named = "http://127.0.0.1:9/dump.json", "ftp://127.0.0.1:9/dump.json"  # which is called when it is named
    result = judged(capsys, *(f"{site.url}/{name}" for name in names), refused, named)
    assert result["code"] == 3
    assert len(result["findings"]) > 5
    problems = {one["path"].replace(site.url, ""): one["message"] for one in result["coverage"]["problems"]}
    assert problems["/nothing.tar.gz"] == "could not be read: there is nothing (404)"
    assert problems["/denied"] == "could not be read: access is denied"
    assert problems["/broken"] == "could not be read: the server answers 500"
    assert problems["/empty.json"] == "nothing to judge was found in it"
    assert problems[refused] == problems[named] == "could not be read: connection refused"


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("name", ["dump.json", "dump.tar.gz"])
def test_a_connection_that_breaks_is_told(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str], name: str, *, ranges: bool
) -> None:
    files = LAYOUTS["velero"].write(Cluster(1).objects)
    site.files[f"/{name}"] = dump(1) if name.endswith("json") else tar_gz(files)
    site.ranges, site.cut = ranges, len(site.files[f"/{name}"]) // 2
    result = judged(capsys, f"{site.url}/{name}")
    assert result["code"] == 3
    (problem, *_) = result["coverage"]["problems"]
    assert "could not be read" in problem["message"]
    assert "Traceback" not in json.dumps(result)


def test_a_certificate_that_nobody_trusts_is_told(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
    words = ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*command, *words], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not on the PATH")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    site.files["/dump.json"] = dump(1)
    url = site.url.replace("http:", "https:") + "/dump.json"
    (problem,) = judged(capsys, url)["coverage"]["problems"]
    assert problem["message"] == "could not be read: its TLS certificate or connection is not accepted"
    assert "SSL_CERT_FILE" in problem["remedy"]


def test_credentials_in_a_url_are_shown_nowhere(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.files["/dump.json"] = dump(1)
    site.files["/deploy.yaml"] = manifest("app").encode()
    login = site.url.replace("//", f"//user:{SECRET}@")
    words = [
        f"{login}/dump.json?sig={SECRET}", f"{login}/dump.json?sig=other{SECRET}", f"{site.url}/deploy.yaml?{SECRET}",
        f"{login}/gone.json?X-Amz-Signature={SECRET}#{SECRET}",
    ]  # fmt: skip
    outputs = [word for name in ("text", "html", "sarif", "markdown") for word in ("--format", f"{name}={name}.out")]
    for more in (["--jobs", "2"], ["--verbose"], ["--timing"], ["--history", "scans.db", "--resume"]):
        code, out, err = check(capsys, *words, "--format", "json", *outputs, *more)
        assert code == 3, err
        assert SECRET not in out + err
    names = [scan["name"] for scan in json.loads(out)["scans"]]
    shown_at = site.url.replace("//", "//•••@") + "/dump.json?•••"
    assert names == ["manifests", shown_at, f"{shown_at} (2)"]
    assert any(f"sig={SECRET}" in one and "Basic" in one for one in site.asked)
    assert main(["baseline", *words[:3], "-o", "known"]) == 0
    assert main(["resolve", *words[:1]]) in (0, 1)
    assert main(["collect", words[0], "-o", "out.tar.gz"]) == 0
    with tarfile.open("out.tar.gz") as collected:
        for member in collected:
            assert SECRET not in member.name
            assert SECRET.encode() not in collected.extractfile(member).read()  # type: ignore[union-attr]
    assert main(["check", "dump.json", "--context", words[3]]) == 3
    text = "".join(capsys.readouterr())
    assert SECRET not in text
    for file in place.iterdir():
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file.name
    with sqlite3.connect("scans.db") as connection:
        for (data,) in connection.execute("SELECT data FROM regcred_result"):
            assert SECRET.encode() not in zlib.decompress(data)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://u:p@h:1/a/b.tar.gz?sig=x&y=z#f", "https://•••@h:1/a/b.tar.gz?•••"),
        ("https://token@h/a", "https://•••@h/a"),
        ("https://h/a#token", "https://h/a"),
        ("s3://bucket/a#1.json", "s3://bucket/a#1.json"),
        ("https://u:p/q@h/a", "https://u:p/q@h/a"),
        ("https://h/\x1b[31m", "https://h/\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_what_is_shown_of_a_url(url: str, clean: str) -> None:
    assert shown(url) == clean


def test_a_pattern_stands_for_all_that_match(place: Path, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    store = fsspec.filesystem("memory")
    for number in (2, 1):
        store.pipe(f"/fleet/{number}.json", dump(number))
    store.pipe("/fleet/other.txt", b"")
    site.files["/x1.json"], site.files["/x2.json"], site.files["/y.json"] = dump(3), dump(4), b"{}"
    try:
        result = judged(capsys, "memory://fleet/*.json", f"{site.url}/x*.json")
        assert [scan["inputs"][0] for scan in result["scans"]] == [
            "memory:///fleet/1.json", "memory:///fleet/2.json", f"{site.url}/x1.json", f"{site.url}/x2.json"
        ]  # fmt: skip
        result = judged(capsys, "memory://fleet/*.none", f"{site.url}/x1.json")
        assert result["code"] == 3
        assert [one["path"] for one in result["coverage"]["problems"]] == ["memory://fleet/*.none"]
    finally:
        store.rm("/fleet", recursive=True)


def test_a_url_that_has_not_changed_is_not_read_again(
    place: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.files["/a.json"], site.files["/b.json"] = dump(1), dump(2)
    words = [f"{site.url}/a.json", f"{site.url}/b.json", "--history", "scans.db", "--resume", "--fail-on", "never"]
    assert check(capsys, *words)[2].count("from the history") == 0
    assert check(capsys, *words)[2].count("from the history") == 2
    site.files["/a.json"] = dump(3)
    assert check(capsys, *words)[2].count("from the history") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nope://x/y", "nothing reads nope://"),
        ("file:///etc/passwd", "name a file of this machine by its path"),
        ("simplecache::https://h/x", "goes through other places first"),
        ("s3://bucket/x", "pip install s3fs"),
        ("gs://bucket/x", "pip install gcsfs"),
    ],
)
def test_what_nothing_can_read_is_an_error_of_the_call(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    loaded = sys.modules["fsspec.registry"]._registry  # by another test of this process
    for name, scheme in (("s3fs", "s3"), ("gcsfs", "gs")):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(loaded, scheme, raising=False)
    code, out, err = check(capsys, url)
    assert (code, out) == (2, "")
    assert said in err


def test_without_the_extra_it_is_named(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fsspec.core", "fsspec"):
        monkeypatch.setitem(sys.modules, name, None)
    code, _, err = check(capsys, f"https://h/x?{SECRET}")
    assert code == 2
    assert "in a checkout of regcred, pip install '.[url]' (with pipx" in err
    assert SECRET not in err
