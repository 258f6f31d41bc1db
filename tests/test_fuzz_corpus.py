"""The inputs that fuzzing starts from, and those that have broken a law once, in every run of the tests."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz.__main__ import TARGETS as NAMES
from fuzz.targets import TARGETS

CORPUS = Path(__file__).parent.parent / "fuzz" / "corpus"
FILES = sorted(CORPUS.glob("*/*"))


def test_every_target_has_a_corpus() -> None:
    assert tuple(TARGETS) == NAMES
    assert {path.parent.name for path in FILES} == set(NAMES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_input_of_the_corpus_breaks_a_law(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def copied(folder: Path) -> None:
    """A copy of the fuzzer and of what it runs: it writes beside itself what it finds."""
    for name in ("fuzz", "linter", "rules", "reports"):
        shutil.copytree(CORPUS.parent.parent / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


def test_a_law_that_is_broken_is_told(tmp_path: Path) -> None:
    """The fuzzer itself: with a law that cannot hold, it ends with 1 and names the target."""
    pytest.importorskip("atheris", reason="needs atheris")
    copied(tmp_path)
    targets = tmp_path / "fuzz" / "targets.py"
    text = targets.read_text(encoding="utf-8")
    line = 'image = data.decode("utf-8", "replace")\n'
    broken = text.replace(line, f"{line}    assert not image\n")
    assert broken != text
    targets.write_text(broken, encoding="utf-8")
    words = [sys.executable, "-m", "fuzz", "reference", "--seconds", "5", "--keep", "kept"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "reference: " in done.stdout
    assert "a law is broken" in done.stdout
    assert len(list((tmp_path / "fuzz" / "corpus" / "reference").glob("crash-*"))) == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc, which tells who runs")
def test_a_target_ends_with_the_call_that_began_it(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="needs atheris")
    copied(tmp_path)
    words = [sys.executable, "-m", "fuzz", "reference", "--seconds", "300", "--keep", "kept"]
    with subprocess.Popen(words, cwd=tmp_path) as call:
        children = Path(f"/proc/{call.pid}/task/{call.pid}/children")
        until(lambda: bool(children.read_text(encoding="ascii").split()))
        (target,) = children.read_text(encoding="ascii").split()
        call.terminate()
        assert call.wait(20) == 128 + signal.SIGTERM
    until(lambda: not Path("/proc", target).exists())


def until(there: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)
