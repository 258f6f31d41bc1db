"""A repository with every defect that a rule can fix, in every style: --fix leaves it clean, by the diff on record.

`seeded.diff` is what a careful person would have typed; it was read line by line. REGCRED_REWRITE=1 writes it anew.
"""

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from linter.__main__ import main

HERE = Path(__file__).parent
SAFE, UNSAFE = "safe", "unsafe"
TABLE = {
    # code: what the catalogue's "fix" column offers, and for which namespaces of the seeded repository
    "RC101": {"rc101": SAFE},
    "RC102": {"rc102": SAFE, "rc102b": UNSAFE},
    "RC103": {"rc103": SAFE},
    "RC104": {"rc104": SAFE},
    "RC106": {"rc106": SAFE},
    "RC107": {"rc107": UNSAFE},
    "RC108": {"rc108": SAFE},
    "RC109": {"rc109": UNSAFE},
    "RC111": {"rc111": SAFE, "rc111b": SAFE, "json": SAFE, "minified": SAFE},
    "RC112": {"rc112": SAFE},
    "RC113": {"rc113": UNSAFE},
    "RC116": {"rc116": SAFE},
    "RC117": {"rc117": SAFE},
    "RC201": {"rc201": SAFE},
    "RC202": {"rc202": SAFE},
    "RC204": {"rc204": UNSAFE},
    "RC205": {"rc205": SAFE, "json": SAFE, "minified": SAFE},
    "RC208": {"rc208": SAFE},
    "RC209": {"rc209": SAFE},
    "RC301": {"rc301": SAFE},
    "RC302": {"rc302": SAFE},
    "RC303": {"rc303": UNSAFE},
    "RC305": {"rc305": SAFE},
    "RC307": {"rc307": SAFE},
    "RC311": {"rc311": UNSAFE},
    "RC312": {"rc312": SAFE},
    "RC401": {"rc401": SAFE},
    "RC402": {"rc402": SAFE},
    "RC404": {"rc404": UNSAFE},
    "RC501": {"rc501": SAFE},
    "RC505": {"openshift-config": SAFE},
    "RC702": {"rc702": UNSAFE},
}
ELSEWHERE = {"RC502": "reasons from the status of pods in a cluster; tests/rules/pulls/failing_pull applies its fix"}
WITHOUT_FIX = {"RC310", "RC407", "RC701"}


def judge(folder: Path, *words: str) -> dict[str, Any]:
    out = folder.parent / "result.json"
    main(["check", ".", *words, "--fail-on", "never", "--format", f"json={out}"])
    return json.loads(out.read_text())


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(HERE / "seeded", folder)
    monkeypatch.chdir(folder)
    return folder


def test_every_fix_of_the_catalogue_is_offered(seeded: Path) -> None:
    found: dict[str, dict[str, str]] = {}
    for one in judge(seeded)["findings"]:
        if one["fix"]:
            found.setdefault(one["code"], {})[one["object"]["namespace"]] = one["fix"]["applicability"]
            assert not one["fix"]["obstacle"]
            assert not one["fix"]["proof"]["broken"]
    assert found == TABLE


@pytest.mark.parametrize("code", TABLE)
def test_each_fix_is_applied(code: str, seeded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in seeded.iterdir()}
    safe = [name for name, kind in TABLE[code].items() if kind == SAFE]
    judge(seeded, "--select", code, "--fix")
    told = capsys.readouterr().err
    assert ("nothing was changed" in told) == (not safe)
    left = judge(seeded, "--select", code, "--fix", "--unsafe-fixes")["findings"]
    assert [one for one in left if one["fix"]] == []
    assert before != {path.name: path.read_bytes() for path in seeded.iterdir()}


def test_fix_leaves_it_clean_by_the_diff_on_record(seeded: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    judge(seeded, "--diff", "--unsafe-fixes", "--show-secrets")
    diff = capfdbinary.readouterr().out
    golden = HERE / "seeded.diff"
    if os.environ.get("REGCRED_REWRITE"):
        golden.write_bytes(diff)
    assert diff == golden.read_bytes()
    after = judge(seeded, "--fix", "--unsafe-fixes")
    assert {one["code"] for one in after["findings"]} <= WITHOUT_FIX
    told = capfdbinary.readouterr().err.decode()
    assert "22 pulls, builds or imports from failing to working; none the other way" in told
    assert "removed: the former credential of entry registry.example.com of Secret robot in namespace rc107" in told
    once = {path.name: path.read_bytes() for path in seeded.iterdir()}
    judge(seeded, "--fix", "--unsafe-fixes")
    assert once == {path.name: path.read_bytes() for path in seeded.iterdir()}


def test_no_comment_and_no_break_is_lost(seeded: Path) -> None:
    def marks(path: Path) -> Counter[str]:
        text = path.read_bytes().decode("utf-16" if path.name == "builds.yaml" else "utf-8")
        return Counter({"#": text.count("#"), "bare": text.count("\n") - text.count("\r\n")})

    def shape(path: Path) -> tuple[int, bool]:
        found = marks(path)
        return found["#"], found["bare"] == 0

    before = {path.name: shape(path) for path in seeded.iterdir()}
    judge(seeded, "--fix", "--unsafe-fixes")
    assert {path.name: shape(path) for path in seeded.iterdir()} == before
