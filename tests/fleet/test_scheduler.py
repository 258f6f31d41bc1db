"""A real scheduler with two workers on this machine: the same report, also when one of them is killed."""

import contextlib
import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump, fleet
from runs import ROOT, begun, check, judged, wait

from linter.fleet import scheduler

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra dask is not installed"
)


class Dask:
    """A scheduler, and the workers that were begun for it, by their process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.log = folder / "dask.log"
        self.calls: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> "subprocess.Popen[str]":
        with self.log.open("a") as log:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            environment.pop("SOURCE_DATE_EPOCH", None)
            command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
            call = subprocess.Popen(command, stderr=log, stdout=log, env=environment, cwd=self.folder, text=True)
        self.calls.append(call)
        return call

    def scheduler(self) -> None:
        file = self.folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        self.start("scheduler", *options, "--scheduler-file", str(file))
        wait(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]

    def worker(self, *words: str) -> "subprocess.Popen[str]":
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        return self.start("worker", self.address, *options, "--local-directory", str(self.folder), *words)

    def stop(self) -> None:
        for call in self.calls:
            call.kill()
            call.wait()


@pytest.fixture
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    made = Dask(tmp_path_factory.mktemp("dask"))
    try:
        made.scheduler()
        yield made
    finally:
        made.stop()


def test_the_report_is_that_of_a_local_run_and_a_killed_worker_loses_nothing(
    dask: Dask, killer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*fleet(killer)]
    for number in range(4):
        (killer / f"{number}.json").write_bytes(dump(number))
    (killer / "slow.json").write_bytes(dump(9, "wait"))
    words += ["slow.json", *(f"{number}.json" for number in range(4))]
    (killer / "go-on").touch()
    local = check(capsys, *words, "--history", "local.db")
    (killer / "judged").unlink()
    (killer / "go-on").unlink()
    (killer / "waiting").unlink()
    first, second = dask.worker(), dask.worker()
    command = [sys.executable, "-m", "linter", "check", *words, "--scheduler", dask.address, "--history", "scans.db"]
    with begun(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as call:
        wait((killer / "waiting").exists, call)
        pid = int((killer / "waiting").read_text())
        (first if first.pid == pid else second).send_signal(signal.SIGKILL)
        (killer / "go-on").touch()
        out, err = call.communicate(timeout=120)
    assert pid in (first.pid, second.pid)
    assert (call.returncode, out) == local[:2], err
    assert recorded("scans.db") == recorded("local.db")  # of the dump that was begun twice too, once
    lines = err.splitlines()
    assert lines[-1].endswith("(12 of 12)")
    assert sum("slow.json" in line for line in lines) == 1
    judgements = (killer / "judged").read_text().split("\n")
    assert judgements.count("slow.json") == 2  # begun, lost, and done by the other worker

    # A worker that sees other folders, and what is shown on the way.
    text = dask.log.read_text()
    for said in ("hunter2", "cm9ib3Q6", "dXNlcj", "slow.json"):
        assert said not in text


def test_workers_obey_the_limits_of_the_settings(dask: Dask, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As this machine does: what nests deeper or is larger than they allow is refused there, or read where they do."""
    for number, depth in enumerate([100, 150, 300]):
        whole = json.loads(dump(number))
        whole["items"][0]["x"] = json.loads("[" * depth + "]" * depth)
        (place / f"{number}.json").write_text(json.dumps(whole))
    with tarfile.open(place / "large.tar.gz", "w:gz") as archive:
        archive.add("0.json")
        archive.add("1.json")
    names = ("0.json", "1.json", "2.json", "large.tar.gz")
    dask.worker()
    lost = {}
    for limits in ("depth: 120", "depth: 400, members: 1", "file: 100"):
        (place / "settings").write_text(f"limits: {{{limits}}}\n")
        words = (*names, "--config", "settings", "--format", "json")
        here = check(capsys, *words)
        assert check(capsys, *words, "--scheduler", dask.address)[:2] == here[:2]
        lost[limits] = {one["path"] for one in json.loads(here[1])["coverage"]["problems"]}
    assert lost == {
        "depth: 120": {"1.json", "2.json", "large.tar.gz!/1.json"},
        "depth: 400, members: 1": {"large.tar.gz"},
        "file: 100": {"0.json", "1.json", "2.json", "large.tar.gz!/0.json", "large.tar.gz!/1.json"},
    }


