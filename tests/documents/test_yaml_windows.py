"""YAML read in windows against the same text read whole: what it holds, where it stands, and what damage costs."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from linter.comments import comments
from linter.documents import Positions
from linter.documents.kinds import KINDS
from linter.documents.window_positions import WindowPositions
from linter.model import Route
from linter.sources import Artifact, Limits, gather
from linter.taking import Taken, as_read, scanned, take, take_artifact

Make = Callable[..., Artifact]

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: NAME
  namespace: n
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: e30=
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: n}
spec:
  containers:
  - name: a
    image: quay.io/é/a:1
  imagePullSecrets:
  - name: x
"""
MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
data:
  a: |
    - b: "
    kind: Secret
    --- no marker
    # regcred: ignore[x] no comment

  b: text
"""
OTHER = """\
apiVersion: v1
data:
  a: text
kind: ConfigMap
metadata:
  name: NAME
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: NAME
"""
UNTYPED = """\
metadata:
  name: NAME
  uid: u
data:
  .dockerconfigjson: e30=
"""
COMMENTED = """\
# regcred: ignore[RC101] above
apiVersion: v1
kind: Secret  # regcred: ignore[unlinked-pull-secret] beside
metadata:
  # regcred: ignore[RC102]
  # a comment
  name: NAME
# regcred: ignore[RC103] below
"""
ODD = [
    "a: &x\n  kind: Secret\nb: *x\n",
    "a: *x\n",
    'a: "open\n',
    "a: 'two\n  lines'\nkind: Secret\n",
    "a: [1,\n  2]\n",
    "a:\tb\n",
    "a: b: c\n",
    "a: x\u2028--- y\n",
    "kind: Image\nspec: config.openshift.io\n",
    "kind: {{ x }}\n",
    "- a\n-\tb\n-c\n",
    "? kind\n: Secret\n",
    "a: |\n\n    deep\n\n",
    "a: \x01\n",
    "items:\n- kind: Secret\n",
]
MADE = [SECRET, SECRET, POD, MAP, OTHER, OTHER, CRD, UNTYPED, COMMENTED]
ODD_BETWEEN = ["kind: List\n", "other: 1\n", "  # c\n"]
ODD_HEADS = ["", "--- # c\n", "a: &x b\n"]
ODD_TAILS = ["metadata:\n  - a\n", "other:\n- kind: Secret\n", "a: 'open\n", "b: *x\n", "items: []\n"]
ODD_MARKERS = ["...\n", "... # c\n", "---\n---\n", "--- text\n", "# c\n---\n", "\ufeff---\n", "%YAML 1.1\n---\n", "..."]
LISTS = ["kind: List\n"] * 3 + ["kind: SecretList\n", ""]
HEADS = ["apiVersion: v1\n", "# regcred: ignore[RC105] head\napiVersion: v1\n", "---\napiVersion: v1\n"]
TAILS = ["", "metadata:\n  resourceVersion: ''\n", "# regcred: ignore[RC106] tail\nmetadata: {}\n"]
COMMENTS = ["", "", "", "", "# regcred: ignore[RC104] between\n", "\n"]


def item(body: str, name: str, column: int) -> str:
    lines = body.replace("NAME", name).splitlines(keepends=True)
    pad = " " * (column + 2)
    text = "".join(pad + line if line.strip() else line for line in lines)
    return " " * column + "- " + text[column + 2 :]


@st.composite
def lists(draw: st.DrawFn, *, odd: bool) -> str:
    def one(usual: list[str], unusual: list[str]) -> str:
        return draw(st.sampled_from(unusual if odd and draw(st.integers(0, 5)) == 5 else usual))

    column = draw(st.sampled_from([0, 0, 2]))
    items = ""
    for name in draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=5)):
        items += item(one(MADE, ODD), name, column) + one(COMMENTS, ODD_BETWEEN)
    kind, tail = one(LISTS, ["kind: ConfigMap\n"]), one(TAILS, ODD_TAILS)
    head = one(HEADS, ODD_HEADS)
    return f"{head}{kind}items:\n{items}{tail}" if draw(st.booleans()) else f"{head}items:\n{items}{kind}{tail}"


@st.composite
def texts(draw: st.DrawFn) -> str:
    odd = draw(st.booleans())
    single = st.sampled_from([*MADE, *ODD] if odd else MADE).map(lambda body: body.replace("NAME", "d"))
    document = st.one_of(lists(odd=odd), lists(odd=odd), single, st.sampled_from(["", "# c\n"]))
    marker = st.sampled_from(["---\n", "--- # c\n", *(ODD_MARKERS if odd else [])])
    parts = draw(st.lists(st.tuples(marker, document), min_size=1, max_size=4))
    text = "".join(mark + part for mark, part in parts)
    text = text.removeprefix(parts[0][0]) if draw(st.booleans()) else text
    if draw(st.integers(0, 9)) == 9:
        text = text.rstrip("\n")
    if odd and draw(st.integers(0, 6)) == 6:
        text = text.replace("\n", "\r\n")
    return ("\ufeff" if draw(st.integers(0, 4)) == 4 else "") + text


@pytest.fixture(autouse=True)
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linter.documents.lists._TOO_SHORT", 0)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an artifact of bytes, that is read in windows of a wanted size."""

    def made(data: bytes, window: int, most: int = 2**28) -> Artifact:
        (tmp_path / "all.yaml").write_bytes(data)
        (found,) = gather([str(tmp_path / "all.yaml")], limits=Limits(window_bytes=window, file_bytes=most))
        assert isinstance(found, Artifact)
        return found

    return made


