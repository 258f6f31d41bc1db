"""Texts before and after one edit, to be read by a person; then what is declined, and what must survive."""

from typing import Any

import pytest

from linter.errors import FixError
from linter.fix.text import apply_edits, edit_text
from linter.model import Edit, Op, Route, Sensitive

PAYLOAD = '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNz"}}}'
BASE64 = "eyJhdXRocyI6eyJxdWF5LmlvIjp7ImF1dGgiOiJkWE5sY2pwd1lYTnoifX19"


def edit(op: Op, route: Route, value: Any = None, document: int = 0) -> Edit:
    return Edit(op, "f.yaml", document, route, value)


CASES: dict[str, tuple[Op, Route, Any, str, str]] = {
    "set keeps plain style": (Op.SET, ("a",), "new", "a: old  # why\nb: 1\n", "a: new  # why\nb: 1\n"),
    "set keeps single quotes": (Op.SET, ("a",), "it's", "a: 'old'\n", "a: 'it''s'\n"),
    "set keeps double quotes": (Op.SET, ("a",), 'x"y\n', 'a: "old"\n', 'a: "x\\"y\\n"\n'),
    "set quotes what YAML 1.1 would misread": (Op.SET, ("a",), "yes", "a: old\n", 'a: "yes"\n'),
    "set quotes numbers": (Op.SET, ("a",), "0123", "a: old\n", 'a: "0123"\n'),
    "set quotes like the neighbours": (Op.SET, ("a",), "on", "a: old\nb: 'x'\n", "a: 'on'\nb: 'x'\n"),
    "set quotes a colon": (Op.SET, ("a",), "b: c", "a: old\n", 'a: "b: c"\n'),
    "set quotes a hash": (Op.SET, ("a",), "b #c", "a: old\n", 'a: "b #c"\n'),
    "set leaves an address plain": (Op.SET, ("a",), "quay.io:80/x", "a: old\n", "a: quay.io:80/x\n"),
    "set a number": (Op.SET, ("a",), 7, 'a: "old"\n', "a: 7\n"),
    "set null by value": (Op.SET, ("a",), "v", "a:\nb: 1\n", "a: v\nb: 1\n"),
    "set null with a comment": (Op.SET, ("a",), "v", "a: # none yet\nb: 1\n", "a: v # none yet\nb: 1\n"),
    "set keeps an anchor nobody uses": (Op.SET, ("a",), "v", "a: &x old\n", "a: &x v\n"),
    "set keeps a tag written in full": (
        Op.SET,
        ("a",),
        "new",
        "a: !<tag:yaml.org,2002:str> old # c\nb: 1\n",
        "a: !<tag:yaml.org,2002:str> new # c\nb: 1\n",
    ),
    "set leaves an anchor that no blank ends": (Op.SET, ("b",), "v", "a: &x?y z\nb: 1\n", "a: &x?y z\nb: v\n"),
    "set in flow": (Op.SET, ("a", "b"), "x, y", "a: {b: old, c: 2}\n", 'a: {b: "x, y", c: 2}\n'),
    "set adds a key": (
        Op.SET,
        ("type",),
        "kubernetes.io/dockerconfigjson",
        "kind: Secret\ndata:\n    a: Yg==\n    # end of data\n# end\n",
        "kind: Secret\ndata:\n    a: Yg==\ntype: kubernetes.io/dockerconfigjson\n    # end of data\n# end\n",
    ),
    "set adds a key in the mapping's indentation": (
        Op.SET,
        ("m", "b"),
        2,
        "m:\n    a: 1  # one\n\nn: 3\n",
        "m:\n    a: 1  # one\n    b: 2\n\nn: 3\n",
    ),
    "set adds a key below a dash": (
        Op.SET,
        (0, "b"),
        2,
        "- a: 1\n- a: 3\n",
        "- a: 1\n  b: 2\n- a: 3\n",
    ),
    "set adds a key in flow": (Op.SET, ("m", "b"), 2, "m: {a: 1} # c\n", "m: {a: 1, b: 2} # c\n"),
    "set fills an empty mapping": (Op.SET, ("m", "b"), 2, "m: {} # c\nn: 1\n", "m: # c\n  b: 2\nn: 1\n"),
    "set makes the mappings on the way": (
        Op.SET,
        ("metadata", "annotations", "a/b"),
        "true",
        "metadata:\n  name: x\nkind: Y\n",
        'metadata:\n  name: x\n  annotations:\n    a/b: "true"\nkind: Y\n',
    ),
    "set adds behind a block scalar": (
        Op.SET,
        ("m", "b"),
        2,
        "m:\n  a: |\n    text\n\nn: 1\n",
        "m:\n  a: |\n    text\n  b: 2\n\nn: 1\n",
    ),
    "set adds behind a block scalar that keeps its blank lines": (
        Op.SET,
        ("m", "b"),
        2,
        "m:\n  a: |+\n    text\n\nn: 1\n",
        "m:\n  a: |+\n    text\n\n  b: 2\nn: 1\n",
    ),
    "set without a final line break": (Op.SET, ("b",), 2, "a: 1", "a: 1\nb: 2"),
    "set a text of several lines": (Op.SET, ("b",), "x\ny\n", "a: 1\n", "a: 1\nb: |\n  x\n  y\n"),
    "remove a key": (Op.REMOVE, ("a",), None, "# of a\na: 1 # one\n# of b\nb: 2\n", "# of a\n# of b\nb: 2\n"),
    "remove a key with all below it": (
        Op.REMOVE,
        ("a",),
        None,
        "a:\n  x: 1\n  y: [1,\n    2]\n# of b\nb: 2\n",
        "# of b\nb: 2\n",
    ),
    "remove the last key without a final line break": (Op.REMOVE, ("b",), None, "a: 1\nb: 2", "a: 1"),
    "remove the only key": (Op.REMOVE, ("m", "a"), None, "m: # c\n  a: 1\nn: 2\n", "m: {} # c\nn: 2\n"),
    "remove an item": (
        Op.REMOVE,
        ("l", 1),
        None,
        "l:\n- name: a # of a\n# about b\n- name: b\n  x: 1\n# about c\n- name: c\n",
        "l:\n- name: a # of a\n# about b\n# about c\n- name: c\n",
    ),
    "remove the only item": (Op.REMOVE, ("l", 0), None, "l:  # c\n  - name: a\nm: 1\n", "l: []  # c\nm: 1\n"),
    "remove the key beside the dash": (Op.REMOVE, (0, "a"), None, "- a: 1\n  b: 2\n", "- b: 2\n"),
    "remove the only key beside the dash": (Op.REMOVE, (0, "a"), None, "- a: 1 # c\n- b\n", "- {} # c\n- b\n"),
    "remove from flow": (Op.REMOVE, ("l", 0), None, "l: [a, b] # c\n", "l: [b] # c\n"),
    "remove the last from flow": (Op.REMOVE, ("l", 1), None, "l: [ a, b ]\n", "l: [ a ]\n"),
    "remove the only one from flow": (Op.REMOVE, ("l", 0), None, "l: [{name: a}]\n", "l: []\n"),
    "remove a line of flow": (
        Op.REMOVE,
        ("l", 0),
        None,
        "l: [\n  a, # of a\n  # about b\n  b, # of b\n]\n",
        "l: [\n  # about b\n  b, # of b\n]\n",
    ),
    "remove the use of an alias": (Op.REMOVE, ("b",), None, "a: &x 1\nb: *x\nc: 2\n", "a: &x 1\nc: 2\n"),
    "rename plain": (
        Op.RENAME,
        ("data", "config.json"),
        ".dockerconfigjson",
        "data:\n  config.json: e30= # c\n",
        "data:\n  .dockerconfigjson: e30= # c\n",
    ),
    "rename keeps quotes": (Op.RENAME, ("a",), "b", "'a' : 1\n", "'b' : 1\n"),
    "rename quotes where needed": (Op.RENAME, ("a",), "on", "{a: 1}\n", '{"on": 1}\n'),
    "append below, list not indented": (
        Op.APPEND,
        ("l",),
        {"name": "b"},
        "l:\n- name: a # c\n# of m\nm: 1\n",
        "l:\n- name: a # c\n- name: b\n# of m\nm: 1\n",
    ),
    "append below, list indented": (
        Op.APPEND,
        ("l",),
        {"name": "b"},
        "l:\n    - name: a\n      x: 1\nm: 1\n",
        "l:\n    - name: a\n      x: 1\n    - name: b\nm: 1\n",
    ),
    "append in flow": (Op.APPEND, ("l",), {"name": "b"}, "l: [{name: a}]\n", "l: [{name: a}, {name: b}]\n"),
    "append in flow of several lines": (
        Op.APPEND,
        ("l",),
        "c",
        "l: [\n  a,\n  b # of b\n]\n",
        "l: [\n  a,\n  b, # of b\n  c\n]\n",
    ),
    "append to an empty list": (
        Op.APPEND,
        ("l",),
        {"name": "b"},
        "k:\n- x\nl: [] # c\nm: 1\n",
        "k:\n- x\nl: # c\n- name: b\nm: 1\n",
    ),
    "append to null": (Op.APPEND, ("l",), {"name": "b"}, "l:\nm: 1\n", "l:\n  - name: b\nm: 1\n"),
    "append to the word null": (Op.APPEND, ("l",), "b", "l: null\nm: 1\n", "l:\n  - b\nm: 1\n"),
    "append to an absent list": (
        Op.APPEND,
        ("imagePullSecrets",),
        {"name": "b"},
        "kind: ServiceAccount\nsecrets:\n- name: a\n",
        "kind: ServiceAccount\nsecrets:\n- name: a\nimagePullSecrets:\n- name: b\n",
    ),
    "append what is there": (Op.APPEND, ("l",), {"name": "a"}, "l:\n- name: a\n", "l:\n- name: a\n"),
    "payload plain": (
        Op.PAYLOAD,
        ("data", "k"),
        Sensitive(PAYLOAD),
        "data:\n  k: e30= # c\n",
        f"data:\n  k: {BASE64} # c\n",
    ),
    "payload quoted": (
        Op.PAYLOAD,
        ("data", "k"),
        Sensitive(PAYLOAD),
        "data: {'k': 'e30='}\n",
        f"data: {{'k': '{BASE64}'}}\n",
    ),
    "payload wrapped in a block": (
        Op.PAYLOAD,
        ("data", "k"),
        Sensitive(PAYLOAD),
        f"data:\n  k: | # wrapped\n      {'A' * 20}\n      {'B' * 20}\n      CC==\nx: 1\n",
        "data:\n  k: | # wrapped\n"
        "      eyJhdXRocyI6eyJxdWF5\n      LmlvIjp7ImF1dGgiOiJk\n      WE5sY2pwd1lYTnoifX19\nx: 1\n",
    ),
    "payload wrapped without a block gets line breaks that the API server takes": (
        Op.PAYLOAD,
        ("data", "k"),
        Sensitive(PAYLOAD),
        f"data:\n  k: {'A' * 20}\n     {'B' * 20}\nx: 1\n",
        "data:\n  k: |-\n     eyJhdXRocyI6eyJxdWF5\n     LmlvIjp7ImF1dGgiOiJk\n     WE5sY2pwd1lYTnoifX19\nx: 1\n",
    ),
    "payload in clear": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive('{\n  "auths": {}\n}'),
        "stringData:\n  k: |\n    {}\nx: 1\n",
        'stringData:\n  k: |\n    {\n      "auths": {}\n    }\nx: 1\n',
    ),
    "payload in clear, quoted": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive('{"auths": {}}'),
        "stringData:\n  k: '{}'\n",
        "stringData:\n  k: '{\"auths\": {}}'\n",
    ),
    "set behind a question mark": (Op.SET, ("a",), "v", "? a  # c\n: b # d\ne: 1\n", "? a  # c\n: v # d\ne: 1\n"),
    "set a map behind a question mark": (Op.SET, ("a",), {"k": 1}, "? a\n: b\n", "? a\n:\n    k: 1\n"),
    "payload behind a question mark": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive("{\n}"),
        "stringData:\n  ? k\n  # c\n  : |-\n    {}\n  z: 1\n",
        "stringData:\n  ? k\n  # c\n  : |-\n    {\n    }\n  z: 1\n",
    ),
    "remove behind a question mark": (Op.REMOVE, ("m", "b"), None, "m:\n  a: 1\n  ? b\n  : 2\n", "m:\n  a: 1\n"),
    "remove the first behind a question mark": (Op.REMOVE, ("a",), None, "? a\n: 1\n? b\n: 2\n", "? b\n: 2\n"),
    "remove a key that stands twice": (Op.REMOVE, ("m", "a"), None, "m:\n  a: 1\n  b: 2\n  a: 3\n", "m:\n  b: 2\n"),
    "remove twins in flow style": (Op.REMOVE, ("m", "a"), None, "m: {a: 1, b: 2, a: 3}\n", "m: {b: 2}\n"),
    "remove twins at the end": (Op.REMOVE, ("m", "a"), None, "m: {b: 2, a: 1, a: 3}\n", "m: {b: 2}\n"),
    "rename a key that stands twice": (Op.RENAME, ("a",), "c", "a: 1\nb: 2\na: 3\n", "c: 1\nb: 2\nc: 3\n"),
    "payload in clear, with indentation mark": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive("a\nb"),
        "stringData:\n  k: |2-  # c\n      {\nx: 1\n",
        "stringData:\n  k: |2-  # c\n    a\n    b\nx: 1\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_before_and_after(name: str) -> None:
    op, route, value, before, after = CASES[name]
    assert apply_edits(before, [edit(op, route, value)]) == after


