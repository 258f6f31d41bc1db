"""How much is read and looked through for a text in windows, and for the places in it: counted, not timed."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from windowed import LISTS, STYLES, listed, written

from linter.documents import Document
from linter.documents.window_positions import WindowPositions
from linter.documents.windows import NotWindowedError, read_windows, scan, texts
from linter.inventory.kept import Keeper
from linter.sources import Artifact, Limits, gather
from linter.sources.raw import FileBytes
from linter.taking import take_artifact


class Counted:
    """Bytes that tell how many of them were asked for."""

    def __init__(self, data: bytes, *, direct: bool = True) -> None:
        self.path, self.size, self.asked = "all.json", len(data), 0
        self.direct = direct
        self._data = data

    def at(self, offset: int, size: int) -> bytes:
        part = self._data[offset : offset + size]
        self.asked += len(part)
        return part


def in_windows(raw: Counted, window: int) -> tuple[Any, ...]:
    given: list[tuple[Any, int]] = []

    def each(document: Document, first: int) -> None:
        given.append((document, first))

    try:
        read = read_windows(raw.path, raw, Limits(), each, lambda _: given.clear(), window=window)
    except NotWindowedError as error:
        return (str(error),)
    return given, read.places, read.documents, read.problems, read.skipped


@given(LISTS, STYLES, st.booleans(), st.integers(1, 300), st.integers(0, 400))
def test_bytes_read_twice_are_read_as_those_that_are_kept(
    value: dict[str, Any], style: tuple[int | str | None, bool], crlf: bool, window: int, lost: int
) -> None:
    text = written(value, style, crlf=crlf, escaped=False).encode()
    for data in (text * 2, text[:lost], text[:lost] + text[lost + 1 :]):
        kept, again = Counted(data, direct=False), Counted(data)
        assert in_windows(again, window) == in_windows(kept, window)


@pytest.mark.parametrize("direct", [True, False])
def test_no_byte_is_asked_for_twice_that_is_dear(direct: bool) -> None:
    data = listed(*(f"name-{number}" for number in range(400))).encode()
    raw = Counted(data, direct=direct)
    in_windows(raw, 1000)
    mark = 3  # bytes of an encoding's mark, that are looked for first
    assert (raw.asked > len(data) + mark) == direct


class Sought(Counted):
    """Bytes that tell in how many of them something was looked for, and how many were held at most."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.looked = self.held = 0

    def at(self, offset: int, size: int) -> bytes:
        outer = self

        class Part(bytes):
            def find(self, sign: Any, *bounds: Any) -> int:
                found = super().find(sign, *bounds)
                outer.looked += (len(self) if found < 0 else found) - (bounds[0] if bounds else 0)
                return found

        part = super().at(offset, size)
        self.held = max(self.held, len(part))
        return Part(part)


@pytest.mark.parametrize("indented", [0, 1])
def test_items_of_a_line_each_are_looked_through_once(indented: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that closes an item as the first one is closed may never come: it is not looked for anew each time."""
    monkeypatch.setattr("linter.documents.list_items.LARGEST_ODD", 2**14)
    items = [json.loads(listed(f"name-{number}"))["items"][0] | {"filler": "x" * 900} for number in range(400)]
    first = [json.dumps(item, indent=4).replace("\n", "\n        ") for item in items[:indented]]
    written = ",\n        ".join([*first, *(json.dumps(item) for item in items[indented:])])
    data = f'{{\n    "apiVersion": "v1",\n    "items": [\n        {written}\n    ],\n    "kind": "List"\n}}'.encode()
    raw = Sought(data)
    given = in_windows(raw, 2**12)[0]
    assert sum(len(document.data["items"]) for document, _ in given) == 400
    assert len(data) / 2 < raw.looked < 5 * len(data)
    assert raw.held < 2**16 < len(data) / 5


def test_items_before_one_that_closes_on_a_line_are_not_tried_with_it_each() -> None:
    items = '{"a": 1},' * 20_000 + '{"a": 1\n    }'
    data = f'{{"apiVersion": "v1", "kind": "List", "items": [\n    {items}]}}'.encode()
    raw = Sought(data)
    assert len(in_windows(raw, 2**22)[1].values[0].starts) == 20_001
    assert raw.looked < 100 * len(data)  # those near its end look for it, 2,000 times as much all would


def test_places_asked_for_in_order_read_the_text_a_few_times_at_most() -> None:
    text = listed(*(f"name-{number}" for number in range(4000)))
    data, lines = text.encode(), text.split("\n")
    raw = Counted(data)
    there = WindowPositions(raw.path, raw, scan(raw, Limits(window_bytes=1)))
    raw.asked = 0
    for number in range(4000):
        span = there.span(0, ("items", number, "metadata", "name"))
        assert span is not None
        assert lines[span.line - 1][span.column - 1 :] == f'"name-{number}"'
    assert raw.asked <= 3 * len(data)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_place_at_the_end_is_found_without_reading_all_before_it_again(ends: str) -> None:
    text = listed(*(f"name-{number}" for number in range(4000)))
    data, lines = text.replace("\n", ends).encode(), text.split("\n")
    raw = Counted(data)
    there = WindowPositions(raw.path, raw, scan(raw, Limits(), window=2**16))
    raw.asked = 0
    span = there.span(0, ("items", 3990, "metadata", "name"))
    assert span is not None
    assert lines[span.line - 1][span.column - 1 :] == '"name-3990"'
    assert raw.asked < len(data) / 4


@pytest.mark.parametrize("form", ["---\n", "{}\n", "--- 1\n"])
def test_many_documents_are_looked_through_in_few_reads(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read opens the file: one for each of millions of documents would take minutes."""
    (tmp_path / "all.yaml").write_text(form * 50_000)
    (artifact,) = gather([str(tmp_path / "all.yaml")], limits=Limits(window_bytes=2**16))
    assert isinstance(artifact, Artifact)
    taken, raw = take_artifact(artifact, None), artifact.windows()
    assert taken.skipped == 50_000
    assert raw is not None
    assert taken.places is not None
    reads: list[tuple[int, int]] = []

    def counted(self: FileBytes, offset: int, size: int) -> bytes:
        reads.append((offset, size))
        return whole(self, offset, size)

    whole = FileBytes.at
    monkeypatch.setattr(FileBytes, "at", counted)
    assert [one.strip() for one, _ in texts(raw, taken.places, lambda _: None, 2**20)] == [form.strip()] * 50_000
    assert len(reads) < 5


@pytest.mark.parametrize("form", ["---\n", "{}\n", "--- 1\n"])
def test_a_further_document_takes_little_memory(tmp_path: Path, form: str) -> None:
    """Where it stands is kept, and nothing else: millions of documents fit into what a process may take."""
    peaks = []
    for count in (4_000, 4_000, 16_000):  # the first also loads what is loaded on use
        (tmp_path / "all.yaml").write_text(form * count)
        (artifact,) = gather([str(tmp_path / "all.yaml")], limits=Limits(window_bytes=2**12))
        assert isinstance(artifact, Artifact)
        tracemalloc.start()
        try:
            assert take_artifact(artifact, Keeper()).skipped == count
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert (peaks[2] - peaks[1]) / 12_000 < 450
