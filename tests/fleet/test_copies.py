"""One input in several processes: copies of the first one read, judge, prove and place; any of them may be lost."""

import base64
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from linter import engine, forks, pipes
from linter.__main__ import main
from linter.engine import judging
from linter.fleet import spread
from linter.inventory import kept

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump, manifest, put
from runs import ROOT, begun, check, wait


@pytest.mark.parametrize("how", ["copies", "copies that pack", "copies that forget", "no copy", "one copy", "pool"])
def test_a_tree_is_read_in_several_processes(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(spread, "_WORTH", 0)
    if how == "pool":
        monkeypatch.setattr(forks, "able", lambda: False)
    elif not forks.able():
        pytest.skip("this process cannot be copied: not Linux, or a test has left a thread")
    if how == "copies that pack":
        monkeypatch.setattr(kept, "_NEAR", 0)
    if how == "copies that forget":
        monkeypatch.setattr(pipes, "_KNOWN", 1_500)
    if how in ("no copy", "one copy"):
        allowed = iter([os.fork] * (how == "one copy"))

        def fork() -> int:
            """As where a container allows no more processes."""
            one = next(allowed, None)
            if one is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return one()

        monkeypatch.setattr(os, "fork", fork)
    before = len(os.listdir("/proc/self/fd")) if forks.able() else 0
    files = {f"team-{number % 3}/{number}.yaml": manifest(f"app-{number}").encode() for number in range(40)}
    files["team-1/7.yaml"] += b"---\nkind: [\n"
    files["team-2/8.yaml"] += b"# regcred: ignore[missing-pull-secret] known\n"
    files["chart/Chart.yaml"] = b"name: chart\n"
    files["chart/templates/a.yaml"] = b"kind: Secret\nmetadata: {{ .Values.x }}\n  {{- if }}\n"
    files["values.yaml"] = b"a: &a [1, 2.5, null, true, 2026-01-01]\nb: *a\nimagePullSecrets: [{name: app-3}]\n"
    files["wide.yaml"] = manifest("wide").encode("utf-16")
    put(place / "tree", files)
    (place / "tree" / "link.yaml").symlink_to("values.yaml")
    one = check(capsys, "tree", "--format", "json")
    assert check(capsys, "tree", "--format", "json", "--jobs", "2")[:2] == one[:2]
    if how in ("no copy", "one copy"):
        assert len(os.listdir("/proc/self/fd")) == before
        assert main(["check", "tree", "more.yaml", "--jobs", "3"]) == 2
        assert "--jobs: no further process can be begun" in capsys.readouterr().err
        return
    assert check(capsys, "tree", "more.yaml", "--format", "text", "--jobs", "3")[:2] == check(
        capsys, "tree", "more.yaml", "--format", "text"
    )[:2]


class _Slow:
    """A worker that has begun with the first piece only, and ends it when somebody waits for it."""

    slots, remote, whole = 1, False, None

    def __init__(self) -> None:
        self.taken_back: list[int] = []
        self._given = 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        number, self._given = self._given, self._given + 1
        return SimpleNamespace(
            done=lambda: False,
            cancel=lambda: number > 0 and (self.taken_back.append(number) or True),
            result=lambda: function(*arguments),
        )

    def wait(self, pending: Sequence[Any]) -> Sequence[Any]:
        return pending

    def renew(self) -> None:
        pass


def test_what_no_process_has_begun_is_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_WORTH", 0)
    monkeypatch.setattr(forks, "able", lambda: False)
    put(tmp_path, {f"{number:02}.yaml": manifest(f"app-{number}").encode() for number in range(40)})
    plain = engine.run(engine.Request((str(tmp_path),))).run
    slow = _Slow()
    found = engine.run(engine.Request((str(tmp_path),), spread=spread.in_processes(cast("Any", slow), 2))).run
    assert found._replace(time=plain.time) == plain
    assert len(slow.taken_back) > 5
    assert slow.taken_back == sorted(slow.taken_back, reverse=True)

COPIES = """
import os, sys
from linter import forks
from linter.__main__ import main
from linter.engine import judging
from linter.fleet import spread

spread._WORTH = judging._WORTH_COPIES = 0
whole = forks.Crew._worked
here, seen, lost = os.getpid(), [], sys.argv[1].split(",")


def end():
    if os.getpid() != here and str(len(seen)) in lost:
        os.kill(os.getpid(), 9)


def worked(self, do):
    seen.append(self)
    yield from whole(self, lambda number: (end(), do(number))[1])
    end()  # where this process has left nothing for the copy to begin with


forks.Crew._worked = worked
code = main(["check", *sys.argv[2:]])
# Reading, rules, proofs, positions, diffs; when a copy is lost over rules or proofs, what follows is done here.
assert len(seen) == {"2": 3, "3": 4}.get(lost[0], 5), seen
sys.exit(code)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies of a process are made on Linux only")
@pytest.mark.parametrize("how", ["0", "1", "2", "3", "4", "5", "1,4,5"])
@pytest.mark.parametrize("jobs", ["2", "3"])
def test_rules_run_in_copies_of_the_process(
    place: Path, capsys: pytest.CaptureFixture[str], how: str, jobs: str
) -> None:
    """As in one process, fixes and their diffs included, and also when a copy is killed, over whatever work."""
    put(place / "tree", {f"{number}.yaml": manifest(f"app-{number}").encode() for number in range(40)})
    (place / "tree" / "cluster.json").write_bytes(dump(1))
    alone = check(capsys, "tree", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-c", COPIES, how, "tree", "--format", "json", "--jobs", jobs],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == alone
    assert '"diff": ' in done.stdout

SCORED = """
import os
import pathlib
from linter.rule import Rule, Severity

HERE = pathlib.Path(__file__).parent


def check(context):
    score = pathlib.Path("/proc/self/oom_score_adj").read_text().strip()
    with (HERE / "scores").open("a") as log:
        log.write(f"{os.getpid()} {score}\\n")
    return ()


RULE = Rule(code="X001", severity=Severity.INFO, check=check)
"""


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="looks at /proc")
def test_where_memory_runs_out_the_kernel_ends_a_helper(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Helpers say that they go first; the process that waits for them does not, and keeps what they found."""
    (place / "rule.py").write_text(SCORED)
    (place / ".regcred.yaml").write_text("rules: [{path: rule.py}]\n")
    for number in range(2):
        (place / f"{number}.json").write_bytes(dump(number))
    scores = place / "scores"
    own = Path("/proc/self/oom_score_adj").read_text().strip()
    for jobs, score in (("1", own), ("2", "1000")):
        check(capsys, "0.json", "1.json", "--jobs", jobs)
        assert {line.split()[1] for line in scores.read_text().splitlines()} == {score}
        scores.unlink()

    here, gates = os.getpid(), {True: place / "here", False: place / "copy"}

    def one(_: int) -> tuple[bool, str]:
        mine = os.getpid() == here
        gates[mine].touch()
        while not all(gate.exists() for gate in gates.values()):  # nobody takes all of the work
            time.sleep(0.01)
        return mine, Path("/proc/self/oom_score_adj").read_text().strip()

    assert {*forks.shared(2, one, 2)} == {(True, own), (False, "1000")}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies of a process are made on Linux only")
@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_each_piece_of_work_is_done_once_and_in_order(processes: int) -> None:
    for count in (0, 1, 2, 7):
        assert forks.shared(count, lambda number: number * 10, processes) == [number * 10 for number in range(count)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies of a process are made on Linux only")
@pytest.mark.parametrize("size", [1, 2**17])
@pytest.mark.parametrize("lost", [False, True])
def test_of_each_piece_of_work_is_told_once(size: int, lost: bool) -> None:
    """Whether it was done here, came from a copy, more at once than a pipe holds, or a copy was killed over it."""
    here, came = os.getpid(), {}

    def one(number: int) -> list[int]:
        if lost and number == 7 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        if os.getpid() == here:
            time.sleep(0.01)
        return [number] * size

    for number, value in forks.coming(30, one, 2):
        assert number not in came
        came[number] = value
    assert sorted(came) == [*range(30)]
    assert all(set(value) == {number} for number, value in came.items())


@pytest.mark.parametrize("kind", ["a cluster that holds objects twice", "manifests with variables", "a chart"])
def test_what_is_sorted_before_all_is_read_is_joined_as_in_one_process(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(spread, "_WORTH", 0)
    items = json.loads(dump(1))["items"]
    files = {f"{number:03}.json": json.dumps(item).encode() for number, item in enumerate([*items, *items[::3]])}
    if kind != "a cluster that holds objects twice":
        files = {f"{number}.yaml": manifest(f"app-{number}").encode() for number in range(40)}
        files["variable.yaml"] = manifest("late").replace("dockerconfigjson: ", "dockerconfigjson: ${A}").encode()
        flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: all}\n"
        files["z.yaml"] = f"{flux}spec: {{postBuild: {{substitute: {{A: b}}}}}}\n".encode()
    if kind == "a chart":
        files["7/Chart.yaml"] = b"name: chart\n"
        files["7/templates/a.yaml"] = b"# {{ .Values.x }}\n" + manifest("chart").encode()
    put(place / "tree", files)
    alone = check(capsys, "tree", "--format", "json")
    assert alone[0] == 1
    assert check(capsys, "tree", "--format", "json", "--jobs", "2") == alone


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies of a process are made on Linux only")
def test_a_copy_begins_with_a_stretch_of_its_own() -> None:
    here, (told, tell) = os.getpid(), os.pipe()
    begun: list[int] = []

    def one(number: int) -> tuple[bool, int]:
        begun.append(number)
        if os.getpid() != here:
            os.write(tell, b"!")
        elif len(begun) == 1:
            os.read(told, 1)  # until the copy has begun
        return os.getpid() == here, begun[0]

    done = forks.shared(6, one, 2)
    os.close(told)
    os.close(tell)
    assert {first for mine, first in done if not mine} == {0}
    assert {first for mine, first in done if mine} <= {3, 4, 5}

ABANDONED = """
import os, sys, time
from linter import forks


def program(crew):
    crew.share(9, lambda number: number)
    if os.getpid() == here:
        print(*(copy.pid for copy in crew._copies), flush=True)
        time.sleep(600)
    crew.gathered(1, lambda _: None)


here = os.getpid()
forks.together(program, 3)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_copies_that_wait_for_a_process_end_when_it_is_killed(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", ABANDONED]
    with begun(command, cwd=place, env=environment, text=True, stdout=subprocess.PIPE) as call:
        assert call.stdout is not None
        copies = call.stdout.readline().split()
        assert len(copies) == 2
        assert all(Path(f"/proc/{copy}").exists() for copy in copies)
        call.kill()
        call.wait()
    wait(lambda: not any(Path(f"/proc/{copy}").exists() for copy in copies))


def test_fixes_of_a_large_payload_reach_other_processes(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each only what it changes is kept."""
    monkeypatch.setattr(judging, "_WORTH_COPIES", 0)
    auth = base64.b64encode(b"user:pass\n").decode()
    entries = {f"r{number}.example.com/a/long/path/to/fill/it": {"auth": auth} for number in range(200)}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "pull", "namespace": "apps"},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": entries})},
    }
    (place / "large.json").write_text(json.dumps(secret))
    words = ["large.json", "--format", "json", "--diff", "--unsafe-fixes"]
    one = check(capsys, *words)
    assert one[2].startswith("regcred: 200 fixes in 1 file would be made")
    assert check(capsys, *words, "--jobs", "2") == one


def test_what_the_first_process_tells_all_of_them_know() -> None:
    made = []
    here = os.getpid()

    def brief(word: str) -> str:
        made.append(word)
        return word[0]

    def program(crew: forks.Crew) -> list[tuple[int, int]]:
        words = crew.told(5, lambda number: f"{number} words", brief)
        numbers = crew.share(5, lambda number: number * 10)
        first = [*map(len, words)]
        assert first == [7 if os.getpid() == here else 1] * 5
        return crew.gathered(5, lambda number: (numbers[number], int(words[number][0]))) or []

    assert forks.together(program, 3) == [(number * 10, number) for number in range(5)]
    assert sorted(made) == [f"{number} words" for number in range(5)]


def test_one_process_loads_nothing_for_many(place: Path) -> None:
    (place / "a.yaml").write_text(manifest("a"))
    program = "import sys\nfrom linter.__main__ import main\nmain(['check', 'a.yaml'])\nprint(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, text=True, capture_output=True, check=True)
    loaded = set(done.stdout.split("\n")[-2].split())
    assert "linter.engine" in loaded
    heavy = ("multiprocessing", "concurrent.futures", "fsspec", "distributed", "linter.forks", "linter.fleet")
    assert not loaded & {*heavy}