@pytest.mark.parametrize("name", CASES)
def test_windows_line_ends_stay(name: str) -> None:
    op, route, value, before, after = CASES[name]
    if "\n" not in before:
        return  # such a text does not tell its line ends
    assert apply_edits(before.replace("\n", "\r\n"), [edit(op, route, value)]) == after.replace("\n", "\r\n")


@pytest.mark.parametrize("name", CASES)
def test_a_second_time_changes_nothing(name: str) -> None:
    op, route, value, _, after = CASES[name]
    if op is not Op.REMOVE or isinstance(route[-1], str):
        assert apply_edits(after, [edit(op, route, value)]) == after


@pytest.mark.parametrize("name", CASES)
def test_other_documents_and_byte_order_mark_stay(name: str) -> None:
    op, route, value, before, after = CASES[name]
    if before.startswith(("{", "'")) or not before.endswith("\n"):
        return
    head, foot = "\ufeff# one\na: 1 # x\n--- # two\n", "...\n---\n# three\nb: [ 1 ]"
    assert apply_edits(head + before + foot, [edit(op, route, value, 1)]) == head + after + foot


PRETTY = '{\n\t"a": {"b": 1},\n\t"l": [\n\t\t{\n\t\t\t"name": "x"\n\t\t}\n\t],\n\t"e": []\n}\n'
JSON_CASES: dict[str, tuple[Op, Route, Any, str, str]] = {
    "set compact": (Op.SET, ("a", "c"), {"d": [1]}, '{"a":{"b":1}}', '{"a":{"b":1,"c":{"d":[1]}}}'),
    "set spaced": (Op.SET, ("a", "c"), "x", '{"a": {"b": 1}}\n', '{"a": {"b": 1, "c": "x"}}\n'),
    "set pretty": (Op.SET, ("n",), "x", PRETTY, PRETTY.replace('"e": []', '"e": [],\n\t"n": "x"')),
    "append pretty": (
        Op.APPEND,
        ("l",),
        {"name": "y"},
        PRETTY,
        PRETTY.replace("\t\t}\n\t]", '\t\t},\n\t\t{\n\t\t\t"name": "y"\n\t\t}\n\t]'),
    ),
    "append to empty": (
        Op.APPEND,
        ("e",),
        {"name": "y"},
        PRETTY,
        PRETTY.replace("[]", '[\n\t\t{\n\t\t\t"name": "y"\n\t\t}\n\t]'),
    ),
    "remove pretty": (Op.REMOVE, ("a",), None, PRETTY, PRETTY.replace('\t"a": {"b": 1},\n', "")),
    "remove last": (Op.REMOVE, ("e",), None, PRETTY, PRETTY.replace(',\n\t"e": []', "")),
    "remove only": (Op.REMOVE, ("l", 0), None, '{"l": [ {"a": 1} ]}', '{"l": []}'),
    "rename": (Op.RENAME, ("a",), "é", '{"a" :1}', '{"é" :1}'),
    "payload": (
        Op.PAYLOAD,
        ("data", "k"),
        Sensitive(PAYLOAD),
        '{"data":{"k":"e30="}}',
        f'{{"data":{{"k":"{BASE64}"}}}}',
    ),
    "payload in clear": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive('{"a": 1}\n'),
        '{"stringData":{"k":"{}"}}',
        '{"stringData":{"k":"{\\"a\\": 1}\\n"}}',
    ),
}


