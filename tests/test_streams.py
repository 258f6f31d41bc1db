"""Standard streams that are closed, full, or have lost their reader: the right code, a sentence, never a traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAMPLE = str(ROOT / "examples" / "cluster.yaml")
NO_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")


def regcred(line: str, folder: Path) -> tuple[int, str]:
    """Run a line of shell in which `regcred` is ours; its code, and what was said on both streams."""
    command = f'regcred() {{ "{sys.executable}" -m linter "$@"; }}\n{line}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("REGCRED_DEBUG", None)
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"regcred check {SAMPLE} --timing >&- 2>&-", 1),
        (f"regcred check {SAMPLE} --timing --fail-on never >&-", 0),
        ("regcred check nowhere 2>&-", 3),
        ("regcred check - <&-", 3),
        ("regcred --version >&-", 0),
        ("regcred nothing >&- 2>&-", 2),
    ],
)
def test_a_closed_stream_takes_nothing_and_changes_no_code(line: str, code: int, tmp_path: Path) -> None:
    found, said = regcred(line, tmp_path)
    assert found == code
    assert "Error" not in said


@NO_FULL
@pytest.mark.parametrize("words", [f"check {SAMPLE}", "rules", "--help", "explain RC101"])
def test_an_output_that_is_full_is_named(words: str, tmp_path: Path) -> None:
    assert regcred(f"regcred {words} >/dev/full", tmp_path) == (
        2,
        "regcred: the output cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("words", [f"check {SAMPLE} --timing", "rules", "check --help", "--help", "--version"])
def test_a_reader_that_goes_is_no_error(words: str, tmp_path: Path) -> None:
    # The reader is gone before anything is written: the writer waits until then.
    os.mkfifo(tmp_path / "gone")
    line = f"(read -r _ < gone; regcred {words} 2>&1; echo code $? >code) | (exec <&-; echo go > gone); cat code"
    found, said = regcred(line, tmp_path)
    assert found == 0
    assert said in ("code 2\n", "code 0\n")


def test_files_are_written_before_a_reader_goes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gone")
    words = f"check {SAMPLE} --format text --format json=result.json"
    regcred(f"(read -r _ < gone; regcred {words}) | (exec <&-; echo go > gone)", tmp_path)
    assert (tmp_path / "result.json").stat().st_size


def test_a_working_directory_that_has_gone_is_named(tmp_path: Path) -> None:
    code, said = regcred("regcred rules >/dev/null; mkdir gone; cd gone; rmdir ../gone; regcred check .", tmp_path)
    assert code == 2
    assert said.splitlines()[-1] == "regcred: the working directory is no longer there: change to one that is"
