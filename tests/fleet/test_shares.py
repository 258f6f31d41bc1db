"""Several processes take no more memory together than there is, and what wants more than its share is judged alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dumps import dump, manifest, put
from runs import ROOT

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's limit works there")

HUNGRY = """
import os
import pathlib
import resource
from linter.rule import Rule, Severity

HERE = pathlib.Path(__file__).parent


def check(context):
    with (HERE / "seen").open("a") as log:
        log.write(f"{os.getpid()} {resource.getrlimit(resource.RLIMIT_DATA)[0]}\\n")
    for name in {item.namespace for item in context.inventory.objects}:
        if name.startswith("hungry-"):
            bytearray(int(name.partition("-")[2]) * 2**20)
    return ()


RULE = Rule(code="X001", severity=Severity.INFO, check=check)
"""
CONTAINED = """
import sys
from linter import memory
memory._STATED = ("stated",)
from linter.engine import judging
from linter.fleet import spread
if "--spread" in sys.argv:
    sys.argv.remove("--spread")
    spread._WORTH = judging._WORTH_COPIES = 0
from linter.__main__ import main
sys.exit(main(["check", "--format", "json", *sys.argv[1:]]))
"""
MIB = 2**20


@pytest.fixture
def hungry(place: Path) -> Path:
    (place / "rule.py").write_text(HUNGRY)
    (place / ".regcred.yaml").write_text("rules: [{path: rule.py}]\n")
    return place


def _contained(place: Path, size: int, *words: str) -> tuple[int, str, dict[int, int]]:
    """Check in a container of so many MiB; return the exit code, the report, and what each process could take."""
    (place / "stated").write_text(f"{size * MIB}\n")
    (place / "seen").unlink(missing_ok=True)
    program = [sys.executable, "-c", CONTAINED, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, env=environment, cwd=place, text=True, capture_output=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    seen = [line.split() for line in (place / "seen").read_text().splitlines()]
    return done.returncode, done.stdout, {int(process): int(most) for process, most in reversed(seen)}


def test_a_dump_that_wants_more_than_its_share_is_judged_alone_and_one_that_wants_more_than_all_is_named(
    hungry: Path,
) -> None:
    paths = []
    for number, marker in enumerate(["", "hungry-500", "", "hungry-4000", ""]):
        paths.append(f"{number}.json")
        (hungry / paths[-1]).write_bytes(dump(number, marker))
    alone = _contained(hungry, 1200, *paths)
    code, report, seen = _contained(hungry, 1200, *paths, "--jobs", "2")
    assert (code, report) == alone[:2]
    assert code == 3
    (problem,) = json.loads(report)["coverage"]["problems"]
    assert problem["path"] == "3.json"
    assert problem["message"] == "memory ran out while rule X001 rule judged it"
    assert {one["cluster"] for one in json.loads(report)["findings"]} == {"0.json", "1.json", "2.json", "4.json"}
    assert [*alone[2].values()] == [int(1200 * MIB * 0.9)]
    shares = sorted(seen.values())[:2]  # the others judge alone
    assert 256 * MIB < sum(shares) <= int(1200 * MIB * 0.9) * 2 // 3
    assert max(seen.values()) == int(1200 * MIB * 0.9)


def test_a_rule_that_wants_more_than_the_share_of_a_copy_runs_in_the_process_itself(hungry: Path) -> None:
    put(hungry / "tree", {f"{number}.yaml": manifest(f"app-{number}").encode() for number in range(20)})
    for marker, expected in (("hungry-700", 1), ("hungry-4000", 3)):
        (hungry / "tree" / "cluster.json").write_bytes(dump(1, marker))
        alone = _contained(hungry, 1200, "tree")
        together = _contained(hungry, 1200, "tree", "--jobs", "2", "--spread")
        assert together[:2] == alone[:2]
        assert together[0] == expected


def test_a_file_that_wants_more_than_the_share_of_a_process_is_read_alone(hungry: Path) -> None:
    (hungry / "b.json").write_bytes(dump(1))
    with (hungry / "a.json").open("wb") as large:
        large.write(b'{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "x": "')
        large.truncate(180 * MIB)
    alone = _contained(hungry, 1200, "a.json", "b.json")
    assert _contained(hungry, 1200, "a.json", "b.json", "--jobs", "2")[:2] == alone[:2]
    assert "memory" not in alone[1]


def test_there_are_no_more_processes_than_there_is_memory_for(hungry: Path) -> None:
    paths = [f"{number}.json" for number in range(4)]
    for number, path in enumerate(paths):
        (hungry / path).write_bytes(dump(number))
    few, many = (_contained(hungry, size, *paths, "--jobs", "3") for size in (700, 4000))
    assert few[:2] == many[:2]
    assert len(few[2]) == 1
    assert sum(many[2].values()) <= 4000 * MIB * 0.9
