"""JSON read in windows against the same text read whole: what it holds, where it stands, and what damage costs."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linter.documents import Document, Positions
from linter.documents.held import Held
from linter.documents.kinds import KINDS
from linter.documents.list_items import ListReader, opened
from linter.documents.window_positions import WindowPositions
from linter.documents.windows import NotWindowedError, read_windows, scan, texts
from linter.inventory.kept import Keeper
from linter.model import Problem
from linter.sources import Artifact, Limits, gather
from linter.sources.raw import FileBytes
from linter.taking import Taken, take, take_artifact

Make = Callable[[bytes, int], Artifact]

TEXTS = st.sampled_from(
    [
        '"',
        "\\",
        "}",
        "},",
        "]}",
        "{",
        "\n",
        '"kind": "Secret"',
        "a",
        "é",
        "\u2028",
        "\U0001f40b",
        "\\u006bind",
        "quay.io",
        "",
    ]
)
SCALARS = st.one_of(
    TEXTS, st.integers(-5, 2**70), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(TEXTS, st.just("kind"), st.just("items")), inner, max_size=3),
    ),
    max_leaves=6,
)
WRITTEN = st.sampled_from(
    ["Secret", "Pod", "Image", "ConfigMap", "CustomResourceDefinition", "Node", "PodList", "List", "Template", 3, None]
)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "kind": WRITTEN,
        "apiVersion": st.sampled_from(["v1", "apps/v1", "image.openshift.io/v1", "config.openshift.io/v1", 1]),
        "metadata": st.fixed_dictionaries(
            {"name": st.sampled_from(["a", "b"])},
            optional={"managedFields": VALUES, "annotations": VALUES, "labels": VALUES},
        ),
        "spec": VALUES,
        "imagePullSecrets": VALUES,
        "data": VALUES,
        "items": st.lists(VALUES, max_size=2),
    },
)


def shuffled(value: dict[str, Any], order: list[int]) -> dict[str, Any]:
    return dict(sorted(value.items(), key=lambda pair: order[hash(pair[0]) % len(order)]))


LISTS = st.builds(
    shuffled,
    st.fixed_dictionaries(
        {"items": st.lists(st.one_of(OBJECTS, OBJECTS, VALUES), max_size=6)},
        optional={
            "kind": st.sampled_from(["List", "List", "SecretList", "PodList", "Pod"]),
            "apiVersion": st.just("v1"),
            "metadata": VALUES,
        },
    ),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
)
STYLES = st.sampled_from([(4, True), (2, False), (None, True), (None, False), (0, False), ("\t", True)])


def written(value: Any, style: tuple[int | str | None, bool], *, crlf: bool, escaped: bool) -> str:
    text = json.dumps(value, indent=style[0], ensure_ascii=style[1])
    if crlf:
        text = text.replace("\n", "\r\n")
    return text.replace('"kind"', '"\\u006bind"') if escaped else text


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an artifact of bytes, that is read in windows of a wanted size."""

    def made(data: bytes, window: int) -> Artifact:
        (tmp_path / "all.json").write_bytes(data)
        (found,) = gather([str(tmp_path / "all.json")], limits=Limits(window_bytes=window))
        assert isinstance(found, Artifact)
        return found

    return made


def told(taken: Taken) -> list[tuple[Any, ...]]:
    """What was found, in words that can be compared."""
    return [
        (one.number, item.kind, item.api_version, item.namespace, item.name, item.route, item.listed, pruned(item.body))
        for one, found in taken.documents
        for item in found
    ]


def counts(row: tuple[Any, ...]) -> bool:
    """Whether an object is of a kind, and of an API, that some rule reads."""
    _, kind, version, *_ = row
    return kind in KINDS and KINDS[kind] in version


