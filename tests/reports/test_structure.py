"""What is scanned changes the words of a report and nothing else: its parser sees the structure of harmless words."""

import csv
import importlib
import io
import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
import report_runs as runs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families
from test_any_run import NAMES
from test_html import Page
from test_json import VALIDATOR as JSON
from test_sarif import VALIDATOR as SARIF

from reports.contract import Options

PIECES = (
    *("\x1b[2J", "\x1b]8;;http://x\x07", "\x9b31m", "\x00", "\x07", "\x7f", "\x85", "\r", "\n", "\n\n", "\t", "\x0b"),
    *("\u202e", "\u2066", "\u2069", "\u200b", "\ufeff", "\u2028", "\ud800", "\udc9b", "\ufffe", "\U000e0041"),
    *("<b>", "</b>", "</script>", "<!--", "-->", "]]>", "<![CDATA[", "<svg onload=x>", "&lt;", "&#10;", '"', "'", "="),
    *("| ", "`", "``` ", "~~~ ", "# ", "- ", "1. ", "> ", "[a](b)", "![a](b)", "*", "_", "~~", "</details>", "@x"),
    *("\\", "#1", "!2", "https://x.y", "www.x.y", "---", "    ", "<a href=x>", "=1+1", "+1", "-1", "@A1", "%0A", "%25"),
    *("::error::", "::set-output name=a::", "##[error]", "##vso[task.x]", ",", ";", ":", "..", "/", "{", "}", "${x}"),
    *("{{x}}", "$(x)", "javascript:", "file://", "C:\\", "é", "路", "x", "y z"),
)
"""What means something to a terminal, a browser, a parser, a spreadsheet, a build service, a forge or a shell."""
HOSTILE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join).filter(str.strip)
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SAME = "harmless"
_BASE = "uriBaseId"
"""What a place has in SARIF unless its path is absolute."""


def keys(value: Any) -> Any:
    """Return what a value of JSON is but for its texts. Of objects by kind, only how many there are."""
    if isinstance(value, dict):
        return {key: sum(one.values()) if key == "objects" else keys(one) for key, one in value.items() if key != _BASE}
    if isinstance(value, list):
        return [keys(one) for one in value]
    return "" if isinstance(value, str) else value


def of_json(written: str) -> Any:
    tree = json.loads(written)
    if isinstance(tree, dict) and tree.get("schema") == 1:
        JSON.validate(tree)
    return keys(tree)


def of_policies(written: str) -> Any:
    """A report for each namespace and one for the cluster, in which is what can have no namespace."""
    listed = json.loads(written)["items"]
    results = [one for report in listed for one in report["results"]]
    assert {report["kind"] for report in listed} <= {"PolicyReport", "ClusterPolicyReport", "Report", "ClusterReport"}
    return sorted((one["policy"], one["result"], sorted(one), len(one.get("resources", ()))) for one in results)


def of_sarif(written: str) -> Any:
    assert written.isascii()
    tree = json.loads(written)
    SARIF.validate(tree)
    for place in uris(tree):
        parts = urlsplit(place)
        assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]*", place)
        assert not re.search(r"%(?![0-9A-F]{2})", place)
        assert parts.scheme in ("", "file")
        assert "\x00" not in unquote(place) or "%00" in place
    return keys({**tree["runs"][0], "tool": {}, "properties": {}})


def uris(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["uri"]] if isinstance(value.get("uri"), str) else []
        return own + [uri for one in value.values() for uri in uris(one)]
    return [uri for one in value for uri in uris(one)] if isinstance(value, list) else []


def of_html(written: str) -> Any:
    page = Page(written)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    links = {attributes["href"][:1] for _, attributes in page.elements if "href" in attributes}
    assert links <= {"#"}
    return [(tag, sorted(attributes)) for tag, attributes in page.elements], len(page.own)


def of_markdown(written: str) -> Any:
    """As a forge reads it: HTML inside is looked at too, what it would make of bare words must not stand there."""
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(written)
    found: list[Any] = []
    for token in tokens:
        inner = [one for one in token.children or () if one.type not in ("text", "text_special", "softbreak")]
        assert not any(one.type in ("link_open", "image") for one in inner)
        html = token.content if token.type == "html_block" else ""
        html += "".join(one.content for one in inner if one.type == "html_inline")
        found.append((token.type, [one.type for one in inner], re.findall(r"</?[a-z]+", html)))
        bare = "".join(one.content for one in token.children or () if one.type == "text")
        assert not re.search(r"(?<![\w`])(?:@\w|[#!]\d)|https?://|www\.", bare), bare
    return found


def of_csv(written: str) -> Any:
    rows = list(csv.reader(io.StringIO(written), strict=True))
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"[=+\-@|%\t\r]", cell.lstrip(" "))
    return [(row[0], len(row)) for row in rows]


def of_junit(written: str) -> Any:
    return [(one.tag, sorted(one.attrib), len(one)) for one in ElementTree.fromstring(written).iter()]


def of_github(written: str) -> Any:
    found = []
    for line in written.splitlines():
        command = re.fullmatch(r"::(error|warning|notice) ([^\n]*?)::(.*)", line)
        if command is None:
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
            found.append(("", []))
            continue
        pairs = [pair.split("=", 1) for pair in command[2].split(",")]
        assert not any(":" in value for _, value in pairs)
        found.append((command[1], [name for name, _ in pairs]))
    return found


def of_prometheus(written: str) -> Any:
    families = text_string_to_metric_families(written)
    return [(one.name, [sorted(sample.labels) for sample in one.samples]) for one in families]


def of_text(written: str) -> Any:
    return sum(line.startswith(("suppressed (", "not evaluated (", "problems (")) for line in written.splitlines())


SKELETONS: dict[str, Callable[[str], Any]] = {
    "json": of_json,
    "sarif": of_sarif,
    "html": of_html,
    "markdown": of_markdown,
    "csv": of_csv,
    "junit": of_junit,
    "github": of_github,
    "gitlab": of_json,
    "prometheus": of_prometheus,
    "policyreport": of_policies,
    "openreports": of_policies,
    "text": of_text,
}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=HOSTILE)
@example("</details>\n\n# x\n\n| a | b |\n|--|--|\n")
@example("%0A::error file=a,b::c\n::error::d")
@example("\x1b[31m\u202e=1+1")
@example("\r\n\n\x1b[2J")
@example("\n")
@example("    x")
@example("  # x")
@example("a: b\n- c: '\"\n...\n---\n{{x}}")
def test_hostile_words_change_no_structure(name: str, text: str) -> None:
    written = importlib.import_module(f"reports.{name}").render(shown(text), Options())
    unseen = {char for char in set(written) if char != "\n" and unicodedata.category(char) in _UNSEEN}
    assert unseen <= ({"\u2060"} if name == "markdown" else set())
    assert SKELETONS[name](written) == harmless(name)


@cache
def harmless(name: str) -> Any:
    """What a report looks like whose words mean nothing to anybody."""
    return SKELETONS[name](importlib.import_module(f"reports.{name}").render(shown(_SAME), Options()))


def shown(text: str) -> Any:
    """A run that holds a text wherever it can come from what is scanned; manuals do not."""
    run = runs.hostile(text)
    return run._replace(rules=tuple(rule._replace(summary="x", sections=()) for rule in run.rules))
