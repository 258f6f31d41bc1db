"""A fingerprint is one finding's own: a baseline, a history and a code-scanning service know a finding by nothing else.

Two findings of one run may share it only where two documents describe an object of one name.
"""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from linter import engine
from linter.model import Finding

ROOT = Path(__file__).parent / "rules"
EXAMPLES = sorted(
    path
    for path in ROOT.rglob("*")
    if path.name.startswith(("fires-", "silent-")) and path.suffix in (".yaml", ".yml", ".json")
)
GENERATORS = frozenset({"secretGenerator", "secretObjects"})
"""What these make has a name: kustomize refuses a second of that name, and of a provider class the last one stays."""


def shared(findings: tuple[Finding, ...]) -> list[str]:
    """The messages of findings about one object that share a fingerprint."""
    known: set[tuple[object, ...]] = set()
    twice = []
    for finding in findings:
        at = finding.location
        item = next((number for number, step in enumerate(at.route) if isinstance(step, int)), -1) + 1
        listed = at.route[:item] if at.route[:1] in (("items",), ("objects",)) else ()
        key = (finding.fingerprint, at.path, at.document, listed)
        if key in known:
            twice.append(f"{finding.code}: {finding.message}")
        known.add(key)
    return twice


def doubled(value: Any) -> Any:
    """The value with every list in it twice, but for what lists hold whole objects."""
    if isinstance(value, dict):
        return {key: one if key in GENERATORS else doubled(one) for key, one in value.items()}
    if isinstance(value, list):
        items = [doubled(one) for one in value]
        whole = any(isinstance(one, dict) and "kind" in one and "metadata" in one for one in items)
        return items if whole else items + items
    return value


@pytest.mark.parametrize("scope", ["cluster", "manifests"])
@pytest.mark.parametrize("family", sorted({path.parent.parent.name for path in EXAMPLES}))
def test_what_stands_twice_in_a_list_is_told_once(family: str, scope: str, tmp_path: Path) -> None:
    target = tmp_path / "doubled.yaml"
    for path in EXAMPLES:
        if path.parent.parent.name != family:
            continue
        try:
            documents = list(yaml.safe_load_all(path.read_text()))
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        lists = [document for document in documents if not isinstance(document, list)]
        target.write_text(yaml.safe_dump_all([doubled(document) for document in lists], width=10_000))
        run = engine.run(engine.Request(paths=(str(target),), scope=scope)).run
        assert not shared(run.findings), path


@pytest.mark.parametrize("seed", range(20))
def test_examples_that_are_judged_together_share_none(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        for place, path in enumerate(draw.sample(EXAMPLES, 4)):
            (folder / f"{place}-{path.name}").write_bytes(path.read_bytes())
        run = engine.run(engine.Request(paths=(str(folder),), scope=draw.choice(("cluster", "manifests")))).run
        assert not shared(run.findings), sorted(one.name for one in folder.iterdir())
