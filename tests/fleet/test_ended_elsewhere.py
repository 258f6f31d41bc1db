"""A call whose work is done by a scheduler's workers, or whose input comes from a server, is ended at many places.

The signal comes where a call into the system, or into C, has returned to what hands out the work or reads a URL: there
the interpreter hears of signals. Nothing stays behind, nothing is half, and what was judged is kept once.
"""

import http.server
import importlib.util
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump, tar_gz
from runs import ROOT, wait
from test_scheduler import Dask

ENDED = """
import os, sys
from linter.__main__ import main
number, left, places, *words = sys.argv[1:]
left, places = int(left), frozenset(places.split())


def told(frame, event, _):
    global left
    where = frame.f_code.co_filename
    if event == "c_return" and "/linter/" in where and where.rpartition("/")[2] in places:
        left -= 1
        if not left:
            sys.setprofile(None)
            os.kill(os.getpid(), int(number))


sys.setprofile(told)
code = main(words)
sys.setprofile(None)
with open("counted", "w") as file:
    file.write(str(-left))
sys.exit(code)
"""
TIMES = 3
"""So many places of a call are tried with each signal."""


class _Call:
    """A call that stores what it judges, and that can be ended where a place of some modules was reached so often."""

    def __init__(self, place: Path, modules: str, *words: str) -> None:
        self.place = place
        self._modules = modules
        self._words = ("check", *words, "--history", "scans.db", "--format", "json=out.json")
        (place / "tmp").mkdir()

    def run(self, number: int, left: int, *more: str) -> tuple[int, str]:
        """End it by a signal where that many returns have come, 0 for never; return its code and what it said."""
        command = [sys.executable, "-c", ENDED, str(number), str(left), self._modules, *self._words, *more]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.place / "tmp")}
        with subprocess.Popen(
            command,
            env=environment,
            cwd=self.place,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as call:
            try:
                out, err = call.communicate(timeout=240)
            finally:
                call.kill()
        assert out == ""
        wait(lambda: not _alive(call.pid))
        return call.returncode, err

    def scans(self) -> int:
        with closing(sqlite3.connect(self.place / "scans.db")) as connection:
            return int(connection.execute("SELECT count(*) FROM regcred_scan").fetchone()[0])


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _ended_everywhere(call: _Call, count: int) -> None:
    """End a call over `count` dumps here and there, and take it up again each time."""
    place = call.place
    code, said = call.run(signal.SIGINT, 0)
    assert code == 1, said
    assert call.scans() == count
    whole = json.loads((place / "out.json").read_text())
    total = int((place / "counted").read_text())
    assert total > TIMES
    names = {path.name for path in place.iterdir()}
    ended = 0
    for number in (signal.SIGINT, signal.SIGTERM):
        for at in range(TIMES):
            for name in ("scans.db", "out.json", "counted"):
                (place / name).unlink(missing_ok=True)
            code, said = call.run(number, 1 + (total - 1) * at // (TIMES - 1))
            assert code in (1, 128 + number), said
            assert "Traceback" not in said
            assert all(line.startswith("regcred: ") for line in said.splitlines()), said
            assert {path.name for path in place.iterdir()} <= names
            assert not [*(place / "tmp").iterdir()]
            ended += code != 1
            assert (place / "out.json").exists() is (code == 1)
            code, said = call.run(number, 0, "--resume")
            assert code == 1, said
            again = json.loads((place / "out.json").read_text())
            assert again["findings"] == whole["findings"]
            assert again["coverage"] == whole["coverage"]
            assert call.scans() == count
    assert ended > TIMES  # the last places may come after the end, where it is too late


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the extra dask is not installed")
def test_a_call_that_has_given_its_work_to_a_scheduler(place: Path) -> None:
    folder = place / "dask"
    folder.mkdir()
    dask = Dask(folder)
    try:
        dask.scheduler()
        dask.worker()
        dask.worker()
        home = place / "home"
        home.mkdir()
        (home / ".git").mkdir()
        names = [f"{number}.json" for number in range(3)]
        for number, name in enumerate(names):
            (home / name).write_bytes(dump(number))
        modules = "calls.py executors.py scheduler.py stored.py keeping.py store.py"
        _ended_everywhere(_Call(home, modules, *names, "--scheduler", dask.address), len(names))
    finally:
        dask.stop()
    assert "Traceback" not in dask.log.read_text().partition("Stopping")[0]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a server on loopback, and the folder that it gives."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


@pytest.mark.skipif(importlib.util.find_spec("aiohttp") is None, reason="the extra url is not installed")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_call_that_reads_urls(place: Path, served: tuple[str, Path], jobs: str) -> None:
    url, folder = served
    (folder / "0.json").write_bytes(dump(0))
    (folder / "1.tar.gz").write_bytes(tar_gz({"a.json": dump(1)}))
    home = place / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / ".git").mkdir()
    modules = "remote.py addresses.py digests.py watch.py raw.py calls.py executors.py stored.py store.py"
    _ended_everywhere(_Call(home, modules, f"{url}/0.json", f"{url}/1.tar.gz", "--jobs", jobs), 2)
