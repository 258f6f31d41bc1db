"""`--timing` tells on standard error where the time went, and changes nothing else."""

from pathlib import Path

import pytest

from linter import cli
from linter.timing import Clock

ROOT = Path(__file__).parent.parent


def test_phases_add_up_in_the_order_in_which_they_began() -> None:
    ticks = iter([0.0, 1.0, 3.0, 4.0])
    clock = Clock(lambda: next(ticks))
    for phase in ("read", "parse", "read"):
        clock(phase)
    assert list(clock.lines()) == ["   2.000 s   50%  read", "   2.000 s   50%  parse", "   4.000 s  100%  in all"]


def test_a_clock_that_has_not_run_divides_nothing() -> None:
    assert list(Clock(lambda: 0.0).lines()) == ["   0.000 s    0%  in all"]


def test_the_command_tells_every_phase_and_the_same_result(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(ROOT / "examples" / "cluster.yaml"), "--format", "text", "--fail-on", "never"]
    assert cli.run(arguments) == 0
    plain = capsys.readouterr()
    assert cli.run([*arguments, "--timing"]) == 0
    timed = capsys.readouterr()
    assert timed.out == plain.out
    assert plain.err == ""
    phases = [line.split("%  ")[1] for line in timed.err.splitlines()[1:]]
    assert phases[:4] == ["start", "find and read files", "parse", "join"]
    assert phases[-5:] == ["prove fixes", "find positions", "settle suppressions", "report text", "in all"]
    assert any(phase.startswith("rule RC101 ") for phase in phases)