@pytest.mark.parametrize("name", JSON_CASES)
def test_json(name: str) -> None:
    op, route, value, before, after = JSON_CASES[name]
    assert apply_edits(before, [edit(op, route, value)], format_hint="json") == after


def test_several_edits_mean_the_routes_of_the_original() -> None:
    text = "l: # links\n- name: a\n- name: b # twice\n- name: b\n- name: c\n"
    edits = [
        edit(Op.REMOVE, ("l", 0)),
        edit(Op.REMOVE, ("l", 2)),
        edit(Op.APPEND, ("l",), {"name": "d"}),
        edit(Op.SET, ("l", 3, "name"), "C"),
        edit(Op.RENAME, ("l",), "links"),
    ]
    assert apply_edits(text, edits) == "links: # links\n- name: b # twice\n- name: C\n- name: d\n"


def test_rename_and_payload_of_one_key() -> None:
    edits = [edit(Op.RENAME, ("data", "a"), "b"), edit(Op.PAYLOAD, ("data", "a"), Sensitive(PAYLOAD))]
    assert apply_edits("data:\n  a: e30=\n", edits) == f"data:\n  b: {BASE64}\n"


@pytest.mark.parametrize(
    ("text", "one", "word"),
    [
        ("a: &x {b: 1}\nc: *x\n", edit(Op.SET, ("a", "b"), 2), "alias"),
        ("a: &x {b: 1}\nc: *x\n", edit(Op.SET, ("c", "b"), 2), "alias"),
        ("a: &x v\nc: *x\n", edit(Op.SET, ("c",), "w"), "alias"),
        ("a: &x {l: [1]}\nc: {<<: *x}\n", edit(Op.APPEND, ("c", "l"), 2), "by hand"),
        ("a: &x v\nc: *x\n", edit(Op.REMOVE, ("a",)), "alias"),
        ("a: 1\na: 2\n", edit(Op.REMOVE, ("a",)), "by hand"),
        ("? a\n? b\n: 2\n", edit(Op.REMOVE, ("a",)), "unusual"),
        ("a: 1\nb: 2\n", edit(Op.RENAME, ("a",), "b"), "taken"),
        ("a: 1\n", edit(Op.SET, ("a", "b"), 2), "no mapping"),
        ("a: [1]\n", edit(Op.SET, ("a", 3), 2), "no such item"),
        ("a: 1\n", edit(Op.REMOVE, ()), "root"),
        ("a: {{ x }}\nb: }\n", edit(Op.SET, ("a",), 2), "line 2"),
        ("a: 1\n", edit(Op.SET, ("a",), 2, 3), "no document 3"),
        ("data: {a: 1}\n", edit(Op.PAYLOAD, ("data", "a"), Sensitive(PAYLOAD)), "no payload"),
        ("data:\n  a: |\n    e30=\n  # c\n", edit(Op.REMOVE, ("data",)), ""),
    ],
)
def test_declined(text: str, one: Edit, word: str) -> None:
    if not word:
        apply_edits(text, [one])
        return
    with pytest.raises(FixError, match=word) as caught:
        apply_edits(text, [one])
    assert PAYLOAD not in str(caught.value)