def pruned(body: Any) -> Any:
    """A body as text, without what nobody reads, in which NaN is equal to itself."""
    metadata = body.get("metadata")
    if isinstance(metadata, dict):
        body = {**body, "metadata": {key: metadata[key] for key in metadata if key != "managedFields"}}
    return repr(body)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(LISTS, LISTS, OBJECTS.filter(bool)), min_size=1, max_size=3),
    STYLES,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "", "\n\x1e", " \r\n\t"]),
    st.one_of(st.integers(1, 90), st.integers(90, 2000)),
)
def test_windows_hold_what_the_whole_text_holds(
    make: Make, values: list[Any], style: Any, crlf: bool, escaped: bool, glue: str, window: int
) -> None:
    text = glue.join(written(value, style, crlf=crlf, escaped=escaped) for value in values)
    data = text.encode()
    artifact = make(data, window)
    expected = take(artifact.path, data, None, Limits())
    found = take_artifact(artifact, None)
    assert not found.problems
    assert found.windowed == (len(data) >= window)
    # A short text keeps what cannot matter too: that may be missing, and nothing else.
    kept = {row[:6] for row in told(found)}
    assert [row for row in told(expected) if row[:6] in kept] == told(found)
    passed = {one.number: one.passed for one, _ in found.documents}
    for row in (row for row in told(expected) if row[:6] not in kept):
        number, _, _, _, _, route, *_ = row
        assert not counts(row)
        assert number not in passed or route[1] in passed[number]


@pytest.mark.parametrize("kind", sorted(kind for kind, needed in KINDS.items() if needed))
@pytest.mark.parametrize("indent", [None, 4])
def test_a_kind_that_several_apis_have_matters_in_windows_too(make: Make, kind: str, indent: int | None) -> None:
    identity = {"apiVersion": {".": "a.example.com/v1"}.get(KINDS[kind], f"{KINDS[kind]}/v1"), "kind": kind}
    body = {"metadata": {"name": "cluster"}, "spec": {}}
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}
    for values in (
        [other, identity | body, other],
        [other, {"kind": kind, **body, "apiVersion": identity["apiVersion"]}],
        [other, body | identity, {"metadata": {}, "items": [], "kind": "List"}],
        [identity | {"kind": f"{kind}List", "items": [body, body]}],
        [{"items": [body, body]} | identity | {"kind": f"{kind}List"}],
        [{"kind": f"{kind}List", "items": [body]} | identity | {"kind": f"{kind}List"}],
    ):
        data = "\n".join(json.dumps(value, indent=indent) for value in values).encode()
        expected = [row for row in told(take("all.json", data, None, Limits())) if row[1] == kind]
        assert expected
        for window in (1, 60, 150):
            found = told(take_artifact(make(data, window), None))
            assert [row[:6] for row in found if row[1] == kind] == [(*row[:6],) for row in expected]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LISTS, STYLES, st.booleans(), st.one_of(st.integers(1, 90), st.integers(90, 2000)))
def test_places_are_those_of_the_whole_text(make: Make, value: Any, style: Any, crlf: bool, window: int) -> None:
    data = b"\xef\xbb\xbf" + written(value, style, crlf=crlf, escaped=False).encode()
    artifact = make(data, window)
    raw = artifact.windows()
    if raw is None:
        assert len(data) < window
        return
    there = WindowPositions(artifact.path, raw, scan(raw, artifact.limits, window=window))
    whole = Positions(artifact.path, data)
    for number, item in enumerate(value["items"]):
        routes = [("items", number), *(("items", number, key) for key in (item if isinstance(item, dict) else ()))]
        for route in routes:
            for part in ("value", "key"):
                one, other = there.span(0, route, part), whole.span(0, route, part)
                assert (one is None) == (other is None)
                if one is not None and other is not None:
                    assert one[2:] == other[2:]
                    text, start, end, _ = there.shown(one, [])
                    assert text[start:end] == whole.text[other.start : other.end]


SECRET = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "NAME"}, "data": {".dockerconfigjson": "e30="}}'


START = "==== START logs for container a of pod b/c ===="


def listed(*names: str, indent: int | None = 4) -> str:
    items = [json.loads(SECRET.replace("NAME", name)) for name in names]
    return json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=indent)


def names(taken: Taken) -> list[str]:
    return [item.name for _, found in taken.documents for item in found]


