"""Web servers that misbehave: what they give is named or read right, never mixed, and no credential goes elsewhere."""

import gzip
import http.server
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump
from runs import judged

from linter.sources import remote

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

SECRET = "s3cr3tc4nary"


class Answer(http.server.BaseHTTPRequestHandler):
    """One request. `act` answers it; `asked` are those before it, beginning with this one's."""

    protocol_version = "HTTP/1.1"
    act: Callable[["Answer"], None]
    asked: list[tuple[str, str, str]]
    data: bytes

    def _do(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        with suppress(ConnectionError):
            type(self).act(self)

    do_GET = do_HEAD = _do  # noqa: N815 - as its base class calls them

    def log_message(self, *_: Any) -> None:
        pass

    def send(self, code: int, body: bytes = b"", *, cut: int | None = None, **headers: str) -> None:
        """Send an answer; `cut` is how many bytes of the body come before the connection is broken off."""
        self.send_response(code)
        if "Content_Length" not in headers:
            headers["Content_Length"] = str(len(body))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:cut])
        self.close_connection = cut is not None

    def part(self, data: bytes, *, shift: int = 0, **headers: str) -> None:
        """Send the part that was asked for, as a good server does; one that begins `shift` further when it lies."""
        asked = self.headers.get("Range", "")
        if not asked or self.command == "HEAD":
            self.send(200, data, Accept_Ranges="bytes", **headers)
            return
        start, end = (int(one) for one in asked.removeprefix("bytes=").split("-"))
        start, end = start + shift, min(end + shift, len(data) - 1)
        where = f"bytes {start}-{end}/{len(data)}"
        self.send(206, data[start : end + 1], Content_Range=where, **headers)


@contextmanager
def serving(act: Callable[[Answer], None], data: bytes = b"") -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    asked: list[tuple[str, str, str]] = []
    handler = type("Its", (Answer,), {"act": act, "asked": asked, "data": data})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def large(seed: int) -> bytes:
    """A dump that is asked for in several parts; all of them have the same size."""
    text = json.loads(dump(seed))
    noise = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"n{seed}"}, "data": {"x": ""}}
    text["items"].append(noise)
    noise["data"] = {"x": "x" * (1000 - len(json.dumps(text)) % 1000)}
    made = json.dumps(text).encode()
    return made + b" " * (600_000 - len(made))


def tell(capsys: pytest.CaptureFixture[str], url: str, *words: str) -> tuple[Any, str]:
    """Judge a URL beside a good file; return the result, and what is said of the URL."""
    result = judged(capsys, url, "good.json", *words)
    assert "good.json" in result["scan"]["inputs"]
    assert SECRET not in json.dumps(result)
    return result, "; ".join(one["message"] for one in result["coverage"]["problems"])


@pytest.fixture(autouse=True)
def good(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "good.json").write_bytes(dump(2))
    monkeypatch.setattr(remote, "_BLOCK", 100_000)


