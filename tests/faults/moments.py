"""A signal at one place after the other, and what a command has begun and left."""

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from tests.commons import TWICE, quiet

MOST = 400
WITHIN = frozenset({"_execute_child", "mkdtemp"})
"""Functions of the standard library that make what has to go."""


class AtCall:
    """Sends a signal where the call of this number, in one of these files, has returned or begins."""

    def __init__(self, number: int, paths: frozenset[str], sent: signal.Signals = signal.SIGINT) -> None:
        self.left = number
        self._paths = paths
        self._sent = sent

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        code = frame.f_code
        if event in ("c_return", "call") and (code.co_filename in self._paths or code.co_name in WITHIN):
            self.left -= 1
            if not self.left:
                sys.setprofile(None)
                signal.raise_signal(self._sent)


def at_call(number: int, paths: frozenset[str], *words: str) -> tuple[int, str, str, bool]:
    """Run a command with a signal; also tell whether it came."""
    profile = AtCall(number, paths)
    sys.setprofile(profile)
    try:
        code, out, error = quiet(*words)
    finally:
        sys.setprofile(None)
    return code, out, error, profile.left <= 0


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet asked how does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def begun() -> list[int]:
    """The processes that this one has begun and whose end nobody has taken note of."""
    return [*map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())]


def children() -> list[int]:
    """The processes that this one has begun and that run."""
    return [pid for pid in begun() if alive(pid)]


def tree(folder: Path, count: int = 6) -> Path:
    (folder / "in").mkdir()
    for number in range(count):
        (folder / "in" / f"{number}.yaml").write_text(TWICE.replace("name: a,", f"name: a{number},"))
    return folder / "in"
