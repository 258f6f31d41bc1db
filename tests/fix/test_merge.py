"""New texts of one payload put together: all that each changes, or nothing; and what the command makes of it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linter.cli import run
from linter.fix.merge import Changes, merged
from linter.fix.plan import apply_fixes, first_round, overlap, plan
from linter.model import Applicability, Edit, Fix, Op, Sensitive
from linter.secret import Changed, changed
from linter.stretches import Change, change

_TEXTS = st.text("ab{", max_size=12)


@given(_TEXTS, _TEXTS)
def test_a_change_makes_the_new_text_and_is_the_smallest(base: str, new: str) -> None:
    start, end, text = change(base, new)
    assert base[:start] + text + base[end:] == new
    stays = start + len(base) - end
    assert not any(
        base[:head] == new[:head] and base[len(base) - tail :] == new[len(new) - tail :]
        for head in range(min(len(base), len(new)) + 1)
        for tail in [stays + 1 - head]
        if 0 <= tail <= min(len(base), len(new)) - head and head >= start
    )


@given(_TEXTS, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 4), st.text("xy", max_size=3)), max_size=5))
def test_changes_that_are_apart_are_all_made(base: str, spans: list[tuple[int, int, str]]) -> None:
    made: list[tuple[int, int, str]] = []
    at = 0
    for gap, length, text in spans:
        start = at + gap
        if start + length <= len(base):
            made.append((start, start + length, text))
            at = start + length + 1
    texts = [base[:start] + text + base[end:] for start, end, text in made]
    wanted = base
    for start, end, text in reversed(made):
        wanted = wanted[:start] + text + wanted[end:]
    found = merged(base, texts)
    if all(change(base, new) == Change(*one) for new, one in zip(texts, made, strict=True)):
        assert found == wanted
    assert found == merged(base, reversed(texts))
    assert found is not None or len(set(texts)) > 1


@given(_TEXTS, st.lists(_TEXTS, max_size=6))
def test_a_change_fits_where_it_is_apart_from_each_other_one(base: str, texts: list[str]) -> None:
    changes = Changes(base)
    taken: list[str] = []
    for new in texts:
        fits = all(merged(base, [other, new]) is not None for other in taken)
        assert changes.fits(new) is fits
        assert changes.add(new) is fits
        taken += [new] if fits else []
    assert changes.text() == merged(base, taken)


def _fix(new: str, base: str | None = "abcdefgh", how: Applicability = Applicability.SAFE) -> Fix:
    before = None if base is None else Sensitive(base)
    return Fix(how, new, (Edit(Op.PAYLOAD, "s.yaml", 0, ("stringData", "k"), Sensitive(new), before),))


def test_fixes_of_one_payload_go_together_where_they_are_apart() -> None:
    one, two, three, four = _fix("Xbcdefgh"), _fix("abcdefgY"), _fix("Zbcdefgh"), _fix("XXbcdefgh")
    assert plan([one, two, three, four, _fix("Xbcdefgh")]) == ((one, two, _fix("Xbcdefgh")), (three,), (four,))
    assert not overlap(one.edits[0], two.edits[0])
    assert overlap(one.edits[0], three.edits[0])
    text = b"kind: Secret\nstringData:\n  k: abcdefgh # here\n"
    outcome = apply_fixes({"s.yaml": text}, [one, two], unsafe=False)
    assert outcome.changed == {"s.yaml": text.replace(b"abcdefgh", b"XbcdefgY")}
    assert outcome.applied == (one, two)


@pytest.mark.parametrize("other", [_fix("abcdefgY", None), _fix("abcdefgY", "abcdefg")])
def test_fixes_that_were_made_for_other_text_wait(other: Fix) -> None:
    one = _fix("Xbcdefgh")
    assert plan([one, other]) == ((one,), (other,))
    assert plan([other, one]) == ((other,), (one,))


def test_fixes_of_one_payload_that_do_more_together_wait() -> None:
    one, two, elsewhere = _fix("Xbcdefgh"), _fix("abcdefgY"), Fix(Applicability.SAFE, "s", ())
    asked: list[list[Fix]] = []

    def agree(fixes: Any) -> bool:
        asked.append(list(fixes))
        return False

    assert first_round([one, two, elsewhere], agree) == ((one, elsewhere), (two,))
    assert first_round([one, elsewhere], agree) == ((one, elsewhere), ())
    assert asked == [[one, two]]


def _secret(path: Path, entries: dict[str, dict[str, str]]) -> None:
    text = json.dumps({"auths": entries}, indent=1)
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "pull", "namespace": "apps"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(text.encode()).decode()},
    }
    path.write_text(json.dumps(body), encoding="utf-8")


def _entries(path: Path) -> dict[str, dict[str, str]]:
    data = json.loads(path.read_text(encoding="utf-8"))["data"][".dockerconfigjson"]
    found: dict[str, dict[str, str]] = json.loads(base64.b64decode(data))["auths"]
    return found


def test_all_defects_of_one_secret_are_repaired_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "pull.json"
    auth = base64.b64encode(b"user:pass").decode()
    wrong = {"auth": auth, "username": "user", "password": "former"}
    _secret(place, {f"r{number}.example.com": dict(wrong) for number in range(30)})
    assert run(["check", str(place), "--fix", "--select", "auth-disagrees", "--fail-on", "warning"]) == 0
    assert "regcred: 30 fixes in 1 file" in capsys.readouterr().err
    assert _entries(place) == {f"r{number}.example.com": {**wrong, "password": "pass"} for number in range(30)}


@pytest.mark.parametrize("count", [2, 30])
def test_entries_that_have_one_credential_are_repaired_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    """Each fix leaves the credential under the other keys, so that only all of them together take it away."""
    place = tmp_path / "pull.json"
    padded, plain = (base64.b64encode(text).decode() for text in (b"user:pass\n", b"user:pass"))
    hosts = [f"r{number}.example.com" for number in range(count)]
    _secret(place, {host: {"auth": padded} for host in hosts})
    words = [str(place), "--unsafe-fixes", "--select", "credential-whitespace", "--fail-on", "never"]
    assert run(["check", *words, "--fix-dir", str(tmp_path / "fixes")]) == 0
    (written,) = (tmp_path / "fixes" / "apps").glob("*secret*.yaml")
    code = written.read_text(encoding="utf-8").split(".dockerconfigjson: ")[1].split("\n")[0].strip("'\"")
    assert json.loads(base64.b64decode(code))["auths"] == {host: {"auth": plain} for host in hosts}
    capsys.readouterr()
    assert run(["check", *words, "--fix"]) == 0
    told = capsys.readouterr().err
    assert f"regcred: {count} fixes in 1 file" in told
    assert told.count("the former credential of entry r") == count
    assert _entries(place) == {host: {"auth": plain} for host in hosts}


def test_a_key_goes_only_while_another_keeps_its_credential(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One fix takes a key away because another has its credential, and one changes that: not both at once."""
    place = tmp_path / "pull.json"
    padded, plain = (base64.b64encode(text).decode() for text in (b"user:pass\n", b"user:pass"))
    _secret(place, {"quay.io": {"auth": padded}, "https://quay.io/v1/": {"auth": padded}, "other.io": {"auth": plain}})
    rules = "credential-whitespace,duplicate-registry"
    assert run(["check", str(place), "--unsafe-fixes", "--fix", "--select", rules, "--fail-on", "never"]) == 0
    left = _entries(place)
    assert all(entry == {"auth": plain} for entry in left.values())
    assert {"other.io"} < left.keys()
    assert "internal" not in capsys.readouterr().err


