"""Every command that a page of the documentation shows is run, from the first to the last, in one folder."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from linter.__main__ import main

ROOT = Path(__file__).parent.parent
NEEDS_KUSTOMIZE = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")), reason="needs kustomize or kubectl on the PATH"
)


PAGES = ["reports.md", "history.md", "pipelines.md", pytest.param("rendering.md", marks=NEEDS_KUSTOMIZE)]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    if page == "pipelines.md":
        _repository(tmp_path)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "regcred"
        assert not any(word.startswith("cluster:") for word in words), "a test contacts no cluster"
        assert main(words[1:]) == 0, line
        assert not capsys.readouterr().err


def _repository(folder: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    named = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A"), (*named, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
