"""The help that a person learns from, and the completion of the shell: examples that parse, scripts that complete."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from linter.__main__ import main
from linter.cli import available
from linter.cli.completion import FILES, SHELLS

EXAMPLES = [
    (command, line) for command in available() for line, _ in import_module(f"linter.cli.{command}").EXAMPLES
]


START = [
    ("check", "regcred check deploy/"),
    ("check", "regcred check cluster:"),
    ("resolve", "regcred resolve quay.io/shop/web:1 cluster: -n shop"),
    ("explain", "regcred explain RC302"),
]
"""What the overview shows to begin with."""


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


def helped(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The help of a command, its white space closed up."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    return " ".join(capsys.readouterr().out.split())


BOUNDED = {"--timeout": "live cluster or URL", "--render": "build of --render", "--scheduler": "what --scheduler"}
"""What --timeout bounds, by the option that brings it about."""


@pytest.mark.parametrize("command", ["check", "baseline", "collect", "resolve"])
def test_a_timeout_names_all_that_it_bounds_and_no_more(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = helped(command, capsys)
    told = shown.partition("--timeout SECONDS ")[2].partition("default: 60")[0]
    for option, words in BOUNDED.items():
        assert (f" {option} " in shown) is (words in told), option


@pytest.mark.parametrize("command", ["check", "baseline", "collect", "resolve"])
def test_whatever_reads_urls_says_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "archive, URL, " in helped(command, capsys).partition("positional arguments:")[2].partition("options:")[0]


@pytest.mark.parametrize("command", ["check", "baseline", "collect", "resolve"])
def test_a_namespace_is_said_not_to_limit_kinds_without_one(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = helped(command, capsys).partition("--namespace NAMESPACE ")[2]
    assert "inds without a namespace are still asked for" in told


def test_strict_is_said_to_exit_for_problems_too(capsys: pytest.CaptureFixture[str]) -> None:
    shown = helped("check", capsys)
    assert "(with --strict also: anything that was not evaluated, or a problem)" in shown
    assert "exit 3 also for anything that was not evaluated, and for any problem" in shown


def test_the_overview_begins_with_commands(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "--help").partition("where to start:\n")[2]
    lines = re.findall(r"^  (regcred .*?)  ", shown, re.MULTILINE)
    assert lines == [line for _, line in START]
    assert {command for command, _ in START} <= set(available())


@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(("command", "line"), [*EXAMPLES, *START])
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


COMPLETIONS = {
    ("ch",): {"check"},
    ("explain", "mount-"): {"mount-only-link"},
    ("check", "--fail-on", "e"): {"error"},
    ("check", "--format", "sa"): {"sarif"},
    ("check", "--select", "RC30"): {f"RC30{number}" for number in range(1, 10)},
    ("check", "--changed-"): {"--changed-since"},
    ("completion", "z"): {"zsh"},
    ("check", "man"): {"manifests"},
    ("check", "--baseline", "acc"): {"accepted"},
    ("check", "--history", "acc"): {"accepted"},
    ("trend", "--history", "acc"): {"accepted"},
    ("collect", "--output", "acc"): {"accepted"},
    ("report", "acc"): {"accepted"},
}
"""Words of a command line, the last cut off, and what a shell makes of it."""


NO_FILES = {
    *("[INPUT=]NAME", "ADDRESS", "AGE", "IMAGE", "KIND/NAME", "N", "NAME", "NAME[=FILE]", "NAMESPACE"),
    *("REF", "RULE", "RULES", "SECONDS", "SHELL"),
}
"""The metavariables for which no name of a file stands alone."""


@pytest.mark.parametrize("command", available())
def test_every_file_that_a_command_takes_is_completed(command: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"linter.cli.{command}").configure(parser)
    named = {action.metavar for action in parser._actions if action.metavar}
    assert named <= {*NO_FILES, *FILES, "DIR"}


def test_help_tells_where_each_shell_looks() -> None:
    assert [line.split()[2] for line, _ in import_module("linter.cli.completion").EXAMPLES] == list(SHELLS)


Words = tuple[str, ...]


def asked_bash(script: str, lines: list[Words], folder: Path) -> list[str]:
    asks = [
        f"COMP_WORDS=({shlex.join(('regcred', *words))}); COMP_CWORD={len(words)}; COMPREPLY=()\n"
        """"$(complete -p regcred | sed 's/.*-F \\([^ ]*\\).*/\\1/')"; echo "${COMPREPLY[*]}"\n"""
        for words in lines
    ]
    command = ["bash", "-c", script + "\n" + "".join(asks)]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert not answer.stderr
    return answer.stdout.splitlines()


def asked_fish(script: str, lines: list[Words], folder: Path) -> list[str]:
    (folder / "script.fish").write_text(script)
    asks = [
        f"complete -C {shlex.quote(shlex.join(('regcred', *words)))} | string replace -r '\\t.*' '' | string join ' '"
        for words in lines
    ]
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = ["fish", "--no-config", "-c", "\n".join(["source script.fish", *asks])]
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not answer.stderr
    return answer.stdout.splitlines()


ZSHRC = """\
PROMPT=; fpath=($ZDOTDIR $fpath)
autoload -Uz compinit; compinit -u -d $ZDOTDIR/dump
compadd() {
  if [[ " ${@[1,(i)(-|--)]} " != *' -'(O|A|D)' '* ]]; then
    local -a hits; builtin compadd -A hits "$@"; print -rl -- $hits >>$ZDOTDIR/hits
  fi
  builtin compadd "$@"
}
bindkey '^I' complete-word
leave() { exit }
comppostfuncs=(leave)
"""
"""Completion works on a terminal only: what it would offer is noted, and the shell ends after the first time."""


def asked_zsh(script: str, lines: list[Words], folder: Path) -> list[str]:
    home = folder / "zsh"
    home.mkdir()
    (home / ".zshrc").write_text(ZSHRC)
    (home / "_regcred").write_text(script)
    return [_asked_zsh(home, words) for words in lines]


def _asked_zsh(home: Path, words: Words) -> str:
    import pty  # noqa: PLC0415 - where zsh is, terminals are

    (home / "hits").write_text("")
    master, terminal = pty.openpty()
    environment = {**os.environ, "ZDOTDIR": str(home), "TERM": "dumb"}
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    command = ["zsh", "-d", "-i"]
    with subprocess.Popen(command, cwd=home.parent, env=environment, start_new_session=True, **streams) as shell:
        os.close(terminal)
        os.write(master, f"{shlex.join(('regcred', *words))}\t".encode())
        try:
            shell.wait(timeout=60)
        finally:
            shell.kill()
            os.close(master)
    return (home / "hits").read_text()


ASKED = {"bash": asked_bash, "fish": asked_fish, "zsh": asked_zsh}


@pytest.mark.parametrize("shell", ASKED)
def test_a_shell_completes(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = printed(capsys, "completion", shell)
    (tmp_path / "manifests").mkdir()
    (tmp_path / "accepted").write_text("")
    found = ASKED[shell](script, list(COMPLETIONS), tmp_path)
    for (words, completed), answer in zip(COMPLETIONS.items(), found, strict=True):
        assert {word.rstrip("/") for word in answer.split()} == completed, words


def test_a_shell_that_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["completion", "cmd"])
    assert "bash" in capsys.readouterr().err


@pytest.mark.parametrize("command", available())
def test_every_choice_says_its_default(command: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"linter.cli.{command}").configure(parser)
    chosen = [action for action in parser._actions if action.choices and action.option_strings]
    assert [action.dest for action in chosen if "default: " not in str(action.help)] == []
