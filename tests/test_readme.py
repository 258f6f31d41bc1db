"""Every command that README shows is run, and what it shows of the output is so."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from linter import registry
from linter.__main__ import main
from linter.cli import available

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.strip().splitlines()]
REGCRED = [
    part.strip()
    for line in COMMANDS
    for part in line.split("&&")
    if re.match(r"^\s*(?:\.venv/bin/)?regcred ", part)
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_cluster: None) -> Path:
    """A working directory with the sample, and with the file that the reader has made of his own cluster."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copy(ROOT / "examples" / "cluster.yaml", tmp_path / "cluster.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _words(line: str) -> list[str]:
    return shlex.split(line)[1:]


@pytest.mark.parametrize("line", REGCRED)
def test_a_command_of_readme_runs(line: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(_words(line))
    output = capsys.readouterr()
    assert code == (0 if "--fail-on never" in line else 1), output.err
    assert not output.err
    for made in re.findall(r"=(\S+\.html)", line):
        assert (here / made).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_readme_shows_what_is_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"```console\n(regcred [^\n]*)\n```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert shown
    for line, text in shown:
        main(_words(line))
        output = capsys.readouterr().out
        for wanted in text.strip().splitlines():
            assert wanted.rstrip() in output


def test_the_two_commands_come_first_and_are_what_ci_runs() -> None:
    assert len(BLOCKS[0].strip().splitlines()) == 1
    assert len(BLOCKS[1].strip().splitlines()) == 1
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "check examples/cluster.yaml" in script
    assert "pip install --quiet --disable-pip-version-check -e '.[dev]'" in script
    assert "-m pytest -n auto" in script


def test_readme_names_every_command() -> None:
    table = README.split("## Commands")[1].split("###")[0]
    assert set(re.findall(r"`regcred (\w+)", table)) == set(available())


def test_readme_names_every_format_and_no_other() -> None:
    table = README.split("### Output")[1].split("###")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(registry.report_names())


def test_readme_names_every_family_that_has_rules() -> None:
    families = {loaded.family for loaded in registry.rules()}
    table = README.split("## Rules")[1]
    assert set(re.findall(r"^\| RC\dxx (\w+) \|", table, re.MULTILINE)) == families


def test_an_extra_is_installed_from_the_checkout_and_exists() -> None:
    """The package is on no index: who asks one for its name runs what a stranger has put there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    folders = ("docs", "deploy", "linter", "rules", "reports", "fuzz", "examples", "benchmarks")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    files = [path for path in found if path.suffix in (".py", ".md", ".yaml")]
    named = set()
    for path in (ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "action.yml", DEPLOY / "Containerfile", *files):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(?:install|inject|add|run|uvx)\s[^`\n]*?\bregcred(?:\[|==|@\d)", text), path
        assert not re.search(r"\b(?:pip|pipx|uv tool) install (?:-\S+ )*['\"]?regcred\b", text), path
        named |= set(re.findall(r"install (?:-\S+ )*['\"]\.\[(\w+)\]", text))
    assert named == set(extras)


def test_every_long_option_in_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for command in available():
        with pytest.raises(SystemExit):
            main([command, "--help"])
    known = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) | {"--version"}
    prose = re.sub(r"pip install[^&\n`]*|python3 -m venv|```text.*?```", "", README, flags=re.DOTALL)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose)) <= known