@pytest.mark.parametrize("window", [1, 7, 64, 300])
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"name": "two"', '"name": two', "not JSON"),
        ('"name": "two"', '"name": "two', "not JSON"),
        ('"name": "two"', '"name": "two\udcff"', "not UTF-8"),
        ('"name": "two"', '"name": "two"}', "a comma is missing"),
        ('"name": "two"', '"name": ' + "[" * 300 + "]" * 300, "nested too deeply"),
    ],
)
def test_a_damaged_item_costs_itself_and_is_named(make: Make, old: str, new: str, why: str, window: int) -> None:
    text = listed("one", "two", "three")
    assert old in text
    data = text.replace(old, new).encode("utf-8", "surrogateescape")
    found = take_artifact(make(data, window), None)
    assert names(found) == ["one", "three"]
    (problem,) = found.problems
    assert why in problem.message
    assert "it holds a pull secret that could not be judged" in problem.message
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines, 1) if '"two"' in line)
    assert first - 9 <= problem.line <= first + 3


def test_a_list_that_is_cut_off_gives_what_stands_before_the_cut(make: Make) -> None:
    text = listed("one", "two", "three")
    found = take_artifact(make(text[: text.index('"three"')].encode(), 50), None)
    assert names(found) == ["one", "two"]
    assert "it ends too early" in found.problems[0].message


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(("after", "damage"), [("", "it ends too early"), (" x", "a comma is missing")])
def test_what_was_passed_over_is_found_in_a_list_that_is_damaged_behind_an_item(
    make: Make, after: str, damage: str, indent: int | None
) -> None:
    node = json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-a"}})
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [json.loads(node)] * 3}, indent=indent)
    artifact = make(text[: text.rindex("}", 0, text.rindex("]")) + 1].encode() + after.encode(), 16)
    raw = artifact.windows()
    assert raw is not None
    found = read_windows(artifact.path, raw, artifact.limits, lambda *_: None, lambda _: None, window=16)
    assert damage in found.problems[0].message
    passed = {one.number: one.passed for one in found.documents}
    told = [text for text, _ in texts(raw, found.places, passed.get, 10_000)]
    assert sum(text.count("node-a") for text in told) == 3


def test_values_that_only_a_lenient_reader_takes_are_taken(make: Make) -> None:
    text = listed("one", "two").replace('"one"', '"one", "x": NaN, "y": 1e999, "z": "\\ud800", "t": "a\tb\0"')
    found = take_artifact(make(text.encode(), 16), None)
    assert names(found) == ["one", "two"]
    assert not found.problems


def test_the_last_of_equal_keys_wins(make: Make) -> None:
    text = listed("one", indent=None).replace('"kind": "Secret"', '"kind": "Node", "kind": "Secret"')
    assert names(take_artifact(make(text.encode(), 16), None)) == ["one"]


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(["managedFields", "managedFields", "managed\\u0046ields", "labels", '\\"managedFields']),
        st.sampled_from(
            [
                '[{"manager": "x"}]',
                "[]",
                '["]", "}", "\\"managedFields\\": ["]',
                "7",
                '"managedFields"',
                '{"managedFields": [1]}',
                '[{"managedFields" : [ 2 ] }]\n',
                "[",
                "[}",
                "[1] 2",
                "nothing",
            ]
        ),
    ),
    max_size=3,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    MEMBERS,
    MEMBERS,
    st.permutations(["kind", "metadata", "spec"]),
    st.sampled_from([", ", ",", ",\n                "]),
    st.booleans(),
    st.sampled_from([1, 60, 300]),
)
def test_managed_fields_are_never_taken_for_data_nor_data_for_them(
    make: Make, inside: Any, beside: Any, order: list[str], comma: str, again: bool, window: int
) -> None:
    metadata = [("name", '"two"'), *inside]
    parts = {"kind": [("kind", '"Pod"')], "metadata": [("metadata", together(metadata, comma))]}
    parts["spec"] = [("spec", together(beside, comma))]
    members = [pair for name in order for pair in parts[name]]
    item = together([*members, *parts["metadata"][:again]], comma)[:-1] + "\n        }"
    neighbours = ["{" + SECRET[1:-1].replace("NAME", name) + "\n        }" for name in ("one", "three")]
    listed = ",\n        ".join((neighbours[0], item, neighbours[1]))
    text = f'{{"kind": "List", "items": [\n        {listed}\n    ]}}'
    found = take_artifact(make(text.encode(), window), None)
    try:
        json.loads(text)
    except ValueError:
        assert names(found) == ["one", "three"]
        assert found.problems
        return
    expected = take("all.json", text.encode(), None, Limits())
    assert told(found) == told(expected)
    body = json.loads(item)
    body["metadata"].pop("managedFields", None)
    assert pruned(found.documents[0][1][1].body) == pruned(body)


