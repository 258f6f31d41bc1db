"""The fast paths against the parser: what machines write, read line by line, and lists, read item by item."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.documents import Positions, blocks, lists, read, simple
from linter.documents.build import build
from linter.sources import Limits

LIMITS = Limits()
WORDS = st.sampled_from(
    ["a", "- a", "a: b", "it's", '"x', "'y", "{}", "[", "{a: b}", "k:", "x #y", "#c", "|", "&a b", "*a", "!t x", "", " ", "~",
     "true", "010", "1.5", "-", "- ", "---", "0x1F", "<<", "<<: {a: b}", ": x", "? a", "\\u006bind", "é", "a\tb", "-5", "=", "%", "@", "`"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["kind", "metadata", "a", "f:a", '"q"', "'s'", "010", "yes", "a b", "k:{}", "managedFields", "-x"]
)
LINES = st.builds(
    lambda depth, dash, key, colon, value: "  " * depth + dash + key + colon + value,
    st.integers(0, 4),
    st.sampled_from(["", "", "- ", "- - ", "-   "]),
    st.one_of(st.just(""), KEYS),
    st.sampled_from([": ", ":", ": ", ":  ", ""]),
    st.one_of(st.just(""), WORDS, st.sampled_from(["|", "|-", "|+", ">", "|2", '"a"', "'a'", '"a', "'a", "'a''b'"])),
)


def plain(text: str) -> Any:
    """What the parser makes of a text; `REFUSED` where it makes nothing."""
    try:
        built = build(text, LIMITS)
    except yaml.YAMLError:
        return simple.REFUSED
    return built[0] if built else simple.REFUSED


def pruned(data: Any) -> Any:
    """Data without the fields that nobody reads."""
    if isinstance(data, dict) and isinstance(data.get("metadata"), dict):
        data["metadata"].pop("managedFields", None)
    return data


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other) or one == other


@settings(max_examples=600, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=9),
    st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\ufeff", "\u2028", "\n\0"]),
)
def test_lines_mean_what_the_parser_says_or_are_refused(lines: list[str], glue: str) -> None:
    text = glue.join(lines) + "\n"
    found = simple.read(text, LIMITS.depth)
    assert found is simple.REFUSED or same(found, plain(text))


@pytest.fixture(scope="module", params=[1, 12])
def cut_small(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let parts be cut and remembered that are as small as those of generated texts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_WORTH", request.param)
        patch.setattr(blocks, "_LARGE", request.param)
        patch.setattr(blocks, "_TRIES", 10**9)
        yield


@pytest.mark.usefixtures("cut_small")
@settings(max_examples=600, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=9),
    st.lists(st.sampled_from(["spec:", "- k:", "  k:", "  - a: b", "a: b"]), max_size=3),
    st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\n# c\n", "\n  # c\n", "\n\x85"]),
    st.sampled_from([LIMITS.depth, 1, 2, 3, 4]),
)
def test_parts_read_alone_mean_what_the_lines_mean_together(
    lines: list[str], above: list[str], glue: str, depth: int
) -> None:
    text = glue.join([*above, *lines]) + "\n"
    found = simple.read(text, depth)
    if found is not simple.REFUSED:
        assert same(found, plain(text))
        assert list(found) == list(plain(text))
        assert same(found, simple._lines(text, depth))
    elif depth < LIMITS.depth:
        assert simple._lines(text, depth) is simple.REFUSED or simple.read(text, LIMITS.depth) is simple.REFUSED


@pytest.mark.usefixtures("cut_small")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_parts_that_come_again_mean_the_same(data: st.DataObject) -> None:
    few = st.sampled_from([1, None, "a", "1", "x\n  y\n", "|\n", [], {}])
    inner = st.recursive(
        few, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from("abc"), one, max_size=3)
    )
    whole = {
        "a": data.draw(inner),
        "b": [data.draw(inner), {"a": data.draw(inner)}],
        "metadata": {"c": data.draw(inner)},
    }
    text = yaml.dump(whole, Dumper=PlainDumper, default_flow_style=False, width=10**6)
    found = simple.read(text, LIMITS.depth)
    assert found is simple.REFUSED or same(found, plain(text))


class PlainDumper(yaml.CSafeDumper):
    """Writes equal values out each time, as machines do."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def test_what_is_not_asked_for_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_MOST", 1000)
    memory = blocks._Memory()
    for number in range(100):
        memory.put((f"{number:0100}", 1), [number])
        assert memory.get((f"{0:0100}", 1)) == [0]
    assert memory.get((f"{99:0100}", 1)) == [99]
    assert memory.get((f"{50:0100}", 1)) is None
    assert len(memory._new) + len(memory._old) <= 22


