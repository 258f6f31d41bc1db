"""The text splitter sees the documents that libyaml sees."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linter.documents.build import build
from linter.documents.compose import compose_all
from linter.documents.split import Chunk, has_directives, split
from linter.sources import Limits

LINES = st.sampled_from(
    [
        "---",
        "--- ",
        "---\t",
        "--- # note",
        "--- |",
        "--- >-",
        "--- text",
        "--- {a: 1}",
        "--- !!str x",
        "--- &a b",
        "---x",
        "----",
        " ---",
        "  --- more",
        "...",
        "... ",
        "... # end",
        "....",
        "# comment",
        "",
        "  ",
        "a: 1",
        "b: |",
        "  block",
        "  ---",
        "c: 'one",
        "  two'",
        'd: "x',
        '  y"',
        "- item",
        "- - nested",
        "e: [1,",
        "  2]",
        "f: {g: h}",
        "%YAML 1.1",
        "%TAG ! tag:x,2000:",
        "? key",
        ": value",
        "*a",
        "k: &a v",
        "'",
        '"',
        "plain",
        "plain ---",
        "\ufeff",
        "é: ✓",
        "\u2028---",
        "x\u2029...",
        "\x85---",
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])), max_size=12).map(
    lambda lines: "".join(line + end for line, end in lines)
)


def shape(node: Any) -> Any:
    """A node without marks and without the tags that resolvers may disagree about."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.MappingNode):
        return {"map": [(shape(key), shape(value)) for key, value in node.value]}
    return [shape(item) for item in node.value]


def peer(text: str) -> list[Any] | None:
    """What PyYAML composes, `None` when it refuses."""
    try:
        return list(yaml.compose_all(text, yaml.CSafeLoader))
    except (yaml.YAMLError, TypeError):
        return None


@settings(max_examples=600, deadline=None)
@given(STREAMS)
@example("a: |\n  ---\n  ...\n---\nb: 1\n")
@example("--- |\n ---\n---\n")
@example("# only a comment\n")
@example("a: 1\n...\n# note\n---\nb: 2\n...\n")
@example("---\n---\n")
def test_documents_are_those_of_pyyaml(text: str) -> None:
    expected = peer(text.removeprefix("\ufeff"))
    text = text.removeprefix("\ufeff")
    if expected is None or has_directives(text) or "\ufeff" in text:
        return
    assert len(split(text)) == len(expected)
    if "? key" in text or any(isinstance(key, yaml.CollectionNode) for key in keys(expected)):
        return  # a collection as a key is text for us
    assert [shape(node) for node in compose_all(text)] == [shape(node) for node in expected]


def keys(nodes: list[Any]) -> list[Any]:
    """All keys of all mappings."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, yaml.MappingNode):
            found += [key for key, _ in node.value]
            found += keys([value for _, value in node.value])
        elif isinstance(node, yaml.SequenceNode):
            found += keys(node.value)
    return found


@settings(max_examples=500, deadline=None)
@given(STREAMS)
def test_chunks_are_in_order_apart_and_lose_no_content(text: str) -> None:
    text = text.removeprefix("\ufeff")
    at = 0
    for chunk in split(text):
        assert at <= chunk.start <= chunk.end <= len(text)
        at = chunk.end


@pytest.mark.parametrize(
    "text",
    [
        "%TAG ! tag:yaml.org,2002:\n---\na: !str 1\n",
        "---\na: 1\n...\n%TAG !e! tag:yaml.org,2002:\n---\nb: !e!str 2\n",
        "---\na: 1\n%TAG !e! tag:yaml.org,2002:\n---\nb: !e!str 2\n",
    ],
)
def test_directives_reach_the_document_after_them(text: str) -> None:
    assert has_directives(text)
    expected = list(yaml.load_all(text, yaml.CSafeLoader))
    assert build(text, Limits()) == expected
    assert len(compose_all(text)) == len(expected)


@pytest.mark.parametrize("glue", ["---\n\ufeff", "\ufeff---\n", "---\n# note\n\ufeff", "--- \r\n\ufeff"])
def test_a_byte_order_mark_between_pasted_files_is_no_content(glue: str) -> None:
    text = "a: é\n" + glue + "b: 2\n"
    assert [build(text[start:end], Limits()) for start, end in split(text)] == [[{"a": "é"}], [{"b": 2}]]


def test_a_broken_document_costs_none_of_its_neighbours() -> None:
    assert [node is None for node in compose_all("a: 1\n---\nb: [\n---\nc: 1\n")] == [False, True, False]


def test_a_blank_of_unicode_is_content() -> None:
    assert split("\xa0\n") == [Chunk(0, 2)]
    assert split(" \t\r\n# note\n") == []
