"""Every long option of every command stands in a document."""

import re
from pathlib import Path

import pytest

from linter.__main__ import main
from linter.cli import available

ROOT = Path(__file__).parent.parent
PAGES = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))


@pytest.mark.parametrize("command", available())
def test_every_option_stands_in_a_document(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = set(re.findall(r"^  (?:-\w(?: \S+)?, )?(--[a-z][a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGES))
    assert options - known <= {"--help", "--namespace", "--output"}, "known by their short forms"