def test_what_holds_nothing_that_came_before_is_cut_no_further_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_memory", blocks._Memory())
    monkeypatch.setattr(blocks, "_fruitless", {})
    monkeypatch.setattr(blocks, "_WORTH", 100)
    monkeypatch.setattr(blocks, "_LARGE", 400)
    monkeypatch.setattr(blocks, "_TRIES", 16)
    read = 0

    def lines(text: str, depth: int) -> Any:
        nonlocal read
        read += 1
        return simple._lines(text, depth)

    def pieces(first: str, second: str) -> int:
        nonlocal read
        read = 0
        text = "a: b\nspec:\n"
        for name in (first, second):
            text += f"  part{name}:\n" + "".join(f"    {key}{name}: {'x' * 40}\n" for key in "abcdef")
        assert same(blocks.read(text, LIMITS.depth, lines), plain(text))
        return read

    assert [pieces(f"{number}", f"{number}x") for number in range(17)] == [3] * 17
    later = [pieces(f"{number}", f"{number}x") for number in range(17, 49)]
    assert later.count(2) == 30  # all in one, but for a try now and then
    assert later.count(3) == 2
    alike = [pieces(f"{number}", "same") for number in range(49, 97)]
    assert alike.count(2) == len(alike) - 1  # in one at first, then the other part alone, because this one is known
    assert alike.index(3) < 17


DEFINITION = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a.b\nspec:\n  imagePullSecrets: {}\n"


@pytest.mark.parametrize(
    ("text", "read_it"),
    [
        (DEFINITION, False),
        ("---\n" + DEFINITION, False),
        ("# kind: Secret\n" + DEFINITION, False),
        (DEFINITION + "kind: Secret\n", True),
        (DEFINITION + '"kind": Secret\n', True),
        (DEFINITION + "? kind\n: Secret\n", True),
        (DEFINITION + "!!str kind: Secret\n", True),
        (DEFINITION + "&a kind: Secret\n", True),
        (DEFINITION + "kind : Secret\n", True),
        (DEFINITION + "x: &k kind\n*k : Secret\n", True),
        (DEFINITION + "x: y\u2028kind: Secret\n", True),
        (DEFINITION + "x: y\rkind: Secret\n", True),
        (DEFINITION.replace("Definition\n", "Definition\n  x\n") + "type: dockerc\n", True),
        ("kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nx: 'y\n\n  z'\n", False),
        (DEFINITION.replace("\n", "\r\n"), True),
        ("a: |\n  b\n" + DEFINITION.replace("v1\n", "v1 # 'x\n"), True),
        ("apiVersion: 'v1\n" + DEFINITION + "x'\nkind: Secret\nspec:\n  imagePullSecrets: [{name: a}]\n", True),
        ('apiVersion: "v1\n' + DEFINITION + 'x"\ntype: dockerc\n', True),
        ("kind: List\nitems:\n- a: b\n- pullSecret: x\nx: |\n" + DEFINITION, True),
        ("kind: {a: b,\n" + DEFINITION + "}\n", True),
    ],
)
def test_a_definition_is_passed_over_only_beyond_doubt(text: str, read_it: bool) -> None:
    reading = read("a.yaml", text.encode())
    assert bool(reading.documents or reading.problems) is read_it
    assert reading.skipped == (not read_it)


@pytest.mark.parametrize("above", ["", "---\n", "# c\n\n"])
@pytest.mark.parametrize(
    "marker", ["---\n", "--- # c\n", "...\n", "...\n---\n", "\ufeff---\n", "---\r\n", "\u2028---\n", "...\n%YAML 1.1\n---\n"]
)
def test_what_follows_a_definition_is_read(above: str, marker: str) -> None:
    text = above + DEFINITION + marker + "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
    reading = read("a.yaml", text.encode())
    kinds = {one.number: one.data["kind"] for one in reading.documents}
    assert kinds in ({1: "Secret"}, {0: "CustomResourceDefinition", 1: "Secret"})
    assert len(kinds) + reading.skipped == 2
    assert not reading.problems


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(LINES, LINES.map(str.lstrip)), min_size=1, max_size=6), st.sampled_from(["", "---\n", "# c\n"]))
def test_what_is_passed_over_as_a_definition_is_one(lines: list[str], above: str) -> None:
    text = above + DEFINITION + "\n".join(lines) + "\n"
    if lists.unread(text):
        found = plain(text)
        assert found is simple.REFUSED or found["kind"] == "CustomResourceDefinition"


