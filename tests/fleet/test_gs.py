"""Dumps in Google's store, through gcsfs as users have it: a small store of our own on loopback answers."""

import base64
import hashlib
import http.server
import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump
from runs import judged
from stores import judged_as_files

# Not imported here: how it is to be imported is for the call to say.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("gcsfs") is None, reason="gcsfs is not installed")

SECRET = "s3cr3tc4nary"


class Store(http.server.BaseHTTPRequestHandler):
    """Objects of one bucket, `dumps`; those whose name begins with `denied` nobody may read.

    It gives tokens for a service account as well, and wants them back with each request.
    """

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    replaced: dict[str, bytes]
    scopes: list[str]

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        claims = parse_qs(said)["assertion"][0].split(".")[1]
        self.scopes.append(json.loads(base64.urlsafe_b64decode(claims + "==="))["scope"])
        self._json({"access_token": SECRET, "expires_in": 3600, "token_type": "Bearer"})

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: one[0] for name, one in parse_qs(url.query).items()}
        _, _, place = url.path.partition("/b/")
        bucket, _, name = place.partition("/o")
        name = unquote(name.removeprefix("/"))
        if self.headers.get("Authorization") != f"Bearer {SECRET}":
            self._error(401)
        elif bucket != "dumps":
            self._error(404)
        elif not name:
            self._list(query.get("prefix", ""), query.get("delimiter", ""))
        elif name.startswith("denied"):
            self._error(403)
        elif name not in self.objects:
            self._error(404)
        elif query.get("alt") == "media":
            self._media(name)
        else:
            self._json(self._about(name))

    def _about(self, name: str) -> dict[str, str]:
        data = self.objects[name]
        generation = str(int(hashlib.sha256(data).hexdigest()[:12], 16))
        about = {"kind": "storage#object", "name": name, "bucket": "dumps", "size": str(len(data))}
        return {**about, "generation": generation, "etag": generation, "updated": "2026-11-01T00:00:00.000Z"}

    def _media(self, name: str) -> None:
        data, etag = self.objects[name], self._about(name)["etag"]
        start, end = (int(one) for one in self.headers["Range"].removeprefix("bytes=").split("-"))
        end = min(end, len(data) - 1)
        headers = {"ETag": etag, "Last-Modified": formatdate(1_790_000_000, usegmt=True)}
        self._send(206, data[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})
        if name in self.replaced:
            self.objects[name] = self.replaced.pop(name)

    def _list(self, prefix: str, delimiter: str) -> None:
        names = [name for name in sorted(self.objects) if name.startswith(prefix)]
        below = [name for name in names if not delimiter or delimiter not in name[len(prefix) :]]
        folders = {prefix + name[len(prefix) :].partition("/")[0] + "/" for name in names if name not in below}
        self._json({"kind": "storage#objects", "items": [*map(self._about, below)], "prefixes": sorted(folders)})

    def _error(self, status: int) -> None:
        said = {"error": {"code": status, "message": self.headers.get("Authorization", "")}}
        self._send(status, json.dumps(said).encode(), {"Content-Type": "application/json"})

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def key() -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - comes with gcsfs
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    plain = serialization.NoEncryption()
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return rsa.generate_private_key(65537, 2048).private_bytes(*forms, plain).decode()


@pytest.fixture
def store(place: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> Iterator[type[Store]]:
    made = type("Its", (Store,), {"objects": {}, "replaced": {}, "scopes": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), made)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_address[1]}"
    account = {"type": "service_account", "client_email": "robot@example.com", "token_uri": f"{here}/token"}
    (place / "account").write_text(json.dumps({**account, "private_key": key, "project_id": "p"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(place / "account"))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", here)
    yield made
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_dumps_in_a_store_are_judged_as_files_are(
    jobs: str, place: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    judged_as_files(capsys, place, store.objects, jobs, "gs://dumps/", "gcs://dumps/")
    assert {scope.rpartition("/")[2] for scope in store.scopes} == {"devstorage.read_only"}


def test_what_a_store_refuses_is_named_and_the_others_are_judged(
    place: Path, store: type[Store], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linter.sources.remote._BLOCK", 300_000)
    rest = b" " * 900_000
    store.objects |= {"good.json": dump(1), "denied.json": dump(2), "moved.json": dump(3) + rest, "empty.json": b""}
    store.replaced["moved.json"] = dump(4) + rest
    names = ["good.json", "denied.json", "gone.json", "moved.json", "empty.json"]
    result = judged(capsys, *(f"gs://dumps/{name}" for name in names), "gs://nobodys/x.json", "--verbose")
    assert result["code"] == 3
    assert result["scan"]["inputs"] == ["gs://dumps/good.json"]
    problems = {one["path"].removeprefix("gs://dumps/"): one["message"] for one in result["coverage"]["problems"]}
    assert problems == {
        "denied.json": "could not be read: access is denied",
        "empty.json": "nothing to judge was found in it",
        "gone.json": "could not be read: there is nothing (404)",
        "moved.json": "changed while it was read",
        "gs://nobodys/x.json": "could not be read: there is nothing (404)",
    }
    assert SECRET not in json.dumps(result)


def test_without_a_login_access_is_denied(
    place: Path, store: type[Store], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.objects["a.json"] = dump(1)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(place))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    result = judged(capsys, "gs://dumps/a.json")
    assert result["code"] == 3
    assert [one["message"] for one in result["coverage"]["problems"]] == ["could not be read: access is denied"]