def test_fixes_beyond_what_one_object_may_carry_wait_for_the_next_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "pull.json"
    padded, plain = (base64.b64encode(f"user:pass{end}".encode()).decode() for end in ("\n", ""))
    hosts = [f"r{number}.example.com" for number in range(30)]
    _secret(place, {host: {"auth": padded} for host in hosts})
    monkeypatch.setattr("linter.proof.bounds.MOST_CARRIED", len(json.dumps({"auths": _entries(place)}, indent=1)) * 9)
    words = [str(place), "--select", "credential-whitespace", "--fail-on", "never"]
    assert run(["check", *words, "--format", "json"]) == 0
    fixes = [finding["fix"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    offered = [fix for fix in fixes if fix["applicability"] == "unsafe"]
    assert 9 <= len(offered) <= 11
    assert all(fix["proof"] for fix in offered)
    rest = [fix for fix in fixes if fix["applicability"] == "display"]
    assert len(rest) == len(fixes) - len(offered)
    assert all("once the fixes before it, of the same object, are made" in fix["summary"] for fix in rest)
    # What is not made does not keep what is from being offered.
    entries = {**_entries(place), "Other.io/team": {"auth": plain}, "https://other.io/v2/x": {"auth": plain}}
    _secret(place, entries)
    both = [str(place), "--select", "RC107,RC205", "--fail-on", "never", "--format", "json"]
    assert run(["check", *both]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    others = [finding["fix"]["applicability"] for finding in found if finding["code"] == "RC205" and finding["fix"]]
    assert others
    assert "display" not in others
    _secret(place, {host: {"auth": padded} for host in hosts})
    assert run(["check", *words, "--unsafe-fixes", "--fix-dir", str(tmp_path / "fixes")]) == 0
    readme = (tmp_path / "fixes" / "README.md").read_text(encoding="utf-8")
    assert readme.count("of the same object, are made: then check again") == len(rest)
    with monkeypatch.context() as few:
        few.setattr("linter.cli._repair._MOST_ROUNDS", 1)
        assert run(["check", *words, "--unsafe-fixes", "--diff"]) == 0
        assert capsys.readouterr().err.count("are made: then check again") > 5
    assert run(["check", *words, "--unsafe-fixes", "--fix"]) == 0
    told = capsys.readouterr().err
    assert "regcred: 30 fixes in 1 file" in told
    assert "not repaired" not in told
    assert _entries(place) == {host: {"auth": plain} for host in hosts}


@given(st.tuples(*[st.text("ab\n", max_size=9)] * 4))
def test_a_changed_text_is_what_it_was_made_of(parts: tuple[str, str, str, str]) -> None:
    head, middle, tail, new = parts
    long = "x" * 5_000
    base, text = f"{long}{head}{middle}{tail}{long}", f"{long}{head}{new}{tail}{long}"
    made = changed(Sensitive(base), text)
    assert isinstance(made, Changed)
    assert (made.reveal(), len(made), bool(made)) == (text, len(text), True)
    assert made == Sensitive(text)
    assert hash(made) == hash(Sensitive(text))
    assert text not in f"{made!r}{made}{made:s}"
    assert changed(Sensitive(base), "short").reveal() == "short"
    assert type(changed(Sensitive(base), "y" * 10_000)) is Sensitive


def test_fix_dir_repairs_all_defects_of_one_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "pull.json"
    auth = base64.b64encode(b"user:pass").decode()
    _secret(place, {name: {"auth": auth, "username": "user", "password": "old"} for name in ("a.io", "b.io", "c.io")})
    words = ["--fix-dir", str(tmp_path / "fixes"), "--select", "auth-disagrees", "--fail-on", "never"]
    assert run(["check", str(place), *words]) == 0
    (written,) = (tmp_path / "fixes" / "apps").glob("*secret*.yaml")
    code = written.read_text(encoding="utf-8").split(".dockerconfigjson: ")[1].split("\n")[0].strip("'\"")
    decoded = json.loads(base64.b64decode(code))["auths"]
    assert {entry["password"] for entry in decoded.values()} == {"pass"}
    assert "check again" not in (tmp_path / "fixes" / "README.md").read_text(encoding="utf-8")
    capsys.readouterr()
