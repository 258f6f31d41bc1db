"""Dumps in an S3 store, through s3fs as users have it: a small store of our own on loopback answers."""

import hashlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump
from runs import judged
from stores import judged_as_files

pytest.importorskip("s3fs")

SECRET = "s3cr3tc4nary"


class Store(http.server.BaseHTTPRequestHandler):
    """Objects of one bucket, `dumps`: nobody may read what begins with `denied`, nothing answers for `silent`."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    replaced: dict[str, bytes]
    asked: list[str]
    end: threading.Event

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        _, bucket, *rest = unquote(url.path).split("/", 2)
        key = rest[0] if rest else ""
        self.asked.append(f"{self.command} {key} {self.headers.get('Range', '')}")
        if bucket != "dumps":
            self._error(404, "NoSuchBucket")
        elif not key:
            self._list(parse_qs(url.query).get("prefix", [""])[0])
        elif key.startswith("silent"):
            self.end.wait(60)
            self.close_connection = True
        elif key.startswith("denied"):
            self._error(403, "AccessDenied")
        elif key not in self.objects:
            self._error(404, "NoSuchKey")
        else:
            self._object(key)

    def _object(self, key: str) -> None:
        data = self.objects[key]
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        if self.headers.get("If-Match", etag) != etag:
            self._error(412, "PreconditionFailed")
            return
        headers = {"ETag": etag, "Last-Modified": formatdate(1_790_000_000, usegmt=True), "Accept-Ranges": "bytes"}
        asked = self.headers.get("Range", "")
        if not asked:
            self._send(200, data, headers)
            return
        start, end = (int(one) for one in asked.removeprefix("bytes=").split("-"))
        end = min(end, len(data) - 1)
        self._send(206, data[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})
        if key in self.replaced:
            self.objects[key] = self.replaced.pop(key)

    def _list(self, prefix: str) -> None:
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><ETag>x</ETag><StorageClass>STANDARD"
            "</StorageClass><LastModified>2026-11-01T00:00:00.000Z</LastModified></Contents>"
            for key, data in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><IsTruncated>false</IsTruncated><Name>dumps</Name>{found}</ListBucketResult>"
        self._send(200, text.encode(), {"Content-Type": "application/xml"})

    def _error(self, status: int, code: str) -> None:
        said = f"<Error><Code>{code}</Code><Message>{escape(self.headers.get('Authorization', ''))}</Message></Error>"
        self._send(status, said.encode(), {"Content-Type": "application/xml"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def store(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Store]]:
    made = type("Its", (Store,), {"objects": {}, "replaced": {}, "asked": [], "end": threading.Event()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), made)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    yield made
    made.end.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_dumps_in_a_store_are_judged_as_files_are(
    jobs: str, place: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    judged_as_files(capsys, place, store.objects, jobs, "s3://dumps/", "s3://dumps/")


def test_what_a_store_refuses_is_named_and_the_others_are_judged(
    place: Path, store: type[Store], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linter.sources.remote._BLOCK", 100_000)
    store.objects |= {"good.json": dump(1), "denied.json": dump(2), "moved.json": dump(3) + b" " * 600_000}
    store.replaced["moved.json"] = dump(4) + b" " * 600_000
    names = ["good.json", "denied.json", "gone.json", "moved.json"]
    result = judged(capsys, *(f"s3://dumps/{name}" for name in names), "s3://nobodys/x.json", "--verbose")
    assert result["code"] == 3
    assert result["scan"]["inputs"] == ["s3://dumps/good.json"]
    problems = {one["path"].removeprefix("s3://dumps/"): one["message"] for one in result["coverage"]["problems"]}
    assert problems == {
        "denied.json": "could not be read: access is denied",
        "gone.json": "could not be read: there is nothing (404)",
        "moved.json": "changed while it was read",
        "s3://nobodys/x.json": "could not be read: there is nothing (404)",
    }
    assert SECRET not in json.dumps(result)


def test_a_store_that_does_not_answer_is_not_waited_for(
    place: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    store.objects["good.json"] = dump(1)
    result = judged(capsys, "s3://dumps/silent.json", "s3://dumps/good.json", "--timeout", "1")
    assert result["code"] == 3
    assert result["scan"]["inputs"] == ["s3://dumps/good.json"]
    (problem,) = result["coverage"]["problems"]
    assert problem["path"] == "s3://dumps/silent.json"
    assert not store.end.is_set()
    assert 1 < sum("silent" in one for one in store.asked) < 20
