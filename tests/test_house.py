"""The laws of the house: every rule has its manual, its name and its examples; start-up stays light."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linter import registry
from linter.__main__ import main

ROOT = Path(__file__).parent.parent
HEADINGS = ["What it does", "Why it matters", "Example", "Fix"]
LOADED = registry.rules()


@pytest.mark.parametrize("loaded", LOADED, ids=lambda loaded: loaded.name)
def test_a_rule_carries_its_manual(loaded: registry.Loaded) -> None:
    summary, sections = registry.manual(loaded.module.__doc__ or "")
    assert summary
    assert len(summary) <= 100
    assert [heading for heading, _ in sections][: len(HEADINGS)] == HEADINGS
    assert all(text for _, text in sections)


@pytest.mark.parametrize("loaded", LOADED, ids=lambda loaded: loaded.name)
def test_a_rule_has_examples_that_fire_and_examples_that_do_not(loaded: registry.Loaded) -> None:
    folder = ROOT / "tests" / "rules" / loaded.family / loaded.name.replace("-", "_")
    fires = [path for path in folder.glob("fires-*") if not re.search(r"\.(fixed|unsafe|expect)", path.name)]
    silent = [path for path in folder.glob("silent-*") if path.suffix != ".expect"]
    assert len(fires) >= 3, f"{folder}: three examples that must fire"
    assert len(silent) >= 3, f"{folder}: three twins that must not"
    if loaded.rule.fixable:
        assert [*folder.glob("*.fixed.*"), *folder.glob("*.unsafe.*")], f"{folder}: the fix is applied and checked"


def test_codes_and_names_are_unique() -> None:
    codes = [loaded.rule.code for loaded in LOADED]
    assert len(set(codes)) == len(codes)
    assert len({loaded.name for loaded in LOADED}) == len(LOADED)


FAMILIES = {
    "1": "payload",
    "2": "registries",
    "3": "links",
    "4": "imports",
    "5": "pulls",
    "6": "lifetime",
    "7": "exposure",
}


def test_a_rule_lives_in_the_family_of_its_code() -> None:
    assert {loaded.rule.code: loaded.family for loaded in LOADED} == {
        loaded.rule.code: FAMILIES[loaded.rule.code[2]] for loaded in LOADED
    }


def _modules(*arguments: str) -> set[str]:
    program = (
        "import sys; before = set(sys.modules)\n"
        "from linter.__main__ import main\n"
        f"main({list(arguments)!r})\n"
        "sys.stderr.write('\\n'.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stderr.split())


def test_the_version_loads_nothing_else() -> None:
    assert _modules("--version") == {"linter", "linter.__main__"}


def test_the_overview_loads_no_engine() -> None:
    heavy = {"yaml", "jinja2", "jsonschema", "msgspec", "linter.engine", "linter.rule"}
    assert not heavy & _modules("--help")


def test_adding_a_rule_is_one_file(tmp_path: Path) -> None:
    """A rule dropped into its family's folder is found, run, selected and explained: nothing else is touched."""
    copy = tmp_path / "site"
    for package in ("linter", "rules", "reports"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    rule = '''"""A service account has a name.

## What it does
Fires on every service account.

## Why it matters
It shows that one file is enough.

## Example
None.

## Fix
None.
"""
from collections.abc import Iterator

from linter.rule import Context, Finding, Rule, Severity


def check(context: Context) -> Iterator[Finding]:
    for account in context.inventory.accounts:
        yield context.finding(f"account {account.name} is here", of=account.object)


RULE = Rule(code="RC399", severity=Severity.INFO, check=check, needs=("ServiceAccount",))
'''
    (copy / "rules" / "links" / "present_account.py").write_text(rule)
    manifest = tmp_path / "account.yaml"
    manifest.write_text("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: team}\n")
    done = subprocess.run(
        [sys.executable, "-m", "linter", "check", str(manifest), "--format", "json", "--select", "present-account"],
        capture_output=True,
        text=True,
        cwd=copy,
        check=False,
    )
    findings = json.loads(done.stdout)["findings"]
    assert [(one["code"], one["name"], one["message"]) for one in findings] == [
        ("RC399", "present-account", "account robot is here")
    ]


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chekc"]) == 2
    assert "did you mean check?" in capsys.readouterr().err
