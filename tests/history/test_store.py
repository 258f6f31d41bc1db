"""The laws of the store: a simple model agrees, writers do not disturb each other, and old tables come up to date."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import insert, select, update

from linter.errors import HistoryError
from linter.history import open_store, schema
from linter.history.address import address
from linter.history.changes import within
from linter.history.records import Observation, Saved, Sighting, State, Withheld
from linter.history.store import _engine
from linter.model import ObjectRef, Scope, Severity

CODES = ("RC101", "RC301")
PATHS = ("a/x.yaml", "b/y.yaml")
FINDINGS = tuple(
    Sighting(f"{number:016x}", code, "name", Severity(number % 3 + 1), ObjectRef("v1", "Secret", space, path), path)
    for number, (code, path, space) in enumerate((c, p, s) for c in CODES for p in PATHS for s in ("one", "two"))
)
INPUTS = {(".",): PATHS, ("a", "b"): PATHS, ("a",): PATHS[:1], ("b/y.yaml",): PATHS[1:]}
COVERED_BY = {
    (".",): [(".",)],
    ("a", "b"): [(".",), ("a", "b")],
    ("a",): [(".",), ("a", "b"), ("a",)],
    ("b/y.yaml",): [(".",), ("a", "b"), ("b/y.yaml",)],
}


def observation(series="prod", time=1, seen=(), *, inputs=(".",), rules=CODES, hidden=(), unread=(), accepted=()):
    sightings = {one.identity: one._replace(suppressed=one.identity in accepted) for one in seen}
    read = INPUTS[inputs]
    withheld = tuple(Withheld(ref) for ref in hidden)
    return Observation(
        series,
        time,
        Scope.MANIFESTS,
        inputs,
        frozenset(rules),
        sightings,
        lambda _, path: path in read,
        frozenset(unread),
        withheld,
    )


class Interrupted(Exception):  # noqa: N818 - what happens, not what went wrong
    """The process ends in the middle of a call."""


def interrupted(*_):
    raise Interrupted


class Histories(RuleBasedStateMachine):
    """Scans of two clusters with random sets, some of them interrupted, against dictionaries."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(os.path.join(self.folder.name, "h.db"))
        self.time = 0
        self.model = {"east": {}, "west": {}}
        self.scans = {"east": [], "west": []}
        self.ended = {"east": [], "west": []}

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    @rule(
        series=st.sampled_from(["east", "west"]),
        wait=st.integers(-5, 50),
        seen=st.sets(st.sampled_from(FINDINGS)),
        accepted=st.sets(st.sampled_from([one.identity for one in FINDINGS]), max_size=2),
        inputs=st.sampled_from(sorted(INPUTS)),
        rules=st.sets(st.sampled_from(CODES)),
        hidden=st.sets(st.sampled_from([one.object for one in FINDINGS]), max_size=2),
        unread=st.sets(st.sampled_from(PATHS), max_size=1),
    )
    def scan(self, series, wait, seen, accepted, inputs, rules, hidden, unread):
        self.time = max(self.time + wait, 1)
        seen = {one for one in seen if one.code in rules and one.path in INPUTS[inputs]}
        found = self.store.record(
            [
                observation(
                    series,
                    self.time,
                    seen,
                    inputs=inputs,
                    rules=rules,
                    hidden=hidden,
                    unread=unread,
                    accepted=accepted,
                )
            ]
        )
        fresh = self._model(series, seen, accepted, inputs, rules, hidden, unread)
        for one in seen:
            assert found.seen[series, one.identity].new is (one.identity in fresh)

    def _model(self, series, seen, accepted, inputs, rules, hidden, unread):
        known, scans = self.model[series], self.scans[series]
        now = max([self.time, *(scan["time"] for scan in scans)])
        fresh, came, back, gone = set(), 0, 0, 0
        for one in seen:
            old = known.get(one.identity)
            is_open = one.identity not in accepted
            if is_open and (old is None or old["state"] != "open"):
                fresh.add(one.identity)
            came += old is None
            again = old is not None and old["state"] == "resolved"
            back += again and is_open
            known[one.identity] = {
                "state": "open" if is_open else "suppressed",
                "first": old["first"] if old else now,
                "since": now if old is None or again else old["since"],
                "reopened": (old["reopened"] if old else 0) + (again and is_open),
                "inputs": inputs,
                "scan": len(scans),
                "severity": one.severity,
            }
        for one in FINDINGS:
            old = known.get(one.identity)
            if one in seen or old is None or old["state"] == "resolved":
                continue
            could_see = (
                one.code in rules
                and one.path in INPUTS[inputs]
                and one.path not in unread
                and one.object not in hidden
                and inputs in COVERED_BY[old["inputs"]]
            )
            blind = {ref for ref in hidden if ref.namespace == one.object.namespace}
            if blind:
                last = scans[-1]["hidden"] if scans and old["scan"] == len(scans) - 1 else None
                then = {ref for ref in last or () if ref.namespace == one.object.namespace}
                could_see = could_see and last is not None and then == blind
            if could_see:
                old["state"] = "resolved"
                self.ended[series].append(now - old["since"])
                gone += 1
        scans.append({"time": now, "hidden": hidden, "new": came, "reopened": back, "resolved": gone})
        return fresh

    @rule(series=st.sampled_from(["east", "west"]), seen=st.sets(st.sampled_from(FINDINGS)))
    def end_in_the_middle(self, series, seen):
        """The second cluster of a call ends it: the first, written already, must not stay."""
        ends = observation(series, self.time + 1, ())._replace(judged=interrupted)
        both = [observation(series, self.time + 1, seen), ends]
        if not any(one.identity for one in seen):
            return
        with pytest.raises(Interrupted):
            self.store.record(both)

    @invariant()
    def agree(self):
        held = {story.trend.cluster: story for story in self.store.stories()}
        assert set(held) == {series for series, scans in self.scans.items() if scans}
        for series, story in held.items():
            known, scans = self.model[series], self.scans[series]
            assert story.scans == len(scans)
            assert [(p.time, p.new, p.reopened, p.resolved) for p in story.trend.points] == [
                (scan["time"], scan["new"], scan["reopened"], scan["resolved"]) for scan in scans[-100:]
            ]
            expected = {
                name: (one["state"], one["first"], one["since"], one["reopened"])
                for name, one in known.items()
                if one["state"] != "resolved"
            }
            assert {o.identity: (str(o.state), o.first, o.since, o.reopened) for o in story.present} == expected
            levels = [one["severity"] for one in known.values() if one["state"] == "open"]
            newest = story.trend.points[-1]
            assert (newest.error, newest.warning, newest.info) == tuple(levels.count(level) for level in (3, 2, 1))
            ended = self.ended[series]
            assert story.resolved == len(ended)
            assert story.trend.mean_time_to_resolve == (sum(ended) // len(ended) if ended else None)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


def test_writers_wait_for_each_other(url: str) -> None:
    failures = []

    def write(number: int) -> None:
        try:
            with open_store(url) as store:
                for turn in range(4):
                    store.record([observation("prod", 100 + turn, [FINDINGS[number], FINDINGS[7]])])
        except HistoryError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with open_store(url) as store:
        (story,) = store.stories()
    assert story.scans == 16
    assert sum(point.new for point in story.trend.points) == 5
    times = [point.time for point in story.trend.points]
    assert times == sorted(times)


def test_a_process_that_is_killed_leaves_nothing_behind(url: str) -> None:
    program = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_store import FINDINGS, observation
from linter.history import open_store
store = open_store(sys.argv[1])
end = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store.record([observation("prod", 5, FINDINGS), observation("prod", 6)._replace(judged=end)])
"""
    done = subprocess.run([sys.executable, "-c", program, url, str(Path(__file__).parent)], check=False)
    assert done.returncode == -9
    with open_store(url) as store:
        assert store.stories() == ()
        store.record([observation("prod", 7, FINDINGS)])


def test_a_history_of_version_1_comes_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as database:
        database.executescript(Path(__file__).with_name("version-1.sql").read_text("utf-8"))
    with open_store(str(path)) as store:
        (story,) = store.stories()
        assert (story.scans, story.resolved, story.trend.mean_time_to_resolve) == (3, 1, 200)
        assert [one.state for one in story.present] == [State.OPEN, State.OPEN]
        store.record([observation("prod", 400, [])])
        assert store.stories()[0].resolved == 3
    with open_store(str(path)) as store:
        assert store.stories()[0].scans == 4


def test_every_step_can_be_taken_for_itself(url: str) -> None:
    engine = _engine(address(url))
    for steps in range(schema.VERSION):
        with engine.begin() as connection:
            if steps == 0:
                assert schema.found_version(connection) == 0
            schema.STEPS[steps](connection)
            if steps == 0:
                connection.execute(insert(schema.version).values(version=1))
            connection.execute(update(schema.version).values(version=steps + 1))
    engine.dispose()
    with open_store(url) as store:
        store.record([observation("prod", 5, FINDINGS)])
        assert len(store.stories()[0].present) == len(FINDINGS)


def test_a_history_of_a_later_version_is_refused(url: str) -> None:
    open_store(url).close()
    engine = _engine(address(url))
    with engine.begin() as connection:
        connection.execute(update(schema.version).values(version=schema.VERSION + 1))
    engine.dispose()
    with pytest.raises(HistoryError, match="later version of regcred"):
        open_store(url)


def test_the_newest_result_of_an_input_is_kept_for_a_day(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    data = bytes(range(256))
    with open_store(url) as store:
        store.record([observation()], lambda _: Saved("a" * 64, "one.json", data))
        assert store.saved("a" * 64) == data
        store.record([observation(time=2)], lambda _: Saved("b" * 64, "two.json", b""))
        store.record([observation(time=3)], lambda _: None)
        assert (store.saved("a" * 64), store.saved("b" * 64)) == (data, b"")
        store.record([observation(time=4)], lambda _: Saved("c" * 64, "one.json", b"new"))
        assert (store.saved("a" * 64), store.saved("c" * 64)) == (None, b"new")
        assert [one.cluster for one in store.trends(["prod", "nobody"]).clusters] == ["prod"]
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1795000000 + 86_400))
        assert store.saved("c" * 64) is None


@pytest.mark.parametrize("save", [None, lambda _: None, lambda _: Saved("d" * 64, "four.json", b"")])
def test_any_scan_lets_go_of_results_that_are_older_than_a_day(
    save: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = select(schema.result.c.key).where(schema.result.c.key < "d").order_by(schema.result.c.key)
    with open_store(url) as store:
        for letter, time in (("a", 1795000000), ("b", 1795000001)):
            monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time))
            store.record([observation()], lambda _, letter=letter: Saved(letter * 64, letter, b""))
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1795000000 + 86_400))
        store.record([observation(series="other")], save)
    engine = _engine(address(url))
    with engine.connect() as connection:
        assert connection.execute(kept).scalars().all() == ["b" * 64]
    engine.dispose()


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("deploy", ".", True),
        ("deploy/a", "deploy/", True),
        ("deploy", "deploy/a", False),
        ("deploy-b", "deploy", False),
        ("/srv/x", ".", False),
        ("../x", ".", False),
        ("/srv/x", "/", True),
        ("./x", "x", True),
        ("x.tar!/m/a.yaml", "x.tar", True),
    ],
)
def test_inputs_lie_within_inputs(inner: str, outer: str, expected: bool) -> None:
    assert within([inner], [outer]) is expected