def told(taken: Taken) -> tuple[Any, ...]:
    """All that was found and said."""
    objects = [
        (one.number, one.passed, item.kind, item.api_version, item.namespace, item.name, item.route, repr(item.body))
        for one, found in taken.documents
        for item in found
    ]
    documents = [(one.number, one.passed, len(found)) for one, found in taken.documents]
    return objects, documents, taken.problems, taken.skipped, taken.templated, taken.logs, taken.marked, taken.lost


def routes(value: Any, route: Route) -> Iterator[Route]:
    """The routes of everything in a body."""
    yield route
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from routes(inner, (*route, key))


WINDOWS = st.one_of(st.integers(1, 90), st.integers(90, 3000))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(f"a: &x b\nkind: List\nitems:\n{item(OTHER, 'a', 0)}{item(SECRET, 'b', 0)}", 40)
@given(texts(), WINDOWS)
def test_windows_tell_what_the_whole_text_tells(make: Make, text: str, window: int) -> None:
    data = text.encode()
    artifact = make(data, window)
    expected = take(artifact.path, data, None, Limits())
    found = take_artifact(artifact, None)
    assert told(found) == told(expected)
    if not found.windowed:
        return
    raw = artifact.windows()
    assert raw is not None
    assert found.places is not None
    assert scanned(artifact, raw)[0] == found.places[0]
    there, whole = WindowPositions(artifact.path, raw, found.places), Positions(artifact.path, data)
    if not expected.problems:  # what no scanner reads: of the whole, comments below are then found line by line
        assert comments(there) == comments(whole)
    for document, items in expected.documents:
        for one in items:
            for route in routes(one.body, one.route):
                for part in ("value", "key"):
                    here, other = there.span(document.number, route, part), whole.span(document.number, route, part)
                    assert (here and here[2:]) == (other and other[2:]), (route, part)


