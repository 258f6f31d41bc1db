"""What real material does to a parser: every hazard is read, said, or passed over in silence, never raised."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.documents import Positions, Reading, read, reader
from linter.documents.text import DecodeProblem, decode

SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: regcred\ndata:\n  .dockerconfigjson: e30=\n"


def names(reading: Reading) -> list[tuple[int, str]]:
    return [(d.number, d.data["metadata"]["name"]) for d in reading.documents]


def test_a_helm_template_is_templated_and_its_neighbours_are_read() -> None:
    text = (
        SECRET
        + "---\n{{- if .Values.create }}\nkind: Secret\ndata:\n{{ toYaml . | indent 2 }}\n{{- end }}\n---\n"
        + SECRET
    )
    reading = read("t.yaml", text.encode())
    assert names(reading) == [(0, "regcred"), (2, "regcred")]
    assert [(t.path, t.line) for t in reading.templated] == [("t.yaml", 8)]
    assert "template" in reading.templated[0].reason
    assert not reading.problems


@pytest.mark.parametrize(
    ("mark", "language"), [("{% if x %}", "Jinja"), ("<% if x %>: [", "ERB"), ("{{ end }}: {{", "Go template")]
)
def test_other_template_languages(mark: str, language: str) -> None:
    (templated,) = read("t.yaml", f"kind: Secret\n{mark}\n a: b: c\n".encode()).templated
    assert language in templated.reason
    assert templated.line == 2


@pytest.mark.parametrize(
    "mark", ["#@ load('@ytt:data', 'data')", "data:  #@ data.values.config", '#@overlay/match by="kind"', "#@ if x:"]
)
def test_what_comments_fill_in_is_templated_and_its_neighbours_are_read(mark: str) -> None:
    reading = read("t.yaml", (SECRET + f"---\n{mark}\nkind: Secret\n---\n" + SECRET).encode())
    assert names(reading) == [(0, "regcred"), (2, "regcred")]
    ((path, line, reason),) = reading.templated
    assert (path, line, reason.partition(" ")[0]) == ("t.yaml", SECRET.count("\n") + 2, "ytt")


@pytest.mark.parametrize("before", ["#@overlay/match by='kind'\n", "#@ for x in y:\n# a word\n\n", "#@ if x:\r\n"])
def test_a_mark_above_a_document_is_that_documents(before: str) -> None:
    reading = read("t.yaml", (SECRET + f"{before}---\nkind: Secret\n#@ end\n---\n" + SECRET).encode())
    assert names(reading) == [(0, "regcred"), (2, "regcred")]
    assert [line for _, line, _ in reading.templated] == [SECRET.count("\n") + before.count("\n") + 1]


@pytest.mark.parametrize(
    "extra",
    [
        *("extra: # @ load", "extra: #@", "extra: #@todo", "extra: '#@ load(1)'", "extra: #@@ x", "extra: #! x"),
        *("extra: a#@ b", "extra: |\n  #@ load(1)\n  x", "extra: a\n  b\n# #@ load(1)", 'extra: "é #@ops/team"'),
        *("extra: b # see #@ load(1)", "#@ end", "extra: é # ä\nmore: 'ü #@ x(1)'", "extra: >-\n  a\n\n  #@ x"),
    ],
)
def test_what_looks_like_a_mark_in_a_text_or_a_remark_fills_in_nothing(extra: str) -> None:
    reading = read("t.yaml", (SECRET + f"{extra}\n").encode())
    assert (names(reading), reading.templated) == ([(0, "regcred")], ())


@pytest.mark.parametrize("count", [1, 400])
def test_a_list_is_no_template(count: int) -> None:
    item = "- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n  note: #@ x(1)\n"
    reading = read("t.yaml", f"apiVersion: v1\nkind: List\nitems:\n{item * count}".encode())
    assert reading.templated == ()
    assert len(reading.documents[0].data["items"]) == count


def test_many_marks_are_looked_at_once() -> None:
    lines = "".join(f"  k{number}: 'a #@ b' # c #@ d #@ e\n" for number in range(20_000))
    reading = read("t.yaml", f"{SECRET}annotations:\n{lines}  last: #@ x(1)\n".encode())
    assert [line for _, line, _ in reading.templated] == [SECRET.count("\n") + 20_002]


def test_a_template_mark_as_a_value_is_kept() -> None:
    (document,) = read("t.yaml", b"kind: Pod\nspec:\n  imagePullSecrets:\n  - name: {{ .Values.secret }}\n").documents
    assert document.data["spec"]["imagePullSecrets"] == [{"name": "{{ .Values.secret }}"}]


def test_broken_yaml_says_where_and_what_to_do() -> None:
    (problem,) = read("a.yaml", (SECRET + "---\nkind: Secret\nmetadata: {name: x\n").encode()).problems
    assert (problem.path, problem.line, problem.fatal) == ("a.yaml", 10, False)
    assert "close the b" in problem.remedy


def test_a_payload_pasted_at_the_margin_is_told_with_its_key() -> None:
    text = "# note\nkind: Secret\ntype: Opaque\ndata:\n  .dockerconfigjson:\ndXNlcjpwYXNz\ndXNlcjpwYXNz\n"
    (problem,) = read("a.yaml", (SECRET + "---\n" + text).encode()).problems
    assert "pull secret that could not be judged (.dockerconfigjson in line 12)" in problem.message
    assert "dXNl" not in problem.message + problem.remedy


class Counted(str):
    """A text that counts how many characters of it are looked through for line ends."""

    looked = 0

    def count(self, what: str, start: Any = 0, end: Any = None) -> int:
        end = len(self) if end is None else end
        Counted.looked += end - start
        return super().count(what, start, end)


@pytest.mark.parametrize("broken", ["kind: Pod\na: [\n", "kind: Pod\na: {{ x }} y\nb: [\n"])
def test_the_lines_above_broken_documents_are_counted_once(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Counted((SECRET + "---\n" + broken + "---\n") * 300)
    decoded = decode(text.encode())._replace(text=text)
    monkeypatch.setattr(reader, "decode", lambda _: decoded)
    Counted.looked = 0
    found = read("a.yaml", text.encode())
    told = [one.line for one in (*found.problems, *found.templated)]
    assert len(told) == 300
    assert len(set(map(int.__sub__, told[1:], told))) == 1
    assert 0 < Counted.looked <= 3 * len(text)


def test_tabs_say_that_tabs_are_the_reason() -> None:
    (problem,) = read("a.yaml", b"kind: Secret\nmetadata:\n\tname: x\n").problems
    assert "tabs" in problem.remedy
    assert (problem.line, problem.column) == (3, 1)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a note\n", "---\n", "a: [", "\tx", "kind: ConfigMap\n a: b: c"])
def test_what_cannot_matter_is_silent_even_when_broken(text: str) -> None:
    reading = read("a.yaml", text.encode())
    assert not reading.documents
    assert not reading.problems


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends(encoding: str, newline: str) -> None:
    assert names(read("a.yaml", SECRET.replace("\n", newline).encode(encoding))) == [(0, "regcred")]


def test_bytes_that_are_no_text() -> None:
    assert read("a.yaml", b"\x89PNG\xff\xfe\x00\x00\x01").skipped == 1
    (problem,) = read("a.yaml", SECRET.encode() + b"# caf\xe9\n").problems
    assert problem.line == 7
    assert "UTF-8" in problem.remedy
    (problem,) = read("a.yaml", SECRET.encode() + b"note: a\0b\n").problems
    assert "control characters" in problem.message
    assert (problem.line, problem.column) == (7, 8)


def test_json_that_is_no_json_is_silent_unless_it_is_a_manifest() -> None:
    assert not read("tsconfig.json", b'{\n  // kind: Secret\n  "a": 1,\n}').problems
    assert not read("x.json", b'{"kind": "Secret" // no\n}').problems
    (problem,) = read("x.json", b'{"apiVersion": "v1",\n "kind": "Secret" // no\n}').problems
    assert "JSON" in problem.message
    assert problem.line == 2
    (problem,) = read("x.json", b'{"data": {".dockerconfigjson": "x" "y"}}').problems
    assert "pull secret" in problem.message


@pytest.mark.parametrize("separator", ["", "\n", "\r\n", "\n\n", "\x1e"])
def test_json_values_in_a_row(separator: str) -> None:
    value = json.dumps({"kind": "Secret", "metadata": {"name": "a"}})
    other = json.dumps({"kind": "ConfigMap"})
    reading = read("x.json", separator.join([value, other, value]).encode())
    assert names(reading) == [(0, "a"), (2, "a")]
    assert reading.skipped == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "Secret", "n": NaN}',
        '{"kind":\t"Secret",\n\t"n":\t1e999}',
        '{"kind": "Secret", "n": "a\tb\\/\\ud83d\\ude00"}',
        '{"kind": "Secret", "n": ' + "9" * 400 + "}",
        '{"kind": "Secret", "n": -0, }',
    ],
)
def test_odd_json_is_tolerated(text: str) -> None:
    (document,) = read("x.json", text.encode()).documents
    assert document.data["kind"] == "Secret"


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "Secret", "a": ' + "[" * 900 + "]" * 900 + "}",
        '{"kind": "Secret", "a": ' + "[" * 200_000 + "]" * 200_000 + "}",
        '{"kind": "Secret", "a": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
        "kind: Secret\na: " + "[" * 200_000,
        "kind: Secret\na: " + "- " * 5000,
        "kind: Secret\n" + "\n".join(" " * i + "a:" for i in range(600)),
        "kind: Secret\na: &a [x,x]\n"
        + "\n".join(f"b{i}: &b{i} [*b{i - 1},*b{i - 1}]" if i else "b0: &b0 [*a,*a]" for i in range(40)),
        "kind: Secret\na: &a [*a]\n",
        "kind: Secret\n? &a [*a]\n: 1\n",
        'kind: Secret\n"\\ud800": 1\n',
        "kind: Secret\n? " + "x" * 5000 + ": 1\n" + "y" * 5000 + ": 1\n",
        '{"kind": "Secret", "a": ' + "9" * 5000 + "}",
    ],
    ids=str,
)
def test_hostile_input_is_a_problem_or_tolerated(text: str) -> None:
    for name in ("x.json", "x.yaml"):
        reading = read(name, text.encode())
        assert len(reading.documents) + len(reading.problems) >= 1
        positions = Positions(name, text.encode())
        positions.span(0, ("kind",))
        positions.span(0, ("a", 0, 0))


@settings(max_examples=600, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"[]{}:,-?&*!|>'\"%@`#\\ \n\t\r\0",
                "kind: Secret",
                "\ufeff",
                "---\n",
                "...",
                "<<",
                "&a",
                "*a",
                "{{",
                "}}",
                "é",
                "\u2028",
                "!!binary",
                "\\u",
            ]
        )
    )
)
def test_nothing_is_ever_raised(parts: list[str]) -> None:
    data = ("kind: Secret\n" + "".join(parts)).encode()
    for name, text in (("x.yaml", data), ("x.json", b"{" + data)):
        reading = read(name, text)
        positions = Positions(name, text)
        for document in reading.documents:
            assert positions.span(document.number, ()) is not None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_no_bytes_raise(noise: bytes, before: bool) -> None:
    data = noise + b"\nkind: Secret\n" if before else b"kind: Secret\n" + noise
    read("x.yaml", data)
    read("x.json", data)
    with suppress(DecodeProblem):
        Positions("x.yaml", data).span(0, ())


@pytest.mark.parametrize("name", ["kustomization.yaml", "deep/kustomization.yml", "Kustomization"])
def test_kustomizations_are_known_by_name(name: str) -> None:
    (document,) = read(name, b"namePrefix: dev-\nresources: [base]\n").documents
    assert document.data["namePrefix"] == "dev-"
    assert not read("values.yaml", b"namePrefix: dev-\n").documents


def test_lists_of_patches_are_documents() -> None:
    text = b"- op: add\n  path: /spec/template/spec/imagePullSecrets\n  value: [{name: regcred}]\n"
    (document,) = read("patch.yaml", text).documents
    assert isinstance(document.data, list)


def test_manifests_and_templates_in_strings_stay_strings() -> None:
    text = (
        SECRET
        + "---\nkind: ConfigMap\ndata:\n  x: |\n    kind: Secret\n    ---\n    kind: Pod\n  pullSecret: '{{ x }}'\n"
    )
    reading = read("a.yaml", text.encode())
    assert len(reading.documents) == 2
    assert reading.documents[1].data["data"]["x"] == "kind: Secret\n---\nkind: Pod\n"


def test_skipped_documents_are_counted_and_keep_their_numbers() -> None:
    reading = read("a.yaml", ("kind: ConfigMap\n---\n" + SECRET + "---\na: 1\n---\n" + SECRET).encode())
    assert names(reading) == [(1, "regcred"), (3, "regcred")]
    assert reading.skipped == 2
    assert read("a.yaml", b"a: 1\n---\nb: 2\n").skipped == 2