@pytest.mark.parametrize("gone", ["worker", "scheduler"])
def test_what_was_judged_is_reported_and_kept_when_the_last_worker_or_the_scheduler_has_gone_for_good(
    dask: Dask, killer: Path, capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    names = ["0.json", "slow.json", "more.json"]
    for name, made in zip(names, (dump(0), dump(9, "wait"), dump(3)), strict=True):
        (killer / name).write_bytes(made)
    worker = dask.worker()
    command = [sys.executable, "-m", "linter", "check", *names, "--scheduler", dask.address, "--timeout", "3"]
    command += ["--history", "scans.db", "--format", "json=result.json"]
    with begun(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as call:
        wait(lambda: (killer / "waiting").exists() and stored("scans.db") == 1, call)
        (worker if gone == "worker" else dask.calls[0]).send_signal(signal.SIGKILL)
        out, err = call.communicate(timeout=120)
    assert call.returncode == 3, err
    assert "Traceback" not in out + err, err
    result = json.loads((killer / "result.json").read_text())
    assert result["scan"]["inputs"] == ["0.json"]
    problems = {one["path"]: one["message"] for one in result["coverage"]["problems"]}
    assert set(problems) == {"slow.json", "more.json"}
    said = {"worker": "it has had no workers for 3 seconds", "scheduler": "it has gone"}[gone]
    assert set(problems.values()) == {f"was not judged: --scheduler {dask.address}: {said}"}

    (killer / "go-on").touch()
    (killer / "judged").unlink()
    result = judged(capsys, *names, "--history", "scans.db", "--resume")
    assert [scan["name"] for scan in result["scans"]] == names
    assert sorted((killer / "judged").read_text().split()) == ["more.json", "slow.json"]


def recorded(name: str) -> list[list[tuple[object, ...]]]:
    """What a history has recorded: each scan by its cluster, and each finding."""
    scans = "SELECT s.name, n.error, n.warning, n.info FROM regcred_scan n JOIN regcred_series s ON s.id = n.series"
    found = "SELECT s.name, f.identity, f.state FROM regcred_finding f JOIN regcred_series s ON s.id = f.series"
    with contextlib.closing(sqlite3.connect(name)) as connection:
        both = [sorted(connection.execute(statement)) for statement in (scans, found)]
    assert all(both)
    return both


def stored(name: str) -> int:
    """How many results a history has kept."""
    try:
        with contextlib.closing(sqlite3.connect(name)) as connection:
            return int(connection.execute("SELECT count(*) FROM regcred_result").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_rule_that_fails_on_a_worker_is_named(dask: Dask, killer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (killer / "a.json").write_bytes(dump(1))
    (killer / "b.json").write_bytes(dump(2, "raise"))
    dask.worker()
    result = judged(capsys, "a.json", "b.json", "--scheduler", dask.address)
    assert result["code"] == 2
    assert [scan["name"] for scan in result["scans"]] == ["a.json", "b.json"]
    (problem,) = result["coverage"]["problems"]
    said = "X001 killer failed with ZeroDivisionError in line 31: what it would have found is missing"
    assert (problem["path"], problem["message"]) == ("rules/killer.py", said)
    assert "hunter2" not in dask.log.read_text()


def test_a_file_that_only_this_machine_has_is_named(
    dask: Dask, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "a.json").write_bytes(dump(1))
    blind = dask.folder / "blind.py"
    blind.write_text(
        "import os\nreal = os.path.lexists\nos.path.lexists = lambda path: 'a.json' not in str(path) and real(path)\n"
    )
    dask.worker("--preload", str(blind))
    code, _, err = check(capsys, "a.json", "--scheduler", dask.address, "--format", "json")
    assert code == 3
    assert "a.json: there is no such file or folder for the worker on" in err


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("return '0.0.0'", "has regcred 0.0.0, this is"),
        ("raise m.PackageNotFoundError(name)", "has no regcred, this is"),
    ],
)
def test_a_worker_with_another_version_or_none_is_an_error_of_the_call(
    dask: Dask, place: Path, capsys: pytest.CaptureFixture[str], version: str, said: str
) -> None:
    (place / "a.json").write_bytes(dump(1))
    other = dask.folder / "other.py"
    other.write_text(f"import importlib.metadata as m\n\ndef version(name):\n    {version}\n\nm.version = version\n")
    dask.worker("--preload", str(other))
    code, out, err = check(capsys, "a.json", "--scheduler", dask.address)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_no_scheduler_no_workers_and_no_package_are_said(
    dask: Dask, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "a.json").write_bytes(dump(1))
    monkeypatch.setattr(scheduler, "_PATIENCE", 3)
    code, _, err = check(capsys, "a.json", "--scheduler", dask.address)
    assert code == 2
    assert f"it has no workers: dask worker {dask.address}" in err
    code, _, err = check(capsys, "a.json", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 2
    assert "no Dask scheduler answers there" in err
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = check(capsys, "a.json", "--scheduler", dask.address)
    assert code == 2
    assert "in a checkout of regcred, pip install '.[dask]' (with pipx" in err
    assert check(capsys, "a.json", "--scheduler", dask.address, "--diff")[0] == 2
