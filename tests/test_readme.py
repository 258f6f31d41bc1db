"""Every command that README shows is run, and what it shows of the output is so."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from linter import registry
from linter.__main__ import main
from linter.cli import available

sys.path.insert(0, str(Path(__file__).parent / "sources"))

import kubeapi as api

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
LIVE = "".join(re.findall(r"```console\n(.*?)```", README.split("\n## ")[1].split("Each finding")[0], re.DOTALL))
"""What is done with a cluster: it is run in a shell, beside one."""
COMMANDS = [line for block in BLOCKS if block not in LIVE for line in block.strip().splitlines()]
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


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl on the PATH")
def test_the_commands_for_a_cluster_run_in_a_shell(tmp_path: Path) -> None:
    """From the environment that README has made, with kubectl itself, and a cluster without OpenShift."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    venv.create(tmp_path / ".venv", with_pip=False)
    command = tmp_path / ".venv" / "bin" / "regcred"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m linter "$@"\n')
    command.chmod(0o755)
    trusted = api.authority()
    server = api.Api([one for one in api.cluster() if one["apiVersion"] in ("v1", "apps/v1")])
    server.kinds = [one for one in api.KINDS if "." not in one.version]
    server.kinds += [api.Served("apps/v1", f"{kind.lower()}s", kind) for kind in ("StatefulSet", "DaemonSet")]
    server.kinds.append(api.Served("batch/v1", "jobs", "Job"))
    with api.serving(server, trusted.server):
        api.kubeconfig(tmp_path / "kubeconfig", trusted.pem, ("here", server.address))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KUBERNETES_SERVICE")}
        kept |= {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig"), "PYTHONPATH": str(ROOT)}
        script = "umask 022\n" + "".join(f"{line}\necho code $?\n" for line in LIVE.strip().splitlines())
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=kept, capture_output=True, text=True, check=False
        )
    codes = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("code ")]
    assert codes == [1 if line.startswith("regcred check") else 0 for line in LIVE.strip().splitlines()], done.stderr
    for name in ("dump.tar.gz", "cluster.yaml"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert "Traceback" not in done.stderr


def test_what_reports_speak_of_is_said_in_readme_before_it_is_used() -> None:
    text = " ".join(README.split())
    for told in (
        "the importer, the part of OpenShift that",
        "the payload (the JSON that the Secret holds",
        "fatal, which means that",
        "the keyring: the credentials of",
        "coverage, the part of a report that",
    ):
        word = told.removeprefix("the ").split()[0].rstrip(":,")
        first = re.search(rf"\b{word}", text, re.IGNORECASE)
        assert first is not None
        assert first.start() == text.index(told) + told.index(word)


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