def together(members: list[tuple[str, str]], comma: str) -> str:
    return "{" + comma.join(f'"{key}": {value}' for key, value in members) + "}"


class Quirky:
    """Writes values as kubectl does, but that now and then it does not."""

    def __init__(self, random: Random, chance: float, line: str) -> None:
        self._random = random
        self._chance = chance
        self._line = line

    def now(self) -> bool:
        return self._random.random() < self._chance

    def break_(self, depth: int) -> str:
        odd = ("", " ", "\n", "\r\n  ", f"{self._line}{' ' * 4 * depth} ")
        return self._random.choice(odd) if self.now() else self._line + " " * 4 * depth

    def blank(self, plain: str = "") -> str:
        return self._random.choice((" ", "\t", "\r\n", "")) if self.now() else plain

    def key(self, key: str) -> str:
        text = json.dumps(key)
        return f'"\\u{ord(key[0]):04x}{text[2:]}' if key.isascii() and key.isalpha() and self.now() else text

    def text(self, value: Any, depth: int = 0) -> str:
        if not value or not isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=self.now())
        if isinstance(value, list):
            return "[" + self.inside([self.text(one, depth + 1) for one in value], depth) + "]"
        members = []
        for key, one in value.items():
            text = self.text(one, depth + 1)
            while self.now():
                other = self._random.choice((text, "[]", '"' + "x" * (len(text) - 2) + '"', "{}"))
                members.append(f"{self.key(key)}{self.blank()}:{self.blank(' ')}{other}")
            members.append(f"{self.key(key)}{self.blank()}:{self.blank(' ')}{text}")
        return "{" + self.inside(members, depth) + "}"

    def inside(self, texts: list[str], depth: int) -> str:
        separated = (f"{self.blank()},{self.break_(depth + 1)}{text}" for text in texts[1:])
        return self.break_(depth + 1) + texts[0] + "".join(separated) + self.break_(depth)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(OBJECTS, OBJECTS, VALUES), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
    st.sampled_from([0, 0.01, 0.05]),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.one_of(st.integers(1, 300), st.integers(300, 2000)),
)
def test_an_item_in_another_layout_is_read_as_it_stands(
    make: Make, items: list[Any], random: Random, chance: float, line: str, window: int
) -> None:
    """What is written as kubectl writes it is read many at a time: nothing else may pass for it."""
    quirky = Quirky(random, chance, line)
    written = f",{line}        ".join(quirky.text(item, 2) for item in items)
    data = f'{{{line}    "items": [{line}        {written}{line}    ],{line}    "kind": "List"{line}}}'.encode()
    artifact = make(data, window)
    expected, found = take(artifact.path, data, None, Limits()), take_artifact(artifact, None)
    assert not found.problems
    kept = {row[:6] for row in told(found)}
    assert [row for row in told(expected) if row[:6] in kept] == told(found)
    assert not any(counts(row) for row in told(expected) if row[:6] not in kept)
    raw = artifact.windows()
    if raw is not None:
        assert found.places is not None
        (value,), (again,) = found.places.values, scan(raw, artifact.limits, window=window).values
        assert value == again
        assert [json.loads(data[start:end]) for start, end in zip(value.starts, value.ends, strict=True)] == items


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_items_as_kubectl_writes_them_are_not_read_one_by_one(
    make: Make, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: list[int] = []

    def counted(self: ListReader, at: int) -> Any:
        alone.append(at)
        return whole(self, at)

    whole = ListReader._alone
    monkeypatch.setattr(ListReader, "_alone", counted)
    text = listed(*(f"name-{number}" for number in range(1000))).replace("\n", line)
    assert len(names(take_artifact(make(text.encode(), 10_000), None))) == 1000
    assert len(alone) < 5
    alone.clear()
    text = text.replace('"kind"', '"stringData": {},' + line + " " * 12 + '"kind"')
    assert len(names(take_artifact(make(text.encode(), 10_000), None))) == 1000
    assert len(alone) < 100  # in the first window: from then on that member is known


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_objects_one_after_the_other_are_not_read_member_by_member(
    make: Make, indent: int | None, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(self: Held, at: int) -> Any:
        read.append(at)
        return name(self, at)

    name = Held.name
    monkeypatch.setattr(Held, "name", counted)
    values = [json.loads(SECRET.replace("NAME", f"name-{number}")) for number in range(300)]
    text = "".join(json.dumps(value, indent=indent) + "\n" for value in values).replace("\n", line)
    for window in (1000, 10_000):
        assert names(take_artifact(make(text.encode(), window), None)) == [one["metadata"]["name"] for one in values]
    assert not read


def test_objects_that_end_with_no_line_are_tried_a_few_times_only(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def counted(text: bytes) -> Any:
        tried.append(len(text))
        return opened(text)

    monkeypatch.setattr("linter.documents.windows.opened", counted)
    data = ('{"kind": "Pod"} ' * 10_000 + "\n").encode()
    assert len(take_artifact(make(data, 2**20), None).documents) == 10_000
    assert sum(tried) < 2**22 + 3 * len(data)  # to try each with its line takes 800 MB


def test_what_is_not_text_is_only_noticed_where_it_is_read(make: Make) -> None:
    managed = '"managedFields": [{"manager": "x\udcff"}], "name": "two"'
    for window in (1, 300, 700):
        text = listed("one", "two", "three").replace('"name": "two"', managed)
        found = take_artifact(make(text.encode("utf-8", "surrogateescape"), window), None)
        assert names(found) == ["one", "two", "three"]
        assert not found.problems


def test_container_logs_between_documents_are_passed_over(make: Make) -> None:
    logs = f'{START}\n{{"kind": "Secret"\n{START.replace("START", "END")}\n'
    for window in (1, 9, 40, 500):
        data = (listed("one") + "\n" + logs + listed("two", indent=None) + logs).encode()
        found = take_artifact(make(data, window), None)
        assert names(found) == ["one", "two"]
        assert found.logs
        assert not found.problems
        artifact = make(data, window)
        raw = artifact.windows()
        assert raw is not None
        span = WindowPositions("", raw, scan(raw, artifact.limits, window=window)).span(1, ("items", 0, "kind"))
        assert span is not None
        assert span.line == listed("one").count("\n") + 1 + 4


def test_an_item_that_is_too_large_is_refused_with_the_setting_that_allows_it(make: Make, tmp_path: Path) -> None:
    text = listed("one", "x" * 5000)
    (tmp_path / "all.json").write_text(text, encoding="utf-8")
    (found,) = gather([str(tmp_path / "all.json")], limits=Limits(window_bytes=100, file_bytes=2000))
    assert isinstance(found, Artifact)
    taken = take_artifact(found, None)
    assert names(taken) == ["one"]
    assert "is larger than 2000 bytes" in taken.problems[0].message
    assert "`limits`" in taken.problems[0].remedy


def test_a_suppression_is_seen_where_a_window_cuts_it(make: Make) -> None:
    text = listed("one").replace('"name"', '"annotations": {"regcred\\/ignore": "x: y"}, "name"')
    at = text.index("regcred")
    for window in range(at - 3, at + 17):
        assert take_artifact(make(text.encode(), window), None).marked
        assert not take_artifact(make(text.replace("ignore", "other").encode(), window), None).marked


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


def test_json_of_another_form_is_read_whole(make: Make) -> None:
    text = listed("one") + "\n---\n" + listed("two")
    found = take_artifact(make(text.encode(), 100), None)
    assert not found.windowed
    assert names(found) == ["one", "two"]


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
