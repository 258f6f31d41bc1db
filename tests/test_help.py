"""The help that a person learns from, and the completion of the shell: examples that parse, scripts that complete."""

import shlex
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from linter.__main__ import main
from linter.cli import available
from linter.cli.completion import SHELLS

EXAMPLES = [
    (command, line) for command in available() for line, _ in import_module(f"linter.cli.{command}").EXAMPLES
]


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", available())
def test_help_shows_every_example_and_what_it_is_for(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    for line, what in import_module(f"linter.cli.{command}").EXAMPLES:
        assert f"  {line}\n      {what}\n" in shown


@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(("command", "line"), EXAMPLES)
def test_an_example_of_the_help_is_a_command_that_exists(
    command: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is run on nothing: an option or a word that does not exist would be a usage error of argparse."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", open("/dev/null", encoding="utf-8"))  # noqa: SIM115 - the call's own stdin
    line = line.partition(" > ")[0].rpartition("| ")[2]
    words = shlex.split(line)[1:]
    assert words[0] in available()
    main(words)
    assert "usage:" not in capsys.readouterr().err


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_every_command_and_an_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = printed(capsys, "completion", shell)
    assert all(command in script for command in available())
    assert "fail-on" in script
    if shell != "tcsh":  # its completion knows no values of options
        assert "unlinked-pull-secret" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("ch",), {"check"}),
        (("explain", "mount-"), {"mount-only-link"}),
        (("check", "--fail-on", "e"), {"error"}),
        (("check", "--format", "sa"), {"sarif"}),
        (("check", "--select", "RC30"), {f"RC30{number}" for number in range(1, 10)}),
        (("check", "--unsafe"), {"--unsafe-fixes"}),
        (("completion", "z"), {"zsh"}),
    ],
)
def test_bash_completes(words: tuple[str, ...], completed: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    script = printed(capsys, "completion", "bash")
    ask = f"""
COMP_WORDS=({shlex.join(("regcred", *words))}); COMP_CWORD={len(words)}
"$(complete -p regcred | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    answer = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, check=True)
    assert set(answer.stdout.split()) == completed
    assert not answer.stderr


def test_a_shell_that_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["completion", "cmd"])
    assert "bash" in capsys.readouterr().err