def test_a_key_that_covers_a_merged_one() -> None:
    assert (
        apply_edits("a: &x {b: 1}\nc:\n  <<: *x\n", [edit(Op.SET, ("c", "b"), 2)])
        == "a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n"
    )


def test_comments_that_go_are_told() -> None:
    text = "a:\n  # inside\n  b: 1 # own\n# below\nc: 2\n"
    result = edit_text(text, [edit(Op.REMOVE, ("a",))])
    assert result == ("# below\nc: 2\n", ("# inside", "# own"))


ABOVE = "d:\n  k:\n    # c\n    a: 1\n  z: 1\n"
BESIDE = "d:\n  k: # c\n  - a\n  z: 1\n"


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [(ABOVE, "x", "d:\n  k:\n    # c\n    x\n  z: 1\n"), (BESIDE, ["b"], "d:\n  k: # c\n  - b\n  z: 1\n")],
)
def test_of_two_ways_the_one_that_keeps_the_comments_is_taken(before: str, value: Any, after: str) -> None:
    """Whether an edit is made alone or with another of the same text."""
    one, other = edit(Op.SET, ("d", "k"), value), edit(Op.SET, ("d", "z"), 2)
    assert edit_text(before, [one]) == (after, ())
    assert edit_text(before, [one, other]) == (after.replace("z: 1", "z: 2"), ())


