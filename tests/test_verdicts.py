"""`regcred check` and `regcred resolve` say the same of every pull.

Two laws over the examples of the rules, alone and several together: what a finding says will fail does not work for the
resolver either, and what fails for the resolver is told by a finding or under coverage.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from linter import engine
from linter.inventory.joins import Joins
from linter.model import Affected, Finding, ObjectRef, Run
from linter.resolve.atlas import Atlas
from linter.resolve.explain import explain
from linter.resolve.records import Explanation
from linter.resolve.steps import Known
from linter.resolve.subjects import Question, cases
from linter.settings import Settings, load
from reports._phrases import certain
from tests.test_rules import _example, _files

EXAMPLES = [*_files("fires"), *_files("silent")]
_GLOBAL = re.compile(rb"openshift-config|kind: (?:Image|Config)\b")
_SPACE = re.compile(rb'(?P<key>"?namespace"?: *"?)(?P<name>shop|team|build|other|ops)\b')

_Who = tuple[str, ObjectRef]


class World:
    """One run, and what the resolver says of every pull in it."""

    def __init__(self, *paths: Path, scope: str, settings: Settings) -> None:
        asked = engine.Request(paths=tuple(map(str, paths)), scope=scope, settings=settings)
        result = engine.run(asked)
        self.run: Run = result.run
        self.told: dict[_Who, list[Explanation]] = {}
        self.makers: dict[_Who, set[_Who]] = {}
        for inventory in result.inventories:
            atlas, known, owners = Atlas(inventory, settings), Known(), Joins(inventory).owners
            for case in cases(inventory, Question()):
                holder = case.workload or case.stream
                assert holder is not None
                who = inventory.name, holder.object.ref
                self.told.setdefault(who, []).append(explain(case, atlas, known))
                if case.workload is not None:
                    top = inventory.name, owners.top(case.workload).object.ref
                    self.makers.setdefault(who, set()).add(top)

    def hits(self) -> Iterator[tuple[Finding, Affected]]:
        """Every finding with each of those that it hits."""
        for finding in self.run.findings:
            for hit in (*finding.impact.workloads, *finding.impact.imports):
                yield finding, hit

    def gainsaid(self) -> Iterator[str]:
        """What a finding says will fail, and works for the resolver or is not known to it."""
        for finding, hit in self.hits():
            told = self.told.get((finding.cluster, hit.object), [])
            meant = [one for one in told if hit.image in ("", one.image)]
            if certain(finding, hit) and meant and not any(one.verdict.fails for one in meant):
                yield f"{finding.code} says that {hit.object} cannot pull {hit.image}: {meant[0].summary}"

    def untold(self) -> Iterator[str]:
        """What fails for the resolver, and no finding and no coverage tells of."""
        struck = {(finding.cluster, hit.object, image) for finding, hit in self.hits() for image in ("", hit.image)}
        for who, told in self.told.items():
            for one in told:
                # A key of the nodes that looks like the image's is a guess, and the rules judge it for itself.
                guess = "of the node-wide file nearly matches" in one.summary
                if one.verdict.fails and not guess and not self._told(who, one, struck):
                    yield f"{who[1]} cannot pull {one.image}: {one.summary}"

    def _told(self, who: _Who, one: Explanation, struck: set[tuple[str, ObjectRef, str]]) -> bool:
        makers = {who, *self.makers.get(who, ())}
        if any((*maker, one.image) in struck for maker in makers):
            return True
        # A pod, or a job, that was made before its maker's list is told of with the maker, or not as long as it waits.
        others = [other for maker in makers - {who} for other in self.told.get(maker, ()) if other.image == one.image]
        if any(not other.verdict.fails for other in others):
            return True
        objects = {ref for _, ref in makers}
        host = (one.lookup or "").partition("/")[0]
        findings = [finding for finding in self.run.findings if not finding.code.startswith("RC7")]
        said = [finding.object for finding in findings]
        said += [more.object for finding in findings for more in finding.related if more.object is not None]
        said += [entry.object for entry in self.run.not_evaluated if entry.object is not None]
        return (
            any(ref in objects or (ref.kind == "Secret" and f"Secret {ref.name} " in f"{one.summary} ") for ref in said)
            or any(host and host in entry.message for entry in self.run.not_evaluated)
        )


EXPLAINED = {
    "unlinked_pull_secret/silent-in-a-template.yaml": "a ConfigMap names the Secret, for what the rules cannot see",
}
"""Examples of which the resolver says more than the rules, which keep silent as long as they cannot be sure."""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_example_is_told_alike(path: Path, tmp_path: Path) -> None:
    example = _example(path)
    config = tmp_path / "settings.yaml"
    config.write_text(example.config or "{}\n")
    world = World(path, scope=example.scope, settings=load(str(config)))
    assert not list(world.gainsaid())
    untold = list(world.untold())
    assert bool(untold) is (f"{path.parent.name}/{path.name}" in EXPLAINED), untold


def mixed(folder: Path, seed: str) -> str:
    """Some examples of one scope in one folder, each in namespaces of its own; at most one has what a cluster has once.

    Returns the scope. Which they are hangs on their names: one example more changes few of the folders.
    """
    whole, scope = False, ("cluster", "manifests")[zlib.crc32(seed.encode()) % 2]
    alike = [path for path in EXAMPLES if _example(path).scope == scope and not _example(path).config]
    alike.sort(key=lambda path: zlib.crc32(f"{seed} {path.parent.name}/{path.name}".encode()))
    for number, path in enumerate(alike[:6]):
        content = path.read_bytes()
        if f"{path.parent.name}/{path.name}" in EXPLAINED or (whole and _GLOBAL.search(content)):
            continue
        whole = whole or _GLOBAL.search(content) is not None
        renamed = _SPACE.sub(rb"\g<key>\g<name>-%d" % number, content)
        (folder / f"{number}-{path.name}").write_bytes(renamed)
    return scope


@pytest.mark.parametrize("seed", range(16))
def test_examples_that_are_judged_together_are_told_alike(seed: int, tmp_path: Path) -> None:
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        scope = mixed(folder, f"{seed}/{number}")
        world = World(folder, scope=scope, settings=Settings())
        # Among manifests a Secret without a namespace may be in that of any example, as the rules do not take it to be.
        wrong = [*world.gainsaid(), *(world.untold() if scope == "cluster" else ())]
        assert not wrong, (wrong, sorted(one.name for one in folder.iterdir()))
