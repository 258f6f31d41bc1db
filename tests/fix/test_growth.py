"""The work of repairs grows with what they repair and no faster: counted, not timed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import crowds
from linter.__main__ import main
from linter.fix import data, text, tree
from linter.fix.data import apply_to_data
from linter.fix.mask import MASK, mask_lines, parsed
from linter.fix.plan import apply_fixes
from linter.fix.text import apply_edits
from linter.model import Applicability, Edit, Fix, Op

FACTOR = 4
_Counts = dict[str, int]


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Counts]:
    """How many characters are parsed for an edit, and how many edits are made on plain data."""
    found: _Counts = {"parsed": 0, "applied": 0}
    apply, parse = data.Copy.apply, tree.parse

    def parsing(given: str, format_hint: str, line: int = 0) -> list[tree.Node | None]:
        found["parsed"] += len(given)
        return parse(given, format_hint, line)

    def applying(copy: data.Copy, edit: Edit) -> None:
        found["applied"] += 1
        apply(copy, edit)

    monkeypatch.setattr(text, "parse", parsing)
    monkeypatch.setattr(data.Copy, "apply", applying)
    return found


def _grows(counts: _Counts, work: Callable[[int], object], size: int) -> None:
    work(size)
    small = dict(counts)
    counts.update(dict.fromkeys(counts, 0))
    work(size * FACTOR)
    assert small["applied"]
    for what, count in counts.items():
        assert count <= small[what] * FACTOR * 1.5, what


@pytest.mark.parametrize(
    ("make", "how", "suffix"),
    [
        (crowds.manifests_of_defects, "--diff", "yaml"),
        (crowds.manifests_of_defects, "--fix-dir", "yaml"),
        (crowds.unlinked, "--fix-dir", "json"),
        (crowds.unlinked, "--diff", "json"),
        (crowds.repeated_links, "--diff", "json"),
        (crowds.repeated_links_of_workloads, "--diff", "json"),
        (crowds.long_secret_of_defects, "--diff", "json"),
    ],
)
def test_repairs_of_many_objects(
    make: Callable[[Path, int], None], how: str, suffix: str, counts: _Counts, tmp_path: Path
) -> None:
    def work(size: int) -> None:
        place = tmp_path / f"{size}.{suffix}"
        make(place, size)
        words = [how, str(tmp_path / f"repairs-{size}")] if how == "--fix-dir" else [how]
        assert main(["check", str(place), *words, "--fail-on", "never"]) == 0

    _grows(counts, work, 12)


def _documents(size: int) -> tuple[dict[str, bytes], list[Fix]]:
    stream = "".join(f"---\na: {number}\n" for number in range(size - 1)) + "---\na: [\n"
    edits = [Edit(Op.SET, "a.yaml", number, ("a",), "new") for number in range(size)]
    return {"a.yaml": stream.encode()}, [Fix(Applicability.SAFE, "s", (edit,)) for edit in edits]


def test_one_document_that_cannot_be_edited_among_many(counts: _Counts) -> None:
    def work(size: int) -> None:
        files, fixes = _documents(size)
        outcome = apply_fixes(files, fixes, unsafe=False)
        assert outcome.changed["a.yaml"].count(b"a: new") == size - 1
        assert [one for one, _ in outcome.refused] == fixes[-1:]

    # Halves of halves: each document is looked at a few times, however many there are.
    _grows(counts, work, 40)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"l":[],"m":1}', '{"l":[{"name":"a"},{"name":"b"}],"m":1}'),
        ('{"m":1}', '{"m":1,"l":[{"name":"a"},{"name":"b"}]}'),
        ('{"l":[{"name":"x"}]}', '{"l":[{"name":"x"},{"name":"a"},{"name":"b"}]}'),
        ('{\n  "l": [\n    1\n  ]\n}\n', None),
        ("l: []  # none yet\nm: 1\n", "l:  # none yet\n  - name: a\n  - name: b\nm: 1\n"),
        ("m: 1\n", "m: 1\nl:\n  - name: a\n  - name: b\n"),
        ("l:\n  - name: x  # kept\nm: 1\n", "l:\n  - name: x  # kept\n  - name: a\n  - name: b\nm: 1\n"),
        ("{l: [1]}\n", "{l: [1, {name: a}, {name: b}]}\n"),
    ],
)
def test_what_is_added_to_one_list_is_added_at_once_as_one_by_one(
    before: str, after: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hint = "json" if before.startswith(("{\"", "{\n")) else "yaml"
    edits = [Edit(Op.APPEND, "f", 0, ("l",), {"name": name}) for name in "ab"]
    one_by_one = before
    for edit in edits:
        one_by_one = apply_edits(one_by_one, [edit], format_hint=hint)
    monkeypatch.setattr(text, "_one", None)  # so that nothing is done one by one
    assert apply_edits(before, edits, format_hint=hint) == one_by_one
    assert after in (None, one_by_one)


class _Counted(str):
    """A value that counts how often it is compared."""

    compared = 0

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        _Counted.compared += 1
        return str.__eq__(self, other)


def test_many_edits_of_one_place_are_compared_little() -> None:
    edits = [Edit(Op.APPEND, "a.yaml", 0, ("l",), _Counted(number)) for number in range(400)]
    _Counted.compared = 0
    made = apply_to_data({"l": []}, [*edits, *edits])
    compared = _Counted.compared
    assert made == {"l": [str(number) for number in range(400)]}
    assert compared < 20 * len(edits)


_WORDS = st.text("ab", min_size=5, max_size=8)


@given(st.text("ab", max_size=28), st.sets(_WORDS, min_size=17, max_size=30))
def test_every_repetition_of_many_credentials_is_masked(line: str, known: set[str]) -> None:
    hidden = [False] * len(line)
    for start in range(len(line)):
        for word in known:
            if line.startswith(word, start):
                hidden[start : start + len(word)] = [True] * len(word)
    shown = "".join(
        sign if not hide else MASK if not at or not hidden[at - 1] else ""
        for at, (sign, hide) in enumerate(zip(line, hidden, strict=True))
    )
    comment = f"# {line}"
    assert mask_lines(comment, parsed(comment, "yaml"), known) == [f"# {shown}"]


_ITEMS = st.lists(st.tuples(st.sampled_from(["1", "{a: 2}", "[]"]), st.sampled_from(["", " ", "\n  "])), min_size=1)


@given(_ITEMS, st.sampled_from(["", " ", "\n", " # why\n"]), st.data())
def test_what_is_removed_from_one_list_in_flow_style_is_removed_at_once_as_one_by_one(
    items: list[tuple[str, str]], tail: str, draw: st.DataObject
) -> None:
    before = "l: [" + ",".join(space + item for item, space in items) + tail + "]\nm: 1\n"
    gone = sorted(draw.draw(st.sets(st.integers(0, len(items) - 1))), reverse=True)
    edits = [Edit(Op.REMOVE, "f", 0, ("l", number)) for number in gone]
    one_by_one = before
    for edit in edits:
        one_by_one = apply_edits(one_by_one, [edit])
    assert apply_edits(before, edits) == one_by_one


@given(st.text("ab\n\r\u2028", max_size=12), st.integers(0, 4), st.data())
def test_the_ends_of_a_line_are_found_however_long_it_is(text: str, near: int, draw: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tree, "_NEAR", near)
        at = draw.draw(st.integers(0, len(text)))
        start, end = tree.line_start(text, at), tree.line_end(text, at)
    breaks = [number for number, sign in enumerate(text) if sign in tree.BREAKS]
    assert start == max((number + 1 for number in breaks if number < at), default=0)
    assert end == min((number for number in breaks if number >= at), default=len(text))


def test_an_edit_is_made_to_see_a_comment_go_only_where_one_may(
    tmp_path: Path, counts: _Counts, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not for every value of a list above which a comment stands: each edit reads the whole list."""
    secret = "- {apiVersion: v1, kind: Secret, metadata: {name: s%d}, type: kubernetes.io/dockerconfigjson,\n"
    value = "   stringData: {.dockerconfigjson: {auths: {quay.io: {auth: dXNlcjpwYXNz}}}}}\n"
    file = tmp_path / "a.yaml"

    def work(size: int) -> None:
        items = "".join((secret % number) + value for number in range(size))
        file.write_text(f"apiVersion: v1\nkind: List\nitems:\n# all of them\n{items}")
        assert main(["check", str(file), "--select", "RC101", "--diff", "--fail-on", "never"]) == 0
        assert capsys.readouterr().out.count("auths") >= size

    _grows(counts, work, 10)