def test_deep_nesting_is_an_error_not_a_crash() -> None:
    with pytest.raises(FixError):
        apply_edits("[" * 100_000, [edit(Op.SET, ("a",), 1)], format_hint="json")
    with pytest.raises(FixError):
        apply_edits("[" * 20_000 + "]" * 20_000, [edit(Op.SET, ("a",), 1)])


def test_alias_bomb_takes_no_time() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    text = "\n".join([*lines, "z: 1 # keep", ""])
    assert apply_edits(text, [edit(Op.SET, ("z",), 2)]).endswith("z: 2 # keep\n")


MIXED = {
    "an item": (Op.APPEND, ("l",), "b", "l:\n- a\r\nc: 1\nd: 1\n", "l:\n- a\r\n- b\r\nc: 1\nd: 1\n"),
    "a key": (Op.SET, ("m", "b"), 2, "m:\n  a: 1\r\nc: 1\nd: 1\n", "m:\n  a: 1\r\n  b: 2\r\nc: 1\nd: 1\n"),
    "an item in flow style": (
        Op.APPEND,
        ("l",),
        "b",
        "l: [\n  a\r\n  ]\nc: 1\nd: 1\n",
        "l: [\n  a,\r\n  b\r\n  ]\nc: 1\nd: 1\n",
    ),
    "a list for null": (Op.APPEND, ("l",), "b", "l:\r\nc: 1\nd: 1\n", "l:\r\n  - b\r\nc: 1\nd: 1\n"),
    "a block": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive("{\n}\n"),
        "a: 1\r\nb: 1\r\nc: 1\r\nstringData:\r\n  k: |\n    {\n\n    }\n",
        "a: 1\r\nb: 1\r\nc: 1\r\nstringData:\r\n  k: |\n    {\n    }\n",
    ),
    "a block below its own break": (
        Op.PAYLOAD,
        ("stringData", "k"),
        Sensitive("{\n}\n"),
        "stringData:\n  k: |\r\n    {\n\n    }\n",
        "stringData:\n  k: |\r\n    {\n    }\n",
    ),
    "carriage returns alone": (Op.APPEND, ("l",), "b", "l:\r- a\rc: 1\r", "l:\r- a\r- b\rc: 1\r"),
    "a list of carriage returns alone": (
        Op.SET,
        ("m",),
        {"k": [1, 2]},
        "l:\r- a\rc: 1",
        "l:\r- a\rc: 1\rm:\r  k:\r  - 1\r  - 2",
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_every_line_ends_as_it_did(name: str) -> None:
    """Where a text ends its lines in several ways, none that stays ends in another."""
    op, route, value, before, after = MIXED[name]
    assert apply_edits(before, [edit(op, route, value)]) == after