@pytest.mark.parametrize("window", [1, 3, 40, 200])
@pytest.mark.parametrize(
    "text",
    [" \n" * 50, "\x0b\n\x0c\n" * 30, "\x1c\n \x1f\x85\u2003\n" * 20, "\t\n" * 50 + "x", "\x0b\n---\n", "---\n" * 9],
)
def test_blanks_are_no_document_whatever_they_are(make: Make, text: str, window: int) -> None:
    data = text.encode()
    artifact = make(data, window)
    assert told(take_artifact(artifact, None)) == told(take(artifact.path, data, None, Limits()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts(), WINDOWS, st.integers(400, 1500))
def test_what_is_too_large_to_be_held_is_told_the_same_or_refused(
    make: Make, text: str, window: int, most: int
) -> None:
    data = text.encode()
    whole = take("all.yaml", data, None, Limits())
    found = take_artifact(make(data, min(window, most), most), None)
    said = [problem.message for problem in (*found.problems, *([found.lost] if found.lost else []))]
    if whole.problems:
        return
    if said:
        assert all("is larger than" in message for message in said)
        return
    # What is read by the parser where it is held keeps what cannot matter too.
    assert [row[2:] for row in told(found)[0] if row[2] in KINDS] == [
        row[2:] for row in told(whole)[0] if row[2] in KINDS
    ]


def listed(*bodies: str, kind: str = "List") -> str:
    items = "".join(item(body, f"name-{number}", 0) for number, body in enumerate(bodies))
    return f"apiVersion: v1\nitems:\n{items}kind: {kind}\n"


LOG = """\
==== START logs for container c of pod n/NAME ====
2026-01-01 kind: Secret {é"
40 %\r80 %\r100 %
--- # no marker
REST==== END logs for container c of pod n/NAME ====
"""


@st.composite
def dumps(draw: st.DrawFn) -> bytes:
    """A dump on standard output, as kubectl or as a redirection of PowerShell writes it."""
    text = ""
    for number, part in enumerate(draw(st.lists(lists(odd=False), min_size=1, max_size=4))):
        text += ("---\n" if number else "") + part.removeprefix("---\n")
        for name in draw(st.lists(st.sampled_from(["a", "bb"]), max_size=2)):
            text += LOG.replace("NAME", name).replace("REST", draw(st.sampled_from(["", "no end", "x\n" * 90])))
    text = text[: len(text) - draw(st.sampled_from([0, 0, 10, 70]))]
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-16-le", "utf-16-be"]))
    return text.encode() if encoding == "utf-8" else f"\ufeff{text}".encode(encoding)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dumps(), WINDOWS, st.integers(200, 900))
def test_logs_and_wide_texts_are_read_in_windows_as_whole(make: Make, data: bytes, window: int, block: int) -> None:
    expected = take("all.yaml", data, None, Limits())
    artifact = make(data, window)
    with patch("linter.documents.recast._BLOCK", block):
        found = take_artifact(artifact, None)
        assert told(found)[:5] == (*told(expected)[:2], expected.problems, expected.skipped, expected.templated) or (
            expected.problems and found.problems
        )
        assert found.logs == expected.logs
        raw = artifact.windows()
        if not found.windowed or raw is None:
            return
        raw = as_read(raw, logs=found.logs)
        assert found.places is not None
        assert scanned(artifact, raw)[0] == found.places[0]
        there, whole = WindowPositions("", raw, found.places), Positions("", data)
        for document, items in expected.documents:
            for one in items:
                for route in routes(one.body, one.route):
                    here, other = there.span(document.number, route), whole.span(document.number, route)
                    assert (here and here[2:]) == (other and other[2:]), route


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_logs_longer_than_may_be_held_are_passed_over(make: Make, form: str, encoding: str) -> None:
    one = listed(*[SECRET] * 4)
    if form == "json":
        one = json.dumps(yaml.safe_load(one))
    logs = LOG.replace("REST", "a line of a log\n" * 200)
    found = take_artifact(
        make(f"{one}\n{logs}{'---' * (form == 'yaml')}\n{one}\n{logs}".encode(encoding), 100, 1000), None
    )
    assert found.windowed
    assert found.logs
    assert not found.problems
    assert len(names(found)) == 8


def names(taken: Taken) -> list[str]:
    return [one.name for _, found in taken.documents for one in found]


