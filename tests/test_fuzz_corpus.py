"""The inputs that fuzzing starts from, and those that have broken a law once, in every run of the tests."""

import shutil
import subprocess
import sys
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


def test_a_law_that_is_broken_is_told(tmp_path: Path) -> None:
    """The fuzzer itself: with a law that cannot hold, it ends with 1 and names the target."""
    pytest.importorskip("atheris", reason="needs atheris")
    root = CORPUS.parent.parent
    for name in ("fuzz", "linter", "rules", "reports"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
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
