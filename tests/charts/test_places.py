"""A finding in what Helm prints stands at the line of the template that it comes from, and at the value."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linter.render.templates import line_of

sys.path.insert(0, str(Path(__file__).parent))

from chart import BUILT, CHART, WEB, check, places, real_helm, values, write


@pytest.fixture
def printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helm that prints what the real one does for the chart of these tests."""
    program = folder.parent / "bin" / "helm"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<'EOF'\n{BUILT}EOF\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def _judged(capsys: pytest.CaptureFixture[str]) -> None:
    write(CHART)
    result = check(capsys, "shop", "--render")
    path = "shop/templates/web.yaml"
    assert places(result) == [("one", path, 31), ("shop-0", path, 15), ("shop-1", path, 15), ("two", path, 39)]
    assert values(result, "one") == [(".Values.pullSecret", "shop/values.yaml", 4)]
    assert values(result, "shop-0") == [(".Values.imagePullSecrets", "shop/values.yaml", 6)]
    one = next(found for found in result["findings"] if found["object"]["name"] == "one")
    assert "Change .Values.pullSecret in shop/values.yaml:4, and build again." in one["remedy"]
    assert [line["text"] for line in one["location"]["excerpt"]] == ['- name: "{{ .Values.pullSecret }}"']
    two = next(found for found in result["findings"] if found["object"]["name"] == "two")
    assert "Change shop/templates/web.yaml or the chart's values" in two["remedy"]


@pytest.mark.usefixtures("printed")
def test_a_finding_points_at_the_line_of_the_template_and_at_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    _judged(capsys)


@real_helm
def test_the_real_helm_gives_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _judged(capsys)
    made = subprocess.run(["helm", "template", "shop", "shop"], check=True, capture_output=True, text=True).stdout
    assert made == BUILT


@pytest.mark.usefixtures("printed")
def test_values_that_are_given_go_before_those_of_the_chart(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    write(CHART)
    write({"shop/values.yaml": "pullSecret: other\n", "../outside.yaml": "a: 1\npullSecret: both\n"})
    result = check(capsys, "shop", "--render", "--values", "../outside.yaml")
    assert values(result, "one") == [(".Values.pullSecret", "../outside.yaml", 2)]


@pytest.mark.usefixtures("printed")
def test_what_could_not_be_judged_points_at_the_template_too(capsys: pytest.CaptureFixture[str]) -> None:
    write(CHART)
    withheld = check(capsys, "shop", "--render")["coverage"]["not_evaluated"]
    places = {(one["object"]["name"], one["location"]["path"], one["location"]["line"]) for one in withheld}
    assert ("two", "shop/templates/web.yaml", 38) in places
    assert not any("(helm template)" in path for _, path, _ in places)


@pytest.mark.usefixtures("printed")
def test_a_comment_in_a_template_accepts_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    accepted = "- name: literal\n- name: literal  # regcred: ignore[duplicate-link] both are meant\n"
    write(CHART | {"shop/templates/web.yaml": WEB.replace("- name: literal\n- name: literal\n", accepted)})
    result = check(capsys, "shop", "--render")
    assert "two" not in [name for name, _, _ in places(result)]
    assert [one["reason"] for one in result["suppressed"]] == ["both are meant"]


@pytest.mark.usefixtures("printed")
def test_a_credential_in_a_template_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    line = "- name: literal  # password: hunter2-hunter2\n"
    write(CHART | {"shop/templates/web.yaml": WEB.replace("- name: literal\n", line)})
    result = check(capsys, "shop", "--render")
    assert ("two", "shop/templates/web.yaml", 39) in places(result)
    assert "hunter2" not in json.dumps(result)


_KEYS = st.text("abcxyz", min_size=1, max_size=3)
_TREES = st.recursive(
    st.sampled_from(["x", "y", "quay.io/a/b:1", "- x", "a: b"]) | st.integers(0, 3),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_KEYS, inner, min_size=1, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4), st.booleans())
def test_a_template_without_actions_is_its_own_source(tree: dict[str, Any], indented: bool) -> None:
    text = yaml.safe_dump(tree, width=10_000, sort_keys=False)
    if indented:
        text = json.dumps(tree, indent=2)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found = line_of(text, text, number)
            assert found in (0, number) or _holds(text.split("\n")[found - 1], line)


@given(st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4), st.data())
def test_a_line_that_an_action_fills_in_is_found_or_its_holder_is(tree: dict[str, Any], data: st.DataObject) -> None:
    lines = yaml.safe_dump(tree, width=10_000, sort_keys=False).split("\n")
    filled = [number for number, line in enumerate(lines, 1) if ": " in line and not line.lstrip().startswith("-")]
    if not filled:
        return
    number = data.draw(st.sampled_from(filled))
    line = lines[number - 1]
    template = [*lines]
    template[number - 1] = f"{line[: line.index(': ')]}: {{{{ .Values.x }}}}"
    found = line_of("\n".join(template), "\n".join(lines), number)
    assert found in (0, number) or _holds(lines[found - 1], line)


@pytest.mark.parametrize(("line", "found"), [(3, 3), (5, 5)])
def test_of_items_alike_each_line_is_found_in_its_own(line: int, found: int) -> None:
    """The value that is written out in one of them is no sign that a line comes from there."""
    built = "a:\n- name: x\n  key: y\n- name: x\n  key: y\n"
    assert line_of(built.replace("key: y", "key: {{ .Values.key }}", 1), built, line) == found


def _holds(outer: str, line: str) -> bool:
    """Whether a line can be what another one stands below."""
    indent, own = (len(one) - len(one.lstrip()) for one in (outer, line))
    return indent < own or (indent == own and line.lstrip().startswith("- ") and not outer.lstrip().startswith("- "))
