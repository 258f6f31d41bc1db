"""What the first process does while copies of it read, what each of them is told, and what they may not share."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from select import select
from typing import Any

import pytest

from linter import engine, forks
from linter.fleet import spread
from linter.git_objects import Objects

sys.path.insert(0, str(Path(__file__).parent))

from dumps import manifest, put
from runs import check, children

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are copied on Linux only")


@pytest.mark.parametrize(("count", "processes"), [(6, 3), (6, 1), (0, 3), (forks.MOST + 1, 2)])
def test_it_is_done_once_and_before_the_first_piece(count: int, processes: int) -> None:
    log: list[int] = []
    here = os.getpid()

    def one(number: int) -> int:
        if os.getpid() == here:
            log.append(number)
        return number

    came = dict(forks.coming(count, one, processes, meanwhile=lambda: log.append(-1)))
    forks.gone()
    assert came == {number: number for number in range(count)}
    assert log.count(-1) == 1
    assert log[0] == -1


def test_copies_work_while_it_is_done() -> None:
    """Pieces come from them though this process does nothing else before it has heard of one."""
    heard, told = os.pipe()
    here = os.getpid()

    def one(number: int) -> bool:
        if os.getpid() != here:
            os.write(told, b"x")
        return os.getpid() == here

    waited: list[bool] = []
    came = dict(forks.coming(9, one, 3, meanwhile=lambda: waited.append(bool(select([heard], [], [], 30)[0]))))
    forks.gone()
    os.close(heard)
    os.close(told)
    assert len(came) == 9
    assert not all(came.values())
    assert waited == [True]


def test_copies_end_where_it_fails() -> None:
    before = children(os.getpid())

    def fail() -> None:
        assert len(children(os.getpid())) == len(before) + 2
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(forks.coming(9, lambda number: number, 3, meanwhile=fail))
    forks.gone()
    assert children(os.getpid()) == before


def test_rules_are_chosen_while_copies_read(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "_WORTH", 0)
    put(place / "tree", {f"{number}.yaml": manifest(f"app-{number}").encode() for number in range(12)})
    alone = check(capsys, "tree")
    seen: list[int] = []
    whole = engine.prepared

    def prepared(request: engine.Request) -> Any:
        seen.append(len(children(os.getpid())))
        return whole(request)

    monkeypatch.setattr(engine, "prepared", prepared)
    before = len(children(os.getpid()))
    assert check(capsys, "tree", "--jobs", "3") == alone
    assert seen == [before + 2]
    assert len(children(os.getpid())) == before  # they have gone, and this process knows
    assert check(capsys, "tree", "--jobs", "3", "--select", "all") == alone
    assert seen == [before + 2, before]


@pytest.mark.parametrize("words", [("--select", "NOPE"), ("--ignore", "NOPE")])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_wrong_word_is_told_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, str], jobs: str
) -> None:
    given = io.BytesIO(b"kind: Secret\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
    code, out, error = check(capsys, "-", *words, "--jobs", jobs)
    assert (code, out) == (2, "")
    assert "no rule is called" in error
    assert given.tell() == 0


@pytest.mark.parametrize("line", ["ignore: [NOPE]", "options: {nope: {}}", "severity: {NOPE: error}"])
def test_wrong_settings_are_told_before_anything_is_read(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    (place / ".regcred.yaml").write_text(f"{line}\n")
    given = io.BytesIO(b"kind: Secret\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
    assert check(capsys, "-", "--jobs", "2")[0] == 2
    assert given.tell() == 0


def test_memory_that_runs_out_meanwhile_loses_no_file(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "_WORTH", 0)
    put(place / "tree", {f"{number}.yaml": manifest(f"app-{number}").encode() for number in range(12)})
    alone = check(capsys, "tree", "--format", "json")
    whole, left = engine.prepared, [MemoryError()]

    def prepared(request: engine.Request) -> Any:
        if left:
            raise left.pop()
        return whole(request)

    monkeypatch.setattr(engine, "prepared", prepared)
    assert check(capsys, "tree", "--format", "json", "--jobs", "2") == alone
    assert not left


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_each_process_knows_all_and_is_told_only_what_others_have_found(processes: int) -> None:
    """What is told in brief is made so where it was found; the first process passes on what a third has to know."""
    here = os.getpid()

    def program(crew: forks.Crew) -> list[tuple[bool, list[tuple[int, str]]]]:
        own: list[int] = []
        briefed: list[int] = []

        def one(number: int) -> tuple[int, str]:
            own.append(number)
            return number, "whole"

        def brief(value: tuple[int, str]) -> tuple[int, str]:
            briefed.append(value[0])
            return value[0], "brief"

        known = crew.told(20, one, brief)
        if processes == 2 or os.getpid() != here:
            assert sorted(briefed) == sorted(own)
        return crew.share(processes, lambda _: (os.getpid() == here, known))

    found = forks.together(program, processes)
    forks.gone()
    assert all(known == [(number, "whole" if first else "brief") for number in range(20)] for first, known in found)


def test_a_copy_asks_git_for_itself(tmp_path: Path) -> None:
    """One that ends its conversation with git, because a file is too large, ends nobody else's."""
    git = ("git", "-C", str(tmp_path))
    subprocess.run([*git, "init", "-q"], check=True)
    made = subprocess.run(
        [*git, "hash-object", "-w", "--stdin"], input=b"content\n", check=True, capture_output=True
    ).stdout.decode().strip()
    objects = Objects(str(tmp_path))
    assert objects.blob(made, 100) == b"content\n"
    here = os.getpid()

    def one(_: int) -> tuple[bytes | None, bytes | None]:
        return objects.blob(made, 1 if os.getpid() != here else 100), objects.blob(made, 100)

    try:
        found = forks.shared(30, one, 3)
        assert {short or b"content\n" for short, _ in found} == {whole for _, whole in found} == {b"content\n"}
        assert objects.blob(made, 100) == b"content\n"
    finally:
        objects.close()


def test_what_changed_is_told_by_any_number_of_processes(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positions in files as they were before are looked up in git, by every process at once."""
    monkeypatch.setattr(spread, "_WORTH", 0)
    monkeypatch.setattr("linter.engine.judging._WORTH_COPIES", 0)
    (place / ".git").rmdir()
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run([*git, "init", "-q"], check=True)
    before = {f"{number:02}.yaml": manifest(f"app-{number}").encode() for number in range(40)}
    put(place / "tree", before)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    put(place / "tree", {name: b"# changed\n" + text for name, text in before.items()})
    words = ("tree", "--changed-since", "HEAD", "--format", "json")
    alone = check(capsys, *words)
    for _ in range(3):
        assert check(capsys, *words, "--jobs", "4") == alone
    assert json.loads(alone[1])["summary"]
