"""Fixes over several files: whole or not at all, in rounds, and encodings that survive."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.fix.plan import apply_fixes, overlap, plan
from linter.model import Applicability, Edit, Fix, Op, Route, Sensitive

A = b"l:\n- name: a\n- name: b # keep\n- name: b\n"


def fix(*edits: Edit, how: Applicability = Applicability.SAFE, summary: str = "s") -> Fix:
    return Fix(how, summary, edits)


def edit(op: Op, *route: str | int, value: object = None, path: str = "a.yaml") -> Edit:
    return Edit(op, path, 0, tuple(route), value)


def test_fixes_that_touch_each_other_wait() -> None:
    one, two = fix(edit(Op.SET, "a", value=1)), fix(edit(Op.REMOVE, "a"))
    three = fix(edit(Op.SET, "b", "c", value=1))
    assert plan([one, two, three]) == ((one, three), (two,))
    outcome = apply_fixes({"a.yaml": b"a: 0\nb: {}\n"}, [one, two, three], unsafe=False)
    assert outcome.changed == {"a.yaml": b"a: 1\nb:\n  c: 1\n"}
    assert (outcome.applied, outcome.deferred, outcome.refused) == ((one, three), (two,), ())


_ROUTES = st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=3).map(tuple)
_EDITS = st.builds(
    Edit,
    st.sampled_from([Op.SET, Op.APPEND, Op.REMOVE]),
    st.sampled_from(["a.yaml", "b.yaml"]),
    st.integers(0, 1),
    _ROUTES,
    st.sampled_from([None, 1, {"name": "x"}]),
)


@given(st.lists(st.lists(_EDITS, min_size=1, max_size=3).map(lambda edits: fix(*edits)), max_size=12))
def test_a_fix_goes_into_the_first_round_whose_edits_it_leaves_alone(fixes: list[Fix]) -> None:
    rounds: list[list[Fix]] = []
    for one in fixes:
        for members in rounds:
            if not any(overlap(mine, its) for other in members for its in other.edits for mine in one.edits):
                members.append(one)
                break
        else:
            rounds.append([one])
    assert plan(fixes) == tuple(map(tuple, rounds))


def test_equal_edits_count_once_and_appends_go_together() -> None:
    link = edit(Op.APPEND, "l", value={"name": "c"})
    fixes = [fix(link, summary="x"), fix(link, summary="y"), fix(edit(Op.APPEND, "l", value={"name": "d"}))]
    outcome = apply_fixes({"a.yaml": A}, fixes, unsafe=False)
    assert outcome.changed == {"a.yaml": A + b"- name: c\n- name: d\n"}
    assert outcome.applied == tuple(fixes)


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    broken = fix(edit(Op.SET, "x", value=1), edit(Op.SET, "l", 9, "name", value="z", path="b.yaml"))
    good = fix(edit(Op.REMOVE, "l", 2))
    outcome = apply_fixes({"a.yaml": A, "b.yaml": A}, [broken, good], unsafe=False)
    assert outcome.changed == {"a.yaml": b"l:\n- name: a\n- name: b # keep\n"}
    assert outcome.applied == (good,)
    assert [item for item, _ in outcome.refused] == [broken]


def test_what_is_not_allowed_is_refused_with_a_reason() -> None:
    shown = fix(edit(Op.SET, "x", value=1), how=Applicability.DISPLAY)
    unsafe = fix(edit(Op.SET, "x", value=1), how=Applicability.UNSAFE)
    done = fix(edit(Op.APPEND, "l", value={"name": "a"}))
    gone = fix(edit(Op.SET, "x", value=1, path="none.yaml"))
    outcome = apply_fixes({"a.yaml": A}, [shown, unsafe, done, gone], unsafe=False)
    assert not outcome.changed
    assert not outcome.applied
    assert len(outcome.refused) == 4
    assert apply_fixes({"a.yaml": A}, [unsafe], unsafe=True).applied == (unsafe,)


def test_a_safe_fix_that_would_take_a_comment_is_refused() -> None:
    text = b"a:\n  # why\n  b: 1\nc: 2\n"
    remove = fix(edit(Op.REMOVE, "a"))
    assert "comment" in apply_fixes({"a.yaml": text}, [remove], unsafe=False).refused[0][1]
    assert apply_fixes({"a.yaml": text}, [remove], unsafe=True).changed == {"a.yaml": b"c: 2\n"}


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-8", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
def test_encodings_survive(encoding: str, mark: bytes) -> None:
    before, after = "# é✓\r\nkind: Secret\r\na: x # ü", "# é✓\r\nkind: Secret\r\na: z # ü"
    outcome = apply_fixes({"a.yaml": mark + before.encode(encoding)}, [fix(edit(Op.SET, "a", value="z"))], unsafe=False)
    assert outcome.changed == {"a.yaml": mark + after.encode(encoding)}


def test_json_is_known_by_name_or_by_its_text() -> None:
    change = [fix(Edit(Op.SET, path, 0, ("a", "b"), "x")) for path in ("a.json", "b", "c.yaml")]
    text = b'{\n\t"a": {}\n}\n'
    outcome = apply_fixes({"a.json": text, "b": text, "c.yaml": text}, change, unsafe=False)
    assert set(outcome.changed.values()) == {b'{\n\t"a": {\n\t\t"b": "x"\n\t}\n}\n'}
    assert len(outcome.changed) == 3


def test_unreadable_files_are_refused_without_their_content() -> None:
    canary = Sensitive("canary")
    for data in (b"\xff\xfe\x00", b"a: canary: x\n", b"\xc3\x28"):
        outcome = apply_fixes({"a.yaml": data}, [fix(edit(Op.PAYLOAD, "a", value=canary))], unsafe=False)
        assert not outcome.changed
        assert "canary" not in outcome.refused[0][1]


def test_route_of_a_list_of_objects() -> None:
    route: Route = ("items", 1, "metadata", "annotations", "x/y")
    text = b"kind: List\nitems:\n- metadata: {name: a}\n- metadata:\n    annotations:\n      x/y: '1'\n    name: b\n"
    outcome = apply_fixes({"a.yaml": text}, [fix(Edit(Op.REMOVE, "a.yaml", 0, route))], unsafe=False)
    assert outcome.changed["a.yaml"].endswith(b"- metadata:\n    annotations: {}\n    name: b\n")