VERSIONS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "etag": lambda data: {"ETag": f'"{hash(data)}"'},
    "weak etag": lambda data: {"ETag": f'W/"{hash(data)}"'},
    "time": lambda data: {"Last_Modified": f"Sat, 28 Nov 2026 10:00:{abs(hash(data)) % 60:02} GMT"},
    "size": lambda data: {},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_file_that_is_replaced_between_two_parts_is_named(
    version: str, after: int, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = large(1), large(3)
    if version == "size":
        new += b" "
    if version == "time" and VERSIONS["time"](old) == VERSIONS["time"](new):
        new = new[:-1] + b"\n"

    def act(answer: Answer) -> None:
        data = old if len(answer.asked) <= after else new
        answer.part(data, **VERSIONS[version](data))

    with serving(act) as (url, asked):
        result, told = tell(capsys, f"{url}/dump.json")
    assert len(asked) == after + 1
    assert told == "changed while it was read"
    assert result["code"] == 3
    assert result["scan"]["inputs"] == ["good.json"]


def void(_: object) -> None:
    """Let go of a value."""


def dropped(answer: Answer) -> None:
    if answer.headers.get("Range"):
        answer.send(206, answer.data, cut=900, Content_Range=f"bytes 0-{len(answer.data) - 1}/{len(answer.data)}")
    else:
        answer.part(answer.data)


def wrong_size(answer: Answer) -> None:
    if answer.command == "HEAD":
        answer.send(200, answer.data, Content_Length="1000", Accept_Ranges="bytes")
    else:
        answer.part(answer.data)


BROKEN: dict[str, tuple[Callable[[Answer], None], str]] = {
    "400": (lambda answer: answer.send(400), "could not be read: the server answers 400"),
    "401": (lambda answer: answer.send(401, WWW_Authenticate="Basic"), "could not be read: access is denied"),
    "403": (lambda answer: answer.send(403), "could not be read: access is denied"),
    "404": (lambda answer: answer.send(404), "could not be read: there is nothing (404)"),
    "429": (lambda answer: answer.send(429), "could not be read: the server answers 429"),
    "500": (lambda answer: answer.send(500), "could not be read: the server answers 500"),
    "503": (lambda answer: answer.send(503), "could not be read: the server answers 503"),
    "drops at once": (lambda answer: setattr(answer, "close_connection", True), "could not be read"),
    "no HTTP": (lambda answer: void(answer.wfile.write(b"SSH-2.0-x\r\n\r\n")), "could not be read"),
    "hangs": (lambda answer: time.sleep(3), "no answer within 1 seconds"),
    "hangs in the body": (lambda answer: answer.send(200, answer.data[:9], Content_Length="99"), "within 1 seconds"),
    "drops in the body": (lambda answer: answer.send(200, answer.data, cut=900), "could not be read to its end"),
    "drops a part": (dropped, "could not be read"),
    "another part": (lambda answer: answer.part(answer.data, shift=7), "gives other parts than it is asked for"),
    "redirects for ever": (lambda answer: answer.send(302, Location=answer.path), "could not be read"),
    "redirects to a file": (lambda answer: answer.send(302, Location="file:///etc/passwd"), "could not be read"),
    "a wrong size": (wrong_size, "changed while it was read"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_an_answer_that_is_none(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    act, said = BROKEN[fault]
    with serving(act, large(1)) as (url, _):
        login = url.replace("//", f"//user:{SECRET}@")
        patience = "1" if "within" in said else "60"
        result, told = tell(capsys, f"{login}/dump.json?sig={SECRET}", "--timeout", patience)
    assert said in told
    assert result["code"] == 3
    assert result["scan"]["inputs"] == ["good.json"]


def said(result: Any) -> list[str]:
    return sorted(f"{one['code']} {one['object']} {one['message']}" for one in result["findings"])


RIGHT: dict[str, Callable[[Answer], None]] = {
    "parts": lambda answer: answer.part(answer.data, ETag='"a"'),
    "ignores ranges": lambda answer: answer.send(200, answer.data, Accept_Ranges="bytes"),
    "denies ranges": lambda answer: answer.send(200, answer.data, Accept_Ranges="none"),
    "knows no HEAD": lambda answer: answer.send(405) if answer.command == "HEAD" else answer.part(answer.data),
    "says no size": lambda answer: answer.send(200, b"" if answer.command == "HEAD" else answer.data),
    "packs": lambda answer: answer.send(200, gzip.compress(answer.data), Content_Encoding="gzip"),
    "redirects": lambda answer: (
        answer.part(answer.data) if answer.path == "/x" else answer.send(307, Location="/x")
    ),
}


@pytest.mark.parametrize("form", RIGHT)
def test_whatever_way_it_is_given_it_is_the_same(form: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = large(1)
    (place / "dump.json").write_bytes(data)
    local = judged(capsys, "dump.json", "good.json")
    with serving(RIGHT[form], data) as (url, _):
        result, told = tell(capsys, f"{url}/dump.json")
    assert not told
    assert said(result) == said(local)
    assert result["scan"]["objects"] == local["scan"]["objects"]


def test_no_credential_is_sent_on_to_another_host(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = large(1)
    with serving(lambda answer: answer.part(answer.data), data) as (other, heard):
        # The same machine under another name is another host.
        elsewhere = other.replace("127.0.0.1", "localhost")
        with serving(lambda answer: answer.send(302, Location=f"{elsewhere}/dump.json")) as (url, asked):
            login = url.replace("//", f"//user:{SECRET}@")
            _, told = tell(capsys, f"{login}/dump.json?sig={SECRET}")
    assert not told
    assert all(authorization.startswith("Basic ") for _, _, authorization in asked)
    assert heard
    assert {authorization for _, _, authorization in heard} == {""}
    assert SECRET not in json.dumps(heard)


def test_what_trickles_is_given_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_PATIENCE", 1)

    def act(answer: Answer) -> None:
        answer.send(200, Content_Length="3000000", Accept_Ranges="none")
        for _ in range(600 if answer.command == "GET" else 0):
            answer.wfile.write(b" ")
            time.sleep(0.1)

    with serving(act) as (url, _):
        _, told = tell(capsys, f"{url}/dump.json", "--timeout", "3")
    assert told == "could not be read to its end: hardly anything comes"
