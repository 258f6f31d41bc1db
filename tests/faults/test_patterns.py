"""No regular expression takes more than in proportion to its text, whoever wrote the text."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from linter.fillings import could_be
from linter.sources.ignore import _spec

sys.path.insert(0, str(Path(__file__).parent))

from patterns import Used, every, slowest

BOUNDED = {
    "linter.documents.kinds._ODD_KEY": "looks at 2,000 signs",
    "linter.manuals._CODE": "our own manuals, and those of a project's own rules, which are trusted",
    "linter.manuals._STRONG": "as above",
    "linter.render.dependencies._PACKED": "names of files",
    "linter.sources.ignore._FOLDERS": "a line of 4,096 signs",
}
"""Patterns whose texts are short whatever the input is, and why."""


def test_no_pattern_takes_more_than_in_proportion() -> None:
    known = every()
    assert {*BOUNDED} <= {used.where for used in known}
    searched = (used for used in known if used.where not in BOUNDED)
    assert not {used.where: (used.pattern.pattern, text) for used in searched if (text := slowest(used))}


@pytest.mark.parametrize(
    "pattern", [r"(?:a+)+b", r"(\w+\s?)*$", r"x*y*x*z", r"\{\{.*?\}\}", r"(?s)/\*.*?\*/", r"\s+$", r"(a|ab|b)*c"]
)
def test_the_search_finds_such_a_pattern(pattern: str) -> None:
    import re  # noqa: PLC0415 - only here

    assert slowest(Used("here", re.compile(pattern), frozenset({"search"})))


SEGMENT = st.one_of(
    st.sampled_from(["**", "*", "a", "b"]),
    st.lists(st.sampled_from(["*", "a", "b", "?", "[ab]", ".", "\\*", "**"]), min_size=1, max_size=6).map("".join),
)
PATTERN = st.builds(
    lambda sign, parts, end: sign + "/".join(parts) + end,
    st.sampled_from(["", "", "!", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=5),
    st.sampled_from(["", "/"]),
)
PATH = st.builds(
    lambda parts, end: "/".join(parts) + end,
    st.lists(st.text("ab.", min_size=1, max_size=5), min_size=1, max_size=6),
    st.sampled_from(["", "/"]),
)


@given(st.lists(PATTERN, min_size=1, max_size=2), st.lists(PATH, min_size=1, max_size=8))
@example(["**/a/**/a/**/b"], ["a/a/b", "ab/a/b", "a/ab/a/a/b"])
@example(["*a*b*"], ["aab", "ab/b", "bab"])
def test_what_git_ignores_is_what_it_was(patterns: list[str], paths: list[str]) -> None:
    try:
        theirs = GitIgnoreSpec.from_lines(patterns)
    except ValueError:
        return
    ours = _spec(patterns)
    assert ours is not None
    for path in paths:
        assert ours.check_file(path).include == theirs.check_file(path).include


PARTS = st.lists(st.text("ab-", max_size=3), min_size=2, max_size=5)


@given(PARTS, st.text("ab-", max_size=12))
def test_what_a_template_may_become_is_what_it_was(parts: list[str], name: str) -> None:
    import fnmatch  # noqa: PLC0415 - only here

    assert could_be("${X}".join(parts), name) == fnmatch.fnmatchcase(name, "*".join(parts))


def test_patterns_in_the_input_cost_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In `.gitignore`, in registry keys and in names: as many asterisks as there is room for."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text(f"{'*a' * 100}b\n{'**/a/' * 200}b\n")
    inner = tmp_path.joinpath(*("a" * 60))
    inner.mkdir(parents=True)
    text = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: {"a" * 200}, namespace: b}}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{{"auths": {{"{"*a" * 60}b.example.com": {{"auth": "dXNlcjpwYXNz"}}}}}}'
---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: b}}
spec:
  imagePullSecrets: [{{name: '{"${A}a" * 60}b'}}]
  containers: [{{name: c, image: {"a" * 120}.example.com/x/y}}]
"""
    (inner / f"{'a' * 240}.yaml").write_text(text)
    words = [sys.executable, "-m", "linter"]
    for call in (["check", ".", "--scope", "cluster"], ["resolve", ".", "--scope", "cluster", "--pod", "p", "-n", "b"]):
        done = subprocess.run([*words, *call], capture_output=True, check=False, timeout=100)
        assert done.returncode in (0, 1), done.stderr
