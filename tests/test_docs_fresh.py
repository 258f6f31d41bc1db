"""docs/rules/ says what the rules' docstrings say: `python docs/generate.py` brings it up to date."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from linter import registry

ROOT = Path(__file__).parent.parent


@pytest.fixture
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_fresh(generate: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, f"{capsys.readouterr().out}run: python docs/generate.py"


def test_stale_missing_and_leftover_pages_are_told_and_repaired(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    page = next(tmp_path.glob("RC*.md"))
    page.write_text("old\n")
    (tmp_path / "RC999-gone.md").write_text("gone\n")
    (tmp_path / "README.md").unlink()
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert page.name in told
    assert "RC999-gone.md" in told
    assert "README.md" in told
    assert page.read_text() == "old\n"
    generate.main([])
    assert generate.main(["--check"]) == 0
    assert not (tmp_path / "RC999-gone.md").exists()


def test_every_rule_has_a_page_and_the_index_leads_to_it(generate: ModuleType) -> None:
    pages = generate.pages()
    links = set(re.findall(r"\]\(([^)]+)\)", pages["README.md"]))
    assert links == {f"{loaded.rule.code}-{loaded.name}.md" for loaded in registry.rules()}
    assert links == pages.keys() - {"README.md"}