@pytest.mark.parametrize("window", [1, 50, 700])
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("  namespace: n\n", "  namespace: n\n bad\n"),
        ("name: NAME", "name: *other"),
        ("kind: Secret", "kind: Secret: x"),
        ("name: NAME", "name: \udcff"),
    ],
)
def test_a_damaged_item_of_a_list_too_large_to_be_held_costs_itself_and_is_named(
    make: Make, broken: str, why: str, window: int
) -> None:
    text = listed(SECRET, SECRET.replace(broken, why), SECRET, *[OTHER] * 20)
    found = take_artifact(make(text.encode("utf-8", "surrogateescape"), window, 1000), None)
    assert names(found) == ["name-0", "name-2"]
    (problem,) = found.problems
    assert problem.message.startswith("an item of its list could not be read: ")
    assert "it holds a pull secret that could not be judged (.dockerconfigjson)" in problem.message
    assert text.split("\n").index("- apiVersion: v1", 3) < problem.line <= 22
    assert len(found.documents[0][0].passed) == 21  # the damaged one is searched for names, too


def test_an_item_that_may_have_swallowed_others_costs_its_document_which_is_named(make: Make) -> None:
    text = listed(SECRET, SECRET.replace("namespace: n", "namespace: 'n"), SECRET, *[OTHER] * 20)
    data = f"---\n{SECRET}---\n{text}---\n{POD}".encode()
    found = take_artifact(make(data, 100, 1000), None)
    assert names(found) == ["NAME", "NAME"]
    (problem,) = found.problems
    assert "it is larger than 1000 bytes, and one of its items cannot be read alone" in problem.message
    assert problem.line == 21
    assert "`limits`" in problem.remedy
    assert [document.number for document, _ in found.documents] == [0, 2]


def test_a_list_too_large_to_be_held_may_have_the_line_ends_of_windows_and_anchors(make: Make) -> None:
    bodies = [SECRET, "kind: Secret\nmetadata: &x\n  name: NAME\n  labels: {a: &y b, c: *y}\n", *[OTHER] * 20]
    data = listed(*bodies).replace("\n", "\r\n").encode()
    found = take_artifact(make(data, 100, 1000), None)
    assert names(found) == ["name-0", "name-1"]
    assert not found.problems
    artifact = make(data, 100, 1000)
    raw = artifact.windows()
    assert raw is not None
    span = WindowPositions("", raw, scanned(artifact, raw)).span(0, ("items", 1, "metadata", "labels", "c"))
    assert span is not None
    assert span.line == 14


def test_a_text_that_is_neither_held_nor_cut_is_refused_with_the_reason(make: Make) -> None:
    found = take_artifact(make(f"%YAML 1.1\n---\n{listed(*[SECRET] * 20)}".encode(), 100, 1000), None)
    assert found.lost is not None
    assert "is larger than 1000 bytes, and is not read piece by piece: it holds YAML directives" in found.lost.message
    assert "`-o json`" in found.lost.remedy


def test_a_gigantic_comment_behind_the_end_of_a_list_is_refused(make: Make) -> None:
    data = f"{listed(*[OTHER] * 20)}... #{'x' * 3000}\n---\n{SECRET}".encode()
    found = take_artifact(make(data, 100, 1000), None)
    assert found.lost is not None
    assert "is larger than 1000 bytes" in found.lost.message


def test_a_long_stream_of_documents_is_read_and_a_large_one_among_them_refused(make: Make) -> None:
    large = MAP.replace("    kind: Secret\n", "    kind: Secret\n" * 100)
    data = "---\n".join([SECRET, large, POD, *[OTHER] * 50, SECRET]).encode()
    found = take_artifact(make(data, 100, 1000), None)
    assert len(names(found)) == 3
    (problem,) = found.problems
    assert "a document could not be read: it is larger than 1000 bytes" in problem.message
    assert problem.line == 9
    assert found.skipped == 50


def test_members_of_archives_are_read_in_windows(tmp_path: Path) -> None:
    text = listed(*[SECRET, OTHER] * 4000)
    with tarfile.open(tmp_path / "all.tar.xz", "w:xz", preset=0) as archive:
        for name in ("a/all.yaml", "b/all.yaml"):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    found = []
    for artifact in gather([str(tmp_path / "all.tar.xz")], limits=Limits(window_bytes=10_000, file_bytes=20_000)):
        assert isinstance(artifact, Artifact)
        taken = take_artifact(artifact, None)
        assert taken.windowed
        found.append(len(names(taken)))
    assert found == [4000, 4000]
