"""Every kind that some rule reads is asked of a live cluster; what is not asked has its reason here."""

from pathlib import Path

import pytest

from linter import engine, registry
from linter.documents.kinds import KINDS
from linter.inventory.asked import ASKED
from linter.inventory.makers import READ
from linter.inventory.paths import MAKERS, NAMED, POD_SPECS, RUN_ONCE

ROOT = Path(__file__).parent.parent
NOT_ASKED = {
    "ImageStreamImport": "a request: the API keeps none",
    "ImageStreamTag": "a view of an ImageStream, which is asked for",
    "Project": "a view of a Namespace, which is asked for",
    "Template": "a recipe: what it makes is there itself when somebody has made it",
    "Component": "a file of kustomize",
    "SyncSet": "a recipe: what it copies is there itself in the cluster that it is copied into",
    "SelectorSyncSet": "as SyncSet",
    "Collection": "our own record",
    "ClusterExtension": "has no field for a pull secret, only its controller has",
    "ClusterCatalog": "as ClusterExtension",
}
OLD_GROUPS = {
    "extensions": "served until Kubernetes 1.15; the same objects are in apps",
    "": "OpenShift 3 served its kinds in the core group too",
}
KUSTOMIZE_FILE = "kustomize.config.k8s.io"
OF_FILES = "RC701"
"""What stands in clear in a manifest, in a kind that may be any: of a cluster nothing is said of that."""
ASKED_KINDS = {one.kind for one in ASKED}
ASKED_PAIRS = {(one.group, one.kind) for one in ASKED}
CORE = {one.kind for one in ASKED if one.group == ""}


def test_every_kind_that_a_document_is_kept_for_is_asked() -> None:
    assert set(KINDS) - ASKED_KINDS == set(NOT_ASKED)


def test_every_kind_that_a_rule_needs_is_asked() -> None:
    needed = {kind for loaded in registry.rules() for kind in loaded.rule.needs}
    assert needed
    assert needed <= ASKED_KINDS


def test_every_place_of_a_pod_spec_or_a_name_is_asked() -> None:
    for group, kind in POD_SPECS.keys() | NAMED.keys() | MAKERS | RUN_ONCE:
        if (group, kind) not in ASKED_PAIRS:
            assert group in OLD_GROUPS, (group, kind)
            assert kind in ASKED_KINDS, "the kind is asked in the group that serves it now"
            assert group != "" or kind not in CORE


@pytest.mark.parametrize("family", sorted(path.name for path in (ROOT / "rules").iterdir() if path.is_dir()))
def test_whatever_a_rule_finds_something_in_is_asked(family: str) -> None:
    """Over the examples of every rule: the object of a finding, and those that it is related to."""
    paths = [str(path) for path in sorted((ROOT / "rules" / family).rglob("*.yaml"))]
    found = 0
    for path in paths:
        for finding in engine.run(engine.Request((path,))).run.findings:
            group = finding.object.api_version.rpartition("/")[0]
            if not finding.object.kind or finding.object.kind in NOT_ASKED or group == KUSTOMIZE_FILE:
                continue
            if finding.code == OF_FILES:
                continue
            found += 1
            assert (group, finding.object.kind) in ASKED_PAIRS or group in OLD_GROUPS, (path, finding.object)
    assert found > 5


def test_what_reads_a_kind_without_a_pod_spec_is_found_by_its_name() -> None:
    assert READ.keys() == MAKERS
    assert not MAKERS & POD_SPECS.keys()


def test_no_kind_is_asked_twice() -> None:
    assert len(ASKED_PAIRS) == len(ASKED)
    assert len({(one.group, one.resource) for one in ASKED}) == len(ASKED)