@settings(max_examples=400, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=6),
    st.sampled_from([0, 2, 4]),
    st.sampled_from(["", "x: 'y\n", 'x: "y\n', "x: |\n", "x: [\n", "x: y\n"]),
    st.sampled_from(["", "  z: 1\n", "  z: y'\n", '  z: y"\n', "  z: y]\n", "  z: y}\n", "spec: 'x'\n"]),
)
@example(["a: b", '  c: "d'], 0, "", '  z: y"\n')
@example(["a: b", "  c: 'd"], 2, "", "  z: y'\n")
@example(["a: b", "  c: [d,"], 0, "", "  z: y]\n")
def test_without_its_managed_fields_an_object_means_the_same(
    lines: list[str], column: int, above: str, below: str
) -> None:
    margin = " " * column
    managed = "".join(f"  - {line}\n" if line[:1] != " " else f"  {line}\n" for line in lines)
    whole = f"metadata:\n  {above}  managedFields:\n{managed}{below}"
    whole = "".join(margin + line for line in ("a: b\n" + whole).splitlines(keepends=True))
    found = simple.read(simple.without_managed(whole, column), LIMITS.depth)
    want = plain(whole)
    if found is not simple.REFUSED and want is not simple.REFUSED:
        assert same(pruned(found), pruned(want))


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text("ab :#-'\"{}[]|>&*!%@\n\t", max_size=12)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.:'1", max_size=4), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from([None, "|", '"', "'"]),
)
def test_what_is_dumped_is_read_or_refused(data: Any, style: Any) -> None:
    text = yaml.dump(data, Dumper=yaml.CSafeDumper, default_flow_style=False, default_style=style, width=10**6)
    found = simple.read(text, LIMITS.depth)
    assert found is simple.REFUSED or same(found, plain(text))


def test_what_kubectl_writes_is_not_refused() -> None:
    text = (
        'apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    a.b/c: |\n      {"a": \'b\'}\n    n: "7"\n'
        "spec:\n  containers:\n  - args:\n    - --x=1\n    - |-\n       a\n        b\n    image: q.io/a@sha256:0\n    e: {}\n"
    )
    assert simple.read(text, 200) == yaml.load(text, yaml.CSafeLoader)


MANAGED = """{0}managedFields:
{0}- apiVersion: v1
{0}  fieldsV1:
{0}    f:metadata:
{0}      .: {{}}
{0}      k:{{"name":"a"}}: {{}}
{0}  time: "2026-10-01T08:00:00Z"
"""


def item(kind: str, name: str, extra: str = "") -> str:
    managed = MANAGED.format("    ")
    return f"- apiVersion: v1\n  kind: {kind}\n  metadata:\n    name: {name}\n{managed}    uid: u\n{extra}"


