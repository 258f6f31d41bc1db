"""Every command of docs/resolve.md is run, what it shows is printed, and it names every option and verdict."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from linter.__main__ import main
from linter.resolve import Verdict

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "resolve.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
SHOWN = dict(re.findall(r"```console\n([^\n]*)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL))
WELL = ("-n tidy", "--consumer importer")
"""What of the sample pulls as it should; the rest is there because it fails."""


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.usefixtures("no_cluster")
def test_a_command_of_the_page_runs_and_prints_what_is_shown(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    assert words[:2] == ["regcred", "resolve"]
    code = main(words[1:])
    said = capsys.readouterr()
    assert not said.err
    assert code == (0 if any(words in line for words in WELL) else 1)
    for wanted in SHOWN.get(line, "").splitlines():
        assert wanted.rstrip() in said.out
    if "--format json" in line:
        answer = json.loads(said.out)["answers"][0]
        told = PAGE.partition("`answers` holds")[2].partition("`summary` counts")[0]
        assert {*re.findall(r"`([a-z]+)`", told)} == answer.keys()


def test_the_page_shows_something_and_names_all_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert SHOWN
    with pytest.raises(SystemExit):
        main(["resolve", "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert {one for one in options if one not in PAGE} == {"--namespace"}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= options | {"--authfile"}


def test_the_page_names_all_verdicts_and_consumers() -> None:
    assert re.findall(r"^\| [^|]+ \| `([a-z-]+)` \|", PAGE, re.MULTILINE) == [str(one) for one in Verdict]
    assert all(f"`--consumer {one}`" in PAGE for one in ("kubelet", "importer", "containers"))
