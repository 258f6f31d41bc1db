"""The programs of docs/python.md print what the page shows, and a type checker accepts them."""

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import get_type_hints

import pytest

from linter.credentials import Consumer, PullSecret, parse_reference

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("program", "shown"), PROGRAMS)
def test_a_program_prints_what_is_shown(program: str, shown: str) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, "python.md", "exec"), {})
    assert out.getvalue() == shown


def test_the_programs_are_typed(tmp_path: Path) -> None:
    assert len(PROGRAMS) == PAGE.count("```python") == 2
    for number, (program, _) in enumerate(PROGRAMS):
        (tmp_path / f"program_{number}.py").write_text(program, encoding="utf-8")
    words = ["--strict", "--cache-dir", str(tmp_path / "cache"), *map(str, sorted(tmp_path.glob("*.py")))]
    done = subprocess.run([sys.executable, "-m", "mypy", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_consumer_is_taken_for_another_one() -> None:
    with pytest.raises(ValueError, match="kublet"):
        parse_reference("quay.io/shop/web:1", consumer="kublet")
    assert parse_reference("nginx", consumer="importer") == parse_reference("nginx", consumer=Consumer.IMPORTER)


def test_who_reads_a_payload_gets_bytes() -> None:
    assert get_type_hints(PullSecret) == {"name": str, "type": str, "data": Mapping[str, bytes]}
