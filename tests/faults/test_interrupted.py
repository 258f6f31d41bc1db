"""An interrupt at the worst moment: after each call into the system with which files are written, one after the other.

There the interpreter looks whether a signal has come. What was there stays whole or is new, and nothing else is left.
"""

import os
import shutil
import sys
from pathlib import Path
from types import FrameType

import pytest

from linter import files
from linter.fix import write
from tests.commons import quiet
from tests.faults.test_writing import CALLS, TWICE, furnished, held

WRITERS = frozenset({files.__file__, write.__file__})
WRITTEN = ("rendered", "report-over", "fix", "fix-dir-deep", "baseline", "baseline-over", "collect", "collect-over")
MOST = 200


class Interrupt:
    """Raises where the call of this number into the system has returned, as an interrupt that came meanwhile does."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        if event == "c_return" and frame.f_code.co_filename in WRITERS:
            self.left -= 1
            if not self.left:
                sys.setprofile(None)
                raise KeyboardInterrupt


def interrupted(number: int, *words: str) -> tuple[int, bool]:
    """Run a call with an interrupt; return its exit code, and whether the interrupt came."""
    interrupt = Interrupt(number)
    sys.setprofile(interrupt)
    try:
        code, _, error = quiet(*words)
    finally:
        sys.setprofile(None)
    assert "Traceback" not in error
    return code, interrupt.left <= 0


@pytest.mark.parametrize("name", WRITTEN)
def test_an_interrupt_leaves_the_old_or_the_new(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = furnished(tmp_path)
    for path, letter in (("in/a.yaml", "a"), ("place/in/a.yaml", "a"), ("place/in/b.yaml", "b")):
        (tmp_path / path).write_text(TWICE.format(number=letter))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(place, "kept", copy_function=shutil.copy2)
    before = held(place)
    assert quiet(*CALLS[name])[0] in (0, 1)
    after = {path: mode for path, (mode, _) in held(place).items()}
    for number in range(1, MOST):
        shutil.rmtree(place)
        shutil.copytree("kept", place, copy_function=shutil.copy2)
        code, came = interrupted(number, *CALLS[name])
        if not came:
            break
        left = held(place)
        assert code == 130, number
        assert left == before or {path: mode for path, (mode, _) in left.items()} == after, number
        if left != before and os.path.exists("place/in/b.yaml"):
            assert all(left[path] != before[path] for path in ("in/a.yaml", "in/b.yaml")) == (name == "fix")
    else:
        pytest.fail("the call never came to its end")
    assert number > 3