ODD = [
    "  a: x\n",
    '  a: "two\n    lines"\n',
    '  a: "\n- kind: Secret\n  b: "\n',
    "  a: 'it''s\n- kind: Secret'\n",
    "  a: {b: [c,\n- d]}\n",
    "  a: |\n    - kind: Secret\n    'open\n",
    '  a: >-\n    "open\n    {open\n',
    "  a: # 'comment\n    b\n",
    "# comment\n",
    '  a: it\'s "quoted" {here}\n',
    '  a: b |\n    "c\n',
    "  b: &x 1\n  c: *x\n",
    "  <<: {kind: Secret}\n",
    '  "k\\u0069nd": Secret\n',
    "  kind: Secret\n",
    "  metadata: x\n",
    "  ? kind\n  : Secret\n",
    "-\n  kind: Secret\n",
    "- kind: List\n  items:\n  - kind: Secret\n",
    "  a:\tb\n",
    "  a: \u2028'\n",
    "  - broken\n",
    "  a: [x\n",
    '  a: !t "x"\n',
    "  data:\n    kind: Secret\n",
]


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["ConfigMap", "Secret", "CustomResourceDefinition", "Pod"]), st.sampled_from(["", *ODD])), min_size=1, max_size=4),
    st.sampled_from(["kind: List\n", "kind: List\nmetadata:\n  a: ''\n", "kind: PodList\n", "items: []\nkind: List\n", ""]),
    st.booleans(),
)  # fmt: skip
def test_lists_read_item_by_item_equal_the_parser(parts: list[tuple[str, str]], tail: str, indented: bool) -> None:
    body = "".join(item(kind, f"n{number}", odd) for number, (kind, odd) in enumerate(parts))
    if indented:
        body = "".join(f"  {line}" for line in body.splitlines(keepends=True))
    text = f"apiVersion: v1\nitems:\n{item('ConfigMap', 'long', '  a: ' + 'x' * 10_000 + chr(10)) if not indented else ''}{body}{tail}"
    found = lists.yaml_list(text, LIMITS)
    if found is None:
        return
    want = plain(text)
    if want is simple.REFUSED:  # broken where nothing matters: what was read is what the sound items say
        return
    assert {key: value for key, value in found.data.items() if key != "items"} == {
        key: value for key, value in want.items() if key != "items"
    }
    assert len(found.data["items"]) == len(want["items"])
    for number, (mine, theirs) in enumerate(zip(found.data["items"], want["items"], strict=True)):
        if number in found.passed:
            assert mine is None
            assert not isinstance(theirs, dict) or theirs.get("kind") in ("ConfigMap", "CustomResourceDefinition")
        else:
            assert mine == pruned(theirs)
    positions = Positions("a.yaml", text.encode())
    for number, one in enumerate(want["items"]):
        if isinstance(one, dict) and isinstance(one.get("metadata"), dict) and "name" in one["metadata"]:
            span = positions.span(0, ("items", number, "metadata", "name"))
            assert span is not None
            assert positions.text[span.start : span.end] == one["metadata"]["name"]


@pytest.mark.parametrize("indent", [None, 0, 4])
def test_json_lists_read_item_by_item_equal_the_parser(indent: int | None) -> None:
    managed = [{"manager": "x", "fieldsV1": {"f:a": {}}}]
    items = [
        {"kind": "ConfigMap", "metadata": {"name": "a", "managedFields": managed}, "data": {"k": "x" * 10_000}},
        {"kind": "Secret", "metadata": {"name": "b", "managedFields": managed}, "data": {"k": "é"}},
        {"kind": "CustomResourceDefinition", "spec": {"imagePullSecrets": []}},
        {"kind": "Route", "apiVersion": "route.openshift.io/v1", "metadata": 7},
        {"kind": "Widget", "spec": {"pullSecret": "z"}},
        {"metadata": {}},
    ]
    whole = {"apiVersion": "v1", "items": items, "kind": "List"}
    text = json.dumps(whole, indent=indent).replace('"ConfigMap"', '"Config\\u004dap"')
    (document,) = read("a.json", text.encode()).documents
    assert document.passed == frozenset({2})  # an escape could spell anything: the first is read
    for number, (mine, theirs) in enumerate(zip(document.data["items"], items, strict=True)):
        assert mine == (None if number == 2 else pruned(json.loads(json.dumps(theirs))))
    assert [json.loads(one) for one in lists.passed_text(text, document.passed, json=True)] == [items[2]]
    positions = Positions("a.json", text.replace("é", "e").encode())
    span = positions.span(0, ("items", 4, "spec", "pullSecret"))
    assert span is not None
    assert positions.text[span.start : span.end] == '"z"'


def test_the_parser_is_loaded_for_what_machines_do_not_write_only() -> None:
    code = (
        "import sys; from linter.documents import read\n"
        "read('a.yaml', b'kind: Secret\\nmetadata:\\n  name: a\\n'); print('yaml' in sys.modules)\n"
        "read('b.yaml', b'kind: Secret\\nmetadata: {name: a}\\n'); print('yaml' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("length", [900, 1000, 1001, 1002, 1023, 1024, 1025, 1026, 3000])
@pytest.mark.parametrize("value", [": x\n", ":\n  a: b\n", ":\n", ":\n  - b\n"])
@pytest.mark.parametrize("before", ["", "data:\n  ", "data:\n- "])
def test_a_key_may_be_so_long_and_no_longer(length: int, value: str, before: str) -> None:
    """YAML looks for the colon behind a key in 1,024 signs."""
    text = f"kind: Secret\n{before}{'k' * (length - 3)}:-,{value.replace('  ', '      ')}"
    try:
        (expected,) = build(text, Limits())
    except yaml.YAMLError:
        expected = None
    documents = read("a.yaml", text.encode()).documents
    assert (documents[0].data if documents else None) == expected
    assert (expected is None) == (length > 1024)
